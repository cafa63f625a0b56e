"""The whole picture: live HTML for the explorer, and the still SVG twin that a saved notebook keeps."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from ..curves import Curve
from . import code, graph, ledger, plot, tables, terms
from .numbers import key
from .stages import Scene
from .stencil import filled

_LIVE = ".al{--al-card:var(--jp-layout-color1,Canvas);--al-ink:currentColor;--al-mono:var(--jp-code-font-family,ui-monospace,monospace)}"
_STILL = "{--al-forward:#0072b2;--al-backward:#d55e00;--al-card:#fff;--al-ink:#222;--al-mid:#777;--al-mono:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace}"


class _Templates(Environment):
    def getattr(self, obj, attribute):
        """The templates read dictionaries by key; Jinja would try an attribute first, and that is most of its time."""
        if not isinstance(obj, dict):
            return super().getattr(obj, attribute)
        return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)


@cache
def _templates() -> Environment:
    return _Templates(loader=PackageLoader("autograd_lessons.views", "templates"), autoescape=True, trim_blocks=False)


@cache
def _style(name: str) -> str:
    return (files("autograd_lessons.views") / name).read_text(encoding="utf-8")


def html(scene: Scene, curve: Curve | None, uid: str, trouble: str = "") -> str:
    """What stands on the screen at this stage. `uid` is a CSS class that no other explorer on the page has."""
    drawn = None if curve is None else plot.drawing(curve, scene.output_label)
    back = sum(stage.direction == "backward" for stage in scene.stages)
    ahead = len(scene.stages) - back
    forward = scene.stage.direction == "forward"
    where = f"forward {scene.at + 1} of {ahead}" if forward else f"backward {scene.at + 1 - ahead} of {back}"
    graphed = graph.drawing(scene)
    return _templates().get_template("picture.html").render(
        uid=uid, style=Markup(_style("style.css") + _LIVE + _style("svg.css")), links=Markup(_linked(scene, uid)),
        code=code.lines(scene), graph=_graph_svg(scene, graphed, f"{uid}-{scene.at}"), left_out=graphed["left_out"], where=f"this step: {where}",
        direction=scene.stage.direction, term=terms.explained(scene), curve=drawn, plot=_curve_svg(drawn),
        table=None if scene.comparison is None else tables.rows(scene.comparison), trouble=trouble,
        ledger=ledger.lines(scene), at=scene.at,
    )  # fmt: skip


def _linked(scene: Scene, uid: str) -> str:
    """One rule for each step: what is under the pointer or has the focus lights everything that belongs to it."""
    label = ("linked", tuple(value.label for value in scene.nodes))
    kept = scene.derivation.kept
    if label not in kept:
        rules = []
        for value in scene.nodes:
            here = f'[data-step~="{key(value, scene.tape)}"]'
            rules.append(
                f".UID:has({here}:is(:hover,:focus)) {here}:is(span,tr,p){{background:var(--al-glow)}}"
                f".UID:has({here}:is(:hover,:focus)) g{here}>rect{{fill:var(--al-glow)}}"
                f".UID:has({here}:is(:hover,:focus)) g{here}>path{{stroke-width:3.2}}"
            )
        kept[label] = "".join(rules)
    return kept[label].replace("UID", uid)


def _graph_svg(scene: Scene, graphed: dict, uid: str) -> Markup:
    nodes, edges = graphed["nodes"], graphed["edges"]
    texts = [uid, *(node[part] for node in nodes for part in ("value", "grad")), *(edge["factor"] for edge in edges)]

    def render(holes: list[str]) -> str:
        uid, *rest = holes
        supply = iter(rest)
        frame = graphed | {
            "nodes": [node | {"value": next(supply), "grad": next(supply)} for node in nodes],
            "edges": [edge | {"factor": next(supply)} for edge in edges],
        }
        label = f"graph of {', '.join(node['full'] for node in nodes)}"
        return _templates().get_template("graph.svg").render(g=frame, uid=uid, label=label)

    return filled(scene.derivation.kept, ("graph", scene.grain, scene.at, graphed["names"]), texts, render)


def _curve_svg(drawn: dict | None) -> Markup:
    return Markup("") if drawn is None else Markup(_templates().get_template("curve.svg").render(c=drawn))


def trouble(source: str, inputs: str, error: BaseException, uid: str) -> str:
    """What stands on the screen where the function raises."""
    return _templates().get_template("trouble.html").render(
        uid=uid, style=Markup(_style("style.css")), code=source, inputs=inputs, kind=type(error).__name__, message=str(error)
    )  # fmt: skip


def still(scene: Scene, curve: Curve | None) -> str:
    """One SVG with the code, the graph, the curve, all stages and the comparison, on a light card of its own."""
    graphed = graph.drawing(scene)
    drawn = None if curve is None else plot.drawing(curve, scene.output_label)
    rows = [line["text"] for line in code.lines(scene)] + [""]
    rows += [f"{'▸' if at == scene.at else ' '} {at + 1:2d}. {line}" for at, line in enumerate(ledger.lines(scene))]
    if scene.comparison is not None:
        rows += ["", *_wrapped(repr(scene.comparison).splitlines(), 96)]
    left = max((len(row) for row in rows), default=0) * 7.3 + 36
    right = max(graphed["width"], drawn["width"] if drawn else 0)
    height = max(len(rows) * 16 + 36, graphed["height"] + (drawn["height"] + 16 if drawn else 0) + 32)
    uid = "al" + hashlib.sha256(repr((rows, graphed, drawn)).encode()).hexdigest()[:10]
    return _templates().get_template("still.svg").render(
        uid=uid, style=Markup("#" + uid + _STILL + _scoped(_style("svg.css"), uid)), rows=rows, left=round(left),
        width=round(left + right + 24), height=round(height), graph=_graph_svg(scene, graphed, uid), graph_height=graphed["height"],
        plot=_curve_svg(drawn), label=ledger.lines(scene)[scene.at] if scene.stages else "",
    )  # fmt: skip


def _scoped(style: str, uid: str) -> str:
    """Rules that hold inside this picture only, since a viewer puts many on one page."""
    rules = [rule for rule in style.replace("\n", "").split("}") if rule]
    return "".join(
        ",".join(f"#{uid} {part}" for part in rule.split("{")[0].split(",")) + "{" + rule.split("{")[1] + "}"
        for rule in rules
    )


def _wrapped(lines: list[str], width: int) -> list[str]:
    wrapped = []
    for line in lines:
        while len(line) > width:
            cut = line.rfind(" ", 40, width)
            cut = width if cut < 0 else cut
            wrapped.append(line[:cut])
            line = "    " + line[cut:].lstrip()
        wrapped.append(line)
    return wrapped
