"""A walk downhill by torch.optim.SGD on a loss of two weights: where it stood, and which gradient it followed from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from ..errors import InputError, OutputError

Loss = Callable[..., torch.Tensor]  # loss(w, b, xs, ys), a single number


@dataclass(frozen=True)
class Path:
    """Row k of each list is step k: the weights, the loss of all samples there, and the gradient that was followed from there.

    `sample[k]` is the number of the sample that the gradient was taken of, None where it was taken of all.
    """

    w: list[float]
    b: list[float]
    loss: list[float]
    dw: list[float]
    db: list[float]
    sample: list[int | None]

    def __len__(self) -> int:
        return len(self.w)

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """The places on the map, one after the other."""
        return zip(self.w, self.b)


def descend(
    loss: Loss, xs: torch.Tensor, ys: torch.Tensor, *, w: float = 0.0, b: float = 0.0, rate: float, steps: int,
    momentum: float = 0.0, one_at_a_time: bool = False,
) -> Path:  # fmt: skip
    """`steps` steps from (w, b), and the place where the last one ended.

    With `one_at_a_time` each step follows the gradient of a single sample; in each round every sample has its turn once,
    in a random order that is the same every time.

    >>> xs, ys = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
    >>> path = descend(lambda w, b, xs, ys: ((w * xs + b - ys) ** 2).mean(), xs, ys, rate=0.1, steps=1)
    >>> [(round(w, 4), round(b, 4)) for w, b in path], path.loss[0]
    ([(0.0, 0.0), (1.0, 0.6)], 10.0)
    """
    given = checked(loss, xs, ys)
    here = [torch.tensor(value, dtype=xs.dtype, requires_grad=True) for value in (w, b)]
    optimizer = torch.optim.SGD(here, lr=rate, momentum=momentum)
    turns = _turns(len(xs)) if one_at_a_time else None
    rows = []
    for _ in range(steps + 1):
        sample = None if turns is None else next(turns)
        seen = given if sample is None else [data[sample : sample + 1] for data in given]
        optimizer.zero_grad()
        value = loss(*here, *seen)
        value.backward()
        with torch.no_grad():
            total = value if sample is None else loss(*here, *given)
        rows.append((*(v.item() for v in (*here, total)), *(_slope(v) for v in here), sample))
        optimizer.step()
    return Path(*map(list, zip(*rows)))


def checked(loss: Loss, xs: torch.Tensor, ys: torch.Tensor) -> list[torch.Tensor]:
    """The data, if a loss of two weights can be computed of them; else an error that says why not."""
    if not (isinstance(xs, torch.Tensor) and isinstance(ys, torch.Tensor) and xs.ndim == 1 and xs.shape == ys.shape):
        shapes = " and ".join(str(tuple(torch.as_tensor(data).shape)) for data in (xs, ys))
        raise InputError(f"xs and ys must be two lists of as many numbers each, as tensors; their shapes are {shapes}")
    value = loss(*(torch.tensor(number, dtype=xs.dtype, requires_grad=True) for number in (0.0, 0.0)), xs, ys)
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        shape = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise OutputError(
            f"loss(w, b, xs, ys) must give a single number, and gives {shape}; end it with .mean() over the samples"
        )
    if not value.requires_grad:
        raise OutputError(
            "loss(w, b, xs, ys) gives a number without a graph: it has to be computed from w and b by torch"
        )
    return [xs, ys]


def _slope(weight: torch.Tensor) -> float:
    return 0.0 if weight.grad is None else weight.grad.item()


def _turns(count: int) -> Iterator[int]:
    generator = torch.Generator().manual_seed(0)
    while True:
        yield from torch.randperm(count, generator=generator).tolist()
