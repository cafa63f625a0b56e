"""What every picture is made with: the templates, the styles for live and for still pictures, ids, and lines that wrap."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

LIVE = ".al{--al-card:var(--jp-layout-color1,Canvas);--al-ink:currentColor;--al-mono:var(--jp-code-font-family,ui-monospace,monospace)}"
_STILL = "{--al-forward:#0072b2;--al-backward:#d55e00;--al-card:#fff;--al-ink:#222;--al-mid:#777;--al-mono:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"


class _Templates(Environment):
    def getattr(self, obj, attribute):
        """The templates read dictionaries by key; Jinja would try an attribute first, and that is most of its time."""
        if not isinstance(obj, dict):
            return super().getattr(obj, attribute)
        return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)


@cache
def templates() -> Environment:
    """The templates; text in them is escaped unless it is markup of our own."""
    return _Templates(loader=PackageLoader("autograd_lessons.views", "templates"), autoescape=True, trim_blocks=False)


@cache
def style(name: str) -> str:
    """A style sheet of this package."""
    return (files("autograd_lessons.views") / name).read_text(encoding="utf-8")


@cache
def sheets() -> Markup:
    """The style of a live picture."""
    return Markup(style("style.css") + LIVE + style("svg.css"))


def identity(*content: object) -> str:
    """An id for a still picture, from what it shows: the same picture has the same id each time it is made."""
    return "al" + hashlib.sha256(repr(content).encode()).hexdigest()[:10]


def still_style(uid: str) -> Markup:
    """The style of a still picture, which has a light card of its own and no page to take colours from."""
    return Markup("#" + uid + _STILL + _scoped(style("svg.css"), uid))


def _scoped(style: str, uid: str) -> str:
    """Rules that hold inside this picture only, since a viewer puts many on one page."""
    rules = [rule for rule in style.replace("\n", "").split("}") if rule]
    return "".join(
        ",".join(f"#{uid} {part}" for part in rule.split("{")[0].split(",")) + "{" + rule.split("{")[1] + "}"
        for rule in rules
    )


def wrapped(lines: list[str], width: int) -> list[str]:
    """Lines of at most `width` characters; what is left of a line goes on below it, indented."""
    result = []
    for line in lines:
        while len(line) > width:
            cut = line.rfind(" ", 40, width)
            cut = width if cut < 0 else cut
            result.append(line[:cut])
            line = "    " + line[cut:].lstrip()
        result.append(line)
    return result
