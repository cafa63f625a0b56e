"""The output along one input: the function itself, evaluated on a grid around the point."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

from .elements import are_equal, changed_at, element_of, total_of
from .inputs import Inputs, call
from .replay import quiet
from .tape import Tape

POINTS = 201
SINGLE_POINTS = 41  # where each takes a run of its own
MOST_CALLS = 100_000  # of PyTorch for one curve


@dataclass(frozen=True, eq=False)  # no other is the same: what is drawn of it can be kept by it
class Line:
    """`y[i]` is the output at `x[i]`, in the run's dtype; nan where the function has no value or raised."""

    name: str
    x: list[float]
    y: list[float]


@dataclass(frozen=True)
class Curve:
    """A line and the point on it; `slope` is the gradient there."""

    line: Line
    point: tuple[float, float]
    slope: float | None


class Traced(NamedTuple):
    """All that a curve depends on: the code's calls, where it goes along, and every number but the one that moves on it."""

    program: object
    along: tuple
    others: list[torch.Tensor]

    def is_as(self, before: Traced) -> bool:
        """Whether a curve that was traced from `before` is still the same."""
        same = self.program is before.program and self.along == before.along and len(self.others) == len(before.others)
        return same and all(map(are_equal, self.others, before.others))


class Tracer:
    """Traces the curves of one function; anew only where something else changed than the number along which one goes."""

    def __init__(self, function: Callable):
        self._function = function
        self._at_once: dict[str, bool] = {}
        self._last: tuple[Traced, Line] | None = None

    def curve(
        self, tape: Tape, program: object, inputs: Inputs, name: str, element: int | None, ends: tuple[float, float]
    ) -> Curve | None:
        """The curve over an input, or one of its elements, and the point on it; None where it would take too many calls.

        `program` is one and the same for runs that made the same calls, and had the same numbers in them.
        """
        if name not in self._at_once:
            self._at_once[name] = elementwise_in(self._function, inputs, name)
        if not self._at_once[name] and SINGLE_POINTS * len(tape.steps) > MOST_CALLS:
            return None
        value, adjoint = tape.inputs[name].value, tape.inputs[name].adjoint
        x = element_of(value, element or 0)
        slope = None if adjoint is None else element_of(adjoint, element or 0)
        ends = (min(ends[0], x), max(ends[1], x)) if math.isfinite(x) else ends
        point = x, total_of(tape.target.value)
        now = Traced(program, (name, element, ends), _others(tape, name, element))
        if self._last is not None and now.is_as(self._last[0]):
            return Curve(self._last[1], point, slope)
        line = trace(self._function, inputs, name, element, ends, self._at_once[name])
        is_random = any(step.call.random_state is not None for step in tape.steps)
        self._last = None if is_random else (now, line)
        return Curve(line, point, slope)


def _others(tape: Tape, name: str, element: int | None) -> list[torch.Tensor]:
    """All numbers that a run was given but the one along which a curve goes."""
    others = [value.value for key, value in tape.inputs.items() if key != name]
    return others if element is None else [*others, changed_at(tape.inputs[name].value, element, 0.0)]


def trace(
    function: Callable, inputs: Inputs, name: str, element: int | None, ends: tuple[float, float], at_once: bool
) -> Line:
    """The curve between two ends. `at_once` evaluates all points in one call: right for elementwise code only."""
    like = inputs.arguments[name]
    points, across = _evenly(*ends, POINTS if at_once else SINGLE_POINTS, like.dtype)
    xs = points.clone()
    with quiet(), torch.no_grad():
        if at_once:
            ys = _value(function, inputs, name, xs)
            ys = ys if ys is not None and ys.shape == xs.shape else torch.full_like(xs, math.nan)
        else:
            values = [_value(function, inputs, name, changed_at(like, element or 0, x)) for x in across]
            ys = torch.stack([torch.tensor(math.nan) if v is None else v.sum() for v in values])
    label = name if element is None else f"{name}[{element}]"
    return Line(label, across, ys.double().tolist())


@functools.lru_cache(maxsize=64)
def _evenly(low: float, high: float, count: int, dtype: torch.dtype) -> tuple[torch.Tensor, list[float]]:
    """So many points between two ends, and the same as a list."""
    points = torch.linspace(low, high, count, dtype=torch.float64).to(dtype)
    return points, points.tolist()


def elementwise_in(function: Callable, inputs: Inputs, name: str) -> bool:
    """Whether a whole grid can go through the function in one call and give at each point what a single call gives."""
    like = inputs.arguments[name]
    if like.numel() != 1:
        return False
    near = torch.stack([like.reshape(()) - 0.3, like.reshape(()), like.reshape(()) + 0.7])
    with quiet(), torch.no_grad():
        together = _value(function, inputs, name, near)
        single = [_value(function, inputs, name, x) for x in near]
    if together is None or together.shape != near.shape or any(s is None or s.numel() != 1 for s in single):
        return False
    return bool(torch.isclose(together, torch.stack([s.reshape(()) for s in single]), equal_nan=True).all())  # pyright: ignore


def _value(function: Callable, inputs: Inputs, name: str, value: torch.Tensor) -> torch.Tensor | None:
    arguments = {k: v.detach() if isinstance(v, torch.Tensor) else v for k, v in inputs.arguments.items()}
    try:
        output = call(function, arguments | {name: value})
    except Exception:  # the function may have no value there
        return None
    return output.as_subclass(torch.Tensor) if isinstance(output, torch.Tensor) else None
