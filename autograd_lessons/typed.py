"""A typed formula where a function is expected: what stands for it, and what is said where its inputs do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import FormulaError, InputError


def as_function(
    function: Callable | str, given: Mapping[str, Any], inputs: Mapping[str, Any] | None, complete: bool = True
) -> Callable:
    """The function itself, or the one that a typed formula describes. `complete`: every input must have been given.

    A word that was given as an input is a name for certain. Raises `FormulaError`, and `InputError` with the names as
    they were read, before anything runs.
    """
    if not isinstance(function, str):
        return function
    __tracebackhide__ = True
    from .formula import read

    values = {**given, **(inputs or {})}
    formula = read(function, values)
    names = formula.names
    if not names:
        raise FormulaError(
            formula.text, 0, len(formula.text), "This is a number, with no input to differentiate by. Type a name in it:", ("x^2",)
        )  # fmt: skip
    shown = formula.text.strip() if len(formula.text) <= 60 else formula.text.strip()[:60] + "…"
    reads = f"{shown} reads as a function of {_listed(names)}"
    unknown = [name for name in values if name not in names]
    if unknown:
        raise InputError(f"{reads}: there is no {unknown[0]} in it.")
    missing = [name for name in names if name not in values]
    if missing and complete:
        raise InputError(f"{reads}. Give {' and '.join(f'{name}=…' for name in missing)} too." if values else
                         f"{reads}: give {', '.join(f'{name}=…' for name in names)}")  # fmt: skip
    return formula.function


def as_manual(manual: Any, given: Mapping[str, Any], inputs: Mapping[str, Any] | None) -> Any:
    """A hand-written gradient in which every typed formula is replaced by the function that it describes."""
    if isinstance(manual, Mapping):
        return {key: as_manual(answer, given, inputs) for key, answer in manual.items()}
    if not isinstance(manual, str):
        return manual
    from .formula import read

    return read(manual, {**given, **(inputs or {})}).function


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
