"""What was typed, shown in one line with carets under the part at fault."""

from __future__ import annotations

import unicodedata

WIDEST = 72  # columns of a shown line


def pointed(text: str, start: int, end: int) -> str:
    """Two lines: the text, or the part of it around the fault, and the carets."""
    end = max(end, start + 1)
    first = 0 if len(text) <= WIDEST else max(0, min(start - WIDEST // 3, len(text) - WIDEST))
    last = min(len(text), first + WIDEST)
    before, after = ("… " if first else ""), (" …" if last < len(text) else "")
    shown = before + visible(text[first:last]) + after
    indent = len(before) + width(text[first:start])
    return f"{shown}\n{' ' * indent}{'^' * max(1, width(text[start : min(end, last)]))}"


def visible(text: str) -> str:
    """The text with one visible character for each that would move the cursor, hide itself or turn the line around."""
    return "".join(c if c == " " or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def width(text: str) -> int:
    """How many columns a text takes: a Chinese character or an emoji two, a combining accent none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in visible(text)
    )
