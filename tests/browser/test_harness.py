"""The checks themselves: each finds a fault that is put into a scratch notebook on purpose, and passes without it."""

from __future__ import annotations

import nbformat
import pytest

from . import checks
from .lab import open_notebook

SCRATCH = '''
import ipywidgets as widgets

def classed(widget, name):
    widget.add_class(name)
    return widget

def broken(fault):
    """A stand-in for an explorer: y = x**2 with two stages, and one fault."""
    x = classed(widgets.FloatSlider(value=3, min=-5, max=5, step=0.05), "al-slider-x")
    box = classed(widgets.FloatText(value=3), "al-number-x")
    dtype = classed(widgets.Dropdown(options=["float64"]), "al-dtype")
    wrt = classed(widgets.Dropdown(options=["x"]), "al-wrt")
    buttons = [classed(widgets.Button(description=name), "al-" + name) for name in ("first", "prev", "next", "last")]
    step = classed(widgets.IntSlider(value=1, min=1, max=3), "al-step")
    picture = classed(widgets.HTML(), "al-picture")

    def draw(*_):
        box.value = x.value
        grad = {2: 1.0, 3: 2 * x.value}.get(step.value)
        if fault == "number" and step.value == 3:
            grad += 0.01
        label = {2: "y", 3: "x"}.get(step.value)
        height = 140 if fault == "jump" and step.value == 2 else 100
        drawing = "<svg width=50 height=20><text x=30 y=15>clipped</text></svg>" if fault == "clipped" else ""
        text = f"value {x.value**2}" if grad is None else f"<b data-adjoint-of={label} data-value={grad!r}>{grad}</b>"
        picture.value = f"<div style='height:{height}px'>{text}{drawing}</div>"

    for widget in (x, step):
        widget.observe(draw, "value")
    last = 2 if fault == "stuck" else 3
    for button, move in zip(buttons, (-9, -1, 1, 9)):
        button.on_click(lambda _, move=move: setattr(step, "value", min(max(step.value + move, 1), last)))
    draw()
    return classed(widgets.VBox([x, box, dtype, wrt, widgets.HBox(buttons), step, picture]), "al-explorer")
'''
FAULTS = ["", "number", "jump", "stuck", "clipped"]


def truth(inputs: dict, dtype: str) -> dict[str, list[float]]:
    return {"y": [1.0], "x": [2 * inputs["x"]]}


@pytest.fixture(scope="module")
def scratch(server, browser):
    cells = [SCRATCH, *(f"broken({fault!r})" for fault in FAULTS)]
    cells += [
        "from IPython.display import HTML, display\nHTML('<img src=x onerror=\"console.error(42)\">')",
        "display({'application/vnd.jupyter.widget-view+json': {'version_major': 2, 'version_minor': 0, 'model_id': 'gone'}}, raw=True)",
        "1 / 0",
        "2",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, server.notebooks / "scratch.ipynb")
    lab = open_notebook(server, browser, "scratch.ipynb")
    lab.run_all()
    yield lab
    lab.close()


def test_a_sound_explorer_passes_every_check(scratch):
    explorer = scratch.explorer(FAULTS.index(""))
    checks.key_moves_the_numbers(explorer, truth)
    walk = checks.walk(explorer)
    checks.walk_agrees(walk, truth)
    checks.nothing_jumps(walk)
    checks.nothing_is_cut_off(walk)


def test_a_label_outside_its_drawing_is_found(scratch):
    walk = checks.walk(scratch.explorer(FAULTS.index("clipped")))
    with pytest.raises(AssertionError, match='"clipped" sticks out'):
        checks.nothing_is_cut_off(walk)


def test_a_wrong_number_is_found(scratch):
    explorer = scratch.explorer(FAULTS.index("number"))
    with pytest.raises(AssertionError, match="torch gives"):
        checks.walk_agrees(checks.walk(explorer), truth)
    with pytest.raises(AssertionError, match="torch gives"):
        checks.key_moves_the_numbers(explorer, truth, patience=1500)


def test_a_jump_of_40_pixels_is_found(scratch):
    walk = checks.walk(scratch.explorer(FAULTS.index("jump")))
    with pytest.raises(AssertionError, match="picture: height 100 → 140"):
        checks.nothing_jumps(walk)


def test_a_step_that_does_not_come_is_found(scratch):
    with pytest.raises(AssertionError, match="step 3 of 3 did not come"):
        checks.walk(scratch.explorer(FAULTS.index("stuck")), patience=1500)


def test_a_console_error_is_found(scratch):
    with pytest.raises(AssertionError, match=r"(?m)^42 "):
        checks.console_is_silent(scratch)


def test_an_exception_is_found(scratch):
    with pytest.raises(AssertionError, match="code cell 9: ZeroDivisionError"):
        checks.every_cell_ran(scratch)


def test_a_dead_widget_is_found(scratch):
    with pytest.raises(AssertionError, match="widget"):
        checks.every_widget_is_shown(scratch)
