"""What a run of 10,000 operations costs: to record it, to compare it, to see it, to step through it.

Five shapes of run, each in a process of its own, so that no cache of one helps another: a loop, a deep chain, a wide
sum, a network of many layers, and values used many times. Every time is that of the first such act, but for the step
and the tick, which are medians.

Exit status 1 if one of them is beyond its bound.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import _common
import torch

import autograd_lessons as al

BOUNDS = {
    "record": 3,
    "compare": 10,
    "view": 5,
    "HTML": 1,
    "step": 0.3,
    "tick": 10,
}  # CPU seconds; of the HTML megabytes. The view is all of `explore`, the run included
TICKS = 3


def loop(x, rounds: int = 2_500):
    total = 0 * x
    for _ in range(rounds):
        y = torch.sin(x)
        z = y * 0.01
        total = total + z
        x = x + 0.001
    return total


def chain(x, links: int = 10_000):
    for _ in range(links):
        x = torch.sin(x)
    return x


def wide(x, terms: int = 5_000):
    return sum(x * (i / terms) for i in range(terms))


def fan_out(x, uses: int = 3_333):
    y = torch.exp(x)
    loss = y
    for _ in range(uses):
        loss = loss + y * torch.cos(y)
    return loss


class Layers(torch.nn.Module):
    """Blocks of two linear layers each: 5,000 calls of layers, 10,000 operations."""

    def __init__(self, blocks: int = 1_111):
        super().__init__()
        torch.manual_seed(0)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(blocks))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x.sum()


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = torch.nn.Linear(2, 3), torch.nn.Linear(3, 2)

    def forward(self, x):
        h = torch.tanh(self.up(x))
        return x + 0.1 * torch.relu(self.down(h)) * torch.sigmoid(x) - 0.05 * x


RUNS: dict[str, tuple[Callable[[], Callable], object]] = {
    "loop": (lambda: loop, 1.0),
    "chain": (lambda: chain, 1.0),
    "wide": (lambda: wide, 1.0),
    "fan-out": (lambda: fan_out, 1.0),
    "layers": (Layers, [0.5, -0.5]),
}


def measured(name: str) -> dict[str, float]:
    make, start = RUNS[name]
    function = make()
    al.compare(lambda x: torch.sin(x**2), x=1.0)  # the imports are not what is measured
    al.explore(lambda x: torch.sin(x**2), x=1.0)
    found: dict[str, float] = {}

    def timed(what: str, act: Callable):
        begin = time.process_time()
        result = act()
        found[what] = time.process_time() - begin
        return result

    tape = timed("record", lambda: al.record(function, x=start))
    found["steps"] = len(tape.steps)
    timed("compare", lambda: repr(al.compare(function, x=start)))
    explorer = timed("view", lambda: al.explore(function, x=start))
    found["HTML"] = len(explorer.html.encode()) / 1e6
    steps, ticks = [], []
    for at in (2, 3, explorer.count // 2, explorer.count // 2 + 1, explorer.count - 1, explorer.count):
        begin = time.process_time()
        explorer.step = at
        steps.append(time.process_time() - begin)
        found["HTML"] = max(found["HTML"], len(explorer.html.encode()) / 1e6)
    found["step"] = statistics.median(steps)
    for tick in range(TICKS):
        moved = [value + 0.01 * (tick + 1) for value in start] if isinstance(start, list) else start + 0.01 * (tick + 1)
        begin = time.process_time()
        explorer.set(x=moved)
        ticks.append(time.process_time() - begin)
    found["tick"] = statistics.median(ticks)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="A run of 10,000 operations, recorded, compared and shown.")
    parser.add_argument("--only", choices=RUNS, help="measure this one, in this process")
    only = parser.parse_args().only
    if only:
        found = measured(only)
        late = [what for what, bound in BOUNDS.items() if found[what] > bound]
        print(f"{only:8} {found['steps']:6.0f} steps:", end="")
        print("".join(f"  {what} {found[what]:.2f} {'MB' if what == 'HTML' else 's'}" for what in BOUNDS), end="")
        print(f"  peak {found['memory']:.0f} MB  {'MISSED: ' + ', '.join(late) if late else 'within bounds'}")
        return int(bool(late))
    print(_common.versions())
    print("bounds: " + ", ".join(f"{what} {bound} {'MB' if what == 'HTML' else 's'}" for what, bound in BOUNDS.items()))
    return max([subprocess.run([sys.executable, __file__, "--only", name]).returncode for name in RUNS])


if __name__ == "__main__":
    raise SystemExit(main())
