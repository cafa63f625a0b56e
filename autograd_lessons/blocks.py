"""What `%%autograd` shows below a cell: its graphs, its statements, the life of each `.grad`, and what went wrong."""

from __future__ import annotations

import ipywidgets as widgets

from .derivation import Derivation
from .sliders import classed
from .stepper import WRAP, Stepper
from .tape import Tape
from .views import ledger, picture
from .views.stages import Scene, stages


class BlockExplorer(Stepper):
    """Steps through what a recorded block did; nothing in it can be moved, since the block has run."""

    def __init__(self, tape: Tape, grain: str):
        super().__init__(grain)
        self.tape = tape
        self._derivation = Derivation(tape)
        choices = widgets.Box([self._grain, self._prediction.switch], layout=WRAP)
        rows = [choices, self.controls, self._prediction.widget, self.picture]
        self.widget = classed(widgets.VBox(rows, layout=widgets.Layout(width="100%")), "al-explorer")
        self.widget.add_class("al-block")
        found = stages(tape, grain)
        self._show(found, len(found) - 1 if found else None)

    @property
    def title(self) -> str:
        """What the exported page is called."""
        return "What PyTorch did in a cell"

    @property
    def given(self) -> str:
        """How much happened, in one line."""
        passes = len(self.tape.passes) + self.tape.folded
        return f"{len(self.tape.steps)} steps, {passes} backward {'pass' if passes == 1 else 'passes'}"

    def scene(self, at: int | None = None) -> Scene | None:
        """The block at a stage (default: the one on screen); None where PyTorch did nothing in it."""
        if not self._stages:
            return None
        at = self.step - 1 if at is None else at
        grain = str(self._grain.value)
        seen = self._prediction.seen(self._stages)
        return Scene(self.tape, self._derivation, None, grain, self._stages, min(at, len(self._stages) - 1), seen)

    def draw(self, at: int | None = None) -> str:
        """The picture at a stage as HTML."""
        scene = self.scene(at)
        return picture.nothing(self._uid) if scene is None else picture.block(scene, self._uid)

    def still(self) -> str:
        """The picture as one SVG that needs no kernel."""
        return picture.still_block(self.scene())

    def __repr__(self) -> str:
        scene = self.scene()
        return ledger.NOTHING if scene is None else ledger.block(scene)
