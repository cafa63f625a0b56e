"""What a generator of slips looks at: the run's chain rule at all points, and what each part of it does."""

from __future__ import annotations

import itertools
from functools import cached_property

import torch

from ...rules import PIECEWISE
from ...values import Constant, Step
from ..flow import Edge, Flow
from ..words import Words

MOST_STEPS = 40  # in which slips are looked for
MOST_DEEP = 3  # products inside each other that are taken for one with more factors
LINEAR = {
    "add", "sub", "rsub", "neg", "sum", "mean", "clone", "double", "float", "to", "type", "contiguous", "expand",
    "flatten", "reshape", "squeeze", "unsqueeze", "view", "t", "transpose", "permute", "getitem", "unbind", "stack", "cat",
}  # fmt: skip
PRODUCTS = {"mul", "matmul", "mm", "mv", "dot", "linear", "bmm", "inner", "outer"}


class Sight:
    """A flow, the words for it, and the input that an answer is for."""

    def __init__(self, flow: Flow, words: Words, leaf: int):
        self.flow = flow
        self.words = words
        self.leaf = leaf

    @cached_property
    def _dependent(self) -> frozenset[int]:
        """The values that depend on the input."""
        found = {self.leaf}
        for node in reversed(self.flow.steps):  # from the input on
            if any(used in found for _, used in self.flow.operands(node)):
                found.add(node)
        return frozenset(found)

    @cached_property
    def steps(self) -> list[int]:
        """The steps between the input and the output, the output first; of a long run those next to the two ends."""
        between = [node for node in self.flow.steps if self.depends(node)]
        return between if len(between) <= MOST_STEPS else between[: MOST_STEPS // 2] + between[-MOST_STEPS // 2 :]

    @cached_property
    def edges(self) -> list[Edge]:
        """The edges on the way to the input."""
        return [(node, p) for node in self.steps for p, used in self.flow.operands(node) if self.depends(used)]

    def sources(self, node: int) -> set[int]:
        """Every value that this one was computed from, past the values at which the chain ends."""
        found, waiting = set(), [node]
        while waiting:
            step = self.flow.nodes[waiting.pop()]
            for used in step.inputs if isinstance(step, Step) else ():
                index = self.flow.index(used)
                if index is not None and index not in found and used.requires_grad:
                    found.add(index)
                    waiting.append(index)
        return found

    def is_branching(self, node: int) -> bool:
        """Whether the step's slope says which way it went, and no more: what is forgotten there is a branch."""
        return self.op(node) in PIECEWISE

    def op(self, node: int) -> str:
        step = self.flow.nodes[node]
        return step.op.rstrip("_") if isinstance(step, Step) else ""

    def used(self, edge: Edge) -> int:
        """The value at the lower end of an edge."""
        return dict(self.flow.operands(edge[0]))[edge[1]]

    def depends(self, node: int) -> bool:
        """Whether a value depends on the input."""
        return node in self._dependent

    def is_linear(self, edge: Edge) -> bool:
        """Whether the step is linear in this operand and nothing else of it depends on the input."""
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

    def curved(self, node: int) -> bool:
        """Whether a step has a slope of its own, which an inner derivative is made of."""
        return (
            self.flow.is_step(node)
            and not self.is_branching(node)
            and any(
                not self.is_linear((node, p)) or self.op(node) in PRODUCTS
                for p, used in self.flow.operands(node)
                if self.depends(used)
            )
        )

    def is_one_layer(self, node: int) -> bool:
        """Whether a learner counts one factor of the chain between a value and the input, or none."""
        between = (self.flow.below(node) & self._dependent) - {node}
        if not any(self.is_named(n) for n in between if n != self.leaf):
            return True
        curved = (n for n in (node, *between) if self.curved(n))
        return len(list(itertools.islice(curved, 2))) < 2

    def inside(self, node: int) -> int:
        """The operand of the nearest function around a step: for the product in sin(3·x + 1) all of 3·x + 1."""
        while len(self.flow.uses.get(node, ())) == 1:
            (edge,) = self.flow.uses[node]
            if not self.is_linear(edge):
                break
            node = edge[0]
        return node

    def is_named(self, node: int) -> bool:
        value = self.flow.nodes[node]
        return value.name is not None and value.depth == 0

    def is_bottleneck(self, node: int, root: int | None = None) -> bool:
        """Whether every path from the root, which is the output if none is named, down to the input leads through a value."""
        found, waiting = set(), [self.flow.target if root is None else root]
        while waiting:
            here = waiting.pop()
            if here == self.leaf:
                return False
            if here != node and here not in found:
                found.add(here)
                waiting += [used for _, used in self.flow.operands(here)]
        return True

    def shared_below(self, node: int) -> list[int]:
        """The values that all of a step depends on and that are used more than once for it: the input, or one above it."""
        inside = self.flow.below(node)
        shared = [
            value
            for value in inside & self._dependent
            if value not in (node, self.leaf)
            and sum(edge[0] in inside for edge in self.flow.uses.get(value, ())) > 1
            and self.is_bottleneck(value, node)
        ]
        return [self.leaf, *sorted(shared)]

    def is_number(self, node: int, position: int) -> bool:
        """Whether an operand is a number that stands in the code, and no value with a name."""
        step = self.flow.nodes[node]
        assert isinstance(step, Step)
        return isinstance(step.inputs[position], Constant)
