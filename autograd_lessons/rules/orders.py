"""Operations that choose elements by their size: the largest, the median, a sorted order.

Without a dimension, and for `amax` and `amin`, PyTorch gives each element that is equal to the result an equal share:
`taken` marks these. Along a dimension it chooses one, and `taken` holds its index there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import sympy as sp
import torch

from .choices import ZERO, Choice, axes, named


def _of(name: str, dim) -> str:
    return f"of {name}" if dim is None or dim == () else f"of {name} along dimension {dim}"


# ---------------------------------------------------------------------- an equal share for each
def _share(x, dim=None, keepdim=False, *, taken):
    marked, axis = np.asarray(taken), axes(dim, x.ndim)
    chosen = np.where(marked == 1, x, ZERO)
    return np.sum(chosen, axis=axis, keepdims=keepdim) / np.sum(marked, axis=axis, keepdims=keepdim)


def _shared(word: str, find: Callable) -> Choice:
    def choose(x: torch.Tensor, dim=None, keepdim=False) -> np.ndarray:
        return (x == find(x, axes(dim, x.ndim), True)).to(torch.int8).numpy()

    def say(name: str, taken: np.ndarray, x: torch.Tensor, dim=None, keepdim=False) -> Iterator[str]:
        tied = np.any(np.sum(taken, axis=axes(dim, x.ndim)) > 1)
        tie = ", a tie: PyTorch gives each an equal share" if tied else ""
        yield f"{word} {_of(name, dim)}: {named(name, taken)}{tie}"

    return Choice(choose, say)


_LARGEST, _SMALLEST = _shared("the largest", torch.amax), _shared("the smallest", torch.amin)
_SHARED = {
    "max":       _LARGEST,
    "min":       _SMALLEST,
    "median":    _shared("the median", lambda x, dim, keepdim: x.median()),
    "nanmedian": _shared("the median", lambda x, dim, keepdim: x.nanmedian()),
}  # fmt: skip


def _both(x: torch.Tensor, dim=None, keepdim=False) -> np.ndarray:
    return np.stack([_SMALLEST.choose(x, dim), _LARGEST.choose(x, dim)])


def _says_both(name: str, taken: np.ndarray, x: torch.Tensor, dim=None, keepdim=False) -> Iterator[str]:
    yield from _SMALLEST.say(name, taken[0], x, dim)
    yield from _LARGEST.say(name, taken[1], x, dim)


def _aminmax(x, dim=None, keepdim=False, *, taken):
    return tuple(_share(x, dim, keepdim, taken=one) for one in taken)


# ---------------------------------------------------------------------- the one at an index
_DIMENSION = {  # the dimension along which a call chooses; None: it chooses among all elements
    "cummax":    lambda x, dim: dim,
    "cummin":    lambda x, dim: dim,
    "kthvalue":  lambda x, k, dim=-1, keepdim=False: dim,
    "max":       lambda x, dim=None, keepdim=False: dim,
    "median":    lambda x, dim=None, keepdim=False: dim,
    "min":       lambda x, dim=None, keepdim=False: dim,
    "mode":      lambda x, dim=-1, keepdim=False: dim,
    "msort":     lambda x: 0,
    "nanmedian": lambda x, dim=None, keepdim=False: dim,
    "sort":      lambda x, dim=-1, descending=False, stable=False: dim,
    "topk":      lambda x, k, dim=-1, largest=True, sorted=True: dim,
}  # fmt: skip
_WORDS = {
    "cummax": "the largest so far", "cummin": "the smallest so far", "kthvalue": "the choice by rank", "max": "the largest",
    "median": "the median", "min": "the smallest", "mode": "the most frequent", "nanmedian": "the median",
    "topk": "the choice by rank",
}  # fmt: skip


def _indexed(op: str) -> tuple[Callable, Choice]:
    """The rule of an operation that chooses along a dimension, and of the same name without one; and what it chose."""
    find, dimension = (lambda x: torch.sort(x, 0)) if op == "msort" else getattr(torch, op), _DIMENSION[op]

    def rule(x, *args, taken, **kwargs):
        dim = dimension(x, *args, **kwargs)
        if dim is None:
            return _share(x, taken=taken)
        if x.ndim and taken.ndim < x.ndim:
            values = np.take_along_axis(x, np.expand_dims(taken, dim), axis=dim).squeeze(axis=dim)
        else:
            values = np.take_along_axis(x, taken, axis=dim) if x.ndim else x
        return values if op == "msort" else (values, None)

    def choose(x: torch.Tensor, *args, **kwargs) -> np.ndarray:
        if dimension(x, *args, **kwargs) is None:
            return _SHARED[op].choose(x)
        return find(x, *args, **kwargs).indices.numpy()

    def say(name: str, taken: np.ndarray, x: torch.Tensor, *args, **kwargs) -> Iterator[str]:
        dim = dimension(x, *args, **kwargs)
        if dim is None:
            yield from _SHARED[op].say(name, taken, x)
        elif op in _WORDS and x.ndim:
            places = taken if taken.ndim == x.ndim else np.expand_dims(taken, dim)
            marked = np.zeros(tuple(x.shape), bool)
            np.put_along_axis(marked, places, True, axis=dim)
            yield f"{_WORDS[op]} {_of(name, None if x.ndim == 1 else dim)}: {named(name, marked)}{_tie(x, places, dim)}"
        elif x.ndim == 1:
            yield f"the order of {name}: {', '.join(f'{name}[{i}]' for i in taken.tolist())}"
        elif x.ndim:
            yield f"the elements of {name} have this order along dimension {dim}"

    return rule, Choice(choose, say)


def _tie(x: torch.Tensor, places: np.ndarray, dim: int) -> str:
    """What to say where the one that was chosen has equals."""
    if places.shape[dim] > 1:
        return ""
    equal = x.numpy() == np.take_along_axis(x.numpy(), places, axis=dim)
    return ", a tie: PyTorch takes this one" if np.any(np.sum(equal, axis=dim) > 1) else ""


# ---------------------------------------------------------------------- between two of a sorted order
def _quantile(x, q, dim=None, keepdim=False, *, interpolation="linear", taken):
    if dim is None:
        x, taken, dim, keepdim_shape = x.reshape(-1), taken.reshape(-1), 0, (1,) * x.ndim
    else:
        keepdim_shape = None
    ordered = np.take_along_axis(x, taken, axis=dim)
    place = sp.nsimplify(q, rational=True) * (x.shape[dim] - 1)
    low = math.floor(place)
    part, below, above = place - low, np.take(ordered, low, axis=dim), np.take(ordered, math.ceil(place), axis=dim)
    weight = {"linear": part, "lower": 0, "higher": 1, "midpoint": sp.Rational(1, 2)}[interpolation]
    made = np.asarray(below + weight * (above - below))
    if not keepdim:
        return made
    return made.reshape(keepdim_shape) if keepdim_shape is not None else np.expand_dims(made, dim)


def _quantile_order(x: torch.Tensor, q, dim=None, keepdim=False, *, interpolation="linear") -> np.ndarray:
    return torch.sort(x.reshape(-1) if dim is None else x, 0 if dim is None else dim).indices.numpy()


def _says_quantile(name: str, taken: np.ndarray, x: torch.Tensor, *args, **kwargs) -> Iterator[str]:
    yield f"the elements of {name} have this order"


_INDEXED = {op: _indexed(op) for op in _DIMENSION}

ORDERS: dict[str, Callable] = {
    "amax":     _share,
    "amin":     _share,
    "aminmax":  _aminmax,
    "quantile": _quantile,
    **{op: rule for op, (rule, _) in _INDEXED.items()},
}  # fmt: skip

CHOICES = {
    "amax":     _LARGEST,
    "amin":     _SMALLEST,
    "aminmax":  Choice(_both, _says_both),
    "quantile": Choice(_quantile_order, _says_quantile),
    **{op: choice for op, (_, choice) in _INDEXED.items()},
}  # fmt: skip

ANSWERS = {
    "quantile": lambda x, q, *_, interpolation="linear", **__: isinstance(q, float) and interpolation != "nearest"
}
