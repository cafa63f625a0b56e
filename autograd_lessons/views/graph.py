"""The graph as SVG: values going down in one hue, gradients coming back in another, and each factor on its edge."""

from __future__ import annotations

from ..grains import Link, Stretch, used_by
from ..values import Step, Value
from .folding import MOST_NODES
from .layout import HEIGHT, WIDTH, Layout, arrange
from .numbers import key, short
from .stages import Scene

LABEL_WIDTH, LABEL_HEIGHT = 72, 10  # of a factor of ten letters, in pixels; a little less high than its line
LABEL_GAP = 8  # between an edge and its factor, and between that and the frame


def drawing(scene: Scene) -> dict:
    """What the SVG template needs: nodes and edges, which stay where they are from tick to tick, their texts, the size."""
    shown, pairs, layout, left_out = _arranged(scene)
    kept, names = scene.kept, tuple(value.name for value in shown)
    key = ("graph frame", scene.grain, scene.at, names)
    if key not in kept:
        places = _label_places([layout.route[output.label, used.label] for output, used in pairs])
        edges = [_edge(scene, pair, layout) | {"x": x, "y": y} for pair, (x, y) in zip(pairs, places)]
        width = max(layout.width, *(x + LABEL_WIDTH + LABEL_GAP for x, _ in places), 0)
        kept[key] = [_node(scene, value, layout) for value in shown], edges, round(width)
    links: dict = {(link.output, link.input): link for link in scene.links}
    nodes, edges, width = kept[key]
    return {
        "nodes": nodes, "values": [_value(scene, value) for value in shown], "grads": [_grad(scene, value) for value in shown],
        "edges": edges, "factors": [_factor(scene, pair, links.get(pair)) for pair in pairs],
        "width": width, "height": round(layout.height), "left_out": left_out, "names": names,
    }  # fmt: skip


def tallest(scene: Scene) -> int:
    """The height of the highest graph that any stage shows, in pixels."""
    parts = {}
    for at in range(len(scene.stages)):
        one = scene.moved(at)
        parts.setdefault(one.part, one)
    return round(max(_arranged(one)[2].height for one in parts.values()))


def _arranged(scene: Scene) -> tuple[list[Value], list[tuple[Value, Value]], Layout, int]:
    """The values shown, the edges between them and their places: kept by program, the same drawing at every tick."""
    kept, key, values = scene.kept, ("graph", scene.grain, scene.part), scene.tape.values
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
    now = f"al-now al-{scene.stage.direction}" if scene.stage.value is value else ""
    stretch, name = scene.behind(value), scene.title(value)
    title, told = (name, name) if stretch is None else (_closed_title(name, stretch), f"{name}, from {stretch.told}")
    return {
        "key": key(value, scene.tape), "x": round(x - WIDTH / 2, 1), "y": round(y - HEIGHT / 2, 1), "width": WIDTH, "height": HEIGHT,
        "title": _fit(title, 15), "now": now, "leaf": not isinstance(value, Step), "full": told, "closed": stretch is not None,
    }  # fmt: skip


def _closed_title(name: str, stretch: Stretch) -> str:
    return f"▸ {stretch.name}" if name.endswith(stretch.name) else f"{name} ▸ {stretch.name}"


def _value(scene: Scene, value: Value) -> str:
    """The value, once a stage has reached it."""
    return _fit(short(value.value, 5), 11) if scene.reached(value, "forward") else ""


def _grad(scene: Scene, value: Value) -> str:
    """The gradient, once a stage has brought it."""
    if scene.is_asked and scene.stage.value is value:
        return "?"
    grad = scene.gradient(value)
    return "" if grad is None else _fit(short(grad, 5), 11)


def _edge(scene: Scene, pair: tuple[Value, Value], layout: Layout) -> dict:
    output, used = pair
    points = layout.route[output.label, used.label]
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        middle = (y0 + y1) / 2
        path += (
            f" L{x1:.1f},{y1:.1f}" if x0 == x1 else f" C{x0:.1f},{middle:.1f} {x1:.1f},{middle:.1f} {x1:.1f},{y1:.1f}"
        )
    now = used if scene.stage.direction == "backward" else output
    return {
        "path": path, "key": f"{key(output, scene.tape)} {key(used, scene.tape)}",
        "seen": scene.reached(output, "forward"), "now": scene.stage.value is now, "cut": used.requires_grad and used not in used_by(scene.tape, scene.grain, output, whole=True),
    }  # fmt: skip


def _label_places(routes: list) -> list[tuple[float, float]]:
    """Where the factor of each edge stands: on its last piece, half way if nothing is there, else nearer to an end.

    Its text runs to the right, so that it lies above an edge that goes that way, and below one that goes to the left.
    """
    taken: list[tuple[float, float]] = []
    for points in routes:
        lift = max(-7, min(7, (points[-2][0] - points[-1][0]) / 6))
        on_edge = [_on_curve(points[-2], points[-1], along, lift) for along in (0.5, 0.25, 0.75)]
        free = (
            (x, y) for x, y in on_edge
            if not any(abs(x - other) < LABEL_WIDTH and abs(y - height) < LABEL_HEIGHT for other, height in taken)
        )  # fmt: skip
        taken.append(next(free, on_edge[0]))
    return [(round(x, 1), round(y + 4, 1)) for x, y in taken]


def _on_curve(start: tuple[float, float], end: tuple[float, float], along: float, lift: float) -> tuple[float, float]:
    """A point beside the curve between two points that leaves the one and comes to the other straight down."""
    (x0, y0), (x1, y1), back = start, end, 1 - along
    turned = along**2 * (3 - 2 * along)
    middle = 3 * along * back * (y0 + y1) / 2
    return x0 + (x1 - x0) * turned, back**3 * y0 + middle + along**3 * y1 + lift


def _factor(scene: Scene, pair: tuple[Value, Value], link: Link | None) -> str:
    """What the gradient is multiplied by on its way back along this edge, once it has come."""
    if link is None or scene.gradient(pair[0]) is None or scene.gradient(pair[1]) is None:
        return ""
    if link.local is None:
        return "vᵀJ"
    factor = "×" + short(link.local, 4)
    return factor if link.local.numel() == 1 else _fit(factor, 10)


def _fit(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
