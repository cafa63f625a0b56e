"""Which of the tables of rules has the formula of a recorded call, if any of them has."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch

from .replay import Operand, substitute
from .rules import ANSWERS, CHOICES, LOSSES, MOVES, POINTWISE, SHAPED
from .tape import Tape
from .values import Step

_OLD_REDUCTION = ("size_average", "reduce")  # how a loss was told its reduction before it had that argument


def has_rule(step: Step) -> bool:
    """Whether the tables have a formula for this call."""
    return kind_of_rule(step) is not None


def kind_of_rule(step: Step) -> str | None:
    """The table that this call's rule stands in: `"loss"`, `"pointwise"`, `"moves"` or `"shaped"`; None if there is no rule."""
    op, call = step.op.rstrip("_"), step.call
    if any(isinstance(v.value, torch.Tensor) and v.value.is_complex() for v in (step, *step.inputs)):
        return None  # every symbol is real
    if step.pointwise and call.view is None and _accepts(POINTWISE.get(op, ()), len(call.args), tuple(call.kwargs)):
        kind = "pointwise"
    else:
        kind = "moves" if op in MOVES else "loss" if op in LOSSES else "shaped"
    if kind in ("loss", "shaped"):
        if call.view is not None or kind == "loss" and any(call.kwargs.get(key) is not None for key in _OLD_REDUCTION):
            return None
        table, options = (SHAPED, call.kwargs) if kind == "shaped" else (LOSSES, apart_from_reduction(call.kwargs)[0])
        keys = (*options, "taken") if op in CHOICES else tuple(options)
        if not _accepts(table.get(op, ()), len(call.args), keys):
            return None
    answers = ANSWERS.get(op)
    if answers is not None and not answers(*substitute(call.args, _value), **substitute(call.kwargs, _value)):
        return None
    return kind


def _value(used: Operand) -> Any:
    return used.value


@functools.cache
def _accepts(rules: Callable | tuple[Callable, ...], args: int, kwargs: tuple[str, ...]) -> bool:
    """Whether the table's formula knows these arguments: a way of calling that it does not know has no rule either."""
    try:
        for rule in rules if isinstance(rules, tuple) else (rules,):
            inspect.signature(rule).bind(*range(args), **dict.fromkeys(key for key in kwargs if key != "inplace"))
    except TypeError:
        return False
    return rules != ()


def answers(tape: Tape) -> tuple[str | None, ...]:
    """Where the recorded numbers decide whether a call has a rule: which it has."""
    steps = tape.history
    asked = tape.plan.keep("asked", lambda: [at for at, step in enumerate(steps) if step.op.rstrip("_") in ANSWERS])
    return tuple([kind_of_rule(steps[at]) for at in asked])


def apart_from_reduction(kwargs: dict) -> tuple[dict, str]:
    """The arguments of a loss before its reduction, and that."""
    others = {
        key: value for key, value in kwargs.items() if key not in ("reduction", *_OLD_REDUCTION) and value is not None
    }
    return others, kwargs.get("reduction", "mean")
