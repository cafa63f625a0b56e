"""The table of rules: what each torch operation is in SymPy, on the branch that the run took.

An operation that stands in none of the tables has no rule. `docs/operations.md` shows them all.
"""

from __future__ import annotations

from collections.abc import Callable

from .activations import ACTIVATIONS
from .arrays import SHAPED
from .branched import Branch, Branched
from .losses import LOSSES
from .pointwise import POINTWISE as _GENERAL
from .special import SPECIAL

__all__ = ["BRANCHES", "LOSSES", "ONLY_IF", "POINTWISE", "SHAPED", "Branch"]

_ROWS = _GENERAL | SPECIAL | ACTIVATIONS

#: by operation: its formula, or one for each branch
POINTWISE: dict[str, Callable | tuple[Callable, ...]] = {
    op: tuple(formula for _, formula in row.branches) if isinstance(row, Branched) else row for op, row in _ROWS.items()
}
#: by operation that branches: which branch the recorded numbers took, and what is said of it
BRANCHES: dict[str, Branch] = {
    op: Branch(row.choose, tuple(says for says, _ in row.branches))
    for op, row in _ROWS.items()
    if isinstance(row, Branched)
}

#: operations whose formula holds only if they are called so
ONLY_IF: dict[str, Callable[..., bool]] = {
    "polygamma": lambda n, x: isinstance(n, int),  # and not x.polygamma_(n)
    "rrelu": lambda x, lower=0, upper=0, training=False, inplace=False: not training,  # or the slope is random
}
