"""`.grad` that is not there: read from what is no leaf, too early, after it was cleared; and when retain_grad() helps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..tape import Event
from ..values import Input, Step
from . import reading
from .absent import no_graph
from .evidence import Evidence
from .finding import Finding
from .unreached import unreached


def none_used(evidence: Evidence, line: int) -> Finding | None:
    """The run ended at a line because a `.grad` was None and was used as if it were a tensor."""
    reads = [e for e in evidence.tape.events if e.kind == "grad"]
    last = reads[-1] if reads else None
    if last is None or last.on is None or last.result is not False or not _is_used_at(line, last):
        return None
    if evidence.leaf(last.on) is None:
        return not_a_leaf(evidence, last)
    leaf = evidence.leaf(last.on)
    assert leaf is not None
    runs = [run for run in evidence.passes if run.kind == "backward" and run.index < last.index]
    cleared = _clearing(evidence, leaf)
    if cleared is not None:
        return _cleared(evidence, leaf, cleared)
    if not runs:
        return _too_early(evidence, leaf, last)
    return unreached(evidence, leaf, [root for run in runs for root in run.roots])


def _is_used_at(line: int, event: Event) -> bool:
    """Whether what was read stands in the line, or in a variable that the line mentions."""
    if event.source is None or event.source.line <= line <= event.source.end_line:
        return event.source is not None
    return reading.target(event.source) in reading.names_in_call(event.source.file, line)


def _clearing(evidence: Evidence, leaf: Input) -> Any:
    for life in evidence.tape.lives:
        changes = [c for c in life.changes if c.kind != "updated"]
        if evidence.leaf(life.of) is leaf and changes and changes[-1].kind == "removed":
            return changes[-1]
    return None


def _too_early(evidence: Evidence, leaf: Input, event: Event) -> Finding:
    spot, name = evidence.spot(event), reading.subject(event.source) or evidence.name(leaf)
    what = f"{name}.grad" if name else ".grad"
    return evidence.finding(
        "grad_is_none", event, name,
        f"{spot}: {spot.code} uses {what}, which is still None.",
        "Only backward() fills .grad, and here none has run before.",
        f"Change: call backward() before {spot}, or ask first: if {what} is not None:",
    )  # fmt: skip


def _cleared(evidence: Evidence, leaf: Input, change: Any) -> Finding:
    event = next((e for e in evidence.tape.events if e.index == change.index), None)
    spot = evidence.spot(event or change)
    name = evidence.name(leaf)
    what = f"{name}.grad" if name else ".grad"
    return evidence.finding(
        "grad_is_none", event or change, name,
        f"{spot}: {spot.code} clears {what}: it is None from there on, not 0.",
        "What comes after it uses a gradient that is no longer there.",
        f"Change: use {what} first and clear afterwards, just before the next backward().",
    )  # fmt: skip


# ---------------------------------------------------------------- what is no leaf
def lost_leaf(evidence: Evidence, value: Any) -> Finding | None:
    """A name that stood for a leaf and now stands for what was computed from it."""
    if not isinstance(value, Step) or not value.requires_grad:
        return None
    name = reading.target(value.source) or evidence.named(value)
    behind = evidence.leaves(value)
    leaf = next((v for v in behind if evidence.name(v) == name is not None), None)
    if leaf is None:
        leaf = next((v for v in behind if _same_statement(evidence, v, value) or _is_update(evidence, value, v)), None)
    if leaf is None:
        return None
    spot = evidence.spot(value)
    if _is_update(evidence, value, leaf):
        change = f"Change: alter the leaf where it is: with torch.no_grad(): {evidence.name(leaf) or 'w'} -= 0.1 * …"
    elif _same_statement(evidence, leaf, value):
        change = f"Change: first compute, then tell the result: {name or 'x'} = ….detach().requires_grad_()"
    else:
        change = f"Change: give the result another name, and ask the leaf {name or 'x'} for .grad."
    return evidence.finding(
        "leaf_lost", value, name,
        f"{spot}: {spot.code} makes {name or 'this'} the result of an operation.",
        "It is not a leaf any more: gradients pass through it on to the leaf, and its own .grad stays None.",
        change,
    )  # fmt: skip


def _same_statement(evidence: Evidence, leaf: Input, value: Step) -> bool:
    return leaf.made_by is not None and evidence.name(leaf) is None and evidence.spot(leaf) == evidence.spot(value)


def _is_update(evidence: Evidence, value: Step, leaf: Input) -> bool:
    """Whether a value is the leaf minus something made of its own gradient."""
    if value.op not in ("sub", "add") or leaf not in map(evidence.leaf, value.inputs):
        return False
    return any(isinstance(v, Step) and v.op == "grad" for v in evidence.ancestors(*value.inputs))


def not_a_leaf(evidence: Evidence, event: Event) -> Finding | None:
    value = event.on
    if value is None or not value.requires_grad or not isinstance(value, Step):
        return None if value is None or evidence.leaf(value) is not None else no_graph(evidence, value)
    retained = [e for e in evidence.tape.events if e.kind == "retain_grad" and e.on is value and e.index < event.index]
    if retained:
        return _too_late(evidence, retained[-1]) if _after_its_pass(evidence, retained[-1]) else None
    lost = lost_leaf(evidence, value)
    if lost is not None:
        return lost
    spot = evidence.spot(event)
    name = evidence.named(value) or reading.subject(event.source)
    leaves = [n for leaf in evidence.leaves(value) if (n := evidence.name(leaf)) is not None]
    hint = f" (here {' and '.join(leaves)})" if 0 < len(leaves) <= 3 else ""
    return evidence.finding(
        "nonleaf_grad", event, name,
        f"{spot}: {spot.code} asks {name or 'an intermediate value'} for its gradient.",
        f"{name or 'It'} was computed in {evidence.spot(value)}. Only leaves{hint} keep .grad;",
        "the gradients of values in between are let go of as soon as they were used.",
        f"Change: ask for it before backward(): {name or 'h'}.retain_grad()",
    )  # fmt: skip


def _after_its_pass(evidence: Evidence, asked: Event) -> bool:
    return any(run.index < asked.index and asked.on in run.adjoints for run in evidence.passes) and not any(
        run.index > asked.index and asked.on in run.adjoints for run in evidence.passes
    )


def _too_late(evidence: Evidence, asked: Event) -> Finding:
    spot, name = evidence.spot(asked), evidence.named(asked.on)
    run = next(run for run in evidence.passes if asked.on in run.adjoints)
    return evidence.finding(
        "retain_grad_too_late", asked, name,
        f"{spot}: {spot.code} asks to keep a gradient that has gone by.",
        f"backward() ran in {evidence.spot(run)}; what it computed for {name or 'this'} is let go of.",
        f"Change: move {name or 'h'}.retain_grad() in front of backward().",
    )  # fmt: skip


def read_in_silence(evidence: Evidence) -> Iterator[Finding]:
    """`.grad` of intermediate values that was read, came back as None, and nothing was done about it."""
    first = next((run.index for run in evidence.passes), float("inf"))
    for event in evidence.missing_reads():
        value = event.on
        if value is None or not value.requires_grad or evidence.leaf(value) is not None:
            continue
        if event.index > first or value.spent:
            found = not_a_leaf(evidence, event)
            if found is not None:
                yield found
                return


def retained_leaf(evidence: Evidence) -> Iterator[Finding]:
    """retain_grad() on a leaf does nothing."""
    for event in evidence.tape.events:
        leaf = evidence.known_leaf(event.on) if event.kind == "retain_grad" and event.on is not None else None
        if leaf is not None:
            spot, name = evidence.spot(event), evidence.name(leaf)
            yield evidence.finding(
                "retain_grad_on_leaf", event, name,
                f"{spot}: {spot.code} does nothing: {name or 'it'} is a leaf.",
                "A leaf that requires grad keeps its .grad anyway, until something clears it.",
                f"Change: leave out {spot}; retain_grad() is for values that were computed.",
            )  # fmt: skip
            return


def retain_without_grad(evidence: Evidence) -> Finding | None:
    """retain_grad() on what does not require grad: on data, or on what lost its graph."""
    failure = evidence.tape.failure
    if failure is None or not failure.operands or failure.operands[0].value is None:
        return None
    value = failure.operands[0]
    if getattr(value, "requires_grad", False):
        return None
    if isinstance(value, Step) and any(hasattr(v, "requires_grad") for v in value.inputs):
        return no_graph(evidence, value)
    spot, name = evidence.spot(failure), evidence.named(value) or reading.subject(failure.source)
    return evidence.finding(
        "retain_grad_no_grad", failure, name,
        f"{spot}: {spot.code} asks to keep a gradient that will never be there.",
        f"{name or 'The tensor'} holds data: it does not require grad, so no gradient is computed for it.",
        f"Change: leave out {spot}, or make it require grad from the start: {name or 'x'}.requires_grad_()",
    )  # fmt: skip
