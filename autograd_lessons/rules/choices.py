"""What the recorded numbers decided of an operation that chooses elements or has a kink, and how that is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

ZERO: Any = sp.Integer(0)
ONE: Any = sp.Integer(1)
MOST_NAMED = 4  # elements that a condition names before it says "…"


class Choice(NamedTuple):
    """`choose(*tensors)` gives an array of integers, which the rule gets as `taken`; `say(name, taken, *tensors)` its sentences.

    `choose` asks PyTorch itself, on the tensors as they were recorded.
    """

    choose: Callable
    say: Callable


def named(name: str, marked) -> str:
    """The marked elements: `x[0], x[2]`; of many the first, and `…`."""
    places = [place for place in np.ndindex(np.shape(marked)) if np.asarray(marked)[place]]
    shown = [f"{name}[{', '.join(map(str, place))}]" if place else name for place in places[:MOST_NAMED]]
    return ", ".join([*shown, *(["…"] if len(places) > MOST_NAMED else [])])


def axes(dim, ndim: int) -> tuple[int, ...]:
    """The dimensions that torch means by `dim`: all by None and by an empty list."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    return tuple(d % ndim for d in dims) if ndim else ()
