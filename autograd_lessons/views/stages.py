"""The stages that a learner steps through: each value forward, then each gradient in the order of PyTorch's engine.

In a recorded block passes follow each other, and between them stand the calls that change a `.grad`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from ..comparison import Comparison
from ..derivation import Derivation
from ..grains import Link, links, nodes
from ..life import Life
from ..tape import Event, Input, Pass, Step, Tape, Value

TOLD = {  # events that are stages of their own
    "set grad", "zero_grad", "optimizer.step", "requires_grad_", "set requires_grad", "retain_grad", "register_hook",
}  # fmt: skip
LEAVES_THE_GRAPH = {"item", "float", "int", "bool", "numpy", "tolist", "complex", "array"}


@dataclass(frozen=True)
class Stage:
    """One thing to look at: a value as it is computed, the gradient as it comes back to it, or another call."""

    direction: str  # "forward", "backward" or "event"
    value: Any  # a `Value`; None for an event that is about no tensor in particular
    run: Pass | None = None  # backward: which pass
    event: Event | Step | None = None  # a call that made no value of the graph


@dataclass(frozen=True)
class Scene:
    """All that the views draw from: one run, at one grain, at one stage."""

    tape: Tape
    derivation: Derivation
    comparison: Comparison | None
    grain: str
    stages: tuple[Stage, ...]
    at: int  # index into stages

    @property
    def stage(self) -> Stage:
        return self.stages[self.at]

    @cached_property
    def value(self) -> Value | None:
        """What the picture is about: the stage's value; at a call that is not part of a graph, that of the stage before."""
        near = (*reversed(self.stages[: self.at + 1]), *self.stages[self.at + 1 :])
        return next((stage.value for stage in near if stage.direction != "event"), self.stage.value)

    @property
    def nodes(self) -> tuple[Value, ...]:
        """The values of the graph: in a block with several graphs that of this stage only."""
        shown = nodes(self.tape, self.grain)
        return shown if self.tape.block is None else tuple(v for v in shown if self._graphs.get(v) == self.part)

    @property
    def part(self) -> int | None:
        """Which of a block's graphs is shown."""
        return None if self.tape.block is None or self.value is None else self._graphs.get(self.value)

    @property
    def _graphs(self) -> dict[Value, int]:
        """By value: the number of its graph. Values belong together if one was computed from the other."""
        key = f"graphs at {self.grain}"
        if key not in self.tape.cache:
            self.tape.cache[key] = _connected(nodes(self.tape, self.grain), self.used_by)
        return self.tape.cache[key]

    @property
    def links(self) -> tuple[Link, ...]:
        """The edges of the pass that this stage belongs to or that came last before it."""
        return () if self.run is None else links(self.tape, self.grain, self.run)

    @cached_property
    def run(self) -> Pass | None:
        return next((s.run for s in reversed(self.stages[: self.at + 1]) if s.run is not None), None)

    @property
    def output_label(self) -> str:
        """What is differentiated, by name."""
        root = self.run.roots[0] if self.run is not None and self.run.roots else self.tape.output
        return root.label if isinstance(root, Value) else "output"

    def reached(self, value: Value, direction: str) -> bool:
        """Whether the stages so far showed this value (inputs have theirs from the start), or its gradient."""
        if direction == "forward" and (isinstance(value, Input) or value in self._before):
            return True
        return (value, direction) in self._so_far

    @cached_property
    def _so_far(self) -> dict[tuple[Value | None, str], Pass | None]:
        return {(stage.value, stage.direction): stage.run for stage in self.stages[: self.at + 1]}

    @cached_property
    def _before(self) -> frozenset[Value]:
        return frozenset(self.tape.earlier)

    def gradient(self, value: Value) -> torch.Tensor | None:
        """The adjoint that the last pass so far brought to a value; None before any did."""
        run = self._so_far.get((value, "backward"))
        return None if run is None else run.adjoints[value]

    def uses(self, value: Value) -> list[Link]:
        """The links through which a gradient comes back to a value."""
        return [link for link in self.links if link.input is value]

    def used_by(self, value: Value) -> list[Value]:
        """What a shown value was computed from, at this grain."""
        shown, found, waiting = set(nodes(self.tape, self.grain)), [], [value]
        while waiting:
            here = waiting.pop(0)
            for used in here.inputs if isinstance(here, Step) else ():
                if isinstance(used, Value) and used not in found:
                    found.append(used) if used in shown else waiting.append(used)
        return found


def stages(tape: Tape, grain: str) -> tuple[Stage, ...]:
    """Forward in the order of the code; backward the output first, the inputs when all their uses have reported."""
    shown = nodes(tape, grain)
    found = [(value.index, Stage("forward", value)) for value in shown if isinstance(value, Step) and value.index >= 0]
    for run in tape.passes:
        index = run.index if tape.block is not None else len(tape.steps) + len(tape.events)
        found += [(index, Stage("backward", value, run)) for value in _back(run, shown)]
    if tape.block is not None:
        found += [(event.index, Stage("event", event.on, event=event)) for event in tape.events if _tells(event)]
        found += [(step.index, Stage("event", life.of, event=step)) for step, life in _edits(tape, set(shown))]
    found.sort(key=lambda pair: pair[0])
    return tuple(stage for _, stage in found) or tuple(Stage("forward", value) for value in shown[:1])


def _back(run: Pass, shown: Iterable[Value]) -> list[Value]:
    order: dict[Any, int] = {step: place for place, step in enumerate(run.order)}
    reached = [value for value in shown if value in run.adjoints]
    steps = [value for value in reached if isinstance(value, Step)]
    leaves = [value for value in reached if isinstance(value, Input)]
    return [*sorted(steps, key=lambda step: order.get(step, len(order))), *leaves]


def _tells(event: Event) -> bool:
    if event.kind in LEAVES_THE_GRAPH:
        return event.on is not None and event.on.requires_grad
    return event.kind in TOLD


def _edits(tape: Tape, shown: set) -> Iterator[tuple[Step, Life]]:
    """In-place changes of a `.grad`, which is no value of the graph: `x.grad.zero_()`."""
    by_index = {change.index: life for life in tape.lives for change in life.changes}
    return ((step, by_index[step.index]) for step in tape.steps if step.index in by_index and step not in shown)


def _connected(values: Iterable[Value], used_by) -> dict[Value, int]:
    """The number of the connected part that each value is in."""
    neighbours = defaultdict(set)
    for value in values:
        neighbours[value] |= set()
        for used in used_by(value):
            neighbours[value].add(used)
            neighbours[used].add(value)
    found: dict[Value, int] = {}
    for number, value in enumerate(neighbours):
        waiting = [value] if value not in found else []
        while waiting:
            here = waiting.pop()
            if here not in found:
                found[here] = number
                waiting += neighbours[here]
    return found
