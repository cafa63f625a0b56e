"""What the benchmarks share: a lesson's explorer, the plain notebook widget beside it, and what they ran on."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable

import ipywidgets as widgets
import matplotlib
import matplotlib.pyplot as plt
import mpmath
import sympy as sp
import torch

import autograd_lessons as al
from autograd_lessons.curves import POINTS

STEP = 1e-5  # of the finite difference
w, b, x, y = sp.symbols("w b x y")
_p = 1 / (1 + sp.exp(-(w * x + b)))


def _slope_of_the_loss(w, b, x, y):
    return torch.sigmoid(w * x + b) - y


# What a teacher would type for each lesson: the formula, the gradient by hand, the graph
BY_HAND = {
    "square": (x**2, {"x": lambda x: 2 * x}, "x = {x:.5g}\n  ↓ square\ny = {output:.5g}"),
    "sine_of_square": (
        sp.sin(x**2),
        {"x": lambda x: 2 * x * torch.cos(x**2)},
        "x = {x:.5g}\n  ↓ square\ny\n  ↓ sin\nz = {output:.5g}",
    ),
    "logistic_bce": (
        -(y * sp.log(_p) + (1 - y) * sp.log(1 - _p)),
        {"w": lambda w, b, x, y: _slope_of_the_loss(w, b, x, y) * x, "b": _slope_of_the_loss},
        "w = {w:.5g}   b = {b:.5g}   x = {x:.5g}\n  ↓ w x + b\nz     y = {y:.5g}\n  ↓ sigmoid\ny_pred\n"
        "  ↓ cross-entropy\nloss = {output:.5g}",
    ),
}


def explorer(lesson: al.lessons.Lesson, **start: float) -> al.explorer.Explorer:
    """The lesson as its notebook opens it, at its own inputs or at `start`."""
    inputs = {**lesson.inputs, **start}
    return al.explore(lesson.function, lesson.manual, inputs=inputs, wrt=lesson.wrt, ranges=lesson.ranges)


def plain(name: str, **start: float) -> widgets.interactive:
    """A lesson as a notebook without this package shows it: `interact`, and one matplotlib figure drawn anew each time."""
    lesson = getattr(al.lessons, name)
    inputs = {**lesson.inputs, **start}
    sliders = {
        key: widgets.FloatSlider(value=value, min=low, max=high, step=(high - low) / 120)  # as the explorer has for w
        for key, value in inputs.items()
        for low, high in [lesson.ranges[key]]
    }
    return widgets.interact(_drawing(lesson, *BY_HAND[name]), **sliders).widget


def _drawing(lesson: al.lessons.Lesson, formula: sp.Expr, manual: dict[str, Callable], graph: str) -> Callable:
    function, first = lesson.function, lesson.wrt[0]
    order = list(lesson.inputs)
    slopes = {name: sp.diff(formula, name) for name in lesson.wrt}
    symbolic = {name: sp.lambdify(sp.symbols(order), slope) for name, slope in slopes.items()}
    exact = {name: sp.lambdify(sp.symbols(order), slope, modules="mpmath") for name, slope in slopes.items()}
    grid = torch.linspace(*lesson.ranges[first], POINTS, dtype=torch.float64)

    def draw(**at: float) -> None:
        tensors = {k: torch.tensor(v, dtype=torch.float64, requires_grad=k in lesson.wrt) for k, v in at.items()}
        output = function(**tensors)
        output.backward()
        fixed = {name: tensor.detach() for name, tensor in tensors.items()}

        def difference(name: str) -> float:
            above, below = (function(**fixed | {name: fixed[name] + h}) for h in (STEP, -STEP))
            return ((above - below) / (2 * STEP)).item()

        def reference(name: str) -> float:
            with mpmath.workdps(50):
                return float(exact[name](*map(mpmath.mpf, at.values())))

        rows = [
            [manual[n](**fixed).item(), symbolic[n](*at.values()), tensors[n].grad.item(), difference(n), reference(n)]
            for n in lesson.wrt
        ]
        _, axes = plt.subplot_mosaic([["graph", "curve"], ["table", "table"]], height_ratios=[2, 1])
        axes["graph"].axis("off")
        axes["graph"].text(0, 1, graph.format(output=output.item(), **at), va="top", family="monospace")
        axes["curve"].plot(grid, function(**fixed | {first: grid}))
        axes["curve"].axline((at[first], output.item()), slope=rows[0][2], color="C1", linestyle="--")
        axes["curve"].plot(at[first], output.item(), "o", color="C1")
        axes["curve"].set_xlabel(first)
        axes["table"].axis("off")
        axes["table"].table(
            [[f"{number:.6g}" for number in row] for row in rows],
            rowLabels=list(lesson.wrt),
            colLabels=["manual", "SymPy", "autograd", "finite difference", "reference"],
            loc="center",
        )
        plt.show()
        print(f"{first} = {at[first]:.5g}")

    return draw


def versions() -> str:
    """The line that says what the numbers below it were measured with."""
    modules = ", ".join(f"{module.__name__} {module.__version__}" for module in (torch, widgets, matplotlib))
    return f"python {platform.python_version()}, {modules}, {os.cpu_count()} CPU cores"
