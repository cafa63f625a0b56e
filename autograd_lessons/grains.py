"""What each grain shows: every operation, or only the values that the learner named.

At the *variables* grain the anonymous arithmetic between two names is one link, and its numbers are PyTorch's own
vector–Jacobian products through the steps between.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch

from .tape import Input, Pass, Step, Tape, Value

GRAINS = ("variables", "operations")


@dataclass(frozen=True)
class Link:
    """An edge of the graph: `output` used `input`.

    `local` is ∂output/∂input elementwise, in the output's shape, or None where it is a full Jacobian;
    `product` is what flows back along the edge, in the input's shape, and `adjoint` is that of `output`.
    """

    output: Step
    input: Value
    local: torch.Tensor | None
    product: torch.Tensor | None
    adjoint: torch.Tensor


def nodes(tape: Tape, grain: str) -> tuple[Value, ...]:
    """The inputs and the steps that a grain shows, in forward order."""
    if grain not in GRAINS:
        raise ValueError(f"grain={grain!r}: it is one of {', '.join(GRAINS)}")
    key = f"nodes at {grain}"
    if key not in tape.cache:
        values = tape.values
        places = tape.plan.keep(key, lambda: _places_of_named(tape)) if grain == "variables" else range(len(values))
        tape.cache[key] = tuple([values[place] for place in places])
    return tape.cache[key]


def _places_of_named(tape: Tape) -> list[int]:
    ends = {tape.output, *(root for run in tape.passes for root in run.roots)}  # what is differentiated needs no name
    return [
        place
        for place, v in enumerate(tape.values)
        if isinstance(v, Input) or v in ends or (v.name and v.depth == 0 and not v.updates_leaf)
    ]


def links(tape: Tape, grain: str, run: Pass | None = None) -> tuple[Link, ...]:
    """The edges that a gradient flows along, the last output first; a value used twice by one output has one link.

    `run` is one of the tape's passes, the last if none is named.
    """
    run = run or (tape.passes[-1] if tape.passes else None)
    key = f"links at {grain}", run
    if key not in tape.cache:
        shown = set(nodes(tape, grain))
        tape.cache[key] = () if run is None else tuple(
            link
            for step in reversed(tape.history)
            if step in shown and step in run.adjoints
            for link in _links_of(step, shown, run, grain)
        )  # fmt: skip
    return tape.cache[key]


def recomputed(link: Link, tape: Tape, grain: str) -> torch.Tensor | None:
    """The product of a link as its steps give it when they are called again on the recorded values.

    The engine computed its own with what it had saved, and an edit through `.data` changes that in silence.
    """
    return _pull_back(link.output, link.adjoint, set(nodes(tape, grain)), None).get(link.input)


def _links_of(step: Step, shown: set[Value], run: Pass, grain: str) -> list[Link]:
    products = _pull_back(step, run.adjoints[step], shown, run)
    reach = step._tape.plan.keep(("reach", grain, step.index), lambda: _reach(step, shown))
    slopes = _slopes(step, shown, products, run, reach)
    return [Link(step, value, slopes.get(value), product, run.adjoints[step]) for value, product in products.items()]


def _pull_back(step: Step, vector: torch.Tensor, shown: set[Value], run: Pass | None) -> dict[Value, torch.Tensor]:
    """The vector carried back through the anonymous steps to the next shown values, with what `run` sent where it sent the same."""
    waiting = {step: vector}
    reached: dict[Value, torch.Tensor] = {}
    while waiting:
        last = max(waiting, key=lambda waits: waits.index)
        back = waiting.pop(last)
        recorded = None if run is None else run.adjoints.get(last)
        as_recorded = recorded is not None and (back is recorded or torch.equal(back, recorded))
        parts = run.products(last) if as_recorded else last.pull_back(back)  # pyright: ignore
        for position, product in parts.items():
            value = last.inputs[position]
            target = reached if value in shown or not isinstance(value, Step) else waiting
            target[value] = target[value] + product if value in target else product
    return reached


def _reach(step: Step, shown: set[Value]) -> str:
    """How far a step is from the next shown values: "one" call, "several" that have an elementwise slope, or a "Jacobian"."""
    steps = between(step, shown)
    if len(steps) == 1:
        return "one"
    values = {v for s in steps for v in s.inputs if isinstance(v, Value) and v.requires_grad}
    single = all(v.value.numel() == 1 for v in (*values, step))
    same = all(v.value.shape == step.value.shape for v in values) and all(s.pointwise for s in steps if s.requires_grad)
    return "several" if single or same else "Jacobian"


def _slopes(
    step: Step, shown: set[Value], products: dict[Value, torch.Tensor], run: Pass, reach: str
) -> dict[Value, torch.Tensor]:
    """∂step/∂value where every step between is elementwise or everything is a single number."""
    if reach == "one":
        found: dict[Value, torch.Tensor] = {}
        for position, local in step.slopes.items():
            value = step.inputs[position]
            found[value] = found[value] + local if value in found else local
        return found
    if reach == "Jacobian":
        return {}
    ones = torch.ones_like(step.value)
    if torch.equal(run.adjoints[step], ones) and not was_edited(step._tape):
        slopes = products
    else:
        slopes = _pull_back(step, ones, shown, None)
    return {value: slope.reshape(step.value.shape) for value, slope in slopes.items()}


def was_edited(tape: Tape) -> bool:
    """Whether the run wrote through `.data`: then what the engine sent may not be what the recorded values give."""
    if "edited" not in tape.cache:
        tape.cache["edited"] = any(s.op == "data" for s in tape.steps) or any(e.kind == "set data" for e in tape.events)
    return tape.cache["edited"]


def used_by(tape: Tape, grain: str, value: Value, whole: bool = False) -> list[Value]:
    """The shown values that a value was computed from; of these with `whole` those that it could send a gradient back to."""
    key = ("uses", grain, whole)
    if key not in tape.cache:
        shown = set(nodes(tape, grain))
        tape.cache[key] = {output: _used(output, shown, whole) for output in shown}
    return tape.cache[key].get(value, [])


def _used(value: Value, shown: Collection[Value], whole: bool) -> list[Value]:
    """The next shown values below; `whole` follows only what requires a gradient."""
    found, waiting = {value: False}, [value]
    while waiting:
        here = waiting.pop(0)
        for used in here.inputs if isinstance(here, Step) and (here.requires_grad or not whole) else ():
            if isinstance(used, Value) and used not in found and (used.requires_grad or not whole):
                found[used] = used in shown
                waiting += [] if used in shown else [used]
    return [used for used, is_shown in found.items() if is_shown]


def between(step: Step, shown: Collection[Value]) -> list[Step]:
    """The step and the anonymous steps below it, down to the next shown values."""
    found, inner = [step], [step]
    while inner:
        for used in inner.pop().inputs:
            if isinstance(used, Step) and used not in shown and used not in found:
                found.append(used)
                inner.append(used)
    return found
