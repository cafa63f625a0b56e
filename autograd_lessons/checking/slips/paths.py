"""Slips where a value is used more than once: a path or a term left out or counted twice, or paths multiplied."""

from __future__ import annotations

from collections.abc import Iterator

from ..flow import Edge, Edit
from .sight import Sight
from .slip import Slip


def dropped(sight: Sight) -> Iterator[Slip]:
    """One of several paths is left out, or all but one."""
    for node, uses in _shared(sight):
        for edge in uses:
            yield Slip(
                "path_dropped",
                lambda e=edge, n=node, u=uses: f"{_used(sight, n, u)}, and {_path(sight, e, u)} is missing.",
                Edit(scales={edge: 0.0}),
                rank=15,
            )
        for edge in uses if len(uses) > 2 else ():
            yield Slip(
                "path_dropped",
                lambda e=edge, n=node, u=uses: f"{_used(sight, n, u)}, and only {_path(sight, e, u)} is there.",
                Edit(scales={other: 0.0 for other in uses if other != edge}),
                rank=16,
            )


def terms(sight: Sight) -> Iterator[Slip]:
    """Of a sum one term is left out, with all the paths through it."""
    for node in sight.steps:
        edges = [(node, position) for position, used in sight.flow.operands(node) if sight.depends(used)]
        if sight.op(node) not in ("add", "sub", "rsub") or len(edges) != 2:
            continue
        for edge in edges:
            yield Slip(
                "path_dropped",
                lambda e=edge: f"The term {sight.words.name(sight.used(e))} of {sight.words.name(e[0])} is missing.",
                Edit(scales={edge: 0.0}),
                rank=15.5,
            )


def _used(sight: Sight, node: int, uses: list) -> str:
    return f"{sight.words.name(node)} is used {'twice' if len(uses) == 2 else f'{len(uses)} times'}"


def _path(sight: Sight, edge: Edge, uses: list) -> str:
    """A path by the value that it alone leads through, or as the one straight into a value."""
    step = edge[0]
    shared = any(other != edge and other[0] in sight.flow.below(step) for other in uses)
    return (
        f"the path straight into {sight.words.name(step)}" if shared else f"the path through {sight.words.name(step)}"
    )


def twice(sight: Sight) -> Iterator[Slip]:
    """Of two paths one is counted twice and the other not at all: 2Ax for Ax + Aᵀx."""
    for node, uses in _shared(sight):
        for one, other in (uses, uses[::-1]) if len(uses) == 2 else ():
            yield Slip(
                "path_twice",
                lambda n=node: (
                    f"{sight.words.name(n)} is used twice, and the two paths bring different numbers: here one of them "
                    "is counted twice."
                ),
                Edit(scales={one: 2.0, other: 0.0}),
                rank=27,
            )


def multiplied(sight: Sight) -> Iterator[Slip]:
    """The contributions of the paths are multiplied where they should be added."""
    for node, uses in _shared(sight):
        yield Slip(
            "paths_multiplied",
            lambda n=node, u=uses: (
                f"{_used(sight, n, u)}: what comes back along the paths is added, and here it is multiplied."
            ),
            Edit(multiplied=frozenset({node})),
            rank=25,
        )


def _uses(sight: Sight, node: int) -> list:
    edges = set(sight.edges)
    return [edge for edge in sight.flow.uses.get(node, []) if edge in edges]


def _shared(sight: Sight) -> Iterator[tuple[int, list]]:
    for node in (sight.leaf, *sight.steps):
        uses = _uses(sight, node)
        if len(uses) > 1:
            yield node, uses
