"""Where an answer is tried: reproducible points inside the function's domain, away from kinks and from all-zero gradients.

They are found by trying. The learner's own point comes first, if there is one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from .. import branches
from ..branches import branch_taken
from ..errors import InputError, LessonError
from ..inputs import Inputs
from ..replay import quiet
from ..rules import PIECEWISE
from ..run import run, run_again
from ..tape import Tape

ENOUGH, FEW = 6, 4  # points; fewer where the run is long
LONG = 80  # steps
MOST_TRIES = 120
MOST_RECORDED = 2_000  # steps beside the first run: where one run has as many there is one more
SIDES = ((-2.5, 2.5), (0.2, 3.0), (0.05, 0.95), (-0.95, 0.95), (1.1, 4.0))  # domains: all, positive, inside 0…1, …
SIMPLE = (2.0, 3.0, -1.0, 0.5, -2.0)  # for counter-examples that can be followed in the head
SHAPES = ((), (3,), (4,), (2, 2), (2, 3))  # of inputs that no one gave


@dataclass(frozen=True)
class Point:
    """One recorded run. `given` is the learner's own point; `simple` one with round numbers, shown but not matched."""

    tape: Tape
    inputs: Inputs
    given: bool = False
    simple: bool = False

    @property
    def is_smooth(self) -> bool:
        """Whether the same branches are taken all around, and every gradient is finite and some gradient is not zero."""
        return _usable(self.tape, self.inputs) and _off_kinks(self.tape, self.inputs)


