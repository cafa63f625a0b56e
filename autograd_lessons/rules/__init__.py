"""The table of rules: what each torch operation is in SymPy, on the branch that the run took.

An operation that stands in none of the tables has no rule.
"""

from .arrays import SHAPED
from .losses import LOSSES
from .pointwise import BRANCHES, POINTWISE, Branch

__all__ = ["BRANCHES", "LOSSES", "POINTWISE", "SHAPED", "Branch"]
