"""What a run has in common with every other run that takes the same way through the code: all but its numbers.

A slider makes a run at every tick, and hardly ever one with a new plan. What follows from the plan alone (labels, the
graph, formulas, where things stand on the page) is worked out at the first of them, and kept.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from .replay import PLAIN, Operand

if TYPE_CHECKING:
    from .tape import Tape
    from .values import Value

MOST_PLANS = 256
_plans: dict[Hashable, Plan] = {}  # the least recently used goes first
Made = TypeVar("Made")


class Plan:
    """A place for what is the same at every tick."""

    def __init__(self, sources: list):
        self._sources = sources  # held, so that no id in the key is given again
        self._kept: dict[Hashable, Any] = {}

    def keep(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, made once; it may look at all of a run but its numbers."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


def plan_of(tape: Tape) -> Plan:
    """The plan of a run that has come to its end."""
    values = tape.values
    places = dict(zip(values, _places(len(values))))
    key = [tape.summed, places.get(tape.output)]  # pyright: ignore
    key += [tuple([places.get(value) for value in (*run.roots, None, *run.adjoints)]) for run in tape.passes]  # pyright: ignore
    for value in values:
        key += _described(value, places)
    key = tuple(key)  # in one piece: at a tick all of it is compared, and cold memory answers slowly
    plan = _plans.pop(key, None) or Plan([getattr(value, "source", None) for value in values])
    _plans[key] = plan
    while len(_plans) > MOST_PLANS:
        del _plans[next(iter(_plans))]
    return plan


@functools.lru_cache(maxsize=16)
def _places(number: int) -> list[tuple[str, int]]:
    return [("value", place) for place in range(number)]


def _described(value: Any, places: dict[Value, tuple]) -> tuple:
    """One value without its numbers."""
    tensor, call = value.value, getattr(value, "call", None)
    same = value.name, value.depth, tensor.shape, tensor.dtype, value.requires_grad
    if call is None:
        return *same, value.path, value.origin, value.is_leaf
    made = value.op, value.index, id(value.source), value.grad_enabled, call.output, call.changed, call.view
    options = _frozen(call.kwargs, places) if call.kwargs else None
    return *same, *made, options, len(call.args), *_frozen(call.args, places)


def _frozen(arguments: Any, places: dict[Value, tuple]) -> Any:
    """The arguments of a call as a part of a key; of a tensor without a name the shape."""
    if isinstance(arguments, Operand):
        return places.get(arguments) or ("tensor", arguments.value.shape)  # pyright: ignore
    if isinstance(arguments, (tuple, list)):
        return tuple([item if type(item) in PLAIN else _frozen(item, places) for item in arguments])
    if isinstance(arguments, dict):
        return tuple([(key, _frozen(item, places)) for key, item in arguments.items()])
    if isinstance(arguments, slice):
        return "slice", _frozen((arguments.start, arguments.stop, arguments.step), places)
    return arguments if type(arguments) in PLAIN else repr(arguments)
