"""Where a call that only moves elements took each of them from, learned by calling it again on their numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from .replay import quiet
from .values import Step, Value


class Moves(NamedTuple):
    """`places[i]` is a place in the operands' elements, counted through all of them; −1 where `numbers[i]` stands instead."""

    places: np.ndarray
    numbers: np.ndarray

    def of(self, operands: list[np.ndarray]) -> np.ndarray:
        """The result's elements, as an object array in its shape."""
        elements = np.concatenate([operand.reshape(-1) for operand in operands])
        made = np.empty(self.places.shape, dtype=object)
        for at in np.ndindex(made.shape):
            made[at] = elements[self.places[at]] if self.places[at] >= 0 else self.numbers[at]
        return made


def moved_operands(step: Step) -> list[Value]:
    """The values whose elements may stand in the result; a constant's are numbers of the call's own."""
    return [used for used in step.inputs if isinstance(used, Value) and used.value.is_floating_point()]


def moves_of(step: Step) -> Moves:
    """Called twice on numbered elements: what is the same both times was in none of them.

    Tensors that choose elements, `i` in `x[i]`, are given as they were recorded.
    """
    size = sum(used.value.numel() for used in moved_operands(step))
    with quiet(), torch.no_grad():
        first, second = (step.call.again(_numbered(step, start)).numpy() for start in (0, size))
    moved = second - first == size
    return Moves(np.where(moved, first, -1).astype(int), first)


def _numbered(step: Step, start: int) -> list[torch.Tensor]:
    tensors = []
    for used in step.inputs:
        if not isinstance(used.value, torch.Tensor):
            continue
        here = used.value.double() if used.value.is_floating_point() else used.value
        if isinstance(used, Value) and used.value.is_floating_point():
            numbers = torch.arange(start, start + here.numel(), dtype=torch.float64)
            here = torch.empty_like(here).copy_(numbers.reshape(here.shape))
            start += here.numel()
        tensors.append(here)
    return tensors
