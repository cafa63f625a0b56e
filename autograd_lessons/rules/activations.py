"""The activation functions of `torch.nn.functional` that work element by element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch

from ..functions import logaddexp, ndtr, sigmoid
from .branched import Branched, between, branched, chosen_at_random, sign, slopes_at

_HALF, _THIRD, _EIGHTH, _HUNDREDTH = (sp.Rational(1, number) for number in (2, 3, 8, 100))
_KINK_0 = ", a kink: PyTorch's slope is 0"
_KINK_LEFT = ", a kink: PyTorch takes the slope from the left"
_RELU = branched(sign, ("{x} < 0", lambda x: 0), ("{x} = 0" + _KINK_0, lambda x: 0), ("{x} > 0", lambda x: x))
_SELU_ALPHA, _SELU_SCALE = sp.Rational("1.6732632423543772"), sp.Rational("1.0507009873554805")  # as PyTorch has them


# ---------------------------------------------------------------- which branch
def _softplus_is_linear(x, beta=1, threshold=20):
    return (np.asarray(x) * beta > threshold).astype(int)


def _hardtanh_sides(x, min_val=-1, max_val=1):
    return between(x, min_val, max_val)


def _hardswish_sides(x):
    """At its ends the slope was once that of the parabola between them."""
    sides = between(x, -3, 3)
    from_within = slopes_at(torch.nn.functional.hardswish, 3.0) == (1.5,)
    return np.where(from_within & (sides % 2 == 1), 2, sides)


def _shrunk(x, lambd=0.5):
    x = np.asarray(x)
    return np.select([x < -lambd, np.abs(x) < lambd, x > lambd], [0, 2, 3], 1)


# ---------------------------------------------------------------- formulas
def _gelu(x, approximate="none"):
    if approximate == "none":
        return x * ndtr(x)
    return x * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (x + sp.Rational("0.044715") * x**3))) / 2


def _leaky(x, negative_slope=_HUNDREDTH):
    return negative_slope * x


def _randomized(x, lower=_EIGHTH, upper=_THIRD, training=False):
    return (lower + upper) / 2 * x


ACTIVATIONS: dict[str, Callable | Branched] = {
    "celu":        branched(
        lambda x, alpha=1: np.asarray(x) > 0,
        ("{x} ≤ 0", lambda x, alpha=1: alpha * (sp.exp(x / alpha) - 1)),
        ("{x} > 0", lambda x, alpha=1: x),
    ),
    "dropout":     branched(
        chosen_at_random,
        ("{x} was dropped", lambda x, p=_HALF, training=True: 0),
        ("{x} was kept, and divided by 1 − {p}", lambda x, p=_HALF, training=True: x / (1 - p)),
    ),
    "elu":         branched(
        sign,
        ("{x} < 0", lambda x, alpha=1, scale=1, input_scale=1: scale * alpha * (sp.exp(input_scale * x) - 1)),
        ("{x} = 0: PyTorch takes the slope from the left", lambda x, alpha=1, scale=1, input_scale=1: scale * alpha * (sp.exp(input_scale * x) - 1)),
        ("{x} > 0", lambda x, alpha=1, scale=1, input_scale=1: scale * x),
    ),
    "gelu":        _gelu,
    "hardshrink":  branched(
        _shrunk,
        ("{x} < −{lambd}", lambda x, lambd=_HALF: x),
        ("|{x}| = {lambd}, where it jumps: PyTorch's slope is 0", lambda x, lambd=_HALF: 0),
        ("|{x}| < {lambd}", lambda x, lambd=_HALF: 0),
        ("{x} > {lambd}", lambda x, lambd=_HALF: x),
    ),
    "hardsigmoid": branched(
        lambda x: between(x, -3, 3),
        ("{x} < −3", lambda x: 0),
        ("{x} = −3" + _KINK_0, lambda x: 0),
        ("−3 < {x} < 3", lambda x: x / 6 + _HALF),
        ("{x} = 3" + _KINK_0, lambda x: 1),
        ("{x} > 3", lambda x: 1),
    ),
    "hardswish":   branched(
        _hardswish_sides,
        ("{x} < −3", lambda x: 0),
        ("{x} = −3" + _KINK_0, lambda x: 0),
        ("{x} is between −3 and 3", lambda x: x * (x + 3) / 6),
        ("{x} = 3, a kink: PyTorch's slope is 1", lambda x: x),
        ("{x} > 3", lambda x: x),
    ),
    "hardtanh":    branched(
        _hardtanh_sides,
        ("{x} < {min_val}", lambda x, min_val=-1, max_val=1: min_val),
        ("{x} = {min_val}" + _KINK_0, lambda x, min_val=-1, max_val=1: min_val),
        ("{min_val} < {x} < {max_val}", lambda x, min_val=-1, max_val=1: x),
        ("{x} = {max_val}" + _KINK_0, lambda x, min_val=-1, max_val=1: max_val),
        ("{x} > {max_val}", lambda x, min_val=-1, max_val=1: max_val),
    ),
    "leaky_relu":  branched(
        sign,
        ("{x} < 0", _leaky),
        ("{x} = 0" + _KINK_LEFT, _leaky),
        ("{x} > 0", lambda x, negative_slope=0: x),
    ),
    "logsigmoid":  lambda x: sp.log(sigmoid(x)),
    "mish":        lambda x: x * sp.tanh(logaddexp(0, x)),
    "prelu":       branched(
        sign,
        ("{x} < 0", lambda x, weight: weight * x),
        ("{x} = 0" + _KINK_LEFT, lambda x, weight: weight * x),
        ("{x} > 0", lambda x, weight: x),
    ),
    "relu":        _RELU,
    "relu6":       branched(
        lambda x: between(x, 0, 6),
        ("{x} < 0", lambda x: 0),
        ("{x} = 0" + _KINK_0, lambda x: 0),
        ("0 < {x} < 6", lambda x: x),
        ("{x} = 6" + _KINK_0, lambda x: 6),
        ("{x} > 6", lambda x: 6),
    ),
    "rrelu":       branched(
        sign,
        ("{x} < 0", _randomized),
        ("{x} = 0" + _KINK_LEFT, _randomized),
        ("{x} > 0", lambda x, lower=0, upper=0, training=False: x),
    ),
    "selu":        branched(
        sign,
        ("{x} < 0", lambda x: _SELU_SCALE * _SELU_ALPHA * (sp.exp(x) - 1)),
        ("{x} = 0" + _KINK_LEFT, lambda x: _SELU_SCALE * _SELU_ALPHA * (sp.exp(x) - 1)),
        ("{x} > 0", lambda x: _SELU_SCALE * x),
    ),
    "sigmoid":     lambda x: sigmoid(x),
    "silu":        lambda x: x * sigmoid(x),
    "softplus":    branched(
        _softplus_is_linear,
        ("", lambda x, beta=1, threshold=20: logaddexp(0, beta * x) / beta),
        ("{beta}·{x} > {threshold}, where PyTorch's softplus is linear", lambda x, beta=1, threshold=20: x),
    ),
    "softshrink":  branched(
        _shrunk,
        ("{x} < −{lambd}", lambda x, lambd=_HALF: x + lambd),
        ("|{x}| = {lambd}" + _KINK_0, lambda x, lambd=_HALF: 0),
        ("|{x}| < {lambd}", lambda x, lambd=_HALF: 0),
        ("{x} > {lambd}", lambda x, lambd=_HALF: x - lambd),
    ),
    "softsign":    branched(
        sign,
        ("{x} < 0", lambda x: x / (1 - x)),
        ("{x} = 0", lambda x: x),
        ("{x} > 0", lambda x: x / (1 + x)),
    ),
    "tanhshrink":  lambda x: x - sp.tanh(x),
    "threshold":   branched(
        lambda x, threshold, value: np.asarray(x) > threshold,
        ("{x} ≤ {threshold}", lambda x, threshold, value: value),
        ("{x} > {threshold}", lambda x, threshold, value: x),
    ),
}  # fmt: skip

ANSWERS = {
    "rrelu": lambda x, lower=0, upper=0, training=False, inplace=False: not training,  # or the slope is random
}  # fmt: skip
