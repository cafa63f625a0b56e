"""A second pass: through a graph that the first one freed, once more from the same root, or through a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..tape import Pass
from ..values import Input, Step
from . import reading
from .evidence import Evidence
from .finding import Finding


# ---------------------------------------------------------------- a second pass through one graph
def freed(evidence: Evidence, run: Pass) -> Finding | None:
    """A failed pass that met steps whose saved values an earlier pass let go of."""
    behind = evidence.ancestors(*run.roots, tracked=True)
    spent = [v for v in behind if v.spent and evidence.leaf(v) is None]
    if not spent:
        return None
    freeing = (p for p in reversed(evidence.passes) if not p.keeps_graph and any(v in p.adjoints for v in spent))
    earlier = next(freeing, None)
    if earlier is not None and earlier.kind == "autograd.grad":
        gradient = _gradient_among(evidence, run.roots)
        if gradient is not None:
            return no_create_graph(evidence, gradient, earlier)
    if earlier is None or evidence.spot(earlier) != evidence.spot(run):
        return _second_time(evidence, run, earlier)
    shared = [v for v in spent if isinstance(v, Step) and v.index < earlier.index]
    return _made_once(evidence, run, max(shared, key=lambda v: v.index)) if shared else None


def _second_time(evidence: Evidence, run: Pass, earlier: Pass | None) -> Finding:
    root, spot = run.roots[0], evidence.spot(run)
    name = evidence.named(root)
    first = "an earlier cell" if earlier is None else str(evidence.spot(earlier))
    return evidence.finding(
        "freed", run, name,
        f"{spot}: {spot.code} goes back through a graph that {first} has gone through.",
        "The first pass frees the numbers that the operations had saved for the way back; they are gone.",
        f"Change: go back once, or keep the graph the first time: {_call(run, 'retain_graph=True')}",
    )  # fmt: skip


def _made_once(evidence: Evidence, run: Pass, shared: Step) -> Finding:
    spot, name = evidence.spot(shared), evidence.named(shared)
    return evidence.finding(
        "freed", shared, name,
        f"{spot}: {spot.code} connects {name or 'this'} to a graph of an earlier turn of the loop.",
        f"{_call(run)} in {evidence.spot(run)} freed what that graph had saved, and the next turn needs it again.",
        f"Change: compute {name or 'it'} anew inside the loop, or cut the old graph off: {name or 'h'}.detach()",
    )  # fmt: skip


def _call(run: Pass, option: str = "") -> str:
    if run.kind == "backward":
        return f"backward({option})"
    return f"torch.autograd.grad(…, {option})" if option else "torch.autograd.grad"


def doubled(evidence: Evidence) -> Iterator[Finding]:
    """Two passes from one root, and the second added the same gradient again."""
    first: dict[Any, Pass] = {}
    for run in evidence.passes:
        if run.kind != "backward" or run.seeds or run.wanted:
            continue
        root = run.roots[0]
        earlier = first.setdefault(root, run)
        if earlier is run or not _added(evidence, run) or _cleared_between(evidence, earlier, run):
            continue
        spot, name = evidence.spot(run), evidence.named(root)
        yield evidence.finding(
            "doubled", run, name,
            f"{spot}: {spot.code} goes back a second time from the same {name or 'value'}.",
            f"{str(evidence.spot(earlier)).capitalize()} did so before; backward() adds to .grad, so the same gradient is in it twice.",
            f"Change: leave out one of the two, or clear before {spot}: {_leaf_behind(evidence, root)}.grad = None",
        )  # fmt: skip
        return


def _leaf_behind(evidence: Evidence, root: Any) -> str:
    return next((name for leaf in evidence.leaves(root) if (name := evidence.name(leaf)) is not None), "x")


def _added(evidence: Evidence, run: Pass) -> bool:
    return any(c.index == run.index and c.kind == "added to" for life in evidence.tape.lives for c in life.changes)


def _cleared_between(evidence: Evidence, first: Pass, second: Pass) -> bool:
    changes = (c for life in evidence.tape.lives for c in life.changes if first.index < c.index < second.index)
    return any(c.kind in ("zeroed", "removed", "set") for c in changes)


# ---------------------------------------------------------------- the gradient of a gradient
def _gradient_among(evidence: Evidence, roots: tuple) -> Any:
    """A gradient without a graph that one of the roots was computed from."""
    for value in evidence.ancestors(*roots):
        is_gradient = value.leaf.origin == "gradient" if isinstance(value, Input) else value.op == "grad"
        if is_gradient and not value.requires_grad:
            return value
    return None


def gradient_without_graph(evidence: Evidence, run: Pass) -> Finding | None:
    """A pass that should start from a gradient, which was computed without a graph of its own."""
    gradient = _gradient_among(evidence, run.roots)
    return None if gradient is None else no_create_graph(evidence, gradient, _pass_before(evidence, gradient))


def _pass_before(evidence: Evidence, gradient: Any) -> Pass | None:
    made_at = gradient.made_at if isinstance(gradient, Input) else gradient.index
    return next((run for run in reversed(evidence.passes) if run.index < made_at), None)


def no_create_graph(evidence: Evidence, gradient: Any, earlier: Pass | None) -> Finding:
    """The pass that computed the gradient did not record how; of an earlier cell only the gradient is known."""
    if isinstance(gradient, Step):  # w.grad
        name = evidence.name(evidence.leaf(gradient.inputs[0]) or gradient.inputs[0])
        what = f"{name or 'w'}.grad"
    else:
        name = evidence.name(gradient) or (None if earlier is None else reading.target(earlier.source))
        what = name or "the gradient"
    why = f"How {what} depends on the inputs was not recorded, so it cannot be differentiated once more."
    if earlier is None:
        spot = evidence.spot(gradient)
        return evidence.finding(
            "no_create_graph", gradient, name,
            f"{spot}: {spot.code} wants to differentiate {what}, a gradient of an earlier cell.", why,
            "Change: when the gradient is computed, its operations have to be recorded: create_graph=True",
        )  # fmt: skip
    spot = evidence.spot(earlier)
    return evidence.finding(
        "no_create_graph", earlier, name,
        f"{spot}: {spot.code} computes the gradient, as plain numbers.", why,
        f"Change: {spot} has to record its own operations: {_call(earlier, 'create_graph=True')}",
    )  # fmt: skip


def penalty_without_effect(evidence: Evidence) -> Iterator[Finding]:
    """A term of the loss that comes from a gradient without a graph: it is added, and moves nothing."""
    for run in evidence.passes:
        for term in _terms(run.roots[0]):
            gradient = None if term.requires_grad else _gradient_among(evidence, (term,))
            if isinstance(gradient, Input) and (earlier := _pass_before(evidence, gradient)) is not None:
                yield no_create_graph(evidence, gradient, earlier)
                return


def _terms(root: Any) -> Iterator[Any]:
    """What a loss is the sum of."""
    waiting = [root]
    for value in waiting:
        if isinstance(value, Step) and value.op in ("add", "sub", "add_", "sub_") and value.requires_grad:
            waiting += [v for v in value.inputs if hasattr(v, "requires_grad")]
        elif isinstance(value, Step) and value is not root:
            yield value
