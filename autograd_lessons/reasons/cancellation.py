"""Digits lost where nearly equal numbers are subtracted, on the way forward or where contributions meet on the way back.

A sum whose terms are much larger than itself has the rounding error of the terms: relative to the sum that is
ε·Σ|terms|/|sum| (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 1.7).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from ..values import Step, Value
from .disagreement import Cause, Disagreement, called, name_of

_SUMS = ("add", "sub", "rsub", "sum")
_TELLING = 1e3  # three lost digits are still called rounding


def cancellation(here: Disagreement) -> Cause | None:
    """`rounding`, where the digits lost forward and backward together explain how far the route is off."""
    if not here.finite or here.want == 0:
        return None
    forward = max(((_loss_of(step), step) for step in here.tape.steps), key=lambda pair: pair[0], default=(1.0, None))
    values = [v for v in here.tape.values if isinstance(v, Value) and v.adjoint is not None]
    backward = max(((_loss_at(value, here), value) for value in values), key=lambda pair: pair[0], default=(1.0, None))
    epsilon = torch.finfo(here.comparison.dtype).eps
    most = forward[0] * backward[0]
    if max(forward[0], backward[0]) < _TELLING or here.relative > 8 * len(here.tape.steps) * epsilon * most:
        return None
    told = []
    if forward[1] is not None and forward[0] > _TELLING:
        told.append(f"{called(forward[1])} subtracts nearly equal numbers and loses {_digits(forward[0])} digits")
    if backward[1] is not None and backward[0] > _TELLING:
        told.append(f"the contributions to {name_of(backward[1])} cancel and lose {_digits(backward[0])}")
    digits = int(-math.log10(epsilon))
    return "rounding", f"{'; '.join(told)}: {here.dtype} carries {digits}"


def _loss_of(step: Step) -> float:
    """How many times larger than a sum its terms are, at the worst element."""
    if step.op.rstrip("_") not in _SUMS or not step.requires_grad:
        return 1.0
    terms = [used.value.double() for used in step.inputs if isinstance(used.value, torch.Tensor)]
    if step.op == "sum":
        return _worst([terms[0].abs().sum()], step.value.double()) if step.value.numel() == 1 else 1.0
    numbers = [abs(float(n)) for n in step.call.args if isinstance(n, (int, float)) and not isinstance(n, bool)]
    return _worst([*(t.abs() for t in terms), *map(torch.tensor, numbers)], step.value.double())


def _loss_at(value: Value, here: Disagreement) -> float:
    """The same of the contributions that meet at a value; at the input in question their true sum is known."""
    products = [product.double() for _, _, _, product in value.contributions]
    if len(products) < 2 or value.adjoint is None:
        return 1.0
    total = value.adjoint.double()
    if value is here.tape.inputs[here.name]:
        total = total.clone()
        total.view(-1)[here.at] = here.want
    return _worst([p.abs() for p in products], total)


def _worst(sizes: Iterable[torch.Tensor], total: torch.Tensor) -> float:
    ratio = (sum(sizes) / total.abs().clamp_min(torch.finfo(torch.float64).tiny)).reshape(-1)  # pyright: ignore
    return max([1.0, *ratio[ratio.isfinite()].tolist()])


def _digits(loss: float) -> int:
    return int(math.log10(loss))
