"""A tree as a SymPy expression. Only constructors are used: no text of a learner's is ever read by SymPy."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from ..rules import LOSSES, PIECEWISE, POINTWISE
from . import vocabulary
from .tree import Binary, Call, Constant, Minus, Name, Number, Part, bottom_up

_ZERO, _ONE, _HALF = sp.Integer(0), sp.Integer(1), sp.Rational(1, 2)


def _max(a, b):
    return sp.Max(a, b, evaluate=_is_small(a, b))


def _min(a, b):
    return sp.Min(a, b, evaluate=_is_small(a, b))


def _clamp(x, low=None, high=None):
    bounded = x if low is None else _max(x, low)
    return bounded if high is None else _min(bounded, high)


def _below_or_above(x, below, above=None):
    """One formula for x < 0 and another one for x > 0, where both are 0 at 0: max and min have a slope of their own there."""
    return _max(x if above is None else above, _ZERO) + _min(below, _ZERO)


def _rounded_corner(difference):
    return sp.Piecewise((difference**2 / 2, sp.Abs(difference) < 1), (sp.Abs(difference) - _HALF, True))


_SELU = sp.Rational("1.0507009873554804934193349852946"), sp.Rational("1.6732632423543772848170429916717")

#: what SymPy calls by a name of its own, and what the table of rules writes branch by branch
_OWN: dict[str, Callable] = {
    "abs":                  sp.Abs,
    "angle":                lambda x: sp.Piecewise((_ZERO, x >= 0), (sp.pi, True)),
    "atan2":                sp.atan2,
    "ceil":                 sp.ceiling,
    "celu":                 lambda x, alpha=_ONE: _below_or_above(x, alpha * (sp.exp(x / alpha) - 1)),
    "clamp":                _clamp,
    "clamp_max":            _min,
    "clamp_min":            _max,
    "copysign":             lambda a, b: sp.Abs(a) * sp.sign(b),
    "cot":                  sp.cot,
    "coth":                 sp.coth,
    "csc":                  sp.csc,
    "csch":                 sp.csch,
    "elu":                  lambda x, alpha=_ONE: _below_or_above(x, alpha * (sp.exp(x) - 1)),
    "entr":                 lambda x: -x * sp.log(x),
    "floor":                sp.floor,
    "hardshrink":           lambda x, border=_HALF: sp.Piecewise((x, sp.Abs(x) > border), (_ZERO, True)),
    "hardsigmoid":          lambda x: _clamp(x / 6 + _HALF, _ZERO, _ONE),
    "hardswish":            lambda x: x * _clamp(x / 6 + _HALF, _ZERO, _ONE),
    "hardtanh":             lambda x, low=-_ONE, high=_ONE: _clamp(x, low, high),
    "hinge_embedding_loss": lambda x, y: sp.Piecewise((x, sp.Eq(y, 1)), (_max(1 - x, _ZERO), True)),
    "huber_loss":           lambda x, y: _rounded_corner(x - y),
    "hypot":                lambda a, b: sp.sqrt(a**2 + b**2),
    "i0":                   lambda x: sp.besseli(0, x),
    "i0e":                  lambda x: sp.exp(-sp.Abs(x)) * sp.besseli(0, x),
    "i1":                   lambda x: sp.besseli(1, x),
    "i1e":                  lambda x: sp.exp(-sp.Abs(x)) * sp.besseli(1, x),
    "kl_div":               lambda x, y: y * (sp.log(y) - x),
    "l1_loss":              lambda a, b: sp.Abs(a - b),
    "leaky_relu":           lambda x, slope=_ONE / 100: _below_or_above(x, slope * x),
    "lgamma":               sp.loggamma,
    "logaddexp":            lambda a, b: sp.log(sp.exp(a) + sp.exp(b)),
    "logit":                lambda x: sp.log(x / (1 - x)),
    "margin_ranking_loss":  lambda x, y, z: _max(-z * (x - y), _ZERO),
    "max":                  _max,
    "min":                  _min,
    "nan_to_num":           lambda x, *_: x,
    "poisson_nll_loss":     lambda x, y: sp.exp(x) - y * x,
    "pow":                  lambda a, b: a**b,
    "prelu":                lambda x, slope: _below_or_above(x, slope * x),
    "relu":                 lambda x: _max(_ZERO, x),
    "relu6":                lambda x: _clamp(x, _ZERO, sp.Integer(6)),
    "sec":                  sp.sec,
    "sech":                 sp.sech,
    "selu":                 lambda x: _SELU[0] * _below_or_above(x, _SELU[1] * (sp.exp(x) - 1)),
    "sign":                 sp.sign,
    "sinc":                 lambda x: sp.sin(sp.pi * x) / (sp.pi * x),
    "smooth_l1_loss":       lambda x, y: _rounded_corner(x - y),
    "softplus":             lambda x, beta=_ONE, threshold=None: sp.log(1 + sp.exp(beta * x)) / beta,
    "softshrink":           lambda x, border=_HALF: _below_or_above(x, x + border, x - border),
    "softsign":             lambda x: x / (1 + sp.Abs(x)),
    "threshold":            lambda x, border, value: sp.Piecewise((x, x > border), (value, True)),
    "xlogy":                lambda a, b: a * sp.log(b),
    "xlog1py":              lambda a, b: a * sp.log(1 + b),
}  # fmt: skip


def _is_small(*arguments: sp.Expr) -> bool:
    """Whether SymPy compares these in no time: with many or long ones it would look for the larger one for minutes."""
    return sum(sp.count_ops(argument) + len(getattr(argument, "args", ())) for argument in arguments) <= 12


def expression(tree: Part, values: dict[int, float]) -> sp.Expr:
    """The formula in plain symbols. `values` are the numbers of the parts without a name."""
    made: dict[int, sp.Expr] = {}
    for part in bottom_up(tree):
        made[id(part)] = _made(part, [made[id(inner)] for inner in part.parts], values)
    return made[id(tree)]


def _made(part: Part, inner: list, values: dict[int, float]) -> sp.Expr:
    match part:
        case Number():
            return sp.Rational(part.value.numerator, part.value.denominator)
        case Constant():
            return sp.pi if part.name == "pi" else sp.E
        case Name():
            return sp.Symbol(part.name)
        case Minus():
            return -inner[0]
        case Binary(operator="+"):
            return inner[0] + inner[1]
        case Binary(operator="-"):
            return inner[0] - inner[1]
        case Binary(operator="*"):
            return inner[0] * inner[1]
        case Binary(operator="/"):
            return inner[0] / inner[1]
        case Binary(operator="^"):
            return inner[0] ** inner[1]
        case Call():
            return _call(part, inner, values)
    raise TypeError(part)


def _call(part: Call, inner: list, values: dict[int, float]) -> sp.Expr:
    numbers = [values[id(argument)] for argument in part.arguments if id(argument) in values]
    if len(numbers) == len(inner) and part.function in ("max", "min", "abs", "sign"):  # SymPy would compare for long
        return _of_numbers(part.function, inner, numbers)
    if part.function in _OWN:
        return _OWN[part.function](*inner)
    op = vocabulary.functions()[part.function].op or ""
    rule = {**LOSSES, **POINTWISE}[op]
    if isinstance(rule, tuple) and op in PIECEWISE:
        return sp.Function(part.function)(*inner)
    return rule[0](*inner) if isinstance(rule, tuple) else rule(*inner)


def _of_numbers(function: str, inner: list, numbers: list[float]) -> sp.Expr:
    if function == "abs":
        return inner[0] if numbers[0] >= 0 else -inner[0]
    if function == "sign":
        return sp.Integer((numbers[0] > 0) - (numbers[0] < 0))
    return inner[numbers.index(max(numbers) if function == "max" else min(numbers))]
