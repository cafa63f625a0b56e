"""What ∂output/∂input comes to along each link of a graph, in PyTorch's own numbers.

The graph tells, as long as it may be asked. Later the steps between the two are called again on copies: all in one run of
the engine, since a run costs more than what a few numbers take in it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection
from typing import NamedTuple

import torch

from .replay import repeated, start_of
from .tape import Pass, Tape
from .values import Step, Value

MOST_REPLAYED = 100  # steps that are called again for the slope of the link that they make up
Found = dict[Step, dict[Value, torch.Tensor]]
Sent = Callable[[Step, torch.Tensor], dict[int, torch.Tensor]]  # by position, what a step sends back for a vector


def slopes_of(tape: Tape, grain: str, shown: set[Value], products: Found, run: Pass) -> Found:
    """By step, and by shown value below it, ∂step/∂value in the step's shape.

    There is one where every step between is elementwise, or everything is a single number. `products` are what `run` sent
    back along the same links.
    """
    found: Found = {}
    again = []
    for step, back in products.items():
        reach = tape.plan.keep(("reach", grain, step.index), lambda step=step: _reach(step, shown))
        if reach.steps == 1 and not reach.single:
            found[step] = _summed(step)
        elif not (reach.single or reach.elementwise):
            found[step] = {}
        elif reach.steps > MOST_REPLAYED:
            adjoint = run.adjoints[step]
            exact = reach.single and bool((adjoint != 0) & adjoint.isfinite())
            found[step] = {value: product / adjoint for value, product in back.items() if exact}
        elif _is_one(run.adjoints[step]) and not was_edited(tape):
            found[step] = back
        else:
            again.append(step)
    if tape.ask is None:
        found |= _replayed(again, shown)
    else:
        found |= {step: carried_back(step, torch.ones_like(step.value), shown, Step.pull_back) for step in again}
    return {
        step: {value: _in_shape(slope, step.value.shape) for value, slope in slopes.items()}
        for step, slopes in found.items()
    }


def _is_one(adjoint: torch.Tensor) -> bool:
    return adjoint.item() == 1 if adjoint.numel() == 1 else torch.equal(adjoint, torch.ones_like(adjoint))


def _in_shape(slope: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    return slope if slope.shape == shape else slope.reshape(shape)


class Reach(NamedTuple):
    """How far a step is from the next shown values: by how many steps, and what kind of slope they have."""

    steps: int
    single: bool  # every value on the way is a single number
    elementwise: bool  # or all have one shape, and each element its own slope


def _reach(step: Step, shown: set[Value]) -> Reach:
    steps = between(step, shown)
    values = {v for s in steps for v in s.inputs if isinstance(v, Value) and v.requires_grad}
    single = all(v.value.numel() == 1 for v in (*values, step))
    same = all(v.value.shape == step.value.shape for v in values) and all(s.pointwise for s in steps if s.requires_grad)
    return Reach(len(steps), single, same)


def _summed(step: Step) -> dict[Value, torch.Tensor]:
    """The slopes of one step, those for all uses of a value together."""
    found: dict[Value, torch.Tensor] = {}
    for position, slope in step.slopes.items():
        value = step.inputs[position]
        found[value] = found[value] + slope if value in found else slope
    return found


def _replayed(steps: list[Step], shown: set[Value]) -> Found:
    """The slopes of several steps, each computed again from copies of its own: what comes back to these is not added up."""
    found: Found = {step: {} for step in steps}
    results, copies = [], []
    for step in steps:
        result, used = _again(step, shown)
        if result.requires_grad:
            results.append(result)
            copies += [(step, value, copy) for value, copy in used.items() if copy.requires_grad]
    if results:
        starts = [start_of(result) for result in results]
        back = torch.autograd.grad(results, [copy for _, _, copy in copies], starts, allow_unused=True)
        for (step, value, _), slope in zip(copies, back):
            if slope is not None:
                found[step][value] = slope
    return found


def _again(step: Step, shown: set[Value]) -> tuple[torch.Tensor, dict[Value, torch.Tensor]]:
    """The step's result, with a graph down to copies of the next shown values, and these copies."""
    made: dict[Value, torch.Tensor] = {}
    copies: dict[Value, torch.Tensor] = {}
    for inner in sorted(between(step, shown), key=lambda inner: inner.index):
        if inner.requires_grad:
            used = [value for value in inner.inputs if isinstance(value.value, torch.Tensor)]
            for value in used:
                if value not in made and value not in copies:
                    copies[value] = value.value.clone().requires_grad_(getattr(value, "requires_grad", False))
            made[inner] = repeated(inner.call, [made[value] if value in made else copies[value] for value in used])
    return made[step], copies


def was_edited(tape: Tape) -> bool:
    """Whether the run wrote through `.data`: then what the engine sent may not be what the recorded values give."""
    if "edited" not in tape.cache:
        tape.cache["edited"] = any(s.op == "data" for s in tape.steps) or any(e.kind == "set data" for e in tape.events)
    return tape.cache["edited"]


def carried_back(step: Step, vector: torch.Tensor, shown: Collection[Value], sent: Sent) -> dict[Value, torch.Tensor]:
    """The vector carried back through the anonymous steps to the next shown values; `sent` tells what each step makes of it."""
    waiting = {step: vector}
    order = [(-step.index, step)]  # the last first
    reached: dict[Value, torch.Tensor] = {}
    while waiting:
        _, last = heapq.heappop(order)
        for position, product in sent(last, waiting.pop(last)).items():
            value = last.inputs[position]
            if value in shown:
                reached[value] = reached[value] + product if value in reached else product
            elif value in waiting:
                waiting[value] = waiting[value] + product
            elif isinstance(value, Step):
                waiting[value] = product
                heapq.heappush(order, (-value.index, value))
    return reached


def between(step: Step, shown: Collection[Value]) -> list[Step]:
    """The step and the anonymous steps below it, down to the next shown values."""
    found, inner = {step: None}, [step]
    while inner:
        for used in inner.pop().inputs:
            if isinstance(used, Step) and used not in shown and used not in found:
                found[used] = None
                inner.append(used)
    return list(found)
