"""The playground of lesson 7 in a real JupyterLab: a formula is typed, misread, mended and explored, all by keyboard."""

from __future__ import annotations

import math

import pytest

from . import checks
from .lab import SIZES, Explorer

NAME = "07_your_own_function.ipynb"


@pytest.fixture
def playground(lab):
    found = lab.page.locator(".al-playground")
    found.first.wait_for(state="attached")
    found.first.scroll_into_view_if_needed()
    return found.first


def type_formula(lab, playground, text):
    box = playground.locator(".al-formula input")
    box.focus()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.type(text)
    lab.page.keyboard.press("Enter")


def says(playground, text):
    playground.locator(".al-message", has_text=text).wait_for(timeout=20_000)


def test_a_formula_typed_and_mended_is_explored(lab, playground):
    type_formula(lab, playground, "x cosx")
    says(playground, "the function cos of x, or one name?")
    assert playground.locator(".al-explorer").count() == 0
    type_formula(lab, playground, "x cos(x)")
    says(playground, "read as x*cos(x), a function of x")
    playground.locator(".al-explorer").wait_for()
    explorer = Explorer(lab.page, playground.locator(".al-explorer"))
    slope = math.cos(1.0) - math.sin(1.0)
    explorer.press("last")
    checks._until(
        explorer, lambda: (explorer.adjoints().get("x") or [0.0])[0] == pytest.approx(slope, rel=1e-6), 20_000,
        lambda: f"the page shows {explorer.adjoints()}, calculus gives {slope}",
    )  # fmt: skip


def test_markup_that_is_typed_stays_text(lab, playground):
    type_formula(lab, playground, "<img src=x>")
    says(playground, "<img src=x>")
    assert playground.locator(".al-said img").count() == 0


def test_a_picture_is_kept_for_people_to_look_at(lab, playground, screenshots):
    type_formula(lab, playground, "a e^(-x^2) + 1/x")
    says(playground, "a function of a, x")
    playground.locator(".al-explorer").wait_for()
    for width in SIZES:
        lab.resize(width, height=2600)
        path = screenshots / f"playground-{lab.theme}-{width}.png"
        playground.screenshot(path=path)
        assert path.stat().st_size > 10_000
    lab.resize("wide")


def test_the_console_says_nothing(lab):
    checks.console_is_silent(lab)
