"""How many predictions were right, by concept. It stays in the kernel: nothing of it is written or sent anywhere."""

from __future__ import annotations

from ..rules import CHOICES, LOSSES, MOVES, PIECEWISE
from ..rules.linear_algebra import LINEAR_ALGEBRA
from ..rules.special import SPECIAL

START, PATHS, SEVERAL, OTHER = "start of the pass", "sum over paths", "several steps at once", "other functions"
SUMS = "sums and means"
_BY_CONCEPT = {
    SUMS: {
        "add", "sub", "rsub", "neg", "sum", "mean", "cumsum", "clone", "double", "float", "to", "type", "detach", "nansum", "nanmean",
    },
    "products": {"mul", "dot", "prod", "lerp", "addcmul", "cumprod", "vdot", "linalg_vecdot", "inner"},
    "quotients": {"div", "reciprocal", "addcdiv"},
    "powers and roots": {"pow", "square", "sqrt", "rsqrt", "hypot", "norm", "linalg_norm", "linalg_vector_norm"},
    "exponentials and logarithms": {
        "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2", "xlogy", "logsumexp", "ldexp",
    },
    "sine and its relatives": {
        "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh", "sinc",
    },
    "sigmoid and its relatives": {
        "sigmoid", "logsigmoid", "softplus", "tanh", "silu", "gelu", "mish", "logit", "softmax", "log_softmax", "softmin",
    },
    "losses": {*LOSSES, "cross_entropy", "nll_loss"},
    "kinks and branches": {*PIECEWISE, *CHOICES, "relu", "floor", "ceil", "round", "trunc", "frac", "remainder", "fmod"},
    "matrix products": {*LINEAR_ALGEBRA},
    "rearranging": {*MOVES},
    "special functions": {*SPECIAL},
}  # fmt: skip
_CONCEPT = {op: concept for concept, ops in reversed(_BY_CONCEPT.items()) for op in ops}

AT_ONCE, WITH_HINTS, SHOWN = "at once", "after a hint", "shown"


def concept_of(operations: list[str]) -> str:
    """What the derivative of these operations, one inside the other, is an example of."""
    concepts = {_CONCEPT.get(op.rstrip("_"), OTHER) for op in operations} - {SUMS, "rearranging"}
    if len(concepts) > 1:
        return SEVERAL
    return concepts.pop() if concepts else SUMS


class Tally:
    """Counts of predictions by concept and outcome. `.reset()` begins anew."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}

    def count(self, concept: str, outcome: str) -> None:
        """One more prediction that was right at once, right after a hint, or shown."""
        row = self._counts.setdefault(concept, dict.fromkeys((AT_ONCE, WITH_HINTS, SHOWN), 0))
        row[outcome] += 1

    def reset(self) -> None:
        """Forget every prediction."""
        self._counts.clear()

    @property
    def rows(self) -> dict[str, dict[str, int]]:
        """By concept, in the order of their first questions: how many were right at once, after a hint, and shown."""
        return {concept: dict(row) for concept, row in self._counts.items()}

    def __repr__(self) -> str:
        if not self._counts:
            return "No prediction yet."
        width = max(len("concept"), *map(len, self._counts))
        lines = [f"{'concept':{width}}  {AT_ONCE}  {WITH_HINTS}  {SHOWN}"]
        for concept, row in self._counts.items():
            numbers = "  ".join(f"{row[outcome]:>{len(outcome)}}" for outcome in (AT_ONCE, WITH_HINTS, SHOWN))
            lines.append(f"{concept:{width}}  {numbers}")
        return "\n".join(lines)


#: of this kernel: every explorer counts here
TALLY = Tally()
