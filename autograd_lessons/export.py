"""One page with every stage of a recorded run that works without a kernel: the only place with a script of ours."""

from __future__ import annotations

from typing import Protocol

from jinja2 import Environment
from markupsafe import Markup

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
:root{color-scheme:light dark}
body{margin:16px auto;max-width:1400px;padding:0 12px;font-family:system-ui,sans-serif;background:Canvas;color:CanvasText}
nav{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-bottom:12px}
button{font:inherit;padding:4px 12px}
[hidden]{display:none}
@media (prefers-color-scheme:dark){.al{--al-forward:#56b4e9!important;--al-backward:#e69f00!important}}
</style></head><body>
<h1>{{ title }}</h1>
<p>{{ given }}</p>
<nav aria-label="steps"><button id="first">First</button><button id="prev">Prev</button><button id="next">Next</button>
<button id="last">Last</button><label>step <input id="step" type="range" min="1" max="{{ stages|length }}" value="{{ at }}"></label>
<output id="where" for="step">{{ at }} of {{ stages|length }}</output></nav>
<main>
{%- for stage in stages %}<article{% if loop.index != at %} hidden{% endif %}>{{ stage }}</article>
{% endfor %}</main>
<script>
const stages = [...document.querySelectorAll("article")], step = document.getElementById("step");
function show(number) {
  number = Math.min(Math.max(number, 1), stages.length);
  stages.forEach((stage, i) => { stage.hidden = i !== number - 1; });
  step.value = number;
  document.getElementById("where").textContent = `${number} of ${stages.length}`;
}
step.addEventListener("input", () => show(+step.value));
for (const [id, to] of [["first", () => 1], ["prev", () => +step.value - 1], ["next", () => +step.value + 1], ["last", () => stages.length]])
  document.getElementById(id).addEventListener("click", () => show(to()));
addEventListener("keydown", event => {
  if (event.target === step) return;
  if (event.key === "ArrowRight") show(+step.value + 1);
  if (event.key === "ArrowLeft") show(+step.value - 1);
});
</script></body></html>
"""


class Stages(Protocol):
    """What can be exported: an explorer."""

    @property
    def step(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def given(self) -> str: ...
    @property
    def count(self) -> int: ...

    def draw(self, at: int | None = None) -> str: ...


def page(explorer: Stages) -> str:
    """The page's HTML; the numbers and pictures of all stages stand in it, so that it needs no network either."""
    stages = [Markup(explorer.draw(at)) for at in range(explorer.count)]  # our own templates made and escaped these
    return Environment(autoescape=True).from_string(_PAGE).render(
        title=explorer.title, given=explorer.given, stages=stages, at=explorer.step
    )  # fmt: skip
