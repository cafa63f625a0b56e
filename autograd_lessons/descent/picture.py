"""The still picture of walks on the surface of a loss, drawn by matplotlib, with the places as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from ..errors import InputError
from ..figures import BLUE, GREEN, INK, ORANGE, VERMILLION, Figure, brief, card
from .path import Loss
from .surface import Ends, surface


def loss_surface(
    loss: Loss, xs: torch.Tensor, ys: torch.Tensor, *, w: Ends, b: Ends, **paths: Iterable[tuple[float, float]]
) -> Figure:
    """Contour lines of `loss(w, b, xs, ys)` between the ends of w and b, with up to four paths of (w, b), each under the name given.

    `columns` holds the places of each path: `"plain: w"` and `"plain: b"` for the path `plain`.
    """
    walks = {name: [(float(x), float(y)) for x, y in places] for name, places in paths.items()}
    if len(walks) > 4 or not all(walks.values()):
        counts = {name: len(places) for name, places in walks.items()}
        raise InputError(f"loss_surface draws up to four paths of at least one place each; given were {counts}")
    ground = surface(loss, xs, ys, w, b)
    figure, (axes,) = card(1, 6.4, 4.6)
    lines = axes.contour(ground.w, ground.b, ground.height, levels=ground.levels(), colors="#999999", linewidths=0.7)
    axes.clabel(lines, fontsize=7, fmt="%g")
    columns: dict[str, list[float]] = {}
    for (name, places), colour, marker in zip(walks.items(), (BLUE, VERMILLION, GREEN, ORANGE), "os^D"):
        across, up = map(list, zip(*places))
        columns[f"{name}: w"], columns[f"{name}: b"] = across, up
        axes.plot(across, up, marker=marker, markersize=3, linewidth=1.2, color=colour, label=name)
    if ground.lowest:
        axes.plot(
            *ground.lowest[:2], marker="x", markersize=9, markeredgewidth=2, color=INK, linestyle="none", label="lowest"
        )
    axes.set(xlabel="w", ylabel="b", xlim=w, ylim=b)
    axes.set_title("The loss over w and b: along each line it is the same", fontsize=10, color=INK, pad=22)
    if axes.lines:
        axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False)
    return Figure(figure, columns, _told(ground.lowest, walks))


def _told(lowest: tuple | None, walks: dict[str, list[tuple[float, float]]]) -> str:
    lines = ["no lowest point inside these ends"]
    if lowest:
        lines = [f"lowest loss {lowest[2]:.4g} at w = {lowest[0]:.4g}, b = {lowest[1]:.4g}"]
    if walks:
        lines.append("(w, b)" + "".join(f"{name:>20}" for name in walks))
    longest = max(map(len, walks.values()), default=0)
    for step in range(0, longest, max(1, math.ceil(longest / 16))):
        cells = [_place(places[step]) if step < len(places) else "–" for places in walks.values()]
        lines.append(f"{step:6}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines)


def _place(place: tuple[float, float]) -> str:
    return f"({brief(place[0])}, {brief(place[1])})"
