"""Slips along the chain: a factor that is missing, doubled, or taken at the wrong place; a chain that stops early."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..flow import Edge, Edit
from .sight import PRODUCTS, Sight
from .slip import Slip

FACTOR = "factor"  # the kind of all slips that leave a factor out


def dropped(sight: Sight) -> Iterator[Slip]:
    """One factor of the chain is missing."""
    flow = sight.flow
    for edge in sight.edges:
        slope = flow.slope(edge)
        if slope is None or sight.is_constant_one(slope):
            continue
        yield Slip(
            _which(sight, edge),
            lambda e=edge: f"The factor {sight.words.factor(e[0], sight.used(e))} is missing.",
            Edit(slopes={edge: torch.ones_like(slope)}),
            rank=10,
            kind=FACTOR,
        )


def _which(sight: Sight, edge: Edge) -> str:
    """What a missing factor is called, by where it stands."""
    node, _ = edge
    if node not in sight.outside:
        return "inner_dropped"
    if sight.is_linear(edge):
        return "constant_lost"
    return "factor_dropped" if sight.op(node) in PRODUCTS else "outer_dropped"


def stopped(sight: Sight) -> Iterator[Slip]:
    """What lies below a value is left out altogether: the derivative for that value stands where that for the input belongs."""
    flow = sight.flow
    for node in sight.steps:
        if node == flow.target or not all(_fits(sight, node, leaf) for leaf in _leaves(sight, node)):
            continue
        single = sight.curved_below(node) <= 1
        yield Slip(
            ("inner_dropped" if node not in sight.outside or flow.slopes(node) else "stopped_early")
            if single
            else "stopped_early",
            lambda n=node, s=single: _stopped(sight, n, s),
            Edit(bypass={node: 1.0}),
            rank=11,
            kind=FACTOR,
        )


def _stopped(sight: Sight, node: int, single: bool) -> str:
    leaf = _leaves(sight, node)[0]
    if single:
        return f"The inner derivative {sight.words.factor(node, leaf)} is missing."
    name = sight.words.name(node)
    return (
        f"The chain stops at {name}: this is the derivative for {name}, and the factor "
        f"{sight.words.factor(node, leaf)} is missing."
    )


def _leaves(sight: Sight, node: int) -> list[int]:
    below = sight.flow.below(node)
    return [leaf for leaf in sight.leaves.values() if leaf in below]


def _fits(sight: Sight, node: int, leaf: int) -> bool:
    one, other = sight.flow.nodes[node].value.shape, sight.flow.nodes[leaf].value.shape
    return one == other or one.numel() == 1


def local_only(sight: Sight) -> Iterator[Slip]:
    """A local derivative stands where the whole one belongs: the factors above it are missing."""
    flow = sight.flow
    for node in sight.steps:
        if node == flow.target:
            continue
        answers = {}
        for leaf in _leaves(sight, node):
            slope = flow.derivative(node, leaf)
            if slope is not None:
                answers[leaf] = slope
        if answers:
            above = [
                n for n in sight.steps if node in flow.below(n) and n != node and n not in sight.outside - {flow.target}
            ]
            yield Slip(
                "outer_dropped" if len(above) <= 1 else "stopped_early",
                lambda n=node: (
                    f"This is {sight.words.partial(n, _leaves(sight, n)[0])} alone: the factor "
                    f"{sight.words.factor(flow.target, n)} is missing."
                ),
                answers=answers,
                rank=12,
                kind=FACTOR,
            )


def doubled(sight: Sight) -> Iterator[Slip]:
    """A factor stands there twice."""
    for edge in sight.edges:
        slope = sight.flow.slope(edge)
        if slope is None or bool(((slope.abs() - 1).abs() < 1e-12).all()):
            continue
        yield Slip(
            "factor_twice",
            lambda e=edge: f"The factor {sight.words.factor(e[0], sight.used(e))} stands there twice.",
            Edit(scales={edge: slope}),
            rank=40,
        )


def misplaced(sight: Sight) -> Iterator[Slip]:
    """The outer derivative is taken at the wrong place: cos x for cos x², or at the inner derivative, cos 2x."""
    flow = sight.flow
    for edge in sight.edges:
        node, _ = edge
        inner = sight.used(edge)
        if not flow.is_step(inner) or sight.is_linear(edge) or flow.called_with(node) is None:
            continue
        for place, says in _places(sight, inner):
            slope = flow.slope_at(edge, place)
            if slope is None:
                continue
            yield Slip(
                "wrong_place",
                lambda e=edge, s=says: (
                    f"The derivative of {sight.words.call(e[0])} is taken at {s()}; "
                    f"it belongs at {sight.words.name(sight.used(e))}."
                ),
                Edit(slopes={edge: slope}),
                rank=20,
            )


def _places(sight: Sight, inner: int) -> Iterator[tuple]:
    """The numbers at which a derivative may be taken by mistake, and what they are called."""
    flow, shape = sight.flow, sight.flow.nodes[inner].value.shape
    for below in sorted(flow.below(inner) - {inner}):
        if flow.nodes[below].value.shape == shape:
            yield flow.values(below), lambda b=below: sight.words.name(b)
    for leaf in _leaves(sight, inner):
        slope = flow.derivative(inner, leaf)
        if slope is not None:
            yield slope, lambda n=leaf: f"{sight.words.factor(inner, n)}"


def swapped(sight: Sight) -> Iterator[Slip]:
    """Outer and inner in the wrong order: the derivative of sin(x)² for sin(x²)."""
    flow = sight.flow
    for edge in sight.edges:
        node, _ = edge
        inner = sight.used(edge)
        below = [(p, used) for p, used in flow.operands(inner) if sight.depends(used)]
        if len(below) != 1 or not _is_unary(sight, node) or not _is_unary(sight, inner):
            continue
        start = flow.values(below[0][1])
        down = (inner, below[0][0])
        first = flow.result_at(edge, start)  # the outer function on what the inner one got
        if first is None:
            continue
        one, other = flow.slope_at(edge, start), flow.slope_at(down, first)
        if one is None or other is None:
            continue
        yield Slip(
            "swapped",
            lambda e=edge, i=inner: (
                f"Outer and inner are swapped: {sight.words.call(i)} comes first here, and then {sight.words.call(e[0])}."
            ),
            Edit(slopes={edge: one, down: other}),
            rank=21,
        )


def _is_unary(sight: Sight, node: int) -> bool:
    return sight.flow.called_with(node) is not None and sum(sight.depends(u) for _, u in sight.flow.operands(node)) == 1
