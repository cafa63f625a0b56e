"""How far a number is from its 50-digit value, and how many of its digits are shown."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import mpmath
import torch
from torch.testing._comparison import default_tolerances


class Error(NamedTuple):
    """How far a route is from the 50-digit value, at its worst element."""

    absolute: float
    relative: float
    ulps: float  # units in the last place of the run's dtype


class Reference:
    """A 50-digit value, split so that the distance of a number of this dtype from it takes no arithmetic at 50 digits."""

    def __init__(self, value: mpmath.mpf, dtype: torch.dtype):
        self.value = value
        self.rounded = float(value)
        self.finite = math.isfinite(self.rounded) or bool(mpmath.isfinite(value))  # a double may be too small for it
        self._rest = float(value - self.rounded) if self.finite else 0.0
        self._ulp = ulp(self.rounded, dtype)

    def is_still(self, before: Reference) -> bool:
        """Whether this finite value is what it was when it was computed with fewer digits: to twenty of them."""
        return self.finite and abs(self.value - before.value) <= abs(self.value) * 1e-20

    def error_of(self, number: float) -> Error:
        """How far a number is from this value; nan where only one of them is finite."""
        if not (self.finite and math.isfinite(number)):
            same = mpmath.mpf(number) == self.value
            return Error(0.0, 0.0, 0.0) if same else Error(math.nan, math.nan, math.nan)
        size = abs(self.rounded)
        if size < 1e-290 or size == math.inf:  # doubles have no room for the rest of it
            with mpmath.workdps(50):
                absolute = abs(mpmath.mpf(number) - self.value)
                relative = absolute / abs(self.value) if self.value else (mpmath.inf if absolute else mpmath.mpf(0))
                return Error(float(absolute), float(relative), float(absolute) / self._ulp)
        absolute = abs((number - self.rounded) - self._rest)  # near the true value the first difference is exact
        return Error(absolute, absolute / size, absolute / self._ulp)


@functools.cache
def tolerance(dtype: torch.dtype) -> tuple[float, float]:
    """How far two numbers of this dtype may be apart and still agree: relative, absolute; those of `torch.testing`."""
    return default_tolerances(dtype)


def ulp(value: float, dtype: torch.dtype) -> float:
    """The spacing of the dtype's numbers around a value: ε·2^⌊log₂|value|⌋, and at the least that around its smallest normal one."""
    info = torch.finfo(dtype)
    _, exponent = math.frexp(max(abs(value), info.smallest_normal))
    return math.ldexp(info.eps, exponent - 1)


def number(value: float, dtype: torch.dtype) -> str:
    """A number with the digits that its dtype carries."""
    return f"{value:.9g}" if dtype != torch.float64 else repr(value)


def show_tensor(value: torch.Tensor, dtype: torch.dtype) -> str:
    """A number, a few numbers row by row, or the shape and the range."""
    if value.numel() == 1:
        return number(value.item(), dtype)
    if value.numel() <= 6:
        return _rows(value.tolist())
    finite = value[value.isfinite()]
    spread = f", {finite.min().item():.4g} … {finite.max().item():.4g}" if finite.numel() else ""
    return f"{'×'.join(map(str, value.shape))} elements{spread}"


def _rows(numbers: list | float) -> str:
    return "[" + ", ".join(map(_rows, numbers)) + "]" if isinstance(numbers, list) else f"{numbers:.6g}"
