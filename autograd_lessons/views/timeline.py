"""A recorded block statement by statement, and the life of each leaf's `.grad` beside it, as a bar with its numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import torch
from markupsafe import Markup, escape

from ..life import Change, Life
from ..statements import Moment, moments, text_of
from ..tape import Event, Failure, Pass, Tape
from ..values import Input, Step, Value
from .names import called
from .numbers import full, short
from .stages import LEAVES_THE_GRAPH, Scene, Stage

ENDS = 30  # of a long block so many statements are shown at either end
MOST_TOLD = 8  # changes of one statement
COLUMNS = 6  # leaves that have a bar; the others are told in words

_MODE = {True: "recording for gradients is on from here", False: "recording for gradients is off from here"}


@dataclass(frozen=True)
class Cell:
    """A leaf's `.grad` after a statement: how the bar looks, and what stands in it where it changed."""

    state: str  # "unborn", "none", "full", "zero"
    change: str  # the kind of the change in this statement, or ""
    text: str
    full: str  # every digit


_UNSEEN = Cell("unborn", "", "", "")  # after a step that is still to be predicted


@dataclass(frozen=True)
class Row:
    """A statement: its line, its text, what it did in words, a cell for each leaf, and whether the stage is in it."""

    line: int
    text: str  # the statement as it was typed, or that a block ends here
    told: tuple[str, ...]
    cells: tuple[Cell, ...]
    now: bool
    is_typed: bool
    skipped: str = ""


def rows(scene: Scene) -> list[Row]:
    """One for each time a statement ran; of many the first and the last thirty."""
    tape = scene.tape
    key = "moments"
    if key not in tape.cache:
        tape.cache[key] = moments(tape)
    found: list[Moment] = tape.cache[key]
    lives, here = shown_lives(tape), _index_of(scene.stage)
    end = math.inf if scene.first_hidden is None else _index_of(scene.first_hidden)
    assert tape.block is not None
    result = []
    for place, moment in enumerate(found):
        if len(found) > 2 * ENDS and ENDS <= place < len(found) - ENDS:
            continue
        skipped = len(found) - 2 * ENDS if place == len(found) - ENDS and len(found) > 2 * ENDS else 0
        told = tuple(dict.fromkeys(sentence for each in moment.happenings for sentence in _told(tape, each)))
        told += tuple(effects(tape, moment.first, moment.last))
        is_seen = moment.last < end
        line = _line(tape, moment.first_line)
        result.append(
            Row(
                line,
                f"end of the block of line {line}" if moment.ends_block else text_of(tape, moment),
                told if is_seen else (),
                tuple(_cell(life, moment) if is_seen else _UNSEEN for life in lives),
                moment.first <= here <= moment.last,
                not moment.ends_block,
                _skipped(tape, skipped, result and _folded_here(tape, found, place)),
            )
        )
    return result


def shown_lives(tape: Tape) -> list[Life]:
    """The leaves that have a bar, at most six: those with a `.grad` at some time; and those that a pass could have reached."""
    lived = [life for life in tape.lives if life.changes or life.started_with is not None]
    last = max((run.index for run in tape.passes), default=-1)
    asked = [life for life in tape.lives if life in lived or _born(life) <= last]
    return ((asked if len(asked) <= COLUMNS else lived) or list(tape.lives))[:COLUMNS]


def _born(life: Life) -> int:
    return life.of.index if isinstance(life.of, Step) else life.of.made_at


def _made(life: Life) -> Step | None:
    """The step that made what has a `.grad`, if it was seen."""
    return life.of if isinstance(life.of, Step) else life.of.made_by


def name_of(life: Life) -> str:
    return f"{called(life.of)}.grad"


def heading(tape: Tape, life: Life) -> Markup:
    """The name above a bar, told apart from what its variable holds now; a long one may break at a dot or an underscore."""
    name = str(escape(name_of(life)))
    made = _made(life)
    if life.lost and made is not None:
        name += f" (the {'leaf' if made is not life.of else 'one'} of line {_line(tape, made.line)})"
    elif life.lost:
        name += f" (the first {escape(called(life.of))})"
    return Markup(re.sub(r"(?<=[\w\]])([._])(?=\w)", r"\1<wbr>", name))


