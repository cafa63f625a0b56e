"""A recorded block statement by statement: which of its happenings belong to which line, one moment for each time it ran."""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .tape import Event, Tape

_ONCE = {
    "backward",
    "autograd.grad",
    "optimizer.step",
    "zero_grad",
}  # what a statement does once each time that it runs


@dataclass
class Moment:
    """One run of one statement: lines of the file, from 1; `happenings` are steps, leaves made and events, in order."""

    first_line: int
    last_line: int
    first: int  # index of the first happening
    last: int
    ends_block: bool = False  # of a `with` statement: what happened on the way out of it
    happenings: list[Any] = field(default_factory=list)


def moments(tape: Tape) -> list[Moment]:
    """The statements that PyTorch had to do with, in the order in which they ran."""
    assert tape.block is not None
    spans, blocks = _statements(tape.block.file, tape.block.first, tape.block.last)
    found: list[Moment] = []
    once: set[tuple] = set()
    for index, line, happening in sorted(_happenings(tape), key=lambda each: each[0]):
        first, last = next((span for span in spans if span[0] <= line <= span[1]), (line, line))
        key = (happening.kind, happening.source) if isinstance(happening, Event) and happening.kind in _ONCE else None
        before = found[-1] if found else None
        if before is None or (before.first_line, before.last_line) != (first, last) or before.ends_block or key in once:
            inside = before is not None and any(a == first and last < before.first_line <= b for a, b in blocks)
            found.append(Moment(first, last, index, index, inside))
            once = set()
        if key is not None:
            once.add(key)
        found[-1].last = index
        found[-1].happenings.append(happening)
    return found


def _happenings(tape: Tape) -> Iterator[tuple[int, int, Any]]:
    for step in tape.steps:
        yield step.index, step.line, step
    for event in tape.events:
        yield event.index, event.line, event
    for leaf in tape.inputs.values():
        if leaf.made_by is not None:
            yield leaf.made_by.index, leaf.line, leaf


@functools.lru_cache(maxsize=64)
def _statements(file: str, first: int, last: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The lines of each statement, the innermost first, of a loop or a branch only its head; and of each whole `with`."""
    text = "".join(linecache.getlines(file))
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a cell with magics in it
        return [(number, number) for number in range(first, last + 1)], []
    spans, blocks = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno or node.lineno
            spans.append((node.lineno, max(end, node.lineno)))
        if isinstance(node, ast.With):
            blocks.append((node.lineno, node.end_lineno or node.lineno))
    return sorted(spans, key=lambda span: span[1] - span[0]), blocks


def text_of(tape: Tape, moment: Moment) -> str:
    """The statement as it was typed, without its indentation."""
    assert tape.block is not None
    lines = [linecache.getline(tape.block.file, n).rstrip() for n in range(moment.first_line, moment.last_line + 1)]
    return "\n".join(line.strip() for line in lines)
