"""A tape, and what can be asked of it to find a cause: what came from what, which leaf a value is, how to call it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch

from ..source import Source
from ..tape import Event, Tape
from ..values import Constant, Input, Step, Value
from . import reading
from .finding import Finding

#: calls that give a Python number, a list or an array
EXITS = {"item", "float", "int", "numpy", "tolist", "array", "format"}

_SHARES = {
    "detach",
    "data",
    "view",
    "view_as",
    "getitem",
    "as_strided",
    "select",
    "t",
    "unbind",
    "squeeze",
    "unsqueeze",
    "reshape",
}

_GIVEN_BY_US = re.compile(r"(unnamed|gradient)(_\d+)?$")


class Spot(NamedTuple):
    """A line that a finding speaks of. As text it is "line 4", or "line 4 of an earlier cell"."""

    file: str
    line: int
    here: bool  # in the code that was recorded

    def __str__(self) -> str:
        return f"line {self.line}" + ("" if self.here else " of an earlier cell")

    @property
    def code(self) -> str:
        """What stands there."""
        return reading.written(self.file, self.line)


class Evidence:
    """What the detectors ask of one tape; nothing is worked out before it is asked for."""

    def __init__(self, tape: Tape):
        self.tape = tape
        self.raised = tape.error is not None
        self.kinds = {event.kind for event in tape.events}
        #: the runs of the engine that came to their end
        self.passes = [run for run in tape.passes if not run.failed]

    @property
    def signs(self) -> set[str]:
        """What is on the tape: operations, kinds of events, where inputs come from, and whether there are passes and lives."""
        ops, origins = [step.op for step in self.tape.steps], [value.origin for value in self.tape.inputs.values()]
        passes, lives = ("a pass", "a second pass")[: len(self.passes)], ("a life",)[: len(self.tape.lives)]
        return {*ops, *self.kinds, *origins, *passes, *lives}

    # ------------------------------------------------------------------ where
    @functools.cached_property
    def file(self) -> str:
        """The file of the recorded code."""
        if self.tape.block is not None:
            return self.tape.block.file
        code = getattr(self.tape.function, "__code__", None)
        return code.co_filename if code is not None else ""

    def spot(self, thing: Any, line: int | None = None) -> Spot:
        """The learner's innermost line that made a value, an event or a pass, or another line near it."""
        source = self.source(thing)
        if source is not None and source.file == self.file:
            return Spot(self.file, line or source.line, True)
        if source is not None and self._is_earlier(thing):
            return Spot(source.file, line or source.line, False)
        here = source is not None or not self._is_earlier(thing)
        return Spot(self.file, line or (thing.line if here else self.surfaced), True)

    def _is_earlier(self, thing: Any) -> bool:
        """Whether it is of an earlier recorded block."""
        if isinstance(thing, Event):
            return not any(event is thing for event in self.tape.events)
        is_input = isinstance(thing, Input) and (thing.origin == "earlier" or thing.leaf.origin == "earlier")
        return is_input or (isinstance(thing, Step) and thing.index < 0)

    @property
    def surfaced(self) -> int:
        """The line of the recorded code where something of an earlier block came to light."""
        last = self.tape.failure or (self.tape.events[-1] if self.tape.events else None)
        return 0 if last is None else last.line

    def source(self, thing: Any) -> Source | None:
        if isinstance(thing, Input):
            thing = thing.leaf.made_by or thing
        return getattr(thing, "source", None)

    def finding(self, cause: str, at: Any, name: str | None, *lines: str, spot: Spot | None = None) -> Finding:
        spot = spot or self.spot(at)
        line = spot.line if spot.here else self.surfaced
        return Finding(cause, self.raised, line, self.source(at), name, tuple(map(_fitted, lines)))

    # ------------------------------------------------------------------ what came from what
    def leaf(self, value: Any) -> Input | None:
        """The leaf that a value is, its changed versions included; None for what was computed."""
        while isinstance(value, Step) and value.call.changed is not None and value.inputs:
            value = changed(value)
        return value.leaf if isinstance(value, Input) and value.is_leaf else None

    def known_leaf(self, value: Any) -> Input | None:
        """The same, if it requires a gradient."""
        leaf = self.leaf(value)
        return leaf if leaf is not None and (leaf.requires_grad or value.requires_grad) else None

    def made_from(self, value: Any) -> tuple:
        """What a value was computed from, also where autograd does not know: a copy of numbers, too."""
        if isinstance(value, Input):
            made_by = value.leaf.made_by
            return made_by.inputs if made_by is not None else ()
        return getattr(value, "inputs", ())

    def ancestors(self, *values: Any, tracked: bool = False) -> dict[Any, None]:
        """The values themselves and all that they came from, the nearest first; `tracked`: only what a gradient reaches."""
        found: dict[Any, None] = dict.fromkeys(v for v in values if not tracked or getattr(v, "requires_grad", False))
        waiting = list(found)
        for value in waiting:
            for used in (
                value.inputs if tracked and isinstance(value, Step) else () if tracked else self.made_from(value)
            ):
                if isinstance(used, Value) and used not in found and (used.requires_grad or not tracked):
                    found[used] = None
                    waiting.append(used)
        return found

    def descendants(self, value: Any, tracked: bool = True) -> list[Step]:
        """The steps that used a value, or what came of it, in order."""
        reached: set[Any] = {value}
        if isinstance(value, Input):
            reached |= {v for v in self.tape.inputs.values() if v.leaf is value.leaf}
        found = []
        for step in (*self.tape.earlier, *self.tape.steps):
            if (step.requires_grad or not tracked) and any(used in reached for used in step.inputs):
                reached.add(step)
                found.append(step)
        return found

    def leaves(self, value: Any) -> list[Input]:
        """The leaves that a gradient from a value reaches."""
        found = (self.known_leaf(v) for v in self.ancestors(value, tracked=True))
        return list(dict.fromkeys(leaf for leaf in found if leaf is not None))

    # ------------------------------------------------------------------ passes and gradients
    @functools.cached_property
    def reached(self) -> set[Input]:
        """The leaves that some pass brought a gradient to."""
        filled = (life.of for life in self.tape.lives if any(map(_is_filling, life.changes)))
        values = (value for run in self.passes for value in run.adjoints)
        return {leaf for value in (*values, *filled) if (leaf := self.leaf(value)) is not None}

    def missing_reads(self) -> Iterator[Event]:
        """Where `.grad` was read and was None, and nothing asked first whether it is."""
        for event in self.tape.events:
            is_missing = event.kind == "grad" and event.result is False and event.on is not None
            if is_missing and not reading.is_asked_first(event.source):
                yield event

    @functools.cached_property
    def _flags(self) -> list[tuple[Event, Input | None]]:
        flags = (e for e in self.tape.events if e.kind in ("requires_grad_", "set requires_grad"))
        return [(event, self.leaf(event.on)) for event in flags if event.on is not None]

    def switched_off(self, value: Any, before: float = float("inf")) -> Event | None:
        """The event that told a leaf not to require grad, if it was not told otherwise before that index."""
        leaf = self.leaf(value) if self._flags else None
        told = [event for event, on in self._flags if on is leaf and event.index < before] if leaf is not None else []
        if not told:
            return value.turned_off if getattr(value, "origin", None) == "earlier" else None
        return told[-1] if told[-1].argument is False else None

    def events_on(self, leaf: Input, *kinds: str) -> list[Event]:
        return [e for e in self.tape.events if e.kind in kinds and e.on is not None and self.leaf(e.on) is leaf]

    # ------------------------------------------------------------------ how to call it
    def name(self, value: Any) -> str | None:
        """The learner's own name of a value."""
        if isinstance(value, Input):
            value = value.leaf
            value = value.made_by if value.made_by is not None and value.made_by.name else value
        name = getattr(value, "name", None)
        return None if name is None or _GIVEN_BY_US.match(name) else name

    def named(self, value: Any) -> str | None:
        """Its name, or the variable that its statement assigns."""
        call = getattr(value, "call", None)
        return self.name(value) or reading.target(self.source(value), None if call is None else call.output)

    def nearest_name(self, value: Any) -> str | None:
        """Its name, or that of the nearest value that it came from."""
        return next((name for v in self.ancestors(value) if (name := self.name(v)) is not None), None)

    def called(self, value: Any) -> str:
        """Its name, or the code that made it."""
        name = self.name(value)
        if name is not None:
            return name
        source = self.source(value)
        if source is not None and len(text := " ".join(source.text.split())) <= 32:
            return text
        return reading.target(source) or "this tensor"


def changed(step: Step) -> Any:
    """The value that an in-place step changed, as it was before."""
    return [v for v in step.inputs if isinstance(v.value, torch.Tensor)][step.call.changed or 0]


def base(value: Any) -> Any:
    """The first value of the tensor whose memory a value has: before its edits, and behind views of it."""
    while isinstance(value, Step) and value.inputs:
        if value.call.changed is not None:
            value = changed(value)
        elif value.op in _SHARES or value.op == "edited":
            value = value.inputs[0]
        else:
            break
    return value.leaf if isinstance(value, Input) else value


def tensors(values: Iterable) -> list:
    return [v for v in values if isinstance(v, (Value, Constant)) and isinstance(v.value, torch.Tensor)]


def number(value: float) -> str:
    return f"{value:.4g}"


def shape(value: Any) -> str:
    """A shape as a learner reads it: (3, 1)."""
    return str(tuple(value.value.shape))


def _is_filling(change: Any) -> bool:
    return change.kind in ("filled", "added to", "set", "unseen", "edited")


def _fitted(line: str) -> str:
    return line if len(line) <= 100 else line[:99].rstrip() + "…"