def _line(tape: Tape, number: int) -> int:
    assert tape.block is not None
    return number - tape.block.first + 1


def _index_of(stage: Stage) -> int:
    if stage.event is not None:
        return stage.event.index
    if stage.run is not None:
        return stage.run.index
    return stage.value.index if isinstance(stage.value, Step) else -1


def _skipped(tape: Tape, skipped: int, folded: bool | Any) -> str:
    parts = [f"{tape.folded} backward passes like these"] if folded else []
    parts += [f"{skipped} more statements"] if skipped else []
    return " and ".join(parts)


def _folded_here(tape: Tape, found: list[Moment], place: int) -> bool:
    """Whether the passes that were folded away stood just before this statement."""
    gap = found[place].first - found[place - 1].last
    gaps = [after.first - before.last for before, after in zip(found, found[1:])]
    return tape.folded > 0 and gap == max(gaps)


# ---------------------------------------------------------------------- what a statement did, in words
def _told(tape: Tape, happening: Any) -> list[str]:
    if isinstance(happening, Input):
        return [f"{called(happening)} = {short(happening.value)}, a leaf: it keeps its .grad"]
    if isinstance(happening, Step):
        return _told_step(tape, happening)
    run = next((run for run in tape.passes if run.index == happening.index), None)
    failure = next((f for f in (*tape.caught, tape.failure) if f is not None and f.index == happening.index), None)
    if failure is not None:
        return [_told_failure(failure, run)]
    return _told_event(happening) if run is None else _told_pass(run)


def _told_failure(failure: Failure, run: Pass | None) -> str:
    if run is not None:
        return f"the backward pass from {_roots(run)} raises {failure.raised}"
    changed = failure.operands[0] if failure.operands else None
    if isinstance(changed, Value) and (failure.kind.endswith("_") or failure.kind == "setitem"):
        return f"{called(changed)} is not changed in place: {failure.kind} raises {failure.raised}"
    return f"{failure.kind} raises {failure.raised}"


def _told_step(tape: Tape, step: Step) -> list[str]:
    told = []
    if step.op == "grad" or step.updates_leaf:
        return []
    if step.name is not None and step.depth == 0:
        told.append(f"{step.name} = {short(step.value)}")
    if step.call.changed is not None and step.inputs and getattr(step.inputs[0], "op", "") != "grad":
        told.append(f"{_changed(step)} was changed in place (for the {_ordinal(step.version)} time)")
    used = [v for v in step.inputs if isinstance(v, Value) and v.requires_grad]
    if used and not step.requires_grad:
        told.append(f"✂ {_why_cut(tape, step, used)}")
    return told


def _changed(step: Step) -> str:
    """What an in-place step changed, as it is typed: `total`, `y.data`."""
    changed, ending = step.inputs[0], ""
    while isinstance(changed, Step) and changed.variable is None and changed.op in ("data", "detach"):
        changed, ending = changed.inputs[0], f".{changed.op}" + ending
    return ((changed.variable if isinstance(changed, Value) else None) or step.op) + ending


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _why_cut(tape: Tape, step: Step, used: list[Value]) -> str:
    off = [(v, v.turned_off) for v in used if v.turned_off is not None and v.turned_off.index < step.index]
    if len(off) == len(used):
        return "; ".join(
            f"{called(v)} does not require a gradient any more (line {_line(tape, call.line)})" for v, call in off
        )
    if step.op in ("detach", "detach_", "data"):
        return f".{step.op} cuts here: the same numbers, without the graph"
    if not step.grad_enabled:
        return "recording is off: the result has no graph"
    if not step.value.is_floating_point():
        return f"{step.op} gives {str(step.value.dtype).removeprefix('torch.')} numbers: no gradient goes through"
    return f"{step.op} makes a new tensor without the graph"


