"""What every explorer is: a picture, the buttons that step through its stages, and the still twin of it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from .checking.points import Point
from .export import page
from .folds import Folds
from .grains import GRAINS, Folded
from .prediction import TALLY, Prediction, Tally
from .sections import Section
from .sliders import classed
from .tape import Tape
from .twin import Twinned
from .views import folding
from .views.stages import Scene, stages

_numbers = itertools.count(1)
_BUTTONS = (("|◀ First", "al-first"), ("◀ Prev", "al-prev"), ("Next ▶", "al-next"), ("Last ▶|", "al-last"))
WRAP = widgets.Layout(flex_flow="row wrap", align_items="center", width="100%")


class Stepper(Twinned):
    """An explorer's base: `.step` is the stage on screen (from 1), `.html` what it shows, `.save(path)` a page of all stages.

    A subclass gives `scene`, `draw`, `still`, `title` and `given`, and puts `controls`, the prediction and `picture` into `widget`.
    """

    title: str
    given: str

    def __init__(self, grain: str):
        self._uid = f"al-{next(_numbers)}"
        self._busy = False
        self._html = ""
        self._stages: tuple = ()
        self._place = folding.Place()
        self._folds = Folds(self._look, self._turn)
        self._grain = classed(choice("grain", list(GRAINS), grain), "al-grain")
        self._grain.observe(lambda _: self._change_grain(), "value")
        self._prediction = Prediction(lambda at: self._show(self._stages, at), self._elsewhere)
        self.picture = classed(widgets.HTML(layout=widgets.Layout(width="100%", margin="0")), "al-picture")
        buttons = [
            classed(widgets.Button(description=text, layout=widgets.Layout(width="76px")), name)
            for text, name in _BUTTONS
        ]
        for button, where in zip(
            buttons, (lambda: 1, lambda: self.step - 1, lambda: self.step + 1, lambda: self.count)
        ):
            button.on_click(lambda _, where=where: self._go(where()))
        self._step = classed(
            widgets.IntSlider(value=1, min=1, max=1, description="step", layout=widgets.Layout(width="340px")),
            "al-step",
        )
        self._step.observe(lambda _: self._busy or self._draw(), "value")
        self.controls = widgets.Box([*buttons, self._step], layout=WRAP)

    # ------------------------------------------------------------------ long runs, section by section
    def _sight(self, tape: Tape) -> str:
        """The grain at which a run is shown: the one chosen, in a long run with all but one section closed."""
        return self._place.grain(tape, str(self._grain.value))

    def _look(self, section: Section) -> None:
        self._place.go(section)
        self._change_grain()

    def _turn(self, number: int) -> None:
        scene = self.scene()
        if scene is not None:
            folding.at_round(scene.tape, self._place, number)
            self._change_grain()

    # ------------------------------------------------------------------ what code may ask for
    @property
    def html(self) -> str:
        """What is on screen now."""
        return self._html

    @property
    def step(self) -> int:
        """The stage on screen, from 1."""
        return self._step.value

    @step.setter
    def step(self, number: int) -> None:
        self._step.value = min(max(int(number), 1), self.count)

    @property
    def count(self) -> int:
        """How many stages there are to look at: while steps back are predicted, up to the next one to predict."""
        seen = self._prediction.seen(self._stages)
        return max(len(self._stages) if seen is None else min(seen + 1, len(self._stages)), 1)

    @property
    def tally(self) -> Tally:
        """How many predictions were right, by concept, of all explorers of this kernel."""
        return TALLY

    def save(self, path: str | Path) -> Path:
        """Write a page with every stage of this run that works without a kernel; returns the path."""
        target = Path(path)
        target.write_text(page(self), encoding="utf-8", errors="replace")
        return target

    # ------------------------------------------------------------------ what a subclass gives
    def scene(self, at: int | None = None) -> Scene | None:
        raise NotImplementedError

    def draw(self, at: int | None = None) -> str:
        raise NotImplementedError

    def _elsewhere(self) -> list[Point]:
        """Other runs of the same function, at which a predicted formula must hold too."""
        return []

    # ------------------------------------------------------------------ stepping
    def _go(self, number: int) -> None:
        self.step = number

    def _draw(self) -> None:
        self._html = self.draw()
        self.picture.value = self._html
        if self._prediction.is_on:
            self._prediction.ask(self.scene())

    def _show_folds(self, tape: Tape | None) -> None:
        folded = tape is not None and isinstance(self._sight(tape), Folded)
        self._folds.show(tape if folded else None, self._place)

    def _show(self, found: tuple, at: int | None = None) -> None:
        """Step through these stages from now on, and draw; `at` is the one to go to, the present one if None."""
        self._stages = found
        self._busy = True
        if self._step.max != (count := self.count):
            self._step.max = count
        if at is not None:
            self._step.value = at + 1
        self._busy = False
        self._draw()

    def _change_grain(self) -> None:
        scene = self.scene()
        if scene is None:
            return self._draw()
        found = stages(scene.tape, self._sight(scene.tape))
        at = min(self.step, len(found)) - 1 if isinstance(scene.grain, Folded) else 0
        self._show_folds(scene.tape)
        self._show(found, next((i for i, stage in enumerate(found) if stage == scene.stage), at))


def choice(description: str, options: list, value: Any):
    """A list to choose from."""
    return widgets.Dropdown(
        options=options, value=value, description=description, layout=widgets.Layout(width="auto", min_width="180px")
    )
