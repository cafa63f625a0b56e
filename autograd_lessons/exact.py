"""The recorded run once more at 50 digits: forward with the rules, backward with their derivatives, step by step.

Independent of the composed gradient: no formula is ever longer than one step.
"""

from __future__ import annotations

import mpmath
import numpy as np
import sympy as sp
import torch

from .program import Program
from .tape import Step, Tape, Value

DIGITS = 50


class Exact:
    """50-digit values and adjoints of one element of an elementwise run, or of a whole small run (`at` is None)."""

    def __init__(self, tape: Tape, program: Program, at: int | None = None):
        self.tape, self.program, self.at = tape, program, at
        self.values: list[np.ndarray] = []
        self._slopes: dict[int, list] = {}  # of each step, in the order of `step_slopes`
        self._adjoints: dict[int, dict[int, np.ndarray]] = {}
        with mpmath.workdps(DIGITS):
            for index, value in enumerate(tape.values):
                self.values.append(self._forward(index, value))

    def _recorded(self, value: Value) -> np.ndarray:
        flat = value.value.reshape(-1).double() if value.value.dtype != torch.bool else value.value.reshape(-1).double()
        if self.at is not None:
            flat = flat[[self.at if flat.numel() > 1 else 0]]
        array = np.empty(self.program.symbols[self.tape.values.index(value)].shape, dtype=object)
        array.reshape(-1)[:] = [mpmath.mpf(number) for number in flat.tolist()]
        return array

    def _forward(self, index: int, value: Value) -> np.ndarray:
        form = self.program.forms[index]
        if not isinstance(value, Step) or form is None or form.opaque:
            return self._recorded(value)
        function, symbols, shape = step_function(self.program, index)
        numbers = _guarded(function, self._arguments(symbols))
        array = np.empty(shape, dtype=object)
        array.reshape(-1)[:] = numbers[: array.size]
        self._slopes[index] = numbers[array.size :]
        return array

    def _arguments(self, places: list[tuple[int, int]]) -> list:
        return [self.values[index].reshape(-1)[element] for index, element in places]

    def adjoints(self, output: int) -> dict[int, np.ndarray]:
        """∂(sum of the output)/∂value for every value that the output was computed from."""
        if output not in self._adjoints:
            self._adjoints[output] = self._back_from(output)
        return self._adjoints[output]

    def _back_from(self, output: int) -> dict[int, np.ndarray]:
        with mpmath.workdps(DIGITS):
            back = {output: _filled(self.values[output].shape, 1)}
            for index in sorted(self.program.reaches(output), reverse=True):
                form = self.program.forms[index]
                if index not in back or form is None or form.opaque:
                    continue
                _, places, _ = step_function(self.program, index)
                for (made, used), slope in zip(step_slopes(self.program, index), self._slopes[index]):
                    target, element = places[used]
                    if self.program.differentiated[target]:
                        there = back.setdefault(target, _filled(self.values[target].shape, 0))
                        there.reshape(-1)[element] += slope * back[index].reshape(-1)[made]
            return back


def step_function(program: Program, index: int):
    """(function, its arguments as (value, element), shape): the step's elements, then its non-zero slopes, in mpmath."""
    key = ("exact", index)
    if key not in program.results:
        made = program.formula(index)
        assert made is not None
        form = program.forms[index]
        places = {}
        for operand in dict.fromkeys(o for o in form.operands if isinstance(o, int)):  # pyright: ignore
            for element, symbol in enumerate(program.symbols[operand].reshape(-1)):
                places.setdefault(symbol, (operand, element))
        elements = [sp.sympify(e) for e in made.reshape(-1)]
        slopes, where = [], []
        for i, element in enumerate(elements):
            for j, symbol in enumerate(places):
                if element.has(symbol):
                    slopes.append(sp.diff(element, symbol))
                    where.append((i, j))
        function = sp.lambdify(list(places), [*elements, *slopes], modules="mpmath", cse=True)
        program.results[key] = (function, list(places.values()), made.shape)
        program.results["slopes", index] = where
    return program.results[key]


def step_slopes(program: Program, index: int) -> list[tuple[int, int]]:
    """Which (element of the step, argument) each slope of `step_function` belongs to."""
    return program.results["slopes", index]


def _guarded(function, arguments: list) -> list:
    """The numbers; where mpmath raises or leaves the real line, what floating point makes of it: inf or nan."""
    try:
        numbers = function(*arguments)
    except (ZeroDivisionError, OverflowError, ValueError):
        return _floating(function, arguments)
    return [_real(number) for number in numbers]


def _real(number):
    if isinstance(number, mpmath.mpc):
        return number.real if number.imag == 0 else mpmath.nan
    return mpmath.mpf(number)


def _floating(function, arguments: list) -> list:
    """Each number by its limit from the right side, which is what 1/0 = inf and log 0 = −inf mean; nan where there is none."""
    try:
        with mpmath.workdps(DIGITS):
            near, nearer = (
                [_real(number) for number in function(*(a + tiny if a == 0 else a for a in arguments))]
                for tiny in (mpmath.mpf(10) ** -400, mpmath.mpf(10) ** -4000)
            )
    except (ZeroDivisionError, OverflowError, ValueError):
        return [mpmath.nan] * 10_000
    return [_limit(*pair) for pair in zip(near, nearer)]


def _limit(near, nearer):
    """Where a number is going that was taken near a point and then much nearer: log x doubles and more, sqrt x halves and more."""
    if abs(nearer) > 2 * abs(near):
        return mpmath.sign(nearer) * mpmath.inf
    return mpmath.mpf(0) if 2 * abs(nearer) < abs(near) else nearer


def _filled(shape: tuple, number: int) -> np.ndarray:
    array = np.empty(shape, dtype=object)
    array[...] = mpmath.mpf(number)
    return array
