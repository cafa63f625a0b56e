"""The graph as SVG: values going down in one hue, gradients coming back in another, and each factor on its edge."""

from __future__ import annotations

from ..grains import Link
from ..tape import Step, Value
from .layout import HEIGHT, WIDTH, Layout, arrange
from .numbers import key, short, title
from .stages import Scene

MOST_NODES = 60


def drawing(scene: Scene) -> dict:
    """What the SVG template needs: nodes, edges, size."""
    shown, pairs, layout, left_out = _arranged(scene)
    links: dict = {(link.output, link.input): link for link in scene.links}
    nodes = [_node(scene, value, layout) for value in shown]
    edges = [_edge(scene, pair, links.get(pair), layout) for pair in pairs]
    return {
        "nodes": nodes, "edges": edges, "width": round(layout.width), "height": round(layout.height), "left_out": left_out,
    }  # fmt: skip


def _arranged(scene: Scene) -> tuple[list[Value], list[tuple[Value, Value]], Layout, int]:
    """The values shown, the edges between them and their places: kept by program, the same drawing at every tick."""
    kept, key, values = scene.derivation.kept, ("graph", scene.grain), scene.tape.values
    if key not in kept:
        number = {value: i for i, value in enumerate(values)}
        shown = [value for value in scene.nodes if _belongs(scene, value)][:MOST_NODES]
        pairs = [(value, used) for value in shown for used in dict.fromkeys(scene.used_by(value)) if used in set(shown)]
        layout = arrange([value.label for value in shown], [(a.label, b.label) for a, b in pairs])
        left_out = len(scene.nodes) - len(shown) if len(scene.nodes) > MOST_NODES else 0
        kept[key] = ([number[v] for v in shown], [(number[a], number[b]) for a, b in pairs], layout, left_out)
    shown, pairs, layout, left_out = kept[key]
    return [values[i] for i in shown], [(values[a], values[b]) for a, b in pairs], layout, left_out


def _belongs(scene: Scene, value: Value) -> bool:
    """Leaves that only an unshown branch uses would float alone."""
    if isinstance(value, Step) or value is scene.tape.output:
        return True
    return (
        any(value in scene.used_by(other) for other in scene.nodes if isinstance(other, Step))
        or value.adjoint is not None
    )


def _node(scene: Scene, value: Value, layout: Layout) -> dict:
    x, y = layout.place[value.label]
    seen, back = scene.reached(value, "forward"), scene.reached(value, "backward")
    now = f"al-now al-{scene.stage.direction}" if scene.stage.value is value else ""
    return {
        "key": key(value, scene.tape), "x": round(x - WIDTH / 2, 1), "y": round(y - HEIGHT / 2, 1), "width": WIDTH, "height": HEIGHT,
        "title": _fit(title(value), 15), "value": _fit(short(value.value, 5), 11) if seen else "", "now": now,
        "grad": _fit(short(value.adjoint, 5), 11) if back and value.adjoint is not None else "",
        "leaf": not isinstance(value, Step), "full": title(value),
    }  # fmt: skip


def _edge(scene: Scene, pair: tuple[Value, Value], link: Link | None, layout: Layout) -> dict:
    output, used = pair
    points = layout.route[output.label, used.label]
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        middle = (y0 + y1) / 2
        path += (
            f" L{x1:.1f},{y1:.1f}" if x0 == x1 else f" C{x0:.1f},{middle:.1f} {x1:.1f},{middle:.1f} {x1:.1f},{y1:.1f}"
        )
    came = link is not None and scene.reached(output, "backward") and scene.reached(used, "backward")
    factor = _factor(link) if came and link is not None else ""
    (x0, y0), (x1, y1) = points[-2:]
    return {
        "path": path, "key": f"{key(output, scene.tape)} {key(used, scene.tape)}", "factor": factor,
        "x": round(x1 * 0.5 + x0 * 0.5, 1), "y": round(y1 * 0.5 + y0 * 0.5 + 4, 1), "back": came,
        "seen": scene.reached(output, "forward"),
        "now": scene.stage.direction == "backward" and scene.stage.value is used or scene.stage.direction == "forward" and scene.stage.value is output,
    }  # fmt: skip


def _factor(link: Link) -> str:
    """What the gradient is multiplied by on its way back along this edge."""
    if link.local is None:
        return "vᵀJ"
    return "×" + short(link.local, 4) if link.local.numel() == 1 else "× elementwise"


def _fit(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
