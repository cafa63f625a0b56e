"""The losses that are a formula of one element of each operand, before their reduction.

Where a loss branches, `BRANCHES` says which branch the recorded numbers took, as for the pointwise operations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch

from ..functions import sigmoid
from .branched import Branch

_HALF = sp.Rational(1, 2)


def _sides(input, target, **_):
    return np.sign(np.asarray(input) - target) + 1


def _sides_of_beta(input, target, beta=1):
    far = np.abs(np.asarray(input) - target) >= beta
    return np.where(far, _sides(input, target), 3) if beta else _sides(input, target)


def _sides_of_delta(input, target, delta=1):
    far = np.abs(np.asarray(input) - target) > delta
    return np.where(far, _sides(input, target), 1)


def _hinge(input, target, margin=1):
    beyond = np.asarray(input) > margin
    return np.where(np.asarray(target) == 1, 0, np.where(beyond, 2, 1))


def _ranking(input1, input2, target, margin=0):
    return -np.asarray(target) * (np.asarray(input1) - input2) + margin >= 0


def _stirling(input, target, log_input=True, full=False, eps=1e-8):
    return np.broadcast_to(np.asarray(target) > 1, np.shape(np.asarray(input) + target)) & bool(full)


_KINK = "{0} = {1}, a kink: PyTorch's slope is 0"

BRANCHES = {
    "hinge_embedding_loss": Branch(_hinge, ("{1} = 1", "{1} = −1 and {0} ≤ {margin}", "{1} = −1 and {0} > {margin}")),
    "huber_loss":           Branch(_sides_of_delta, ("{1} − {0} > {delta}", "|{0} − {1}| ≤ {delta}", "{0} − {1} > {delta}")),
    "kl_div":               Branch(lambda input, target, log_target=False: (np.asarray(target) > 0) | bool(log_target), ("{1} = 0", "")),
    "l1_loss":              Branch(_sides, ("{0} < {1}", _KINK, "{0} > {1}")),
    "margin_ranking_loss":  Branch(_ranking, ("−{2}·({0} − {1}) + {margin} < 0", "−{2}·({0} − {1}) + {margin} ≥ 0")),
    "poisson_nll_loss":     Branch(_stirling, ("", "{1} > 1, where Stirling's terms are added")),
    "smooth_l1_loss":       Branch(_sides_of_beta, ("{1} − {0} ≥ {beta}", _KINK, "{0} − {1} ≥ {beta}", "|{0} − {1}| < {beta}")),
}  # fmt: skip


def _logits(z, y, weight=1, pos_weight=1):
    if pos_weight == 1:
        return weight * ((1 - y) * z - sp.log(sigmoid(z)))
    return -weight * (pos_weight * y * sp.log(sigmoid(z)) + (1 - y) * sp.log(sigmoid(-z)))


def _kl(z, y, log_target=False):
    return sp.exp(y) * (y - z) if log_target else y * (sp.log(y) - z)


def _gaussian(a, b, var, full=False, eps=0):
    return (sp.log(var) + (a - b) ** 2 / var + (sp.log(2 * sp.pi) if full else 0)) / 2


def _poisson(z, y, log_input=True, full=False, eps=0):
    return sp.exp(z) - y * z if log_input else z - y * sp.log(z + eps)


def _poisson_full(z, y, log_input=True, full=True, eps=0):
    return _poisson(z, y, log_input, full, eps) + y * sp.log(y) - y + sp.log(2 * sp.pi * y) / 2


LOSSES: dict[str, Callable | tuple[Callable, ...]] = {
    # on paper: the cap of PyTorch's logarithms at −100 and its floor of 1e-12 under p(1 − p) are no part of the loss
    "binary_cross_entropy": lambda p, y, weight=1: -weight * (y * sp.log(p) + (1 - y) * sp.log(1 - p)),
    "binary_cross_entropy_with_logits": _logits,
    "gaussian_nll_loss":    _gaussian,
    "hinge_embedding_loss": (lambda z, y, margin=1: z, lambda z, y, margin=1: margin - z, lambda z, y, margin=1: sp.Integer(0)),
    "huber_loss":           (lambda a, b, delta=1: delta * (b - a - delta / 2), lambda a, b, delta=1: (a - b) ** 2 / 2,
                             lambda a, b, delta=1: delta * (a - b - delta / 2)),
    "kl_div":               (lambda z, y, log_target=False: -y * z, _kl),
    "l1_loss":              (lambda a, b: b - a, lambda a, b: sp.Integer(0), lambda a, b: a - b),
    "margin_ranking_loss":  (lambda a, b, y, margin=0: sp.Integer(0), lambda a, b, y, margin=0: margin - y * (a - b)),
    "mse_loss":             lambda a, b: (a - b) ** 2,
    "poisson_nll_loss":     (_poisson, _poisson_full),
    "smooth_l1_loss":       (lambda a, b, beta=1: b - a - _HALF * beta, lambda a, b, beta=1: sp.Integer(0),
                             lambda a, b, beta=1: a - b - _HALF * beta, lambda a, b, beta=1: (a - b) ** 2 / (2 * beta)),
    "soft_margin_loss":     lambda z, y: sp.log(1 + sp.exp(-y * z)),
}  # fmt: skip


def _wide(input: torch.Tensor, target: torch.Tensor, var: torch.Tensor | float, *_, eps: float = 1e-6, **__) -> bool:
    """Below eps PyTorch takes eps for the variance and its slope all the same, and there is no formula of that."""
    return bool((torch.as_tensor(var) >= eps).all())


ANSWERS = {
    "gaussian_nll_loss":    _wide,
    "hinge_embedding_loss": lambda input, target, *_, **__: bool((target.abs() == 1).all()),
}  # fmt: skip
