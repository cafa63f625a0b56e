"""An operation that branches: which branch each element took, and on each its condition in words and its formula."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch


class Branch(NamedTuple):
    """`choose(*numbers)` gives the index of the branch for each element; `says[index]` is its condition in words.

    In the words `{min}` stands for what was passed as `min`, and `{0}` for the first operand. `when(*arguments)` says of a
    call whether it branches at all: if not, the first formula is the only one.
    """

    choose: Callable
    says: tuple[str, ...]
    when: Callable[..., bool] = lambda *_, **__: True


class Branched(NamedTuple):
    """A row of the table: `branches` are (condition in words, formula), in the order in which `choose` counts them."""

    choose: Callable
    branches: tuple[tuple[str, Callable], ...]
    when: Callable[..., bool]


def branched(
    choose: Callable, *branches: tuple[str, Callable], when: Callable[..., bool] = lambda *_, **__: True
) -> Branched:
    return Branched(choose, branches, when)


def chosen_at_random(*_, **__):
    """In place of `choose` where no number tells the branch: 1 for each element that the call, made again, lets through."""
    raise TypeError("the branch is not in the numbers")


@functools.cache
def slopes_at(function: Callable, *point: float) -> tuple[float, ...]:
    """PyTorch's own slopes at a point: for a convention that is not the same in every version."""
    with torch.enable_grad():
        operands = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in point]
        return tuple(slope.item() for slope in torch.autograd.grad(function(*operands), operands))


# ---------------------------------------------------------------- on which side of a number
def sign(x, *_, **__):
    """0 below 0, 1 at 0, 2 above."""
    return np.sign(x) + 1


def compared(a, b):
    """0 where a < b, 1 where they are equal, 2 where a > b."""
    return np.sign(np.asarray(a) - b) + 1


def between(x, low, high):
    """0 below, 1 at the lower bound, 2 between, 3 at the upper bound, 4 above."""
    x = np.asarray(x)
    return (x >= low).astype(int) + (x > low) + (x >= high) + (x > high)
