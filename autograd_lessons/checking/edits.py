"""What is done otherwise on the way back through a run: a slip, as a change made to the chain rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

Edge = tuple[int, int]  # the index of a step among the tape's values, and the position of one of its operands

Number = torch.Tensor | float


@dataclass(frozen=True)
class Edit:
    """What is done otherwise on the way back. Tensors have one entry for each point, then the step's shape."""

    slopes: Mapping[Edge, torch.Tensor] = field(default_factory=dict)  # in place of a factor
    products: Mapping[Edge, Callable] = field(default_factory=dict)  # what is sent instead, from what has arrived
    scales: Mapping[Edge, Number] = field(default_factory=dict)  # beside the factor; 0 leaves the edge out
    bypass: Mapping[int, Number] = field(default_factory=dict)  # by value: its derivative for all inputs below
    extra: Mapping[int, Number] = field(default_factory=dict)  # by value: what is added to its derivative
    multiplied: frozenset[int] = frozenset()  # values whose contributions are multiplied

    def __or__(self, other: Edit) -> Edit:
        scales = {edge: _times(self.scales.get(edge), other.scales.get(edge)) for edge in {*self.scales, *other.scales}}
        return Edit(
            {**self.slopes, **other.slopes}, {**self.products, **other.products}, scales, {**self.bypass, **other.bypass},
            {**self.extra, **other.extra}, self.multiplied | other.multiplied,
        )  # fmt: skip

    def at_first(self) -> Edit | None:
        """The same for the first point alone; None where what is sent instead is known for all of them together."""
        if self.products:
            return None
        slopes = {edge: slope[:1] for edge, slope in self.slopes.items()}
        return Edit(slopes, {}, _first(self.scales), _first(self.bypass), _first(self.extra), self.multiplied)

    @property
    def places(self) -> frozenset:
        """What is replaced: two edits that replace the same cannot both be made."""
        return frozenset((*self.slopes, *self.products, *self.bypass, *self.multiplied))

    @property
    def cut(self) -> frozenset:
        """The edges that nothing comes back through."""
        return frozenset(edge for edge, scale in self.scales.items() if isinstance(scale, float) and scale == 0.0)


def _first(numbers: Mapping) -> dict:
    return {place: number[:1] if isinstance(number, torch.Tensor) else number for place, number in numbers.items()}


def _times(one: Number | None, other: Number | None) -> Number:
    if one is None or other is None:
        return other if one is None else one  # pyright: ignore
    return one * other


def by_place(edits: Sequence[Edit]) -> dict[str, dict]:
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
