"""Which branch of `clamp`, `where`, `abs` … a run took, and the condition for it in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from .program import has_rule
from .replay import substitute
from .rules import BRANCHES
from .tape import Step, Value


def has_branches(step: Step) -> bool:
    """Whether the operation of a step has a formula for each of several cases."""
    return step.op.rstrip("_") in BRANCHES and has_rule(step)


def branch_taken(step: Step) -> np.ndarray:
    """The index of the branch that each element of a step took."""
    branch = BRANCHES[step.op.rstrip("_")]

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
    if op == "clamp" and len(names) < 3:
        names = [names[0], *(["−∞", names[1]] if "max" in step.call.kwargs else [names[1], "∞"])]
    for index in sorted(set(taken.reshape(-1).tolist())):
        sentence = BRANCHES[op].says[index].format(*names)
        if sentence:
            yield sentence


def _double(used: Any):
    return used.value.double().numpy()


def _said(value) -> str:
    if isinstance(value, Value) and not value.name and not value.requires_grad and value.value.unique().numel() == 1:
        return f"{value.value.reshape(-1)[0].item():.10g}"
    if isinstance(value, Value):
        return value.name or value.label
    return f"{value.value:.10g}" if isinstance(value.value, (int, float)) else "…"
