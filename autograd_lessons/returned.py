"""What a function gave back where that is no tensor, and what to type instead."""

from __future__ import annotations

import inspect
import numbers
from typing import Any


def told(name: str, output: Any) -> str:
    """Two sentences on an output that nothing can be differentiated from."""
    if isinstance(output, (tuple, list)):
        count = "one value in a tuple" if len(output) == 1 else f"{len(output)} values"
        return f"{name} returned {count}. Return the one to differentiate."
    if inspect.iscoroutine(output) or inspect.isasyncgen(output):
        return f"{name} is an async function: nothing of it has run. Write it with a plain def, without await."
    if inspect.isgenerator(output):
        return (
            f"{name} is a generator: nothing of it has run. Return one tensor, for instance the sum of what it yields."
        )
    if isinstance(output, dict):
        return f"{name} returned a dict, and no tensor. Return the entry to differentiate, for instance result['loss']."
    if output is None or isinstance(output, numbers.Number):
        return (
            f"{name} returned {'nothing' if output is None else 'no tensor'}. Return the tensor itself: a Python number "
            "(from .item(), float() or math) has left the graph."
        )
    return f"{name} returned no tensor but a {type(output).__name__}. Return the tensor that it was computed from."
