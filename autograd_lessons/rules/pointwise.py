"""Operations that work element by element: formulas of one element of each operand.

Where an operation branches, `BRANCHES` says which branch the recorded numbers took, and its formula is a tuple with one
entry a branch; at a kink the entry is PyTorch's convention.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import sympy as sp

from ..functions import sigmoid


class Branch(NamedTuple):
    """`choose(*numbers)` gives the index of the branch for each element; `says[index]` is its condition in words."""

    choose: Callable
    says: tuple[str, ...]


def _clamp_sides(x, min=None, max=None):
    below = np.zeros(np.shape(x), bool) if min is None else np.asarray(x) < min
    above = np.zeros(np.shape(x), bool) if max is None else np.asarray(x) > max
    return np.where(above, 2, np.where(below, 0, 1))


def _softplus_is_linear(x, beta=1, threshold=20):
    return (np.asarray(x) * beta > threshold).astype(int)


_BELOW_EQUAL_ABOVE = ("{0} < 0", "{0} = 0, a kink: PyTorch's slope is 0", "{0} > 0")
_SMALLER = ("{0} < {1}", "{0} = {1}, a kink: PyTorch gives ½ to each", "{0} > {1}")

BRANCHES = {
    "abs":         Branch(lambda x: np.sign(x) + 1, _BELOW_EQUAL_ABOVE),
    "clamp":       Branch(_clamp_sides, ("{0} < {1}", "{1} ≤ {0} ≤ {2}", "{0} > {2}")),
    "clamp_max":   Branch(lambda x, max: np.asarray(x) > max, ("{0} ≤ {1}", "{0} > {1}")),
    "clamp_min":   Branch(lambda x, min: np.asarray(x) >= min, ("{0} < {1}", "{0} ≥ {1}")),
    "maximum":     Branch(lambda a, b: np.sign(np.asarray(a) - b) + 1, _SMALLER),
    "minimum":     Branch(lambda a, b: np.sign(np.asarray(a) - b) + 1, _SMALLER),
    "relu":        Branch(lambda x: np.sign(x) + 1, _BELOW_EQUAL_ABOVE),
    "softplus":    Branch(_softplus_is_linear, ("", "{0} is above the threshold, where softplus is linear")),
    "where":       Branch(lambda c, a, b: np.asarray(c).astype(int), ("the condition is false", "the condition is true")),
}  # fmt: skip
BRANCHES["max"], BRANCHES["min"] = BRANCHES["maximum"], BRANCHES["minimum"]

_HALF = sp.Rational(1, 2)


POINTWISE: dict[str, Callable | tuple[Callable, ...]] = {
    "abs":         (lambda x: -x, lambda x: sp.Integer(0), lambda x: x),
    "acos":        lambda x: sp.acos(x),
    "add":         lambda a, b, alpha=1: a + alpha * b,
    "asin":        lambda x: sp.asin(x),
    "atan":        lambda x: sp.atan(x),
    "clamp":       (lambda x, min=None, max=None: min, lambda x, min=None, max=None: x, lambda x, min=None, max=None: max),
    "clamp_max":   (lambda x, max: x, lambda x, max: max),
    "clamp_min":   (lambda x, min: min, lambda x, min: x),
    "clone":       lambda x, memory_format=None: x,
    "cos":         lambda x: sp.cos(x),
    "cosh":        lambda x: sp.cosh(x),
    "div":         lambda a, b, rounding_mode=None: a / b,
    "double":      lambda x: x,
    "exp":         lambda x: sp.exp(x),
    "expm1":       lambda x: sp.exp(x) - 1,
    "float":       lambda x: x,
    "log":         lambda x: sp.log(x),
    "log10":       lambda x: sp.log(x) / sp.log(10),
    "log1p":       lambda x: sp.log(1 + x),
    "log2":        lambda x: sp.log(x) / sp.log(2),
    "logsigmoid":  lambda x: sp.log(sigmoid(x)),
    "max":         (lambda a, b: b, lambda a, b: _HALF * (a + b), lambda a, b: a),
    "maximum":     (lambda a, b: b, lambda a, b: _HALF * (a + b), lambda a, b: a),
    "min":         (lambda a, b: a, lambda a, b: _HALF * (a + b), lambda a, b: b),
    "minimum":     (lambda a, b: a, lambda a, b: _HALF * (a + b), lambda a, b: b),
    "mul":         lambda a, b: a * b,
    "neg":         lambda x: -x,
    "pow":         lambda x, n: x**n,
    "reciprocal":  lambda x: 1 / x,
    "relu":        (lambda x: sp.Integer(0), lambda x: sp.Integer(0), lambda x: x),
    "rsqrt":       lambda x: 1 / sp.sqrt(x),
    "sigmoid":     lambda x: sigmoid(x),
    "sin":         lambda x: sp.sin(x),
    "sinh":        lambda x: sp.sinh(x),
    "softplus":    (lambda x, beta=1, threshold=20: sp.log(1 + sp.exp(beta * x)) / beta, lambda x, beta=1, threshold=20: x),
    "sqrt":        lambda x: sp.sqrt(x),
    "square":      lambda x: x**2,
    "rsub":        lambda a, b, alpha=1: b - alpha * a,
    "sub":         lambda a, b, alpha=1: a - alpha * b,
    "tan":         lambda x: sp.tan(x),
    "tanh":        lambda x: sp.tanh(x),
    "to":          lambda x, *_, **__: x,
    "type":        lambda x, *_: x,
    "where":       (lambda c, a, b: b, lambda c, a, b: a),
}  # fmt: skip
