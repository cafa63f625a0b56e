"""What must hold for a notebook on the screen. Each check raises an AssertionError that says what was seen instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from .lab import TIMEOUT, Explorer, Lab

Truth = Callable[[dict[str, float], str], dict[str, list[float]]]  # inputs on screen, dtype → gradients by label
JUMP = 1.5  # pixels; browsers round positions
# The number boxes show seven digits of a float32, so the point read from the page is that far from the one computed at
TOLERANCE = {"float32": 2e-4, "float64": 1e-9}


# ---------------------------------------------------------------------- the notebook
def every_cell_ran(lab: Lab) -> None:
    """Every code cell has a count, and no error stands below a cell that is not tagged for it."""
    for place, cell in enumerate(lab.cells()):
        where = f"{lab.name}, code cell {place + 1}"
        for output in cell["outputs"]:
            if output["output_type"] == "error" and "raises-exception" not in cell["tags"]:
                raise AssertionError(f"{where}: {output['ename']}: {output['evalue']}")
        assert cell["count"] is not None or not cell["source"].strip(), f"{where} did not run"


def every_widget_is_shown(lab: Lab) -> None:
    """Each widget output has a widget on the page, and none of JupyterLab's messages in its place."""
    expected = sum(
        "application/vnd.jupyter.widget-view+json" in output.get("data", {})
        for cell in lab.cells()
        for output in cell["outputs"]
    )
    text = lab.notebook.inner_text()
    for message in ("Error displaying widget", "Loading widget", "Error creating widget", "model not found"):
        assert message not in text, f"{lab.name} shows {message!r}"
    shown = lab.page.locator(".jp-OutputArea-output > .jupyter-widgets").count()
    assert shown == expected, f"{lab.name}: {shown} widgets on the page, {expected} in the outputs"


def console_is_silent(lab: Lab) -> None:
    assert not lab.said, f"{lab.name}, {lab.theme}, said in the browser's console:\n" + "\n".join(lab.said)


# ---------------------------------------------------------------------- an explorer
def key_moves_the_numbers(explorer: Explorer, truth: Truth, patience: int = TIMEOUT) -> None:
    """One arrow key on each slider: the picture changes, and its gradient is torch's at the input now shown."""
    explorer.press("last")
    explorer.wait_for_step(explorer.last_step())
    for name in explorer.inputs():
        before, picture = explorer.inputs(), explorer.picture()
        handle = explorer.slider(name)
        handle.focus()
        at_the_end = float(handle.get_attribute("aria-valuenow") or 0) >= float(
            handle.get_attribute("aria-valuemax") or 0
        )
        explorer.page.keyboard.press("ArrowLeft" if at_the_end else "ArrowRight")
        _until(explorer, lambda: explorer.inputs()[name] != before[name], patience, f"the key did not move {name}")
        _until(explorer, lambda: explorer.picture() != picture, patience, f"{name} moved and the picture did not")
        _until(explorer, lambda: _off(explorer.adjoints(), truth(explorer.inputs(), explorer.dtype()), explorer.dtype()) == "",
               patience, lambda: _off(explorer.adjoints(), truth(explorer.inputs(), explorer.dtype()), explorer.dtype()))  # fmt: skip
        assert handle.evaluate("handle => handle === document.activeElement"), f"the slider of {name} lost the focus"


@dataclass(frozen=True)
class Seen:
    """What stood on the screen at one step of a walk."""

    step: int
    inputs: dict[str, float]
    dtype: str
    differentiated: list[str]
    adjoints: dict[str, list[float]]
    text: str
    boxes: dict[str, tuple[float, float, float, float]]
    crowded: list[str]


def walk(explorer: Explorer, patience: int = TIMEOUT) -> list[Seen]:
    """From the first step to the last by pressing Next, and what was seen at each."""
    explorer.press("first")
    explorer.wait_for_step(1)
    seen: list[Seen] = []
    last = explorer.last_step()
    for step in range(1, last + 1):
        if step > 1:
            explorer.press("next", "Enter" if step % 2 else "Space")
        before = seen[-1].text if seen else None
        _until(
            explorer,
            lambda: explorer.step() == step and explorer.picture() != before,
            patience,
            f"step {step} of {last} did not come",
        )
        seen.append(
            Seen(
                step,
                explorer.inputs(),
                explorer.dtype(),
                explorer.differentiated(),
                explorer.adjoints(),
                explorer.picture(),
                explorer.boxes(),
                explorer.crowded(),
            )  # fmt: skip
        )
    return seen


def walk_agrees(seen: list[Seen], truth: Truth) -> None:
    """Each gradient that a step showed is torch's, and every gradient that torch gives was shown somewhere."""
    shown: set[str] = set()
    for one in seen:
        off = _off(one.adjoints, truth(one.inputs, one.dtype), one.dtype)
        assert not off, f"step {one.step}: {off}"
        shown |= set(one.adjoints)
    assert shown, "no step shows a gradient"
    missing = {label.partition("[")[0] for label in seen[-1].differentiated} - shown
    assert not missing, f"no step shows the gradient of {missing}"


def same_numbers(name: str, shown: list[float] | None, true: list[float] | None) -> None:
    """A `.grad` on screen is the one that plain torch has; None is none."""
    off = (shown is None) != (true is None) or (
        shown is not None and true is not None and _off({name: shown}, {name: true}, "float32") != ""
    )
    assert not off, f"{name}.grad shows {shown}, torch has {true}"


def nothing_jumps(seen: list[Seen]) -> None:
    """From step to step the explorer, its buttons and its panels stay where they are and as large as they are."""
    first = seen[0].boxes
    jumps = []
    for one in seen[1:]:
        for part, box in one.boxes.items():
            for side, now, then in zip(("x", "y", "width", "height"), box, first[part]):
                if abs(now - then) > JUMP:
                    jumps.append(f"step {one.step}, {part}: {side} {then:.0f} → {now:.0f}")
    assert not jumps, "the layout jumps:\n" + "\n".join(jumps)


def nothing_is_cut_off(seen: list[Seen]) -> None:
    """At no step is a label covered by another, outside its drawing, or cut off by its panel."""
    crowded: dict[str, list[int]] = {}
    for one in seen:
        for what in one.crowded:
            crowded.setdefault(what, []).append(one.step)
    assert not crowded, "\n".join(f"{what} (steps {', '.join(map(str, steps))})" for what, steps in crowded.items())


# ---------------------------------------------------------------------- details
def _off(shown: dict[str, list[float]], true: dict[str, list[float]], dtype: str) -> str:
    """What is wrong with the gradients on screen, in words; empty if nothing is."""
    for label, numbers in shown.items():
        if label not in true:
            return f"torch knows no {label!r}; it has {', '.join(true)}"
        close = len(numbers) == len(true[label]) and torch.allclose(
            torch.tensor(numbers, dtype=torch.float64), torch.tensor(true[label], dtype=torch.float64),
            rtol=TOLERANCE[dtype], atol=1e-300 if dtype == "float64" else 1e-38, equal_nan=True,
        )  # fmt: skip
        if not close:
            return f"{label} shows {numbers}, torch gives {true[label]}"
    return ""


def _until(explorer: Explorer, holds: Callable[[], bool], patience: int, otherwise: str | Callable[[], str]) -> None:
    """Wait until it holds, looking again after each frame that the browser draws."""
    waited = 0.0
    while not holds():
        if waited >= patience:
            raise AssertionError(otherwise if isinstance(otherwise, str) else otherwise())
        waited += explorer.page.evaluate(
            "() => new Promise(done => { const t = performance.now(); setTimeout(() => done(performance.now() - t), 30); })"
        )
