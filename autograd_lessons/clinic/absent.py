"""Why there is no graph at all: leaves that never asked for a gradient, or were told not to, and numbers that left it."""

from __future__ import annotations

import re
from typing import Any

from ..tape import Event
from ..values import Input, Step
from . import reading
from .cuts import explain_cut, find_cut
from .evidence import EXITS, Evidence
from .finding import Finding

_DATA = {"tensor", "as_tensor", "from_numpy", "arange", "linspace", "eye"}  # what data are made by, rather than weights


def no_graph(evidence: Evidence, root: Any) -> Finding:
    """Why there is nothing for backward() to follow from a root that does not require grad."""
    where = _going_back(evidence)
    if (left := _detached_in_place(evidence, root)) is not None:
        return left
    cut = find_cut(evidence, root)
    if cut is not None:
        return explain_cut(evidence, cut, where)
    off = turned_off(evidence, evidence.ancestors(root))
    if off is not None:
        return frozen(evidence, *off, where)
    way_out = leaving(evidence, None)
    if way_out is not None:
        return left_graph(evidence, way_out, where)
    return never_required(evidence, root, where)


def _going_back(evidence: Evidence) -> str:
    failure = evidence.tape.failure
    if failure is None:
        return "the way back"
    text = " ".join(failure.source.text.split()) if failure.source else failure.kind
    return f"{text if len(text) <= 28 else failure.kind} in {evidence.spot(failure)}"


def _detached_in_place(evidence: Evidence, root: Any) -> Finding | None:
    events = [e for e in evidence.tape.events if e.kind == "detach_" and e.on is not None and e.on.requires_grad]
    names = {evidence.name(v) for v in evidence.ancestors(root)} - {None}
    for event in events:
        if evidence.name(event.on) in names:
            spot, name = evidence.spot(event), evidence.name(event.on)
            return evidence.finding(
                "cut_by_detach", event, name,
                f"{spot}: {spot.code} takes {name or 'the tensor'} itself out of the graph.",
                f"From there on it is a plain number, and {_going_back(evidence)} has no graph to follow.",
                f"Change: leave out {spot}, or use a copy: {name or 'h'}.detach()",
            )  # fmt: skip
    return None


# ---------------------------------------------------------------- leaves that do not ask for a gradient
def turned_off(evidence: Evidence, values: Any) -> tuple[Event, Input] | None:
    """The last event that told one of these leaves not to require grad, and which leaf."""
    off = [
        (event, value.leaf) for value in values if isinstance(value, Input) and (event := evidence.switched_off(value))
    ]
    return max(off, key=lambda pair: pair[0].index) if off else None


def frozen(evidence: Evidence, event: Event, leaf: Input, where: str) -> Finding:
    spot, name = evidence.spot(event), evidence.name(leaf) or reading.subject(event.source)
    return evidence.finding(
        "turned_off", event, name,
        f"{spot}: {spot.code} tells {name or 'the tensor'} not to require grad.",
        f"Operations on it are no longer recorded: {where} does not reach it.",
        f"Change: leave that out, or switch on again before the forward pass: {_switched_on(spot.code, name or 'w')}",
    )  # fmt: skip


_FREEZES = re.compile(r"[\w.\[\]]+\.requires_grad(_\((requires_grad=)?False\)| ?= ?False)")


def _switched_on(code: str, name: str) -> str:
    """The line that switched off, with True for False: it may be a whole module's."""
    return code.replace("False", "True") if _FREEZES.fullmatch(code) else f"{name}.requires_grad_(True)"


def never_required(evidence: Evidence, root: Any, where: str, only: Any = None) -> Finding:
    """No tensor on the way asks for a gradient; the one that most looks as if it should is named."""
    typo = reading.misspelt(evidence.file, "requires_grad")
    if typo is not None:
        line, name, typed = typo
        spot = evidence.spot(root, line)
        return evidence.finding(
            "never_required", root, name,
            f"{spot}: {spot.code} sets {typed}, a name that PyTorch does not know.",
            "Python allows it and nothing happens: the tensor still does not require grad.",
            f"Change: {name or 'x'}.requires_grad = True, with an s",
            spot=spot,
        )  # fmt: skip
    value = only or _candidate(evidence, root)
    name = evidence.named(value)
    spot = evidence.spot(value)
    if isinstance(value, Input) and value.leaf.made_by is None:  # made where no one looked: the code may say where
        spot = spot._replace(line=reading.assigned_at(spot.file, name or "", spot.line) or spot.line)
    return evidence.finding(
        "never_required", value, name,
        f"{spot}: {spot.code}",
        f"{name or 'This tensor'} was not told to require grad, so PyTorch recorded no graph from it,",
        f"and {where} has nothing to follow.",
        _tell(evidence, value, name),
        spot=spot,
    )  # fmt: skip


def _tell(evidence: Evidence, value: Any, name: str | None) -> str:
    attribute = reading.attribute_set(evidence.source(value)) if name is None else None
    if attribute is not None:
        return f"Change: make it a parameter: {attribute} = torch.nn.Parameter(…)"
    return f"Change: tell it when it is made, with requires_grad=True, or after: {name or 'x'}.requires_grad_()"


def _candidate(evidence: Evidence, root: Any) -> Any:
    plain = [v for v in evidence.ancestors(root) if _is_given(v) and v.value.is_floating_point()]
    asked = reading.gradients_read(evidence.file)
    if not plain:
        return root
    plain.sort(key=lambda v: (v.line, getattr(v, "index", 0)))
    best = max(plain, key=lambda v: (evidence.name(v) in asked, _looks_like_a_weight(v)))
    return best


def _is_given(value: Any) -> bool:
    """Whether nothing that the tape knows was needed to make it."""
    return hasattr(value, "requires_grad") and not [
        v for v in getattr(value, "inputs", ()) if hasattr(v, "requires_grad")
    ]


def _looks_like_a_weight(value: Any) -> bool:
    return isinstance(value, Step) and value.op not in _DATA


# ---------------------------------------------------------------- numbers that have left the graph
def leaving(evidence: Evidence, leaf: Input | None) -> Event | None:
    """The last place where a number was taken out of the graph (of this leaf) and kept; printing it is no such place."""
    found = None
    for event in evidence.tape.events:
        if event.kind not in EXITS or event.on is None or reading.is_expression_statement(event.source):
            continue
        came_from = evidence.ancestors(event.on)
        if (
            leaf is None
            and any(v.requires_grad for v in came_from)
            or leaf is not None
            and leaf in map(evidence.leaf, came_from)
        ):
            found = event
    return found


def left_graph(evidence: Evidence, event: Event, where: str) -> Finding:
    spot, name = evidence.spot(event), reading.subject(event.source) or reading.target(event.source)
    how = reading.function(event.source) or f".{event.kind}()"
    return evidence.finding(
        "left_graph", event, name,
        f"{spot}: {spot.code}",
        f"{how} gives {_given(event.kind)}: the value is in it, but not how it was computed,",
        f"so {where} does not get past it.",
        f"Change: go on with the tensor itself, without {how}; take numbers out only to look at them.",
    )  # fmt: skip


def _given(kind: str) -> str:
    return {"numpy": "a NumPy array", "tolist": "a list of numbers", "array": "plain numbers"}.get(
        kind, "a Python number"
    )
