"""The descent lab of lesson 8 in a real JupyterLab: it moves by keyboard, its numbers are those of plain torch, nothing is cut off."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from . import checks
from .lab import SIZES, Explorer

NAME = "08_gradient_descent.ipynb"
XS = [0.7, 1.9, -0.7, -1.3, -0.5, 1.7, 2.2, 2.5, 2.5, 1.0]
YS = [0.0] * 5 + [1.0] * 5


def walked(rate: float, steps: int) -> tuple[float, float, float]:
    """w, b and the loss after so many steps from (0, 0), in plain torch."""
    xs, ys = torch.tensor([XS, YS], dtype=torch.float64)
    w, b = (torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in range(2))
    for _ in range(steps):
        slopes = torch.autograd.grad(F.binary_cross_entropy_with_logits(w * xs + b, ys), (w, b))
        w, b = ((v - rate * slope).detach().requires_grad_() for v, slope in zip((w, b), slopes))
    return w.item(), b.item(), F.binary_cross_entropy_with_logits(w * xs + b, ys).item()


def descents(lab) -> list[Explorer]:
    found = lab.page.locator(".al-descent")
    found.first.wait_for(state="attached")
    return [Explorer(lab.page, found.nth(which)) for which in range(found.count())]


def shown(explorer: Explorer) -> tuple[float, float, float]:
    """w, b and the loss as the page has them in full."""
    weights = explorer.root.locator("tr[data-name]").evaluate_all("all => all.map(e => Number(e.dataset.value))")
    return (*weights, float(explorer.root.locator("[data-loss]").get_attribute("data-loss")))


def settles_at(explorer: Explorer, expected: tuple[float, float, float]) -> None:
    checks._until(
        explorer, lambda: shown(explorer) == pytest.approx(expected, rel=1e-9, abs=1e-12), 20_000,
        lambda: f"the page shows {shown(explorer)}, torch gives {expected}",
    )  # fmt: skip


def test_the_arrow_keys_walk_and_change_the_rate(lab):
    explorer = descents(lab)[0]
    explorer.root.scroll_into_view_if_needed()
    settles_at(explorer, walked(1.0, 60))
    explorer.slider("step").focus()
    lab.page.keyboard.press("ArrowLeft")
    settles_at(explorer, walked(1.0, 59))
    lab.page.keyboard.press("Home")
    settles_at(explorer, (0.0, 0.0, walked(1.0, 0)[2]))
    lab.page.keyboard.press("ArrowRight")
    settles_at(explorer, walked(1.0, 1))
    explorer.slider("rate").focus()
    lab.page.keyboard.press("ArrowRight")
    settles_at(explorer, walked(1.1, 1))  # 10 to the power of 0.05 is 1.12, shown with two digits
    assert explorer.inputs()["rate"] == 1.1
    assert explorer.slider("rate").evaluate("handle => handle === document.activeElement")


@pytest.mark.parametrize("width", list(SIZES))
def test_nothing_is_cut_off_or_jumps_from_step_to_step(lab, width):
    lab.resize(width)
    for explorer in descents(lab):
        explorer.root.scroll_into_view_if_needed()
        handle = explorer.slider("step")
        handle.focus()
        lab.page.keyboard.press("Home")
        boxes, crowded = [], []
        for step in range(4):
            checks._until(
                explorer, lambda: f"step {step} of" in explorer.picture(), 20_000, f"step {step} did not come"
            )
            boxes.append(explorer.boxes())
            crowded += explorer.crowded()
            lab.page.keyboard.press("ArrowRight")
        assert not crowded, "\n".join(sorted(set(crowded)))
        for later in boxes[1:]:
            assert later == {part: pytest.approx(box, abs=checks.JUMP) for part, box in boxes[0].items()}
    lab.resize("wide")


def test_a_picture_is_kept_for_people_to_look_at(lab, screenshots):
    for width in SIZES:
        lab.resize(width, height=2000)
        for number, explorer in enumerate(descents(lab), 1):
            for _ in range(2):  # what is scrolled past is drawn only then, and moves what stands below it
                explorer.root.scroll_into_view_if_needed()
                lab.page.wait_for_timeout(300)
            path = screenshots / f"08_descent-{number}-{lab.theme}-{width}.png"
            explorer.root.screenshot(path=path)
            assert path.stat().st_size > 10_000
    lab.resize("wide")


def test_the_console_says_nothing(lab):
    checks.console_is_silent(lab)
