"""What a run has in common with every other run that takes the same way through the code: all but its numbers.

A slider makes a run at every tick, and hardly ever one with a new plan. What follows from the plan alone (labels, the
graph, formulas, where things stand on the page) is worked out at the first of them, and kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from .replay import PLAIN, Operand

if TYPE_CHECKING:
    from .tape import Tape, Value

MOST_PLANS = 256
_plans: OrderedDict[Hashable, Plan] = OrderedDict()  # the least recently used goes first
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
    places = {value: ("value", place) for place, value in enumerate(values)}
    key = (
        tape.summed,
        places.get(tape.output),  # pyright: ignore
        *[tuple([places.get(value) for value in (*run.roots, None, *run.adjoints)]) for run in tape.passes],  # pyright: ignore
        *[_described(value, places) for value in values],
    )
    plan = _plans.pop(key, None) or Plan([getattr(value, "source", None) for value in values])
    _plans[key] = plan
    while len(_plans) > MOST_PLANS:
        _plans.popitem(last=False)
    return plan


def _described(value: Any, places: dict[Value, tuple]) -> tuple:
    """One value without its numbers."""
    tensor, call = value.value, getattr(value, "call", None)
    if call is None:
        made = value.path, value.origin, value.is_leaf
    else:
        given = _frozen(call.args, places), _frozen(call.kwargs, places) if call.kwargs else None
        made = value.op, value.index, id(value.source), value.grad_enabled, call.output, call.changed, call.view, given
    return value.name, value.depth, tensor.shape, tensor.dtype, value.requires_grad, made


def _frozen(arguments: Any, places: dict[Value, tuple]) -> Hashable:
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
