"""Values of an earlier recorded block on the tape of a later one: they come over with their names and their history."""

from __future__ import annotations

from copy import copy
from typing import Any

from .naming import Inputs
from .replay import substitute
from .tape import Tape
from .values import Input, Step, Value

MOST_STEPS = 500  # that come over with what they were computed from


class Earlier:
    """Copies of earlier values that share their numbers; each comes over once."""

    def __init__(self, tape: Tape, inputs: Inputs):
        self._tape, self._inputs = tape, inputs
        self._copies: dict[Value, Value] = {}  # by the value as it was first recorded

    def own(self, value: Any) -> Any:
        """A value on this tape: itself, or its copy."""
        if value._tape is self._tape:
            return value
        waiting = [value]
        while waiting:
            here = waiting[-1]
            used = here.inputs if isinstance(here, Step) and len(self._copies) < MOST_STEPS else ()
            lacking = [v for v in used if self._here(v) is None]
            if not lacking and self._here(waiting.pop()) is None:
                self._copies[here.original] = self._copy(here, bool(used))
            waiting += lacking
        return self._here(value)

    def finish(self) -> None:
        """Number the steps that came over, in the order in which they ran, before this block's own."""
        steps = self._tape.earlier
        steps.sort(key=lambda step: (step.index, step.line))
        for place, step in enumerate(steps):
            step.index = place - len(steps)

    def _here(self, value: Any) -> Any:
        """The value itself, if it is of this tape, or the copy that came over; None if there is none yet."""
        if not isinstance(value, Value) or value._tape is self._tape:
            return value
        return self._copies.get(value.original)

    def _copy(self, value: Value, with_history: bool) -> Value:
        mine = copy(value)
        mine._tape = self._tape
        if isinstance(mine, Step):
            if with_history:
                mine.inputs = tuple(map(self._here, mine.inputs))
                args, kwargs = substitute((mine.call.args, mine.call.kwargs), self._here)
                mine.call = mine.call._replace(args=args, kwargs=kwargs)
            else:
                mine.forget()
            self._tape.earlier.append(mine)
        elif isinstance(mine, Input):
            mine.origin, mine.made_at, mine.made_by = "earlier", -1, None
            self._inputs.put(value.name or "unnamed", mine)
        return mine
