"""Runs of one function that went the same way, side by side: their values, and what was computed from what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch

from ..tape import Tape
from ..values import Constant, Input, Step, Value
from .edits import Edge


class SideBySide:
    """The values of several runs by one index, each with one entry for each run."""

    def __init__(self, tapes: Sequence[Tape], target: int | None = None, stops: frozenset[int] = frozenset()):
        self.tapes = tapes
        self.tape = tapes[0]
        self.nodes: list[Value] = list(self.tape.values)
        self.across = [tape.values for tape in tapes]
        self._index = {id(value): i for i, value in enumerate(self.nodes)}
        self.target = self._index[id(self.tape.target)] if target is None else target
        self.stops = stops
        self._numbers: dict[int, torch.Tensor] = {}
        self._operands: dict[int, list[tuple[int, int]]] = {}
        self._below: dict[int, frozenset[int]] = {}

    @property
    def is_whole(self) -> bool:
        """Whether it starts at the output of a recorded function: then the function can be run again for comparison."""
        return self.nodes[self.target] is self.tape.output

    @cached_property
    def is_real(self) -> bool:
        return not any(value.value.is_complex() for value in self.nodes)

    def values(self, node: int) -> torch.Tensor:
        """The numbers of a value, one entry for each point."""
        if node not in self._numbers:
            self._numbers[node] = torch.stack([values[node].value.double() for values in self.across])
        return self._numbers[node]

    def is_step(self, node: int) -> bool:
        """Whether the chain goes on below this value."""
        return isinstance(self.nodes[node], Step) and node not in self.stops

    def is_input(self, node: int) -> bool:
        return isinstance(self.nodes[node], Input)

    def index(self, value: object) -> int | None:
        return self._index.get(id(value))

    def input(self, name: str) -> int:
        """The index of an input."""
        return self._index[id(self.tape.inputs[name])]

    def operands(self, node: int) -> list[tuple[int, int]]:
        """(position, value) of the operands that a gradient goes on to."""
        if node not in self._operands:
            self._operands[node] = list(self._found(node))
        return self._operands[node]

    def _found(self, node: int) -> Iterator[tuple[int, int]]:
        step = self.nodes[node]
        if isinstance(step, Step) and node not in self.stops and step.requires_grad:
            for position, used in enumerate(step.inputs):
                if isinstance(used, Value) and used.requires_grad and id(used) in self._index:
                    yield position, self._index[id(used)]

    def below(self, node: int) -> frozenset[int]:
        """Every value that this one was computed from and that a gradient goes back to, itself included."""
        if node not in self._below:
            found, waiting = set(), [node]
            while waiting:
                here = waiting.pop()
                if here not in found:
                    found.add(here)
                    waiting += [used for _, used in self.operands(here)]
            self._below[node] = frozenset(found)
        return self._below[node]

    @cached_property
    def steps(self) -> list[int]:
        """The steps on the way back, the output first."""
        on_the_way = self.below(self.target)
        return [i for i in range(len(self.nodes) - 1, -1, -1) if i in on_the_way and self.is_step(i)]

    @cached_property
    def uses(self) -> dict[int, list[Edge]]:
        """By value: the edges that bring a contribution to it."""
        found: dict[int, list[Edge]] = {}
        for node in self.steps:
            for position, used in self.operands(node):
                found.setdefault(used, []).append((node, position))
        return found

    @cached_property
    def cost(self) -> int:
        """How many numbers one row takes on its way back."""
        return len(self.tapes) * sum(
            self.nodes[edge[0]].value.numel() + self.nodes[used].value.numel()
            for used, edges in self.uses.items()
            for edge in edges
        )


def same_way(one: Tape, other: Tape) -> bool:
    """Whether two runs made the same calls on the same values, whatever the numbers."""
    return len(one.values) == len(other.values) and _wiring(one) == _wiring(other)


def _wiring(tape: Tape) -> list:
    if "wiring" not in tape.cache:
        index = {id(value): i for i, value in enumerate(tape.values)}
        tape.cache["wiring"] = [
            (
                step.op,
                tuple(step.value.shape),
                [None if isinstance(u, Constant) else index.get(id(u)) for u in step.inputs],
            )
            for step in tape.history
        ]
    return tape.cache["wiring"]
