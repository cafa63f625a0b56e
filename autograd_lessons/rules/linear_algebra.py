"""Products of vectors and matrices, and what belongs to one small square matrix: trace, determinant, inverse, solution."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
import sympy as sp
import torch

from .choices import ONE, ZERO, Choice

MOST_ROWS = {"det": 4, "inverse": 3, "cholesky": 3, "power": 4}  # a formula with more is too long to be read


# ---------------------------------------------------------------------- products
def _matmul(a, b):
    return np.matmul(a, b)


def _linear(input, weight, bias=None):
    made = _matmul(input, np.transpose(weight))
    return made if bias is None else made + bias


def _added(product: Callable) -> Callable:
    """addmm and its kin: beta·input + alpha·(a product)."""
    return lambda input, a, b, *, beta=1, alpha=1: _exact(beta) * input + _exact(alpha) * product(a, b)


def _exact(number):
    return sp.nsimplify(number, rational=True)


def _tensordot(a, b, dims=2):
    return np.tensordot(a, b, dims)


def _cross(a, b, dim=None):
    """torch.cross without a dimension takes the first of length 3, torch.linalg.cross the last one."""
    if dim is None:
        dim = a.shape.index(3)
    a, b = (np.moveaxis(x, dim, -1) for x in np.broadcast_arrays(a, b))
    made = [a[..., i - 2] * b[..., i - 1] - a[..., i - 1] * b[..., i - 2] for i in range(3)]
    return np.moveaxis(np.stack(made, axis=-1), -1, dim)


def _bilinear(a, b, weight, bias=None):
    made = np.einsum("...i,kij,...j->...k", a, weight, b)
    return made if bias is None else made + bias


# ---------------------------------------------------------------------- one square matrix
def _each(function: Callable, *stacks):
    """`function` of each matrix of a batch."""
    batch = np.broadcast_shapes(*(stack.shape[:-2] for stack in stacks))
    spread = [np.broadcast_to(stack, batch + stack.shape[-2:]) for stack in stacks]
    made = [np.asarray(function(*(stack[place] for stack in spread)), dtype=object) for place in np.ndindex(batch)]
    return np.stack(made).reshape(batch + made[0].shape) if made else np.empty(batch, dtype=object)


def _det(matrix):
    """Along the first row, each determinant of what is left derived once."""
    n = len(matrix)

    @functools.cache
    def below(row: int, columns: tuple[int, ...]):
        if not columns:
            return ONE
        terms = []
        for i, column in enumerate(columns):
            terms.append((-1) ** i * matrix[row][column] * below(row + 1, columns[:i] + columns[i + 1 :]))
        return sp.Add(*terms)

    return below(0, tuple(range(n)))


def _minor(matrix, i: int, j: int):
    return _det(np.delete(np.delete(matrix, i, axis=0), j, axis=1))


def _inverse(matrix):
    determinant, n = _det(matrix), len(matrix)
    return [[(-1) ** (i + j) * _minor(matrix, j, i) / determinant for j in range(n)] for i in range(n)]


def _cramer(matrix, right):
    """The solution of each column on the right, by Cramer's rule."""
    determinant = _det(matrix)

    def solved(column: int, unknown: int):
        replaced = np.array(matrix, dtype=object)
        replaced[:, unknown] = right[:, column]
        return _det(replaced) / determinant

    return [[solved(column, unknown) for column in range(right.shape[1])] for unknown in range(len(matrix))]


def _solve(a, b, *, left=True):
    if _is_vector(a, b):
        return _each(_cramer, a, b[..., None])[..., 0]
    if not left:
        return np.swapaxes(_each(_cramer, np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2)), -1, -2)
    return _each(_cramer, a, b)


def _is_vector(a, b) -> bool:
    return b.ndim == 1 or (a.ndim - 1 == b.ndim and tuple(b.shape) == tuple(a.shape[:-1]))


def _solve_triangular(a, b, *, upper, left=True, unitriangular=False):
    return _solve(_triangle(a, upper, unitriangular), b, left=left)


def _triangle(a, upper: bool, unit: bool):
    rows, columns = np.indices(a.shape[-2:])
    made = np.where(columns >= rows if upper else columns <= rows, a, ZERO)
    return np.where(rows == columns, ONE, made) if unit else made


def _power(a, n):
    if n < 0:
        return _power(_each(_inverse, a), -n)
    if n == 0:
        return np.broadcast_to(np.where(np.eye(a.shape[-1]) == 1, ONE, ZERO), a.shape)
    return functools.reduce(_matmul, [a] * n)


