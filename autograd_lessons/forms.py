"""One step as a form, and what it gives where its tensors are arrays of SymPy expressions: its rule, for each element."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from .lookup import apart_from_reduction
from .moves import Moves
from .replay import Operand, substitute
from .rules import CHOICES, LOSSES, POINTWISE, SHAPED

_SPECIAL = {math.pi: sp.pi, 2 * math.pi: 2 * sp.pi, math.pi / 2: sp.pi / 2, math.e: sp.E}


class Form(NamedTuple):
    """One step: which values it uses, how it was called, and on which branch each element went."""

    op: str
    operands: tuple  # an index into the program's values, or numbers; of an opaque step the former only
    args: tuple
    kwargs: dict
    output: int | None
    branch: Any  # an array of branch indices in the (unreduced) shape, what a choice of elements was, or None
    pointwise: bool
    opaque: bool  # its value is taken as it is: no rule, or no gradient flows through it
    shape: tuple
    moves: Moves | None = None


def apply(form: Form, operands: list[Any]) -> np.ndarray:
    """The step's elements, from arrays of its operands' elements."""

    def take(marker):
        return operands[marker.value]

    if form.moves is not None:
        return form.moves.of([operand for operand in operands if isinstance(operand, np.ndarray)])
    args, kwargs = substitute(form.args, take), substitute(form.kwargs, take)
    kwargs.pop("inplace", None)  # the value is the same, wherever it is put
    if form.op in LOSSES:
        kwargs, reduction = apart_from_reduction(kwargs)
        return _reduced(_elementwise(form, list(args), kwargs, LOSSES[form.op]), reduction)
    if form.pointwise:
        return _elementwise(form, list(args), kwargs, POINTWISE[form.op])
    if form.op in CHOICES:
        kwargs["taken"] = form.branch
    result = SHAPED[form.op](*args, **kwargs)
    return _array(result if form.output is None else result[form.output])


def _elementwise(form: Form, args: list, kwargs: dict, rule) -> np.ndarray:
    numbers = [a if isinstance(a, np.ndarray) else exact(a) for a in args]
    named = {key: a if isinstance(a, np.ndarray) else exact(a) for key, a in kwargs.items() if a is not None}
    arrays = [a for a in (*numbers, *named.values()) if isinstance(a, np.ndarray)]
    shape = np.broadcast_shapes(*(a.shape for a in arrays)) if arrays else ()
    result = np.empty(shape, dtype=object)

    def at(value, place):
        return np.broadcast_to(value, shape)[place] if isinstance(value, np.ndarray) else value

    for place in np.ndindex(shape):
        branch = 0 if form.branch is None else int(np.broadcast_to(form.branch, shape)[place])
        one = rule if callable(rule) else rule[branch]
        made = sp.sympify(one(*(at(a, place) for a in numbers), **{key: at(a, place) for key, a in named.items()}))
        result[place] = _recognised(made) if form.op in ("div", "reciprocal", "pow") else made
    return result


def _recognised(made: Any) -> Any:
    """1/(1 + e^(−z)) is σ(z)."""
    if isinstance(made, sp.Pow) and made.exp == -1 and isinstance(made.base, sp.Add) and len(made.base.args) == 2:
        one, power = made.base.args
        if one == 1 and isinstance(power, sp.exp):
            from .functions import sigmoid

            return sigmoid(-power.args[0])
    return made


def _reduced(losses: np.ndarray, reduction: str) -> np.ndarray:
    if reduction == "none":
        return losses
    total = np.sum(losses)
    share = {"sum": 1, "mean": losses.size, "batchmean": losses.shape[0] if losses.ndim else 1}[reduction]
    return _array(total / share if share != 1 else total)


def _array(value) -> np.ndarray:
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    array = np.empty(np.shape(value), dtype=object)
    array[...] = value
    return array


def symbols_of(label: str, shape: tuple) -> np.ndarray:
    """A symbol for each element of a value: `w[0, 1]`."""
    array = np.empty(shape, dtype=object)
    if shape == ():
        array[()] = sp.Symbol(label, real=True)
    for place in np.ndindex(shape) if shape else ():
        array[place] = sp.Symbol(f"{label}[{', '.join(map(str, place))}]", real=True)
    return array


def exact(number: Any) -> Any:
    """A Python number as SymPy writes it: 2.0 is 2, 0.1 is 1/10, math.pi is π; infinities and nan keep their kind, all else stays."""
    if isinstance(number, float):
        if not math.isfinite(number):
            return sp.nan if number != number else sp.oo if number > 0 else -sp.oo
        return _SPECIAL.get(number, sp.Rational(repr(number)))
    return sp.Integer(number) if isinstance(number, int) else number


def as_key(arguments: Any, operand: Callable[[Operand], Hashable]) -> Hashable:
    """The arguments of a call as a part of a key."""
    if isinstance(arguments, Operand):
        return operand(arguments)
    if isinstance(arguments, (tuple, list)):
        return tuple([as_key(item, operand) for item in arguments])
    if isinstance(arguments, dict):
        return tuple([(key, as_key(item, operand)) for key, item in arguments.items()])
    if isinstance(arguments, slice):
        return ("slice", *[as_key(part, operand) for part in (arguments.start, arguments.stop, arguments.step)])
    return arguments if isinstance(arguments, (int, float, str, bool, type(None))) else repr(arguments)
