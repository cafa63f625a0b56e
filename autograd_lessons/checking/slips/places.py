"""Slips of where and in which order: a derivative taken at the wrong place, functions swapped, a constant or a branch kept."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...values import Constant, Input, Step
from ..flow import Edit
from .sight import Sight
from .slip import Slip

MOST_PLACES = 10  # at which a derivative may have been taken by mistake, the nearest first


def misplaced(sight: Sight) -> Iterator[Slip]:
    """The outer derivative is taken at the wrong place: cos x for cos x², or at the inner derivative, cos 2x."""
    flow = sight.flow
    for edge in sight.edges:
        node, _ = edge
        inner = sight.used(edge)
        if (
            not isinstance(flow.nodes[inner], Step)
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
    for below in sorted(sight.sources(inner), reverse=True)[:MOST_PLACES]:
        if flow.nodes[below].value.shape == shape:
            identifier = "target_forgotten" if below == without_target else "wrong_place"
            yield flow.values(below), lambda b=below: sight.words.name(b), identifier
    slope = flow.derivative(inner, sight.leaf)
    if slope is not None and inner != sight.leaf:
        yield slope, lambda: f"{sight.words.factor(inner, sight.leaf)}", "wrong_place"


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
        node, inner = edge[0], sight.used(edge)
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
            lambda n=node, i=inner: (
                f"Outer and inner are swapped: {sight.words.call(i)} comes first here, and then {sight.words.call(n)}."
            ),
            Edit(slopes={edge: one, down: other}),
            rank=21,
        )


def _is_unary(sight: Sight, node: int) -> bool:
    single = sum(sight.depends(used) for _, used in sight.flow.operands(node)) == 1
    return single and not sight.is_branching(node) and sight.flow.called_with(node) is not None


def constants_kept(sight: Sight) -> Iterator[Slip]:
    """A constant that is added is kept: 2x + 1 as the derivative of x² + 1, or ω + φ as that of ωt + φ."""
    for node in sight.steps:
        step, op = sight.flow.nodes[node], sight.op(node)
        assert isinstance(step, Step)
        if op not in ("add", "sub", "rsub") or len(step.inputs) != 2 or step.call.kwargs:
            continue
        for position, used in enumerate(step.inputs):
            sign = -1.0 if (op, position) in (("sub", 1), ("rsub", 0)) else 1.0
            index = sight.flow.index(used)
            if isinstance(used, Constant) and isinstance(used.value, (int, float)):
                kept = sign * used.value
            elif index is not None and not sight.depends(index) and used.value.shape == step.value.shape:
                kept = sign * sight.flow.values(index)
            else:
                continue
            yield Slip(
                "constant_kept",
                lambda n=node, i=index, c=used.value: (
                    f"The derivative of the constant {f'{c:g}' if i is None else sight.words.name(i)} in {sight.words.name(n)} is 0."
                ),
                Edit(extra={node: kept}),
                rank=16,
            )


def branches_forgotten(sight: Sight) -> Iterator[Slip]:
    """relu, abs, clamp as if they always went the same way."""
    for edge in sight.edges:
        slope = sight.flow.slope(edge)
        if slope is None or not sight.is_branching(edge[0]) or sight.op(edge[0]) == "where":
            continue
        for always in (1.0, -1.0) if bool((slope < 0).any()) else (1.0,):
            yield Slip(
                "one_branch",
                lambda e=edge: (
                    f"{sight.words.name(e[0])} has another slope on its other branch: here the answer goes one way everywhere."
                ),
                Edit(slopes={edge: torch.full_like(slope, always)}),
                rank=10,
                kind="branch",
            )
