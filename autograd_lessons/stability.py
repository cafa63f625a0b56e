"""The stability lab of lesson 3: one slider on z, and the logistic loss written in four ways."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable

import mpmath
import torch

from .comparison import Comparison, compare
from .figures import LOSSES, loss_and_slope
from .twin import Twinned
from .views import lab

Z_GRID = tuple(k / 2 for k in range(-220, 221))
SLIDER_STEP = 0.1
_DTYPES = {"float32": torch.float32, "float64": torch.float64}
_count = itertools.count(1)


def stability_lab(z: float = 6.7, y: int = 0, dtype: str = "float32") -> StabilityLab:
    """A slider on the logit z, and loss and dL/dz of four ways to write the same loss, with why each fails where it does."""
    return StabilityLab(z, y, dtype)


class StabilityLab(Twinned):
    """`.set(z=17, y=0, dtype="float32")` moves it, `.state` holds its numbers, `.html` what is on screen."""

    def __init__(self, z: float, y: int, dtype: str):
        self._uid = f"al-lab-{next(_count)}"
        self._busy = False
        self.z, self.y, self.dtype = float(z), int(y), dtype
        self._build()
        self._draw()

    def set(self, z: float | None = None, y: int | None = None, dtype: str | None = None) -> StabilityLab:
        """Move the slider or the switches; returns the lab."""
        self.z = self.z if z is None else float(z)
        self.y = self.y if y is None else int(y)
        self.dtype = self.dtype if dtype is None else dtype
        self._busy = True
        self._slider.value = min(max(self.z, self._slider.min), self._slider.max)
        self._number.value, self._label.value, self._kind.value = self.z, self.y, self.dtype
        self._busy = False
        self._draw()
        return self

    @property
    def state(self) -> dict:
        """The numbers on screen: truth (50 digits, rounded), a row for each loss, and the curves."""
        dtype = _DTYPES[self.dtype]
        truth = true_slope(self.z, self.y)
        rows = []
        for name, lesson in LOSSES.items():
            try:
                loss, gradient = loss_and_slope(lesson, self.z, self.y, dtype)
            except RuntimeError as error:  # BCELoss refuses nan
                rows.append({"name": name, "loss": math.nan, "gradient": math.nan, "right": False, "why": str(error)})
                continue
            right = math.isclose(gradient, truth, rel_tol=1e-5, abs_tol=1e-7) and math.isfinite(loss)
            why = "" if right else explanation(lesson, self.z, self.y, truth, dtype)
            rows.append({"name": name, "loss": loss, "gradient": gradient, "right": right, "why": why})
        curves = [_curve(name, self.y, self.dtype) for name in LOSSES]
        return {
            "z": self.z,
            "y": self.y,
            "dtype": self.dtype,
            "truth": truth,
            "rows": rows,
            "z_grid": Z_GRID,
            "curves": curves,
        }

    @property
    def html(self) -> str:
        """What is on screen now."""
        return self._picture.value

    def _build(self) -> None:
        import ipywidgets as widgets

        self._slider = widgets.FloatSlider(
            value=min(max(self.z, -110.0), 110.0), min=-110.0, max=110.0, step=SLIDER_STEP, description="z", readout=False,
            layout=widgets.Layout(width="420px"),
        )  # fmt: skip
        self._number = widgets.FloatText(value=self.z, layout=widgets.Layout(width="100px"))
        self._label = widgets.Dropdown(
            options=[0, 1], value=self.y, description="label y", layout=widgets.Layout(width="160px")
        )
        self._kind = widgets.Dropdown(
            options=list(_DTYPES), value=self.dtype, description="dtype", layout=widgets.Layout(width="200px")
        )
        self._picture = widgets.HTML(layout=widgets.Layout(width="100%", margin="0"))
        for widget, name in (
            (self._slider, "al-slider-z"),
            (self._number, "al-number-z"),
            (self._picture, "al-lab-picture"),
        ):
            widget.add_class(name)
        self._slider.observe(lambda change: self._busy or self._slid(change["new"]), "value")
        self._number.observe(lambda change: self._busy or self.set(z=change["new"]), "value")
        self._label.observe(lambda change: self._busy or self.set(y=change["new"]), "value")
        self._kind.observe(lambda change: self._busy or self.set(dtype=change["new"]), "value")
        wrap = widgets.Layout(flex_flow="row wrap", align_items="center", width="100%")
        controls = widgets.Box([self._slider, self._number, self._label, self._kind], layout=wrap)
        self.widget = widgets.VBox([controls, self._picture], layout=widgets.Layout(width="100%"))
        self.widget.add_class("al-lab")

    def _slid(self, z: float) -> None:
        """The slider moved. The page rounds it to its grid, also unasked: less than half a step is no move."""
        shown = min(max(self.z, self._slider.min), self._slider.max)
        if abs(z - shown) > SLIDER_STEP / 2 * (1 + 1e-9):
            self.set(z=float(f"{z:.10g}"))

    def _draw(self) -> None:
        self._picture.value = lab.html(self.state, self._uid)

    def still(self) -> str:
        return lab.still(self.state)

    def __repr__(self) -> str:
        return lab.text(self.state)


def true_slope(z: float, y: int) -> float:
    """dL/dz = σ(z) − y, computed with 50 digits and then rounded once."""
    with mpmath.workdps(50):
        return float(1 / (1 + mpmath.exp(-mpmath.mpf(z))) - y)


def explanation(lesson, z: float, y: int, truth: float, dtype: torch.dtype) -> str:
    """Why autograd's dL/dz of this loss is not the true one, as `compare` finds it."""
    inputs = {"w": 1.0, "b": 0.0, "x": z, "y": float(y)}
    found = compare(lesson.function, {"b": truth}, inputs=inputs, wrt="b", dtype=dtype)
    told = [reason for reason in found.reasons if "autograd" in reason.routes and reason.code != "rounding"]
    return told[0].text if told else "the loss itself is not finite" if not found.tape.target.value.isfinite() else ""