def _told_event(event: Event) -> list[str]:
    name = called(event.on) if event.on is not None else ""
    if event.kind == "_set_grad_enabled":
        return [_MODE[bool(event.argument)]]
    if event.kind in LEAVES_THE_GRAPH and event.on is not None and event.on.requires_grad:
        return [f"✂ {name} leaves the graph as a plain number"]
    if event.kind in ("requires_grad_", "set requires_grad"):
        on = event.argument is not False
        return [f"{name} {'now requires' if on else 'no longer requires'} a gradient"]
    if event.kind == "retain_grad":
        return [f"{name} is asked to keep its .grad"]
    if event.kind == "register_hook":
        return [f"{name} has a hook now: it is called with the gradient of {name}"]
    return []


def _told_pass(run: Pass) -> list[str]:
    leaves = ", ".join(called(v) for v in run.adjoints if isinstance(v, Input))
    kept = "the graph is kept" if run.keeps_graph else "what the graph had saved is freed"
    return [f"back from {_roots(run)} to {leaves or 'no leaf'}; {kept}"]


def _roots(run: Pass) -> str:
    return ", ".join(called(root) for root in run.roots if isinstance(root, Value)) or "here"


def effects(tape: Tape, first: int, last: int) -> list[str]:
    """What the calls between two indices did to the leaves and to their `.grad`."""
    told = []
    for life in tape.lives:
        for before, change in zip([None, *life.changes], life.changes):
            if first <= change.index <= last:
                updated = f"{called(life.of)} is changed to {short(change.value)}"
                told.append(
                    updated if change.kind == "updated" else f"{name_of(life)}: {_change_text(life, before, change)}"
                )
    return told[:MOST_TOLD] + ([f"… and {len(told) - MOST_TOLD} more changes"] if len(told) > MOST_TOLD else [])


# ---------------------------------------------------------------------- the bar
def _cell(life: Life, moment: Moment) -> Cell:
    grad, norm, change = _after(life, moment)
    state = "none" if norm is None else "full" if norm != 0 else "zero"
    made = _made(life)
    if made is not None and made.index > moment.last:
        state = "unborn"
    return Cell(
        state, change, "" if state == "unborn" else _grad_text(grad, norm), "none" if norm is None else full(grad)
    )


def _after(life: Life, moment: Moment) -> tuple[torch.Tensor | None, float | None, str]:
    """The `.grad` after a statement, its norm, and the kind of the last change in it."""
    start = life.started_with
    grad, norm, kind = start, None if start is None else float(start.norm()), ""
    for change in life.changes:
        if change.index <= moment.last:
            grad, norm = change.grad if change.whole else None, change.norm
            if change.index >= moment.first and change.kind != "updated":
                kind = change.kind
    return grad, norm, kind


def _grad_text(grad: torch.Tensor | None, norm: float | None) -> str:
    if norm is None:
        return "None"
    return short(grad, 5) if grad is not None and grad.numel() <= 4 else f"norm {short(norm, 4)}"


def _change_text(life: Life, before: Change | None, change: Change) -> str:
    old = life.started_with if before is None else before.grad
    new = _grad_text(change.grad if change.whole else None, change.norm)
    if (
        change.kind == "added to"
        and old is not None
        and change.grad is not None
        and change.grad.numel() == 1 == old.numel()
    ):
        return f"{short(old, 5)} + {short(change.grad - old, 5)} = {new}".replace("+ −", "− ")
    words = {"filled": "None, now", "removed": "now", "zeroed": "set to zero:", "unseen": "changed unseen, now"}
    return f"{words.get(change.kind, change.kind)} {new}"


def text(scene: Scene) -> list[str]:
    """The same as plain lines."""
    lines = []
    for row in rows(scene):
        if row.skipped:
            lines.append(f"   … {row.skipped} …")
        first, *more = row.text.splitlines() or [""]
        lines.append(f"{'>' if row.now else ' '} {row.line:3d}  {first}{' …' if more else ''}")
        lines += [f"        {sentence}" for sentence in row.told]
    return lines
