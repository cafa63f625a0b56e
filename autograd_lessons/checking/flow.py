"""The chain rule of a recorded run at many points at once, once for each of many small changes made to it.

A row is the gradient as it would be with an `Edit`: other factors on some edges, an edge left out, contributions
multiplied. All rows go back through the run together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch

from ..tape import Tape
from .edits import Edge, Edit, by_place
from .local import Local
from .side_by_side import same_way

__all__ = ["Edge", "Edit", "Flow", "same_way"]

MOST_BETWEEN = 100  # steps that a derivative of one value by another is followed through


class Flow(Local):
    """The way back through runs side by side."""

    def __init__(self, tapes: Sequence[Tape], target: int | None = None, stops: frozenset[int] = frozenset()):
        super().__init__(tapes, target, stops)
        self._derivatives: dict[tuple[int, int], torch.Tensor | None] = {}

    @cached_property
    def true(self) -> dict[int, torch.Tensor]:
        """∂output/∂value at every point, for every value on the way."""
        return {node: adjoint[0] for node, adjoint in self._back([Edit()], self.target, keep=True).items()}

    def gradients(self, edits: Sequence[Edit], root: int | None = None) -> dict[int, torch.Tensor]:
        """By leaf: the derivative of the root (the output if none is named), one row for each edit."""
        return self._back(edits, self.target if root is None else root, keep=False)

    def derivative(self, root: int, leaf: int) -> torch.Tensor | None:
        """∂root/∂leaf elementwise, where both have the same shape or are single numbers.

        None where it is a full Jacobian, and where too many steps lie between.
        """
        if (root, leaf) not in self._derivatives:
            self._derivatives[root, leaf] = self._derivative(root, leaf)
        return self._derivatives[root, leaf]

    def _derivative(self, root: int, leaf: int) -> torch.Tensor | None:
        if root == leaf:
            return torch.ones_like(self.values(leaf))
        between = self.between(root, leaf)
        same = self.nodes[root].value.shape == self.nodes[leaf].value.shape
        if not between or not same or len(between) > MOST_BETWEEN:
            return None
        single = all(self.nodes[node].value.numel() == 1 for node in (*between, leaf))
        if not single and not all(self.is_pointwise(node) for node in between):
            return None
        made = self._back([Edit()], root, keep=True).get(leaf)
        return None if made is None else made[0]

    def between(self, root: int, leaf: int) -> list[int]:
        """The steps that lead from a value down to another one, the root last; none where it does not depend on it."""
        found, dependent = [], {leaf}
        for node in sorted(self.below(root)):
            if any(used in dependent for _, used in self.operands(node)):
                dependent.add(node)
                found.append(node)
        return found if root in dependent else []

    def _back(self, edits: Sequence[Edit], root: int, keep: bool) -> dict[int, torch.Tensor]:
        rows = len(edits)
        arrived: dict[int, list[torch.Tensor]] = {
            root: [torch.ones((rows, len(self.tapes), *self.nodes[root].value.shape), dtype=torch.float64)]
        }
        beside: dict[int, torch.Tensor] = {}  # what edits bring to a leaf past the edges
        touched = by_place(edits)
        finished: dict[int, torch.Tensor] = {}
        waiting = sorted(self.below(root), reverse=True)
        for node in sorted(waiting, key=self.is_step, reverse=True):  # leaves come last
            if node not in arrived and node not in beside:
                continue
            adjoint = self._together(node, arrived.pop(node, []), beside.get(node), touched["multiplied"].get(node, ()))
            if keep or not self.is_step(node):
                finished[node] = adjoint
            if self.is_step(node):
                for used, product in self._sent(node, adjoint, touched):
                    parts = arrived.setdefault(used, [])
                    if parts and used not in touched["multiplied"]:
                        parts[0] += product  # many contributions would take much memory
                    else:
                        parts.append(product)
                self._past_the_edges(node, adjoint, touched, beside)
        return finished

    def _together(
        self, node: int, parts: list[torch.Tensor], beside: torch.Tensor | None, multiplied: Sequence
    ) -> torch.Tensor:
        total = parts[0] if parts else torch.zeros(())
        for part in parts[1:]:
            total = total + part
        if multiplied and len(parts) > 1:
            total = total.clone()
            for rows, _ in multiplied:
                each = torch.stack([part[rows] for part in parts])
                total[rows] = torch.where((each == 0).all(0), 0.0, torch.where(each == 0, 1.0, each).prod(0))
        return total if beside is None else total + beside

    def _sent(self, node: int, adjoint: torch.Tensor, touched: dict) -> list[tuple[int, torch.Tensor]]:
        """What a step sends back along each of its edges."""
        sent = []
        slopes = self.slopes(node)
        pulled = {} if slopes else self.pulled_back(node, adjoint)
        for position, used in self.operands(node):
            edge, shape = (node, position), self.nodes[used].value.shape
            if position in slopes:
                product = adjoint * slopes[position]
            elif position in pulled:
                product = pulled[position].clone()  # an expanded tensor cannot be written to
            else:
                continue
            for rows, slope in touched["slopes"].get(edge, ()):
                product[rows] = _summed(_spread(adjoint[rows], slope) * slope, product.shape[2:])
            for rows, scale in touched["scales"].get(edge, ()):
                product[rows] = product[rows] * scale
            product = _summed(product, shape)
            for rows, instead in touched["products"].get(edge, ()):
                product[rows] = instead(adjoint[rows])
            for rows, _ in touched["bypass"].get(node, ()):
                product[rows] = 0.0
            sent.append((used, product))
        return sent

    def _past_the_edges(self, node: int, adjoint: torch.Tensor, touched: dict, beside: dict[int, torch.Tensor]) -> None:
        changes = (*touched["bypass"].get(node, ()), *touched["extra"].get(node, ()))
        for leaf in self._leaves(node) if changes else ():
            shape = self.nodes[leaf].value.shape
            if not _fits(self.nodes[node].value.shape, shape):
                continue
            if leaf not in beside:
                beside[leaf] = torch.zeros((*adjoint.shape[:2], *shape), dtype=torch.float64)
            for rows, slope in changes:
                beside[leaf][rows] += _summed(adjoint[rows] * slope, shape)

    def _leaves(self, node: int) -> list[int]:
        return [n for n in self.below(node) if not self.is_step(n)]


def _spread(adjoint: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """The adjoint of one number, in the shape of what stands beside it."""
    more = slope.ndim + 1 - adjoint.ndim
    return adjoint.reshape(*adjoint.shape[:2], *(1,) * more) if more > 0 else adjoint


def _fits(own: torch.Size, shape: torch.Size) -> bool:
    """Whether what has one shape can be spread out or added up to another."""
    return (
        own.numel() == 1
        or len(own) >= len(shape)
        and all(size in (1, there) for size, there in zip(reversed(shape), reversed(own)))
    )


def _summed(product: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """In an operand's shape: what was spread out is added up again, one number is spread out. Rows and points come first."""
    rows, own = product.shape[:2], product.shape[2:]
    if own == shape:
        return product
    if own.numel() == 1:
        return product.reshape(*rows, *(1,) * len(shape)).expand(*rows, *shape).clone()
    extra = len(own) - len(shape)
    product = product.sum(dim=tuple(range(2, 2 + extra))) if extra else product
    ones = tuple(2 + i for i, size in enumerate(shape) if size == 1 and product.shape[2 + i] != 1)
    return product.sum(dim=ones, keepdim=True) if ones else product
