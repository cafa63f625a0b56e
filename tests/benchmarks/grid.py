"""What `al.compare` costs on a million points at once: time, memory, verdict, and the error at the worst point.

Every case runs in a process of its own, so that its peak of memory is its own too. Only prints; nothing can fail here.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import _common
import torch

import autograd_lessons as al

POINTS = 1_000_000


def sine(x):
    return torch.sin(x**2)


def sine_by_hand(x):
    return torch.cos(x**2) * 2 * x


def branches(x):
    return torch.relu(x) * x + torch.clamp(x, -1, 1)


CASES = {
    "sin(x²), float32": (sine, sine_by_hand, torch.float32),
    "sin(x²), float64": (sine, sine_by_hand, torch.float64),
    "relu(x)·x + clamp(x), float32": (branches, None, torch.float32),
}


def measure(case: str) -> str:
    """Run one case; what it took and what it found, in words."""
    function, manual, dtype = CASES[case]
    x = torch.linspace(-3, 3, POINTS, dtype=dtype)
    al.compare(function, manual=manual, x=x[:10])  # imports and formulas are not what is measured
    before, start = _peak(), time.perf_counter()
    comparison = al.compare(function, manual=manual, x=x)
    seconds = time.perf_counter() - start
    lines = [f"{case}: {seconds:.2f} s, peak {_peak():.0f} MB ({_peak() - before:.0f} MB more than before)"]
    lines += [f"  {comparison.verdict}"]
    for route, (absolute, relative, ulps) in comparison.error["x"].items():
        lines.append(f"  {route:17} worst point: absolute {absolute:.2g}, relative {relative:.2g}, {ulps:.3g} ulps")
    lines += [f"  {code} ({name}): {text}" for code, name, _, text in comparison.reasons]
    return "\n".join(lines)


def _peak() -> float:
    """The most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    print(_common.versions())
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        for report in pool.map(measure, CASES):
            print(report)


if __name__ == "__main__":
    main()