def _log_det(matrix):
    return sp.log(_det(matrix))


def _slogdet(a, *, taken):
    absolute = _each(_det, a)
    return np.where(taken > 0, ONE, -ONE), np.frompyfunc(sp.log, 1, 1)(absolute * taken)


def _signs(a: torch.Tensor) -> np.ndarray:
    return torch.linalg.slogdet(a).sign.to(torch.int8).numpy()


def _says_signs(name: str, taken: np.ndarray, a: torch.Tensor) -> Iterator[str]:
    for sign in np.unique(taken):
        yield f"det {name} {'>' if sign > 0 else '<'} 0"


def _cholesky(a, upper=False):
    """PyTorch gives the gradient of the symmetric part of the matrix, since it reads one triangle for both."""
    lower = _each(_cholesky_of, (a + np.swapaxes(a, -1, -2)) / 2)
    return np.swapaxes(lower, -1, -2) if upper else lower


def _cholesky_of(matrix):
    n = len(matrix)
    lower: list[list] = [[ZERO] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i][j] - sp.Add(*(lower[i][k] * lower[j][k] for k in range(j)))
            lower[i][j] = sp.sqrt(rest) if i == j else rest / lower[j][j]
    return lower


LINEAR_ALGEBRA: dict[str, Callable] = {
    "addbmm":          _added(lambda a, b: np.sum(_matmul(a, b), axis=0)),
    "addmm":           _added(_matmul),
    "addmv":           _added(_matmul),
    "addr":            _added(np.outer),
    "baddbmm":         _added(_matmul),
    "bilinear":        _bilinear,
    "bmm":             _matmul,
    "chain_matmul":    lambda *matrices: functools.reduce(_matmul, matrices),
    "cholesky":        _cholesky,
    "cross":           _cross,
    "det":             lambda a: _each(_det, a),
    "dot":             _matmul,
    "einsum":          lambda equation, *operands: np.einsum(equation.replace(" ", ""), *_flattened(operands)),
    "ger":             np.outer,
    "inner":           np.inner,
    "inverse":         lambda a: _each(_inverse, a),
    "kron":            np.kron,
    "linalg_cholesky": lambda a, *, upper=False: _cholesky(a, upper),
    "linalg_cross":    lambda a, b, *, dim=-1: _cross(a, b, dim),
    "linalg_det":      lambda a: _each(_det, a),
    "linalg_inv":      lambda a: _each(_inverse, a),
    "linalg_matmul":   _matmul,
    "linalg_matrix_power": _power,
    "linalg_multi_dot": lambda matrices: functools.reduce(_matmul, matrices),
    "linalg_slogdet":  _slogdet,
    "linalg_solve":    _solve,
    "linalg_solve_triangular": _solve_triangular,
    "linalg_vecdot":   lambda a, b, *, dim=-1: np.sum(a * b, axis=dim),
    "linear":          _linear,
    "logdet":          lambda a: _each(_log_det, a),
    "matmul":          _matmul,
    "matrix_power":    _power,
    "mm":              _matmul,
    "mv":              _matmul,
    "outer":           np.outer,
    "slogdet":         _slogdet,
    "tensordot":       _tensordot,
    "trace":           lambda a: np.trace(a),
    "vdot":            _matmul,
}  # fmt: skip


def _flattened(operands: tuple) -> tuple:
    return tuple(operands[0]) if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else operands


CHOICES = {"linalg_slogdet": Choice(_signs, _says_signs), "slogdet": Choice(_signs, _says_signs)}


def _up_to(most: int) -> Callable:
    return lambda a, *_, **__: a.shape[-1] <= most


def _invertible_power(a: torch.Tensor, n: int) -> bool:
    return a.shape[-1] <= (MOST_ROWS["inverse"] if n < 0 else MOST_ROWS["power"]) and abs(n) <= 4


ANSWERS = {
    **{op: _up_to(MOST_ROWS["det"]) for op in ("det", "linalg_det", "logdet", "linalg_slogdet", "slogdet")},
    **{op: _up_to(MOST_ROWS["inverse"]) for op in ("inverse", "linalg_inv", "linalg_solve", "linalg_solve_triangular")},
    **{op: _up_to(MOST_ROWS["cholesky"]) for op in ("cholesky", "linalg_cholesky")},
    **{op: _invertible_power for op in ("matrix_power", "linalg_matrix_power")},
    "einsum": lambda equation, *_: isinstance(equation, str),
    "tensordot": lambda a, b, dims=2: not isinstance(dims, torch.Tensor),
}
