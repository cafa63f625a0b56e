"""Functions as SymPy does not have them: each with the derivative that textbooks give, in numbers of any precision."""

from .base import Special
from .hyperbolic import acosh
from .logistic import logaddexp, sigmoid
from .pinned import pinned
from .softmax import logsumexp, softmax
from .special import (
    digamma,
    erf,
    erfc,
    erfcx,
    erfinv,
    gammainc,
    gammaincc,
    i0,
    i0e,
    i1,
    i1e,
    lgamma,
    log_ndtr,
    ndtr,
    ndtri,
    normal,
    polygamma,
    zeta,
)
from .steps import binary_exponent, ceil, floor, nearest, trunc

__all__ = [
    "Special", "acosh", "binary_exponent", "ceil", "digamma", "erf", "erfc", "erfcx", "erfinv", "floor", "gammainc", "gammaincc",
    "i0", "i0e", "i1", "i1e", "lgamma", "log_ndtr", "logaddexp", "logsumexp", "ndtr", "ndtri", "nearest", "normal", "pinned", "polygamma",
    "sigmoid", "softmax", "trunc", "zeta",
]  # fmt: skip
