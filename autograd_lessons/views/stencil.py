"""A template rendered once with holes in it; after that only the holes are filled: most of a tick's picture stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable

from markupsafe import Markup, escape

_HOLE = re.compile("\ue000([0-9]+)\ue001")  # private-use characters stand in no learner's text that reaches a number


def filled(kept: dict, key: Hashable, texts: list[str], render: Callable[[list[str]], str]) -> Markup:
    """`render(texts)`, where `render` is called only once for a key and for the same texts being empty."""
    place = (key, tuple(map(bool, texts)))
    if place not in kept:
        pieces = _HOLE.split(render([f"\ue000{number}\ue001" if text else "" for number, text in enumerate(texts)]))
        kept[place] = (pieces[::2], [int(number) for number in pieces[1::2]])
    between, numbers = kept[place]
    parts = [between[0]]
    for number, after in zip(numbers, between[1:]):
        parts += (escape(texts[number]), after)
    return Markup("".join(parts))
