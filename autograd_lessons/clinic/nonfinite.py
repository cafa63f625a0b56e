"""Gradients that are nan or infinite: the operation where that began."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

from ..tape import Pass
from ..values import Step
from . import reading
from .evidence import Evidence, tensors
from .finding import Finding

_LOGS = {"log", "log2", "log10"}
_ROOTS = {"sqrt", "rsqrt"}
NORMS = {"norm", "vector_norm", "linalg_vector_norm", "linalg_norm", "dist", "pairwise_distance", "matrix_norm"}


def is_finite(tensor: torch.Tensor) -> bool:
    return math.isfinite(tensor.item()) if tensor.numel() == 1 else bool(tensor.isfinite().all())


def nonfinite(evidence: Evidence) -> Iterator[Finding]:
    """For the first pass that brought nan or inf to a leaf: why."""
    for run in evidence.passes:
        for value, gradient in run.adjoints.items():
            if (not isinstance(value, Step) or evidence.leaf(value) is not None) and not is_finite(gradient):
                found = _began(evidence, run)
                if found is not None:
                    yield found
                return


def _began(evidence: Evidence, run: Pass) -> Finding | None:
    steps = [v for v in run.adjoints if isinstance(v, Step) and v.inputs]
    back = next((step for step in run.order if step.inputs and _breaks(run, step)), None)
    if back is not None and (choice := _choice_after(run, back)) is not None:
        return _where(evidence, choice, back)
    forward = next((s for s in sorted(steps, key=lambda s: s.index) if _breaks_forward(s)), None)
    for step in (forward, back):
        if step is not None and (found := _at_a_step(evidence, step, steps)) is not None:
            return found
    return None


def _breaks(run: Pass, step: Step) -> bool:
    """Whether what came back to a step was finite, and what it sent on is not."""
    return (
        step in run.adjoints and is_finite(run.adjoints[step]) and not all(map(is_finite, run.products(step).values()))
    )


def _breaks_forward(step: Step) -> bool:
    return not is_finite(step.value) and all(is_finite(v.value) for v in tensors(step.inputs))


def _at_a_step(evidence: Evidence, step: Step, steps: list[Step]) -> Finding | None:
    operands = tensors(step.inputs)
    norm = next(
        (v for v in (step, *operands) if isinstance(v, Step) and v.op in NORMS and bool((v.value == 0).any())), None
    )
    if norm is not None:
        return norm_at_zero(evidence, norm)
    if step.op in _LOGS and bool((operands[0].value == 0).any()):
        return _log(evidence, step)
    if _is_root(step) and bool((operands[0].value == 0).any()):
        return _root(evidence, step)
    if step.value.isinf().any():
        times = next(
            (s for s in sorted(steps, key=lambda s: s.index) if s.index > step.index and _zero_meets_inf(s)), None
        )
        return None if times is None else _zero_times_inf(evidence, times)
    return None


def _is_root(step: Step) -> bool:
    if step.op in _ROOTS:
        return True
    exponent = step.inputs[1].value if step.op == "pow" and len(step.inputs) > 1 else None
    return isinstance(exponent, (int, float)) and 0 < exponent < 1


_TOGETHER = {
    "sigmoid": "F.binary_cross_entropy_with_logits(z, y), or F.logsigmoid(z)",
    "softmax": "F.cross_entropy(z, y), or F.log_softmax(z, dim)",
}


def _nearest(evidence: Evidence, step: Step) -> str | None:
    return reading.subject(step.source) or evidence.nearest_name(step.inputs[0])


def _log(evidence: Evidence, step: Step) -> Finding:
    spot, name = evidence.spot(step), _nearest(evidence, step)
    code = " ".join(step.source.text.split()) if step.source else "log"
    behind = {v.op for v in evidence.ancestors(step) if isinstance(v, Step)}
    together = next((mended for op, mended in _TOGETHER.items() if op in behind), None)
    return evidence.finding(
        "log_of_zero", step, name,
        f"{spot}: {code if len(code) < 40 else 'the logarithm'} takes the logarithm of 0: that is -inf, and its slope is infinite.",
        "On the way back an infinite slope makes the gradient infinite, or nan where it meets a 0.",
        "Change: take both in one: " + together if together else f"Change: keep away from 0: torch.log({name or 'p'} + 1e-12)",
    )  # fmt: skip


def _root(evidence: Evidence, step: Step) -> Finding:
    spot = evidence.spot(step)
    name = evidence.name(step) or _nearest(evidence, step)
    return evidence.finding(
        "sqrt_at_zero", step, name,
        f"{spot}: {spot.code} takes the square root of 0.",
        "The slope of the square root at 0 is infinite; times a 0 from further inside it is nan.",
        "Change: add a little inside the root: torch.sqrt(… + 1e-12)",
    )  # fmt: skip


def norm_at_zero(evidence: Evidence, step: Step) -> Finding:
    spot, name = evidence.spot(step), _nearest(evidence, step)
    return evidence.finding(
        "norm_at_zero", step, name,
        f"{spot}: {spot.code} takes the norm of a vector of zeros, {name or 'its operand'}.",
        "The length of a vector has no slope there: PyTorch gives 0, so nothing moves,",
        "and dividing by the length, which is 0, gives nan.",
        f"Change: start elsewhere, or add a little: torch.sqrt(({name or 'v'}**2).sum() + 1e-12)",
    )  # fmt: skip


def _zero_meets_inf(step: Step) -> bool:
    if step.op not in ("mul", "mul_") or len(operands := tensors(step.inputs)) < 2:
        return False
    first, second = operands[:2]
    return bool(((first.value == 0) & second.value.isinf() | (second.value == 0) & first.value.isinf()).any())


def _zero_times_inf(evidence: Evidence, step: Step) -> Finding:
    spot = evidence.spot(step)
    infinite = next(v for v in tensors(step.inputs) if bool(v.value.isinf().any()))
    name = evidence.nearest_name(infinite)
    first = next((n for leaf in evidence.leaves(infinite) if (n := evidence.name(leaf)) is not None), name)
    return evidence.finding(
        "zero_times_inf", step, name,
        f"{spot}: {spot.code} multiplies 0 by inf, and that is nan, not 0.",
        f"{evidence.called(infinite)} is infinite there; a mask of zeros does not take an infinite number out.",
        f"Change: leave those elements out before computing: {first or 'x'}[mask == 1]",
    )  # fmt: skip


# ---------------------------------------------------------------- where
def _choice_after(run: Pass, step: Step) -> Step | None:
    """The where() that did not choose what a step computed: the gradient that comes back to it there is 0."""
    if not bool((run.adjoints[step] == 0).any()):
        return None
    reached: set[Any] = {step}
    for later in sorted((v for v in run.adjoints if isinstance(v, Step)), key=lambda v: v.index):
        if any(v in reached for v in later.inputs):
            if later.op == "where" and is_finite(later.value):
                return later
            reached.add(later)
    return None


def _where(evidence: Evidence, choice: Step, step: Step) -> Finding:
    spot = evidence.spot(choice)
    name = evidence.nearest_name(step.inputs[0]) if step.inputs else None
    code = " ".join(step.source.text.split()) if step.source else step.op
    return evidence.finding(
        "nan_where", choice, name,
        f"{spot}: torch.where computes both branches; {code if len(code) < 36 else step.op} is computed everywhere.",
        f"To the branch that is not taken 0 comes back; {_times_its_slope(step)}.",
        "So the input of the branch has to be harmless where the branch is not taken, say 1.",
        f"Change: compute it from safe = torch.where({_harmless(evidence, choice, step, name or 'x')})",
    )  # fmt: skip


def _times_its_slope(step: Step) -> str:
    slopes = list(step.slopes.values())
    if any(bool(slope.isnan().any()) for slope in slopes) and not any(bool(slope.isinf().any()) for slope in slopes):
        return "its slope is nan there, and 0 · nan = nan"
    return "times its infinite slope that is 0 · inf = nan"


def _harmless(evidence: Evidence, choice: Step, step: Step, name: str) -> str:
    """The arguments of a where() that keeps `name` where the branch is taken, and is 1 elsewhere."""
    condition, *branches = choice.inputs
    asked = evidence.called(condition)
    kept, instead = name, f"torch.ones_like({name})"
    is_first = any(step in evidence.ancestors(branch) for branch in branches[:1])
    return ", ".join(
        [asked if asked != "this tensor" else "condition", *([kept, instead] if is_first else [instead, kept])]
    )
