"""The recorded run once more at 50 digits: forward with the rules, backward with their derivatives, step by step.

Independent of the composed gradient: no formula is ever longer than one step.
"""

from __future__ import annotations

import mpmath
import sympy as sp

from .program import Program
from .tape import Step, Tape, Value

DIGITS = 50
NEAR = 400, 1000  # powers of ten by which a point is missed where it has no number itself


class Exact:
    """50-digit values and adjoints of one element of an elementwise run, or of a whole small run (`at` is None)."""

    def __init__(self, tape: Tape, program: Program, at: int | None = None):
        self.tape, self.program, self.at = tape, program, at
        self.values: list[list[mpmath.mpf]] = []  # of each value all elements, flat
        self._slopes: dict[int, list] = {}  # of each step, in the order of `step_slopes`
        self._adjoints: dict[int, dict[int, list[mpmath.mpf]]] = {}
        with mpmath.workdps(DIGITS):
            for index, value in enumerate(tape.values):
                self.values.append(self._forward(index, value))

    def _recorded(self, value: Value) -> list[mpmath.mpf]:
        flat = value.value.reshape(-1)
        if self.at is not None:
            flat = flat[[self.at if flat.numel() > 1 else 0]]
        return [mpmath.mpf(number) for number in flat.double().tolist()]

    def _forward(self, index: int, value: Value) -> list[mpmath.mpf]:
        form = self.program.forms[index]
        if not isinstance(value, Step) or form is None or form.opaque:
            return self._recorded(value)
        function, places, size = step_function(self.program, index)
        numbers = _guarded(function, [self.values[used][element] for used, element in places])
        self._slopes[index] = numbers[size:]
        return numbers[:size]

    def adjoints(self, output: int) -> dict[int, list[mpmath.mpf]]:
        """∂(sum of the output)/∂value for every value that the output was computed from."""
        if output not in self._adjoints:
            self._adjoints[output] = self._back_from(output)
        return self._adjoints[output]

    def _back_from(self, output: int) -> dict[int, list[mpmath.mpf]]:
        with mpmath.workdps(DIGITS):
            back = {output: [mpmath.mpf(1)] * len(self.values[output])}
            for index in sorted(self.program.reaches(output), reverse=True):
                form = self.program.forms[index]
                if index not in back or form is None or form.opaque:
                    continue
                _, places, _ = step_function(self.program, index)
                for (made, used), slope in zip(step_slopes(self.program, index), self._slopes[index]):
                    target, element = places[used]
                    if self.program.differentiated[target]:
                        there = back.setdefault(target, [mpmath.mpf(0)] * len(self.values[target]))
                        there[element] += slope * back[index][made]
            return back


def step_function(program: Program, index: int):
    """(function, its arguments as (value, element), size): the step's elements, then its non-zero slopes, in mpmath."""
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
        program.results[key] = (function, list(places.values()), made.size)
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
    return number if isinstance(number, mpmath.mpf) else mpmath.mpf(number)


def _floating(function, arguments: list) -> list:
    """Each number by its limit from the right side, which is what 1/0 = inf and log 0 = −inf mean; nan where there is none."""
    for digits, moves in ((DIGITS, lambda argument: argument == 0), (NEAR[1] + DIGITS, lambda argument: True)):
        try:
            with mpmath.workdps(digits):
                near, nearer = (
                    [_real(number) for number in function(*(a + tiny if moves(a) else a for a in arguments))]
                    for tiny in (mpmath.mpf(10) ** -power for power in NEAR)
                )
        except (ZeroDivisionError, OverflowError, ValueError):
            continue
        return [_limit(*pair) for pair in zip(near, nearer)]
    return [mpmath.nan] * 10_000


def _limit(near, nearer):
    """Where a number is going that was taken near a point and then much nearer: log x doubles and more, sqrt x halves and more."""
    if abs(nearer) > 2 * abs(near):
        return mpmath.sign(nearer) * mpmath.inf
    return mpmath.mpf(0) if 2 * abs(nearer) < abs(near) else nearer
