"""Edits in place: of a leaf, of what the way back needs, and through .data where nobody notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from ..tape import Event, Pass
from ..values import Input, Step
from . import reading
from .evidence import Evidence, base, changed, tensors
from .finding import Finding

#: functions with an inplace=True
_SWITCHED = {
    "relu", "relu6", "elu", "celu", "selu", "silu", "leaky_relu", "hardtanh", "hardswish", "mish", "dropout", "threshold",
}  # fmt: skip


def on_leaf(evidence: Evidence) -> Finding | None:
    """An edit of a leaf, or of a view of one, while operations are recorded."""
    failure = evidence.tape.failure
    if failure is None or not failure.grad_enabled or not failure.operands or not _is_edit(failure):
        return None
    value = failure.operands[0]
    leaf = base(value)
    if not isinstance(leaf, Input) or evidence.known_leaf(leaf) is None:
        return None
    spot = evidence.spot(failure)
    name = reading.subject(failure.source) or evidence.name(value)
    is_part = evidence.leaf(value) is None
    view = f", which is a part of the leaf {evidence.name(leaf) or ''}".rstrip() if is_part else ""
    return evidence.finding(
        "inplace_on_leaf", failure, name,
        f"{spot}: {spot.code} overwrites {name or 'a leaf'}{view}.",
        "A gradient belongs to the value that a leaf had; a recorded edit would make the leaf a result,",
        "and its .grad would stay empty: PyTorch refuses.",
        _outside(failure, spot.code),
    )  # fmt: skip


def _outside(failure: Any, code: str) -> str:
    if failure.kind in _SWITCHED:
        return "Change: leave out inplace=True."
    return f"Change: edit it where nothing is recorded: with torch.no_grad(): {code if len(code) < 40 else '…'}"


def _is_edit(failure: Any) -> bool:
    return failure.kind.endswith("_") or failure.kind == "setitem" or failure.kind in _SWITCHED


def on_saved(evidence: Evidence, run: Pass) -> Finding | None:
    """A failed pass that met a step which needs a value that was edited since."""
    failure = evidence.tape.failure
    for step in failure.unreadable if failure is not None else ():
        edit = _edit_of(evidence, step, run.index)
        if edit is not None:
            return _saved(evidence, step, *edit)
    return None


def _edit_of(evidence: Evidence, step: Any, before: int) -> tuple[Any, Any, Any] | None:
    """What edited an operand or the result of a step afterwards: the edit, the value, and the tensor."""
    values = {base(v): v for v in reversed((step, *tensors(getattr(step, "inputs", ()))))}
    start = getattr(step, "index", -1)
    for later in evidence.tape.steps:
        if start < later.index < before and later.call.changed is not None and base(later) in values:
            return later, values[base(later)], base(later)
    for life in evidence.tape.lives:
        for change in life.changes:
            if change.kind == "updated" and start < change.index < before and base(life.of) in values:
                return _event(evidence, change), values[base(life.of)], base(life.of)
    return None


def _event(evidence: Evidence, change: Any) -> Any:
    return next((e for e in evidence.tape.events if e.index == change.index), change)


def _saved(evidence: Evidence, step: Any, edit: Any, value: Any, tensor: Any) -> Finding:
    spot, made = evidence.spot(edit), evidence.spot(step)
    by_optimizer = isinstance(edit, Event)
    name = evidence.name(tensor) or evidence.name(value)
    if not by_optimizer and (typed := reading.subject(evidence.source(edit))) is not None:
        name = name if _is_part(edit) and name is not None else typed
    role = "result" if value is step else "input"
    what = "changes the weights in place" if by_optimizer else f"changes {name or 'a tensor'} in place"
    is_leaf = evidence.leaf(tensor) is not None
    change = f"Change: call backward() before {spot}." if is_leaf else _mended(evidence, edit, name)
    return evidence.finding(
        "inplace_on_saved", edit, name,
        f"{spot}: {spot.code} {what}.",
        f"The slope of {step.op} in {made} is computed from its {role}, which PyTorch had kept for backward():",
        "with the old value gone it cannot give the right gradient, and raises.",
        change,
    )  # fmt: skip


def _is_part(edit: Any) -> bool:
    """Whether a step edits its tensor through a view or a detached copy that shares its memory."""
    return isinstance(edit, Step) and (
        edit.call.view is not None or getattr(changed(edit), "op", "") in ("detach", "data")
    )


def _mended(evidence: Evidence, edit: Any, name: str | None) -> str:
    spot, out_of_place = evidence.spot(edit), reading.out_of_place(evidence.source(edit))
    if isinstance(edit, Event):
        return f"Change: call backward() before {spot}."
    if edit.op in _SWITCHED:
        return "Change: leave out inplace=True."
    if _is_part(edit) or out_of_place is None:
        return f"Change: edit a copy, made before {spot}: {name or 'h'} = {name or 'h'}.clone()"
    return f"Change: make a new tensor of it: {out_of_place}"


# ---------------------------------------------------------------- through .data
def data_edit(evidence: Evidence) -> Iterator[Finding]:
    """An edit through .data of a value that a step had saved: the gradient that came back is that of another function."""
    edits = [s for s in evidence.tape.steps if s.call.changed is not None and getattr(changed(s), "op", "") == "data"]
    edits += [e for e in evidence.tape.events if e.kind == "set data" and e.on is not None]
    for edit in edits:
        tensor = base(edit.on if isinstance(edit, Event) else edit)
        for run in evidence.passes:
            if run.index > edit.index and (step := _misled(run, edit.index, tensor)) is not None:
                yield _hidden(evidence, edit, step, tensor)
                return


def _misled(run: Pass, edited: int, tensor: Any) -> Step | None:
    """A step before the edit that used or made the tensor, where the engine sent back what the values of then do not give."""
    for step in run.order:
        if step.index < edited and step.inputs and tensor in {base(step), *map(base, tensors(step.inputs))}:
            for value in tensors(step.inputs):
                arrived = _arrived(run, value)
                if arrived is not None and not _is_right(run, value, arrived):
                    return step
    return None


def _arrived(run: Pass, value: Any) -> torch.Tensor | None:
    """What came back to a value; a leaf that was edited since has it under its new value."""
    if value in run.adjoints or not isinstance(value, Input):
        return run.adjoints.get(value)
    return next((adjoint for v, adjoint in run.adjoints.items() if base(v) is value.leaf), None)


def _is_right(run: Pass, value: Any, arrived: torch.Tensor) -> bool:
    """Whether the gradient that arrived is the one that the recorded values give."""
    total = torch.zeros_like(arrived)
    for step in run.uses_of(value):
        back = step.pull_back(run.adjoints[step])
        total = total + sum(back[place] for place, used in enumerate(step.inputs) if used is value and place in back)
    return torch.allclose(total, arrived, rtol=1e-3, atol=1e-6, equal_nan=True)


def _hidden(evidence: Evidence, edit: Any, step: Step, tensor: Any) -> Finding:
    spot = evidence.spot(edit)
    name = evidence.name(tensor) or reading.subject(evidence.source(edit))
    return evidence.finding(
        "data_edit", edit, name,
        f"{spot}: {spot.code} changes {name or 'a tensor'} without PyTorch noticing.",
        f"{step.op} in {evidence.spot(step)} had kept the value for backward(), which then computed with the new one:",
        "the gradient is not that of what was computed forward, and nothing raised.",
        f"Change: call backward() before {spot}, or make a new tensor instead of editing .data.",
    )  # fmt: skip
