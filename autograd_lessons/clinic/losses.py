"""Losses that compute something else than was meant: tables by broadcasting, a sigmoid too many, a capped logarithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..values import Step
from . import reading
from .evidence import Evidence, shape, tensors
from .finding import Finding

_PAIRWISE = {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"}
DIFFERENCES = {"sub", *_PAIRWISE}
_VIEWS = {"squeeze", "unsqueeze", "view", "reshape", "flatten", "getitem", "t", "mean"}
SQUASHED = {
    "binary_cross_entropy_with_logits": ({"sigmoid"}, "sigmoid", "Sigmoid"),
    "cross_entropy": ({"softmax"}, "softmax", "Softmax"),
}


def broadcast(evidence: Evidence) -> Iterator[Finding]:
    """A column of predictions against a row of targets: every prediction is compared with every target."""
    for step in evidence.tape.steps:
        if step.op not in DIFFERENCES or not step.requires_grad:
            continue
        operands = tensors(step.inputs)
        if len(operands) == 2 and _column_against_row(operands) and _is_meant_as_a_loss(evidence, step, operands):
            yield _table(evidence, step, operands)
            return


def _column_against_row(operands: list) -> bool:
    first, second = sorted((v.value.shape for v in operands), key=len)
    return len(first) == 1 and len(second) == 2 and first[0] > 1 and tuple(second) == (first[0], 1)


def _is_meant_as_a_loss(evidence: Evidence, step: Step, operands: list) -> bool:
    """Whether the table ends in one number, and nobody made the column on purpose to get a table."""
    column = max(operands, key=lambda v: v.value.ndim)
    if isinstance(column, Step) and column.op in ("unsqueeze", "getitem"):
        return False
    if step.op in _PAIRWISE:
        return True
    shared = set(evidence.ancestors(operands[0], tracked=True)) & set(evidence.ancestors(operands[1], tracked=True))
    return not shared and any(later.value.numel() == 1 for later in evidence.descendants(step))


def _table(evidence: Evidence, step: Step, operands: list) -> Finding:
    spot, rows = evidence.spot(step), max(operands[0].value.shape)
    prediction = next((v for v in operands if getattr(v, "requires_grad", False)), operands[0])
    column = max(operands, key=lambda v: v.value.ndim)
    first, second = (evidence.called(v) if hasattr(v, "requires_grad") else "the other" for v in operands)
    mended = evidence.name(column) or "y_pred"
    return evidence.finding(
        "broadcast_loss", step, evidence.named(prediction),
        f"{spot}: {first} has the shape {shape(operands[0])}, {second} has {shape(operands[1])}.",
        f"Together they spread out to a table of {rows} times {rows}: each is compared with all of the others,",
        "and the loss and its gradient are those of the table.",
        f"Change: give both the same shape: {mended}.squeeze(1)",
    )  # fmt: skip


def twice(evidence: Evidence) -> Iterator[Finding]:
    """A sigmoid or softmax in front of a loss that applies it itself."""
    for step in evidence.tape.steps:
        if step.op in SQUASHED and step.requires_grad and step.inputs:
            ops, word, module = SQUASHED[step.op]
            squashed = _behind_views(step.inputs[0])
            if isinstance(squashed, Step) and squashed.op in ops:
                yield _twice(evidence, step, squashed, word, module)
                return


def _behind_views(value: Any) -> Any:
    while isinstance(value, Step) and value.op in _VIEWS - {"mean"} and value.inputs:
        value = value.inputs[0]
    return value


def _twice(evidence: Evidence, loss: Step, squashed: Step, word: str, module: str) -> Finding:
    spot, name = evidence.spot(squashed), evidence.named(squashed)
    made = reading.calls_of(spot.file, module)
    if squashed.source is not None and word not in squashed.source.text.lower() and len(made) == 1:
        spot, name = spot._replace(line=made[0]), None  # a module inside a model: where the model was put together
    return evidence.finding(
        "sigmoid_twice", squashed, name,
        f"{spot}: {spot.code} applies {word}.",
        f"{loss.op} in {evidence.spot(loss)} applies it once more, to numbers between 0 and 1:",
        "the loss cannot come near 0, and its gradients are small where they should be large.",
        f"Change: leave out {word} and give the loss what stood before it.",
        spot=spot,
    )  # fmt: skip


def capped(evidence: Evidence) -> Iterator[Finding]:
    """BCELoss of a probability that is exactly 0 or 1, and wrong."""
    for step in evidence.tape.steps:
        if step.op != "binary_cross_entropy" or not step.requires_grad or len(operands := tensors(step.inputs)) < 2:
            continue
        p, y = operands[0].value, operands[1].value
        if p.shape == y.shape and bool(((p == 1) & (y < 1) | (p == 0) & (y > 0)).any()):
            spot, name = evidence.spot(step), evidence.named(operands[0])
            yield evidence.finding(
                "bce_capped", step, name,
                f"{spot}: {spot.code}",
                f"{name or 'A probability'} is exactly 0 or 1 where the target is another: the loss would be infinite.",
                "binary_cross_entropy stops at 100 for one example, and no gradient gets back through the sigmoid.",
                "Change: F.binary_cross_entropy_with_logits(z, y), with z from before the sigmoid.",
            )  # fmt: skip
            return
