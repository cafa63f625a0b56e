"""The stages that a learner steps through: each value forward, then each gradient in the order of PyTorch's engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..comparison import Comparison
from ..derivation import Derivation
from ..grains import Link, links, nodes
from ..tape import Input, Step, Tape, Value


@dataclass(frozen=True)
class Stage:
    """One thing to look at: a value as it is computed, or the gradient as it comes back to it."""

    direction: str  # "forward" or "backward"
    value: Value


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

    @property
    def nodes(self) -> tuple[Value, ...]:
        return nodes(self.tape, self.grain)

    @property
    def links(self) -> tuple[Link, ...]:
        return links(self.tape, self.grain)

    @property
    def output_label(self) -> str:
        return self.tape.output.label if isinstance(self.tape.output, Value) else "output"

    def reached(self, value: Value, direction: str) -> bool:
        """Whether the stages so far showed this value (inputs have theirs from the start), or its gradient."""
        if direction == "forward" and isinstance(value, Input):
            return True
        return (value, direction) in self._so_far

    @cached_property
    def _so_far(self) -> set[tuple[Value, str]]:
        return {(stage.value, stage.direction) for stage in self.stages[: self.at + 1]}

    def uses(self, value: Value) -> list[Link]:
        """The links through which a gradient comes back to a value."""
        return [link for link in self.links if link.input is value]

    def used_by(self, value: Value) -> list[Value]:
        """What a shown value was computed from, at this grain."""
        shown, found, waiting = set(self.nodes), [], [value]
        while waiting:
            here = waiting.pop(0)
            for used in here.inputs if isinstance(here, Step) else ():
                if isinstance(used, Value) and used not in found:
                    found.append(used) if used in shown else waiting.append(used)
        return found


def stages(tape: Tape, grain: str) -> tuple[Stage, ...]:
    """Forward in the order of the code; backward the output first, the inputs when all their uses have reported."""
    shown = nodes(tape, grain)
    forward = [Stage("forward", value) for value in shown if isinstance(value, Step)]
    order = {index: place for place, index in enumerate(tape.engine_order)}
    steps = [value for value in shown if isinstance(value, Step) and value.adjoint is not None]
    back = sorted(steps, key=lambda step: order.get(step.index, len(order) - step.index))
    leaves = [value for value in shown if isinstance(value, Input) and value.adjoint is not None]
    return tuple(forward + [Stage("backward", value) for value in (*back, *leaves)]) or tuple(
        Stage("forward", value) for value in shown[:1]
    )
