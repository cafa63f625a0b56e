"""How far a number is from its 50-digit value, and how many of its digits are shown."""

from __future__ import annotations

import math
from typing import NamedTuple

import mpmath
import torch


class Error(NamedTuple):
    """How far a route is from the 50-digit value, at its worst element."""

    absolute: float
    relative: float
    ulps: float  # units in the last place of the run's dtype


def distance(value: float, true: mpmath.mpf, dtype: torch.dtype) -> Error:
    """How far a number of this dtype is from a 50-digit value; nan where only one of them is finite."""
    nan = float("nan")
    if not mpmath.isfinite(true) or value != value or value in (float("inf"), float("-inf")):
        same = mpmath.mpf(value) == true
        return Error(0.0, 0.0, 0.0) if same else Error(nan, nan, nan)
    high = float(true)
    if abs(high) < 1e-290 or abs(high) == float("inf"):  # doubles have no room for the rest of it
        with mpmath.workdps(50):
            absolute = abs(mpmath.mpf(value) - true)
            relative = absolute / abs(true) if true else (mpmath.mpf(0) if not absolute else mpmath.inf)
            return Error(float(absolute), float(relative), float(absolute) / ulp(high, dtype))
    absolute = abs((value - high) - float(true - high))  # near the true value the first difference is exact
    return Error(absolute, absolute / abs(high), absolute / ulp(high, dtype))


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
