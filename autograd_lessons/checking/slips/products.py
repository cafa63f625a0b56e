"""Slips with the product rule and the quotient rule."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import torch

from ...values import Step, Value
from ..flow import Edit
from .sight import MOST_DEEP, Sight
from .slip import Slip


def products(sight: Sight) -> Iterator[Slip]:
    """The product rule as the product of the derivatives, or as their sum; the quotient rule as their quotient."""
    for node in sight.steps:
        below = sight.flow.operands(node)
        if sight.op(node) not in ("mul", "div") or len(below) != 2 or not all(sight.depends(used) for _, used in below):
            continue
        if any(sight.flow.slope((node, position)) is None for position, _ in below):
            continue
        if sight.op(node) == "mul":
            yield from _product(sight, node)
        else:
            yield from _quotient(sight, node)


def _product(sight: Sight, node: int) -> Iterator[Slip]:
    (_, u), (_, v) = sight.flow.operands(node)
    nested = any(_is_product_of_its_own(sight, used) for used in (u, v))
    for depth in (MOST_DEEP, 0) if nested else (0,):
        for value, first in itertools.product(sight.shared_below(node), (0, 1)):
            edit = _derivatives_multiplied(sight, node, value, depth, first)
            if edit is not None:
                yield Slip(
                    "product_of_derivatives",
                    lambda: _not_the_product(sight, u, v),
                    edit.edit,
                    rank=16.5 if depth else 17,
                )
        yield Slip(
            "sum_of_derivatives", lambda: _not_the_product(sight, u, v), _derivatives_added(sight, node, depth), rank=17
        )


def _is_product_of_its_own(sight: Sight, node: int) -> bool:
    """Whether a factor is itself a product: then x·eˣ·sin x has three."""
    below = sight.flow.operands(node)
    alone = len(sight.flow.uses.get(node, ())) == 1
    return sight.op(node) == "mul" and alone and len(below) == 2 and all(sight.depends(used) for _, used in below)


class _Multiplied(NamedTuple):
    edit: Edit
    number: torch.Tensor  # the product of the derivatives


def _derivatives_multiplied(sight: Sight, node: int, value: int, depth: int, first: int = 0) -> _Multiplied | None:
    """A product's derivative by a value below it as the product of its factors' derivatives.

    `depth` says through how many products inside it the factors are counted. It goes back through the first factor or
    through the other one: only there it can be made together with another slip.
    """
    factors = []
    for position, used in sight.flow.operands(node):
        if depth and _is_product_of_its_own(sight, used):
            made = _derivatives_multiplied(sight, used, value, depth - 1)
        else:
            number = sight.flow.derivative(used, value)
            made = None if number is None else _Multiplied(Edit(), number)
        if made is None or made.number.shape != sight.flow.slopes(node)[position].shape:
            return None
        factors.append(((node, position), made))
    (one, kept), (other, beside) = factors if first == 0 else factors[::-1]
    return _Multiplied(kept.edit | Edit(slopes={one: beside.number}, scales={other: 0.0}), kept.number * beside.number)


def _derivatives_added(sight: Sight, node: int, depth: int) -> Edit:
    edit = Edit()
    for position, used in sight.flow.operands(node):
        edit |= Edit(slopes={(node, position): torch.ones_like(sight.flow.slopes(node)[position])})
        if depth and _is_product_of_its_own(sight, used):
            edit |= _derivatives_added(sight, used, depth - 1)
    return edit


def _quotient(sight: Sight, node: int) -> Iterator[Slip]:
    (above, u), (below, v) = sight.flow.operands(node)
    for value in sight.shared_below(node):
        number = sight.flow.derivative(v, value)
        if number is not None and number.shape == sight.flow.slopes(node)[above].shape:
            yield Slip(
                "quotient_of_derivatives",
                lambda: _not_the_quotient(sight, u, v),
                Edit(slopes={(node, above): 1 / number}, scales={(node, below): 0.0}),
                rank=12.5,
            )


def _not_the_product(sight: Sight, u: int, v: int) -> str:
    a, b = sight.words.name(u), sight.words.name(v)
    return f"The derivative of a product is not the product of the derivatives: for {a} times {b} it has two terms."


def _not_the_quotient(sight: Sight, u: int, v: int) -> str:
    a, b = sight.words.name(u), sight.words.name(v)
    return f"The derivative of a quotient is not the quotient of the derivatives: for {a} over {b} it has two terms over a square."


def quotients(sight: Sight) -> Iterator[Slip]:
    """u/v: the sign of the second term, the square below."""
    flow = sight.flow
    for node in sight.steps:
        edges = [(node, p) for p, used in flow.operands(node) if sight.depends(used)]
        operands = flow.called_with(node) if sight.op(node) == "div" else None
        if operands is None or (node, 1) not in edges or flow.slope((node, 1)) is None:
            continue
        below = sight.used((node, 1))
        v = operands[1].double()
        whole = len(edges) == 2  # both above and below there is something with a derivative

        def says(text: str, below: int = below):
            return lambda: text.format(v=sight.words.name(below))

        if whole:
            yield Slip(
                "quotient_sign",
                says("In the quotient rule the term with the derivative of {v} is subtracted."),
                Edit(scales={(node, 1): -1.0}),
                rank=9,
                kind="sign of the quotient",
            )
        else:
            yield from _over(sight, node, below)
        yield Slip(
            "quotient_square",
            says("The quotient rule has the square of {v} below."),
            Edit(scales={edge: v for edge in edges}),
            rank=9 if whole else 13,
        )
        yield Slip(
            "quotient_denominator",
            says("The quotient rule has a denominator: the square of {v}."),
            Edit(scales={edge: v**2 for edge in edges}),
            rank=13,
        )
        if len(edges) == 2:
            yield Slip(
                "quotient_square",
                says("In the quotient rule the second term has the square of {v} below, too."),
                Edit(scales={(node, 1): v}),
                rank=14,
            )


def _over(sight: Sight, node: int, below: int) -> Iterator[Slip]:
    """c/v as c/v′."""
    operands, dv = sight.flow.called_with(node), sight.flow.derivative(below, sight.leaf)
    if dv is not None and operands is not None and sight.flow.is_step(below):
        yield Slip(
            "quotient_of_derivatives",
            lambda: f"The derivative of one over {sight.words.name(below)} is not one over its derivative.",
            Edit(slopes={(node, 1): operands[0] / dv**2}),
            rank=17,
        )


def crossed(sight: Sight) -> Iterator[Slip]:
    """u'u + v'v for u'v + uv', or w for x as the derivative of w·x: each factor beside its own derivative."""
    flow = sight.flow
    yield from _dotted(sight)
    for node in sight.steps:
        operands = flow.called_with(node) if sight.op(node) == "mul" else None
        if operands is None or not all(isinstance(o, torch.Tensor) for o in operands):
            continue
        edges = [(node, p) for p, used in flow.operands(node) if sight.depends(used)]
        if len(edges) == 2:
            a, b = (sight.words.name(sight.used(edge)) for edge in edges)
            yield Slip(
                "product_crossed",
                lambda a=a, b=b: (
                    f"In the product rule each derivative is multiplied by the other function: that of {a} by {b}, "
                    "and the other way round."
                ),
                Edit(slopes={edge: operands[edge[1]] for edge in edges}),
                rank=26,
            )
        for edge in edges:
            if not flow.is_step(sight.used(edge)):
                yield Slip(
                    "other_input",
                    lambda e=edge: (
                        f"{sight.words.name(e[0])} is a product, and its derivative for {sight.words.name(sight.used(e))} "
                        "is the other factor."
                    ),
                    Edit(slopes={edge: operands[edge[1]]}),
                    rank=14,
                )


def _dotted(sight: Sight) -> Iterator[Slip]:
    """The same for the product of two vectors."""
    for edge in sight.edges:
        node, position = edge
        step, own = sight.flow.nodes[node], sight.used(edge)
        assert isinstance(step, Step)
        shapes = {tuple(used.value.shape) for used in step.inputs if isinstance(used, Value)}
        if (
            sight.op(node) not in ("dot", "matmul")
            or len(shapes) != 1
            or step.value.numel() != 1
            or sight.flow.is_step(own)
        ):
            continue
        yield Slip(
            "other_input",
            lambda n=node, o=own: (
                f"{sight.words.name(n)} is a product, and its derivative for {sight.words.name(o)} is the other factor."
            ),
            Edit(slopes={edge: sight.flow.values(own)}),
            rank=14,
        )
