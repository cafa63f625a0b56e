"""The descent lab of lesson 8: sliders for the learning rate and the step, and the walk on the surface of the loss."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from ..errors import InputError
from ..twin import Twinned
from ..views import descent as view
from .path import Loss, Path, descend
from .surface import Ends, Surface, surface

RATES = (0.001, 1000.0)  # what the number box takes; the slider reaches from 0.01 to 32
_count = itertools.count(1)


def descent_lab(
    losses: Loss | Mapping[str, Loss], xs: torch.Tensor, ys: torch.Tensor, *, model: Callable | None = None,
    w: float = 0.0, b: float = 0.0, rate: float = 0.1, steps: int = 60, ranges: Mapping[str, Ends] | None = None,
) -> DescentLab:  # fmt: skip
    """Walk down `loss(w, b, xs, ys)`: with another learning rate, start, momentum, with one sample or with all.

    `losses` may be several by name, to choose from. `model(w, b, xs)` is drawn through the samples. `ranges` are the ends
    of the map, `{"w": (-1, 4), "b": (-5, 1)}`; a start beyond them makes it larger.
    """
    named = {"loss": losses} if callable(losses) else dict(losses)
    return DescentLab(
        named, xs, ys, model, {"w": (-4.0, 4.0), "b": (-4.0, 4.0)} | dict(ranges or {}), steps, w, b, rate
    )


class DescentLab(Twinned):
    """`.set(rate=0.5, at=3)` moves it, `.path` is the walk, `.at` the step on screen, `.html` what is on screen now."""

    def __init__(
        self, losses: dict[str, Loss], xs: torch.Tensor, ys: torch.Tensor, model: Callable | None,
        ranges: Mapping[str, Ends], steps: int, w: float, b: float, rate: float,
    ):  # fmt: skip
        self._uid = f"al-descent-{next(_count)}"
        self._losses, self._data, self._model, self._ranges, self._steps = losses, (xs, ys), model, ranges, steps
        self._surfaces: dict[tuple, Surface] = {}
        self._busy = False
        self.settings: dict[str, Any] = {
            "rate": float(rate), "loss": next(iter(losses)), "one_at_a_time": False, "momentum": 0.0, "w": float(w), "b": float(b),
        }  # fmt: skip
        self.at = steps
        self.path = self._walked()
        self._build()
        self._draw()

    def set(self, *, at: int | None = None, **settings: Any) -> DescentLab:
        """Change `rate`, `loss`, `one_at_a_time`, `momentum`, `w`, `b`, or go to the step `at`; returns the lab."""
        unknown = settings.keys() - self.settings.keys()
        if unknown:
            raise TypeError(f"{', '.join(sorted(unknown))}: the lab has {', '.join(self.settings)} and at")
        self.at = self.at if at is None else min(max(int(at), 0), self._steps)
        wild = [name for name in ("rate", "momentum", "w", "b") if not math.isfinite(settings.get(name, 0.0))]
        if wild:
            raise InputError(f"{wild[0]} must be a finite number, not {settings[wild[0]]}")
        if settings:
            self.settings |= settings
            self.path = self._walked()
        self._show()
        self._draw()
        return self

    @property
    def html(self) -> str:
        """What is on screen now."""
        return self._picture.value

    @property
    def surface(self) -> Surface:
        """The ground that is walked on: the chosen loss over a map with the start on it."""
        loss, w, b = (self.settings[name] for name in ("loss", "w", "b"))
        ends = [_with(v, *self._ranges[name]) for name, v in (("w", w), ("b", b))]
        key = (loss, *ends)
        if key not in self._surfaces:
            self._surfaces[key] = surface(self._losses[loss], *self._data, *ends)
        return self._surfaces[key]

    @property
    def state(self) -> dict:
        """Everything on screen."""
        fit = None
        if self._model is not None:
            fit = view.Fit(self._data, self._predicted(*self._data[:1]), *self._curve())
        return {"settings": self.settings, "at": self.at, "path": self.path, "surface": self.surface, "fit": fit}

    def still(self) -> str:
        return view.still(self.state)

    def __repr__(self) -> str:
        return view.text(self.state)

    # ------------------------------------------------------------------ the numbers
    def _walked(self) -> Path:
        chosen = {name: value for name, value in self.settings.items() if name != "loss"}
        return descend(self._losses[self.settings["loss"]], *self._data, steps=self._steps, **chosen)

    def _predicted(self, xs: torch.Tensor) -> list[float]:
        """What the model says with the weights of this step."""
        assert self._model is not None
        w, b = (torch.tensor(numbers[self.at], dtype=xs.dtype) for numbers in (self.path.w, self.path.b))
        with torch.no_grad():
            return self._model(w, b, xs).tolist()

    def _curve(self) -> tuple[list[float], list[float]]:
        xs = self._data[0]
        margin = (xs.max() - xs.min()) * 0.15
        grid = torch.linspace(float(xs.min() - margin), float(xs.max() + margin), 81, dtype=xs.dtype)
        return grid.tolist(), self._predicted(grid)

    # ------------------------------------------------------------------ the widgets
    def _build(self) -> None:
        import ipywidgets as widgets

        def classed(widget: Any, name: str, heard: Callable[[Any], Any]) -> Any:
            widget.add_class(name)
            widget.observe(lambda change: self._busy or heard(change["new"]), "value")
            return widget

        def chosen(name: str, options: list, width: str) -> Any:
            dropdown = widgets.Dropdown(
                options=options,
                value=self.settings[name],
                description=name.partition("_")[0],
                layout=widgets.Layout(width=width),
            )
            return classed(dropdown, f"al-{name}", lambda value: self.set(**{name: value}))

        def start(name: str) -> Any:
            box = widgets.FloatText(
                value=self.settings[name], description=f"start {name}", layout=widgets.Layout(width="180px")
            )
            return classed(box, f"al-number-{name}", lambda value: self.set(**{name: value}))

        self._slider = classed(
            widgets.FloatLogSlider(
                value=self._on_slider(), base=10, min=-2, max=1.5, step=0.05, description="learning rate", readout=False,
                layout=widgets.Layout(width="380px"), style={"description_width": "90px"},
            ),
            "al-slider-rate", lambda value: self.set(rate=float(f"{value:.2g}")),
        )  # fmt: skip
        self._number = classed(
            widgets.BoundedFloatText(
                value=self.settings["rate"], min=RATES[0], max=RATES[1], layout=widgets.Layout(width="90px")
            ),
            "al-number-rate", lambda value: self.set(rate=value),
        )  # fmt: skip
        self._step = classed(
            widgets.IntSlider(value=self.at, min=0, max=self._steps, description="step", layout=widgets.Layout(width="380px")),
            "al-slider-step", lambda value: self.set(at=value),
        )  # fmt: skip
        one_or_all = [(f"all {len(self._data[0])} samples", False), ("one sample", True)]
        self._choices = {
            "one_at_a_time": chosen("one_at_a_time", one_or_all, "230px"),
            "momentum": classed(
                widgets.FloatSlider(
                    value=0.0,
                    min=0.0,
                    max=0.95,
                    step=0.05,
                    description="momentum",
                    layout=widgets.Layout(width="260px"),
                ),
                "al-slider-momentum",
                lambda value: self.set(momentum=value),
            ),
            "w": start("w"),
            "b": start("b"),
        }
        self._choices["one_at_a_time"].description = "step uses"
        if len(self._losses) > 1:
            self._choices = {"loss": chosen("loss", list(self._losses), "270px"), **self._choices}
        self._picture = widgets.HTML(layout=widgets.Layout(width="100%", margin="0"))
        self._picture.add_class("al-picture")
        row = widgets.Layout(flex_flow="row wrap", align_items="center", width="100%")
        sliders = widgets.Box([self._slider, self._number, self._step], layout=row)
        choices = widgets.Box(list(self._choices.values()), layout=row)
        self.widget = widgets.VBox([sliders, choices, self._picture], layout=widgets.Layout(width="100%"))
        self.widget.add_class("al-descent")

    def _on_slider(self) -> float:
        return min(max(self.settings["rate"], 0.01), 10**1.5)

    def _show(self) -> None:
        """Every widget shows what holds now."""
        self._busy = True
        if (
            abs(self._slider.value / self._on_slider() - 1) > 0.06
        ):  # half a step of the slider: its own rounding is no move
            self._slider.value = self._on_slider()
        self._number.value, self._step.value = self.settings["rate"], self.at
        for name, widget in self._choices.items():
            widget.value = self.settings[name]
        self._busy = False

    def _draw(self) -> None:
        self._picture.value = view.html(self.state, self._uid)


def _with(value: float, low: float, high: float) -> Ends:
    """The ends, moved so that the value lies well between them."""
    margin = 0.08 * (high - low)
    return min(low, value - margin), max(high, value + margin)
