"""Slips with sums and means, and with the order and the shape of a vector."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...values import Step, Value
from ..flow import Edit
from .sight import PRODUCTS, Sight
from .slip import Slip

AVERAGING = {"mean", "mse_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "l1_loss", "smooth_l1_loss",
             "huber_loss", "cross_entropy", "nll_loss", "kl_div", "soft_margin_loss"}  # fmt: skip


def means(sight: Sight) -> Iterator[Slip]:
    """1/n of a mean forgotten or there twice; a sum taken for a mean."""
    for node in sight.steps:
        step, op = sight.flow.nodes[node], sight.op(node)
        assert isinstance(step, Step)
        edges = [(node, p) for p, used in sight.flow.operands(node) if sight.depends(used)]
        reduction = step.call.kwargs.get("reduction", "mean") if op in AVERAGING else op
        sizes = _sizes(step)
        for n in sizes if reduction == "mean" else ():
            yield _scaled(
                "mean_forgotten", edges, n, 12, lambda n=n: f"A mean divides by its count: the factor 1/{n} is missing."
            )
            yield _scaled(
                "mean_doubled", edges, 1 / n, 12, lambda n=n: f"The factor 1/{n} of the mean stands there twice."
            )
        for n in sizes if reduction == "sum" else ():
            yield _scaled(
                "mean_for_sum",
                edges,
                1 / n,
                12,
                lambda n=n: f"The function adds up and does not divide: no factor 1/{n}.",
            )


def _sizes(step: Step) -> list[int]:
    used = next((u for u in step.inputs if isinstance(u, Value)), None)
    shape = used.value.shape if used is not None else ()
    count = used.value.numel() // max(step.value.numel(), 1) if used is not None else 1
    return [n for n in dict.fromkeys((count, *shape)) if n > 1]


def _scaled(identifier: str, edges: list, scale: float, rank: int, says) -> Slip:
    return Slip(identifier, says, Edit(scales={edge: float(scale) for edge in edges}), rank=rank, kind=identifier)


def matrices_as_they_are(sight: Sight) -> Iterator[Slip]:
    """A·r for Aᵀ·r: what comes back goes through the matrix itself."""
    for edge in sight.edges:
        node, position = edge
        step = sight.flow.nodes[node]
        assert isinstance(step, Step)
        if sight.op(node) not in PRODUCTS or len(step.inputs) != 2 or sight.flow.slope(edge) is not None:
            continue
        other = step.inputs[1 - position].value
        if isinstance(other, torch.Tensor) and other.ndim == 2 and other.shape[0] == other.shape[1] > 1:
            yield Slip(
                "transposed",
                lambda n=node: f"In {sight.words.name(n)} the way back goes through the transpose of the matrix.",
                Edit(products={edge: sight.flow.sent_with(node, position, torch.t)}),
                rank=12,
            )


def arranged(sight: Sight) -> Iterator[Slip]:
    """The right numbers in another order: transposed, reversed, or one place on. The first dimension is the points'."""
    shape = sight.flow.nodes[sight.leaf].value.shape
    if len(shape) == 2 and shape[0] == shape[1] > 1:
        yield Slip("transposed", lambda: "Rows and columns are exchanged.", after=_transposed, rank=8)
    if len(shape) == 2 and 1 not in shape and shape[0] != shape[1]:
        yield Slip("transposed", lambda: "These are the numbers of the transpose, row by row.", after=_refilled, rank=9)
    if len(shape) == 1 and shape[0] > 1:
        yield Slip("reordered", lambda: "The numbers are right, in reversed order.", after=_reversed, rank=8)
        for by in (1, -1):
            yield Slip(
                "reordered",
                lambda: "The numbers are right, but each stands one place off.",
                after=lambda made, by=by: made.roll(by, -1),
                rank=8,
            )


def _transposed(made: torch.Tensor) -> torch.Tensor:
    return made.transpose(-1, -2) if made.ndim >= 3 and made.shape[-1] == made.shape[-2] else made


def _refilled(made: torch.Tensor) -> torch.Tensor:
    return made.transpose(-1, -2).reshape(made.shape) if made.ndim >= 3 else made


def _reversed(made: torch.Tensor) -> torch.Tensor:
    return made.flip(-1)
