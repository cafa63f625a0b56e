"""The losses of rows of scores against a class, or against a row of probabilities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch

from ..functions import logsumexp
from .choices import ONE, ZERO


def _nll(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """−w·(the score at the target's class), for scores (C,), (N, C) or (N, C, d₁, …)."""
    scores, classes = _last(input), np.asarray(target)
    weights = _weights(weight, scores.shape[-1])
    losses, shares = np.empty(classes.shape, dtype=object), np.empty(classes.shape, dtype=object)
    for place in np.ndindex(classes.shape):
        kept = classes[place] != ignore_index
        shares[place] = weights[classes[place]] if kept else ZERO
        losses[place] = -shares[place] * scores[place][classes[place]] if kept else ZERO
    return _reduced(losses, np.sum(shares), reduction)


def _cross_entropy(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean", label_smoothing=0.0
):
    scores, smoothing = _last(input), sp.nsimplify(label_smoothing, rational=True)
    logs = np.empty(scores.shape, dtype=object)
    for place in np.ndindex(scores.shape[:-1]):
        logs[place] = scores[place] - logsumexp(*scores[place])
    weights, count = _weights(weight, scores.shape[-1]), scores.shape[-1]
    if np.asarray(target).dtype == object:
        shares = _last(target) * (1 - smoothing) + smoothing / count
        losses = np.asarray(-np.sum(weights * shares * logs, axis=-1))
        return _reduced(losses, losses.size, reduction)
    back = np.moveaxis(logs, -1, 1 if logs.ndim > 1 else 0)
    hard = _nll(back, target, weight, ignore_index=ignore_index, reduction=reduction)
    if not smoothing:
        return hard
    ignored = np.asarray(target) == ignore_index
    soft = np.where(ignored, ZERO, -np.sum(weights * logs, axis=-1))
    share = np.sum(np.where(ignored, ZERO, weights[np.where(ignored, 0, target)]))
    return (1 - smoothing) * hard + smoothing / count * _reduced(soft, share, reduction)


def _last(x):
    """The classes, which stand second in a batch, at the end."""
    return np.moveaxis(x, 1, -1) if x.ndim > 1 else x


def _weights(weight, count: int):
    return np.array([ONE] * count, dtype=object) if weight is None else weight


def _reduced(losses, share, reduction: str):
    if reduction == "none":
        return losses
    return np.sum(losses) / (share if reduction == "mean" else 1)


CLASSIFICATION: dict[str, Callable] = {"cross_entropy": _cross_entropy, "nll_loss": _nll}


def _some_kept(
    input: torch.Tensor, target: torch.Tensor, *_, ignore_index: int = -100, reduction: str = "mean", **__
) -> bool:
    """The mean of nothing is nan."""
    return target.is_floating_point() or reduction != "mean" or bool((target != ignore_index).any())


ANSWERS = {"cross_entropy": _some_kept, "nll_loss": _some_kept}
