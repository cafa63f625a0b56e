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
    elementwise = tape.summed and point.shape == tape.target.value.shape
    if point.numel() == 0 or point.is_complex() or (point.numel() > MOST_ELEMENTS and not elementwise):
        return None
    with quiet():
        evaluate = _evaluator(function, inputs, name, tape, elementwise)
        together = _takes_many_points(tape, evaluate, point)
        if step is None:
            return _best(evaluate, point, tape, elementwise, together)
        h = torch.full_like(point, step)
        wide, narrow = _slopes(evaluate, point, torch.stack([h, h / 2]), elementwise, together)
        return FiniteDifference(wide, (wide - narrow).abs() * 4 / 3, _rounding(tape, point, wide, h), h)


def _best(
    evaluate: Callable, point: torch.Tensor, tape: Tape, elementwise: bool, together: bool
) -> FiniteDifference:  # fmt: skip
    epsilon = torch.finfo(point.dtype).eps
    first = epsilon ** (1 / 3) * point.abs().clamp(min=1)
    first = torch.where(first.isfinite(), first, torch.ones_like(first))
    first = torch.exp2(first.log2().round())  # x ± a power of two is often exact
    steps = torch.stack([first, first * 2.0**-3, first * 2.0**-6])
    slopes = _slopes(evaluate, point, steps, elementwise, together)
    off = (slopes[:-1] - slopes[1:]).abs() * 64 / 63
    truncation = torch.cat([off, off[-1:] / 64])
    rounding = _rounding(tape, point, slopes, steps)
    best = (truncation + rounding).nan_to_num(torch.inf).argmin(0, keepdim=True)
    return FiniteDifference(*(each.gather(0, best)[0] for each in (slopes, truncation, rounding, steps)))


def _takes_many_points(tape: Tape, evaluate: Callable, point: torch.Tensor) -> bool:
    """Whether one call can take all shifted points of a single number: only pointwise steps, and no look at a value."""
    looked = any(event.kind in ("bool", "float", "int", "item", "index") for event in tape.events)
    single = point.ndim == 0 and not looked and tape.target.value.ndim == 0
    return single and all(step.pointwise for step in tape.steps)


def _slopes(
    evaluate: Callable, point: torch.Tensor, steps: torch.Tensor, elementwise: bool, together: bool
) -> torch.Tensor:
    """A central difference for each of the steps, which stand along the first dimension."""
    if together:
        values = evaluate(torch.cat([point + steps, point - steps]))
        if values.shape == (2 * len(steps),):
            return (values[: len(steps)] - values[len(steps) :]) / (2 * steps)
    if elementwise:
        return torch.stack([(evaluate(point + h) - evaluate(point - h)) / (2 * h) for h in steps])
    return torch.stack([_one_by_one(evaluate, point, h) for h in steps])


def _one_by_one(evaluate: Callable, point: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    slopes = torch.empty_like(point, memory_format=torch.contiguous_format)
    flat, steps = point.reshape(-1), h.reshape(-1)
    for i in range(flat.numel()):
        shift = torch.zeros_like(flat)
        shift[i] = steps[i]
        shift = shift.reshape(point.shape)
        slopes.view(-1)[i] = (evaluate(point + shift).sum() - evaluate(point - shift).sum()) / (2 * steps[i])
    return slopes


def _evaluator(function: Callable, inputs: Inputs, name: str, tape: Tape, elementwise: bool) -> Callable:
    """The output's value at another point; the same random numbers each time, nan where the function raises."""
    random_state = next((s.call.random_state for s in tape.steps if s.call.random_state is not None), None)
    differentiates = any(event.kind in ("backward", "autograd.grad", "grad") for event in tape.events)

    def evaluate(point: torch.Tensor) -> torch.Tensor:
        """The output as it is; at a point outside the domain, where the function raises, nan."""
        if differentiates:
            arguments = inputs.fresh(**{name: point})
        else:
            arguments = inputs.arguments | {name: point}
            arguments = {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in arguments.items()}
        before = torch.get_rng_state() if random_state is not None else None
        if random_state is not None:
            torch.set_rng_state(random_state)
        try:
            return call(function, arguments).detach()
        except Exception:
            return torch.full(point.shape if elementwise else (), torch.nan, dtype=point.dtype)
        finally:
            if before is not None:
                torch.set_rng_state(before)

    return evaluate


def _rounding(tape: Tape, point: torch.Tensor, slope: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """ε/h times how far rounding in each step moves the output, to first order (Σ |value · adjoint|), and that of x ± h."""
    if "rounding" not in tape.cache:
        moved = [
            (step.value * step.adjoint).abs()
            for step in tape.steps
            if step.adjoint is not None and not step.value.is_complex()
        ]
        if tape.summed:
            parts = [
                m.nan_to_num(0.0, 0.0) if m.shape == tape.target.value.shape else m.nan_to_num(0.0, 0.0).sum()
                for m in moved
            ]  # pyright: ignore
        else:
            parts = [m.sum().nan_to_num(0.0, 0.0) for m in moved]
        tape.cache["rounding"] = sum(parts) if parts else torch.zeros(())
    total = tape.cache["rounding"]
    if total.shape != point.shape:
        total = total.sum()
    # slope and h may hold several steps, along a first dimension
    return torch.finfo(point.dtype).eps * (total.to(point.dtype) + slope.abs() * point.abs()) / h


@contextmanager
def quiet() -> Iterator[None]:
    """Show no warning twice: the recorded run has shown them. (`catch_warnings` would make Python forget which.)"""
    shown, warnings.showwarning = warnings.showwarning, lambda *_, **__: None
    try:
        yield
    finally:
        warnings.showwarning = shown
