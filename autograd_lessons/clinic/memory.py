"""What stays longer than it should: gradients that pile up in `.grad`, graphs of losses that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..tape import Pass
from ..values import Input, Step
from . import reading
from .evidence import Evidence, Spot, base
from .finding import Finding


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
    for run in evidence.passes if len(evidence.passes) > 1 else ():
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
