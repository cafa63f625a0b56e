"""How long a learner waits in the browser, from the key press on a slider to the new text on the page.

A notebook in a real JupyterLab holds the explorer of the logistic loss, the same content drawn by a plain `interact`
with one matplotlib figure, and an empty round trip: a slider whose observer only sets a text. Keys are pressed on the
three in shuffled order; the clock is the page's own, and runs from the `keydown` event to the first change after which
the text shows the new value. Painting that text is not counted; the empty round trip says what Jupyter itself takes.

Exit status 1 if the explorer takes more than a third of what the plain figure takes.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import tempfile
from pathlib import Path

import _common
import nbformat
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.browser.conftest import CHROMIUM, QUIET  # noqa: E402
from tests.browser.lab import open_notebook  # noqa: E402
from tests.browser.server import serve  # noqa: E402

NAME = "browser_tick.ipynb"
START, STEP, TICKS = -2.0, 0.05, 90  # the slider of w: a start on its grid, what a key adds, how many to its end
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
REST = 150  # milliseconds between two ticks, so that the kernel has nothing left to do
GOAL = 3
CELLS = (
    f"import sys\nsys.path.insert(0, {str(HERE)!r})\nimport _common\nimport ipywidgets as widgets\nimport autograd_lessons as al",
    f"explorer = _common.explorer(al.lessons.logistic_bce, w={START})\nexplorer.step = explorer.count\nexplorer",
    f"_common.plain('logistic_bce', w={START});",
    f"""w, text = widgets.FloatSlider(value={START}, min=-3, max=3, step={STEP}), widgets.HTML()
w.observe(lambda _: setattr(text, "value", f"w = {{w.value:.5g}}"), "value")
empty = widgets.VBox([w, text])
empty.add_class("empty")
empty""",
)
# Who is timed: the root of what it draws, and the text in there that ends with the new value
SHOWN = {
    "empty round trip": (".empty", ".widget-html-content"),
    "ours": (".al-explorer", ".al-curve h4"),
    "plain": (".widget-interact", ".jp-OutputArea-output pre"),
}
WATCH = """([root, text, expected]) => {
    window.tick = new Promise(done => {
        let start = 0;
        addEventListener("keydown", () => { start = performance.now(); }, {capture: true, once: true});
        const target = document.querySelector(root);
        const watcher = new MutationObserver(() => {
            const shown = target.querySelector(text)?.textContent.trim().replaceAll("−", "-");
            if (!shown?.endsWith(expected)) return;
            done(performance.now() - start);
            watcher.disconnect();
        });
        watcher.observe(target, {subtree: true, childList: true, characterData: true});
    });
}"""
ARRIVED = """() => Promise.race([window.tick, new Promise((_, fail) => setTimeout(() => fail("the text did not change"), 20000))])"""


def measure(page: Page, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every tick, by who drew it."""
    turns = [who for who in SHOWN for _ in range(rounds)]
    random.Random(0).shuffle(turns)
    taken = {who: [] for who in SHOWN}
    for who in [*SHOWN, *turns]:  # the first of each warms up
        root, text = SHOWN[who]
        expected = f"w = {START + STEP * (len(taken[who]) + 1):.5g}"
        page.locator(f"{root} .noUi-handle").first.focus()
        page.evaluate(WATCH, [root, text, expected])
        page.keyboard.press("ArrowRight")
        taken[who].append(page.evaluate(ARRIVED))
        page.wait_for_timeout(REST)
    return {who: times[1:] for who, times in taken.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description="From key press to new text in a real JupyterLab.")
    parser.add_argument("--rounds", type=int, default=60, help=f"key presses of each kind (60, at most {TICKS - 1})")
    rounds = min(parser.parse_args().rounds, TICKS - 1)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serve(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), server.notebooks / NAME)
        chromium = stack.enter_context(sync_playwright()).chromium
        browser = chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        stack.callback(browser.close)
        lab = open_notebook(server, browser, NAME)
        stack.callback(lab.close)
        lab.resize("wide", height=3000)  # all of it in view: nothing scrolls between two ticks
        lab.run_all()
        lab.explorer()
        taken = measure(lab.page, rounds)
    print(_common.versions())
    for who, times in taken.items():
        tenths = statistics.quantiles(times, n=10)
        print(f"{who:17} {tenths[4]:7.1f} ms (10–90 %: {tenths[0]:.1f}–{tenths[8]:.1f}), {len(times)} presses")
    ratio = statistics.median(taken["plain"]) / statistics.median(taken["ours"])
    print(f"ours is {ratio:.1f}× as fast as plain; goal: at least {GOAL}× — {'reached' if ratio >= GOAL else 'MISSED'}")
    return int(ratio < GOAL)


if __name__ == "__main__":
    raise SystemExit(main())
