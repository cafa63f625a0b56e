"""One notebook open in a real JupyterLab page: run its cells, know what it said, read its explorer."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SIZES = {"wide": {"width": 1400, "height": 1000}, "narrow": {"width": 700, "height": 1000}}
RUN_TIMEOUT = 180_000  # milliseconds, for all cells of a notebook on a slow machine
TIMEOUT = 20_000  # for anything else

# JupyterLab's own noise, which is no fault of a notebook: a pattern each, and where it comes from. 4.6 makes none.
NOISE: tuple[str, ...] = ()

# Labels outside their drawing or over each other, and panels that are too small for what stands in them
CROWDED = """root => {
    const found = [];
    for (const svg of root.querySelectorAll(".al-picture svg")) {
        const frame = svg.getBoundingClientRect();
        const texts = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim());
        const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
        for (const [text, box] of boxes)
            if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
                found.push(`"${text}" sticks out of its drawing`);
        for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
            const [a, b] = [boxes[i][1], boxes[j][1]];
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 2 && high > 4) found.push(`"${boxes[i][0]}" lies over "${boxes[j][0]}"`);
        }
    }
    const outside = root.getBoundingClientRect().right;
    for (const part of root.querySelectorAll(".al-panel, .al-panel .al-fit, .al-panel .al-scroll, button, select")) {
        const name = part.closest("section")?.getAttribute("aria-label") ?? part.textContent;
        if (part.scrollWidth > part.clientWidth + 1) found.push(`${name}: ${part.scrollWidth - part.clientWidth} px too narrow`);
        if (part.matches(".al-panel, .al-fit") && part.scrollHeight > part.clientHeight + 1)
            found.push(`${name}: ${part.scrollHeight - part.clientHeight} px too low`);
        const beyond = Math.round(part.getBoundingClientRect().right - outside);
        if (beyond > 0) found.push(`${name} sticks out of the explorer by ${beyond} px`);
    }
    for (const input of root.querySelectorAll("input"))
        if (input.scrollWidth > input.clientWidth + 1) found.push(`the number ${input.value} is cut off`);
    return [...new Set(found)];
}"""

_PANEL = "const panel = window.jupyterapp.shell.currentWidget;"

READY = f"""() => {{
    if (!window.jupyterapp) return false;
    {_PANEL}
    return Boolean(panel?.sessionContext?.isReady && panel.sessionContext.session?.kernel?.status === "idle");
}}"""

STATE = f"""() => {{
    {_PANEL}
    const cells = [];
    for (let i = 0; i < panel.content.model.cells.length; i++) {{
        const cell = panel.content.model.cells.get(i).toJSON();
        if (cell.cell_type === "code") cells.push({{
            source: [cell.source].flat().join(""), count: cell.execution_count, outputs: cell.outputs,
            tags: cell.metadata.tags || [],
        }});
    }}
    return {{status: panel.sessionContext.session?.kernel?.status, cells}};
}}"""

FINISHED = f"""() => {{
    const state = ({STATE})();
    const ran = state.cells.every(cell => cell.count !== null || cell.source.trim() === "");
    const stopped = state.cells.some(
        cell => cell.outputs.some(output => output.output_type === "error") && !cell.tags.includes("raises-exception"));
    return state.status === "idle" && (ran || stopped);
}}"""


@dataclass
class Lab:
    """A page with one notebook. `said` is what the browser's console reported as errors, JupyterLab's noise left out."""

    page: Page
    name: str
    theme: str
    said: list[str] = field(default_factory=list)

    def run_all(self) -> None:
        """Run every cell in a kernel that has run nothing yet; returns when it is idle and every cell has a count."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self.page.wait_for_function(FINISHED, timeout=RUN_TIMEOUT)

    def cells(self) -> list[dict[str, Any]]:
        """The code cells as they now stand: source, count, outputs, tags."""
        return self.page.evaluate(STATE)["cells"]

    @property
    def notebook(self) -> Locator:
        return self.page.locator(".jp-Notebook")

    def explorer(self, which: int = 0) -> Explorer:
        """The explorer number `which` of a function in the notebook, scrolled into view."""
        return self._explorer(".al-explorer:not(.al-block)", which)

    def block(self, which: int = 0) -> Explorer:
        """The same for the explorers below recorded cells."""
        return self._explorer(".al-explorer.al-block", which)

    def _explorer(self, selector: str, which: int) -> Explorer:
        root = self.page.locator(selector).nth(which)
        root.wait_for(state="attached", timeout=TIMEOUT)
        root.scroll_into_view_if_needed()
        root.locator(".al-picture").wait_for(state="visible", timeout=TIMEOUT)
        return Explorer(self.page, root)

    def resize(self, width: str, height: int | None = None) -> None:
        """Make the window "wide" or "narrow", and wait until the page has taken it in."""
        size = SIZES[width] | ({"height": height} if height else {})
        self.page.set_viewport_size(size)  # pyright: ignore[reportArgumentType]
        self.page.wait_for_function(
            "width => document.querySelector('#main').getBoundingClientRect().right <= width + 1", arg=size["width"]
        )
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def close(self) -> None:
        """Shut the kernel down, then the page, so that kernels do not pile up."""
        self.page.evaluate(f"async () => {{ {_PANEL} await panel.sessionContext.shutdown(); }}")
        self.page.context.close()


