"""The derivative by central differences, with its own error bound: truncation and rounding.

(f(x+h) − f(x−h)) / 2h misses the derivative by about |f‴|h²/6 (truncation) plus ε|f|/h (rounding).
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Iterable
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
import torch

from .elements import numbers_of, single
from .errors import InputError
from .inputs import Inputs, call
from .replay import quiet
from .tape import Tape

_ALIKE = {"device", "dtype", "is_complex", "is_floating_point", "layout"}  # what many points answer as one does
_NEED_A_GRAPH = {
    "autograd.grad",
    "backward",
    "grad",
    "grad_fn",
    "is_leaf",
    "register_hook",
    "requires_grad",
    "retain_grad",
}
MOST_ELEMENTS = 2_000
MOST_CALLS = 500_000  # of PyTorch, for all inputs together: some seconds


def _part(number: int) -> cached_property[torch.Tensor]:
    return cached_property(lambda difference: _tensor(difference.parts[number], difference.like))


class FiniteDifference:
    """`value`, and how far it may be off: `truncation` and `rounding`; `step` is h. All in the shape and dtype of the input.

    `bound` is a safe multiple of the two estimates. Each is made a tensor when it is asked for.
    """

    value, truncation, rounding, step, bound = map(_part, range(5))

    def __init__(self, parts: list, like: torch.Tensor):
        self.parts, self.like = parts, like  # in this order: floats for a single number, else flat arrays


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
    """`finite_difference` for several inputs. Raises `InputError` for a `step` that an input's dtype has no positive number for."""
    step = None if step is None else checked_step(step, inputs)
    found: dict[str, FiniteDifference | None] = dict.fromkeys(names)
    with quiet(), np.errstate(all="ignore"):
        points = _affordable(inputs, names, tape)
        numbers = {name: _numbers(point)[0] for name, point in points.items()}
        steps = {name: _tried(numbers[name], point.dtype, step) for name, point in points.items()}
        slopes = _slopes(_evaluator(function, inputs, tape), points, numbers, steps, tape)
        moved = _sensitivity(tape)
        for name, point in points.items():
            own = isinstance(moved, float) or moved.size == point.numel()  # each element has an error of its own
            rounding = partial(_rounding, numbers[name], _epsilon(point.dtype), moved if own else float(moved.sum()))
            parts = (_best if step is None else _only)(slopes[name], steps[name], rounding)
            found[name] = FiniteDifference(parts, point)
    return found


def checked_step(step: Any, inputs: Inputs) -> float:
    """A given step; `InputError` for one that is no positive number, or none any more in the dtype of an input."""
    if not isinstance(step, numbers.Real) or not 0 < step <= sys.float_info.max:
        raise InputError(f"finite_difference_step={step!r}: it takes a positive number, or None.")
    for name in inputs.wrt:
        dtype = inputs.arguments[name].dtype
        rounded = torch.tensor(float(step), dtype=dtype).item()
        if not dtype.is_complex and not 0 < rounded < math.inf:
            raise InputError(
                f"finite_difference_step={step!r} is {rounded:g} in the dtype of {name}, {dtype}. "
                "Give another one, or none: then a step that suits the dtype is chosen."
            )
    return float(step)


def _affordable(inputs: Inputs, names: Iterable[str], tape: Tape) -> dict[str, torch.Tensor]:
    """The inputs that differences are taken of."""
    calls, found = 0, {}
    for name in names:
        point = inputs.arguments[name]
        elementwise = _is_elementwise(point, tape)
        calls += len(tape.steps) * (1 if elementwise else point.numel()) * 6
        few = elementwise or point.numel() <= MOST_ELEMENTS
        if few and point.numel() and not point.is_complex() and calls <= MOST_CALLS:
            found[name] = point
    return found


def _takes_many_points(tape: Tape) -> bool:
    """Whether one call can take all shifted points of single numbers: only pointwise steps, and no look at a value or a shape."""
    alike = _ALIKE.issuperset([event.kind for event in tape.events])
    return tape.target.value.ndim == 0 and alike and all([step.pointwise for step in tape.steps])


def _is_elementwise(point: torch.Tensor, tape: Tape) -> bool:
    return tape.summed and point.shape == tape.target.value.shape


def _flat(tensor: torch.Tensor) -> np.ndarray:
    """The elements in double precision, in which the step is chosen and the bound estimated."""
    return tensor.double().reshape(-1).numpy()


def _numbers(tensor: torch.Tensor, rows: int = 1) -> list:
    """The rows of a tensor in double precision: as floats where each is a single number, which a slider's tick is made of."""
    return numbers_of(tensor) if tensor.numel() == rows else list(_flat(tensor).reshape(rows, -1))


def _tensor(row: Any, like: torch.Tensor) -> torch.Tensor:
    """A row back in the shape and the dtype of an input."""
    if isinstance(row, float):
        return single(row, like)
    return torch.from_numpy(row).to(like.dtype).view(like.shape)


# ---------------------------------------------------------------------- the step h: a float for a float, an array for an array
def _tried(point: Any, dtype: torch.dtype, step: float | None) -> list:
    """The steps at which slopes are taken: of a given one also the half, for an estimate of the truncation."""
    if step is not None:
        given = torch.tensor(step, dtype=dtype).item()
        h = given if isinstance(point, float) else np.full_like(point, given)
        return [h, h / 2]
    first = _first(point, _epsilon(dtype))
    return [first, first * 2.0**-3, first * 2.0**-6]


@cache
def _epsilon(dtype: torch.dtype) -> float:
    return torch.finfo(dtype).eps


