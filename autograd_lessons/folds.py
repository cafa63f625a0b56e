"""The widgets that say which section of a long run is open: a list to choose from, and a slider for the round of a loop."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from .sections import Section
from .sliders import classed, show
from .tape import Tape
from .views import folding


class Folds:
    """`look(section)` and `turn(number)` are called when a learner opens a section or goes to another round of a loop."""

    def __init__(self, look: Callable[[Section], None], turn: Callable[[int], None]):
        self._showing = False
        self._section = classed(
            widgets.Dropdown(options=[("", None)], description="look into", layout=widgets.Layout(width="340px")),
            "al-section",
        )
        self._round = classed(
            widgets.IntSlider(value=1, min=1, max=1, description="round", layout=widgets.Layout(width="340px")),
            "al-round",
        )
        self._section.observe(lambda change: self._showing or look(change["new"]), "value")
        self._round.observe(lambda change: self._showing or turn(change["new"]), "value")
        self.widget = widgets.Box([self._section, self._round], layout=widgets.Layout(flex_flow="row wrap"))

    def show(self, tape: Tape | None, place: folding.Place) -> None:
        """Show which section of a run is open; nothing for a run that is shown whole."""
        show(self.widget, tape is not None)
        if tape is None:
            return
        self._showing = True
        self._section.options = folding.choices(tape, place)
        self._section.value = place.section(tape)
        turn = folding.turn(tape, place)
        show(self._round, turn is not None)
        if turn is not None:
            self._round.max = turn.count
            self._round.value = turn.number
        self._showing = False
