"""The local derivatives of runs side by side: what each step makes of a gradient, and what it would make of it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ..elements import copy_of
from ..replay import Replay, quiet, repeated
from ..tape import Tape
from ..values import Step
from .edits import Edge
from .side_by_side import SideBySide


class Local(SideBySide):
    """∂step/∂operand at every point: elementwise where it is, else as what the step sends back."""

    def __init__(self, tapes: Sequence[Tape], target: int | None = None, stops: frozenset[int] = frozenset()):
        super().__init__(tapes, target, stops)
        self._replays: dict[int, list[Replay]] = {}
        self._slopes: dict[int, dict[int, torch.Tensor]] = {}

    def is_pointwise(self, node: int) -> bool:
        step = self.nodes[node]
        return isinstance(step, Step) and bool(self.slopes(node))

    def slopes(self, node: int) -> dict[int, torch.Tensor]:
        """By position: ∂step/∂operand elementwise at every point; empty for a step that is not elementwise."""
        if node not in self._slopes:
            self._slopes[node] = self._side_by_side(node) or self._one_by_one(node)
        return self._slopes[node]

    def slope(self, edge: Edge) -> torch.Tensor | None:
        return self.slopes(edge[0]).get(edge[1])

    def called_with(self, node: int) -> list | None:
        """The operands of an elementwise step at every point: tensors in the step's shape, numbers as they are."""
        step = self.nodes[node]
        assert isinstance(step, Step)
        if not step.pointwise:
            return None
        operands, shape = [], step.value.shape
        for place, used in enumerate(step.inputs):
            if not isinstance(used.value, torch.Tensor):
                same = all(values[node].inputs[place].value == used.value for values in self.across)  # pyright: ignore
                if not same:
                    return None
                operands.append(used.value)
                continue
            here = [values[node].inputs[place].value for values in self.across]  # pyright: ignore
            operands.append(torch.stack([number.expand(shape) for number in here]))
        return operands

    def slope_at(self, edge: Edge, operand: torch.Tensor) -> torch.Tensor | None:
        """The factor of an edge as it would be with another number in place of its operand."""
        node, position = edge
        operands = self.called_with(node)
        if operands is None:
            return None
        try:
            operand = operand.expand(operands[position].shape)
        except RuntimeError:
            return None
        return self._derive(node, [operand if p == position else o for p, o in enumerate(operands)]).get(position)

    def result_at(self, edge: Edge, operand: torch.Tensor) -> torch.Tensor | None:
        """The step's value as it would be with another number in place of the operand."""
        node, position = edge
        operands = self.called_with(node)
        if operands is None or operand.shape != operands[position].shape:
            return None
        tensors = [operand if p == position else o for p, o in enumerate(operands) if isinstance(o, torch.Tensor)]
        return repeated(self.nodes[node].call, tensors).detach()  # pyright: ignore

    def _side_by_side(self, node: int) -> dict[int, torch.Tensor]:
        operands = self.called_with(node)
        return {} if operands is None else self._derive(node, operands)

    def _derive(self, node: int, operands: list) -> dict[int, torch.Tensor]:
        step = self.nodes[node]
        assert isinstance(step, Step)
        wanted = {position for position, _ in self.operands(node)}
        copies = [
            copy_of(o).requires_grad_(p in wanted) if isinstance(o, torch.Tensor) else o for p, o in enumerate(operands)
        ]
        tensors = [o for o in copies if isinstance(o, torch.Tensor)]
        try:
            result = repeated(step.call, tensors)
        except (RuntimeError, TypeError, ValueError, IndexError):
            return {}
        if result.shape != (len(self.tapes), *step.value.shape) or not result.requires_grad:
            return {}
        flows = [copies[p] for p in sorted(wanted)]
        made = torch.autograd.grad(result, flows, torch.ones_like(result), allow_unused=True)
        return {p: slope.detach().double() for p, slope in zip(sorted(wanted), made) if slope is not None}

    def _one_by_one(self, node: int) -> dict[int, torch.Tensor]:
        slopes = [values[node].slopes for values in self.across]  # pyright: ignore
        return {p: torch.stack([one[p].double() for one in slopes]) for p in slopes[0] if all(p in s for s in slopes)}

    def pulled_back(self, node: int, adjoints: torch.Tensor) -> dict[int, torch.Tensor]:
        """What a step that is not elementwise sends back, by position, for every row and point."""
        if node not in self._replays:
            made = []
            for values in self.across:
                step = values[node]
                assert isinstance(step, Step)
                made.append(Replay(step.call, step.inputs, step.pointwise))
            self._replays[node] = made
        sent: dict[int, list[torch.Tensor]] = {}
        for point, replay in enumerate(self._replays[node]):
            if replay.result is None:
                continue
            vectors = adjoints[:, point].to(replay.result.dtype)
            with quiet():
                products = torch.autograd.grad(
                    replay.result, replay.flows, vectors, retain_graph=True, allow_unused=True, is_grads_batched=True
                )
            for position, product in zip(replay.positions, products):
                if product is not None:
                    sent.setdefault(position, []).append(product.detach().double())
        return {position: torch.stack(parts, 1) for position, parts in sent.items() if len(parts) == len(self.tapes)}

    def sent_with(self, node: int, position: int, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable:
        """What a step would send to one operand if the others were changed, as a function of what arrives."""

        def sent(adjoint: torch.Tensor) -> torch.Tensor:
            made = []
            for point, values in enumerate(self.across):
                step = values[node]
                assert isinstance(step, Step)
                tensors = [
                    copy_of(used.value if place == position else change(used.value))
                    for place, used in enumerate(step.inputs)
                    if isinstance(used.value, torch.Tensor)
                ]
                here = sum(isinstance(used.value, torch.Tensor) for used in step.inputs[:position])
                tensors[here].requires_grad_()
                result = repeated(step.call, tensors)
                vectors = adjoint[:, point].to(result.dtype)
                with quiet():
                    (product,) = torch.autograd.grad(result, [tensors[here]], vectors, is_grads_batched=True)
                made.append(product.double())
            return torch.stack(made, 1)

        return sent
