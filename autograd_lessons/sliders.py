"""A slider and a number box for each number of the inputs, both showing the same number."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import torch

from .elements import element_of
from .inputs import Inputs

SLIDERS_A_VECTOR = 8
MOST_SLIDERS = 40  # what more there is can be set by name only


class Sliders:
    """`rows` are the widgets; `moved(name, element, value)` is called when a learner changes a number.

    `pairs[name, element]` is (slider, box), and `choices` names each number for a list to choose from. A tensor of more
    than eight numbers has a line of text instead.
    """

    def __init__(
        self, inputs: Inputs, ranges: Mapping[str, tuple[float, float]], moved: Callable[[str, int, float], None]
    ):
        self._inputs, self._moved, self._showing = inputs, moved, False
        self.pairs: dict[tuple[str, int], tuple[Any, Any]] = {}
        self.rows: list[widgets.Widget] = []
        self.choices: list[tuple[str, tuple[str, int | None]]] = []
        tensors = [(name, v) for name, v in inputs.arguments.items() if isinstance(v, torch.Tensor)]
        moving = [(name, value) for name, value in tensors if value.is_floating_point()]
        for place, (name, value) in enumerate(moving):
            if len(self.rows) >= MOST_SLIDERS:
                rest = f"{len(moving) - place:,} more inputs, from {name} on: move them by .set({name}=…)"
                self.rows.append(widgets.Label(rest))
                break
            if value.numel() > SLIDERS_A_VECTOR:
                told = f"{name}: {value.numel()} numbers, shape {tuple(value.shape)}"
                self.rows.append(classed(widgets.Label(told), f"al-table-{name}"))
                continue
            for element in range(value.numel()):
                label = name if value.ndim == 0 else f"{name}[{element}]"
                self.choices.append((label, (name, None if value.ndim == 0 else element)))
                self.rows.append(self._pair(name, element, label, ranges.get(name)))

    def show(self, inputs: Inputs) -> None:
        """Slider and box both show the input; a number beyond the slider's ends stands in the box only."""
        before, self._inputs, self._showing = self._inputs, inputs, True
        for (name, element), (slider, box) in self.pairs.items():
            if inputs.arguments[name] is before.arguments[name]:
                continue
            value, low, high = self._number(name, element), slider.min, slider.max
            if box.value != value:
                box.value = value
            if abs(slider.value - _inside(value, low, high)) > 1e-9 * (high - low):
                slider.value = _inside(value, low, high)
        self._showing = False

    def ends(self, name: str, element: int) -> tuple[float, float]:
        """The least and the greatest number of a slider."""
        slider = self.pairs[name, element][0]
        return slider.min, slider.max

    def _pair(self, name: str, element: int, label: str, ends: tuple[float, float] | None) -> widgets.HBox:
        value = self._number(name, element)
        low, high = map(float, ends or _around(value))
        slider = classed(
            widgets.FloatSlider(
                value=_inside(value, low, high), min=low, max=high, step=_step(low, high, value), description=label,
                readout=False, continuous_update=True, layout=widgets.Layout(width="250px"),
            ),
            f"al-slider-{label}",
        )  # fmt: skip
        box = classed(
            widgets.FloatText(value=value, layout=widgets.Layout(width="96px" if len(f"{value}") < 11 else "120px")),
            f"al-number-{label}",
        )
        slider.observe(lambda change: self._slid(name, element, change["new"]), "value")
        box.observe(lambda change: self._showing or self._moved(name, element, change["new"]), "value")
        self.pairs[name, element] = (slider, box)
        return widgets.HBox([slider, box])

    def _slid(self, name: str, element: int, value: float) -> None:
        """The slider moved. The page rounds a slider to its grid, also unasked: less than half a step is no move."""
        slider = self.pairs[name, element][0]
        shown = _inside(self._number(name, element), slider.min, slider.max)
        if not self._showing and abs(value - shown) > slider.step / 2 * (1 + 1e-9):
            self._moved(name, element, float(f"{value:.10g}"))

    def _number(self, name: str, element: int) -> float:
        """An input as its widgets show it: of a float32 the digits that it carries."""
        value = float(element_of(self._inputs.arguments[name], element))
        return float(f"{value:.7g}") if self._inputs.dtype == torch.float32 else value


def are_ends(ends: Any) -> bool:
    """Whether a slider can go from one to the other: two finite numbers, the smaller one first, with room between them."""
    try:
        low, high = map(float, ends)
    except (TypeError, ValueError, OverflowError):
        return False
    return low < high and sys.float_info.min < (high - low) / 1000 and high - low < math.inf


def _inside(value: float, low: float, high: float) -> float:
    return min(max(value, low), high) if value == value else low


def _around(value: float) -> tuple[float, float]:
    """Ends for a slider that was given none."""
    reach = min(max(3.0, 2 * abs(value)), 4e307) if math.isfinite(value) else 3.0
    return -reach, reach


def _step(low: float, high: float, value: float) -> float:
    """A round step, about 1/200 of the way, on whose grid the value lies if there is one."""
    power = 10.0 ** math.floor(math.log10((high - low) / 100))
    steps = [m * power for m in (5, 2, 1, 0.5, 0.2, 0.1) if (high - low) / 1000 <= m * power <= (high - low) / 90]

    def off_grid(step: float) -> float:
        return abs((value - low) / step - round((value - low) / step)) if math.isfinite(value) else 0.0

    return next((step for step in steps if off_grid(step) < 1e-6), steps[0])


def show(widget: Any, is_shown: bool) -> None:
    """Show a widget or hide it. To set a trait takes long, also to what it is."""
    display = None if is_shown else "none"
    if widget.layout.display != display:
        widget.layout.display = display


def classed(widget: Any, name: str) -> Any:
    """The widget with a CSS class by which styles and tests find it."""
    widget.add_class("".join(c if c.isalnum() or c in "-_[]" else "-" for c in name))
    return widget
