"""Operations on whole arrays of SymPy expressions: reductions, products of matrices, changes of shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp


def _axes(dim, array):
    if dim is None or dim == () or dim == []:
        return tuple(range(array.ndim))
    return tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)


def _sum(x, dim=None, keepdim=False, dtype=None):
    return np.sum(x, axis=_axes(dim, x), keepdims=keepdim)


def _mean(x, dim=None, keepdim=False, dtype=None):
    total = np.asarray(_sum(x, dim, keepdim))
    return total * sp.Rational(max(total.size, 1), max(x.size, 1))


def _matmul(a, b):
    return np.matmul(a, b)


def _linear(input, weight, bias=None):
    made = _matmul(input, np.transpose(weight))
    return made if bias is None else made + bias


def _sizes(*sizes):
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes


def _expand(x, *sizes):
    sizes = _sizes(*sizes)
    own = (1,) * (len(sizes) - x.ndim) + x.shape
    return np.broadcast_to(x, [length if wanted == -1 else wanted for wanted, length in zip(sizes, own)])


def _dims(x, *dims):
    return np.transpose(x, _sizes(*dims)) if dims else np.transpose(x)


SHAPED: dict[str, Callable] = {
    "cat":         lambda xs, dim=0: np.concatenate(list(xs), axis=dim),
    "contiguous":  lambda x, memory_format=None: x,
    "dot":         _matmul,
    "expand":      _expand,
    "flatten":     lambda x, *_: x.reshape(-1),
    "getitem":     lambda x, index: x[index],
    "linear":      _linear,
    "matmul":      _matmul,
    "mean":        _mean,
    "mm":          _matmul,
    "mv":          _matmul,
    "permute":     _dims,
    "reshape":     lambda x, *sizes: x.reshape(_sizes(*sizes)),
    "squeeze":     lambda x, dim=None: np.squeeze(x, axis=dim),
    "stack":       lambda xs, dim=0: np.stack(list(xs), axis=dim),
    "sum":         _sum,
    "t":           lambda x: np.transpose(x),
    "transpose":   lambda x, a, b: np.swapaxes(x, a, b),
    "unbind":      lambda x, dim=0: tuple(np.moveaxis(x, dim, 0)),
    "unsqueeze":   lambda x, dim: np.expand_dims(x, dim),
    "view":        lambda x, *sizes: x.reshape(_sizes(*sizes)),
}  # fmt: skip
