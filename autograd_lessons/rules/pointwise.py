"""Operations that work element by element: formulas of one element of each operand.

Parameters are called as PyTorch calls them. At a kink the formula is PyTorch's convention.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch

from ..functions import acosh, binary_exponent, ceil, floor, logaddexp, nearest, pinned, trunc
from .branched import Branched, branched, compared, sign, slopes_at

_HALF = sp.Rational(1, 2)
_LARGEST = sp.Integer(int(np.finfo(float).max))
_JUMP = ", where it jumps: PyTorch's slope is 0"


# ---------------------------------------------------------------- which branch
def _clamp_sides(x, min=None, max=None):
    sides = 1 + (max is not None and x > max) - (min is not None and x < min)
    crossed = min is not None and max is not None and min > max
    return sides + crossed * (3 - sides)


def _power_at_0(x, exponent):
    """The power rule divides by x: at x = 0 an exponent that is a value has its own cases."""
    x, n = np.broadcast_arrays(np.asarray(x), exponent)
    return np.select([x != 0, n > 1, n == 1, n > 0, n == 0, n < 0], [0, 1, 2, 3, 4, 5], 0)


def _signs_at_0(input, other):
    at_0 = np.asarray(input) == 0
    return np.where(at_0, 1, np.where(np.signbit(input) == np.signbit(other), 2, 0))


def _xlogy(input, other):
    at_0 = np.asarray(input) == 0
    return np.where(at_0 & (np.asarray(other) == 0), 2, np.where(at_0 & (np.asarray(other) < 0), 1, 0))


def _kinds_of_number(input, nan=0.0, posinf=None, neginf=None):
    return np.select([np.isnan(input), np.isposinf(input), np.isneginf(input)], [1, 2, 3], 0)


def _at_the_origin(a, b):
    return ((np.asarray(a) == 0) & (np.asarray(b) == 0)).astype(int)


def _is_0(x):
    return (np.asarray(x) == 0).astype(int)


def _is_whole(x):
    return (np.asarray(x) == np.floor(x)).astype(int)


def _is_whole_and_not_0(x):
    return _is_whole(x) * (np.asarray(x) != 0)


def _is_midway(x, decimals=0):
    return _is_whole(np.asarray(x) * 10.0**decimals + 0.5)


def _divides(a, b, rounding_mode="floor"):
    quotient = np.asarray(a) / b
    return _is_whole(quotient) if rounding_mode == "floor" else _is_whole_and_not_0(quotient)


def _fmax_takes_second(input, other):
    return (~((np.asarray(input) >= other) | np.isnan(other))).astype(int)


def _fmin_takes_second(input, other):
    return (~((np.asarray(input) <= other) | np.isnan(other))).astype(int)


_TIE = "{0} = {1}, a kink: PyTorch gives ½ to each"
_CLAMP = branched(
    _clamp_sides,
    ("{x} < {min}", lambda x, min=None, max=None: min),
    ("{min} ≤ {x} ≤ {max}", lambda x, min=None, max=None: x),
    ("{x} > {max}", lambda x, min=None, max=None: max),
    ("{min} > {max}: the upper bound wins", lambda x, min=None, max=None: max),
)
_LARGER = branched(
    compared,
    ("{0} < {1}", lambda input, other: other),
    (_TIE, lambda input, other: _HALF * (input + other)),
    ("{0} > {1}", lambda input, other: input),
)
_SMALLER = branched(
    compared,
    ("{0} < {1}", lambda input, other: input),
    (_TIE, lambda input, other: _HALF * (input + other)),
    ("{0} > {1}", lambda input, other: other),
)
_SIGN = branched(sign, ("{x} < 0", lambda x: -1), ("{x} = 0" + _JUMP, lambda x: 0), ("{x} > 0", lambda x: 1))


def _jumping(formula: Callable, choose: Callable, where: str, **options: Callable) -> Branched:
    """One formula everywhere; where it jumps that is said."""
    at_a_jump = f"{where}, where it jumps: PyTorch's slope is that beside it"
    return branched(choose, ("", formula), (at_a_jump, formula), **options)


_WHOLE, _QUOTIENT_WHOLE = "{x} is a whole number", "{a}/{b} is a whole number"


def _quotient(a, b, rounding_mode=None):
    rounded = {None: lambda q: q, "floor": floor, "trunc": trunc}[rounding_mode]
    return rounded(a / b)


def _round(x, decimals=0):
    return nearest(x * 10**decimals) / sp.Integer(10) ** decimals


def _no_angle(y, x):
    slope, _ = slopes_at(torch.atan2, 0.0, 0.0)
    return pinned(0, y, sp.nan, x, sp.nan) if slope != 0 else sp.Integer(0)


# ---------------------------------------------------------------- the table
POINTWISE: dict[str, Callable | Branched] = {
    "abs":         branched(
        sign,
        ("{x} < 0", lambda x: -x),
        ("{x} = 0, a kink: PyTorch's slope is 0", lambda x: 0),
        ("{x} > 0", lambda x: x),
    ),
    "acos":        lambda x: sp.acos(x),
    "acosh":       lambda x: acosh(x),
    "add":         lambda a, b, alpha=1: a + alpha * b,
    "addcdiv":     lambda input, tensor1, tensor2, value=1: input + value * tensor1 / tensor2,
    "addcmul":     lambda input, tensor1, tensor2, value=1: input + value * tensor1 * tensor2,
    "angle":       branched(lambda x: np.asarray(x) < 0, ("{x} ≥ 0", lambda x: 0), ("{x} < 0", lambda x: sp.pi)),
    "asin":        lambda x: sp.asin(x),
    "asinh":       lambda x: sp.asinh(x),
    "atan":        lambda x: sp.atan(x),
    "atan2":       branched(
        _at_the_origin,
        ("", lambda y, x: sp.atan2(y, x)),
        ("{y} = {x} = 0, where there is no angle: PyTorch's slopes are 0, in older versions nan", _no_angle),
    ),
    "atanh":       lambda x: sp.atanh(x),
    "ceil":        _jumping(lambda x: ceil(x), _is_whole, _WHOLE),
    "clamp":       _CLAMP,
    "clamp_max":   branched(
        lambda x, max: np.asarray(x) > max,
        ("{x} ≤ {max}", lambda x, max: x),
        ("{x} > {max}", lambda x, max: max),
    ),
    "clamp_min":   branched(
        lambda x, min: np.asarray(x) >= min,
        ("{x} < {min}", lambda x, min: min),
        ("{x} ≥ {min}", lambda x, min: x),
    ),
    "clone":       lambda x, memory_format=None: x,
    "copysign":    branched(
        _signs_at_0,
        ("{0} and {1} differ in sign", lambda input, other: -input),
        ("{0} = 0: PyTorch's slope is 0", lambda input, other: 0),
        ("{0} and {1} have the same sign", lambda input, other: input),
    ),
    "cos":         lambda x: sp.cos(x),
    "cosh":        lambda x: sp.cosh(x),
    "deg2rad":     lambda x: x * sp.pi / 180,
    "div":         _jumping(_quotient, _divides, _QUOTIENT_WHOLE, when=lambda *_, rounding_mode=None, **__: rounding_mode is not None),
    "exp":         lambda x: sp.exp(x),
    "exp2":        lambda x: 2**x,
    "expm1":       lambda x: sp.exp(x) - 1,
    "floor":       _jumping(lambda x: floor(x), _is_whole, _WHOLE),
    "fmax":        branched(
        _fmax_takes_second,
        ("{0} ≥ {1}", lambda input, other: input),
        ("{0} < {1}", lambda input, other: other),
    ),
    "fmin":        branched(
        _fmin_takes_second,
        ("{0} ≤ {1}", lambda input, other: input),
        ("{0} > {1}", lambda input, other: other),
    ),
    "fmod":        _jumping(lambda a, b: a - b * trunc(a / b), lambda a, b: _divides(a, b, "trunc"), _QUOTIENT_WHOLE),
    "frac":        _jumping(lambda x: x - trunc(x), _is_whole_and_not_0, _WHOLE),
    "frexp":       lambda x: x / 2 ** binary_exponent(x),
    "hypot":       branched(
        _at_the_origin,
        ("", lambda a, b: sp.sqrt(a**2 + b**2)),
        ("{a} = {b} = 0, a kink: PyTorch's slopes are nan", lambda a, b: pinned(0, a, sp.nan, b, sp.nan)),
    ),
    "ldexp":       lambda x, other: x * 2**other,
    "lerp":        lambda input, end, weight: input + weight * (end - input),
    "log":         lambda x: sp.log(x),
    "log10":       lambda x: sp.log(x) / sp.log(10),
    "log1p":       lambda x: sp.log(1 + x),
    "log2":        lambda x: sp.log(x) / sp.log(2),
    "logaddexp":   lambda a, b: logaddexp(a, b),
    "logaddexp2":  lambda a, b: logaddexp(a * sp.log(2), b * sp.log(2)) / sp.log(2),
    "masked_fill": branched(
        lambda x, mask, value: np.asarray(mask).astype(int),
        ("the mask is false", lambda x, mask, value: x),
        ("the mask is true", lambda x, mask, value: value),
    ),
    "max":         _LARGER,
    "maximum":     _LARGER,
    "min":         _SMALLER,
    "minimum":     _SMALLER,
    "mul":         lambda a, b: a * b,
    "nan_to_num":  branched(
        _kinds_of_number,
        ("{input} is finite", lambda input, nan=0, posinf=None, neginf=None: input),
        ("{input} is nan", lambda input, nan=0, posinf=None, neginf=None: nan),
        ("{input} = ∞", lambda input, nan=0, posinf=None, neginf=None: _LARGEST if posinf is None else posinf),
        ("{input} = −∞", lambda input, nan=0, posinf=None, neginf=None: -_LARGEST if neginf is None else neginf),
    ),
    "neg":         lambda x: -x,
    "pow":         branched(
        _power_at_0,
        ("", lambda x, n: x**n),
        ("{x} = 0 and {n} > 1", lambda x, n: 0),
        ("{x} = 0 and {n} = 1: PyTorch's slope by the exponent is 0", lambda x, n: x),
        ("{x} = 0 and 0 < {n} < 1: PyTorch's slope by the exponent is 0", lambda x, n: pinned(0, x, sp.oo)),
        ("{x} = 0 and {n} = 0: PyTorch's slopes are 0", lambda x, n: 1),
        ("{x} = 0 and {n} < 0", lambda x, n: pinned(sp.oo, x, -sp.oo, n, -sp.oo)),
        when=lambda x, n=None, **_: not isinstance(n, (int, float)),
    ),
    "rad2deg":     lambda x: x * 180 / sp.pi,
    "reciprocal":  lambda x: 1 / x,
    "remainder":   _jumping(lambda a, b: a - b * floor(a / b), _divides, _QUOTIENT_WHOLE),
    "round":       _jumping(_round, _is_midway, "{x} lies midway between two roundings"),
    "rsqrt":       lambda x: 1 / sp.sqrt(x),
    "rsub":        lambda a, b, alpha=1: b - alpha * a,
    "sgn":         _SIGN,
    "sign":        _SIGN,
    "sin":         lambda x: sp.sin(x),
    "sinc":        branched(
        _is_0,
        ("", lambda x: sp.sin(sp.pi * x) / (sp.pi * x)),
        ("{x} = 0, where the limit is taken", lambda x: 1),
    ),
    "sinh":        lambda x: sp.sinh(x),
    "sqrt":        lambda x: sp.sqrt(x),
    "square":      lambda x: x**2,
    "sub":         lambda a, b, alpha=1: a - alpha * b,
    "tan":         lambda x: sp.tan(x),
    "tanh":        lambda x: sp.tanh(x),
    "trunc":       _jumping(lambda x: trunc(x), _is_whole_and_not_0, _WHOLE),
    "where":       branched(
        lambda condition, a, b: np.asarray(condition).astype(int),
        ("the condition is false", lambda condition, a, b: b),
        ("the condition is true", lambda condition, a, b: a),
    ),
    "xlogy":       branched(
        _xlogy,
        ("", lambda input, other: input * sp.log(other)),
        ("{0} = 0 and {1} < 0: PyTorch's slopes are 0", lambda input, other: 0),
        ("{0} = {1} = 0: PyTorch's slope by the first is 0, by the second nan", lambda input, other: pinned(0, other, sp.nan)),
    ),

    # the same number in another type
    "bfloat16":    lambda x, memory_format=None: x,
    "double":      lambda x, memory_format=None: x,
    "float":       lambda x, memory_format=None: x,
    "half":        lambda x, memory_format=None: x,
    "to":          lambda x, *_, **__: x,
    "type":        lambda x, *_, **__: x,
    "type_as":     lambda x, other: x,
}  # fmt: skip
