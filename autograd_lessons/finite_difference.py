"""The derivative by central differences, with its own error bound: truncation and rounding.

(f(x+h) − f(x−h)) / 2h misses the derivative by about |f‴|h²/6 (truncation) plus ε|f|/h (rounding).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from .inputs import Inputs, call
from .tape import Tape

MOST_ELEMENTS = 2_000


@dataclass(frozen=True)
class FiniteDifference:
    """`value`, and how far it may be off: `truncation` and `rounding`; `step` is h. All in the input's shape."""

    value: torch.Tensor
    truncation: torch.Tensor
    rounding: torch.Tensor
    step: torch.Tensor

    @property
    def bound(self) -> torch.Tensor:
        """A safe multiple of the two estimates."""
        return 4 * (self.truncation + self.rounding)


def finite_difference(
    function: Callable, inputs: Inputs, name: str, tape: Tape, step: float | None = None
) -> FiniteDifference | None:
    """∂output/∂inputs[name] by central differences, in the run's dtype.

    Without `step`, three powers of two around ε^(1/3)·max(1, |x|) are tried and, for each element, the one with the
    smallest bound is kept. None for an input of more than 2,000 elements, unless the function is elementwise in it.
    """
    point = inputs.arguments[name]
    elementwise = tape.summed and point.shape == tape.output.value.shape
    if point.numel() == 0 or point.is_complex() or (point.numel() > MOST_ELEMENTS and not elementwise):
        return None
    with quiet():
        evaluate = _evaluator(function, inputs, name, tape, elementwise)
        if step is not None:
            h = torch.full_like(point, step)
            wide, narrow = _slopes(evaluate, point, h, elementwise), _slopes(evaluate, point, h / 2, elementwise)
            return FiniteDifference(wide, (wide - narrow).abs() * 4 / 3, _rounding(tape, point, wide, h), h)
        return _best(evaluate, point, tape, elementwise)


def _best(evaluate: Callable, point: torch.Tensor, tape: Tape, elementwise: bool) -> FiniteDifference:
    epsilon = torch.finfo(point.dtype).eps
    first = epsilon ** (1 / 3) * point.abs().clamp(min=1)
    first = torch.where(first.isfinite(), first, torch.ones_like(first))
    first = torch.exp2(first.log2().round())  # x ± a power of two is often exact
    tried = []
    for shrink in (1.0, 2.0**-3, 2.0**-6):
        h = first * shrink
        tried.append((h, _slopes(evaluate, point, h, elementwise)))
    candidates = []
    for (h, slope), (_, finer) in zip(tried, tried[1:]):
        candidates.append(FiniteDifference(slope, (slope - finer).abs() * 64 / 63, _rounding(tape, point, slope, h), h))
    (h, slope), coarser = tried[-1], candidates[-1].truncation
    candidates.append(FiniteDifference(slope, coarser / 64, _rounding(tape, point, slope, h), h))
    best = candidates[0]
    for other in candidates[1:]:
        better = other.bound < best.bound
        best = FiniteDifference(
            *(torch.where(better, theirs, ours) for theirs, ours in zip(_fields(other), _fields(best)))
        )
    return best


def _fields(difference: FiniteDifference) -> tuple[torch.Tensor, ...]:
    return difference.value, difference.truncation, difference.rounding, difference.step


def _slopes(evaluate: Callable, point: torch.Tensor, h: torch.Tensor, elementwise: bool) -> torch.Tensor:
    if elementwise:
        return (evaluate(point + h) - evaluate(point - h)) / (2 * h)
    slopes = torch.empty_like(point, memory_format=torch.contiguous_format)
    flat, steps = point.reshape(-1), h.reshape(-1)
    for i in range(flat.numel()):
        shift = torch.zeros_like(flat)
        shift[i] = steps[i]
        shift = shift.reshape(point.shape)
        slopes.view(-1)[i] = (evaluate(point + shift) - evaluate(point - shift)) / (2 * steps[i])
    return slopes


def _evaluator(function: Callable, inputs: Inputs, name: str, tape: Tape, elementwise: bool) -> Callable:
    """The output's value at another point; the same random numbers each time, nan where the function raises."""
    random_state = next((s.call.random_state for s in tape.steps if s.call.random_state is not None), None)
    differentiates = any(event.kind in ("backward", "grad") for event in tape.events)

    def evaluate(point: torch.Tensor) -> torch.Tensor:
        arguments = inputs.fresh(**{name: point})
        if not differentiates:
            arguments = {k: v.detach() if isinstance(v, torch.Tensor) else v for k, v in arguments.items()}
        before = torch.get_rng_state() if random_state is not None else None
        if random_state is not None:
            torch.set_rng_state(random_state)
        try:
            output = call(function, arguments).detach()
            return output if elementwise else output.sum()
        except Exception:  # a neighbour of the point is outside the function's domain
            return torch.full(point.shape if elementwise else (), torch.nan, dtype=point.dtype)
        finally:
            if before is not None:
                torch.set_rng_state(before)

    return evaluate


def _rounding(tape: Tape, point: torch.Tensor, slope: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """ε/h times how far rounding in each step moves the output, to first order: Σ |value · adjoint|; and x ± h itself."""
    epsilon = torch.finfo(point.dtype).eps
    total = torch.zeros((), dtype=point.dtype)
    for step in tape.steps:
        if step.adjoint is not None and not step.adjoint.is_complex():
            moved = (step.value * step.adjoint).abs()
            moved = torch.where(moved.isfinite(), moved, torch.zeros_like(moved))
            total = total + (moved if tape.summed and moved.shape == point.shape else moved.sum())
    return epsilon * (total + slope.abs() * point.abs()) / h


@contextmanager
def quiet() -> Iterator[None]:
    """Show no warning twice: the recorded run has shown them. (`catch_warnings` would make Python forget which.)"""
    shown, warnings.showwarning = warnings.showwarning, lambda *_, **__: None
    try:
        yield
    finally:
        warnings.showwarning = shown
