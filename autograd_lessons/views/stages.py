"""The stages that a learner steps through: each value forward, then each gradient in the order of PyTorch's engine.

In a recorded block passes follow each other, and between them stand the calls that change a `.grad`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch

from ..clinic import Finding
from ..comparison import Comparison
from ..derivation import Derivation
from ..grains import Folded, Link, Stretch, links, nodes, stretch_of, used_by
from ..life import Life
from ..tape import Event, Pass, Tape
from ..values import Input, Step, Value
from .names import distinct
from .numbers import title
from .parts import part_of, pass_to

TOLD = {  # events that are stages of their own
    "set grad", "zero_grad", "optimizer.step", "requires_grad_", "set requires_grad", "retain_grad", "register_hook",
}  # fmt: skip
LEAVES_THE_GRAPH = {"item", "float", "int", "bool", "numpy", "tolist", "complex", "array"}


class Stage(NamedTuple):
    """One thing to look at: a value as it is computed, the gradient as it comes back to it, or another call."""

    direction: str  # "forward", "backward" or "event"
    value: Any  # a `Value`; None for an event that is about no tensor in particular
    run: Pass | None = None  # backward: which pass
    event: Event | Step | None = None  # a call that made no value of the graph


@dataclass(eq=False)
class Scene:
    """All that the views draw from: one run, at one grain, at one stage."""

    tape: Tape
    derivation: Derivation
    comparison: Comparison | None
    grain: str
    stages: tuple[Stage, ...]
    at: int  # index into stages
    seen: int | None = None  # so many stages may be seen, since the next one is still to be predicted; None: all

    def moved(self, at: int) -> Scene:
        """The same run at another stage."""
        return Scene(self.tape, self.derivation, self.comparison, self.grain, self.stages, at, self.seen)

    @property
    def stage(self) -> Stage:
        return self.stages[self.at]

    @property
    def is_asked(self) -> bool:
        """Whether this stage's number is still to be predicted."""
        return self.seen is not None and self.at >= self.seen

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be predicted. What tells of the whole run is shown then only."""
        return self.seen is None or self.seen >= len(self.stages)

    @property
    def verdict(self) -> Comparison | None:
        """The comparison, once it gives nothing away."""
        return self.comparison if self.is_whole else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What went wrong in silence, once it gives nothing away."""
        return self.tape.findings if self.is_whole else ()

    @property
    def first_hidden(self) -> Stage | None:
        """The stage whose number is asked next."""
        return None if self.is_whole else self.stages[self.seen]  # pyright: ignore

    @cached_property
    def _anchor(self) -> Stage:
        """The stage that the picture is about: at a call that is not part of a graph, the one before."""
        near = (*reversed(self.stages[: self.at + 1]), *self.stages[self.at + 1 :])
        return next((stage for stage in near if stage.direction != "event"), self.stage)

    @cached_property
    def shown_pass(self) -> Pass | None:
        """The pass whose graph is shown: of a value as it is computed, the first one that came to it later."""
        value = self._anchor.value
        return self._anchor.run or (None if value is None else pass_to(self.tape, self.grain, value))

    @cached_property
    def part(self) -> tuple[Value, ...] | None:
        """Of a block, which has many graphs, the values of the one that is shown."""
        if self.tape.block is None:
            return None
        value = self._anchor.value
        return () if value is None else part_of(self.tape, self.grain, value, self.shown_pass)

    @property
    def nodes(self) -> tuple[Value, ...]:
        """The values of the graph: in a block with several graphs that of this stage only."""
        return nodes(self.tape, self.grain) if self.part is None else self.part

    @cached_property
    def _names(self) -> dict[Value, str]:
        return {} if self.part is None else distinct(self.part, self.tape)

    def label(self, value: Value) -> str:
        """What formulas call a value."""
        return self._names.get(value, value.label)

    def title(self, value: Value) -> str:
        """What the node of a value is called."""
        stretch = self.behind(value)
        if stretch is not None and value.name is None and value is not self.tape.output:
            return f"result of {stretch.name}"
        return self._names.get(value) or title(value)

    def behind(self, value: Value) -> Stretch | None:
        """The closed stretch that a value comes out of."""
        return stretch_of(self.tape, self.grain, value)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Labels that formulas do not show, by what they show instead."""
        return {value.label: name for value, name in self._names.items() if value.label != name}

    @property
    def kept(self) -> dict[Any, Any]:
        """A place for what need not be made again: at the next tick of a slider, or, of a block, when it is drawn again."""
        if isinstance(self.grain, Folded):
            here = self.tape.cache.get("kept")
            if here is None or here[0] != self.grain:  # a loop has thousands of rounds to look at: of one it is kept
                here = self.tape.cache["kept"] = (self.grain, {})
            return here[1]
        return self.derivation.kept if self.tape.block is None else self.tape.cache

    @property
    def links(self) -> tuple[Link, ...]:
        """The edges of the pass that this stage belongs to or that came last before it."""
        return () if self.run is None else links(self.tape, self.grain, self.run)

    @cached_property
    def run(self) -> Pass | None:
        before = reversed(self.stages[: self.at])
        return self.stage.run or next((stage.run for stage in before if stage.run is not None), None)

    @property
    def output_label(self) -> str:
        """What is differentiated, by name."""
        root = self.run.roots[0] if self.run is not None and self.run.roots else self.tape.output
        return self.label(root) if isinstance(root, Value) else "output"

    def reached(self, value: Value, direction: str) -> bool:
        """Whether the stages so far showed this value (inputs have theirs from the start), or its gradient."""
        if direction == "forward" and (isinstance(value, Input) or value in self._before):
            return True
        return (value, direction) in self._so_far

    @cached_property
    def _so_far(self) -> dict[tuple[Value | None, str], Pass | None]:
        so_far = self.stages[: self.at + 1 if self.seen is None else min(self.at + 1, self.seen)]
        return {(stage.value, stage.direction): stage.run for stage in so_far}

    @cached_property
    def _before(self) -> frozenset[Value]:
        return frozenset(self.tape.earlier)

    def gradient(self, value: Value) -> torch.Tensor | None:
        """The adjoint that the pass on show has brought to a value so far; None before it did."""
        here = self.stage
        is_here = here.value is value and here.direction == "backward" and not self.is_asked
        run = here.run if is_here else self._so_far.get((value, "backward"))
        return (
            None if run is None or (self.tape.block is not None and run is not self.shown_pass) else run.adjoints[value]
        )

    def uses(self, value: Value) -> list[Link]:
        """The links through which a gradient comes back to a value."""
        return [link for link in self.links if link.input is value]

    def used_by(self, value: Value) -> list[Value]:
        """What a shown value was computed from, at this grain."""
        return used_by(self.tape, self.grain, value)


def stages(tape: Tape, grain: str) -> tuple[Stage, ...]:
    """Forward in the order of the code; backward the output first, the inputs when all their uses have reported."""
    shown = nodes(tape, grain)
    found = [(value.index, Stage("forward", value)) for value in shown if isinstance(value, Step) and value.index >= 0]
    for run in tape.passes:
        index = run.index if tape.block is not None else len(tape.steps) + len(tape.events)
        found += [(index, Stage("backward", value, run)) for value in _back(run, shown)]
    if tape.block is not None:
        found += [(event.index, Stage("event", event.on, event=event)) for event in _told(tape)]
        found += [(step.index, Stage("event", life.of, event=step)) for step, life in _edits(tape, set(shown))]
    found.sort(key=lambda pair: pair[0])
    return tuple(stage for _, stage in found) or tuple(Stage("forward", value) for value in shown[:1])


def _back(run: Pass, shown: Iterable[Value]) -> list[Value]:
    """The values that a pass reached; of one that failed before it left its roots there is nothing to show."""
    if run.failed and run.adjoints.keys() <= set(run.roots):
        return []
    order: dict[Any, int] = {step: place for place, step in enumerate(run.order)}
    reached = [value for value in shown if value in run.adjoints]
    steps = [value for value in reached if isinstance(value, Step)]
    leaves = [value for value in reached if isinstance(value, Input)]
    return [*sorted(steps, key=lambda step: order.get(step, len(order))), *leaves]


def _told(tape: Tape) -> list[Event]:
    """The calls that are worth a stage; what a module asks of each of its parameters in turn is one call."""
    graphs = [step.index for step in tape.steps if step.requires_grad] + [run.index for run in tape.passes]
    last = max(graphs, default=-1)
    return [
        event
        for before, event in zip((None, *tape.events), tape.events)
        if _tells(event, last) and not (before is not None and _goes_on(before, event))
    ]


def _goes_on(before: Event, event: Event) -> bool:
    """Whether a call belongs to the same `model.requires_grad_(False)` as the one before."""
    same = (before.kind, before.source, before.index + 1) == ("requires_grad_", event.source, event.index)
    return same and event.kind == before.kind


def _tells(event: Event, last: int) -> bool:
    """Whether a call is worth a stage; a number that is read when no graph is used any more cuts nothing off."""
    if event.kind in LEAVES_THE_GRAPH:
        return event.on is not None and event.on.requires_grad and event.index < last
    return event.kind in TOLD


def _edits(tape: Tape, shown: set) -> Iterator[tuple[Step, Life]]:
    """In-place changes of a `.grad`, which is no value of the graph: `x.grad.zero_()`."""
    by_index = {change.index: life for life in tape.lives for change in life.changes}
    return ((step, by_index[step.index]) for step in tape.steps if step.index in by_index and step not in shown)
