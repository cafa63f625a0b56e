"""A template rendered once with holes in it; after that only the holes are filled: most of a tick's picture stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from markupsafe import Markup, escape

from .page import templates

_HOLE = re.compile("\ue000([0-9]+)\ue001")  # private-use characters stand in no learner's text that reaches a number


def rendered(kept: dict, template: str, content: dict[str, Any]) -> Markup:
    """The template with this content. Every text and every float in it is a hole, all else decides what the template does."""
    texts: list[str] = []
    frame = _frame(content, texts)
    return filled(
        kept,
        (template, frame),
        texts,
        lambda holes: templates().get_template(template).render(_put(content, iter(holes))),
    )


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


def _frame(content: Any, texts: list[str]) -> Hashable:
    """The content without its texts and floats, which are added to `texts` in order."""
    if isinstance(content, str):
        texts.append(content)
        return ""
    if isinstance(content, float):
        texts.append(str(content))
        return ""
    if isinstance(content, dict):
        return (*content, *[_frame(item, texts) for item in content.values()])
    if isinstance(content, (list, tuple)):
        return tuple([_frame(item, texts) for item in content])
    return content


def _put(content: Any, holes: Iterator[str]) -> Any:
    """The content with the holes in place of its texts and floats."""
    if isinstance(content, (str, float)):
        return next(holes)
    if isinstance(content, dict):
        return {key: _put(item, holes) for key, item in content.items()}
    if isinstance(content, (list, tuple)):
        return [_put(item, holes) for item in content]
    return content
