"""Predict, then reveal in a real JupyterLab: a wrong prediction, its hint, a right one, the reveal, by keyboard alone."""

from __future__ import annotations

import math
import re

import pytest

from . import checks
from .lab import SIZES, TIMEOUT

NAME = "02_chain_rule.ipynb"
AT = 4.0
TRUE = 2 * AT * math.cos(AT**2)


class Keyboard:
    """The explorer of sin(x²), and a learner who has no mouse."""

    def __init__(self, lab):
        self.page, self.explorer = lab.page, lab.explorer(0)
        self.root = self.explorer.root

    def tab_to(self, name: str) -> None:
        for _ in range(60):
            if self.page.evaluate("name => Boolean(document.activeElement.closest('.' + name))", name):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {name}")

    def switch(self) -> None:
        """Turn the predictions on or off."""
        self.root.locator(".al-grain select").focus()
        self.press("al-predict")

    def type(self, text: str) -> None:
        self.tab_to("al-answer")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def press(self, name: str) -> None:
        self.tab_to(name)
        self.page.keyboard.press("Space")

    def asks(self, name: str) -> None:
        self._until(".al-answer", f"{name} =")

    def says(self, text: str) -> None:
        self._until(".al-said", text)

    def _until(self, part: str, text: str) -> None:
        self.root.locator(part, has_text=re.compile(re.escape(text))).wait_for(timeout=TIMEOUT)

    def seen(self) -> str:
        """All text of the explorer, with what hovering or a screen reader would add."""
        return self.root.evaluate(
            "root => root.innerText + [...root.querySelectorAll('[aria-label],[title],[data-value]')]"
            ".map(e => [e.getAttribute('aria-label'), e.title, e.dataset.value].join(' ')).join(' ')"
        )


@pytest.fixture
def learner(lab):
    found = Keyboard(lab)
    found.explorer.press("first")
    found.switch()
    found.asks("∂z/∂z")
    yield found
    found.switch()
    found.root.locator(".al-answer").wait_for(state="hidden", timeout=TIMEOUT)


def test_a_wrong_prediction_its_hint_a_right_one_the_reveal(lab, learner):
    number = f"{TRUE:.3g}".replace("-", "−")  # more digits of it stand in different places
    assert number not in learner.seen().replace("-", "−")
    learner.type("1")
    learner.says("Right: ∂z/∂z = 1.")
    learner.asks("∂z/∂y")
    learner.type(f"{math.cos(AT**2):.6f}")
    learner.asks("∂z/∂x")
    learner.type(f"{math.cos(AT**2):.6f}")  # the inner derivative forgotten
    learner.says("The factor dy/dx = 2·x is missing.")
    assert number not in learner.seen().replace("-", "−")
    assert learner.page.evaluate("() => Boolean(document.activeElement.closest('.al-answer'))"), (
        "the box lost the focus"
    )
    learner.press("al-hint")
    learner.says("∂z/∂x = ∂z/∂y · ∂y/∂x")
    learner.root.locator(".al-answer input").focus()
    learner.type("2*x*cos(y)")
    learner.says(f"Right: ∂z/∂x = {number}")
    checks._until(
        learner.explorer, lambda: (learner.explorer.adjoints().get("x") or [0.0])[0] == pytest.approx(TRUE, rel=1e-6),
        TIMEOUT, lambda: f"the page shows {learner.explorer.adjoints()}, calculus gives {TRUE}",
    )  # fmt: skip
    assert number in learner.explorer.picture()
    assert "Shown when the last step back has been predicted." not in learner.explorer.picture()


def test_giving_up_shows_the_number_and_asks_the_next(learner):
    learner.explorer.press("last")
    learner.press("al-show")
    learner.says("∂z/∂z = 1.")
    learner.asks("∂z/∂y")


def test_a_picture_is_kept_for_people_to_look_at(lab, learner, screenshots):
    learner.type("1")
    learner.asks("∂z/∂y")
    learner.explorer.press("last")
    learner.tab_to("al-answer")
    learner.type("0.957659")
    learner.says("without a minus")
    for width in SIZES:
        lab.resize(width, height=2200)
        path = screenshots / f"prediction-{lab.theme}-{width}.png"
        learner.root.screenshot(path=path)
        assert path.stat().st_size > 10_000
        assert not learner.explorer.crowded()
    lab.resize("wide")


def test_the_console_says_nothing(lab):
    checks.console_is_silent(lab)
