"""Slips along the chain: a factor that is missing or doubled; a chain that stops early."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...values import Constant, Value
from ..flow import Edge, Edit
from .sight import MOST_DEEP, PRODUCTS, Sight
from .slip import Slip

FACTOR = "factor"  # the kind of all slips that leave a factor out


def dropped(sight: Sight) -> Iterator[Slip]:
    """One factor of the chain is missing."""
    for edge in sight.edges:
        slope = sight.flow.slope(edge)
        if slope is None or sight.is_branching(edge[0]):
            continue
        if not sight.is_constant_one(slope):
            yield _without(sight, edge)
        yield from _without_a_part(sight, edge)


def _without(sight: Sight, edge: Edge) -> Slip:
    slope = sight.flow.slopes(edge[0])[edge[1]]
    return Slip(
        _which(sight, edge, slope),
        lambda: f"The factor {sight.words.factor(edge[0], sight.used(edge))} is missing.",
        Edit(slopes={edge: torch.ones_like(slope)}),
        rank=10,
        kind=FACTOR,
    )


def _which(sight: Sight, edge: Edge, slope: torch.Tensor) -> str:
    """What a missing factor is called, by where it stands and what stands beside it."""
    node, position = edge
    op, inner = sight.op(node), node not in sight.outside
    of_a_product = op in PRODUCTS or op == "div"
    if bool(((slope + 1).abs() < 1e-12).all()):
        whole = (
            inner
            and op != "sub"
            and not sight.flow.is_step(sight.used(edge))
            and _is_all_of_the_inner(sight, node, sight.used(edge), slope)
        )
        return "inner_dropped" if whole else "sign_flipped"
    if inner and (not of_a_product or _is_all_of_the_inner(sight, node, sight.used(edge), slope)):
        return "inner_dropped"
    if of_a_product:
        return "constant_lost" if sight.is_number(node, 1 - position) else "factor_dropped"
    return "constant_lost" if sight.is_linear(edge) else "outer_dropped"


def _is_all_of_the_inner(sight: Sight, node: int, used: int, slope: torch.Tensor) -> bool:
    """Whether without this factor nothing is left of the inner derivative around it."""
    whole = sight.flow.derivative(sight.inside(node), sight.leaf)
    if whole is None or whole.shape != slope.shape:
        return not any(map(sight.curved, sight.flow.between(used, sight.leaf)))
    return bool(torch.isclose(whole.abs(), slope.abs(), rtol=1e-9).all())


def _without_a_part(sight: Sight, edge: Edge) -> Iterator[Slip]:
    """A factor of a step's slope alone: of ½·m the ½, of u·v in (u·v)·w the u, of −c/v² the c."""
    node, position = edge
    for step, place, power in _parts(sight, node, position):
        used = sight.flow.nodes[step].inputs[place]  # pyright: ignore
        index = sight.flow.index(used)
        number = _in_the_shape_of(sight, used, index, sight.flow.slopes(node)[position])
        if number is None or bool((number == 1).all()):
            continue
        yield Slip(
            "constant_lost" if index is None else "factor_dropped",
            lambda i=index, v=used.value: f"The factor {v if i is None else sight.words.name(i)} is missing.",
            Edit(scales={edge: number**-power}),
            rank=10,
            kind=FACTOR,
        )


def _parts(sight: Sight, node: int, position: int) -> Iterator[tuple[int, int, int]]:
    """(step, place, power) of the operands that are factors of a slope and not all of it."""
    op = sight.op(node)
    if op == "mul":
        yield from ((step, place, 1) for step, place in _factors(sight, node, 1 - position) if step != node)
    elif op == "div" and position == 0:
        yield from ((step, place, -1) for step, place in _factors(sight, node, 1) if step != node)
    elif op == "div":
        yield from ((step, place, 1) for step, place in _factors(sight, node, 0))


