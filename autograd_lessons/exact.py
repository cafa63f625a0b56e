"""The recorded run once more at 50 digits: forward with the rules, backward with their derivatives, step by step.

Independent of the composed gradient: no formula is ever longer than one step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import mpmath
import numpy as np
import sympy as sp

from .forms import Form, apply, as_key, exact, symbols_of
from .program import Program
from .tape import Constant, Tape, Value

DIGITS = 50
LARGEST = 50_000  # binary places before the point: on exp(exp(exp(9))) mpmath would work for ever
NEAR = 400, 1000  # powers of ten by which a point is missed where it has no number itself
_ZERO, _ONE = mpmath.mpf(0), mpmath.mpf(1)
_ARITHMETIC = {"add", "sub", "mul", "div"}


class Exact:
    """50-digit values and adjoints of one element of an elementwise run, or of a whole small run (`at` is None)."""

    def __init__(self, tape: Tape, program: Program, at: int | None = None):
        self.tape, self.program, self.at = tape, program, at
        self.values: list[list[mpmath.mpf]] = []  # of each value all elements, flat
        self._slopes: dict[int, list] = {}  # of each step, in the order of `StepFunction.slopes`
        self._adjoints: dict[int, dict[int, list[mpmath.mpf]]] = {}
        self.overflowed = False  # whether some number on the way was out of reach
        with mpmath.workdps(DIGITS):
            for index, (value, step) in enumerate(zip(tape.values, step_functions(program))):
                self.values.append(self._recorded(value) if step is None else self._forward(index, step))

    def _recorded(self, value: Value) -> list[mpmath.mpf]:
        flat = value.value.reshape(-1)
        if flat.numel() == 1 and not flat.is_complex():
            return [exactly(float(flat.item()))]
        if self.at is not None:
            flat = flat[[self.at if flat.numel() > 1 else 0]]
        return [exactly(number) for number in flat.double().tolist()]

    def _forward(self, index: int, step: StepFunction) -> list[mpmath.mpf]:
        values = self.values
        numbers = _guarded(step.call, [*[values[used][element] for used, element in step.places], *step.numbers])
        self._slopes[index] = numbers[step.size :]
        return [self._in_reach(number) for number in numbers[: step.size]]

    def _in_reach(self, number: mpmath.mpf) -> mpmath.mpf:
        """The number, or an infinite one where it is far beyond what any float holds."""
        if number.exp + number.bc <= LARGEST:  # the binary places before the point, and less for inf and nan
            return number
        self.overflowed = True
        return mpmath.sign(number) * mpmath.inf

    def adjoints(self, output: int) -> dict[int, list[mpmath.mpf]]:
        """∂(sum of the output)/∂value for every value that the output was computed from."""
        if output not in self._adjoints:
            self._adjoints[output] = self._back_from(output)
        return self._adjoints[output]

    def _back_from(self, output: int) -> dict[int, list[mpmath.mpf]]:
        with mpmath.workdps(DIGITS):
            back = {output: [_ONE] * len(self.values[output])}
            for index, made, number, target, element in _way_back(self.program, output):
                if index in back:
                    there = back.get(target) or back.setdefault(target, [_ZERO] * len(self.values[target]))
                    product = self._slopes[index][number] * back[index][made]
                    there[element] = product if there[element] is _ZERO else there[element] + product
            return back


@functools.lru_cache(maxsize=4096)  # at a slider's tick all inputs but one are what they were
def exactly(number: float) -> mpmath.mpf:
    """A double as a number of mpmath; exact at any precision."""
    return mpmath.mpf(number)


class StepFunction(NamedTuple):
    """A step at 50 digits: `call(*arguments)` gives its elements, then its slopes that are not zero."""

    call: Callable
    places: list[tuple[int, int]]  # which (value, element) the arguments are; `numbers` stand behind them
    numbers: tuple
    size: int  # how many elements
    slopes: list[tuple[int, int]]  # which (element, argument) each slope belongs to


def step_functions(program: Program) -> list[StepFunction | None]:
    """By value of the program the function of its step; None where the value is taken as it was recorded."""
    return program.keep("exact", lambda: [_step_function(program, form) for form in program.forms])


def _step_function(program: Program, form: Form | None) -> StepFunction | None:
    """The function of a step. Steps that are called alike, as in the rounds of a loop, are derived once."""
    if form is None or form.opaque:
        return None
    form, numbers = _with_numbers_as_arguments(form)
    used = list(dict.fromkeys(o for o in form.operands if isinstance(o, int)))
    shapes = [program.symbols[o].shape if o >= 0 else () for o in used]
    key = ("exact", _alike(form, used, shapes))
    call, places, size, slopes = program.keep(key, lambda: _derived(form, used, shapes))
    there = [(used[number], element) for number, element in places]
    return StepFunction(call, there, numbers, size, slopes)


def _way_back(program: Program, output: int) -> list[tuple[int, int, int, int, int]]:
    """The edges that a gradient takes from an output, the last first: the step, which of its elements, which of its slopes,
    and the value that it comes to, at which element.
    """

    def find() -> list:
        steps = step_functions(program)
        return [
            (index, made, number, *step.places[used])
            for index in program.behind(output)
            if (step := steps[index]) is not None
            for number, (made, used) in enumerate(step.slopes)
            if program.differentiated[step.places[used][0]]
        ]

    return program.keep(("way back", output), find)


def _with_numbers_as_arguments(form: Form) -> tuple[Form, tuple]:
    """The form with the plain numbers that it adds or multiplies by as operands −1, −2, …: a loop has other ones each round."""
    if form.op not in _ARITHMETIC:
        return form, ()
    operands, args, numbers = list(form.operands), [], []
    for arg in form.args:
        number = exact(arg) if isinstance(arg, (int, float)) else None
        if isinstance(number, sp.Rational):
            args.append(Constant(len(operands)))
            numbers.append(mpmath.mpf(int(number.p)) / int(number.q))
            operands.append(-len(numbers))
        else:
            args.append(arg)
    return form._replace(operands=tuple(operands), args=tuple(args)), tuple(numbers)


def _alike(form: Form, used: list[int], shapes: list[tuple]) -> tuple:
    """All that the derivation of a step depends on: what its operands are called is no part of it."""
    operands = tuple((used.index(o), o < 0) if isinstance(o, int) else (o.shape, *o.reshape(-1)) for o in form.operands)
    arguments = as_key((form.args, form.kwargs), lambda marker: ("operand", marker.value))
    branch = None if form.branch is None else (np.shape(form.branch), np.asarray(form.branch).tobytes())
    return form.op, operands, tuple(shapes), arguments, form.output, branch, form.pointwise, form.shape


def _derived(form: Form, used: list[int], shapes: list[tuple]) -> tuple:
    arrays = [symbols_of(f"a{number}", shape) for number, shape in enumerate(shapes)]
    operands = [arrays[used.index(o)] if isinstance(o, int) else o for o in form.operands]
    elements = [sp.sympify(element) for element in apply(form, operands).reshape(-1)]
    order = sorted(range(len(used)), key=lambda number: used[number] < 0)  # numbers stand last
    symbols = [(symbol, (n, element)) for n in order for element, symbol in enumerate(arrays[n].reshape(-1))]
    places = [place for _, place in symbols if used[place[0]] >= 0]
    slopes, where = [], []
    for i, element in enumerate(elements):
        for j, (symbol, _) in enumerate(symbols[: len(places)]):
            if element.has(symbol):
                slopes.append(sp.diff(element, symbol))
                where.append((i, j))
    call = sp.lambdify([symbol for symbol, _ in symbols], [*elements, *slopes], modules="mpmath", cse=True)
    return call, places, len(elements), where


def _guarded(function, arguments: list) -> list:
    """The numbers; where mpmath raises or leaves the real line, what floating point makes of it: inf or nan."""
    try:
        numbers = function(*arguments)
    except (ZeroDivisionError, OverflowError, ValueError):
        return _floating(function, arguments)
    return [_real(number) for number in numbers]


def _real(number):
    if type(number) is mpmath.mpf:
        return number
    if isinstance(number, mpmath.mpc):
        return number.real if number.imag == 0 else mpmath.nan
    return exactly(number) if type(number) is int else mpmath.mpf(number)


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
