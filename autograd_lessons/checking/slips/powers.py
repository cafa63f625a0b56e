"""Slips with powers and logarithms that a table of single operations cannot hold: ln u / ln b, x·x·x, x^x."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...values import Step
from ..flow import Edge, Edit
from .rules import EXPONENT
from .sight import MOST_DEEP, Sight
from .slip import Slip


def changed_base(sight: Sight) -> Iterator[Slip]:
    """ln u / ln b as the logarithm to base b: the ln b is forgotten, or stands above."""
    for edge in sight.edges:
        node, position = edge
        step = sight.flow.nodes[node]
        assert isinstance(step, Step)
        if sight.op(node) != "div" or position != 0 or not sight.is_number(node, 1):
            continue
        slope = sight.flow.slope(edge)
        if slope is None or sight.op(sight.used(edge)) not in ("log", "log1p"):
            continue
        number = float(step.inputs[1].value)
        for wrong, says in ((1.0, "is missing"), (number, "belongs below, not above")):
            yield Slip(
                "log_base",
                lambda s=says: f"The logarithm of the base, {number:.4g}, {s}.",
                Edit(slopes={edge: torch.full_like(slope, wrong)}),
                rank=9.5,
                kind="factor",
            )


def written_out(sight: Sight) -> Iterator[Slip]:
    """x·x·x is a power, too: 3x³ for 3x²."""
    flow = sight.flow
    within = {used for node in sight.steps if sight.op(node) == "mul" for _, used in flow.operands(node)}
    for node in sight.steps:
        if sight.op(node) != "mul" or (node in within and len(flow.uses[node]) == 1):
            continue
        places: dict[int, list[Edge]] = {}
        for edge in _factors_of(sight, node):
            places.setdefault(sight.used(edge), []).append(edge)
        for base, edges in places.items():
            if len(edges) > 1:
                yield Slip(
                    "exponent_not_lowered",
                    lambda b=base, e=edges: (
                        f"{sight.words.name(b)} stands there {len(e)} times, as a power. {EXPONENT}"
                    ),
                    Edit(scales={edge: flow.values(base) for edge in edges}),
                    rank=12,
                )


def _factors_of(sight: Sight, node: int, depth: int = 0) -> Iterator[Edge]:
    """The edges to the factors of a product, and to those of a product in it that is used nowhere else."""
    for position, used in sight.flow.operands(node):
        inside = sight.op(used) == "mul" and sight.flow.is_step(used) and len(sight.flow.uses[used]) == 1
        if inside and depth < MOST_DEEP:
            yield from _factors_of(sight, used, depth + 1)
        elif sight.depends(used) and sight.flow.nodes[used].value.shape == sight.flow.nodes[node].value.shape:
            yield node, position


def power_of_itself(sight: Sight) -> Iterator[Slip]:
    """x^x by the power rule alone: the exponent has a derivative, too."""
    for node in sight.steps:
        edges = [(node, p) for p, used in sight.flow.operands(node) if sight.depends(used)]
        if sight.op(node) == "pow" and len(edges) == 2:
            yield Slip(
                "power_rule_on_exponential",
                lambda n=node: (
                    f"In {sight.words.name(n)} the exponent varies, too: the power rule alone is not enough."
                ),
                Edit(scales={(node, 1): 0.0}),
                rank=9,
            )
