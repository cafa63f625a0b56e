"""Lengths and distances: (Σ|xᵢ|ᵖ)^(1/p) and the largest |xᵢ|.

`taken` holds the sign of each element and whether it takes part: where an element or a whole length is 0, PyTorch's slope is 0,
and equally large elements share it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
import torch

from .choices import ZERO, Choice, axes, named


class _Norm(NamedTuple):
    """Which norm a call asks for: of vectors along `dims`; or, where `inner` is not None, the largest of the sums along it."""

    order: float
    dims: tuple[int, ...]
    keepdim: bool
    inner: int | None = None


def _vector_norm(x, ord: Any = 2, dim=None, keepdim=False, dtype=None) -> _Norm:
    return _Norm(float(ord), axes(dim, x.ndim), keepdim)


def _matrix_norm(x, ord="fro", dim=(-2, -1), keepdim=False, dtype=None) -> _Norm | None:
    rows, columns = axes(dim, x.ndim)
    if ord == "fro":
        return _Norm(2.0, (rows, columns), keepdim)
    if isinstance(ord, str) or abs(ord) not in (1, math.inf):
        return None  # made of singular values
    return _Norm(math.copysign(math.inf, ord), (rows, columns), keepdim, rows if abs(ord) == 1 else columns)


def _linalg_norm(x, ord=None, dim=None, keepdim=False, dtype=None) -> _Norm | None:
    if ord is None:
        return _vector_norm(x, 2, dim, keepdim)
    if isinstance(dim, int) or (dim is None and x.ndim == 1) or (dim is not None and len(dim) == 1):
        return _vector_norm(x, ord, dim, keepdim)
    return _matrix_norm(x, ord, (-2, -1) if dim is None else dim, keepdim)


def _norm(x, p="fro", dim=None, keepdim=False, out=None, dtype=None) -> _Norm | None:
    return None if p == "nuc" else _vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim)


_CALLS: dict[str, Callable[..., _Norm | None]] = {
    "linalg_matrix_norm": _matrix_norm,
    "linalg_norm":        _linalg_norm,
    "linalg_vector_norm": _vector_norm,
    "norm":               _norm,
}  # fmt: skip


# ---------------------------------------------------------------------- what the numbers decided
def _decided(x: torch.Tensor, norm: _Norm) -> np.ndarray:
    part = torch.ones_like(x)
    if math.isinf(norm.order):
        sizes = x.abs() if norm.inner is None else x.abs().sum(norm.inner, True)
        ends = torch.amax if norm.order > 0 else torch.amin
        part = (sizes == ends(sizes, norm.dims, True)).expand_as(x)
    return torch.stack([x.sign(), part.to(x.dtype)]).to(torch.int8).numpy()


def _says(name: str, taken: np.ndarray, norm: _Norm) -> Iterator[str]:
    signs, part = taken
    if math.isinf(norm.order):
        end = "largest" if norm.order > 0 else "smallest"
        many = np.sum(part, axis=norm.dims) > (1 if norm.inner is None else part.shape[norm.inner])
        tie = ", a tie: PyTorch gives each an equal share" if np.any(many) else ""
        yield f"{end} in size of {name}: {named(name, part)}{tie}"
    elif norm.order == 2:
        if np.any(~np.any(signs, axis=norm.dims)):
            yield f"the length of {name} is 0, a kink: PyTorch's slope is 0"
        return
    for sign, said in ((1, "{} > 0"), (-1, "{} < 0"), (0, "{} = 0, a kink: PyTorch's slope is 0")):
        if np.any(marked := (signs == sign) & (part == 1)):
            yield said.format(named(name, marked))


# ---------------------------------------------------------------------- the formula
def _length(x, taken, norm: _Norm):
    signs, part = taken
    sizes = np.where(signs == 0, ZERO, x * signs)
    if not math.isinf(norm.order):
        order = sp.nsimplify(norm.order, rational=True)
        powers = np.where(signs == 0, ZERO, (x if order % 2 == 0 else sizes) ** order)
        return np.asarray(np.sum(powers, axis=norm.dims, keepdims=norm.keepdim)) ** (1 / order)
    chosen = np.where(part == 1, sizes, ZERO)
    count = np.sum(part, axis=norm.dims, keepdims=norm.keepdim)
    return (
        np.sum(chosen, axis=norm.dims, keepdims=norm.keepdim)
        * (1 if norm.inner is None else x.shape[norm.inner])
        / count
    )


def _of_one(call: Callable) -> tuple[Callable, Choice]:
    def rule(x, *args, taken, **kwargs):
        return _length(x, taken, call(x, *args, **kwargs))

    def choose(x: torch.Tensor, *args, **kwargs) -> np.ndarray:
        return _decided(x, call(x, *args, **kwargs))  # pyright: ignore

    def say(name: str, taken: np.ndarray, x: torch.Tensor, *args, **kwargs) -> Iterator[str]:
        yield from _says(name, taken, call(x, *args, **kwargs))  # pyright: ignore

    return rule, Choice(choose, say)


# ---------------------------------------------------------------------- of a difference
def _difference(call: Callable, norm: Callable) -> tuple[Callable, Choice]:
    """`call(a, b, …)` gives the difference and the further arguments of its norm; the same for tensors and for formulas."""

    def rule(a, b, *args, taken, **kwargs):
        difference, *rest = call(a, b, *args, **kwargs)
        return _length(difference, taken, norm(difference, *rest))

    def choose(a: torch.Tensor, b: torch.Tensor, *args, **kwargs) -> np.ndarray:
        difference, *rest = call(a, b, *args, **kwargs)
        return _decided(difference, norm(difference, *rest))

    def say(name: str, taken: np.ndarray, a: torch.Tensor, b: torch.Tensor, *args, **kwargs) -> Iterator[str]:
        difference, *rest = call(a, b, *args, **kwargs)
        yield from _says("the difference", taken, norm(difference, *rest))

    return rule, Choice(choose, say)


_DIFFERENCES = {
    "cdist": lambda a, b, p=2.0, compute_mode=None: (a[..., :, None, :] - b[..., None, :, :], p, -1),
    "dist":  lambda a, b, p=2: (a - b, p),
    "pairwise_distance": lambda a, b, p=2.0, eps=1e-6, keepdim=False: (a - b + _number(eps, a), p, -1, keepdim),
}  # fmt: skip


def _number(value: float, beside):
    return value if isinstance(beside, torch.Tensor) else sp.Rational(repr(value))


# ---------------------------------------------------------------------- divided by a length
def _normalize(x, p=2.0, dim=1, eps=1e-12, out=None, *, taken):
    return x / _length(x, taken, _vector_norm(x, p, dim, True))


def _cosine(a, b, dim=1, eps=1e-8):
    def length(x):
        return np.asarray(np.sum(x**2, axis=dim)) ** sp.Rational(1, 2)

    return np.sum(a * b, axis=dim) / (length(a) * length(b))


def _longer_than_eps(x: torch.Tensor, p=2.0, dim=1, eps=1e-12, out=None) -> bool:
    return bool((torch.linalg.vector_norm(x, p, dim) > eps).all()) and p != 0


_ALL = {
    **{op: _of_one(call) for op, call in _CALLS.items()},
    **{op: _difference(call, _vector_norm) for op, call in _DIFFERENCES.items()},
    "normalize": (
        _normalize,
        Choice(
            lambda x, p=2.0, dim=1, *_, **__: _decided(x, _vector_norm(x, p, dim)),
            lambda name, taken, x, p=2.0, dim=1, *_, **__: _says(name, taken, _vector_norm(x, p, dim)),
        ),
    ),
}
NORMS: dict[str, Callable] = {"cosine_similarity": _cosine, **{op: rule for op, (rule, _) in _ALL.items()}}
CHOICES = {op: choice for op, (_, choice) in _ALL.items()}


def _answers(call: Callable) -> Callable:
    def answer(*args, **kwargs) -> bool:
        norm = call(*args, **kwargs)
        return norm is not None and norm.order != 0

    return answer


ANSWERS = {
    **{op: _answers(call) for op, call in _CALLS.items()},
    "cosine_similarity": lambda a, b, dim=1, eps=1e-8: all(bool((x.norm(dim=dim) > eps).all()) for x in (a, b)),
    "normalize":         _longer_than_eps,
}  # fmt: skip
