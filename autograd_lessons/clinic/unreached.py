"""Leaves that passes which ran well brought no gradient to: in silence, their `.grad` stays None."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..values import Input, Step
from . import reading
from .absent import frozen, leaving, left_graph, turned_off
from .cuts import explain_cut, find_cut
from .evidence import EXITS, Evidence
from .finding import Finding


def unreached(evidence: Evidence, leaf: Input, roots: list[Any]) -> Finding:
    """Why passes that ran well brought no gradient to this leaf."""
    name = evidence.name(leaf)
    where = "backward()" if name is None else f"the way back to {name}"
    off = turned_off(evidence, [leaf])
    if off is not None:
        return frozen(evidence, *off, where)
    for root in roots:
        cut = find_cut(evidence, root, leaf)
        if cut is not None:
            return explain_cut(evidence, cut, where)
    way_out = leaving(evidence, leaf)
    if way_out is not None:
        return left_graph(evidence, way_out, where)
    return not_reached(evidence, leaf)


def not_reached(evidence: Evidence, leaf: Input) -> Finding:
    trail = evidence.descendants(leaf)
    name = evidence.name(leaf)
    if not trail:
        spot = evidence.spot(leaf)
        return evidence.finding(
            "not_reached", leaf, name,
            f"{spot}: {spot.code}",
            f"{name or 'This tensor'} is used nowhere on the way to the loss, so the loss does not depend on it,",
            "and its .grad stays None.",
            f"Change: use {name or 'it'} in the computation of the loss.",
        )  # fmt: skip
    end = trail[-1]
    spot, last = evidence.spot(end), evidence.named(end)
    return evidence.finding(
        "not_reached", end, last,
        f"{spot}: {spot.code} is where the trail of {name or 'this leaf'} ends.",
        f"Nothing that the loss is made of uses {last or 'its result'}, so no gradient comes back through it.",
        f"Change: let the loss depend on {last or 'it'}, for instance: loss = loss + {last or '…'}",
    )  # fmt: skip


def silent(evidence: Evidence) -> Iterator[Finding]:
    """Leaves that the learner looked at, or gave to an optimizer, and that no pass brought a gradient to."""
    runs = [run for run in evidence.passes if run.kind == "backward"]
    if not runs:
        return
    roots = [root for run in runs for root in run.roots]
    seen: set[Input] = set()
    for leaf in (*_looked_at(evidence, runs[0].index), *_skipped(evidence, roots), *_forgotten(evidence)):
        if leaf not in seen and leaf not in evidence.reached:
            seen.add(leaf)
            yield unreached(evidence, leaf, roots)
    yield from _number_in_the_formula(evidence, roots)


def _looked_at(evidence: Evidence, after: int) -> Iterator[Input]:
    if "grad" not in evidence.kinds:
        return
    for event in evidence.missing_reads():
        leaf = evidence.leaf(event.on)
        if event.index > after and leaf is not None and (leaf.requires_grad or turned_off(evidence, [leaf])):
            yield leaf


def _skipped(evidence: Evidence, roots: list[Any]) -> Iterator[Input]:
    """Weights of an optimizer that took its step without them, though they were used on the way to the loss."""
    if "optimizer.step" not in evidence.kinds:
        return
    skipped = dict.fromkeys(evidence.leaf(value) for event in evidence.tape.events for value in event.skipped)
    for leaf in skipped:
        if leaf is not None and leaf.requires_grad and any(find_cut(evidence, root, leaf) for root in roots):
            yield leaf


def _forgotten(evidence: Evidence) -> Iterator[Input]:
    """Leaves whose only use was in a function's own variable that nobody ever looked at."""
    leaves = [leaf for life in evidence.tape.lives if (leaf := evidence.leaf(life.of)) not in evidence.reached]
    used = (
        {v for step in evidence.tape.steps for v in step.inputs} | {e.on for e in evidence.tape.events}
        if leaves
        else ()
    )
    for leaf in leaves:
        trail = evidence.descendants(leaf) if leaf is not None else []
        ends = [step for step in trail if step not in used and evidence.leaf(step) is None]
        if leaf is not None and ends and all(_is_a_variable_inside(s) and s not in evidence.tape.alive for s in ends):
            yield leaf


def _is_a_variable_inside(step: Step) -> bool:
    name = reading.target(step.source)
    return step.depth > 0 and name is not None and step.name in (name, None)


def _number_in_the_formula(evidence: Evidence, roots: list[Any]) -> Iterator[Finding]:
    """`w.item() * x + b`: a leaf that takes part as a number only."""
    for event in evidence.tape.events if evidence.kinds & EXITS else ():
        leaf = None if event.on is None or event.kind not in EXITS else evidence.known_leaf(event.on)
        if leaf is None or leaf in evidence.reached or event.source is None or evidence.descendants(leaf):
            continue
        inside = (step for root in roots for step in evidence.ancestors(root) if isinstance(step, Step))
        if any(_encloses(step.source, event.source) for step in inside) and not evidence.events_on(leaf, "grad"):
            yield left_graph(evidence, event, "backward()")


def _encloses(outer: Any, inner: Any) -> bool:
    return (
        outer is not None
        and outer.file == inner.file
        and (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
        and outer != inner
    )
