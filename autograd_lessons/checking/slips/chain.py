"""Slips along the chain: a factor that is missing, doubled, or taken at the wrong place; a chain that stops early."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...tape import Constant, Input, Step
from ..flow import Edge, Edit
from .sight import PRODUCTS, Sight
from .slip import Slip

FACTOR = "factor"  # the kind of all slips that leave a factor out


def dropped(sight: Sight) -> Iterator[Slip]:
    """One factor of the chain is missing."""
    flow = sight.flow
    for edge in sight.edges:
        slope = flow.slope(edge)
        if slope is None or sight.is_constant_one(slope) or sight.is_branching(edge[0]):
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
    node, position = edge
    below, slope = sight.used(edge), sight.flow.slope(edge)
    op, inner = sight.op(node), node not in sight.outside
    if slope is not None and bool(((slope + 1).abs() < 1e-12).all()):
        return "inner_dropped" if inner and op != "sub" and not sight.flow.is_step(below) else "sign_flipped"
    if inner:
        return "inner_dropped"
    if op in PRODUCTS:
        return "constant_lost" if sight.is_number(node, 1 - position) else "factor_dropped"
    return "constant_lost" if sight.is_linear(edge) else "outer_dropped"


def dropped_in_matrices(sight: Sight) -> Iterator[Slip]:
    """The other operand of a product of matrices is missing."""
    for edge in sight.edges:
        node, position = edge
        if sight.op(node) in PRODUCTS and sight.flow.slope(edge) is None:
            yield Slip(
                "factor_dropped",
                lambda n=node, p=position: f"The other factor of {sight.words.name(n)} is missing.",
                Edit(products={edge: sight.flow.sent_with(node, position, torch.ones_like)}),
                rank=10,
                kind=FACTOR,
            )


def stopped(sight: Sight) -> Iterator[Slip]:
    """What lies below a value is left out altogether: the derivative for that value stands where that for the input belongs."""
    flow = sight.flow
    for node in sight.steps:
        for leaf in _leaves(sight, node):
            if node == flow.target or not _fits(sight, node, leaf):
                continue
            single = sight.layers(node, leaf) <= 1
            yield Slip(
                "inner_dropped" if single else "stopped_early",
                lambda n=node, to=leaf, s=single: _stopped(sight, n, to, s),
                Edit(bypass={node: 1.0}),
                leaf=leaf,
                rank=11 if single else 9.5,
                kind=FACTOR,
            )


def _stopped(sight: Sight, node: int, leaf: int, single: bool) -> str:
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
        above = [n for n in sight.steps if node in flow.below(n) and n != node]
        layers = max(sum(map(sight.curved, above)), sum(map(sight.is_named, above)))
        if not any(map(sight.curved, above)) or any(map(sight.is_branching, above)):
            continue
        for leaf in _leaves(sight, node):
            slope = flow.derivative(node, leaf)
            if slope is None or not sight.is_bottleneck(node, leaf):
                continue
            yield Slip(
                "outer_dropped" if layers <= 1 else "stopped_early",
                lambda n=node, to=leaf: (
                    f"This is {sight.words.partial(n, to)} alone: the factor {sight.words.factor(flow.target, n)} is missing."
                ),
                answers={leaf: slope},
                leaf=leaf,
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
            rank=22,
        )


def misplaced(sight: Sight) -> Iterator[Slip]:
    """The outer derivative is taken at the wrong place: cos x for cos x², or at the inner derivative, cos 2x."""
    flow = sight.flow
    for edge in sight.edges:
        node, _ = edge
        inner = sight.used(edge)
        if (
            not flow.is_step(inner)
            or sight.is_linear(edge)
            or sight.is_branching(node)
            or flow.called_with(node) is None
        ):
            continue
        for place, says, identifier in _places(sight, inner):
            slope = flow.slope_at(edge, place)
            if slope is None:
                continue
            yield Slip(
                identifier,
                lambda e=edge, s=says: (
                    f"The derivative of {sight.words.call(e[0])} is taken at {s()}; "
                    f"it belongs at {sight.words.name(sight.used(e))}."
                ),
                Edit(slopes={edge: slope}),
                rank=20 if identifier == "wrong_place" else 19,
            )


def _places(sight: Sight, inner: int) -> Iterator[tuple]:
    """The numbers at which a derivative may be taken by mistake, and what they are called."""
    flow, shape = sight.flow, sight.flow.nodes[inner].value.shape
    without_target = _without_target(sight, inner)
    for below in sorted(flow.below(inner) - {inner}):
        if flow.nodes[below].value.shape == shape:
            identifier = "target_forgotten" if below == without_target else "wrong_place"
            yield flow.values(below), lambda b=below: sight.words.name(b), identifier
    for leaf in _leaves(sight, inner):
        slope = flow.derivative(inner, leaf)
        if slope is not None:
            yield slope, lambda n=leaf: f"{sight.words.factor(inner, n)}", "wrong_place"


def _without_target(sight: Sight, inner: int) -> int | None:
    """Of a residual ŷ − y the prediction, where the target is data."""
    step = sight.flow.nodes[inner]
    below = sight.flow.operands(inner)
    data = isinstance(step, Step) and any(isinstance(u, Input) and not u.requires_grad for u in step.inputs)
    return below[0][1] if sight.op(inner) in ("sub", "rsub") and data and len(below) == 1 else None


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


def constants_kept(sight: Sight) -> Iterator[Slip]:
    """A constant that is added is kept: 2x + 1 as the derivative of x² + 1."""
    for node in sight.steps:
        step, op = sight.flow.nodes[node], sight.op(node)
        assert isinstance(step, Step)
        if op not in ("add", "sub", "rsub") or len(step.inputs) != 2 or step.call.kwargs:
            continue
        for position, used in enumerate(step.inputs):
            if isinstance(used, Constant) and isinstance(used.value, (int, float)):
                sign = -1.0 if (op, position) in (("sub", 1), ("rsub", 0)) else 1.0
                yield Slip(
                    "constant_kept",
                    lambda n=node, c=used.value: f"The derivative of the constant {c:g} in {sight.words.name(n)} is 0.",
                    Edit(extra={node: sign * used.value}),
                    rank=16,
                )
