"""The stability lab's picture: four ways to write one loss, their numbers at z, and their curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from .numbers import short
from .page import LIVE, identity, still_style, style, templates, wrapped
from .plot import ticks

_PANELS = (("loss", (-5.0, 120.0)), ("slope dL/dz", (-1.15, 1.15)))
_WIDTH, _APART = 360, 370


def html(state: dict, uid: str) -> str:
    """The live picture; `state` is what `StabilityLab.state` gives."""
    sheets = Markup(style("style.css") + style("lab.css") + LIVE + style("svg.css"))
    return templates().get_template("lab.html").render(
        uid=uid, style=sheets, z=short(state["z"]), y=state["y"], dtype=state["dtype"], truth=short(state["truth"]),
        rows=[_row(row) for row in state["rows"]], charts=[_drawn([panel], state) for panel in _panels(state)],
    )  # fmt: skip


def _row(row: dict) -> dict:
    return row | {
        "loss": short(row["loss"]), "gradient": short(row["gradient"]),
        "loss_full": repr(row["loss"]), "gradient_full": repr(row["gradient"]),
    }  # fmt: skip


def _drawn(panels: list[dict], state: dict, names: Sequence[str] = ()) -> Markup:
    """Panels side by side, as one SVG; below them, of the lines that are named, which is which."""
    placed = [panel | {"left": place * _APART} for place, panel in enumerate(panels)]
    shown = " and ".join(panel["title"] for panel in panels)
    return Markup(templates().get_template("lab.svg").render(
        panels=placed, width=placed[-1]["left"] + _WIDTH, height=250 if names else 224, names=names,
        label=f"{shown} of the four losses against z; z is {short(state['z'])}",
    ))  # fmt: skip


def _panels(state: dict) -> list[dict]:
    """Loss and slope of the four against z."""
    first, last = state["z_grid"][0], state["z_grid"][-1]

    def px(z: float) -> float:
        return round(42 + (z - first) / (last - first) * 308, 1)

    panels = []
    for kind, (title, (low, high)) in enumerate(_PANELS):

        def py(v: float, low: float = low, high: float = high) -> float:
            return round(20 + (high - v) / (high - low) * 170, 1)

        curves = []
        for number, pairs in enumerate(state["curves"]):
            pieces, piece = [], []
            for z, pair in zip(state["z_grid"], pairs):
                if math.isfinite(pair[kind]) and low <= pair[kind] <= high:
                    piece.append(f"{px(z)},{py(pair[kind])}")
                elif piece:
                    pieces.append(" ".join(piece))
                    piece = []
            curves.append({"number": number, "pieces": [*pieces, " ".join(piece)] if piece else pieces})
        panels.append(
            {
                "title": title,
                "curves": curves,
                "here": px(min(max(state["z"], first), last)),
                "x_ticks": [(px(z), short(z, 3)) for z in ticks(first, last)],
                "y_ticks": [(py(v), short(v, 3)) for v in ticks(low, high)],
            }  # fmt: skip
        )
    return panels


def text(state: dict) -> str:
    """The same numbers as plain text."""
    lines = [f"z = {state['z']:g}, label y = {state['y']}, {state['dtype']}; true dL/dz = {short(state['truth'])}"]
    lines.append(f"{'loss written as':18}{'loss':>12}{'dL/dz':>14}")
    for row in state["rows"]:
        mark = "right" if row["right"] else "WRONG"
        lines.append(f"{row['name']:18}{short(row['loss']):>12}{short(row['gradient']):>14}  {mark}")
        if row["why"]:
            lines += [f"    {part}" for part in wrapped([row["why"]], 90)]
    return "\n".join(lines)


def still(state: dict) -> str:
    """One SVG for a saved notebook."""
    rows = text(state).splitlines()
    drawing = _drawn(_panels(state), state, [row["name"] for row in state["rows"]])
    uid = identity(rows, drawing)
    return templates().get_template("still.svg").render(
        uid=uid, style=still_style(uid), rows=rows, left=16, width=780, height=len(rows) * 16 + 316, graph=drawing,
        graph_height=0, plot="", label=rows[0], below=len(rows) * 16 + 36,
    )  # fmt: skip
