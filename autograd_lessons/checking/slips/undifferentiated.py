"""Slips where a function is not differentiated: it stands there itself, or was integrated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from ..flow import Edit
from .sight import Sight
from .slip import Slip


def steps(sight: Sight) -> Iterator[Slip]:
    """The function stands where its derivative belongs: σ for σ′."""
    flow = sight.flow
    for edge in sight.edges:
        node, _ = edge
        slope, value = flow.slope(edge), flow.values(node)
        single = sum(sight.depends(used) for _, used in flow.operands(node)) == 1
        if slope is None or not single or slope.shape != value.shape:
            continue
        of_a_number = sight.op(node) == "mul" and sight.is_number(node, 1 - edge[1])
        if sight.is_linear(edge) and not of_a_number:
            continue
        yield Slip(
            "not_differentiated",
            lambda e=edge: (
                f"{sight.words.name(e[0])} stands there itself; its derivative belongs there, "
                f"{sight.words.factor(e[0], sight.used(e))}."
            ),
            Edit(slopes={edge: value}),
            rank=23 if of_a_number else 18,
        )


def values(sight: Sight) -> Iterator[Slip]:
    """The same for a value that the learner named: h for dh/dw, whatever steps lead to h."""
    flow = sight.flow
    for node in sight.steps:
        below = [(node, position) for position, used in flow.operands(node) if sight.depends(used)]
        if node == flow.target or not sight.is_named(node) or any(map(sight.is_linear, below)):
            continue
        if sight.leaf in (used for _, used in flow.operands(node)):
            continue  # one step, which `steps` has
        if flow.nodes[node].value.shape in (flow.nodes[sight.leaf].value.shape, ()):
            yield Slip(
                "not_differentiated",
                lambda n=node: (
                    f"{sight.words.name(n)} stands there itself; its derivative belongs there, "
                    f"{sight.words.factor(n, sight.leaf)}."
                ),
                Edit(bypass={node: flow.values(node)}),
                rank=19,
            )


# F with F′ = f
ANTIDERIVATIVE: dict[str, Callable] = {
    "cos": lambda u, n: torch.sin(u),
    "exp": lambda u, n: torch.exp(u),
    "pow": lambda u, n: u ** (n + 1) / (n + 1),
    "reciprocal": lambda u, n: torch.log(u.abs()),
    "sin": lambda u, n: -torch.cos(u),
    "sqrt": lambda u, n: u**1.5 / 1.5,
}


def integrated(sight: Sight) -> Iterator[Slip]:
    """f(ax + b) integrated by all the rules: F(ax + b)/a."""
    flow = sight.flow
    for edge in sight.edges:
        node, position = edge
        operands = flow.called_with(node)
        inner = flow.derivative(sight.used(edge), sight.leaf)
        if position != 0 or operands is None or inner is None or sight.op(node) not in ANTIDERIVATIVE:
            continue
        slope, power = flow.slope(edge), operands[-1]
        if slope is None or inner.shape != slope.shape or not _is_the_same_everywhere(inner):
            continue
        whole = ANTIDERIVATIVE[sight.op(node)](operands[0].double(), power)
        yield Slip(
            "integrated",
            lambda e=edge: f"This is an integral of {sight.words.name(e[0])}, not its derivative.",
            Edit(slopes={edge: whole / inner**2}),  # one of the two is the factor that follows
            rank=27,
        )


def _is_the_same_everywhere(slope: torch.Tensor) -> bool:
    return bool((slope - slope.reshape(-1)[0]).abs().max() <= 1e-12 * slope.abs().max())
