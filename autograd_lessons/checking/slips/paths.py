"""Slips where a value is used more than once: a path left out, or paths multiplied; products and quotients."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..flow import Edit
from .sight import Sight
from .slip import Slip


def dropped(sight: Sight) -> Iterator[Slip]:
    """One of several paths is left out, or all but one."""
    for node, uses in _shared(sight):
        for edge in uses:
            yield Slip(
                "path_dropped",
                lambda e=edge, n=node: (
                    f"{sight.words.name(n)} is used {_times(len(_uses(sight, n)))}, and the path through "
                    f"{sight.words.name(e[0])} is missing."
                ),
                Edit(scales={edge: 0.0}),
                rank=15,
            )
        if len(uses) > 2:
            for edge in uses:
                yield Slip(
                    "path_dropped",
                    lambda e=edge, n=node: (
                        f"{sight.words.name(n)} is used {_times(len(_uses(sight, n)))}, and only the path through "
                        f"{sight.words.name(e[0])} is there."
                    ),
                    Edit(scales={other: 0.0 for other in uses if other != edge}),
                    rank=16,
                )


def multiplied(sight: Sight) -> Iterator[Slip]:
    """The contributions of the paths are multiplied where they should be added."""
    for node, _ in _shared(sight):
        yield Slip(
            "paths_multiplied",
            lambda n=node: (
                f"{sight.words.name(n)} is used {_times(len(_uses(sight, n)))}: what comes back along the paths is added, "
                "and here it is multiplied."
            ),
            Edit(multiplied=frozenset({node})),
            rank=25,
        )


def _uses(sight: Sight, node: int) -> list:
    edges = set(sight.edges)
    return [edge for edge in sight.flow.uses.get(node, []) if edge in edges]


def _shared(sight: Sight) -> Iterator[tuple[int, list]]:
    for node in (*sight.leaves.values(), *sight.steps):
        uses = _uses(sight, node)
        if len(uses) > 1:
            yield node, uses


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"


def products(sight: Sight) -> Iterator[Slip]:
    """The product rule as the product of the derivatives, the quotient rule as their quotient."""
    flow = sight.flow
    for node in sight.steps:
        op = sight.op(node)
        below = flow.operands(node)
        if op not in ("mul", "div") or len(below) != 2 or not all(sight.depends(used) for _, used in below):
            continue
        (p0, u), (p1, v) = below
        slopes = flow.slopes(node)
        if p0 not in slopes or p1 not in slopes:
            continue
        for leaf in sight.leaves.values():
            du, dv = flow.derivative(u, leaf), flow.derivative(v, leaf)
            if du is None or dv is None or du.shape != slopes[p0].shape:
                continue
            if op == "mul":
                yield Slip(
                    "product_of_derivatives",
                    lambda n=node, a=u, b=v: _not_the_product(sight, n, a, b),
                    Edit(slopes={(node, p0): dv}, scales={(node, p1): 0.0}),
                    rank=17,
                )
            else:
                yield Slip(
                    "quotient_of_derivatives",
                    lambda n=node, a=u, b=v: _not_the_quotient(sight, n, a, b),
                    Edit(slopes={(node, p0): 1 / dv}, scales={(node, p1): 0.0}),
                    rank=17,
                )


def _not_the_product(sight: Sight, node: int, u: int, v: int) -> str:
    a, b = sight.words.name(u), sight.words.name(v)
    return f"The derivative of a product is not the product of the derivatives: for {a} times {b} it has two terms."


def _not_the_quotient(sight: Sight, node: int, u: int, v: int) -> str:
    a, b = sight.words.name(u), sight.words.name(v)
    return f"The derivative of a quotient is not the quotient of the derivatives: for {a} over {b} it has two terms over a square."


def quotients(sight: Sight) -> Iterator[Slip]:
    """u/v: the sign of the second term, the square below."""
    flow = sight.flow
    for node in sight.steps:
        below = flow.operands(node)
        slopes = flow.slopes(node)
        operands = flow.called_with(node) if sight.op(node) == "div" else None
        if operands is None or len(operands) != 2:
            continue
        lower = [p for p, used in below if p == 1 and sight.depends(used) and 1 in slopes]
        if not lower:
            continue
        v = operands[1]
        name = sight.words.name(dict(below)[1])
        edges = [(node, p) for p, used in below if sight.depends(used) and p in slopes]
        yield Slip(
            "quotient_sign",
            lambda n=name: f"In the quotient rule the term with the derivative of {n} is subtracted.",
            Edit(scales={(node, 1): -1.0}),
            rank=13,
            kind="sign",
        )
        yield Slip(
            "quotient_square",
            lambda n=name: f"The quotient rule has the square of {n} below.",
            Edit(scales={edge: v for edge in edges}),
            rank=13,
        )
        yield Slip(
            "quotient_denominator",
            lambda n=name: f"The quotient rule has a denominator: the square of {n}.",
            Edit(scales={edge: v**2 for edge in edges}),
            rank=13,
        )
        if len(edges) == 2:
            yield Slip(
                "quotient_square",
                lambda n=name: f"In the quotient rule the second term has the square of {n} below, too.",
                Edit(scales={(node, 1): v}),
                rank=14,
            )


def crossed(sight: Sight) -> Iterator[Slip]:
    """u'u + v'v for u'v + uv': each derivative beside its own function."""
    flow = sight.flow
    for node in sight.steps:
        below = [(p, used) for p, used in flow.operands(node) if sight.depends(used)]
        operands = flow.called_with(node) if sight.op(node) == "mul" else None
        if operands is None or len(below) != 2 or not all(isinstance(o, torch.Tensor) for o in operands):
            continue
        (p0, u), (p1, v) = below
        yield Slip(
            "product_crossed",
            lambda a=u, b=v: (
                f"In the product rule each derivative is multiplied by the other function: that of {sight.words.name(a)} "
                f"by {sight.words.name(b)}, and the other way round."
            ),
            Edit(slopes={(node, p0): operands[p0], (node, p1): operands[p1]}),
            rank=26,
        )
