"""The place between a leaf and the loss where the graph was cut: detach, a copy, no_grad, an operation without a slope."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..values import Input
from . import reading
from .evidence import Evidence
from .finding import Finding

_DETACH = {"detach", "detach_", "data"}
_COPIES = {"tensor", "as_tensor", "asarray", "new_tensor"}


class Cut(NamedTuple):
    """A step that autograd does not follow though one of its operands has a graph."""

    step: Any  # the call that cut: a step, or the call that made a new leaf
    before: Any  # the operand that has the graph
    after: Any  # the value nearest to the loss that was made under the same no_grad


def find_cut(evidence: Evidence, root: Any, leaf: Input | None = None) -> Cut | None:
    """The cut nearest to a root; with a leaf, the nearest one that the leaf lies behind."""
    came_by: dict[Any, Any] = {root: None}
    for value in (waiting := [root]):
        operands = evidence.made_from(value)
        cuts = isinstance(value, Input) or not value.requires_grad
        for used in operands:
            if used in came_by or not hasattr(used, "requires_grad"):
                continue
            came_by[used] = value
            has_graph = used.requires_grad and evidence.switched_off(used, getattr(value, "index", 0)) is None
            if cuts and has_graph and (leaf is None or leaf in map(evidence.leaf, evidence.ancestors(used))):
                step = value.leaf.made_by if isinstance(value, Input) else value
                return Cut(step, used, _out_of_no_grad(step, value, came_by))
            waiting.append(used)
    return None


def _out_of_no_grad(step: Any, value: Any, came_by: dict) -> Any:
    after = step
    while value is not None and not getattr(value, "grad_enabled", True):
        after, value = value, came_by[value]
    return after


def explain_cut(evidence: Evidence, cut: Cut, where: str) -> Finding:
    """Name what cut the graph: detach, no_grad, a copy, an index; or a leaf whose name was given to something else."""
    step, before = cut.step, cut.before
    if (lost := _rebound(evidence, cut)) is not None:
        return lost
    if step.op in _DETACH:
        return _detached(evidence, step, before, where)
    if step.op in _COPIES:
        return _copied(evidence, step, where)
    if not step.grad_enabled:
        return _under_no_grad(evidence, cut, where)
    return _not_differentiable(evidence, step, before, where)


def _rebound(evidence: Evidence, cut: Cut) -> Finding | None:
    """`w = w - lr * w.grad` under no_grad: w is no leaf any more."""
    leaf, step = evidence.leaf(cut.before), cut.step
    name = evidence.name(step)
    if leaf is None or step.grad_enabled or name is None or name != evidence.name(leaf):
        return None
    spot = evidence.spot(step)
    return evidence.finding(
        "leaf_lost", step, name,
        f"{spot}: {spot.code} makes a new tensor, and from then on {name} is the name of that one.",
        f"It was made under no_grad, so it has no graph and does not require grad: the leaf {name} is lost.",
        f"Change: alter the leaf where it is: with torch.no_grad(): {name} -= 0.1 * {name}.grad",
    )  # fmt: skip


def _detached(evidence: Evidence, step: Any, before: Any, where: str) -> Finding:
    spot = evidence.spot(step)
    name = reading.subject(evidence.source(step)) or evidence.named(step)
    how = ".data" if step.op == "data" else f".{step.op}()"
    return evidence.finding(
        "cut_by_detach", step, name,
        f"{spot}: {spot.code}",
        f"{how} gives the numbers without a graph: {where} does not get past it.",
        *_behind(evidence, before),
        f"Change: leave out {how} in {spot}.",
    )  # fmt: skip


def _behind(evidence: Evidence, before: Any) -> list[str]:
    names = [name for leaf in evidence.leaves(before) if (name := evidence.name(leaf)) is not None]
    if not names or len(names) > 4:
        return []
    return [
        f"{' and '.join(names)} {'lies' if len(names) == 1 else 'lie'} behind it and {'gets' if len(names) == 1 else 'get'} no gradient."
    ]


def _copied(evidence: Evidence, step: Any, where: str) -> Finding:
    spot, source = evidence.spot(step), evidence.source(step)
    name = reading.subject(source) or evidence.named(step)
    several = len(step.inputs) > 1 and step.op != "new_tensor"
    return evidence.finding(
        "copied", step, name,
        f"{spot}: {spot.code} copies the numbers into a new tensor.",
        f"A copy does not know what its numbers were computed from: {where} ends there.",
        "Change: " + ("put them together with torch.stack, which keeps their graph." if several else "use the tensor itself."),
    )  # fmt: skip


def _under_no_grad(evidence: Evidence, cut: Cut, where: str) -> Finding:
    step = cut.after
    around = reading.around(evidence.source(step), "no_grad", "inference_mode", "set_grad_enabled")
    switch = "inference_mode" if step.is_inference else "no_grad"
    spot = evidence.spot(step, around)
    if around is None:
        off = [
            e for e in evidence.tape.events if e.kind == "_set_grad_enabled" and not e.argument and e.index < step.index
        ]
        spot = evidence.spot(off[-1]) if off else spot
    name = evidence.named(step)
    return evidence.finding(
        "cut_by_no_grad", step, name,
        f"{spot}: {spot.code} switches the recording of operations off.",
        f"{name or evidence.called(step)} ({evidence.spot(step)}) was computed while it was off, so it has no graph,",
        f"and {where} does not get past it.",
        f"Change: compute {name or 'it'} outside of {switch}" + (
            ", or switch on again: torch.set_grad_enabled(True)" if "set_grad_enabled" in spot.code else "."),
        spot=spot,
    )  # fmt: skip


_INSTEAD = {
    "argmax": "let the loss use the tensor itself, for instance its .max() or a softmax of it.",
    "argmin": "let the loss use the tensor itself, for instance its .min().",
    "argsort": "let the loss use the sorted values, not their positions.",
    "sort": "use the sorted values, the first of the two results.",
    "topk": "use the values, the first of the two results.",
    "multinomial": "let the loss use the log of the probability of what was drawn.",
}
_WHAT = {
    "argmax": "picks a position, and a position does not move when the numbers move a little.",
    "argmin": "picks a position, and a position does not move when the numbers move a little.",
    "argsort": "gives positions, and a position does not move when the numbers move a little.",
    "multinomial": "draws a position by chance, and a position has no slope.",
    "sort": "gives positions as its second result, and a position has no slope.",
}
_COMPARISONS = {"gt", "lt", "ge", "le", "eq", "ne", "greater", "less", "isclose", "logical_not", "logical_and"}


def _not_differentiable(evidence: Evidence, step: Any, before: Any, where: str) -> Finding:
    spot = evidence.spot(step)
    name = evidence.named(step) or evidence.nearest_name(before)
    if step.op in _COMPARISONS:
        what = "compares: the answer is yes or no, and does not move when the numbers move a little."
        instead = "use something smooth in its place, such as torch.sigmoid(k * (w - 0.5))."
    elif step.op in _WHAT:
        what, instead = _WHAT[step.op], _INSTEAD[step.op]
    elif not step.value.is_floating_point():
        what, instead = "gives whole numbers, and those have no slope.", "stay with floating-point numbers there."
    else:
        what, instead = "is an operation that PyTorch has no derivative for.", "use another operation there."
    return evidence.finding(
        "not_differentiable", step, name,
        f"{spot}: {spot.code}", f"{step.op} {what}",
        f"So no gradient can flow back through it, and {where} has no graph to follow.",
        f"Change: {instead}",
    )  # fmt: skip
