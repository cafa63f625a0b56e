"""The still figures that lessons show: real PyTorch numbers, drawn by matplotlib and printed as text.

Each is a `Figure` object that shows a picture in a notebook and its numbers everywhere else. Colours are those of
Okabe and Ito, with a second cue (dash, marker) for each; every picture has a light card of its own, so that
it reads the same on a dark page.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from . import lessons
from .errors import InputError
from .run import record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["Figure", "finite_difference_error", "loss_by_step", "loss_curves", "saturation"]

BLUE, ORANGE, GREEN, VERMILLION, INK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#222222"


class Figure:
    """A picture with the numbers that are plotted in it.

    `figure` is the matplotlib figure, `columns` the plotted numbers by name, `str()` a table of some of them.
    """

    def __init__(self, figure: MatplotlibFigure, columns: dict[str, list[float]], text: str):
        self.figure = figure
        self.columns = columns
        self._text = text

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return self._text


# ---------------------------------------------------------------------- error against h
def finite_difference_error(
    function: Callable,
    x: float,
    derivative: float,
    *,
    dtypes: Sequence[torch.dtype] = (torch.float32, torch.float64),
) -> Figure:
    """How far (f(x+h) − f(x−h)) / 2h is from `derivative`, relatively, for h from 1 down to 1e-14.

    `function` has one input and a scalar output. The dashed lines are the theory: truncation |f‴|h²/6 and rounding
    εκ/h, with κ = Σ |value · adjoint| over the run's steps, and |x f′| for the rounding of x ± h; their sum is least at
    h = (3εκ/|f‴|)^(1/3). Source: Press et al., Numerical Recipes, §5.7.

    >>> import torch
    >>> print(finite_difference_error(torch.sin, x=1.0, derivative=math.cos(1.0), dtypes=[torch.float64]))
    Relative error of the central difference at x = 1, to the nearest power of ten
    h        float64
    1e+00       1e-1
    1e-02       1e-5
    1e-04       1e-9
    1e-06      1e-10
    1e-08       1e-8
    1e-10       1e-7
    1e-12       1e-5
    1e-14       1e-2
    best h by theory: float64 1e-05
    """
    steps = [10.0 ** (-k / 4) for k in range(0, 57)]
    third = _third_derivative(function, x)
    columns: dict[str, list[float]] = {"h": steps}
    best = {}
    figure, (axes,) = card(1, 6.4, 4.0)
    for dtype, colour, marker in zip(dtypes, (VERMILLION, BLUE), "os"):
        name = str(dtype).removeprefix("torch.")
        rounded = torch.finfo(dtype).eps * _rounded_size(function, x, derivative)
        errors = [_central_error(function, x, h, derivative, dtype) for h in steps]
        theory = [(abs(third) * h**2 / 6 + rounded / h) / abs(derivative) for h in steps]
        best[name] = (3 * rounded / abs(third)) ** (1 / 3) if third else math.nan
        columns[name], columns[f"{name} theory"] = errors, theory
        axes.loglog(steps, errors, marker=marker, markersize=3, linewidth=1.2, color=colour, label=f"{name}, measured")
        axes.loglog(steps, theory, linestyle="--", linewidth=1.2, color=colour, alpha=0.8, label=f"{name}, theory")
        axes.axvline(best[name], color=colour, linewidth=0.8, linestyle=":")
        axes.annotate(
            f" best h ≈ {best[name]:.0e}", (best[name], 0.99), xycoords=("data", "axes fraction"),
            ha="left", va="top", fontsize=8, color=INK,
        )  # fmt: skip
    axes.set(xlabel="h", ylabel="relative error of the finite difference", ylim=(1e-14, 1e4))
    axes.set_title(f"Too large an h truncates, too small an h rounds (x = {x:g})", fontsize=10, color=INK)
    axes.grid(True, which="major", color="#dddddd", linewidth=0.6)
    axes.legend(fontsize=8, loc="lower left", frameon=False)
    return Figure(figure, columns, _error_table(x, columns, best))


def _central_error(function: Callable, x: float, h: float, derivative: float, dtype: torch.dtype) -> float:
    point, step = torch.tensor(x, dtype=dtype), torch.tensor(h, dtype=dtype)
    slope = (function(point + step) - function(point - step)) / (2 * step)
    return abs(slope.item() - derivative) / abs(derivative)


def _third_derivative(function: Callable, x: float) -> float:
    return torch.func.grad(torch.func.grad(torch.func.grad(function)))(torch.tensor(x, dtype=torch.float64)).item()


def _rounded_size(function: Callable, x: float, derivative: float) -> float:
    """κ: how much of the output hangs on each number that is rounded on the way."""
    tape = record(function, inputs={_parameter(function): x}, dtype=torch.float64)
    return sum(abs((step.value * step.adjoint).item()) for step in tape.steps if step.adjoint is not None) + abs(
        x * derivative
    )


def _parameter(function: Callable) -> str:
    import inspect

    try:
        return next(iter(inspect.signature(function).parameters))
    except (TypeError, ValueError):  # a built-in such as torch.sin
        return "x"


def _error_table(x: float, columns: dict[str, list[float]], best: dict[str, float]) -> str:
    lines = [f"Relative error of the central difference at x = {x:g}, to the nearest power of ten"]
    lines.append("h      " + "".join(f"{name:>9}" for name in best))
    for i in range(0, len(columns["h"]), 8):
        lines.append(f"{columns['h'][i]:.0e}" + "  " + "".join(f"{_power(columns[name][i]):>9}" for name in best))
    lines.append("best h by theory: " + ", ".join(f"{name} {h:.0e}" for name, h in best.items()))
    return "\n".join(lines)


def _power(error: float) -> str:
    """The nearest power of ten: single digits of a rounding error are different on another processor."""
    return "0" if error == 0 else f"1e{round(math.log10(error))}" if math.isfinite(error) else str(error)


# ---------------------------------------------------------------------- the logistic loss
def saturation() -> Figure:
    """The sigmoid, its slope, and dL/dz of cross-entropy and squared error for the label 0, against z."""
    z = torch.tensor([k / 20 for k in range(-200, 201)], dtype=torch.float64, requires_grad=True)
    p = torch.sigmoid(z)
    (slope,) = torch.autograd.grad(p.sum(), z, retain_graph=True)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.zeros_like(z), reduction="sum")
    (by_entropy,) = torch.autograd.grad(entropy, z)
    (by_square,) = torch.autograd.grad((p**2).sum(), z)
    columns = {
        "z": z.tolist(), "sigmoid": p.tolist(), "its slope": slope.tolist(),
        "dL/dz cross-entropy": by_entropy.tolist(), "dL/dz squared error": by_square.tolist(),
    }  # fmt: skip
    figure, (left, right) = card(2, 7.6, 3.2)
    left.plot(columns["z"], columns["sigmoid"], color=BLUE, label="σ(z)")
    left.plot(columns["z"], columns["its slope"], color=VERMILLION, linestyle="--", label="σ′(z) = σ(z)(1 − σ(z))")
    left.set_title("The sigmoid saturates", fontsize=10, color=INK)
    right.plot(columns["z"], columns["dL/dz cross-entropy"], color=BLUE, label="cross-entropy: ŷ − y")
    right.plot(
        columns["z"],
        columns["dL/dz squared error"],
        color=VERMILLION,
        linestyle="--",
        label="squared error: 2(ŷ − y) ŷ(1 − ŷ)",
    )
    right.set_title("dL/dz, label y = 0", fontsize=10, color=INK)
    for axes in (left, right):
        axes.set(xlabel="z", ylim=(-0.05, 1.35))
        axes.grid(True, color="#dddddd", linewidth=0.6)
        axes.legend(fontsize=8, loc="upper left", frameon=False)
    lines = ["   z  sigmoid  slope    dL/dz: cross-entropy  squared error   (label 0)"]
    for i in range(0, 401, 50):
        a, b, c, d, e = (column[i] for column in columns.values())
        lines.append(f"{a:5.1f}  {b:.5f}  {c:.5f}         {d:.5f}        {e:.5f}")
    return Figure(figure, columns, "\n".join(lines))


LOSSES = {
    "naive formula": lessons.logistic_naive,
    "clamped formula": lessons.logistic_bce,
    "BCELoss": lessons.logistic_bce_loss,
    "with logits": lessons.logistic_with_logits,
}


def loss_curves(y: int = 0, dtype: torch.dtype = torch.float32) -> Figure:
    """Loss and dL/dz of the four ways to write the logistic loss, against z; a curve ends where its number does."""
    zs = [k / 2 for k in range(-240, 241)]
    columns: dict[str, list[float]] = {"z": zs}
    figure, (left, right) = card(2, 7.6, 3.4)
    styles = zip(LOSSES.items(), (VERMILLION, ORANGE, GREEN, BLUE), (1.4, 2.6, 4.2, 7.0), (1, 1, 0.8, 0.35))
    for (title, lesson), colour, width, alpha in styles:
        pairs = [loss_and_slope(lesson, z, y, dtype) for z in zs]
        columns[f"{title}: loss"], columns[f"{title}: dL/dz"] = ([pair[k] for pair in pairs] for k in (0, 1))
        look: dict[str, Any] = {
            "color": colour,
            "linewidth": width,
            "alpha": alpha,
            "zorder": 10 - width,
            "label": title,
        }
        left.plot(zs, columns[f"{title}: loss"], **look)
        right.plot(zs, columns[f"{title}: dL/dz"], **look)
    name = str(dtype).removeprefix("torch.")
    left.set(xlabel="z", ylim=(-5, 125))
    left.set_title(f"loss, label y = {y}, {name}", fontsize=10, color=INK)
    right.set(xlabel="z", ylim=(-1.15, 1.15))
    right.set_title("its slope dL/dz", fontsize=10, color=INK)
    for axes in (left, right):
        axes.grid(True, color="#dddddd", linewidth=0.6)
    left.legend(fontsize=8, loc="best", frameon=False)
    lines = [f"loss and (dL/dz), label y = {y}, {name}", "     z" + "".join(f"{title:>22}" for title in LOSSES)]
    for i in range(0, 481, 40):
        cells = (f"{brief(columns[f'{t}: loss'][i])} ({brief(columns[f'{t}: dL/dz'][i])})" for t in LOSSES)
        lines.append(f"{zs[i]:6.1f}" + "".join(f"{cell:>22}" for cell in cells))
    return Figure(figure, columns, "\n".join(lines))


# ---------------------------------------------------------------------- training
def loss_by_step(**runs: Sequence[float]) -> Figure:
    """The losses of up to four training runs of equal length, each under the name given, against the step.

    >>> print(loss_by_step(steady=[4.0, 2.0, 1.0, 0.5], stuck=[4.0, 4.0, 4.0, 4.0]))
    loss before each step
    step      steady       stuck
       0           4           4
       1           2           4
       2           1           4
       3         0.5           4
    """
    from matplotlib.ticker import MaxNLocator

    lengths = {name: len(losses) for name, losses in runs.items()}
    if not 1 <= len(runs) <= 4 or len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise InputError(
            f"loss_by_step draws one to four runs with as many losses each; given were {lengths or 'none'}"
        )
    columns = {"step": [float(step) for step in range(max(lengths.values()))]}
    figure, (axes,) = card(1, 6.4, 3.2)
    for (name, losses), colour, marker in zip(runs.items(), (BLUE, VERMILLION, GREEN, ORANGE), "os^D"):
        columns[name] = [float(loss) for loss in losses]
        axes.plot(columns["step"], columns[name], marker=marker, markersize=3, linewidth=1.2, color=colour, label=name)
    axes.set(xlabel="step", ylabel="loss")
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
    every = max(1, math.ceil(len(columns["step"]) / 16))
    lines = ["loss before each step", "step" + "".join(f"{name:>12}" for name in runs)]
    for step in range(0, len(columns["step"]), every):
        lines.append(f"{step:4}" + "".join(f"{brief(columns[name][step]):>12}" for name in runs))
    return Figure(figure, columns, "\n".join(lines))


def brief(number: float) -> str:
    """Three digits, and none of a number below the normal range, where processors differ."""
    return "0" if number == 0 else "<1e-37" if abs(number) < 1e-37 else f"{number:.3g}"


def loss_and_slope(lesson: lessons.Lesson, z: float, y: float, dtype: torch.dtype) -> tuple[float, float]:
    """Loss and dL/dz of a logistic lesson: with w = 1, b = 0 and x = z the logit is exactly z, and dL/db is dL/dz."""
    w, x, label = (torch.tensor(number, dtype=dtype) for number in (1.0, z, y))
    b = torch.zeros((), dtype=dtype, requires_grad=True)
    loss = lesson.function(w, b, x, label)
    (slope,) = torch.autograd.grad(loss, b)
    return loss.item(), slope.item()


def card(panels: int, width: float, height: float) -> tuple[MatplotlibFigure, tuple[Axes, ...]]:
    """A figure on a light card, without pyplot's global state."""
    from matplotlib.figure import Figure as MatplotlibFigure

    figure = MatplotlibFigure(figsize=(width, height), dpi=110, layout="constrained", facecolor="#fcfcfc")
    axes = tuple(figure.subplots(1, panels, squeeze=False)[0])
    for one in axes:
        one.set_facecolor("#fcfcfc")
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(labelsize=8, colors=INK)
    return figure, axes
