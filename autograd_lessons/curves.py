"""The output along one input: the function itself, evaluated on a grid around the point."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from .inputs import Inputs, call
from .replay import quiet

POINTS = 201
SINGLE_POINTS = 41  # where each takes a run of its own
MOST_CALLS = 100_000  # of PyTorch for one curve


@dataclass(frozen=True)
class Curve:
    """`y[i]` is the output at `x[i]`, in the run's dtype; nan where the function has no value or raised."""

    name: str
    x: list[float]
    y: list[float]
    point: tuple[float, float]
    slope: float | None


def trace(
    function: Callable, inputs: Inputs, name: str, element: int | None, ends: tuple[float, float],
    point: tuple[float, float], slope: float | None, at_once: bool,
) -> Curve:  # fmt: skip
    """The curve between two ends. `at_once` evaluates all points in one call: right for elementwise code only."""
    like = inputs.arguments[name]
    points, across = _evenly(*ends, POINTS if at_once else SINGLE_POINTS, like.dtype)
    xs = points.clone()
    with quiet(), torch.no_grad():
        if at_once:
            ys = _value(function, inputs, name, xs)
            ys = ys if ys is not None and ys.shape == xs.shape else torch.full_like(xs, math.nan)
        else:
            values = [_value(function, inputs, name, _moved(like, element, x)) for x in xs]
            ys = torch.stack([torch.tensor(math.nan) if v is None else v.sum() for v in values])
    label = name if element is None else f"{name}[{element}]"
    return Curve(label, across, ys.double().tolist(), point, slope)


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


def _moved(like: torch.Tensor, element: int | None, x: torch.Tensor) -> torch.Tensor:
    moved = like.clone()
    moved.view(-1)[element or 0] = x
    return moved


def _value(function: Callable, inputs: Inputs, name: str, value: torch.Tensor) -> torch.Tensor | None:
    arguments = {k: v.detach() if isinstance(v, torch.Tensor) else v for k, v in inputs.arguments.items()}
    try:
        output = call(function, arguments | {name: value})
    except Exception:  # the function may have no value there
        return None
    return output.as_subclass(torch.Tensor) if isinstance(output, torch.Tensor) else None
