"""A run of 10,000 operations in a real JupyterLab: the page answers, a section opens and closes, and stays open at a move."""

from __future__ import annotations

import re
import time

import nbformat
import pytest

from . import checks
from .lab import SIZES, TIMEOUT, open_notebook

NAME = "large.ipynb"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
CELLS = [
    """import torch
import autograd_lessons as al

def long_sum(x, rounds: int = 2_500):
    total = 0 * x
    for _ in range(rounds):
        y = torch.sin(x)
        z = y * 0.01
        total = total + z
        x = x + 0.001
    return total

al.explore(long_sum, x=1.0)""",
    """class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.fc2 = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)

    def forward(self, x):
        hidden = torch.tanh(self.fc1(x))
        return self.fc2(hidden).sum()

al.explore(Net(), x=[1.0, 2.0])""",
]
PATIENCE = 4  # on this machine alone it takes a quarter of that; others may be at work on it, too
ANSWER = {"a step": 1.0, "a section": 1.0, "a round": 1.0, "a slider": 2.0}  # seconds


@pytest.fixture(scope="module", params=["light", "dark"])
def lab(request, server, browser):
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), server.notebooks / NAME)
    opened = open_notebook(server, browser, NAME, request.param)
    opened.run_all()
    yield opened
    opened.close()


@pytest.fixture
def explorer(lab):
    return lab.explorer()


def choose(explorer, section: str) -> None:
    """Look into the section whose name has this in it."""
    select = explorer.root.locator(".al-section select")
    options = [text.replace("\xa0", " ") for text in select.locator("option").all_inner_texts()]
    assert any(section in option for option in options), options
    select.select_option(index=next(at for at, option in enumerate(options) if section in option))


def answered(explorer, what: str, act) -> float:
    """Seconds from what a learner does to the changed picture; fails where that takes too long."""
    before = explorer.root.locator(".al-picture").inner_html()
    start = time.perf_counter()
    act()
    while explorer.root.locator(".al-picture").inner_html() == before:
        assert time.perf_counter() - start < TIMEOUT / 1000, f"{what}: the picture did not change"
        explorer.page.wait_for_timeout(10)
    taken = time.perf_counter() - start
    print(f"{what}: {taken * 1000:.0f} ms")
    assert taken < ANSWER[what] * PATIENCE, f"{what} took {taken:.2f} s"
    return taken


def test_the_run_is_shown_closed(lab, explorer):
    checks.every_cell_ran(lab)
    checks.every_widget_is_shown(lab)
    assert "▸ loop 3" in explorer.picture()
    assert len(explorer.root.locator(".al-node").all()) == 3


def test_the_page_answers(explorer):
    answered(explorer, "a step", lambda: explorer.press("next"))
    answered(explorer, "a section", lambda: choose(explorer, "2,500 rounds"))
    assert "round 1 of 2,500" in explorer.picture()

    def turn():
        explorer.root.locator(".al-round .noUi-handle").focus()
        explorer.page.keyboard.press("ArrowRight")

    answered(explorer, "a round", turn)
    assert "round 2 of 2,500" in explorer.picture()
    step = explorer.step()

    def move():
        explorer.slider("x").focus()
        explorer.page.keyboard.press("ArrowRight")

    answered(explorer, "a slider", move)
    answered(explorer, "a step", lambda: explorer.press("next"))
    assert "round 2 of 2,500" in explorer.picture(), "the open section stays open at a move and at a step"
    assert explorer.step() == step + 1
    answered(explorer, "a section", lambda: choose(explorer, "all 10,001 steps"))
    assert not re.search(r"round 2 of", explorer.picture())


def test_the_comparison_comes_when_it_is_asked_for(explorer):
    assert "press Compare" in explorer.picture()
    explorer.root.locator("button.al-compare").click()
    explorer.page.wait_for_function(
        "root => root.querySelector('.al-comparison').innerText.includes('agree')", arg=explorer.root.element_handle()
    )


def test_a_module_opens(lab):
    explorer = lab.explorer(1)
    assert "▸ fc1" in explorer.picture() and "fc1.weight" not in explorer.root.locator(".al-graph").inner_text()
    answered(explorer, "a section", lambda: choose(explorer, "fc1"))
    assert "fc1.weight" in explorer.root.locator(".al-graph").inner_text()


def test_nothing_is_cut_off_and_a_picture_is_kept(lab, screenshots):
    for section in ("all 10,001 steps", "2,500 rounds"):
        choose(lab.explorer(), section)
    explorer = lab.explorer()
    explorer.page.wait_for_function(
        "root => root.querySelector('.al-code').innerText.includes('round 1 of')", arg=explorer.root.element_handle()
    )
    for width in SIZES:
        lab.resize(width, height=3000)
        for which in range(len(CELLS)):
            explorer = lab.explorer(which)
            explorer.root.screenshot(path=screenshots / f"large-{which + 1}-{lab.theme}-{width}.png")
            assert explorer.crowded() == []
    lab.resize("wide")


def test_the_console_says_nothing(lab):  # the last one: it hears what all the others caused
    checks.console_is_silent(lab)
