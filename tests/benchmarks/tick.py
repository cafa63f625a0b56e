"""How long the kernel takes from a moved slider to the new picture, ours beside a plain `interact`.

A tick sets a slider to a value that it did not have before, as the page does when a learner drags it, and ends when
the new content stands in the kernel: for the explorer its HTML (at its last stage, where most is drawn), for the plain
notebook one matplotlib figure with the same content, drawn to a PNG by `plt.show()` under the inline backend.
Both run in this process with all ticks in shuffled order. Not counted for either: sending the result to the page
and showing it there (`browser_tick.py` counts that too).

Exit status 1 if the explorer is less than 30 times as fast as the plain figure.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import statistics
import time
from collections.abc import Callable

import _common
import ipywidgets as widgets
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import activate_matplotlib
from matplotlib_inline.backend_inline import configure_inline_support
from traitlets.config import Config

import autograd_lessons as al

LESSONS = ("square", "sine_of_square", "logistic_bce")
WARM_UP = 10  # ticks of each that are not counted
GOAL = 30
INLINE = "module://matplotlib_inline.backend_inline"  # what draws the figures of every notebook


class Screen(CapturingDisplayPublisher):
    """Where a notebook's outputs go, so that we see what a tick showed."""

    def clear_output(self, wait: bool = False) -> None:
        self.outputs.clear()


def notebook() -> Screen:
    """Make this process show figures as a notebook does."""
    shell = InteractiveShell.instance(config=Config(HistoryManager=Config(enabled=False)))
    activate_matplotlib(INLINE)
    configure_inline_support(shell, INLINE)
    shell.display_pub = Screen()
    return shell.display_pub


def our_tick(lesson: al.lessons.Lesson) -> Callable[[float], float]:
    explorer, name = _common.explorer(lesson), lesson.wrt[0]
    explorer.step = explorer.count
    slider = _find(explorer.widget, f"al-slider-{name}")

    def tick(value: float) -> float:
        start = time.perf_counter()
        slider.value = value
        seconds = time.perf_counter() - start
        assert f"{name} = {value:.5g}".replace("-", "−") in explorer.html, f"{name} = {value} is not on screen"
        return seconds

    return tick


def plain_tick(name: str, screen: Screen) -> Callable[[float], float]:
    with contextlib.redirect_stdout(io.StringIO()):  # `interact` draws once at the start
        slider = _common.plain(name).children[0]

    def tick(value: float) -> float:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            start = time.perf_counter()
            slider.value = value
            seconds = time.perf_counter() - start
        assert any("image/png" in output["data"] for output in screen.outputs), "no figure was drawn"
        assert printed.getvalue().strip().endswith(f"= {value:.5g}")
        return seconds

    return tick


def _find(widget: widgets.Widget, name: str) -> widgets.FloatSlider:
    below = [widget]
    while name not in below[0]._dom_classes:
        below += getattr(below.pop(0), "children", ())
    return below[0]


def measure(rounds: int) -> dict[tuple[str, str], list[float]]:
    """Seconds of every tick by lesson and by who drew it."""
    screen, shuffled = notebook(), random.Random(0)
    ticks, values = {}, {}
    for name in LESSONS:
        lesson = getattr(al.lessons, name)
        low, high = lesson.ranges[lesson.wrt[0]]
        count = rounds + WARM_UP
        # the golden section never repeats, and its neighbours are far apart: the explorer takes less than half a step for no move
        grid = [round(low + (high - low) * (0.618034 * i % 1), 4) for i in range(count)]
        for who, tick in (("ours", our_tick(lesson)), ("plain", plain_tick(name, screen))):
            ticks[name, who] = tick
            values[name, who] = iter(grid)
    for key, tick in ticks.items():
        for _ in range(WARM_UP):
            tick(next(values[key]))
    turns = [key for key in ticks for _ in range(rounds)]
    shuffled.shuffle(turns)
    seconds = {key: [] for key in ticks}
    for key in turns:
        seconds[key].append(ticks[key](next(values[key])))
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description="One slider tick in the kernel, ours beside a plain figure.")
    parser.add_argument("--rounds", type=int, default=200, help="ticks of each kind (200)")
    seconds = measure(parser.parse_args().rounds)
    print(_common.versions())
    print(f"{'lesson':15} {'ours (10–90 %)':>24} {'plain (10–90 %)':>24} {'ratio':>7}")
    ratios = []
    for name in LESSONS:
        ours, plain = seconds[name, "ours"], seconds[name, "plain"]
        ratios.append(statistics.median(plain) / statistics.median(ours))
        print(f"{name:15} {_typical(ours):>24} {_typical(plain):>24} {ratios[-1]:>6.1f}×")
    print(f"goal: at least {GOAL}× — {'reached' if min(ratios) >= GOAL else 'MISSED'}")
    return int(min(ratios) < GOAL)


def _typical(seconds: list[float]) -> str:
    tenths = [1000 * cut for cut in statistics.quantiles(seconds, n=10)]
    return f"{tenths[4]:.2f} ms ({tenths[0]:.2f}–{tenths[8]:.2f})"


if __name__ == "__main__":
    raise SystemExit(main())
