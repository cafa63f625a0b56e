"""Where the graph's nodes and edges go: in layers from the inputs down, long edges bent around the nodes between.

Sugiyama's method in its smallest form: longest-path layers, a place held on each layer that an edge crosses, and a few
sweeps that put every node near the mean of its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

WIDTH, HEIGHT, GAP_X, GAP_Y = 124, 46, 12, 44  # of a node and between nodes, in pixels
LANE = 14  # the width of a place that an edge passes through


@dataclass
class Layout:
    """`place[node]` is the centre of a node; `route[output, input]` the points of an edge, from the input to the output."""

    width: float = 0
    height: float = 0
    place: dict = field(default_factory=dict)
    route: dict = field(default_factory=dict)


def arrange(nodes: list, edges: list[tuple]) -> Layout:
    """`nodes` in forward order; `edges` as (output, input)."""
    below = defaultdict(list)
    for output, used in edges:
        below[output].append(used)
    layer: dict = {}
    for node in nodes:
        layer[node] = max((layer[used] + 1 for used in below[node] if used in layer), default=0)
    users = defaultdict(list)
    for output, used in edges:
        users[used].append(output)
    for node in reversed(nodes):  # an input stands just above its first use
        if not below[node] and users[node]:
            layer[node] = min(layer[user] for user in users[node]) - 1
    rows: list[list] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for node in nodes:
        rows[layer[node]].append(node)
    chains = {}
    for output, used in edges:
        held = [("lane", output, used, level) for level in range(layer[used] + 1, layer[output])]
        for lane in held:
            rows[lane[3]].append(lane)
        chains[output, used] = [used, *held, output]
    _untangle(rows, chains)
    return _place(rows, chains)


def _untangle(rows: list[list], chains: dict) -> None:
    up, down = defaultdict(list), defaultdict(list)
    for chain in chains.values():
        for above, under in zip(chain, chain[1:]):
            up[under].append(above)
            down[above].append(under)
    for sweep in range(8):
        order = {item: place for row in rows for place, item in enumerate(row)}
        near = up if sweep % 2 == 0 else down
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            row.sort(key=lambda item: _mean([order[other] for other in near[item]], order[item]))
            order.update({item: place for place, item in enumerate(row)})


def _mean(numbers: list, otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _settle(row: list, wanted: dict, size, x: dict) -> None:
    """Every item as near as can be to where it wants to be, in order and without overlap (pool adjacent violators)."""
    offset, offsets = 0.0, []
    for left, right in zip([None, *row], row):
        offset += 0 if left is None else (size(left) + size(right)) / 2 + GAP_X
        offsets.append(offset)
    pools: list[list[float]] = []  # (sum of wishes, count)
    for item, shift in zip(row, offsets):
        pools.append([wanted[item] - shift, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            wish, count = pools.pop()
            pools[-1][0] += wish
            pools[-1][1] += count
    means = [wish / count for wish, count in pools for _ in range(int(count))]
    for item, shift, mean in zip(row, offsets, means):
        x[item] = mean + shift


def _place(rows: list[list], chains: dict) -> Layout:
    def size(item) -> float:
        return LANE if isinstance(item, tuple) else WIDTH

    x: dict = {}
    widest = max(sum(size(item) + GAP_X for item in row) for row in rows) if rows else 0
    for row in rows:
        at = (widest - sum(size(item) + GAP_X for item in row)) / 2 + GAP_X / 2
        for item in row:
            x[item] = at + size(item) / 2
            at += size(item) + GAP_X
    neighbours = defaultdict(list)
    for chain in chains.values():
        for one, other in zip(chain, chain[1:]):
            neighbours[one].append(other)
            neighbours[other].append(one)
    for _ in range(12):
        for row in rows:
            _settle(row, {item: _mean([x[other] for other in neighbours[item]], x[item]) for item in row}, size, x)
    low = min((x[item] - size(item) / 2 for row in rows for item in row), default=0)
    high = max((x[item] + size(item) / 2 for row in rows for item in row), default=0)
    layout = Layout(width=high - low + 2 * GAP_X, height=len(rows) * (HEIGHT + GAP_Y) - GAP_Y + 16)
    y = {item: 8 + HEIGHT / 2 + level * (HEIGHT + GAP_Y) for level, row in enumerate(rows) for item in row}
    for row in rows:
        for item in row:
            x[item] += GAP_X - low
            if not isinstance(item, tuple):
                layout.place[item] = (x[item], y[item])
    for pair, chain in chains.items():
        points = [(x[chain[0]], y[chain[0]] + HEIGHT / 2)]
        for lane in chain[1:-1]:
            points += [(x[lane], y[lane] - HEIGHT / 2), (x[lane], y[lane] + HEIGHT / 2)]
        layout.route[pair] = [*points, (x[chain[-1]], y[chain[-1]] - HEIGHT / 2)]
    return layout
