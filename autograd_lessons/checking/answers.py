"""Every form of an answer, as the numbers that it gives at a point.

A Python function, a formula as text, a number, a list, a tensor, a SymPy expression, a dict of these by input, or the
chain's factors by name. `manual` evaluates them; here they are brought into the forms that it takes.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch

from .. import manual as hand
from ..errors import ManualError
from ..inputs import Inputs
from ..tape import Tape


class Blank(Exception):
    """The answer is still to be written; the arguments are its open parts, where others are filled in."""


def prepared(answer: Any, wrt: tuple[str, ...], known: frozenset[str]) -> Any:
    """The answer with text, SymPy expressions and whole lists of them as functions; raises `Blank` for an empty one.

    `known` are the function's inputs: in text these words are names.
    """
    if isinstance(answer, Mapping):
        if not answer:
            raise Blank
        return _by_name(answer, known)
    if answer is None or answer is Ellipsis or answer is NotImplemented:
        raise Blank
    if isinstance(answer, str):
        return _text(answer, known)
    if isinstance(answer, bool):
        raise ManualError(
            f"The answer is {answer}; it should be a derivative: a number, a tensor, a function or a formula."
        )
    if _is_symbolic(answer):
        return _symbolic(answer)
    if isinstance(answer, (list, tuple)):
        if len(answer) == len(wrt) > 1 and not all(_is_number(part) for part in answer):
            return {name: prepared(part, (name,), known) for name, part in zip(wrt, answer)}
        if any(part is None or part is Ellipsis for part in answer):
            raise Blank
        if all(_is_symbolic(part) and not part.free_symbols for part in answer):
            return [float(part) for part in answer]
        if any(callable(part) or isinstance(part, str) or _has_symbols(part) for part in answer):
            return _stacked([prepared(part, wrt, known) for part in answer])
        return _listed(answer)
    if callable(answer) and not isinstance(answer, torch.Tensor):
        return _watched(answer, len(wrt))
    shape = getattr(answer, "shape", None)
    return list(answer) if shape is not None and tuple(shape) == (len(wrt),) != (1,) else answer


def _by_name(answer: Mapping[Any, Any], known: frozenset[str]) -> dict[str, Any]:
    found, blanks = {}, []
    for key, value in answer.items():
        try:
            found[_key(key)] = prepared(value, (_key(key),), known)
        except Blank:
            blanks.append(_key(key))
    if blanks:
        raise Blank(*(blanks if found else ()))
    return found


def evaluate(answer: Any, tape: Tape, inputs: Inputs) -> hand.Manual:
    """What a prepared answer comes to at one recorded point."""
    return hand.evaluate(answer, tape, inputs)


def is_fixed(answer: Any) -> bool:
    """Whether the answer is made of numbers that hold at one point only."""
    parts = answer.values() if isinstance(answer, Mapping) else [answer]
    return not any(callable(part) and not isinstance(part, torch.Tensor) for part in parts)


def names_in(answer: Any) -> frozenset[str] | None:
    """The names that the answer's functions ask for; None where that cannot be known."""
    parts = answer.values() if isinstance(answer, Mapping) else [answer]
    found: set[str] = set()
    for part in parts:
        if callable(part) and not isinstance(part, torch.Tensor):
            try:
                found |= set(inspect.signature(part).parameters)
            except (TypeError, ValueError):
                return None
    return frozenset(found)


def _key(key: Any) -> str:
    """Keys are names; a SymPy symbol is one too."""
    return key if isinstance(key, str) else str(key)


