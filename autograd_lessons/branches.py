"""Which branch of `clamp`, `where`, `abs` … a run took, and the condition for it in words."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy as sp
import torch

from .lookup import apart_from_reduction, kind_of_rule
from .replay import repeated, substitute
from .rules import BRANCHES, CHOICES, LOSSES, POINTWISE
from .rules.branched import chosen_at_random
from .values import Step, Value


def has_branches(step: Step) -> bool:
    """Whether the rule of a step has several cases, or chooses elements."""
    op = step.op.rstrip("_")
    if op not in BRANCHES and op not in CHOICES:
        return False
    if op in BRANCHES and not BRANCHES[op].when(*step.call.args, **step.call.kwargs):
        return False
    kind = kind_of_rule(step)
    return op in CHOICES if kind == "shaped" else kind in ("pointwise", "loss") and op in BRANCHES


def branch_taken(step: Step) -> np.ndarray:
    """The index of the branch that each element of a step took, or the choice it made."""
    op = step.op.rstrip("_")
    if _chooses(step, op):
        return CHOICES[op].choose(*substitute(step.call.args, _value), **substitute(step.call.kwargs, _value))
    if BRANCHES[op].choose is chosen_at_random:
        return _let_through(step)

    dtype = step.value.dtype
    args = [_compared(a, dtype) for a in step.call.args]
    kwargs = {key: _compared(a, dtype) for key, a in _options(step).items() if a is not None and key != "inplace"}
    with np.errstate(all="ignore"):
        chosen = BRANCHES[op].choose(*args, **kwargs)
        if isinstance(chosen, int):
            return np.array(chosen, dtype=int)
        taken = np.asarray(chosen)
        return (np.where(taken == taken, taken, 0) if taken.dtype.kind == "f" else taken).astype(int)


def _compared(argument: Any, dtype: torch.dtype) -> Any:
    """What is compared: a value in double precision, a plain number as it is in the tensor's dtype."""
    return _rounded(argument, dtype) if isinstance(argument, float) else substitute(argument, _double)


def _chooses(step: Step, op: str) -> bool:
    """Whether a step that has branches chooses elements, as the largest one is chosen."""
    return op not in BRANCHES or op in CHOICES and kind_of_rule(step) == "shaped"


@functools.lru_cache(maxsize=1024)
def _rounded(number: float, dtype: torch.dtype) -> float:
    """A number as torch compares it: in the tensor's dtype 1 − 1e-8 may be 1."""
    return torch.tensor(number, dtype=dtype).item()


def _let_through(step: Step) -> np.ndarray:
    """Which elements a random mask let through: the call made again on ones, with the random numbers that it drew."""
    (x,) = (used.value for used in step.inputs if isinstance(used.value, torch.Tensor))
    return (repeated(step.call, [torch.ones_like(x)]) != 0).int().numpy()


def _options(step: Step) -> dict[str, Any]:
    return apart_from_reduction(step.call.kwargs)[0] if step.op in LOSSES else step.call.kwargs


def conditions(step: Step, taken: np.ndarray) -> Iterator[str]:
    """What was true of the numbers on the branches that a step took: `1e-08 ≤ y_pred ≤ 0.99999999`."""
    op, names = step.op.rstrip("_"), [_said(value) for value in step.inputs]
    if _chooses(step, op):
        args, kwargs = substitute((step.call.args, step.call.kwargs), _value)
        yield from CHOICES[op].say(names[0], taken, *args, **kwargs)
        return
    passed = _by_parameter(step)
    for index in sorted(set(taken.reshape(-1).tolist())):
        sentence = BRANCHES[op].says[index].format(*names, **passed)
        if sentence:
            yield sentence


def names_a_number(step: Step) -> bool:
    """Whether the conditions of a step say numbers of this run: of a value without a name, or which element was chosen."""
    nameless = (isinstance(value, Value) and not value.name and not value.requires_grad for value in step.inputs)
    return _chooses(step, step.op.rstrip("_")) or any(nameless)


def _by_parameter(step: Step) -> dict[str, str]:
    """What the operation was given, by the names of its parameters, defaults included."""
    op = step.op.rstrip("_")
    args, kwargs = substitute(step.call.args, _said), substitute(_options(step), _said)
    kwargs.pop("inplace", None)
    formulas = LOSSES[op] if op in LOSSES else POINTWISE[op]
    defaults = _defaults(formulas[-1] if isinstance(formulas, tuple) else formulas)
    given = defaults | dict(zip(defaults, args)) | kwargs
    return {name: _bound_said(name, value) for name, value in given.items()}


@functools.cache
def _defaults(formula: Callable) -> dict[str, Any]:
    """The parameters of a rule by name, in order, each with what it is if it is not given."""
    return {name: parameter.default for name, parameter in inspect.signature(formula).parameters.items()}


def _bound_said(name: str, value: Any) -> str:
    if value is None:
        return {"min": "−∞", "max": "∞"}.get(name, "…")
    return f"{float(value):.10g}" if isinstance(value, (int, float, sp.Rational)) else str(value)


def _value(used: Any):
    return used.value


def _double(used: Any):
    """A value in double precision, as an array or of a single number as a float, which takes less time."""
    value = used.value
    return float(value.item()) if value.ndim == 0 else value.double().numpy()


def _said(value) -> str:
    if isinstance(value, Value) and not value.name and not value.requires_grad and value.value.unique().numel() == 1:
        return f"{value.value.reshape(-1)[0].item():.10g}"
    if isinstance(value, Value):
        return value.name or value.label
    return f"{value.value:.10g}" if isinstance(value.value, (int, float)) else "…"
