"""What each grain shows: every operation, or only the values that the learner named.

At the *variables* grain the anonymous arithmetic between two names is one link, and its numbers are PyTorch's own
vector–Jacobian products through the steps between.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch

from .tape import Input, Step, Tape, Value

GRAINS = ("variables", "operations")


@dataclass(frozen=True)
class Link:
    """An edge of the graph: `output` used `input`.

    `local` is ∂output/∂input elementwise, in the output's shape, or None where it is a full Jacobian;
    `product` is what flows back along the edge, in the input's shape.
    """

    output: Step
    input: Value
    local: torch.Tensor | None
    product: torch.Tensor | None


def nodes(tape: Tape, grain: str) -> tuple[Value, ...]:
    """The inputs and the steps that a grain shows, in forward order."""
    if grain not in GRAINS:
        raise ValueError(f"grain={grain!r}: it is one of {', '.join(GRAINS)}")
    key = f"nodes at {grain}"
    if key not in tape.cache:
        named = (v for v in tape.values if isinstance(v, Input) or v is tape.output or (v.name and v.depth == 0))
        tape.cache[key] = tape.values if grain == "operations" else tuple(named)
    return tape.cache[key]


def links(tape: Tape, grain: str) -> tuple[Link, ...]:
    """The edges that a gradient flows along, the last output first; a value used twice by one output has one link."""
    key = f"links at {grain}"
    if key not in tape.cache:
        shown = set(nodes(tape, grain))
        tape.cache[key] = tuple(
            link
            for step in reversed(tape.steps)
            if step in shown and step.adjoint is not None
            for link in _links_of(step, shown)
        )
    return tape.cache[key]


def _links_of(step: Step, shown: set[Value]) -> list[Link]:
    assert step.adjoint is not None
    products = _pull_back(step, step.adjoint, shown)
    slopes = _slopes(step, shown, products)
    return [Link(step, value, slopes.get(value), product) for value, product in products.items()]


def _pull_back(step: Step, vector: torch.Tensor, shown: set[Value]) -> dict[Value, torch.Tensor]:
    """The vector carried back through the anonymous steps to the next shown values."""
    waiting = {step: vector}
    reached: dict[Value, torch.Tensor] = {}
    while waiting:
        last = max(waiting, key=lambda waits: waits.index)
        back = waiting.pop(last)
        as_recorded = last.adjoint is not None and torch.equal(back, last.adjoint)
        parts = last.products if as_recorded else last.pull_back(back)
        for position, product in parts.items():
            value = last.inputs[position]
            target = reached if value in shown or not isinstance(value, Step) else waiting
            target[value] = target[value] + product if value in target else product
    return reached


def _slopes(step: Step, shown: set[Value], products: dict[Value, torch.Tensor]) -> dict[Value, torch.Tensor]:
    """∂step/∂value where every step between is elementwise or everything is a single number."""
    steps = between(step, shown)
    if len(steps) == 1:
        found: dict[Value, torch.Tensor] = {}
        for position, local in step.slopes.items():
            value = step.inputs[position]
            found[value] = found[value] + local if value in found else local
        return found
    values = {v for s in steps for v in s.inputs if isinstance(v, Value) and v.requires_grad}
    single = all(v.value.numel() == 1 for v in (*values, step))
    same = all(v.value.shape == step.value.shape for v in values) and all(s.pointwise for s in steps if s.requires_grad)
    if not (single or same):
        return {}
    ones = torch.ones_like(step.value)
    slopes = products if torch.equal(step.adjoint, ones) else _pull_back(step, ones, shown)  # pyright: ignore
    return {value: slope.reshape(step.value.shape) for value, slope in slopes.items()}


def between(step: Step, shown: Collection[Value]) -> list[Step]:
    """The step and the anonymous steps below it, down to the next shown values."""
    found, inner = [step], [step]
    while inner:
        for used in inner.pop().inputs:
            if isinstance(used, Step) and used not in shown and used not in found:
                found.append(used)
                inner.append(used)
    return found
