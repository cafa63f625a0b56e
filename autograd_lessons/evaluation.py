"""What gradient formulas come to at a run: with 30 digits each where the run is small, in doubles on a grid of points."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import sympy as sp

from . import formulas
from .elements import numbers_of
from .exact import NO_NUMBER, exactly
from .programs import Programs
from .tape import Tape


def of_elements(programs: Programs, made: dict[str, list[sp.Expr]], overflowed: bool) -> dict[str, list[float]]:
    """The formulas of several inputs in one go, since they have most of their parts in common.

    In doubles where mpmath has no number, or where the run has `overflowed` what it holds.
    """
    if not made:
        return {}
    program, names = programs.first, tuple(made)
    together = [formula for one in made.values() for formula in one]
    symbols, leaves = formulas.leaves(program)
    values = _leaf_values(programs.tape, leaves)
    function = program.keep(("numbers", names), lambda: sp.lambdify(symbols, together, modules="mpmath", cse=True))
    try:
        if overflowed:
            raise OverflowError
        with mpmath.workdps(30):
            numbers = [_float(n) for n in function(*map(exactly, values))]
    except NO_NUMBER:
        if len(names) > 1:  # it may be the formula of one of them only
            apart = [of_elements(programs, {name: one}, overflowed) for name, one in made.items()]
            return {name: numbers for each in apart for name, numbers in each.items()}
        function = program.keep(("doubles", names), lambda: sp.lambdify(symbols, together, modules="numpy"))
        with np.errstate(all="ignore"):
            doubles = [complex(n) for n in function(*map(np.float64, values))]
        numbers = [n.real if n.imag == 0 else np.nan for n in doubles]
    supply = iter(numbers)
    return {name: list(itertools.islice(supply, len(one))) for name, one in made.items()}


def on_a_grid(programs: Programs, name: str, made: list[sp.Expr]) -> np.ndarray:
    """The numbers of an input's slope at each point, from its formula in each of the programs."""
    result = np.empty(programs.tape.target.value.numel())
    for number, (program, formula) in enumerate(zip(programs.all, made)):
        symbols, leaves = formulas.leaves(program)
        function = program.keep(("grid", name), lambda: sp.lambdify(symbols, formula, modules="numpy", cse=True))
        chosen = programs.elements(number)
        arrays = []
        for index, _ in leaves:
            flat = programs.tape.values[index].value.reshape(-1).double().numpy()
            arrays.append(flat[chosen] if flat.size > 1 else flat[0])
        with np.errstate(all="ignore"):
            result[chosen] = function(*arrays)
    return result


def _leaf_values(tape: Tape, leaves: list[tuple[int, int]]) -> list[float]:
    values = tape.values
    flat = {index: numbers_of(values[index].value) for index in {index for index, _ in leaves}}
    return [flat[index][element] for index, element in leaves]


def _float(number) -> float:
    number = mpmath.mpmathify(number)
    if isinstance(number, mpmath.mpc):
        return float(number.real) if number.imag == 0 else float("nan")
    return float(number)
