"""From a recorded run to its program: which tensors are symbols in it, which are numbers, and which are taken as they are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import torch

from .forms import Form, exact
from .lookup import answers, has_rule, kind_of_rule
from .moves import moved_operands, moves_of
from .program import Program
from .replay import Operand, substitute
from .tape import Tape
from .values import Constant, Step, Value

MOST_ELEMENTS = 36  # tensors up to here are written element by element
#: one number, in a shape from elsewhere
_FILLED = {"full_like", "ones_like", "zeros_like", "new_full", "new_ones", "new_zeros"}


def program_of(tape: Tape, branches: dict[Step, np.ndarray], generic: bool) -> Program:
    """The program of a run on these branches; `generic` has one symbol for all elements of a tensor."""
    numbered = {value: i for i, value in enumerate(tape.values)}
    return Program(
        tuple(value.label for value in numbered),
        tuple(() if generic else tuple(value.value.shape) for value in numbered),
        tuple(
            _form(value, numbered, branches.get(value), generic) if isinstance(value, Step) else None
            for value in numbered
        ),
        tuple(value.requires_grad for value in numbered),
    )


def _taken_as(step: Step, generic: bool) -> str:
    """`"made"`: a tensor made inside, its numbers are part of the formula; `"opaque"`: its value is taken as it is; else `"rule"`."""
    tensors = [used for used in step.inputs if isinstance(used.value, torch.Tensor)]
    values = [used for used in tensors if isinstance(used, Value)]
    floating, filled = step.value.is_floating_point(), step.op in _FILLED and step.value.numel() > 0
    if floating and (filled or not values and not generic and step.value.numel() <= MOST_ELEMENTS):
        return "made"
    cut = not step.requires_grad and any(used.requires_grad for used in values)
    if cut or not floating or not has_rule(step):
        return "opaque"
    if not generic and not step.requires_grad and _is_large(step, *tensors):
        return "opaque"  # it would be written out element by element, and no gradient goes there
    uneven = generic and any(used.value.numel() > 1 for used in tensors if not isinstance(used, Value))
    return "opaque" if uneven or (generic and not step.pointwise) else "rule"


def _is_large(*values: Operand) -> bool:
    return any(used.value.numel() > MOST_ELEMENTS for used in values)


def _form(step: Step, numbered: dict[Value, int], branch: np.ndarray | None, generic: bool) -> Form:
    taken_as, shape = _taken_as(step, generic), tuple(step.value.shape)
    if taken_as == "made":
        numbers = _numbers(step.value.reshape(-1)[0] if generic else step.value)
        return Form("clone", (numbers,), (Constant(0),), {}, None, None, True, False, shape)
    kind = kind_of_rule(step) if taken_as == "rule" else None
    operands, positions = [], {}
    for used in moved_operands(step) if kind == "moves" else step.inputs:
        known = isinstance(used, Value) or taken_as == "rule"
        if isinstance(used.value, torch.Tensor) and known:
            positions[id(used)] = len(operands)
            operands.append(_operand(used, numbered, kind))
    args = substitute(step.call.args, lambda used: Constant(positions.get(id(used))))
    kwargs = substitute(step.call.kwargs, lambda used: Constant(positions.get(id(used))))
    if generic and branch is not None:
        branch = np.asarray(branch).reshape(-1)[0]
    return Form(
        step.op.rstrip("_"), tuple(operands), args, kwargs, step.call.output, branch,
        step.pointwise and kind in ("pointwise", "loss"), taken_as == "opaque", shape,
        moves_of(step) if kind == "moves" else None,
    )  # fmt: skip


def _operand(used: Operand, numbered: dict[Value, int], kind: str | None) -> Any:
    """An index into the program's values, or numbers: the elements that a tensor of integers chooses are part of the program."""
    if kind == "shaped" and not used.value.is_floating_point():
        return used.value.numpy()
    return numbered[used] if isinstance(used, Value) else _numbers(used.value)


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    array = np.empty(tuple(tensor.shape), dtype=object)
    for place in np.ndindex(array.shape):
        array[place] = exact(tensor[place].item())
    return array


def contents(tape: Tape, generic: bool) -> tuple[Hashable, ...]:
    """What a program has of the run's numbers: those of tensors that were made inside, or have no name, or choose elements."""
    steps, given = tape.history, answers(tape)

    def find() -> list[tuple[int, int | None]]:
        found: list[tuple[int, int | None]] = []
        for at, step in enumerate(steps):
            taken_as = _taken_as(step, generic)
            if taken_as == "made":
                found.append((at, None))
            elif taken_as == "rule":
                found += [(at, place) for place, used in enumerate(step.inputs) if _is_content(used, step)]
        return found

    known = tape.plan.keep(("contents", generic, given), find)
    numbers = [
        _made(steps[at], generic) if place is None else steps[at].inputs[place].value.tolist() for at, place in known
    ]
    return *given, *map(repr, numbers)


def _is_content(used: Operand, step: Step) -> bool:
    if not isinstance(used.value, torch.Tensor):
        return False
    return not (isinstance(used, Value) and (step.pointwise or used.value.is_floating_point()))


def _made(step: Step, generic: bool) -> Any:
    return (step.value.reshape(-1)[0] if generic else step.value).tolist()
