"""The curve as SVG: the output against one input, the point, and the tangent whose slope is the gradient."""

from __future__ import annotations

import functools
import math

from markupsafe import Markup

from ..curves import Curve, Line
from .numbers import short
from .stencil import rendered

WIDTH, HEIGHT, LEFT, BOTTOM, PAD = 360, 220, 52, 28, 10
_MOVING = ("name", "output", "at", "value", "slope", "tangent", "point", "width", "height")
_STENCILS: dict = {}  # a curve looks the same whatever run it is of


def drawing(curve: Curve, output: str) -> dict:
    """What the SVG template needs: polylines in pixels, tangent, point, ticks."""
    line, (x0, y0) = curve.line, curve.point
    reached = (*_reach(line), *filter(math.isfinite, (y0,)))
    low, high = (min(reached), max(reached)) if reached else (0.0, 1.0)
    if high - low < 1e-12 * max(abs(high), 1e-300) or high == low:
        reach = max(1.0, abs(high) * 1e-12)  # 1 is nothing beside 1e+30
        low, high = low - reach, high + reach
    margin = (high - low) * 0.06
    low, high = low - margin, high + margin
    first, last = line.x[0], line.x[-1]

    px, py = functools.partial(_px, first, last), functools.partial(_py, low, high)
    shown = math.isfinite(y0) and first <= x0 <= last
    tangent = None
    if shown and curve.slope is not None and math.isfinite(curve.slope):
        tangent = _clipped(x0, y0, curve.slope, first, last, low, high, px, py)
    return {
        "pieces": _pieces(line, low, high), "tangent": tangent, "point": (px(x0), py(y0)) if shown else None, "width": WIDTH, "height": HEIGHT,
        "left": LEFT, "bottom": HEIGHT - BOTTOM, "right": WIDTH - PAD, "top": PAD,
        "x_ticks": _x_ticks(first, last), "y_ticks": _y_ticks(low, high),
        "name": line.name, "output": output, "at": short(x0, 5), "value": short(y0, 5),
        "slope": "none" if curve.slope is None else short(curve.slope, 5),
    }  # fmt: skip


def svg(drawn: dict) -> Markup:
    """What was drawn, as it stands on the page."""
    lines = tuple(drawn["pieces"]), tuple(drawn["x_ticks"]), tuple(drawn["y_ticks"])
    content = {"still": _still(*lines, drawn["name"], drawn["output"])} | {part: drawn[part] for part in _MOVING}
    return Markup(rendered(_STENCILS, "curve.svg", content))


@functools.lru_cache(maxsize=16)  # a point that moves along its curve leaves that as it is
def _still(pieces: tuple, x_ticks: tuple, y_ticks: tuple, name: str, output: str) -> Markup:
    """The SVG of the curve and its axes, without the point on it."""
    labels = [(y, y + 4, text) for y, text in y_ticks]  # the text stands a little below its tick's height
    content = {
        "left": LEFT, "bottom": HEIGHT - BOTTOM, "right": WIDTH - PAD, "top": PAD, "name": name, "output": output,
        "pieces": pieces, "x_ticks": x_ticks, "y_ticks": labels,
    }  # fmt: skip
    return Markup(rendered(_STENCILS, "axes.svg", content))


@functools.lru_cache(maxsize=16)
def _reach(line: Line) -> tuple[float, ...]:
    """The lowest and the highest of its finite heights, if there are any."""
    finite = list(filter(math.isfinite, line.y))
    return (min(finite), max(finite)) if finite else ()


@functools.lru_cache(maxsize=16)
def _pieces(line: Line, low: float, high: float) -> list[str]:
    """Points that stand evenly from left to right, as polylines: one ends where a height is not finite."""
    up = _scale(low, high)
    heights = [PAD + (high - y) * up for y in line.y]
    form, points = _evenly(len(heights)), tuple(heights)
    if all(map(math.isfinite, heights)):
        return [" ".join(form) % points]
    gaps = [place for place, height in enumerate(heights) if not math.isfinite(height)]
    ends = zip([-1, *gaps], [*gaps, len(heights)])
    return [" ".join(form[before + 1 : end]) % points[before + 1 : end] for before, end in ends if end > before + 1]


@functools.cache
def _evenly(count: int) -> tuple[str, ...]:
    """So many points, each with its place from left to right in pixels, and a place for its height."""
    return tuple(f"{LEFT + i / max(count - 1, 1) * (WIDTH - LEFT - PAD):.1f},%.1f" for i in range(count))


def _px(first: float, last: float, x: float) -> float:
    """How far from the left `x` stands, in pixels."""
    return round(LEFT + (x - first) / (last - first) * (WIDTH - LEFT - PAD), 1)


def _py(low: float, high: float, y: float) -> float:
    """How far from the top."""
    return round(PAD + (high - y) * _scale(low, high), 1)


def _scale(low: float, high: float) -> float:
    """How many pixels a step of 1 is high."""
    return (HEIGHT - BOTTOM - PAD) / (high - low)


@functools.lru_cache(maxsize=64)
def _x_ticks(first: float, last: float) -> list[tuple[float, str]]:
    return [(_px(first, last, x), short(x, 3)) for x in ticks(first, last)]


@functools.lru_cache(maxsize=64)
def _y_ticks(low: float, high: float) -> list[tuple[float, str]]:
    return [(_py(low, high, y), short(y, 3)) for y in ticks(low, high)]


def _clipped(x0, y0, slope, first, last, low, high, px, py):
    """The tangent inside the frame; a steep one ends at the frame's top and bottom."""
    ends = []
    for x in (first, last):
        y = y0 + slope * (x - x0)
        if not low <= y <= high:
            y = min(max(y, low), high)
            x = x0 + (y - y0) / slope
        ends.append((px(x), py(y)))
    return (*ends[0], *ends[1])


def ticks(low: float, high: float) -> list[float]:
    """About four round numbers between two ends."""
    raw = (high - low) / 4
    if not math.isfinite(raw) or raw <= 0:
        return []
    power = 10 ** math.floor(math.log10(raw))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(s - raw))
    start = math.ceil(low / step)
    return [round(k * step, 12) for k in range(start, math.floor(high / step) + 1)][:9]
