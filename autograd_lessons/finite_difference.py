"""The derivative by central differences, with its own error bound: truncation and rounding.

(f(x+h) − f(x−h)) / 2h misses the derivative by about |f‴|h²/6 (truncation) plus ε|f|/h (rounding).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from itertools import groupby

import torch

from .inputs import Inputs, call
from .replay import quiet
from .tape import Tape

MOST_ELEMENTS = 2_000
MOST_CALLS = 500_000  # of PyTorch, for all inputs together: some seconds


@dataclass(frozen=True)
class FiniteDifference:
    """`value`, and how far it may be off: `truncation` and `rounding`; `step` is h. All in the input's shape."""

    value: torch.Tensor
    truncation: torch.Tensor
    rounding: torch.Tensor
    step: torch.Tensor

    @cached_property
    def bound(self) -> torch.Tensor:
        """A safe multiple of the two estimates."""
        return 4 * (self.truncation + self.rounding)


def finite_difference(
    function: Callable, inputs: Inputs, name: str, tape: Tape, step: float | None = None
) -> FiniteDifference | None:
    """∂output/∂inputs[name] by central differences, in the run's dtype.

    Without `step`, three powers of two around ε^(1/3)·max(1, |x|) are tried and, for each element, the one with the
    smallest bound is kept. None for an input of more than 2,000 elements, unless the function is elementwise in it, and
    where it would take too many calls of PyTorch.
    """
    return finite_differences(function, inputs, (name,), tape, step)[name]


def finite_differences(
    function: Callable, inputs: Inputs, names: Iterable[str], tape: Tape, step: float | None = None
) -> dict[str, FiniteDifference | None]:
    """`finite_difference` for several inputs, those of one shape and dtype side by side."""
    found: dict[str, FiniteDifference | None] = dict.fromkeys(names)
    alike: dict[Hashable, list[str]] = {}
    calls = 0
    for name in found:
        point = inputs.arguments[name]
        few = point.numel() <= MOST_ELEMENTS or _is_elementwise(point, tape)
        calls += len(tape.steps) * (1 if _is_elementwise(point, tape) else point.numel()) * 6
        if few and point.numel() and not point.is_complex() and calls <= MOST_CALLS:
            alike.setdefault((point.shape, point.dtype), []).append(name)
    with quiet():
        evaluate, sensitivity, many = _evaluator(function, inputs, tape), _sensitivity(tape), _takes_many_points(tape)
        for group in alike.values():
            points = torch.stack([inputs.arguments[name] for name in group])
            slope = _elementwise if _is_elementwise(points[0], tape) else _many_points if many else _one_by_one

            def slopes(steps: torch.Tensor, slope=slope, group=group, points=points) -> torch.Tensor:
                each = zip(group, points, steps.unbind(1))
                return torch.stack([slope(partial(evaluate, name), point, h) for name, point, h in each], 1)

            made = _best(points, slopes, sensitivity) if step is None else _with(step, points, slopes, sensitivity)
            found |= {name: FiniteDifference(*parts) for name, parts in zip(group, made.unbind(1))}
    return found


def _takes_many_points(tape: Tape) -> bool:
    """Whether one call can take all shifted points of a single number: only pointwise steps, and no look at a value."""
    looked = any(event.kind in ("bool", "float", "int", "item", "index") for event in tape.events)
    return tape.target.value.ndim == 0 and not looked and all(step.pointwise for step in tape.steps)


def _is_elementwise(point: torch.Tensor, tape: Tape) -> bool:
    return tape.summed and point.shape == tape.target.value.shape


# ---------------------------------------------------------------------- the step h; inputs stand along the first dimension
def _with(step: float, points: torch.Tensor, slopes: Callable, sensitivity: torch.Tensor) -> torch.Tensor:
    """The value, truncation and rounding for a given step, and the step."""
    h = torch.full_like(points, step)
    wide, narrow = slopes(torch.stack([h, h / 2]))
    return torch.stack([wide, (wide - narrow).abs() * 4 / 3, _rounding(points, wide, h, sensitivity), h])


