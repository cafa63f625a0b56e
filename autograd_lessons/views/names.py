"""What values are called on the screen: by the learner's name, with its line where several values in the graph have that name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..tape import Tape
from ..values import Value
from .numbers import title


def called(value: Value) -> str:
    """The learner's name, where nothing else of that name can be meant; else number and operation: `v3 sin`."""
    return value.variable or title(value)


def distinct(shown: Iterable[Value], tape: Tape) -> dict[Value, str]:
    """Names of which no two are the same; a name that was given twice in one line belongs to nobody."""
    assert tape.block is not None
    alike = defaultdict(list)
    for value in shown:
        if value.variable:
            alike[value.variable].append(value)
    found: dict[Value, str] = {}
    for name, values in alike.items():
        texts = [name] if len(values) == 1 else [f"{name} ({_where(value, tape)})" for value in values]
        found |= {value: text for value, text in zip(values, texts) if texts.count(text) == 1}
    return found


def _where(value: Value, tape: Tape) -> str:
    assert tape.block is not None
    return "earlier cell" if value.is_earlier else f"line {value.line - tape.block.first + 1}"
