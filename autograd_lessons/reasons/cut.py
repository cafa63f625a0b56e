"""A cut of the graph: autograd takes a value that moves with the input as a constant; a finite difference does not.

Confirmed by calling the recorded steps once more with the graph left whole: that gradient is the one that the other route
has. Where a plain number left the graph, by another run, in which it is another number.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..replay import repeated
from ..tape import Tape
from ..values import Constant, Step, Value
from .conditioning import shifted
from .disagreement import Cause, Disagreement, called, name_of
from .variation import explains, varied

_COPIES = {"detach", "data", "tensor", "as_tensor", "new_tensor"}  # the same numbers without the graph
_EXITS = {
    "item",
    "float",
    "int",
    "numpy",
    "tolist",
    "array",
    "autograd.grad",
}  # numbers that come back by a way of their own


def cut(here: Disagreement, h: float = 1e-3) -> Cause | None:
    """The first place where autograd lost sight of a value that moves with the input and that the output was computed from."""
    tape = here.tape
    moving = _moving(tape, tape.inputs[here.name])
    used = _before(tape.target)
    for step in tape.steps:
        if step.op == "edited" and step in used and step in moving:
            what = f"the edit of {name_of(step)} through .data is out of autograd's sight: it takes the change"
            return "cut", f"{what} as a constant, {_mover(here)}"
    first = next((step for step in tape.steps if step in used and step in moving and is_cut(step)), None)
    uncut = None if first is None else varied(tape, here.name, whole)
    if first is not None and explains(here, uncut) and _is_another(here, uncut):
        where = " ran under no_grad" if not first.grad_enabled else " cuts the graph"
        return "cut", f"{called(first)}{where}: autograd takes its value as a constant, {_mover(here)}"
    read = next((step for step in tape.steps if step.op == "grad" and step in used), None)
    if read is not None and _moves_as_it(here) and _numbers_move(here, h):
        return (
            "cut",
            f"{called(read)} is a number that a pass before this one left: autograd takes it as a constant, {_mover(here)}",
        )
    left = next((event for event in tape.events if event.kind in _EXITS and event.on in moving), None)
    if left is not None and _moves_as_it(here) and _numbers_move(here, h):
        text = left.source.text if left.source else f"{name_of(left.on)}.{left.kind}()"
        return "cut", f"{text} leaves the graph: autograd takes what is made of it as a constant, {_mover(here)}"
    return None


def _is_another(here: Disagreement, gradient: torch.Tensor | None) -> bool:
    """Whether autograd, with the graph left whole, would give another gradient: zeros_like cuts nothing that moves."""
    adjoint = here.tape.inputs[here.name].adjoint
    return adjoint is None or gradient is None or not torch.equal(gradient, adjoint)


def _mover(here: Disagreement) -> str:
    who = "the hand-written formula" if here.route == "manual" else "a finite difference"
    return f"{who} lets it move with {here.name}"


def is_cut(step: Step) -> bool:
    return (
        not step.requires_grad
        and step.value.is_floating_point()
        and any(used.requires_grad for used in step.inputs if isinstance(used, Value))
    )


def _moving(tape: Tape, start: Value) -> set[Value]:
    """What was computed from a value, whether a gradient flows or not."""
    found: set[Value] = {start}
    for step in tape.steps:
        if any(used in found for used in step.inputs):
            found.add(step)
    return found


def _before(end: Value) -> set[Value]:
    """What a value was computed from, itself included."""
    found, waiting = set(), [end]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += [used for used in getattr(here, "inputs", ()) if isinstance(used, Value)]
    return found


def whole(step: Step, tensors: list[torch.Tensor]) -> torch.Tensor:
    """A step with its graph, also where the run had taken it out."""
    return tensors[0] if step.op in _COPIES else repeated(step.call, tensors)


def _moves_as_it(here: Disagreement) -> bool:
    """Whether the route has what the finite difference has, which runs the code again, plain numbers and all."""
    difference = here.comparison.differences[here.name]
    if difference is None:
        return False
    number, bound = (part.reshape(-1)[here.at].item() for part in (difference.value, difference.bound))
    return abs(number - here.got) <= bound + 1e-4 * abs(number)


def _numbers_move(here: Disagreement, h: float) -> bool:
    """Whether plain numbers on the tape, or tensors made of them, are others where the input is another."""
    there = shifted(here, h)
    if there is None:
        return False
    return any(_differ(*pair) for pair in zip(_given(here.tape), _given(there)))


def _given(tape: Tape) -> Iterator[object]:
    """What the steps used that was neither an argument nor computed by a step before, in order."""
    for value in tape.inputs.values():
        if value.origin == "gradient" and not value.requires_grad:
            yield value.value
    for step in tape.steps:
        yield from (used.value for used in step.inputs if isinstance(used, Constant))
        if step.op == "grad" or not step.inputs and step.call.random_state is None:
            yield step.value


def _differ(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.shape == other.shape and not torch.equal(one, other)
    return one != other
