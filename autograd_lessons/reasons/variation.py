"""The recorded steps called once more with one thing changed, and the gradient that they then give."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..tape import Tape
from ..values import Step, Value
from .disagreement import Disagreement


def varied(tape: Tape, name: str, make: Callable[[Step, list[torch.Tensor]], torch.Tensor]) -> torch.Tensor | None:
    """The gradient for an input where `make(step, tensors)` gives the result of each step that moves with it.

    None where the varied run has no such gradient, or raises.
    """
    start = tape.inputs[name]
    leaf = start.value.clone().requires_grad_()
    made: dict[Value, torch.Tensor] = {start: leaf}
    try:
        for step in tape.steps:
            tensors = [made.get(used, used.value) for used in step.inputs if isinstance(used.value, torch.Tensor)]
            if any(tensor.requires_grad for tensor in tensors):
                again = make(step, tensors)
                if not isinstance(again, torch.Tensor):  # `x.grad` of a copy, which no backward pass has reached
                    return None
                made[step] = again
        output = made[tape.target].sum()
        return torch.autograd.grad(output, leaf, allow_unused=True)[0]
    except (RuntimeError, KeyError):  # a shape that a later step insists on; no graph; an output that does not move
        return None


def explains(here: Disagreement, gradient: torch.Tensor | None) -> bool:
    """Whether a gradient is the one that the route has: of a finite difference, within its bound."""
    if gradient is None:
        return False
    difference = here.comparison.differences[here.name]
    by_difference = here.route == "finite_difference" and difference is not None
    bound = difference.bound.reshape(-1)[here.at].item() if by_difference else 0.0  # pyright: ignore
    number = gradient.reshape(-1)[here.at].item()
    return abs(number - here.got) <= bound + 1e-4 * abs(number)
