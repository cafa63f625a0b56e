"""The table of rules: what each torch operation is in SymPy, on the branch that the run took.

An operation that stands in none of the tables has no rule. One in `ANSWERS` has one where its entry says so of a call.
"""

from . import classification, linear_algebra, losses, norms, orders, reductions, shapes
from .losses import LOSSES
from .pointwise import BRANCHES, POINTWISE, Branch
from .shapes import MOVES

SHAPED = (
    classification.CLASSIFICATION | linear_algebra.LINEAR_ALGEBRA | norms.NORMS | orders.ORDERS | reductions.REDUCTIONS
)
CHOICES = linear_algebra.CHOICES | norms.CHOICES | orders.CHOICES | reductions.CHOICES
ANSWERS = (
    classification.ANSWERS | linear_algebra.ANSWERS | losses.ANSWERS | norms.ANSWERS | orders.ANSWERS | reductions.ANSWERS
    | shapes.ANSWERS
)  # fmt: skip

__all__ = ["ANSWERS", "BRANCHES", "CHOICES", "LOSSES", "MOVES", "POINTWISE", "SHAPED", "Branch"]
