"""Slips along the chain: a factor that is missing, doubled, or taken at the wrong place; a chain that stops early."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...tape import Constant, Input, Step, Value
from ..flow import Edge, Edit
from .sight import PRODUCTS, Sight
from .slip import Slip

MOST_PLACES = 10  # at which a derivative may have been taken by mistake, the nearest first
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


def _factors(sight: Sight, node: int, place: int) -> Iterator[tuple[int, int]]:
    """The factors that an operand is a product of, or the operand itself: each as the place where a step takes it."""
    below = sight.flow.index(sight.flow.nodes[node].inputs[place])  # pyright: ignore
    if below is not None and sight.op(below) == "mul" and len(sight.flow.nodes[below].inputs) == 2:  # pyright: ignore
        for part in (0, 1):
            yield from _factors(sight, below, part)
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
    for below in sorted(flow.below(inner) - {inner}, reverse=True)[:MOST_PLACES]:
        if flow.nodes[below].value.shape == shape:
            identifier = "target_forgotten" if below == without_target else "wrong_place"
            yield flow.values(below), lambda b=below: sight.words.name(b), identifier
    slope = flow.derivative(inner, sight.leaf)
    if slope is not None:
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
                    f"{f'The derivative of the constant {c:g}' if i is None else f'For this input {sight.words.name(i)} is a constant: its derivative'} "
                    f"in {sight.words.name(n)} is 0."
                ),
                Edit(extra={node: kept}),
                rank=16,
            )
