"""Each notebook with recorded cells (`%%autograd`) in a real JupyterLab, light and dark, wide and narrow: what stands below
the cells leads through every step, stays in place, and ends with the `.grad` that plain torch has.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from . import checks
from .lab import SIZES, open_notebook
from .oracle import recorded
from .test_notebooks import RECORDED

MOST = 4  # explorers of a notebook that are walked through; of all of them the last numbers are read


@pytest.fixture(scope="module", params=[(path, theme) for path in RECORDED for theme in ("light", "dark")],
                ids=lambda pair: f"{pair[0].stem}-{pair[1]}")  # fmt: skip
def lab(request, server, browser):
    path, theme = request.param
    opened = open_notebook(server, browser, path.name, theme)
    opened.run_all()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def truth(lab, server):
    return recorded(server.notebooks / lab.name)


@pytest.fixture(scope="module", params=list(SIZES))
def walks(request, lab, truth):
    """Walks through the first explorers in a wide and in a narrow window."""
    lab.resize(request.param)
    yield [checks.walk(lab.block(which)) for which in range(min(len(truth), MOST))]
    lab.resize("wide")


def test_every_cell_runs_and_every_widget_is_shown(lab):
    checks.every_cell_ran(lab)
    checks.every_widget_is_shown(lab)


def test_below_each_recorded_cell_stands_the_grad_that_plain_torch_has(lab, truth):
    assert lab.page.locator(".al-explorer.al-block").count() == len(truth)
    shown = 0
    for which, true in enumerate(truth):
        for name, numbers in lab.block(which).grads().items():
            if name.startswith("unnamed"):  # a leaf that no variable holds: there is nobody to ask plain torch for it
                continue
            assert name in true, f"cell {which + 1} shows {name}.grad; plain torch has {', '.join(true)}"
            checks.same_numbers(name, numbers, true[name])
            shown += 1
    assert shown, "no recorded cell shows a .grad"


def test_nothing_jumps_from_step_to_step(walks):
    for walk in walks:
        checks.nothing_jumps(walk)


def test_nothing_is_cut_off_or_covered(walks):
    for walk in walks:
        checks.nothing_is_cut_off(walk)


def test_a_picture_is_kept_for_people_to_look_at(lab, truth, screenshots):
    for width in SIZES:
        lab.resize(width, height=2600)
        for which in range(min(len(truth), MOST)):
            path = screenshots / f"{Path(lab.name).stem}-cell-{which + 1}-{lab.theme}-{width}.png"
            lab.block(which).root.screenshot(path=path)
            assert path.stat().st_size > 5_000
    lab.resize("wide")


def test_the_console_says_nothing(lab):  # the last one: it hears what all the others caused
    checks.console_is_silent(lab)
