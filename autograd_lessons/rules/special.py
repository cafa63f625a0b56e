"""The operations of `torch.special`, and their like in `torch`, element by element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp

from .. import functions
from ..functions import pinned
from .branched import Branched, branched, sign


def _is_0(x):
    return (np.asarray(x) == 0).astype(int)


def _xlog1py(input, other):
    at_0, y = np.asarray(input) == 0, np.asarray(other)
    return np.where(at_0 & (y == -1), 2, np.where(at_0 & (y < -1), 1, 0))


def _logit_sides(x, eps=None):
    x = np.asarray(x)
    if eps is None:
        return np.where((x < 0) | (x > 1), 1, 0)
    return np.where(x < eps, 2, np.where(x > 1 - eps, 3, 0))


def _lgamma_poles(x):
    x = np.asarray(x)
    return np.where((x > 0) | (x != np.floor(x)), 0, np.where(x == 0, 1, 2))


def _mvlgamma(x, p=1):
    logarithms: list = [functions.lgamma(x - sp.Rational(j, 2)) for j in range(p)]
    return sp.Add(*logarithms) + sp.Rational(p * (p - 1), 4) * sp.log(sp.pi)


SPECIAL: dict[str, Callable | Branched] = {
    "digamma":   lambda x: functions.digamma(x),
    "entr":      branched(
        sign,
        ("{x} < 0: the value is −∞, PyTorch's slope nan", lambda x: pinned(-sp.oo, x, sp.nan)),
        ("{x} = 0, where the limit is taken: PyTorch's slope is ∞", lambda x: pinned(0, x, sp.oo)),
        ("{x} > 0", lambda x: -x * sp.log(x)),
    ),
    "erf":       lambda x: functions.erf(x),
    "erfc":      lambda x: functions.erfc(x),
    "erfcx":     lambda x: functions.erfcx(x),
    "erfinv":    lambda x: functions.erfinv(x),
    "i0":        lambda x: functions.i0(x),
    "i0e":       branched(
        _is_0,
        ("", lambda x: functions.i0e(x)),
        ("{x} = 0, a kink: PyTorch's slope is 0", lambda x: 1),
    ),
    "i1":        branched(
        _is_0,
        ("", lambda x: functions.i1(x)),
        ("{x} = 0, where I₁(x) begins as x/2", lambda x: x / 2),
    ),
    "i1e":       branched(
        _is_0,
        ("", lambda x: functions.i1e(x)),
        ("{x} = 0, where e^(−|x|)·I₁(x) begins as x/2", lambda x: x / 2),
    ),
    "igamma":    lambda a, x: functions.gammainc(a, x),
    "igammac":   lambda a, x: functions.gammaincc(a, x),
    "lgamma":    branched(
        _lgamma_poles,
        ("", lambda x: functions.lgamma(x)),
        ("{x} = 0, a pole", lambda x: pinned(sp.oo, x, -sp.oo)),
        ("{x} is a pole: PyTorch's slope is nan", lambda x: pinned(sp.oo, x, sp.nan)),
    ),
    "log_ndtr":  lambda x: functions.log_ndtr(x),
    "logit":     branched(
        _logit_sides,
        ("", lambda x, eps=None: sp.log(x / (1 - x))),
        ("{x} is not between 0 and 1: value and slope are nan", lambda x, eps=None: pinned(sp.nan, x, sp.nan)),
        ("{x} < {eps}", lambda x, eps=None: sp.log(eps / (1 - eps))),
        ("{x} > 1 − {eps}", lambda x, eps=None: sp.log((1 - eps) / eps)),
    ),
    "mvlgamma":  _mvlgamma,
    "ndtr":      lambda x: functions.ndtr(x),
    "ndtri":     lambda x: functions.ndtri(x),
    "polygamma": lambda n, x: functions.polygamma(n, x),
    "xlog1py":   branched(
        _xlog1py,
        ("", lambda input, other: input * sp.log(1 + other)),
        ("{0} = 0 and {1} < −1: PyTorch's slopes are 0", lambda input, other: 0),
        ("{0} = 0 and {1} = −1: PyTorch's slope by the first is 0, by the second nan", lambda input, other: pinned(0, other, sp.nan)),
    ),
    "zeta":      lambda s, q: functions.zeta(s, q),
}  # fmt: skip

ANSWERS = {
    "polygamma": lambda n, x: isinstance(n, int),  # and not x.polygamma_(n)
}  # fmt: skip
