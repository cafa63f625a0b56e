"""The table of rules: what each torch operation is in SymPy, on the branch that the run took.

An operation that stands in none of the tables has no rule. One in `ANSWERS` has one where its entry says so of a call.
`docs/operations.md` shows them.
"""

from __future__ import annotations

from collections.abc import Callable

from . import activations, classification, linear_algebra, losses, norms, orders, pointwise, reductions, shapes, special
from .branched import Branch, Branched
from .losses import LOSSES
from .shapes import MOVES

_ROWS = pointwise.POINTWISE | special.SPECIAL | activations.ACTIVATIONS

#: by operation: its formula, or one for each branch
POINTWISE: dict[str, Callable | tuple[Callable, ...]] = {
    op: tuple(formula for _, formula in row.branches) if isinstance(row, Branched) else row for op, row in _ROWS.items()
}
#: by operation that branches: which branch the recorded numbers took, and what is said of it
BRANCHES: dict[str, Branch] = losses.BRANCHES | {
    op: Branch(row.choose, tuple(says for says, _ in row.branches), row.when)
    for op, row in _ROWS.items()
    if isinstance(row, Branched)
}
#: of these, what is another formula on each side of a point; the others have one, and exceptions to it at single points
PIECEWISE = frozenset(op for op, branch in BRANCHES.items() if "" not in branch.says)
SHAPED = (
    classification.CLASSIFICATION | linear_algebra.LINEAR_ALGEBRA | norms.NORMS | orders.ORDERS | reductions.REDUCTIONS
)
CHOICES = linear_algebra.CHOICES | norms.CHOICES | orders.CHOICES | reductions.CHOICES
ANSWERS = (
    activations.ANSWERS | classification.ANSWERS | linear_algebra.ANSWERS | losses.ANSWERS | norms.ANSWERS | orders.ANSWERS
    | reductions.ANSWERS | shapes.ANSWERS | special.ANSWERS
)  # fmt: skip

__all__ = ["ANSWERS", "BRANCHES", "CHOICES", "LOSSES", "MOVES", "PIECEWISE", "POINTWISE", "SHAPED", "Branch"]
