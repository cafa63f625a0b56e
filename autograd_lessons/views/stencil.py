"""A template rendered once with holes in it; after that only the holes are filled: most of a tick's picture stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from markupsafe import escape

from .page import templates

_HOLE = re.compile("\ue000([0-9]+)\ue001")  # private-use characters stand in no learner's text that reaches a number
_BETWEEN = "\ue002"


def rendered(kept: dict, template: str, content: dict[str, Any]) -> str:
    """The template with this content. Every text and every float in it is a hole, all else decides what the template does."""
    texts: list[str] = []
    frame = _frame(content, texts)
    return filled(
        kept,
        (template, frame),
        texts,
        lambda holes: templates().get_template(template).render(_put(content, iter(holes))),
    )


def filled(kept: dict, key: Hashable, texts: list[str], render: Callable[[list[str]], str]) -> str:
    """`render(texts)`, where `render` is called only once for a key and for the same texts being empty."""
    place = (key, tuple(map(bool, texts)))
    found = kept.get(place)
    if found is None:
        pieces = _HOLE.split(render([f"\ue000{number}\ue001" if text else "" for number, text in enumerate(texts)]))
        found = kept[place] = (pieces[::2], [int(number) for number in pieces[1::2]])
    between, numbers = found
    safe = _escaped(texts)
    parts = [""] * (len(between) + len(numbers))
    parts[::2] = between
    parts[1::2] = [safe[number] for number in numbers]
    return "".join(parts)


def _escaped(texts: list[str]) -> list[str]:
    """The texts, those that are no markup escaped: all of them in one go, since a call for each takes most of the time."""
    together = _BETWEEN.join([text for text in texts if type(text) is str])
    escaped = escape(together)
    if len(escaped) == len(together):  # nothing in them means anything to HTML
        return texts
    safe = iter(str.split(escaped, _BETWEEN))
    return [next(safe) if type(text) is str else text for text in texts]


def _frame(content: dict | list | tuple, texts: list[str]) -> Hashable:
    """The content without its texts and floats, which are added to `texts` in order."""
    is_dict = isinstance(content, dict)
    frame: list[Hashable] = list(content) if is_dict else []
    for item in content.values() if is_dict else content:
        if isinstance(item, str):
            texts.append(item)
            item = ""
        elif isinstance(item, float):
            texts.append(str(item))
            item = ""
        elif isinstance(item, (dict, list, tuple)):
            item = _frame(item, texts)
        frame.append(item)
    return tuple(frame)


def _put(content: Any, holes: Iterator[str]) -> Any:
    """The content with the holes in place of its texts and floats."""
    if isinstance(content, (str, float)):
        return next(holes)
    if isinstance(content, dict):
        return {key: _put(item, holes) for key, item in content.items()}
    if isinstance(content, (list, tuple)):
        return [_put(item, holes) for item in content]
    return content
