"""What backward() keeps, frees and adds: a second pass through one graph, gradients that pile up, graphs that stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..tape import Input, Pass, Step
from . import reading
from .evidence import Evidence, Finding, Spot, base


# ---------------------------------------------------------------- a second pass through one graph
def freed(evidence: Evidence, run: Pass) -> Finding | None:
    """A failed pass that met steps whose saved values an earlier pass let go of."""
    behind = evidence.ancestors(*run.roots, tracked=True)
    spent = [v for v in behind if v.spent and evidence.leaf(v) is None]
    if not spent:
        return None
    earlier = next(
        (p for p in reversed(evidence.passes) if not p.keeps_graph and any(v in p.adjoints for v in spent)), None
    )
    if (
        earlier is not None
        and earlier.kind == "autograd.grad"
        and (g := _gradient_among(evidence, run.roots)) is not None
    ):
        return no_create_graph(evidence, g, earlier)
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
            f"{evidence.spot(earlier)} did so before; backward() adds to .grad, so the same gradient is in it twice.",
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


# ---------------------------------------------------------------- gradients that pile up
def accumulated(evidence: Evidence) -> Iterator[Finding]:
    """A gradient that was used, then added to, then used again, and cleared nowhere in between."""
    for life in evidence.tape.lives:
        if life.kept:
            continue
        uses = [*_updates(life, evidence), *_reads(life, evidence)]
        changes = [c for c in life.changes if c.kind in ("filled", "added to", "zeroed", "removed", "set", "unseen")]
        for before, added in zip(changes, changes[1:]):
            if added.kind != "added to" or before.kind not in ("filled", "added to"):
                continue
            if any(before.index < index < added.index for index in _unnoticed(life.of, evidence)):
                continue
            until = next((c.index for c in changes if c.index > added.index), float("inf"))
            used = next((use for use in uses if before.index < use < added.index), None)
            if used is not None and any(added.index < use < until for use in uses):
                yield _piled_up(evidence, life.of, added, used)
                return


def _updates(life: Any, evidence: Evidence) -> list[int]:
    """When the leaf took a step along its gradient."""
    reads = [e.index for e in _reading(life.of, evidence)]
    found = []
    for change in life.changes:
        if change.kind == "updated" and (change.by == "optimizer.step" or any(index < change.index for index in reads)):
            found.append(change.index)
    return found


def _reads(life: Any, evidence: Evidence) -> list[int]:
    """When the gradient was looked at, in code that never takes a step: there, looking is what it is for."""
    if (
        any(c.kind == "updated" and c.by == "optimizer.step" for c in life.changes)
        or "optimizer.step" in evidence.kinds
    ):
        return []
    cleared = {c.index for c in life.changes if c.kind in ("zeroed", "removed")}
    return [
        e.index
        for e in _reading(life.of, evidence)
        if not any(e.index < index <= e.index + 1 for index in cleared) and not reading.is_asked_first(e.source)
    ]


def _unnoticed(leaf: Input, evidence: Evidence) -> list[int]:
    """Edits of a gradient that leave no trace on it: `w.grad.data.zero_()`."""
    edits = ((s.index, base(s)) for s in evidence.tape.steps if s.call.changed is not None)
    return [
        index
        for index, of in edits
        if isinstance(of, Step) and of.op == "grad" and of.inputs and evidence.leaf(of.inputs[0]) is leaf.leaf
    ]


def _reading(leaf: Input, evidence: Evidence) -> Iterator[Any]:
    """The places where a gradient that is there was read."""
    for step in evidence.tape.steps:
        if step.op == "grad" and step.inputs and evidence.leaf(step.inputs[0]) is leaf.leaf:
            yield step
    for event in evidence.tape.events:
        if event.kind == "grad" and event.result and event.on is not None and evidence.leaf(event.on) is leaf.leaf:
            yield event


def _piled_up(evidence: Evidence, leaf: Input, added: Any, used: int) -> Finding:
    run = next((p for p in evidence.passes if p.index == added.index), None)
    spot = evidence.spot(run or added)
    name = evidence.name(leaf)
    what = f"{name}.grad" if name is not None else ".grad"
    clear = "optimizer.zero_grad()" if "optimizer.step" in evidence.kinds else f"{name or 'w'}.grad = None"
    return evidence.finding(
        "accumulated", run or added, name,
        f"{spot}: {spot.code} adds to {what}, which still holds an earlier gradient.",
        "That one had been used already; the sum of the two is the slope of neither.",
        f"Change: clear it before {spot}: {clear}",
    )  # fmt: skip


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
    if not any(v.origin == "gradient" for v in evidence.tape.inputs.values()):
        return
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


# ---------------------------------------------------------------- graphs that stay
def graphs_kept(evidence: Evidence) -> Iterator[Finding]:
    """A running total of losses, or a list of them, that holds every graph though nobody goes back through it."""
    yield from _running_total(evidence)
    yield from _list_of_losses(evidence)


def _running_total(evidence: Evidence) -> Iterator[Finding]:
    roots = {root for run in evidence.tape.passes for root in run.roots}
    behind = None
    for step in reversed(evidence.tape.steps):
        if step.op not in ("add", "add_") or not step.requires_grad or not _is_total(step):
            continue
        behind = evidence.ancestors(*roots) if behind is None else behind
        total, term = _total_and_term(step)
        if step in behind or term is None or evidence.leaf(step) is not None:
            continue
        gone_through = term in roots
        if gone_through or (not evidence.tape.passes and _only_looked_at(evidence, step)):
            yield _kept(evidence, step, evidence.spot(step), reading.target(step.source) or evidence.name(step))
            return


def _is_total(step: Step) -> bool:
    """Whether a step adds to what the same line added to before: total = total + loss."""
    before = (v for v in step.inputs if isinstance(v, Step) and v.op == step.op)
    return step.value.numel() == 1 and any(v.source == step.source is not None for v in before)


def _total_and_term(step: Step) -> tuple[Any, Any]:
    values = [v for v in step.inputs if getattr(v, "requires_grad", False)]
    old = next((v for v in values if isinstance(v, Step) and v.source == step.source), None)
    term = next((v for v in values if v is not old and isinstance(v, Step)), None)
    return old, term


def _only_looked_at(evidence: Evidence, step: Step) -> bool:
    ends = {step, *(s for s in evidence.tape.steps if step in s.inputs and s.name is None)}
    return any(e.kind in ("format", "item", "float") and e.on in ends for e in evidence.tape.events)


def _list_of_losses(evidence: Evidence) -> Iterator[Finding]:
    by_line: dict[Spot, list[Pass]] = {}
    for run in evidence.passes:
        if run.kind == "backward" and not run.keeps_graph:
            by_line.setdefault(evidence.spot(run), []).append(run)
    for spot, runs in by_line.items():
        alive = [run for run in runs[:-1] if run.roots[0] in evidence.tape.alive]
        name = evidence.name(runs[-1].roots[0])
        where = reading.appended(spot.file, name, spot.line) if alive and name is not None else None
        if where is not None:
            yield _kept(evidence, runs[-1], spot._replace(line=where[0]), where[1])
            return


def _kept(evidence: Evidence, at: Any, spot: Spot, name: str | None) -> Finding:
    return evidence.finding(
        "graphs_kept", at, name,
        f"{spot}: {spot.code} keeps the loss together with its graph.",
        f"As long as {name or 'the total'} is there, so are the graphs of all turns of the loop: memory grows.",
        f"Change: keep the number alone, with .item() or .detach() on the loss in {spot}.",
        spot=spot,
    )  # fmt: skip
