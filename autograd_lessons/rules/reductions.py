"""Operations that make one number out of many, or one of each row: sums, means, spreads, products, shares."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import sympy as sp
import torch

from ..functions import logsumexp, softmax
from .choices import ZERO, Choice, axes

MOST_FACTORS = 12  # of a product: SymPy takes minutes for the derivatives of one of 36


def _sum(x, dim=None, keepdim=False, dtype=None):
    return np.sum(x, axis=axes(dim, x.ndim), keepdims=keepdim)


def _mean(x, dim=None, keepdim=False, dtype=None):
    total = np.asarray(_sum(x, dim, keepdim))
    return total * sp.Rational(max(total.size, 1), max(x.size, 1))


def _prod(x, dim=None, keepdim=False, dtype=None):
    return np.prod(x, axis=axes(dim, x.ndim), keepdims=keepdim)


# ---------------------------------------------------------------------- spreads
def _spread_call(x, dim=None, unbiased=None, keepdim=False, correction=1):
    """(dim, keepdim, correction) of a call of var or std: `var(x, False)`, `var(x, 0, unbiased=False)`, `var(x, correction=0)`."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    return dim, keepdim, 1 if correction is None else correction


def _var(x, *args, taken=None, **kwargs):
    dim, keepdim, correction = _spread_call(x, *args, **kwargs)
    count = x.size // max(np.asarray(_sum(x, dim)).size, 1)
    return _deviations(x, dim, keepdim) / (count - sp.nsimplify(correction, rational=True))


def _deviations(x, dim, keepdim):
    """Σ(xᵢ − x̄)² as Σxᵢ² − x̄·Σxᵢ, whose derivative 2(xᵢ − x̄) is short as it comes."""
    return _sum(x**2, dim, keepdim) - _mean(x, dim, keepdim) * _sum(x, dim, keepdim)


def _std(x, *args, taken, **kwargs):
    return _root(np.asarray(_var(x, *args, **kwargs)), taken)


def _root(x, taken):
    """The square roots; where all are equal PyTorch gives the slope 0."""
    root = np.frompyfunc(lambda value, flat: ZERO if flat else sp.sqrt(value), 2, 1)
    return root(x, taken)


def _flat(x: torch.Tensor, *args, **kwargs) -> np.ndarray:
    """Where the numbers have no spread."""
    return (torch.var(x, *args, **kwargs) == 0).to(torch.int8).numpy()


def _says_flat(name: str, taken: np.ndarray, x: torch.Tensor, *args, **kwargs) -> Iterator[str]:
    if taken.any():
        yield f"the standard deviation of {name} is 0, a kink: PyTorch's slope is 0"


def _has_spread(x: torch.Tensor, *args, **kwargs) -> bool:
    """Of one number there is none."""
    dim, _, correction = _spread_call(x, *args, **kwargs)
    return math.prod(x.shape[axis] for axis in axes(dim, x.ndim)) > correction


# ---------------------------------------------------------------------- shares
def _along(x, dim, function: Callable):
    """`function` of each row along a dimension gives the row's new elements."""
    if x.ndim == 0:
        return np.asarray(function(x.reshape(-1)), dtype=object).reshape(())
    rows = np.moveaxis(x, dim, -1)
    made = np.empty(rows.shape, dtype=object)
    for place in np.ndindex(rows.shape[:-1]):
        made[place] = function(rows[place])
    return np.moveaxis(made, -1, dim)


def _softmax(x, dim=None, dtype=None, _stacklevel=3):
    return _along(x, _usual(dim, x.ndim), lambda row: [softmax(i, *row) for i in range(len(row))])


def _log_softmax(x, dim=None, dtype=None, _stacklevel=3):
    return _along(x, _usual(dim, x.ndim), lambda row: row - logsumexp(*row))


def _usual(dim, ndim: int) -> int:
    """The dimension that F.softmax takes where none is given."""
    return (0 if ndim in (0, 1, 3) else 1) if dim is None else dim


def _logsumexp(x, dim=None, keepdim=False):
    axis = axes(dim, x.ndim)
    kept = [1 if d in axis else length for d, length in enumerate(x.shape)]
    rows = np.moveaxis(x, axis, range(-len(axis), 0)) if axis else x
    made = np.empty(rows.shape[: x.ndim - len(axis)], dtype=object)
    for place in np.ndindex(made.shape):
        made[place] = logsumexp(*rows[place].reshape(-1)) if axis else x[place]
    return made.reshape(kept) if keepdim else made


def _logcumsumexp(x, dim):
    return _along(x, dim, lambda row: [logsumexp(*row[: i + 1]) for i in range(len(row))])


# ---------------------------------------------------------------------- normalised
def _layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    dims = tuple(range(-len(tuple(normalized_shape)), 0))
    variance = _deviations(x, dims, True) / math.prod(normalized_shape)
    return _scaled((x - _mean(x, dims, True)) / _roots(variance + sp.Rational(repr(eps))), weight, bias)


def _rms_norm(x, normalized_shape, weight=None, eps=None):
    dims = tuple(range(-len(tuple(normalized_shape)), 0))
    small = sp.Rational(repr(torch.finfo(torch.float64).eps if eps is None else eps))
    return _scaled(x / _roots(_mean(x**2, dims, True) + small), weight, None)


def _scaled(x, weight, bias):
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


_roots = np.frompyfunc(sp.sqrt, 1, 1)

REDUCTIONS: dict[str, Callable] = {
    "cumprod":       lambda x, dim, dtype=None: np.cumprod(x, axis=dim) if x.ndim else x,
    "cumsum":        lambda x, dim, dtype=None: np.cumsum(x, axis=dim) if x.ndim else x,
    "diff":          lambda x, n=1, dim=-1: np.diff(x, n=n, axis=dim),
    "layer_norm":    _layer_norm,
    "log_softmax":   _log_softmax,
    "logcumsumexp":  _logcumsumexp,
    "logsumexp":     _logsumexp,
    "mean":          _mean,
    "nanmean":       _mean,
    "nansum":        _sum,
    "prod":          _prod,
    "rms_norm":      _rms_norm,
    "softmax":       _softmax,
    "softmin":       lambda x, dim=None, dtype=None, _stacklevel=3: _softmax(-x, dim),
    "std":           _std,
    "std_mean":      lambda x, *args, taken, **kwargs: (_std(x, *args, taken=taken, **kwargs), _mean_beside(x, *args, **kwargs)),
    "sum":           _sum,
    "var":           _var,
    "var_mean":      lambda x, *args, **kwargs: (_var(x, *args, **kwargs), _mean_beside(x, *args, **kwargs)),
}  # fmt: skip


def _mean_beside(x, *args, **kwargs):
    return _mean(x, *_spread_call(x, *args, **kwargs)[:2])


CHOICES = {"std": Choice(_flat, _says_flat), "std_mean": Choice(_flat, _says_flat)}


def _no_nan(x: torch.Tensor, *_, **__) -> bool:
    return not bool(x.isnan().any())


def _few_factors(x: torch.Tensor, dim=None, *_, **__) -> bool:
    return (x.numel() if dim is None else x.shape[dim] if x.ndim else 1) <= MOST_FACTORS


ANSWERS = {
    "cumprod":  _few_factors,
    "prod":     _few_factors,
    "nanmean":  _no_nan,
    "nansum":   _no_nan,
    "rms_norm": lambda x, *_, eps=None, **__: eps is not None or x.dtype == torch.float64,
    "std":      _has_spread,
    "std_mean": _has_spread,
    "var":      _has_spread,
    "var_mean": _has_spread,
}  # fmt: skip
