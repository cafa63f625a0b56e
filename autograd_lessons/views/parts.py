"""Which values of a recorded block are drawn together: those behind what one backward pass started from.

Data that every turn of a loop reads, and a weight that none of them changes, would join all turns into one graph.
"""

from __future__ import annotations

from collections import defaultdict

from ..grains import nodes, used_by
from ..tape import Pass, Tape
from ..values import Step, Value


def part_of(tape: Tape, grain: str, value: Value, run: Pass | None) -> tuple[Value, ...]:
    """The values to draw with this one, in forward order; `run` is the pass that the picture is about, if it is about one."""
    key = ("part", grain, run or value)
    if key not in tape.cache:
        shown = nodes(tape, grain)
        neighbours = _neighbours(tape, grain)
        inner = _connected(value, neighbours) if run is None else _behind(tape, grain, run)
        beside = (neighbours[v] if run is None else used_by(tape, grain, v) for v in inner)
        found = inner.union(*beside)
        tape.cache[key] = tuple(v for v in shown if v in found)
    return tape.cache[key]


def pass_to(tape: Tape, grain: str, value: Value) -> Pass | None:
    """The first backward pass that had this value behind what it started from."""
    later = (run for run in tape.passes if not isinstance(value, Step) or run.index > value.index)
    return next((run for run in later if value in _behind(tape, grain, run)), None)


def _behind(tape: Tape, grain: str, run: Pass) -> set[Value]:
    """The roots of a pass and all that they were computed from, up to where the graph was cut."""
    key = ("behind", grain, run)
    if key not in tape.cache:
        found: set[Value] = set()
        waiting = [root for root in run.roots if isinstance(root, Value)]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting += [used for used in used_by(tape, grain, here) if here.requires_grad or not used.requires_grad]
        tape.cache[key] = found
    return tape.cache[key]


def _connected(value: Value, neighbours: dict[Value, set[Value]]) -> set[Value]:
    """What is joined to a value by values that are like it: all of them require a gradient, or none."""
    found: set[Value] = set()
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += [other for other in neighbours[here] if other.requires_grad == here.requires_grad]
    return found


def _neighbours(tape: Tape, grain: str) -> dict[Value, set[Value]]:
    found: dict[Value, set[Value]] = defaultdict(set)
    for output in nodes(tape, grain):
        for used in used_by(tape, grain, output):
            found[output].add(used)
            found[used].add(output)
    return found
