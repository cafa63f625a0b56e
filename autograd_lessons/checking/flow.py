"""The chain rule of a recorded run at many points at once, once for each of many small changes made to it.

A row is the gradient as it would be with an `Edit`: other factors on some edges, an edge left out, contributions
multiplied. All rows go back through the run together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch

from ..replay import Replay, quiet, repeated
from ..tape import Constant, Input, Step, Tape, Value

MOST_BETWEEN = 100  # steps that a derivative of one value by another is followed through
Edge = tuple[int, int]  # the index of a step among the tape's values, and the position of one of its operands


@dataclass(frozen=True)
class Edit:
    """What is done otherwise on the way back. Tensors have one entry for each point, then the step's shape."""

    slopes: Mapping[Edge, torch.Tensor] = field(default_factory=dict)  # in place of a factor
    products: Mapping[Edge, Callable] = field(default_factory=dict)  # what is sent instead, from what has arrived
    scales: Mapping[Edge, torch.Tensor | float] = field(
        default_factory=dict
    )  # beside the factor; 0 leaves the edge out
    bypass: Mapping[int, float] = field(
        default_factory=dict
    )  # by value: its derivative for all inputs below, whatever it is
    extra: Mapping[int, float] = field(default_factory=dict)  # by value: what is added to its derivative
    multiplied: frozenset[int] = frozenset()  # values whose contributions are multiplied

    def __or__(self, other: Edit) -> Edit:
        scales = {edge: _times(self.scales.get(edge), other.scales.get(edge)) for edge in {*self.scales, *other.scales}}
        return Edit(
            {**self.slopes, **other.slopes}, {**self.products, **other.products}, scales, {**self.bypass, **other.bypass},
            {**self.extra, **other.extra}, self.multiplied | other.multiplied,
        )  # fmt: skip

    @property
    def places(self) -> frozenset:
        """What is replaced: two edits that replace the same cannot both be made."""
        return frozenset((*self.slopes, *self.products, *self.bypass, *self.multiplied))


def _times(one: torch.Tensor | float | None, other: torch.Tensor | float | None) -> torch.Tensor | float:
    if one is None or other is None:
        return other if one is None else one  # pyright: ignore
    return one * other


class Flow:
    """Runs of one function that went the same way, side by side."""

    def __init__(self, tapes: Sequence[Tape], target: int | None = None, stops: frozenset[int] = frozenset()):
        self.tapes = tapes
        self.tape = tapes[0]
        self.nodes: list[Value] = list(self.tape.values)
        self.across = [tape.values for tape in tapes]
        self._index = {id(value): i for i, value in enumerate(self.nodes)}
        self.target = self._index[id(self.tape.target)] if target is None else target
        self.stops = stops
        self._numbers: dict[int, torch.Tensor] = {}
        self._replays: dict[int, list[Replay]] = {}
        self._slopes: dict[int, dict[int, torch.Tensor]] = {}
        self._below: dict[int, frozenset[int]] = {}
        self._derivatives: dict[tuple[int, int], torch.Tensor | None] = {}

    @property
    def is_whole(self) -> bool:
        """Whether it starts at the output of a recorded function: then the function can be run again for comparison."""
        return self.nodes[self.target] is self.tape.output

    @cached_property
    def is_real(self) -> bool:
        return not any(value.value.is_complex() for value in self.nodes)

    # ------------------------------------------------------------------ the recorded values
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
        step = self.nodes[node]
        if not isinstance(step, Step) or node in self.stops or not step.requires_grad:
            return []
        return [
            (position, self._index[id(used)])
            for position, used in enumerate(step.inputs)
            if isinstance(used, Value) and used.requires_grad and id(used) in self._index
        ]

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

    # ------------------------------------------------------------------ local derivatives
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
            o.detach().clone().requires_grad_(p in wanted) if isinstance(o, torch.Tensor) else o
            for p, o in enumerate(operands)
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
                    (used.value if place == position else change(used.value)).detach().clone()
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

    # ------------------------------------------------------------------ back through the run
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
        touched = _by_place(edits)
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


def _by_place(edits: Sequence[Edit]) -> dict[str, dict]:
    """By kind and place what is changed there, each change with the rows that make it."""
    found: dict[str, dict] = {kind: {} for kind in ("slopes", "products", "scales", "bypass", "extra", "multiplied")}
    for row, edit in enumerate(edits):
        for kind in ("slopes", "products", "scales", "bypass", "extra"):
            for place, change in getattr(edit, kind).items():
                found[kind].setdefault(place, {}).setdefault(id(change), ([], change))[0].append(row)
        for place in edit.multiplied:
            found["multiplied"].setdefault(place, {}).setdefault(0, ([], None))[0].append(row)
    return {
        kind: {place: list(changes.values()) for place, changes in places.items()} for kind, places in found.items()
    }


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
