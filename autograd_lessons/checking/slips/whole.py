"""Slips of the answer as a whole: another sign, twice the gradient, another input's, the value itself, another point."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from ...inputs import Inputs, call
from ...reasons.cut import is_cut, whole
from ...reasons.disagreement import called
from ...reasons.slips import as_meant, column_and_row
from ...reasons.variation import varied
from ...replay import quiet
from ...values import Input
from ..flow import Edit
from .sight import Sight
from .slip import Slip

MOST_RUN = 5_000  # steps to go through in search of another point


def sign(sight: Sight) -> Iterator[Slip]:
    """Everything right but the sign: y − ŷ for ŷ − y; or the sign of one path."""
    yield Slip(
        "sign_flipped", lambda: "All is right but the sign.", after=torch.neg, rank=12, kind="sign", general=True
    )
    for edge in sight.edges:
        if len(sight.flow.uses.get(sight.used(edge), ())) > 1 or len(sight.flow.operands(edge[0])) > 1:
            yield Slip(
                "sign_flipped",
                lambda e=edge: f"The sign of what comes back through {sight.words.name(e[0])} is turned round.",
                Edit(scales={edge: -1.0}),
                rank=17,
                kind="sign of a path",
            )


def accumulated(sight: Sight) -> Iterator[Slip]:
    """backward() adds to .grad: twice the gradient, or three times."""
    for times, word in ((2, "twice"), (3, "three times")):
        yield Slip(
            "accumulated",
            lambda w=word: f"This is {w} the gradient: backward() adds to .grad, which was not cleared in between.",
            after=lambda gradient, k=times: k * gradient,
            rank=24 if times == 2 else 60,
        )


def other_input(sight: Sight) -> Iterator[Slip]:
    """The answer for another input."""
    flow = sight.flow
    for name, leaf in flow.tape.inputs.items():
        node = flow.index(leaf)
        if node in flow.true and node != sight.leaf and leaf.value.shape == flow.nodes[sight.leaf].value.shape:
            yield Slip(
                "other_input",
                lambda n=name: f"This is the derivative for {n}.",
                answers={sight.leaf: flow.true[node]},  # pyright: ignore
                rank=11,
            )


def left_whole(sight: Sight) -> Iterator[Slip]:
    """The derivative on paper, where the run takes a value out of the graph."""
    tapes, leaf = sight.flow.tapes, sight.flow.nodes[sight.leaf]
    first = next((step for step in sight.flow.tape.steps if is_cut(step)), None)
    if first is None or not isinstance(leaf, Input) or not sight.flow.is_whole:
        return
    made = [varied(tape, leaf.name or "", whole) for tape in tapes]
    if all(one is not None for one in made):
        yield Slip(
            "graph_cut",
            lambda: (
                f"{called(first)} takes its value out of the graph: autograd treats it as a constant, and this answer does not."
            ),
            answers={sight.leaf: torch.stack([one.double() for one in made])},  # pyright: ignore
            rank=5,
        )


def as_shapes_were_meant(sight: Sight) -> Iterator[Slip]:
    """The derivative for equal shapes, where the run paired (n, 1) with (n,)."""
    leaf = sight.flow.nodes[sight.leaf]
    first = next((step for step in sight.flow.tape.steps if step.requires_grad and column_and_row(step)), None)
    if first is None or not isinstance(leaf, Input) or not sight.flow.is_whole:
        return
    made = [varied(tape, leaf.name or "", as_meant) for tape in sight.flow.tapes]
    if all(one is not None for one in made):
        yield Slip(
            "shapes_paired",
            lambda: (
                f"{called(first)} pairs {' with '.join(map(str, column_and_row(first) or ()))} and makes "
                f"{tuple(first.value.shape)}; this is the derivative for equal shapes."
            ),
            answers={sight.leaf: torch.stack([one.double() for one in made])},  # pyright: ignore
            rank=5,
        )


def value(sight: Sight) -> Iterator[Slip]:
    """The value of the function, or of a step, where the derivative belongs."""
    flow, shape = sight.flow, sight.flow.nodes[sight.leaf].value.shape
    for node in (flow.target, *(n for n in sight.steps if n != flow.target)):
        values = flow.values(node)
        if values[0].numel() == 1 and node == flow.target:
            values = values.reshape(-1, *(1,) * len(shape)).expand(-1, *shape)
        if values[0].numel() == shape.numel():
            yield Slip(
                "value",
                lambda n=node: f"This is the value of {sight.words.name(n)}, not a derivative.",
                answers={sight.leaf: values.reshape(-1, *shape)},
                rank=11.5 if node == flow.target else 38,
            )


def another_point(sight: Sight, inputs: list[Inputs], fits: Callable[[int, torch.Tensor], bool]) -> Iterator[Slip]:
    """The right derivative, taken somewhere else. `fits(point, gradient)` tells whether it is worth going on there."""
    name = sight.flow.nodes[sight.leaf].name
    affordable = MOST_RUN // max(1, len(sight.flow.steps))
    for says, place in itertools.islice(_elsewhere(sight, name or ""), affordable):
        found = []
        for point, own in enumerate(inputs):
            moved = {moving: value[point] for moving, value in place.items()}
            there = _gradient(sight, name or "", replace(own, arguments=own.arguments | moved))
            if there is None or not fits(point, there):
                break
            found.append(there)
        else:
            yield Slip(
                "another_point",
                lambda s=says: f"This is the derivative at another point: {s}.",
                answers={sight.leaf: torch.stack(found)},
                rank=45,
            )


def _elsewhere(sight: Sight, name: str) -> Iterator[tuple[str, dict[str, torch.Tensor]]]:
    """Points that are taken for this one, in words and by input."""
    flow, here = sight.flow, sight.flow.values(sight.leaf)
    for text, moved in (("−{}", -here), ("2·{}", 2 * here), ("{} + 1", here + 1), ("{} − 1", here - 1)):
        yield f"{text.format(name)} in place of {name}", {name: moved}
    for other, leaf in flow.tape.inputs.items():
        node = flow.index(leaf)
        if node is not None and node != sight.leaf and leaf.value.shape == flow.nodes[sight.leaf].value.shape:
            yield f"{name} and {other} exchanged", {name: flow.values(node), other: here}


def _gradient(sight: Sight, name: str, inputs: Inputs) -> torch.Tensor | None:
    """Autograd's gradient for one input, without a recording; None where the function cannot be computed."""
    arguments = inputs.fresh()
    try:
        with quiet(), torch.enable_grad():
            made = call(sight.flow.tape.function, arguments).sum()
            (gradient,) = torch.autograd.grad(made, [arguments[name]], allow_unused=True)
    except Exception:
        return None
    return torch.zeros_like(inputs.arguments[name]).double() if gradient is None else gradient.double()
