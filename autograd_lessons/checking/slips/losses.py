"""Slips with the derivatives of losses: without the target, without σ, without the denominator."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

from ...values import Step
from ..flow import Edge, Edit
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
            count, share = 1 if p.ndim == 2 else p.shape[1], torch.softmax(p, -1)
            yield _of_classes("target_forgotten", Edit(slopes={edge: share / count}))
            true = flow.slope(edge)
            if true is not None:
                yield _of_classes("function_forgotten", Edit(slopes={edge: true + (p - share) / count}))
                yield _of_classes("extra_slope", Edit(slopes={edge: true * share * (1 - share)}))


_CLASSES = {
    "target_forgotten": "The softmax is there; 1 has to be subtracted at the target's place.",
    "function_forgotten": "These are logits: they go through the softmax before the target is subtracted.",
    "extra_slope": "The softmax's own derivative is taken in: the softmax minus the target is all, without σ′ beside it.",
}


def _of_classes(identifier: str, edit: Edit) -> Slip:
    return Slip(identifier, lambda: _CLASSES[identifier], edit, rank=10)


def logarithms_of_shares(sight: Sight) -> Iterator[Slip]:
    """The cross entropy −Σ y·ln p written out, with p a softmax: what comes back to ln p is −y."""
    for edge in sight.edges:
        node, z = edge[0], sight.flow.values(sight.used(edge))
        share = torch.softmax(z, -1)
        if sight.op(node) == "log_softmax":
            targets = _minus
        elif sight.op(node) == "softmax" and {sight.op(step) for step, _ in sight.flow.uses.get(node, ())} == {"log"}:
            targets = functools.partial(_minus_times, share)  # to p itself −y/p
        else:
            continue
        if not torch.allclose(sight.flow.values(node), share.log() if targets is _minus else share):
            continue  # along another dimension
        for identifier, gradient in _BY_CLASS.items():
            sent = functools.partial(_sent, gradient, targets, z, share)
            yield _of_classes(identifier, Edit(products={edge: sent}))


_BY_CLASS: dict[str, Callable] = {  # from the logits, the softmax, the targets and their sum
    "target_forgotten": lambda z, p, y, total: p * total,
    "function_forgotten": lambda z, p, y, total: z * total - y,
    "extra_slope": lambda z, p, y, total: (p * total - y) * p * (1 - p),
}


def _minus(adjoint: torch.Tensor) -> torch.Tensor:
    return -adjoint


def _minus_times(share: torch.Tensor, adjoint: torch.Tensor) -> torch.Tensor:
    return -adjoint * share


def _sent(gradient: Callable, targets: Callable, z: torch.Tensor, p: torch.Tensor, adjoint: torch.Tensor):
    y = targets(adjoint)
    return gradient(z, p, y, y.sum(-1, keepdim=True))


class _Term(NamedTuple):
    """y·ln p, or (1 − y)·ln(1 − p)."""

    of_p: Edge  # along which p gets what the logarithm sends
    of_log: Edge  # along which the logarithm gets its weight
    weight: torch.Tensor  # y or 1 − y, or their opposites

    @property
    def sign(self) -> float:
        return -1.0 if bool((self.weight < 0).any()) else 1.0

    @property
    def share(self) -> torch.Tensor:
        return self.sign * self.weight


def cross_entropies(sight: Sight) -> Iterator[Slip]:
    """(ŷ − y)/(ŷ(1 − ŷ)), the derivative of the cross entropy written out, without its denominator, or without y."""
    for node, yes, no in _entropies(sight):
        p, name = sight.flow.values(node), sight.words.name(node)
        yield Slip(
            "denominator_lost",
            lambda n=name: f"The derivative for {n} has a denominator: {n}(1 − {n}).",
            Edit(scales={term.of_p: p * (1 - p) for term in (yes, no)}),
            rank=20,
        )
        none, all_of_it = torch.zeros_like(no.weight), no.sign * torch.ones_like(no.weight)
        yield Slip(
            "target_forgotten",
            lambda n=name: f"The target is missing: the derivative for {n} is {n} minus the target, over {n}(1 − {n}).",
            Edit(slopes={yes.of_log: none, no.of_log: all_of_it}),
            rank=14,
        )
        for position, z in sight.flow.operands(node) if sight.op(node) == "sigmoid" else ():
            logit = sight.flow.values(z)
            yield Slip(
                "function_forgotten",
                lambda z=z: f"{sight.words.name(z)} is a logit: it goes through σ before the target is subtracted.",
                Edit(scales={(node, position): (logit - yes.share) / (p - yes.share)}),
                rank=14,
            )


def _entropies(sight: Sight) -> Iterator[tuple[int, _Term, _Term]]:
    """A value p with −(y·ln p + (1 − y)·ln(1 − p)) made of it."""
    for node in (*sight.steps, sight.leaf):
        found: dict[bool, _Term] = {}  # by whether the logarithm is that of 1 − p
        for edge in sight.flow.uses.get(node, []):
            turned = sight.op(edge[0]) in ("rsub", "sub")
            for log in (e[0] for e in sight.flow.uses.get(edge[0], [])) if turned else (edge[0],):
                term = _term(sight, edge, log)
                if term is not None and term.weight.shape == sight.flow.values(node).shape:
                    found[turned] = term
        if len(found) == 2 and bool(((found[False].share + found[True].share - 1).abs() < 1e-9).all()):
            yield node, found[False], found[True]


def _term(sight: Sight, of_p: Edge, log: int) -> _Term | None:
    uses = sight.flow.uses.get(log, [])
    operands = sight.flow.called_with(uses[0][0]) if sight.op(log) == "log" and len(uses) == 1 else None
    if operands is None or sight.op(uses[0][0]) != "mul":
        return None
    weight = operands[1 - uses[0][1]]
    return _Term(of_p, uses[0], weight.double()) if isinstance(weight, torch.Tensor) else None
