"""The descent lab's picture: the walk on the map of the loss, the loss step by step, the model, and the numbers of one step."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from markupsafe import Markup

from ..descent.path import Path
from ..descent.surface import Surface
from .chart import Chart
from .numbers import short
from .page import LIVE, identity, still_style, style, templates

MAP, SMALL = (470, 372), (380, 180)


@dataclass(frozen=True)
class Fit:
    """The samples, what the model says to each, and its curve through them."""

    data: tuple[torch.Tensor, torch.Tensor]
    predicted: list[float]
    xs: list[float]
    ys: list[float]


def html(state: dict, uid: str) -> str:
    """The live picture; `state` is what `DescentLab.state` gives."""
    sheets = Markup(style("style.css") + style("descent.css") + LIVE + style("svg.css"))
    return templates().get_template("descent.html").render(
        uid=uid, style=sheets, title=_title(state), at=state["at"], last=len(state["path"]) - 1, charts=charts(state),
        rows=_rows(state), remark=_remark(state), loss=short(state["path"].loss[state["at"]]),
        loss_full=repr(state["path"].loss[state["at"]]), lowest=_lowest(state["surface"]),
    )  # fmt: skip


def charts(state: dict) -> list[Markup]:
    """The map, the loss against the step, and where there is a model the model."""
    path, at, fit = state["path"], state["at"], state["fit"]
    drawn = [_map(state["surface"], path, at), _losses(state["surface"], path, at)]
    if fit is not None:
        drawn.append(_model(fit, path.sample[at]))
    return [chart.svg() for chart in drawn]


def _map(surface: Surface, path: Path, at: int) -> Chart:
    places = list(path)
    chart = Chart(
        *MAP, (surface.w[0], surface.w[-1]), (surface.b[0], surface.b[-1]), "w", "b",
        f"contour map of the loss; step {at} stands at w = {short(path.w[at])}, b = {short(path.b[at])}",
    )  # fmt: skip
    ground = _ground(surface)
    chart.shapes, chart.words = [*ground.shapes], ground.words
    chart.line("al-walk al-later", places[at:])
    chart.line("al-walk", places[: at + 1])
    for step, place in enumerate(places):
        if step < at:
            chart.dot("al-place", place, 2.2)
    chart.line("al-tangent", places[at : at + 2])
    chart.dot("al-standing", places[at], 5.5)
    return chart


@functools.lru_cache(maxsize=16)
def _ground(surface: Surface) -> Chart:
    """What stays under every walk: the contour lines with their heights, and a cross at the lowest point."""
    chart = Chart(*MAP, (surface.w[0], surface.w[-1]), (surface.b[0], surface.b[-1]), "w", "b", "")
    for level in surface.levels():
        lines = surface.lines(level)
        for line in lines:
            chart.line("al-contour", line)
        _name_level(chart, level, [place for line in lines for place in line], surface)
    if surface.lowest:
        w, b, _ = surface.lowest
        size = [(ends[1] - ends[0]) / 90 for ends in (chart.x, chart.y)]
        for tilt in (1, -1):
            chart.line("al-lowest", [(w - size[0], b - tilt * size[1]), (w + size[0], b + tilt * size[1])])
    return chart


def _name_level(chart: Chart, level: float, places: list, surface: Surface) -> None:
    """The height of a contour line stands on it, along the way from the lowest point to the upper right corner."""
    bottom = surface.lowest[:2] if surface.lowest else (sum(chart.x) / 2, sum(chart.y) / 2)
    (x0, y0), (x1, y1) = chart.at(*bottom), chart.at(chart.x[1], chart.y[1])
    right, low = chart.at(chart.x[1], chart.y[0])

    def beside(place: tuple[float, float]) -> float:
        x, y = place[0] - x0, place[1] - y0
        behind = (x1 - x0) * x + (y1 - y0) * y < 0
        return math.hypot(right, low) * math.hypot(x, y) if behind else abs((x1 - x0) * y - (y1 - y0) * x)

    ahead = [p for p in (chart.at(*place) for place in places) if 16 < p[0] < right - 16 and 8 < p[1] < low - 8]
    for x, y in sorted(ahead, key=beside)[:40]:
        if all(abs(x - word["x"]) > 34 or abs(y - word["y"]) > 15 for word in chart.words):
            return chart.word(short(level, 3), x, y)


def _losses(surface: Surface, path: Path, at: int) -> Chart:
    """From the bottom to well above the start, so that another learning rate is seen on the same scale."""
    low = min(surface.lowest[2] if surface.lowest else math.inf, path.loss[0])
    high = path.loss[0] + 0.6 * max(path.loss[0] - low, 0.1 * abs(path.loss[0]), 1e-9)
    steps = list(enumerate(path.loss))
    chart = Chart(
        *SMALL, (0.0, 1.02 * max(len(path) - 1, 1)), (low - 0.06 * (high - low), high), "step", "loss, all samples",
        f"the loss at each step; at step {at} it is {short(path.loss[at])}",
    )  # fmt: skip
    if surface.lowest:
        chart.line("al-contour", [(0, surface.lowest[2]), (len(path), surface.lowest[2])])
    chart.line("al-walk al-later", steps[at:])
    chart.line("al-walk", steps[: at + 1])
    chart.dot("al-standing", steps[at], 4.5)
    return chart


def _model(fit: Fit, sample: int | None) -> Chart:
    xs, ys = (data.tolist() for data in fit.data)
    low, high = min(*ys, *fit.ys), max(*ys, *fit.ys)
    margin = 0.12 * max(high - low, 1e-9)
    chart = Chart(
        *SMALL,
        (fit.xs[0], fit.xs[-1]),
        (low - margin, high + margin),
        "x",
        "the model at this step",
        "the model and the samples",
    )
    chart.line("al-line", zip(fit.xs, fit.ys))
    for number, (x, y, said) in enumerate(zip(xs, ys, fit.predicted)):
        used = sample is None or sample == number
        chart.line("al-tangent" if used else "al-tangent al-later", [(x, said), (x, y)])
        chart.dot("al-sample" if used else "al-sample al-later", (x, y), 4, square=y > 0.5)
    return chart


# ---------------------------------------------------------------------- in words
def _title(state: dict) -> str:
    settings = state["settings"]
    seen = "one sample at a time" if settings["one_at_a_time"] else "all samples at each step"
    return f"{settings['loss']}, {seen}, learning rate {settings['rate']:g}, momentum {settings['momentum']:g}"


def _lowest(surface: Surface) -> str:
    if surface.lowest is None:
        return "the map has no lowest point inside"
    w, b, loss = surface.lowest
    return f"lowest (×): loss {short(loss, 4)} at w = {short(w, 4)}, b = {short(b, 4)}"


def _rows(state: dict) -> list[dict]:
    path, at = state["path"], state["at"]
    last = at == len(path) - 1
    rows = []
    for name, values, slopes in (("w", path.w, path.dw), ("b", path.b, path.db)):
        following = None if last else values[at + 1]
        rows.append({
            "name": name, "value": short(values[at]), "gradient": short(slopes[at]),
            "moves": "–" if following is None else short(following - values[at]), "next": "–" if following is None else short(following),
            "value_full": repr(values[at]), "gradient_full": repr(slopes[at]),
        })  # fmt: skip
    return rows


def _remark(state: dict) -> str:
    path, at, surface, settings = state["path"], state["at"], state["surface"], state["settings"]
    if not all(map(math.isfinite, (path.w[at], path.b[at], path.loss[at]))):
        return "The numbers have grown beyond what the dtype holds."
    if not (surface.w[0] <= path.w[at] <= surface.w[-1] and surface.b[0] <= path.b[at] <= surface.b[-1]):
        return "This step stands outside the map."
    if at == len(path) - 1:
        return "The walk ends here."
    if path.sample[at] is not None:
        return f"The gradient is that of sample {path.sample[at]} alone."
    if settings["momentum"]:
        return f"moves = −{settings['rate']:g} × (gradient + {settings['momentum']:g} × the direction before)"
    return f"moves = −{settings['rate']:g} × gradient"


def text(state: dict) -> str:
    """The same numbers as plain text."""
    path, at = state["path"], state["at"]
    lines = [_title(state), f"{'step':>8}{'w':>12}{'b':>12}{'loss':>12}{'dL/dw':>12}{'dL/db':>12}"]
    shown = {*range(0, len(path), max(1, math.ceil((len(path) - 1) / 12))), at}
    for step in sorted(shown):
        numbers = (path.w[step], path.b[step], path.loss[step], path.dw[step], path.db[step])
        lines.append(f"{'>' if step == at else ' '}{step:7}" + "".join(f"{short(number, 4):>12}" for number in numbers))
    return "\n".join([*lines, _lowest(state["surface"])])


def still(state: dict) -> str:
    """One SVG for a saved notebook: the numbers, and the charts side by side below them."""
    rows = text(state).splitlines()
    drawn = charts(state)
    uid = identity(rows, drawn)
    places = [(0, 0), (MAP[0] + 16, 0), (MAP[0] + 16, SMALL[1] + 12)]
    graph = Markup("").join(
        Markup('<g transform="translate({},{})">{}</g>').format(x, y, one) for (x, y), one in zip(places, drawn)
    )
    return templates().get_template("still.svg").render(
        uid=uid, style=still_style(uid), rows=rows, left=16, width=MAP[0] + SMALL[0] + 48, height=len(rows) * 16 + MAP[1] + 52,
        graph=graph, graph_height=0, plot="", label=rows[0], below=len(rows) * 16 + 36,
    )  # fmt: skip
