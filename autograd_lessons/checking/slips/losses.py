"""Slips with the derivatives of losses: without the target, without σ, without the denominator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

from ...tape import Step
from ..flow import Edit
from .sight import Sight
from .slip import Slip


class Wrong(NamedTuple):
    """`slope(prediction, target)`: what is taken for the derivative of the loss of one element."""

    identifier: str
    slope: Callable
    says: str


_LIBRARY: dict[str, list[Wrong]] = {
    "binary_cross_entropy": [
        Wrong("denominator_lost", lambda p, y: p - y, "The derivative of the loss has a denominator: {p}(1 − {p})."),
        Wrong("target_forgotten", lambda p, y: 1 / (1 - p), "The target is missing: this is the derivative for 0 as target."),
        Wrong("path_dropped", lambda p, y: -y / p, "The loss has two terms; the one with 1 − {p} is missing."),
        Wrong("path_dropped", lambda p, y: (1 - y) / (1 - p), "The loss has two terms; the one with the target itself is missing."),
        Wrong("inner_dropped", lambda p, y: -y / p - (1 - y) / (1 - p), "1 − {p} has the derivative −1."),
    ],
    "binary_cross_entropy_with_logits": [
        Wrong("target_forgotten", lambda z, y: torch.sigmoid(z), "The target is missing: it is σ minus the target."),
        Wrong("function_forgotten", lambda z, y: z - y, "{p} is a logit: it goes through σ before the target is subtracted."),
        Wrong("extra_slope", lambda z, y: (torch.sigmoid(z) - y) * torch.sigmoid(z) * (1 - torch.sigmoid(z)),
              "The loss has taken σ in: σ minus the target is all, without σ′ beside it."),
        Wrong("denominator_lost", lambda z, y: torch.sigmoid(z) * (1 - torch.sigmoid(z)), "This is σ′; the loss on logits has σ minus the target."),
        Wrong("extra_slope", lambda z, y: (torch.sigmoid(z) - y) / (torch.sigmoid(z) * (1 - torch.sigmoid(z))),
              "The loss has taken σ in: no denominator is left."),
    ],
    "mse_loss": [
        Wrong("constant_lost", lambda a, t: a - t, "The factor 2 from the square is missing."),
        Wrong("exponent_not_lowered", lambda a, t: 2 * (a - t) ** 2, "The exponent is lowered by 1 when it comes in front."),
        Wrong("target_forgotten", lambda a, t: 2 * a, "The target is missing: the square is of the difference."),
        Wrong("value", lambda a, t: (a - t) ** 2, "This is the squared difference itself, not its derivative."),
        Wrong("base_lost", lambda a, t: torch.full_like(a, 2.0), "The difference itself is missing: it is 2 times the difference."),
    ],
}  # fmt: skip


def wrong_losses(sight: Sight) -> Iterator[Slip]:
    """What is taken for the derivative of a library's loss."""
    flow = sight.flow
    for edge in sight.edges:
        node, position = edge
        step, op = flow.nodes[node], sight.op(node)
        assert isinstance(step, Step)
        if position != 0 or len(step.inputs) < 2 or step.value.numel() != 1:
            continue
        p = flow.values(sight.used(edge))
        if op in _LIBRARY:
            target = torch.stack([values[node].inputs[1].value.double() for values in flow.across])  # pyright: ignore
            count = p[0].numel() if step.call.kwargs.get("reduction", "mean") == "mean" else 1
            for wrong in _LIBRARY[op]:
                yield Slip(
                    wrong.identifier,
                    lambda w=wrong, e=edge: w.says.format(p=sight.words.name(sight.used(e))),
                    Edit(slopes={edge: wrong.slope(p, target) / count}),
                    rank=10,
                )
        if op == "cross_entropy" and p.ndim in (2, 3):  # one sample, or rows of samples
            yield _softmax_alone(edge, p, 1 if p.ndim == 2 else p.shape[1])
    for edge in sight.edges:
        if sight.op(edge[0]) == "log_softmax" and flow.nodes[edge[0]].value.ndim == 1:
            p = flow.values(sight.used(edge))
            yield Slip(
                "target_forgotten",
                lambda: "The softmax is there; 1 has to be subtracted at the target's place.",
                Edit(products={edge: lambda adjoint, p=p: -torch.softmax(p, -1) * adjoint.sum(-1, keepdim=True)}),
                rank=10,
            )


def _softmax_alone(edge: tuple[int, int], p: torch.Tensor, count: int) -> Slip:
    return Slip(
        "target_forgotten",
        lambda: "The softmax is there; 1 has to be subtracted at the target's place.",
        Edit(slopes={edge: torch.softmax(p, -1) / count}),
        rank=10,
    )


def without_denominator(sight: Sight) -> Iterator[Slip]:
    """ŷ − y for (ŷ − y)/(ŷ(1 − ŷ)): the derivative of the cross entropy, written out, without its denominator."""
    flow = sight.flow
    for node in (*sight.steps, sight.leaf):
        uses = [edge for edge in flow.uses.get(node, []) if edge in set(sight.edges)]
        logs = {below for edge in uses for below in (edge[0], *(e[0] for e in flow.uses.get(edge[0], [])))}
        if len(uses) < 2 or sum(sight.op(n) == "log" for n in logs) < 2:
            continue
        p = flow.values(node)
        if bool(((p > 0) & (p < 1)).all()):
            yield Slip(
                "denominator_lost",
                lambda n=node: (
                    f"The derivative for {sight.words.name(n)} has a denominator: {sight.words.name(n)}(1 − {sight.words.name(n)})."
                ),
                Edit(scales={edge: _over(p, flow.nodes[edge[0]].value.shape, p * (1 - p)) for edge in uses}),
                rank=20,
            )


def _over(p: torch.Tensor, shape: torch.Size, scale: torch.Tensor) -> torch.Tensor | float:
    return scale if p.shape[1:] == shape else float("nan")
