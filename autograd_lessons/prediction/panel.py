"""The part of an explorer that asks: a switch, a box for the answer, buttons for a hint and for giving up, and the tally."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from ..checking.feedback import Feedback
from ..sliders import classed, show
from ..tape import Tape
from ..views.stages import Scene, Stage
from .asked import FACTOR, NUMBER, Elsewhere, Question, questions
from .tally import AT_ONCE, SHOWN, TALLY, WITH_HINTS

ALL_SHOWN = "Every step back is shown."
RAISES = "The function gives nothing here that a gradient comes back from, so there is nothing to predict."
_MONOSPACE = ' style="font-family:var(--jp-code-font-family,monospace)"'
_CELL = ' style="text-align:left;padding:2px 14px 2px 0"'
_WRAP = widgets.Layout(flex_flow="row wrap", align_items="flex-start", width="100%")  # the tally opens downwards


class Prediction:
    """Asks for each step back before it is shown. `switch` turns that on, `widget` is the rest, hidden while it is off.

    `seen(stages)` is how many stages may be seen. `changed(at)` is called when that is another number; `at` is the
    stage to go to, if any. Each question is counted once, in the kernel's tally.
    """

    def __init__(self, changed: Callable[[int | None], None], elsewhere: Elsewhere):
        self._changed, self._elsewhere = changed, elsewhere
        self._known: set[tuple[Any, Any]] = set()  # (value, pass) of the stages that were answered or shown
        self._tape: Tape | None = None
        self._questions: list[Question] = []  # what is left to ask at the next hidden stage
        self._about: tuple | None = None  # that stage, at which grain, and what kind of questions
        self._place = 0  # that stage among all
        self._nothing = ""  # why there is no question
        self._feedback: Feedback | None = None  # on the last answer to the question that stands
        self._before = ""  # what was said of the question before it
        self._missed = False
        self._showing = False
        self.switch = _toggle("Predict first", "al-predict", self._switched)
        self._by_factor = _toggle("factor by factor", "al-by-factor", lambda: self._changed(None))
        self._box = classed(
            widgets.Text(
                continuous_update=False, placeholder="then Enter", style={"description_width": "initial"},
                layout=widgets.Layout(width="340px"),
            ),
            "al-answer",
        )  # fmt: skip
        self._hint = _button("Hint", "al-hint", self._more)
        self._show = _button("Show", "al-show", self._give_up)
        self._said = classed(widgets.HTML(layout=widgets.Layout(width="100%", margin="0")), "al-said")
        self._asked = classed(widgets.HTML(layout=widgets.Layout(width="100%", margin="0")), "al-asked")
        self._tally = classed(widgets.HTML(layout=widgets.Layout(margin="4px 0 0 8px")), "al-tally")
        row = widgets.Box([self._box, self._hint, self._show, self._by_factor, self._tally], layout=_WRAP)
        self.widget = classed(
            widgets.VBox([self._asked, row, self._said], layout=widgets.Layout(width="100%", display="none")),
            "al-prediction",
        )
        self._box.observe(lambda change: self._showing or self._answer(change["new"]), "value")

    # ------------------------------------------------------------------ what the explorer asks
    @property
    def is_on(self) -> bool:
        return bool(self.switch.value)

    @property
    def _kind(self) -> str:
        return FACTOR if self._by_factor.value else NUMBER

    def seen(self, stages: Sequence[Stage]) -> int | None:
        """How many of the stages may be seen: all before the first step back that is neither answered nor shown."""
        if not self.is_on:
            return None
        hidden = (
            at for at, s in enumerate(stages) if s.direction == "backward" and (s.value, s.run) not in self._known
        )
        return next(hidden, len(stages))

    def ask(self, scene: Scene | None) -> None:
        """Ask about the first hidden stage of what is on the screen; where that is asked already, leave it standing."""
        if scene is not None and scene.tape is not self._tape:
            self._tape, self._before = scene.tape, ""
            self._known = {(value, run) for value, run in self._known if run in scene.tape.passes}
        if scene is None or scene.first_hidden is None:
            self._about, self._questions, self._feedback = None, [], None
            self._nothing = RAISES if scene is None else ALL_SHOWN
        elif self._about != (about := (scene.first_hidden, scene.grain, self._kind)):
            self._about, self._place = about, scene.seen or 0
            self._questions = questions(scene, self._kind, self._elsewhere)
            self._missed, self._feedback = False, None
            self._clear()
        self._draw()

    # ------------------------------------------------------------------ what the learner does
    def _switched(self) -> None:
        self._known, self._about, self._before = set(), None, ""
        show(self.widget, self.is_on)
        self._changed(None)

    def _answer(self, typed: str) -> None:
        if not self._questions or not typed.strip():
            return
        question = self._questions[0]
        feedback = question.partial.judge(typed)
        if feedback.correct:
            self._go_on(WITH_HINTS if self._missed else AT_ONCE, f"Right: {question.answer}.")
            return
        self._missed = self._missed or feedback.mistake != "form"
        self._feedback = feedback
        self._draw()

    def _more(self) -> None:
        if not self._questions:
            return
        self._missed = True
        if self._feedback is None or self._feedback.mistake == "form":
            self._feedback = Feedback(False, hints=self._questions[0].partial.leads)
        else:
            self._feedback = self._feedback.more()
        self._draw()

    def _give_up(self) -> None:
        if self._questions:
            self._go_on(SHOWN, f"{self._questions[0].answer}.")

    def _go_on(self, outcome: str, told: str) -> None:
        question, *self._questions = self._questions
        TALLY.count(question.concept, outcome)
        self._missed, self._feedback, self._before = False, None, told
        assert self._about is not None
        if not self._questions:
            self._known.add((self._about[0].value, self._about[0].run))
        self._changed(self._place)

    # ------------------------------------------------------------------ showing
    def _draw(self) -> None:
        question = self._questions[0] if self._questions else None
        for widget in (self._box, self._hint, self._show):
            widget.disabled = question is None
        name = "" if question is None else f"{question.name} ="
        if self._box.description != name:
            self._box.description = name
            self._clear()
        self._asked.value = _line(self._nothing if question is None else _asks(question))
        if self._feedback is not None:
            self._said.value = _told(self._feedback.hint, "dashed #d55e00")
        else:
            self._said.value = _told(self._before, "solid #009e73") if self._before else ""
        self._tally.value = _counted()

    def _clear(self) -> None:
        """Empty the box: the same text typed for another question is an answer again."""
        self._showing = True
        self._box.value = ""
        self._showing = False


def _button(text: str, name: str, press: Callable[[], None]):
    button = classed(widgets.Button(description=text, layout=widgets.Layout(width="76px")), name)
    button.on_click(lambda _: press())
    return button


def _toggle(text: str, name: str, changed: Callable[[], None]):
    button = classed(widgets.ToggleButton(value=False, description=text, layout=widgets.Layout(width="136px")), name)
    button.observe(lambda _: changed(), "value")
    return button


def _asks(question: Question) -> str:
    ends = question.partial
    if ends.is_factor:
        return f"Which factor is {question.name}? Type a formula in the names on the screen."
    shape = ends.leaf.value.shape
    wanted = "a number" if shape.numel() == 1 else f"a list of {'×'.join(map(str, shape))} numbers"
    return f"What is {question.name}? Type {wanted}, or arithmetic with the names and numbers on the screen."


def _line(text: str) -> str:
    return f'<div role="status" style="line-height:1.5;margin:4px 2px 0">{escape(text)}</div>'


def _told(hint: str, edge: str) -> str:
    lines = "".join(f"<div{_MONOSPACE if typed else ''}>{escape(line)}</div>" for line, typed in _pointed(hint))
    return f'<div role="status" style="border-left:4px {edge};padding:2px 12px;margin:2px 2px 8px;line-height:1.5;white-space:pre-wrap">{lines}</div>'


def _pointed(hint: str) -> list[tuple[str, bool]]:
    """The lines, and of each whether it belongs to a caret: what was typed, and the caret that stands under it."""
    lines = hint.splitlines()
    caret = next((at for at, line in enumerate(lines) if line.strip() and not line.strip(" ^")), -1)
    return [(line, at <= caret) for at, line in enumerate(lines)]


def _counted() -> str:
    rows = TALLY.rows
    if not rows:
        return ""
    asked, right = sum(sum(row.values()) for row in rows.values()), sum(row[AT_ONCE] for row in rows.values())
    heads = "".join(f'<th scope="col"{_CELL}>{head}</th>' for head in ("concept", AT_ONCE, WITH_HINTS, SHOWN))
    cells = "".join(
        f'<tr><th scope="row"{_CELL}>{concept}</th>'
        f"{''.join(f'<td{_CELL}>{row[key]}</td>' for key in (AT_ONCE, WITH_HINTS, SHOWN))}</tr>"
        for concept, row in rows.items()
    )
    return (
        f"<details><summary>right at once: {right} of {asked}</summary><table><tr>{heads}</tr>{cells}</table></details>"
    )
