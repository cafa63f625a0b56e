"""A tree as a SymPy expression. Only constructors are used: no text of a learner's is ever read by SymPy."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from ..rules import LOSSES, POINTWISE
from .tree import Binary, Call, Constant, Minus, Name, Number, Part, bottom_up

#: what SymPy calls by a name of its own, or what a rule writes branch by branch
_OWN: dict[str, Callable] = {
    "abs":  sp.Abs,
    "cot":  sp.cot,
    "coth": sp.coth,
    "csc":  sp.csc,
    "csch": sp.csch,
    "max":  lambda a, b: sp.Max(a, b),
    "min":  lambda a, b: sp.Min(a, b),
    "relu": lambda x: sp.Max(sp.Integer(0), x),
    "sec":  sp.sec,
    "sech": sp.sech,
    "sign": sp.sign,
}  # fmt: skip


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
    rule = LOSSES.get(part.function) or POINTWISE.get(part.function)
    return sp.Function(part.function)(*inner) if isinstance(rule, tuple) or rule is None else rule(*inner)


def _of_numbers(function: str, inner: list, numbers: list[float]) -> sp.Expr:
    if function == "abs":
        return inner[0] if numbers[0] >= 0 else -inner[0]
    if function == "sign":
        return sp.Integer((numbers[0] > 0) - (numbers[0] < 0))
    return inner[numbers.index(max(numbers) if function == "max" else min(numbers))]
