"""Gradients that are 0, or one of several possible: operations without a slope, clamps, kinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from ..elements import are_equal
from ..tape import Pass
from ..values import Input, Step
from .evidence import Evidence, number
from .finding import Finding
from .nonfinite import NORMS, norm_at_zero

FLAT = {"round", "floor", "ceil", "trunc", "fix", "sign", "sgn", "heaviside"}
CLAMPS = {"clamp", "clamp_min", "clamp_max", "hardtanh", "relu6"}
FLATTENING = FLAT | CLAMPS | NORMS
KINKS = {"relu", "abs", "max", "maximum", "min", "minimum", "clamp", "clamp_min", "clamp_max", "amax", "amin"}


def zeros(evidence: Evidence) -> Iterator[Finding]:
    """A leaf whose gradient is 0 in every element because all that leads from it to the loss is flat."""
    for run in evidence.passes:
        for step in run.order:
            if step.op in FLATTENING and (found := _flat(evidence, run, step)) is not None:
                yield found
                return


def _flat(evidence: Evidence, run: Pass, step: Step) -> Finding | None:
    operand = step.inputs[0]
    clamps = step.op in CLAMPS
    if clamps and (_is_a_hinge(step) or are_equal(operand.value, step.value)) or not bool(run.adjoints[step].any()):
        return None
    is_dead = any(not bool(gradient.any()) for _, gradient in _leaves(evidence, run, operand))
    if clamps:
        return _clamped(evidence, step) if _cuts(evidence, run, step, is_dead) else None
    if not is_dead:
        return None
    if step.op in FLAT:
        return _flat_operation(evidence, step)
    return norm_at_zero(evidence, step) if not bool(step.value.any()) else None


def _leaves(evidence: Evidence, run: Pass, value: Any) -> Iterator[tuple[Any, torch.Tensor]]:
    behind = evidence.ancestors(value, tracked=True)
    if any(isinstance(v, Input) and v.origin == "gradient" for v in behind):  # its own graph is not on the tape
        behind = run.adjoints
    for v in behind:
        if evidence.known_leaf(v) is not None and v in run.adjoints:
            yield v, run.adjoints[v]


def _flat_operation(evidence: Evidence, step: Step) -> Finding:
    spot = evidence.spot(step)
    name = evidence.name(step) or evidence.nearest_name(step.inputs[0])
    behind = [n for leaf in evidence.leaves(step) if (n := evidence.name(leaf)) is not None]
    whose = f"{' and '.join(behind)}" if 0 < len(behind) <= 3 else "everything before it"
    return evidence.finding(
        "flat_operation", step, name,
        f"{spot}: {spot.code}",
        f"{step.op} goes up in jumps: between two jumps it is flat, and its slope is 0.",
        f"So the gradient of {whose} is 0 in every element, and nothing will move.",
        f"Change: leave {step.op} out of the loss, or pass the slope around it: x + (x.{step.op}() - x).detach()",
    )  # fmt: skip


# ---------------------------------------------------------------- clamps
def _cuts(evidence: Evidence, run: Pass, step: Step, dead: bool) -> bool:
    """Whether a leaf gets no gradient, in all or in one of its own elements, because the clamp holds it at a bound."""
    operand = step.inputs[0]
    if step.value.numel() == 1:
        return dead
    if operand.value.shape != step.value.shape:
        return False
    cut = (operand.value != step.value) & (run.adjoints[step] != 0)
    if not bool(cut.any()):
        return False
    if dead:
        return bool(cut.all())
    leaf = evidence.known_leaf(operand)
    return leaf is not None and operand in run.adjoints and bool((run.adjoints[operand][cut] == 0).any())


def _is_a_hinge(step: Step) -> bool:
    """clamp(min=0) alone is relu by another name."""
    bounds = [v.value for v in step.inputs[1:]]
    return step.op in ("clamp", "clamp_min") and "max" not in step.call.kwargs and bounds == [0]


def _clamped(evidence: Evidence, step: Step) -> Finding:
    spot, operand = evidence.spot(step), step.inputs[0]
    name = evidence.name(step) or evidence.nearest_name(operand)
    at = 0 if step.value.numel() == 1 else int((operand.value != step.value).reshape(-1).nonzero()[0])
    before, after = operand.value.reshape(-1)[at].item(), step.value.reshape(-1)[at].item()
    return evidence.finding(
        "clamp_cuts", step, name,
        f"{spot}: {spot.code}",
        f"{number(before)} lies outside the bounds and becomes {number(after)}, as it would from any place out there:",
        "the slope of the clamp is 0, and so is the gradient behind it.",
        "Change: clamp only what is shown, or bound it by a function with a slope, such as torch.sigmoid.",
    )  # fmt: skip


# ---------------------------------------------------------------- kinks
_RULE = {
    "relu": "0 for relu", "abs": "0 for abs", "maximum": "½ for each of two equal numbers",
    "minimum": "½ for each of two equal numbers", "max": "an equal share for each of the largest",
    "min": "an equal share for each of the smallest", "amax": "an equal share for each of the largest",
    "amin": "an equal share for each of the smallest", "clamp": "1 at a bound", "clamp_min": "1 at a bound",
    "clamp_max": "1 at a bound",
}  # fmt: skip


def kinks(evidence: Evidence) -> Iterator[Finding]:
    """A single number that stands exactly on a kink, where all that leads back to a leaf goes through it."""
    for run in evidence.passes:
        for step in run.order:
            if step.op not in KINKS or step.value.numel() != 1 or not _on_a_kink(step):
                continue
            if bool(run.adjoints[step].any()) and _is_the_only_way(evidence, run, step):
                yield _kink(evidence, step)
                return


def _on_a_kink(step: Step) -> bool:
    operands = [v.value for v in step.inputs]
    first = operands[0]
    if step.op in ("relu", "abs"):
        return bool((first == 0).all())
    if step.op.startswith("clamp"):
        return first.numel() == 1 and any(first.item() == _plain(bound) for bound in operands[1:])
    if len(operands) > 1 and isinstance(operands[1], torch.Tensor):
        return bool((first == operands[1]).all())
    return first.numel() > 1 and len(operands) == 1 and int((first == step.value).sum()) > 1


def _plain(bound: Any) -> Any:
    return bound.item() if isinstance(bound, torch.Tensor) and bound.numel() == 1 else bound


def _is_the_only_way(evidence: Evidence, run: Pass, step: Step) -> bool:
    behind = [v for v in evidence.ancestors(*step.inputs, tracked=True) if v in run.adjoints]
    return bool(behind) and all(len(run.uses_of(v)) <= 1 for v in behind)


def _kink(evidence: Evidence, step: Step) -> Finding:
    spot, operand = evidence.spot(step), step.inputs[0]
    name = evidence.name(operand) or evidence.named(step)
    at = f"at {number(_plain(operand.value))}" if operand.value.numel() == 1 else "where the largest are equal"
    return evidence.finding(
        "kink", step, name,
        f"{spot}: {spot.code} has a kink {at}, and it is exactly there.",
        "On one side of a kink the slope is another than on the other; on it none is the only right one.",
        f"PyTorch takes {_RULE[step.op]}: a convention, not a derivative.",
        "Change: nothing, if that is meant; else look at a point a little beside it.",
    )  # fmt: skip
