"""Each notebook with an explorer of a function, in a real JupyterLab, light and dark: it runs, it moves by keyboard, and its
numbers are torch's. Those with recorded cells are in test_blocks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from . import checks
from .lab import SIZES, open_notebook
from .oracle import explored

ALL = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [path for path in ALL if ".explore(" in path.read_text(encoding="utf-8")]
RECORDED = [path for path in ALL if "%%autograd" in path.read_text(encoding="utf-8")]


def test_every_notebook_is_looked_at():
    assert set(NOTEBOOKS) | set(RECORDED) == set(ALL)


@pytest.fixture(scope="module", params=[(path, theme) for path in NOTEBOOKS for theme in ("light", "dark")],
                ids=lambda pair: f"{pair[0].stem}-{pair[1]}")  # fmt: skip
def lab(request, server, browser):
    path, theme = request.param
    opened = open_notebook(server, browser, path.name, theme)
    opened.run_all()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def truth(lab, server):
    return explored(server.notebooks / lab.name)[0]


@pytest.fixture(scope="module", params=list(SIZES))
def walk(request, lab):
    """A walk through all steps in a wide and in a narrow window."""
    lab.resize(request.param)
    yield checks.walk(lab.explorer())
    lab.resize("wide")


def test_every_cell_runs_and_every_widget_is_shown(lab):
    checks.every_cell_ran(lab)
    checks.every_widget_is_shown(lab)


def test_next_leads_through_every_step_and_shows_the_gradients_that_torch_gives(walk, truth):
    checks.walk_agrees(walk, truth)


def test_nothing_jumps_from_step_to_step(walk):
    checks.nothing_jumps(walk)


def test_nothing_is_cut_off_or_covered(walk):
    checks.nothing_is_cut_off(walk)


def test_an_arrow_key_on_a_slider_shows_what_torch_gives_there(lab, truth):
    checks.key_moves_the_numbers(lab.explorer(), truth)


def test_a_picture_is_kept_for_people_to_look_at(lab, screenshots):
    for width in SIZES:
        lab.resize(width, height=2600)
        path = screenshots / f"{Path(lab.name).stem}-{lab.theme}-{width}.png"
        lab.explorer().root.screenshot(path=path)
        assert path.stat().st_size > 10_000
    lab.resize("wide")


def test_the_console_says_nothing(lab):  # the last one: it hears what all the others caused
    checks.console_is_silent(lab)