@functools.lru_cache(maxsize=32)
def _curve(name: str, y: int, dtype: str) -> tuple[tuple[float, float], ...]:
    """Loss and dL/dz on the grid of z, all points in one call."""
    lesson = LOSSES[name]
    z = torch.tensor(Z_GRID, dtype=_DTYPES[dtype], requires_grad=True)
    one, zero = torch.ones_like(z), torch.zeros_like(z)
    if lesson.function.__name__ in ("library_loss", "logits_loss"):  # they average what they are given
        return tuple(loss_and_slope(lesson, point, y, _DTYPES[dtype]) for point in Z_GRID)
    loss = lesson.function(one, z, zero, torch.full_like(z, y))
    (slope,) = torch.autograd.grad(loss.sum(), z)
    return tuple(zip(loss.tolist(), slope.tolist()))


class Table:
    """The rows of the seed's table: what each way to write the loss gives for dw, in float32."""

    columns = ("x", "y", "ŷ", "loss", "autograd dw", "manual dw", "with logits dw", "BCELoss dw")

    def __init__(self, rows: list[tuple], comparisons: list[Comparison]):
        self.rows, self.comparisons = rows, comparisons

    def __repr__(self) -> str:
        cells = [self.columns, *(tuple(c if isinstance(c, str) else f"{c:.9g}" for c in row) for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in cells)


def table(points: Iterable[tuple[float, float]]) -> Table:
    """dw of the clamped loss, by hand, with logits and by BCELoss at w = 1, b = 0 for each (x, y), all in float32."""
    rows, comparisons = [], []
    for x, y in points:
        inputs = {"w": 1.0, "b": 0.0, "x": float(x), "y": float(y)}
        seed = compare(
            LOSSES["clamped formula"].function,
            LOSSES["clamped formula"].manual,
            inputs=inputs,
            wrt="w",
            dtype=torch.float32,
        )
        slopes = [
            compare(LOSSES[name].function, inputs=inputs, wrt="w", dtype=torch.float32)
            .gradients["w"]["autograd"]
            .item()  # pyright: ignore
            for name in ("with logits", "BCELoss")
        ]
        row = seed.gradients["w"]
        rows.append((
            float(x), float(y), seed.tape["y_pred"].value.item(), seed.tape.target.value.item(),
            row["autograd"].item(), row["manual"].item(), *slopes,  # pyright: ignore
        ))  # fmt: skip
        comparisons.append(seed)
    return Table(rows, comparisons)
