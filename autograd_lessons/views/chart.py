"""A small chart as SVG: a frame with ticks, and lines, dots and words in it, in the units of its axes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from .numbers import short
from .page import templates
from .plot import ticks

LEFT, TOP, RIGHT, BOTTOM = 46, 20, 10, 34
FAR = 1e5  # pixels; what lies further out is off the chart all the same


@dataclass
class Chart:
    """`x` and `y` are the ends of the axes. What is added is drawn in that order, and cut off at the frame; words are not."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]
    x_name: str
    y_name: str
    label: str
    shapes: list[dict] = field(default_factory=list)
    words: list[dict] = field(default_factory=list)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place in pixels from the frame's upper left corner."""
        (left, right), (low, high) = self.x, self.y
        across = (x - left) / (right - left) * (self.width - LEFT - RIGHT)
        down = (high - y) / (high - low) * (self.height - TOP - BOTTOM)
        return round(min(max(across, -FAR), FAR), 1), round(min(max(down, -FAR), FAR), 1)

    def line(self, kind: str, places: Iterable[tuple[float, float]]) -> None:
        """A line through the places, as far as they are finite."""
        finite = [place for place in places if all(map(math.isfinite, place))]
        self.shapes.append({"kind": kind, "points": " ".join(f"{x},{y}" for x, y in (self.at(*p) for p in finite))})

    def dot(self, kind: str, place: tuple[float, float], radius: float, square: bool = False) -> None:
        if all(map(math.isfinite, place)):
            x, y = self.at(*place)
            self.shapes.append({"kind": kind, "x": x, "y": y, "radius": radius, "square": square})

    def word(self, text: str, x: float, y: float) -> None:
        """A word around a place in pixels."""
        self.words.append({"text": text, "x": x, "y": y})

    def svg(self) -> Markup:
        frame = {"left": LEFT, "top": TOP, "width": self.width - LEFT - RIGHT, "height": self.height - TOP - BOTTOM}
        across = [(self.at(x, 0)[0], short(x, 3)) for x in ticks(*self.x)]
        up = [(self.at(0, y)[1], short(y, 3)) for y in ticks(*self.y)]
        return Markup(templates().get_template("chart.svg").render(c=self, frame=frame, x_ticks=across, y_ticks=up))