@dataclass
class Explorer:
    """An explorer on the page, seen and moved as a learner with a keyboard does."""

    page: Page
    root: Locator

    def inputs(self) -> dict[str, float]:
        """The inputs as the number boxes show them."""
        shown = {}
        for box in self.root.locator("[class*='al-number-']").all():
            name = re.search(r"al-number-(\S+)", box.get_attribute("class") or "")
            assert name, "a number box without a name"
            shown[name[1]] = float(box.locator("input").input_value())
        return shown

    def grads(self) -> dict[str, list[float] | None]:
        """The `.grad` of each leaf after the last statement of a recorded cell: its numbers in full, None if there is none."""
        found = self.root.locator("[data-grad-of]").evaluate_all(
            "all => all.map(e => [e.dataset.gradOf.replace(/\\.grad$/, ''), e.dataset.value])"
        )
        return {name: None if text == "none" else [float(number) for number in text.split()] for name, text in found}

    def dtype(self) -> str:
        """The dtype that is chosen; a recorded cell offers no choice."""
        if not self.root.locator(".al-dtype select").count():
            return ""
        return self.root.locator(".al-dtype select").evaluate("select => select.options[select.selectedIndex].text")

    def differentiated(self) -> list[str]:
        """The inputs that the curve may be drawn over: those that are differentiated."""
        if not self.root.locator(".al-wrt select").count():
            return []
        return self.root.locator(".al-wrt select").evaluate("select => [...select.options].map(option => option.text)")

    def adjoints(self) -> dict[str, list[float]]:
        """The gradients on screen: by label, the numbers in full."""
        found = self.root.locator("[data-adjoint-of]").evaluate_all(
            "all => all.map(e => [e.dataset.adjointOf, e.dataset.value])"
        )
        return {label: [float(number) for number in value.split()] for label, value in found}

    def picture(self) -> str:
        return self.root.locator(".al-picture").inner_text()

    def step(self) -> int:
        return int(float(self._step_handle().get_attribute("aria-valuenow") or "nan"))

    def last_step(self) -> int:
        return int(float(self._step_handle().get_attribute("aria-valuemax") or "nan"))

    def _step_handle(self) -> Locator:
        return self.root.locator(".al-step .noUi-handle")

    def slider(self, name: str) -> Locator:
        """The part of a slider that takes the focus."""
        return self.root.locator(f"[class~='al-slider-{name}'] .noUi-handle")

    def press(self, button: str, key: str = "Space") -> None:
        """Press a button (`first`, `prev`, `next`, `last`) from the keyboard."""
        self.root.locator(f"button.al-{button}").focus()
        self.page.keyboard.press(key)

    def wait_for_step(self, step: int) -> None:
        """Wait until the step on screen is this one: the slider says so, and the picture was redrawn for it."""
        self.page.wait_for_function(
            "([root, step]) => root.querySelector('.al-step .noUi-handle').getAttribute('aria-valuenow') == step",
            arg=[self.root.element_handle(), step], timeout=TIMEOUT,
        )  # fmt: skip

    def boxes(self) -> dict[str, tuple[float, float, float, float]]:
        """Where the explorer's parts stand inside it: x, y, width, height, so that scrolling does not count."""
        script = """root => {
            const zero = root.getBoundingClientRect();
            const parts = {root: root};
            for (const name of ["first", "prev", "next", "last", "step", "picture", "code", "graph", "term", "curve",
                                "comparison", "ledger", "timeline"]) {
                const part = root.querySelector(".al-" + name);
                if (part) parts[name] = part;
            }
            return Object.fromEntries(Object.entries(parts).map(([name, part]) => {
                const box = part.getBoundingClientRect();
                return [name, [box.x - zero.x, box.y - zero.y, box.width, box.height]];
            }));
        }"""
        return {name: tuple(box) for name, box in self.root.evaluate(script).items()}

    def crowded(self) -> list[str]:
        """What is cut off, covered or crowded out in the picture, in words."""
        return self.root.evaluate(CROWDED)


def open_notebook(server: Server, browser: Browser, name: str, theme: str = "light") -> Lab:
    """Open a notebook of the server's folder in a fresh page, kernel started, side bars folded away."""
    server.set_theme(theme)
    context = browser.new_context(viewport=SIZES["wide"])  # pyright: ignore[reportArgumentType]
    page = context.new_page()
    lab = Lab(page, name, theme)

    def note(text: str, where: str = "") -> None:
        if not any(re.search(noise, f"{text} {where}") for noise in NOISE):
            lab.said.append(f"{text} {where}".strip())

    page.on(
        "console",
        lambda message: note(message.text, message.location.get("url", "")) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: note(str(error)))
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{server.url}/lab/tree/{urllib.parse.quote(name)}?reset")
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{str(theme == 'light').lower()}'")
    return lab
