"""The recorded run once more at 50 digits, or more: forward with the rules, backward with their derivatives, step by step.

Independent of the composed gradient: no formula is ever longer than one step.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import mpmath
import numpy as np
import sympy as sp

from .forms import Form, apply, as_key, exact, symbols_of
from .program import Program
from .tape import Tape
from .values import Constant, Value

DIGITS = 50
LARGEST = 50_000  # binary places before the point: on exp(exp(exp(9))) mpmath would work for ever
NEAR = 400, 1000  # powers of ten by which a point is missed where it has no number itself
NO_NUMBER = ArithmeticError, ValueError, TypeError, AttributeError  # what mpmath raises, also off the real line
_NUMBER = mpmath.mpf
_ZERO, _ONE = mpmath.mpf(0), mpmath.mpf(1)
_ARITHMETIC = {"add", "sub", "mul", "div"}


class Exact:
    """Values and adjoints of one element of an elementwise run, or of a whole small run (`at` is None), to so many digits."""

    def __init__(self, tape: Tape, program: Program, at: int | None = None, digits: int = DIGITS):
        self.program, self.at, self._digits = program, at, digits
        self.numbers: list[mpmath.mpf] = []  # of all values, as the `Layout` has it
        self._adjoints: dict[int, list[mpmath.mpf]] = {}  # by output: of all numbers
        self.overflowed = False  # whether some number on the way was out of reach
        with mpmath.workdps(digits):
            for value, step in zip(tape.values, layout(program).steps):
                self.numbers += self._recorded(value) if step is None else self._forward(step)

    def value(self, index: int) -> list[mpmath.mpf]:
        """All elements of a value, flat."""
        return self.numbers[layout(self.program).elements[index]]

    def adjoint(self, output: int, index: int) -> list[mpmath.mpf]:
        """∂(sum of the output)/∂value, by element."""
        if output not in self._adjoints:
            self._adjoints[output] = self._back_from(output)
        return self._adjoints[output][layout(self.program).elements[index]]

    def _recorded(self, value: Value) -> list[mpmath.mpf]:
        tensor = value.value
        if tensor.numel() == 1 and not tensor.is_complex():
            return [exactly(float(tensor.item()))]
        flat = tensor.reshape(-1)
        if self.at is not None:
            flat = flat[[self.at if flat.numel() > 1 else 0]]
        return [exactly(number) for number in flat.double().tolist()]

    def _forward(self, step: StepFunction) -> list[mpmath.mpf]:
        """The elements of a step, and its slopes; an element far beyond what any float holds is infinite."""
        numbers = self.numbers
        found = _guarded(step, [*[numbers[place] for place in step.places], *step.numbers])
        for element in range(step.size):
            number = found[element]
            if number.exp + number.bc > LARGEST:  # the binary places before the point, and less for inf and nan
                found[element] = mpmath.sign(number) * mpmath.inf
                self.overflowed = True
        return found

    def _back_from(self, output: int) -> list[mpmath.mpf]:
        numbers, elements = self.numbers, layout(self.program).elements[output]
        back = [_ZERO] * len(numbers)
        back[elements] = [_ONE] * len(numbers[elements])
        with mpmath.workdps(self._digits):
            for made, slope, used in _way_back(self.program, output):
                product = numbers[slope] * back[made]
                back[used] = product if back[used] is _ZERO else back[used] + product
        return back


@functools.lru_cache(maxsize=4096)  # at a slider's tick all inputs but one are what they were
def exactly(number: float) -> mpmath.mpf:
    """A double as a number of mpmath; exact at any precision."""
    return mpmath.mpmathify(number)


class StepFunction(NamedTuple):
    """A step at 50 digits: `call(*arguments)` gives its elements, then its slopes that are not zero."""

    call: Callable
    arguments: list[tuple[int, int]]  # which (value, element) they are
    places: list[int]  # where those stand in the list of all numbers
    numbers: tuple  # the arguments behind them, the same in every run
    size: int  # how many elements
    slopes: list[tuple[int, int]]  # which (element, argument) each slope belongs to


class Layout(NamedTuple):
    """In which order the numbers of a run stand in one list: those of each value, and behind those of a step its slopes."""

    steps: list[StepFunction | None]  # by value; None where it is taken as it was recorded
    elements: list[slice]  # by value: where its elements are


def layout(program: Program) -> Layout:
    return program.keep("exact", lambda: _laid_out(program))


def _laid_out(program: Program) -> Layout:
    made, end = Layout([], []), 0
    for index, form in enumerate(program.forms):
        symbols = program.symbols[index]
        step = _step_function(program, form, made.elements)
        size, slopes = (symbols.size, 0) if step is None else (step.size, len(step.slopes))
        made.steps.append(step)
        made.elements.append(slice(end, end + size))
        end += size + slopes
    return made


def _step_function(program: Program, form: Form | None, elements: list[slice]) -> StepFunction | None:
    """The function of a step. Steps that are called alike, as in the rounds of a loop, are derived once."""
    if form is None or form.opaque:
        return None
    form, numbers = _with_numbers_as_arguments(form)
    used = list(dict.fromkeys(o for o in form.operands if isinstance(o, int)))
    shapes = [program.symbols[o].shape if o >= 0 else () for o in used]
    key = ("exact", _alike(form, used, shapes))
    call, arguments, size, slopes = program.keep(key, lambda: _derived(form, used, shapes))
    there = [(used[number], element) for number, element in arguments]
    places = [elements[value].start + element for value, element in there]
    return StepFunction(call, there, places, numbers, size, slopes)


def _way_back(program: Program, output: int) -> list[tuple[int, int, int]]:
    """The edges that a gradient takes from an output, the last first, each by the places of three numbers: an element of a
    step, its slope, and the element of another value that it is the slope to.
    """

    def find() -> list:
        (steps, elements), reached, edges = layout(program), {output}, []
        for index in program.behind(output):
            step, made = steps[index], elements[index]
            if step is None or index not in reached:
                continue
            for number, (element, argument) in enumerate(step.slopes):
                value, _ = step.arguments[argument]
                if program.differentiated[value]:
                    reached.add(value)
                    edges.append((made.start + element, made.stop + number, step.places[argument]))
        return edges

    return program.keep(("way back", output), find)


def _with_numbers_as_arguments(form: Form) -> tuple[Form, tuple]:
    """The form with the plain numbers that it adds or multiplies by as operands −1, −2, …: a loop has other ones each round.

    A decimal is what was typed, 0.1 is 1/10. `math.pi` is the double that it is, which is not π: the tangent of half of it is finite.
    """
    if form.op not in _ARITHMETIC:
        return form, ()
    operands, args, numbers = list(form.operands), [], []
    for arg in form.args:
        number = exact(arg) if isinstance(arg, (int, float)) else None
        if isinstance(number, sp.Rational):
            args.append(Constant(len(operands)))
            numbers.append(mpmath.mpf(int(number.p)) / int(number.q))
            operands.append(-len(numbers))
        elif isinstance(arg, float) and math.isfinite(arg):
            args.append(Constant(len(operands)))
            numbers.append(exactly(arg))
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


def _guarded(step: StepFunction, arguments: list) -> list:
    """The numbers; where mpmath raises or leaves the real line, what floating point makes of it: inf or nan."""
    try:
        numbers = step.call(*arguments)
    except NO_NUMBER:
        return _floating(step, arguments)
    return [number if type(number) is _NUMBER else _real(number) for number in numbers]


def _real(number):
    if isinstance(number, mpmath.mpc):
        return number.real if number.imag == 0 else mpmath.nan
    return exactly(number) if type(number) is int else mpmath.mpf(number)


def _floating(step: StepFunction, arguments: list) -> list:
    """Each number by its limit from the right side, which is what 1/0 = inf and log 0 = −inf mean; nan where there is none."""
    now = mpmath.mp.dps
    for digits, moves in ((now, lambda argument: argument == 0), (NEAR[1] + now, lambda argument: True)):
        try:
            with mpmath.workdps(digits):
                near, nearer = (
                    [_real(number) for number in step.call(*(a + tiny if moves(a) else a for a in arguments))]
                    for tiny in (mpmath.mpf(10) ** -power for power in NEAR)
                )
        except NO_NUMBER:
            continue
        return [_limit(*pair) for pair in zip(near, nearer)]
    return [mpmath.nan] * (step.size + len(step.slopes))


def _limit(near, nearer):
    """Where a number is going that was taken near a point and then much nearer: log x doubles and more, sqrt x halves and more."""
    if abs(nearer) > 2 * abs(near):
        return mpmath.sign(nearer) * mpmath.inf
    return mpmath.mpf(0) if 2 * abs(nearer) < abs(near) else nearer