# ---------------------------------------------------------------------- functions
def _watched(function: Callable, count: int) -> Callable:
    """The learner's function, called by position where it can be; where it gives nothing back it is still to be written.

    `count` is how many gradients it gives.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a built-in: it is called with the one input
        return function

    @functools.wraps(function)
    def watched(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        try:
            made = function(*bound.args, **bound.kwargs)
        except NotImplementedError:
            raise Blank from None
        if made is None or made is Ellipsis or made is NotImplemented:
            raise Blank
        if isinstance(made, Mapping):
            return {_key(key): _given_back(value) for key, value in made.items()}
        return made if isinstance(made, (tuple, list)) and len(made) == count > 1 else _given_back(made)

    watched.__signature__ = signature  # pyright: ignore
    return watched


def _given_back(made: Any) -> Any:
    if made is None or made is Ellipsis:
        raise Blank
    return _listed(made) if isinstance(made, (list, tuple)) else made


def _listed(parts: Any) -> Any:
    """A list in which some are tensors of one number, as one tensor; a list of numbers stays one."""
    if any(isinstance(part, torch.Tensor) for part in parts):
        try:
            return torch.stack([torch.as_tensor(part, dtype=torch.float64) for part in parts])
        except (RuntimeError, TypeError, ValueError):
            return parts
    return parts


def _stacked(parts: list) -> Callable:
    """A list of functions or formulas, one for each element, as one function."""
    names = sorted({name for part in parts for name in names_in(part) or ()})

    def together(**given):
        each = [part(**{n: given[n] for n in names_in(part) or ()}) if callable(part) else part for part in parts]
        return torch.stack([torch.as_tensor(one, dtype=torch.float64) for one in each])

    return _with_parameters(together, names)


def _with_parameters(function: Callable, names: list[str]) -> Callable:
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    function.__signature__ = inspect.Signature(parameters)  # pyright: ignore
    return function


# ---------------------------------------------------------------------- formulas
def _text(text: str, known: frozenset[str]) -> Any:
    """A typed formula as a function of the names in it; one without names is a number."""
    if not text.strip():
        raise Blank
    from ..formula import read

    formula = read(text, known)
    return formula.function if formula.names else float(formula.expression)


def _is_symbolic(answer: Any) -> bool:
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(answer, (sympy.Basic, sympy.MatrixBase))


def _has_symbols(part: Any) -> bool:
    return _is_symbolic(part) or (isinstance(part, (list, tuple)) and any(map(_has_symbols, part)))


def _is_number(part: Any) -> bool:
    return isinstance(part, (int, float)) or (hasattr(part, "__float__") and not _is_symbolic(part))


def _symbolic(expression: Any) -> Any:
    """A SymPy expression as a function of its symbols; `x[0]` is an element of x."""
    import sympy as sp

    if isinstance(expression, sp.MatrixBase):
        rows = expression.tolist()
        flat = [row[0] for row in rows] if expression.shape[1] == 1 else rows
        return prepared(flat, ("",), frozenset())
    if not expression.free_symbols:
        return float(expression)
    symbols = sorted(expression.free_symbols, key=lambda symbol: symbol.name)  # pyright: ignore
    numbers = sp.lambdify(symbols, expression, modules="numpy", dummify=True)
    places = {symbol: _element(symbol.name) for symbol in symbols}  # pyright: ignore

    def function(**given):
        arguments = []
        for symbol in symbols:
            name, place = places[symbol]
            value = torch.as_tensor(given[name]).double()
            arguments.append((value[place] if place else value).numpy())
        return torch.as_tensor(numbers(*arguments), dtype=torch.float64)

    return _with_parameters(function, sorted({name for name, _ in places.values()}))


def _element(symbol: str) -> tuple[str, tuple[int, ...]]:
    element = re.fullmatch(r"(.+)\[([\d, ]+)\]", symbol)
    return (element[1], tuple(map(int, element[2].split(",")))) if element else (symbol, ())


# ---------------------------------------------------------------------- what is not varied
def held(answer: Any, inputs: Inputs, given: frozenset[str]) -> frozenset[str]:
    """The given inputs that stay as they are: data which the answer does not ask for because it has their numbers in it.

    Not where all such numbers are 0, 1 or −1: there a factor or a term may be missing without being missed.
    """
    names = names_in(answer)
    if names is None:
        return frozenset()
    asked = set(answer) if isinstance(answer, Mapping) and set(answer) <= set(inputs.wrt) else set(inputs.wrt)
    data = [name for name in inputs.arguments if name in given and name not in asked and name not in names]
    values = [inputs.arguments[name] for name in data]
    telling = any(isinstance(v, torch.Tensor) and bool((v.abs() - v.abs().round()).abs().gt(0).any()) for v in values)
    return frozenset(data) if telling else frozenset()
