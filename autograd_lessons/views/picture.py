"""The whole picture: live HTML for the explorer, and the still SVG twin that a saved notebook keeps."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from ..curves import Curve
from . import code, graph, ledger, plot, tables, terms, timeline
from .numbers import key
from .page import identity, sheets, still_style, style, templates, wrapped
from .stages import Scene
from .stencil import filled, rendered

_LATER = "Shown when the last step back has been predicted."
_WORDS = {"forward": "forward", "backward": "backward", "event": "a call"}


def html(scene: Scene, curve: Curve | None, uid: str, trouble: str = "") -> str:
    """What stands on the screen at this stage. `uid` is a CSS class that no other explorer on the page has."""
    drawn = _drawn(scene, curve)
    back = sum(stage.direction == "backward" for stage in scene.stages)
    ahead = len(scene.stages) - back
    forward = scene.stage.direction == "forward"
    where = f"forward {scene.at + 1} of {ahead}" if forward else f"backward {scene.at + 1 - ahead} of {back}"
    graphed = graph.drawing(scene)
    content = {
        "uid": uid, "style": sheets(), "links": Markup(_linked(scene, uid)),
        "code": code.html(scene), "graph": _graph_svg(scene, graphed, f"{uid}-{scene.at}"), "left_out": graphed["left_out"],
        "where": f"this step: {where}", "direction": scene.stage.direction, "term": terms.explained(scene),
        "curve": drawn and {part: drawn[part] for part in ("slope", "name", "at")}, "plot": plot.svg(drawn) if drawn else "",
        "table": None if scene.verdict is None else tables.rows(scene.verdict), "trouble": trouble if scene.is_whole else _LATER,
        "ledger": ledger.lines(scene), "at": scene.at,
        "no_curve": "" if curve else f"None for {len(scene.tape.steps):,} steps: it takes a run for each of its points.",
        "findings": [{"raised": found.raised, "lines": found.lines} for found in scene.findings],
    }  # fmt: skip
    return rendered(scene.kept, "picture.html", content)


def block(scene: Scene, uid: str) -> str:
    """What stands on the screen for a recorded block: the findings, code, graph and term, and the statements one by one."""
    graphed = graph.drawing(scene)
    direction, lives = scene.stage.direction, timeline.shown_lives(scene.tape)
    return templates().get_template("block.html").render(
        uid=uid, style=sheets(), links=Markup(_linked(scene, uid)),
        code=code.html(scene), graph=_graph_svg(scene, graphed, f"{uid}-{scene.at}"), left_out=graphed["left_out"],
        where=f"step {scene.at + 1} of {len(scene.stages)}: {_WORDS[direction]}", direction=direction, is_call=direction == "event", term=terms.explained(scene),
        tallest=graph.tallest(scene), findings=scene.findings, rows=timeline.rows(scene), lives=[f"{life.of.name}.grad" for life in lives], headings=[timeline.heading(scene.tape, life) for life in lives],
    )  # fmt: skip


def _drawn(scene: Scene, curve: Curve | None) -> dict | None:
    """The curve; its slope, which is a gradient, when that gives nothing away."""
    if curve is None:
        return None
    if scene.is_whole:
        return plot.drawing(curve, scene.output_label)
    return plot.drawing(replace(curve, slope=None), scene.output_label) | {"slope": "?"}


def _linked(scene: Scene, uid: str) -> str:
    """One rule for each step: what is under the pointer or has the focus lights everything that belongs to it."""
    kept, name = scene.kept, ("linked", scene.grain, scene.part)
    if kept.get(name, ("",))[0] != uid:
        rules = []
        for value in scene.nodes:
            here = f'[data-step~="{key(value, scene.tape)}"]'
            rules.append(
                f".{uid}:has({here}:is(:hover,:focus)) {here}:is(span,tr,p){{background:var(--al-glow)}}"
                f".{uid}:has({here}:is(:hover,:focus)) g{here}>rect{{fill:var(--al-glow)}}"
                f".{uid}:has({here}:is(:hover,:focus)) g{here}>path{{stroke-width:3.2}}"
            )
        kept[name] = uid, "".join(rules)
    return kept[name][1]


def _graph_svg(scene: Scene, graphed: dict, uid: str) -> Markup:
    nodes, edges = graphed["nodes"], graphed["edges"]
    texts = [uid, *graphed["values"], *graphed["grads"], *graphed["factors"]]

    def render(holes: list[str]) -> str:
        uid, rest, count = holes[0], holes[1:], len(nodes)
        frame = graphed | {
            "nodes": [n | {"value": v, "grad": g} for n, v, g in zip(nodes, rest[:count], rest[count : 2 * count])],
            "edges": [edge | {"factor": factor} for edge, factor in zip(edges, rest[2 * count :])],
        }
        label = f"graph of {', '.join(node['full'] for node in nodes)}"
        return templates().get_template("graph.svg").render(g=frame, uid=uid, label=label)

    shown = ("graph drawn", scene.grain, scene.part, scene.at, scene.is_asked, graphed["names"])
    return Markup(filled(scene.kept, shown, texts, render))


def trouble(source: str, inputs: str, error: BaseException, findings: tuple, uid: str) -> str:
    """What stands on the screen where the function raises, and why it does where the clinic knows it."""
    return templates().get_template("trouble.html").render(
        uid=uid, style=Markup(style("style.css")), code=source, inputs=inputs, kind=type(error).__name__, message=str(error), findings=findings,
    )  # fmt: skip


def nothing(uid: str) -> str:
    """What stands on the screen below a cell in which PyTorch had nothing to do."""
    return (
        templates().get_template("nothing.html").render(uid=uid, style=Markup(style("style.css")), text=ledger.NOTHING)
    )


def still(scene: Scene, curve: Curve | None) -> str:
    """One SVG with the code, the graph, the curve, all stages and the comparison, on a light card of its own."""
    rows = [line["text"] for line in code.lines(scene)] + [""]
    rows += [f"{'▸' if at == scene.at else ' '} {at + 1:2d}. {line}" for at, line in enumerate(ledger.lines(scene))]
    if scene.verdict is not None:
        rows += ["", *wrapped(repr(scene.verdict).splitlines(), 96)]
    rows += [line for finding in scene.findings for line in ["", *finding.lines]]
    return _still(scene, rows, curve)


def still_block(scene: Scene | None) -> str:
    """The same of a recorded block: what went wrong, the statements, the stages and the graph."""
    rows = [ledger.NOTHING] if scene is None else wrapped(ledger.block(scene).splitlines(), 96)
    return _still(scene, rows, None)


def _still(scene: Scene | None, rows: list[str], curve: Curve | None) -> str:
    graphed = graph.drawing(scene) if scene is not None else {"width": 0, "height": 0}
    drawn = None if scene is None else _drawn(scene, curve)
    left = max((len(row) for row in rows), default=0) * 7.3 + 36
    right = max(graphed["width"], drawn["width"] if drawn else 0)
    height = max(len(rows) * 16 + 36, graphed["height"] + (drawn["height"] + 16 if drawn else 0) + 32)
    uid = identity(rows, "" if scene is None else _graph_svg(scene, graphed, ""), drawn)
    return templates().get_template("still.svg").render(
        uid=uid, style=still_style(uid), rows=rows, left=round(left),
        width=round(left + right + 24), height=round(height), graph_height=graphed["height"], plot=plot.svg(drawn) if drawn else "",
        graph="" if scene is None else _graph_svg(scene, graphed, uid), label=rows[0] if scene is None else terms.sentence(scene),
    )  # fmt: skip
