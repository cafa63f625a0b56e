"""The derivative by central differences, with its own error bound: truncation and rounding.

(f(x+h) − f(x−h)) / 2h misses the derivative by about |f‴|h²/6 (truncation) plus ε|f|/h (rounding).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from .inputs import Inputs, call
from .replay import quiet
from .tape import Tape

MOST_ELEMENTS = 2_000
MOST_CALLS = 500_000  # of PyTorch, for all inputs together: some seconds


@dataclass(frozen=True)
class FiniteDifference:
    """`value`, and how far it may be off: `truncation` and `rounding`; `step` is h. All in the input's shape.

    `bound` is a safe multiple of the two estimates.
    """

    value: torch.Tensor
    truncation: torch.Tensor
    rounding: torch.Tensor
    step: torch.Tensor
    bound: torch.Tensor


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
    with quiet(), np.errstate(all="ignore"):
        evaluate, sensitivity, many = _evaluator(function, inputs, tape), _sensitivity(tape), _takes_many_points(tape)
        for group in alike.values():
            points = [inputs.arguments[name] for name in group]
            like, count = points[0], len(group)
            slope = _elementwise if _is_elementwise(like, tape) else _many_points if many else _one_by_one

            def slopes(steps: np.ndarray, slope=slope, group=group, points=points, like=like) -> np.ndarray:
                """What the function gives for these steps, one for each element of each input."""
                h = torch.from_numpy(steps).to(like.dtype).view(len(steps), len(group), *like.shape)
                each = [
                    slope(partial(evaluate, name), point, h[:, i]) for i, (name, point) in enumerate(zip(group, points))
                ]
                return _flat(torch.stack(each, 1)).reshape(len(steps), -1)

            numbers, epsilon = _flat(torch.stack(points)), torch.finfo(like.dtype).eps
            felt = np.tile(sensitivity, count) if 1 < like.numel() == sensitivity.size else float(sensitivity.sum())
            make = _best if step is None else partial(_with, step)
            made = torch.from_numpy(make(numbers, epsilon, slopes, felt)).to(like.dtype).view(5, count, *like.shape)
            found |= {name: FiniteDifference(*parts.unbind()) for name, parts in zip(group, made.unbind(1))}
    return found


def _takes_many_points(tape: Tape) -> bool:
    """Whether one call can take all shifted points of a single number: only pointwise steps, and no look at a value."""
    looked = any(event.kind in ("bool", "float", "int", "item", "index") for event in tape.events)
    return tape.target.value.ndim == 0 and not looked and all(step.pointwise for step in tape.steps)


def _is_elementwise(point: torch.Tensor, tape: Tape) -> bool:
    return tape.summed and point.shape == tape.target.value.shape


def _flat(tensor: torch.Tensor) -> np.ndarray:
    """The elements in double precision, in which the step is chosen and the bound estimated."""
    return tensor.double().reshape(-1).numpy()


# ---------------------------------------------------------------------- the step h, for each element of all inputs in a row
def _with(step: float, points: np.ndarray, epsilon: float, slopes: Callable, sensitivity: Any) -> np.ndarray:
    """The parts of a `FiniteDifference` for a given step."""
    h = np.full_like(points, step)
    wide, narrow = slopes(np.array([h, h / 2]))
    truncation = np.abs(wide - narrow) * 4 / 3
    return _bounded(wide, truncation, _rounding(points, epsilon, wide, h, sensitivity), h)


_SCALES = np.array([[1.0], [2.0**-3], [2.0**-6]])


def _best(points: np.ndarray, epsilon: float, slopes: Callable, sensitivity: Any) -> np.ndarray:
    """The same for the step with the smallest bound, which each element has for itself."""
    mantissa, exponent = np.frexp(epsilon ** (1 / 3) * np.maximum(np.abs(points), 1.0))
    steps = np.ldexp(_SCALES, exponent - (mantissa < math.sqrt(0.5)))  # x ± a power of two is often exact
    values = slopes(steps)
    off = np.abs(values[1:] - values[:-1]) * 64 / 63
    truncation = np.concatenate([off, off[-1:] / 64])
    rounding = _rounding(points, epsilon, values, steps, sensitivity)
    total = truncation + rounding
    best = np.fmin(total, np.inf).argmin(0)
    return _bounded(values, truncation, rounding, steps)[:, best, np.arange(points.size)]


def _bounded(value: np.ndarray, truncation: np.ndarray, rounding: np.ndarray, step: np.ndarray) -> np.ndarray:
    return np.array([value, truncation, rounding, step, 4 * (truncation + rounding)])


def _rounding(points: np.ndarray, epsilon: float, slope: np.ndarray, h: np.ndarray, sensitivity: Any) -> np.ndarray:
    """ε/h times how far the output moves when each step is rounded, and x ± h."""
    return epsilon * (sensitivity + np.abs(slope) * np.abs(points)) / h


def _sensitivity(tape: Tape) -> np.ndarray:
    """How far rounding in each step moves the output, to first order: Σ |value · adjoint|; elementwise for a summed run."""
    size = tape.target.value.numel() if tape.summed else 1
    elements, alone = np.zeros(size), 0.0
    for step in tape.steps:
        adjoint = step.adjoint
        if adjoint is None or adjoint.is_complex():
            continue
        if adjoint.numel() == 1:
            moved = abs(step.value.item() * adjoint.item())
            alone += moved if math.isfinite(moved) else 0.0
            continue
        moved = np.abs(_flat(step.value) * _flat(adjoint))
        if tape.summed:
            moved = np.where(np.isfinite(moved), moved, 0.0)
        if moved.size != size:
            moved = moved.sum()
        elements += np.where(np.isfinite(moved), moved, 0.0)
    return elements + alone


# ---------------------------------------------------------------------- slopes of one input; the steps h stand along the first dimension
def _elementwise(evaluate: Callable, point: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    return torch.stack([(evaluate(point + h) - evaluate(point - h)) / (2 * h) for h in steps])


def _many_points(evaluate: Callable, point: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """A single number's slopes in one call of the function."""
    values = evaluate(torch.cat([point + steps, point - steps])) if point.ndim == 0 else point
    count = steps.numel()
    if values.shape != (2 * count,):
        return _one_by_one(evaluate, point, steps)
    return (values[:count] - values[count:]) / (2 * steps)


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
            output = call(function, arguments).detach().as_subclass(torch.Tensor)
            return output if output.is_floating_point() else output.to(point.dtype)
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