def _best(points: torch.Tensor, slopes: Callable, sensitivity: torch.Tensor) -> torch.Tensor:
    """The same for the step with the smallest bound, which each element has for itself."""
    first = (torch.finfo(points.dtype).eps ** (1 / 3) * points.abs().clamp(min=1)).nan_to_num(1.0, 1.0)
    first = torch.exp2(first.log2().round())  # x ± a power of two is often exact
    steps = torch.stack([first, first * 2.0**-3, first * 2.0**-6])
    values = slopes(steps)
    off = values.diff(dim=0).abs() * 64 / 63
    truncation = torch.cat([off, off[-1:] / 64])
    rounding = _rounding(points, values, steps, sensitivity)
    best = (truncation + rounding).nan_to_num(torch.inf).argmin(0, keepdim=True)
    return torch.stack([each.gather(0, best)[0] for each in (values, truncation, rounding, steps)])


def _rounding(points: torch.Tensor, slope: torch.Tensor, h: torch.Tensor, sensitivity: torch.Tensor) -> torch.Tensor:
    """ε/h times how far the output moves when each step is rounded, and x ± h."""
    total = sensitivity if sensitivity.shape == points.shape[1:] else sensitivity.sum()
    return torch.finfo(points.dtype).eps * (total.to(points.dtype) + slope.abs() * points.abs()) / h


def _sensitivity(tape: Tape) -> torch.Tensor:
    """How far rounding in each step moves the output, to first order: Σ |value · adjoint|; elementwise for a summed run."""
    steps = [step for step in tape.steps if step.adjoint is not None and not step.value.is_complex()]
    shape = tape.target.value.shape if tape.summed else ()
    parts = []
    for _, alike in groupby(steps, lambda step: step.value.shape if step.value.numel() == 1 else step.index):
        values, adjoints = zip(*((step.value, step.adjoint) for step in alike))
        moved = (torch.stack(values) * torch.stack(adjoints)).abs()
        if tape.summed:
            moved = moved.nan_to_num(0.0, 0.0)
        if moved.shape[1:] != shape:
            moved = moved.reshape(len(moved), -1).sum(1)
        parts += moved.nan_to_num(0.0, 0.0).unbind()
    return reduce(torch.add, parts) if parts else torch.zeros(())


# ---------------------------------------------------------------------- slopes of one input; the steps h stand along the first dimension
def _elementwise(evaluate: Callable, point: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    return torch.stack([(evaluate(point + h) - evaluate(point - h)) / (2 * h) for h in steps])


def _many_points(evaluate: Callable, point: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """A single number's slopes in one call of the function."""
    values = evaluate(torch.cat([point + steps, point - steps])) if point.ndim == 0 else point
    if values.shape != (2 * len(steps),):
        return _one_by_one(evaluate, point, steps)
    above, below = values.reshape(2, -1)
    return (above - below) / (2 * steps)


def _one_by_one(evaluate: Callable, point: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Element after element."""
    slopes = torch.empty_like(steps, memory_format=torch.contiguous_format)
    for number, h in enumerate(steps):
        for i in range(point.numel()):
            shift = point.new_zeros(point.numel())
            shift[i] = h.reshape(-1)[i]
            shift = shift.reshape(point.shape)
            difference = evaluate(point + shift).sum() - evaluate(point - shift).sum()
            slopes[number].view(-1)[i] = difference / (2 * h.reshape(-1)[i])
    return slopes


def _evaluator(function: Callable, inputs: Inputs, tape: Tape) -> Callable:
    """The output's value where an input is another; the same random numbers each time, nan where the function raises."""
    random_state = next((s.call.random_state for s in tape.steps if s.call.random_state is not None), None)
    differentiates = any(event.kind in ("backward", "autograd.grad", "grad") for event in tape.events)

    def evaluate(name: str, point: torch.Tensor) -> torch.Tensor:
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
            return (
                torch.full_like(point, torch.nan)
                if _is_elementwise(point, tape)
                else torch.tensor(torch.nan, dtype=point.dtype)
            )
        finally:
            if before is not None:
                torch.set_rng_state(before)

    return evaluate
