"""What a generator of slips looks at: the run's chain rule at all points, and what each part of it does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import torch

from ...tape import Constant, Step
from ..flow import Edge, Flow
from ..words import Words

LINEAR = {
    "add", "sub", "rsub", "neg", "sum", "mean", "clone", "double", "float", "to", "type", "contiguous", "expand",
    "flatten", "reshape", "squeeze", "unsqueeze", "view", "t", "transpose", "permute", "getitem", "unbind", "stack", "cat",
}  # fmt: skip
PRODUCTS = {"mul", "matmul", "mm", "mv", "dot", "linear", "bmm", "inner", "outer"}


class Sight:
    """A flow, the words for it, and the inputs that an answer is for."""

    def __init__(self, flow: Flow, words: Words, leaves: Mapping[str, int]):
        self.flow = flow
        self.words = words
        self.leaves = {name: node for name, node in leaves.items() if node in flow.below(flow.target)}

    @cached_property
    def steps(self) -> list[int]:
        """The steps between an input and the output, the output first."""
        inputs = set(self.leaves.values())
        return [node for node in self.flow.steps if self.flow.below(node) & inputs]

    @cached_property
    def edges(self) -> list[Edge]:
        """The edges on the way to an input."""
        inputs = set(self.leaves.values())
        return [
            (node, position)
            for node in self.steps
            for position, used in self.flow.operands(node)
            if self.flow.below(used) & inputs
        ]

    def op(self, node: int) -> str:
        step = self.flow.nodes[node]
        return step.op.rstrip("_") if isinstance(step, Step) else ""

    def used(self, edge: Edge) -> int:
        """The value at the lower end of an edge."""
        return dict(self.flow.operands(edge[0]))[edge[1]]

    def depends(self, node: int) -> bool:
        """Whether a value depends on an input that is asked for."""
        return bool(self.flow.below(node) & set(self.leaves.values()))

    def constant(self, node: int, position: int) -> object | None:
        """The operand at a position, where no gradient goes on to it: a number, or a tensor of numbers."""
        step = self.flow.nodes[node]
        assert isinstance(step, Step)
        used = step.inputs[position] if position < len(step.inputs) else None
        if isinstance(used, Constant):
            return used.value
        return None

    def is_linear(self, edge: Edge) -> bool:
        """Whether the step is linear in this operand and nothing else of it depends on an input that is asked for."""
        node, position = edge
        op, step = self.op(node), self.flow.nodes[node]
        assert isinstance(step, Step)
        if op in LINEAR:
            return True
        others = [used for p, used in self.flow.operands(node) if p != position and self.depends(used)]
        return (op in PRODUCTS and not others) or (op == "div" and position == 0 and not others)

    def is_constant_one(self, slope: torch.Tensor) -> bool:
        return bool(((slope - 1).abs() < 1e-12).all())

    @cached_property
    def outside(self) -> set[int]:
        """The values that only linear steps lie above: a factor there is no inner derivative."""
        found = {self.flow.target}
        for node in self.steps:
            uses = self.flow.uses.get(node, [])
            if uses and all(parent in found and self.is_linear((parent, position)) for parent, position in uses):
                found.add(node)
        return found

    def curved_below(self, node: int) -> int:
        """How many steps with a slope of their own lie at and below a value: what a dropped inner derivative is made of."""
        return sum(
            1
            for below in self.flow.below(node)
            if self.flow.is_step(below)
            and any(
                not self.is_linear((below, p)) or self.op(below) in PRODUCTS
                for p, u in self.flow.operands(below)
                if self.depends(u)
            )
        )
