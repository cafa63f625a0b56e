"""What each grain shows: every operation, or only the values that the learner named; of a long run with sections closed.

At the *variables* grain the anonymous arithmetic between two names is one link, and its numbers are PyTorch's own
vector–Jacobian products through the steps between.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch

from .elements import are_equal
from .slopes import Sent, carried_back, slopes_of
from .tape import Pass, Tape
from .values import Input, Step, Value

GRAINS = ("variables", "operations")
MOST_RESULTS = 4  # of a closed stretch; one with more has no nodes of its own
MOST_ARGUMENTS = 12  # that are drawn although only closed stretches use them


class Stretch(NamedTuple):
    """Steps `first` … `last - 1` of a tape, of which only what others use is shown."""

    first: int
    last: int
    name: str  # short
    told: str  # in full


class Turn(NamedTuple):
    """Which round of a loop is open; `file` and `line` say where the loop stands."""

    file: str
    line: int
    number: int
    count: int


class Folded(str):
    """A grain in which stretches are closed. As text it says which, so that it can be part of a key."""

    grain: str
    closed: tuple[Stretch, ...]
    turns: tuple[Turn, ...]
    end: int  # where the open section ends: what the steps from there on use of it is shown, also without a name

    def __new__(cls, grain: str, closed: tuple[Stretch, ...], turns: tuple[Turn, ...], end: int) -> Folded:
        made = super().__new__(cls, f"{grain}, closed: {', '.join(f'{s.first}–{s.last}' for s in closed)}")
        made.grain, made.closed, made.turns, made.end = grain, closed, turns, end
        return made


def stretch_of(tape: Tape, grain: str, value: Value) -> Stretch | None:
    """The closed stretch that a shown value comes out of."""
    if not isinstance(grain, Folded) or not isinstance(value, Step):
        return None
    at = _places(tape).get(value, -1)
    return next((stretch for stretch in grain.closed if stretch.first <= at < stretch.last), None)


@dataclass(eq=False)
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

    @cached_property
    def term(self) -> torch.Tensor:
        """The gradient of `output` times the slope, in the shape of `product`."""
        assert self.local is not None and self.product is not None
        made, like = self.adjoint * self.local, self.product
        if made.shape != like.shape:
            made = made.sum_to_size(like.shape) if made.numel() != like.numel() else made.reshape(like.shape)
        return made if made.dtype == like.dtype else made.to(like.dtype)


def nodes(tape: Tape, grain: str) -> tuple[Value, ...]:
    """The inputs and the steps that a grain shows, in forward order."""
    if grain not in GRAINS and not isinstance(grain, Folded):
        raise ValueError(f"grain={grain!r}: it is one of {', '.join(GRAINS)}")
    key = f"nodes at {grain}"
    if key not in tape.cache:
        values = tape.values
        places = tape.plan.keep(key, lambda: _places_shown(tape, grain))
        tape.cache[key] = tuple([values[place] for place in places])
    return tape.cache[key]


def _places_shown(tape: Tape, grain: str) -> list[int]:
    if grain == "operations":
        return list(range(len(tape.values)))
    if isinstance(grain, Folded):
        shown = _with_stretches_closed(tape, grain)
    else:
        ends = _ends(tape)
        shown = {v for v in tape.values if isinstance(v, Input) or v in ends or _is_named(v, 0)}
    return [place for place, value in enumerate(tape.values) if value in shown]


def _ends(tape: Tape) -> set:
    """What is differentiated: it needs no name."""
    return {tape.output, *(root for run in tape.passes for root in run.roots)}


def _is_named(step: Any, depth: int) -> bool:
    return bool(step.name) and step.depth <= depth and not step.updates_leaf


def _places(tape: Tape) -> dict[Any, int]:
    if "places" not in tape.cache:
        tape.cache["places"] = {step: at for at, step in enumerate(tape.steps)}
    return tape.cache["places"]


def _with_stretches_closed(tape: Tape, grain: Folded) -> set[Value]:
    """What the grain shows of the steps outside all closed stretches, and what comes out of these."""
    ends, places = _ends(tape), _places(tape)
    inside: list[int | None] = [None] * len(tape.steps)  # in which stretch each step is
    for number, stretch in enumerate(grain.closed):
        inside[stretch.first : stretch.last] = [number] * (stretch.last - stretch.first)
    open_steps = [step for step, stretch in zip(tape.steps, inside) if stretch is None]
    deep = max((step.depth for step in open_steps), default=0)
    shown: set[Value] = {step for step in open_steps if grain.grain == "operations" or _is_named(step, deep)}
    results: dict[Value, int] = {}  # of which stretch each is; of the open section −1
    for at, (step, here) in enumerate(zip(tape.steps, inside)):
        for used in step.inputs:
            there = inside[places[used]] if used in places else None
            if there is not None and there != here:
                results[used] = there
            elif used in places and there is None and at >= grain.end:
                results[used] = -1
            elif used not in places and here is None and isinstance(used, Value):
                shown.add(used)  # a leaf, or what an earlier block made
    count = Counter(results.values())
    shown |= {step for step, stretch in results.items() if count[stretch] <= MOST_RESULTS}
    arguments = [v for v in tape.inputs.values() if v.origin == "argument" and "." not in v.path]
    return shown | ends | set(arguments[:MOST_ARGUMENTS])


def links(tape: Tape, grain: str, run: Pass | None = None) -> tuple[Link, ...]:
    """The edges that a gradient flows along, the last output first; a value used twice by one output has one link.

    `run` is one of the tape's passes, the last if none is named.
    """
    run = run or (tape.passes[-1] if tape.passes else None)
    key = f"links at {grain}", run
    if key not in tape.cache:
        tape.cache[key] = () if run is None else tuple(_links(tape, grain, run))
    return tape.cache[key]


def recomputed(link: Link, tape: Tape, grain: str) -> torch.Tensor | None:
    """The product of a link as its steps give it when they are called again on the recorded values.

    The engine computed its own with what it had saved, and an edit through `.data` changes that in silence.
    """
    return carried_back(link.output, link.adjoint, set(nodes(tape, grain)), Step.pull_back).get(link.input)


def _links(tape: Tape, grain: str, run: Pass) -> Iterator[Link]:
    shown = set(nodes(tape, grain))
    outputs = [step for step in reversed(tape.history) if step in shown and step in run.adjoints]
    products = {step: carried_back(step, run.adjoints[step], shown, _sent_in(run)) for step in outputs}
    slopes = slopes_of(tape, grain, shown, products, run)
    for step, back in products.items():
        for value, product in back.items():
            yield Link(step, value, slopes[step].get(value), product, run.adjoints[step])


def _sent_in(run: Pass) -> Sent:
    """What a step sent back in a run; of a vector that the run did not bring it, what the step makes of that."""

    def sent(step: Step, vector: torch.Tensor) -> dict[int, torch.Tensor]:
        recorded = run.adjoints.get(step)
        as_recorded = recorded is not None and (vector is recorded or are_equal(vector, recorded))
        return run.products(step) if as_recorded else step.pull_back(vector)

    return sent


def used_by(tape: Tape, grain: str, value: Value, whole: bool = False) -> list[Value]:
    """The shown values that a value was computed from; of these with `whole` those that it could send a gradient back to."""
    key = ("uses", grain, whole)
    if key not in tape.cache:
        shown = set(nodes(tape, grain))
        tape.cache[key] = {output: _used(output, shown, whole) for output in shown}
    return tape.cache[key].get(value, [])


def _used(value: Value, shown: Collection[Value], whole: bool) -> list[Value]:
    """The next shown values below; `whole` follows only what requires a gradient."""
    found, waiting = {value: False}, deque([value])
    while waiting:
        here = waiting.popleft()
        for used in here.inputs if isinstance(here, Step) and (here.requires_grad or not whole) else ():
            if isinstance(used, Value) and used not in found and (used.requires_grad or not whole):
                found[used] = used in shown
                waiting.extend([] if used in shown else [used])
    return [used for used, is_shown in found.items() if is_shown]