def _factors(sight: Sight, node: int, place: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """The factors that an operand is a product of, or the operand itself: each as the place where a step takes it."""
    below = sight.flow.index(sight.flow.nodes[node].inputs[place])  # pyright: ignore
    if below is not None and sight.op(below) == "mul" and depth < MOST_DEEP:
        for part in (0, 1):
            yield from _factors(sight, below, part, depth + 1)
    elif below is not None and sight.op(below) == "neg" and depth < MOST_DEEP:
        yield from _factors(sight, below, 0, depth + 1)
    else:
        yield node, place


def _in_the_shape_of(
    sight: Sight, used: Value | Constant, index: int | None, slope: torch.Tensor
) -> torch.Tensor | None:
    """An operand's number at every point, spread out over a slope; None where it does not fit."""
    number = torch.as_tensor(used.value).double() if index is None else sight.flow.values(index)
    if number.shape == slope.shape:
        return number
    if number.numel() not in (1, len(slope)):
        return None
    return number.reshape(-1, *(1,) * (slope.ndim - 1)).expand(slope.shape)


def dropped_in_matrices(sight: Sight) -> Iterator[Slip]:
    """The other operand of a product of matrices is missing."""
    for edge in sight.edges:
        node, position = edge
        if sight.op(node) in PRODUCTS and sight.flow.slope(edge) is None:
            yield Slip(
                "factor_dropped",
                lambda n=node: f"The other factor of {sight.words.name(n)} is missing.",
                Edit(products={edge: sight.flow.sent_with(node, position, torch.ones_like)}),
                rank=10,
                kind=FACTOR,
            )


def stopped(sight: Sight) -> Iterator[Slip]:
    """What lies below a value is left out altogether: the derivative for that value stands where that for the input belongs."""
    flow = sight.flow
    for node in sight.steps:
        if node == flow.target or not _fits(sight, node) or sight.is_branching(node):
            continue
        single = sight.is_one_layer(node)
        yield Slip(
            "inner_dropped" if single else "stopped_early",
            lambda n=node, s=single: _stopped(sight, n, s),
            Edit(bypass={node: 1.0}),
            rank=(11 if _is_inner(sight, node) else 16) if single else 9.5,
            kind=FACTOR,
        )


def _is_inner(sight: Sight, node: int) -> bool:
    """Whether a value is the operand of a function: a factor of a product is not, nor is what is only added up or scaled."""
    uses = sight.flow.uses.get(node, [])
    return node not in sight.outside and not all(
        sight.op(step) in PRODUCTS and len([u for _, u in sight.flow.operands(step) if sight.depends(u)]) > 1
        for step, _ in uses
    )


def _stopped(sight: Sight, node: int, single: bool) -> str:
    factor = sight.words.factor(node, sight.leaf)
    if single:
        return f"The inner derivative {factor} is missing."
    name = sight.words.name(node)
    return f"The chain stops at {name}: this is the derivative for {name}, and the factor {factor} is missing."


def _fits(sight: Sight, node: int) -> bool:
    one, other = sight.flow.nodes[node].value.shape, sight.flow.nodes[sight.leaf].value.shape
    return one == other or one.numel() == 1


def local_only(sight: Sight) -> Iterator[Slip]:
    """A local derivative stands where the whole one belongs: the factors above it are missing."""
    flow = sight.flow
    for node in sight.steps:
        above = [n for n in sight.steps if node in flow.below(n) and n != node]
        slope = flow.derivative(node, sight.leaf)
        if not any(map(sight.curved, above)) or any(map(sight.is_branching, above)):
            continue
        if slope is None or not sight.is_bottleneck(node):
            continue
        layers = max(sum(map(sight.curved, above)), sum(map(sight.is_named, above)))
        yield Slip(
            "outer_dropped" if layers <= 1 else "stopped_early",
            lambda n=node: (
                f"This is {sight.words.partial(n, sight.leaf)} alone: the factor {sight.words.factor(flow.target, n)} is missing."
            ),
            answers={sight.leaf: slope},
            rank=16 if _goes_on_unchanged(sight, node) else 12,
            kind=FACTOR,
        )


def _goes_on_unchanged(sight: Sight, node: int) -> bool:
    """Whether one of a value's paths has the factor 1: then the others are what is missing."""
    uses = sight.flow.uses.get(node, [])
    return len(uses) > 1 and any(
        step == sight.flow.target and sight.op(step) in ("add", "sub", "rsub") for step, _ in uses
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
