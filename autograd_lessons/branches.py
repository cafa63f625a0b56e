"""Which branch of `clamp`, `where`, `abs` … a run took, and the condition for it in words."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy as sp
import torch

from .program import has_rule
from .replay import substitute
from .rules import BRANCHES, POINTWISE
from .tape import Step, Value


def branch_taken(step: Step) -> np.ndarray | None:
    """The index of the branch that each element of a step took; None if its operation has none."""
    branch = BRANCHES.get(step.op.rstrip("_"))
    if branch is None or not has_rule(step):
        return None

    def rounded(number):  # as torch compares it: in the tensor's dtype 1 − 1e-8 may be 1
        return torch.tensor(number, dtype=step.value.dtype).item() if isinstance(number, float) else number

    args = [rounded(a) for a in substitute(step.call.args, _double)]
    kwargs = {
        key: rounded(a)
        for key, a in substitute(step.call.kwargs, _double).items()
        if a is not None and key != "inplace"
    }
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.asarray(branch.choose(*args, **kwargs))).astype(int)


def conditions(step: Step, taken: np.ndarray) -> Iterator[str]:
    """What was true of the numbers on the branches that a step took: `1e-08 ≤ y_pred ≤ 0.99999999`."""
    op, names = step.op.rstrip("_"), [_said(value) for value in step.inputs]
    passed = _by_parameter(step)
    for index in np.unique(taken):
        sentence = BRANCHES[op].says[int(index)].format(*names, **passed)
        if sentence:
            yield sentence


def _by_parameter(step: Step) -> dict[str, str]:
    """What the operation was given, by the names of its parameters, defaults included."""
    op = step.op.rstrip("_")
    args, kwargs = substitute(step.call.args, _said), substitute(step.call.kwargs, _said)
    kwargs.pop("inplace", None)
    formulas = POINTWISE[op]
    assert isinstance(formulas, tuple)
    bound = inspect.signature(formulas[-1]).bind(*args, **kwargs)
    bound.apply_defaults()
    return {name: _bound_said(name, value) for name, value in bound.arguments.items()}


def _bound_said(name: str, value: Any) -> str:
    if value is None:
        return {"min": "−∞", "max": "∞"}.get(name, "…")
    return f"{float(value):.10g}" if isinstance(value, (int, float, sp.Rational)) else str(value)


def _double(used: Any):
    return used.value.double().numpy()


def _said(value) -> str:
    if isinstance(value, Value) and not value.name and not value.requires_grad and value.value.unique().numel() == 1:
        return f"{value.value.reshape(-1)[0].item():.10g}"
    if isinstance(value, Value):
        return value.name or value.label
    return f"{value.value:.10g}" if isinstance(value.value, (int, float)) else "…"
