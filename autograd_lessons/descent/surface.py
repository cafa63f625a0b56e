"""The loss over the plane of two weights: its height on a grid, its contour lines, and its lowest point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .path import Loss, checked

POINTS = 65  # along each side of the grid
Ends = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Surface:
    """`height[i][j]` is the loss at b = `b[i]`, w = `w[j]`; `lowest` is (w, b, loss) at the bottom, None if it lies beyond the edge."""

    w: list[float]
    b: list[float]
    height: list[list[float]]
    lowest: tuple[float, float, float] | None

    def lines(self, level: float) -> list[list[tuple[float, float]]]:
        """The contour lines of this height: where on the plane the loss is just that."""
        import contourpy
        import numpy

        heights = numpy.ma.masked_invalid(self.height)
        found = contourpy.contour_generator(self.w, self.b, heights, line_type=contourpy.LineType.Separate)
        return [[(x, y) for x, y in line.tolist()] for line in found.lines(level)]  # pyright: ignore

    def levels(self) -> list[float]:
        """About ten round heights, closer together towards the bottom, where the surface is flat."""
        heights = [height for row in self.height for height in row if math.isfinite(height)]
        low, high = min(heights), max(heights)
        found = {float(f"{low + (high - low) * 0.6**k:.2g}") for k in range(1, 12)}
        return sorted(level for level in found if low < level < high)


def surface(loss: Loss, xs: torch.Tensor, ys: torch.Tensor, w: Ends, b: Ends) -> Surface:
    """The loss between the ends of w and b.

    >>> bowl = surface(lambda w, b, xs, ys: (w - 1) ** 2 + b**2, torch.ones(1), torch.ones(1), (-2, 2), (-2, 2))
    >>> [round(number, 3) for number in bowl.lowest]
    [1.0, 0.0, 0.0]
    """
    data = checked(loss, xs, ys)
    across, up = (torch.linspace(*ends, POINTS, dtype=xs.dtype) for ends in (w, b))
    height = _heights(loss, data, across, up)
    return Surface(across.tolist(), up.tolist(), height, _lowest(loss, data, across, up, height))


def _heights(loss: Loss, data: list, across: torch.Tensor, up: torch.Tensor) -> list[list[float]]:
    b, w = torch.meshgrid(up, across, indexing="ij")
    with torch.no_grad():
        try:
            return torch.func.vmap(lambda w, b: loss(w, b, *data))(w.reshape(-1), b.reshape(-1)).view_as(w).tolist()
        except RuntimeError:  # a loss that asks for the numbers themselves, with `if` or `.item()`, goes point by point
            return [[loss(x, y, *data).item() for x in across] for y in up]


def _lowest(loss: Loss, data: list, across: torch.Tensor, up: torch.Tensor, height: list) -> tuple | None:
    """Down from the lowest point of the grid, with a method that needs no learning rate."""
    heights = torch.tensor(height).nan_to_num(nan=math.inf)
    i, j = divmod(int(heights.argmin()), POINTS)
    place = torch.stack([across[j], up[i]]).requires_grad_()
    solver = torch.optim.LBFGS(
        [place], max_iter=200, tolerance_grad=1e-10, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def value():
        solver.zero_grad()
        here = loss(place[0], place[1], *data)
        here.backward()
        return here

    solver.step(value)
    w, b = place.tolist()
    inside = across[0] <= w <= across[-1] and up[0] <= b <= up[-1]
    return (w, b, value().item()) if inside else None