def choose(
    function: Callable, start: Inputs, given: frozenset[str], fixed: frozenset[str], tries: int = MOST_TRIES
) -> list[Point]:
    """The points to try an answer at. `given` are the inputs that the learner gave, of which `fixed` are to stay as they are.

    Raises what the function raises at the learner's own point, and `InputError` where nothing can be found.
    """
    first = _first(function, start, given)
    kept = frozenset() if has_branches(first.tape) else given
    long = len(first.tape.steps) > LONG
    wanted = ENOUGH
    if long:
        tries = min(tries // 6, max(1, MOST_RECORDED // len(first.tape.steps)))
        wanted = min(FEW, tries + (not first.given))
    points = [first] if first.given or (long and first.is_smooth) else []
    flat: list[Point] = []  # where every gradient is zero
    for inputs in itertools.islice(_regimes(first.inputs, given, fixed, kept), tries):
        enough = sum(not point.given for point in points) >= wanted
        if enough and not (has_branches(first.tape) and len({branches_of(point.tape) for point in points}) < 2):
            break
        point = _try(function, inputs)
        if point is None or not _is_finite(point.tape, point.inputs) or not _off_kinks(point.tape, point.inputs):
            continue
        if (point.is_smooth and not enough) or _is_another_branch(point, points):
            points.append(point)
        else:
            flat.append(point)
    points = points or flat[:wanted]
    if not points:
        raise InputError(
            f"{_called(function)} has no finite gradient at any of the points that were tried. "
            f"Give one of its domain: {_example(start.wrt)}."
        )
    return points if long else points + _simple(function, first.inputs, fixed, kept)


def _first(function: Callable, start: Inputs, given: frozenset[str]) -> Point:
    """The learner's own point, or, for inputs without a value, the first shapes that the function takes."""
    in_double = start.to(torch.float64)
    if not start.wrt:
        raise InputError(f"{_called(function)} has no input to differentiate. Give one by name: x=1.0")
    free = [name for name in start.wrt if name not in given]
    if not free:
        try:
            return Point(run(function, in_double), in_double, given=True)
        except Exception:  # a model in float32 takes no float64: then this is the run's own error, or there is none
            return Point(run_again(function, start), start, given=True)
    error: Exception | None = None
    numbers = np.random.RandomState(1)
    for shape, side in itertools.product(SHAPES, SIDES):
        drawn = {name: _drawn(torch.zeros(shape, dtype=torch.float64), side, numbers) for name in free}
        inputs = replace(in_double, arguments=in_double.arguments | drawn)
        try:
            tape = run_again(function, inputs)
            tape.target  # noqa: B018 (raises OutputError where there is no single tensor)
            return Point(tape, inputs)
        except Exception as raised:
            error = error or raised
    if isinstance(error, LessonError):
        raise error
    raise InputError(
        f"{_called(function)} raised {type(error).__name__} ({error}) wherever it was tried. "
        f"Give a point of its domain: {_example(free)}."
    ) from error


def _example(names: Iterable[str]) -> str:
    return ", ".join(f"{name}=…" for name in names)


def _called(function: Callable) -> str:
    return getattr(function, "__name__", "the function")


def _regimes(start: Inputs, given: frozenset[str], fixed: frozenset[str], kept: frozenset[str]) -> Iterator[Inputs]:
    """Points further and further from plain: everywhere, positive, between 0 and 1, and around what was given.

    Of the inputs in `kept` the signs stay: for positive L and g, 1/√(g·L) is a right way to write √(L/g)/L.
    """
    numbers = np.random.RandomState(2)
    varied = [
        name
        for name, value in start.arguments.items()
        if isinstance(value, torch.Tensor) and value.is_floating_point() and name not in fixed and value.numel()
    ]
    for turn in itertools.count():
        side = SIDES[turn % len(SIDES)] if turn >= ENOUGH else SIDES[0]
        near = turn >= ENOUGH and turn % 2
        drawn = {}
        for name in varied:
            value = start.arguments[name]
            inside = name in given and name not in start.wrt and bool(((value >= 0) & (value <= 1)).all())
            if near and name in given and not inside:
                drawn[name] = _around(value, numbers)
            else:
                drawn[name] = _drawn(value, SIDES[2] if inside else side, numbers)
            if name in kept:
                drawn[name] = _signed(drawn[name], value)
            if inside and _are_shares(value):
                drawn[name] = drawn[name] / drawn[name].sum(-1, keepdim=True)
        yield replace(start, arguments=start.arguments | drawn)


def _drawn(like: torch.Tensor, side: tuple[float, float], numbers: np.random.RandomState) -> torch.Tensor:
    """Two-digit numbers from a range; those of a long vector smaller, so that its sums stay moderate."""
    low, high = side
    shrink = min(1.0, math.sqrt(8 / like.numel()))
    made = np.round(shrink * numbers.uniform(low, high, like.numel()), 2 if shrink == 1.0 else 4)
    made[made == 0] = 0.37
    return torch.from_numpy(made).to(like.dtype).reshape(like.shape)


def _signed(drawn: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """With the signs of other numbers, where these are not zero."""
    return torch.where(like == 0, drawn, drawn.abs() * like.sign())


def _are_shares(value: torch.Tensor) -> bool:
    """Whether these are the probabilities of classes, one-hot or not: between 0 and 1, and 1 together."""
    return value.ndim > 0 and value.shape[-1] > 1 and bool(((value.sum(-1) - 1).abs() < 1e-6).all())


def _around(value: torch.Tensor, numbers: np.random.RandomState) -> torch.Tensor:
    """Near a value that is inside the domain for certain."""
    size = value.numel()
    moved = value.double().numpy().reshape(-1) * numbers.uniform(0.8, 1.25, size) + numbers.uniform(-0.05, 0.05, size)
    return torch.from_numpy(np.round(moved, 4)).to(value.dtype).reshape(value.shape)


def _simple(function: Callable, start: Inputs, fixed: frozenset[str], kept: frozenset[str]) -> list[Point]:
    """Points with round numbers, for functions of single numbers."""
    names = [
        name
        for name, value in start.arguments.items()
        if isinstance(value, torch.Tensor) and value.is_floating_point() and name not in fixed
    ]
    if any(start.arguments[name].numel() != 1 for name in names):
        return []
    found = []
    for turn in range(3):
        round_numbers = {
            name: torch.full_like(start.arguments[name], SIMPLE[(turn + 2 * place) % len(SIMPLE)])
            for place, name in enumerate(names)
        }
        round_numbers = {
            name: _signed(number, start.arguments[name]) if name in kept else number
            for name, number in round_numbers.items()
        }
        point = _try(function, replace(start, arguments=start.arguments | round_numbers))
        if point is not None and point.is_smooth:
            found.append(replace(point, simple=True))
    return found


def _try(function: Callable, inputs: Inputs) -> Point | None:
    try:
        return Point(run_again(function, inputs), inputs)
    except Exception:  # outside the function's domain
        return None


def _gradients(tape: Tape, inputs: Inputs) -> list[torch.Tensor]:
    return [gradient for name in inputs.wrt if (gradient := tape.inputs[name].adjoint) is not None]


def _is_finite(tape: Tape, inputs: Inputs) -> bool:
    gradients = _gradients(tape, inputs)
    return bool(gradients) and all(bool(made.isfinite().all()) for made in (tape.target.value, *gradients))


def _usable(tape: Tape, inputs: Inputs) -> bool:
    return _is_finite(tape, inputs) and any(bool((made.abs() > 1e-7).any()) for made in _gradients(tape, inputs))


def _is_another_branch(point: Point, points: list[Point]) -> bool:
    """Whether the function went a way there that has been tried less than twice; the gradient may be zero on it."""
    if not has_branches(point.tape):
        return False
    way = branches_of(point.tape)
    return sum(branches_of(other.tape) == way for other in points) < 2 and any(other.is_smooth for other in points)


def branches_of(tape: Tape) -> tuple:
    """Which way a run went: its calls in order, and the branch of every element."""
    return tuple(
        (step.op, np.asarray(branch_taken(step)).tobytes() if branches.has_branches(step) else None)
        for step in tape.steps
    )


def has_branches(tape: Tape) -> bool:
    """Whether the run may go another way elsewhere: it called relu, where …, or looked at a number."""
    looked = any(event.kind in ("bool", "float", "int", "item", "index") for event in tape.events)
    return looked or any(step.op.rstrip("_") in PIECEWISE for step in tape.steps)


def _off_kinks(tape: Tape, inputs: Inputs) -> bool:
    """Whether a small step to either side takes the same branches."""
    if not has_branches(tape):
        return True
    here = branches_of(tape)
    for side in (-1.0, 1.0):
        arguments = {
            name: value + side * 1e-4 * (1 + value.abs())
            if isinstance(value, torch.Tensor) and value.is_floating_point() and name in inputs.wrt
            else value
            for name, value in inputs.arguments.items()
        }
        try:
            with quiet():
                beside = run(tape.function, replace(inputs, arguments=arguments))
        except Exception:
            return False
        if branches_of(beside) != here:
            return False
    return True