def _only(slopes: list, steps: list, rounding: Callable) -> list:
    """The parts of a `FiniteDifference` for a given step."""
    wide, narrow = slopes
    return _bounded(wide, abs(wide - narrow) * 4 / 3, rounding(wide, steps[0]), steps[0])


def _best(slopes: list, steps: list, rounding: Callable) -> list:
    """The same for the step with the smallest bound, which each element has for itself."""
    off = [abs(after - before) * 64 / 63 for before, after in zip(slopes, slopes[1:])]
    truncation = [*off, off[-1] / 64]
    rounded = list(map(rounding, slopes, steps))
    best = _least([t + r for t, r in zip(truncation, rounded)])
    parts = slopes, truncation, rounded, steps
    return _bounded(*[part[best] if isinstance(best, int) else np.choose(best, part) for part in parts])


def _first(point: Any, epsilon: float) -> Any:
    """The power of two next to ε^(1/3)·max(1, |x|): x ± a power of two is often exact."""
    by, largest = (math, max) if isinstance(point, float) else (np, np.maximum)
    mantissa, exponent = by.frexp(epsilon ** (1 / 3) * largest(abs(point), 1.0))
    return by.ldexp(1.0, exponent - (mantissa < math.sqrt(0.5)))


def _least(totals: list) -> Any:
    """Which of them is the least, for each element; nan is none."""
    if not isinstance(totals[0], float):
        return np.fmin(totals, np.inf).argmin(0)
    finite = [total if total == total else math.inf for total in totals]
    return finite.index(min(finite))


def _bounded(value: Any, truncation: Any, rounding: Any, step: Any) -> list:
    return [value, truncation, rounding, step, 4 * (truncation + rounding)]


def _rounding(point: Any, epsilon: float, sensitivity: Any, slope: Any, h: Any) -> Any:
    """ε/h times how far the output moves when each step is rounded, and x ± h."""
    return epsilon * (sensitivity + abs(slope) * abs(point)) / h


def _sensitivity(tape: Tape) -> Any:
    """How far rounding in each step moves the output, to first order: Σ |value · adjoint|; elementwise for a summed run."""
    size = tape.target.value.numel() if tape.summed else 1
    elements, alone = 0.0, 0.0
    adjoints = {value: adjoint for run in tape.passes for value, adjoint in run.adjoints.items()}  # the last ones
    for step in tape.steps:
        adjoint = adjoints.get(step)
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


# ---------------------------------------------------------------------- slopes of the inputs at their steps
def _slopes(evaluate: Callable, points: dict, numbers: dict, steps: dict[str, list], tape: Tape) -> dict[str, list]:
    """By input what the function gives for each step, of which every element has one."""
    found = _at_once(evaluate, points, numbers, steps) if _takes_many_points(tape) else {}
    for name, point in points.items():
        if name not in found:
            slope = _elementwise if _is_elementwise(point, tape) else _one_by_one
            tried = torch.stack([_tensor(h, point) for h in steps[name]])
            made = slope(lambda x, name=name: evaluate({name: x}), point, tried)
            found[name] = _numbers(made, len(steps[name]))
    return found


def _at_once(evaluate: Callable, points: dict, numbers: dict, steps: dict[str, list]) -> dict[str, list[float]]:
    """Slopes of single numbers in one call of the function: at each of its points one of them is moved, the others stay.

    Of none where the function does not take many points at once, or the inputs differ in dtype.
    """
    names = [name for name, point in points.items() if point.ndim == 0]
    if len({points[name].dtype for name in names}) != 1:
        return {}
    dtype, each = points[names[0]].dtype, 2 * len(steps[names[0]])
    moved = {}
    for before, name in enumerate(names):
        x = numbers[name]
        shifted = [*(x + h for h in steps[name]), *(x - h for h in steps[name])]
        row = [*[x] * (each * before), *shifted, *[x] * (each * (len(names) - before - 1))]
        moved[name] = torch.tensor(row, dtype=dtype)
    values = evaluate(moved)
    if values.shape != (each * len(names),):
        return {}
    outputs = values.tolist()
    quotient = dtype if values.dtype == dtype else torch.promote_types(values.dtype, dtype)
    slopes = {}
    for name in names:
        ahead, behind, outputs = outputs[: each // 2], outputs[each // 2 : each], outputs[each:]
        rises = _rounded([y - y_before for y, y_before in zip(ahead, behind)], values.dtype)
        slopes[name] = _rounded([rise / (2 * h) for rise, h in zip(rises, steps[name])], quotient)
    return slopes


def _rounded(numbers: list[float], dtype: torch.dtype) -> list[float]:
    """What one operation on numbers of a dtype gives in it, where Python made it in double precision."""
    return numbers if dtype == torch.float64 else torch.tensor(numbers, dtype=dtype).tolist()


def _elementwise(evaluate: Callable, point: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    return torch.stack([(evaluate(point + h) - evaluate(point - h)) / (2 * h) for h in steps])


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
    differentiates = not _NEED_A_GRAPH.isdisjoint([event.kind for event in tape.events])

    def evaluate(moved: dict[str, torch.Tensor]) -> torch.Tensor:
        """The output as it is; at a point outside the domain, where the function raises, nan."""
        point = next(iter(moved.values()))
        if differentiates:
            arguments = inputs.fresh(**moved)
        else:
            arguments = inputs.arguments | moved
            arguments = {
                k: v.clone() if isinstance(v, torch.Tensor) and k not in moved else v for k, v in arguments.items()
            }
        before = torch.get_rng_state() if random_state is not None else None
        if random_state is not None:
            torch.set_rng_state(random_state)
        try:
            output = call(function, arguments).detach()
            output = output if type(output) is torch.Tensor else output.as_subclass(torch.Tensor)
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
