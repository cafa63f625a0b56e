"""What recording a training loop costs: 1,000 steps of a small network, plain and under `%%autograd -q`, time and memory.

Plain and recorded loops run in turn in this process, each after a warm-up, on one thread; the median of each is
compared. Peak memory is measured in processes of their own, above what the imports take.

Exit status 1 if the recorded loop takes more than 8 times as long as the plain one.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time

import _common
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

STEPS = 1_000
MOST, AIM = 8, 4
SET_UP = """
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
inputs = torch.randn(64, 8)
targets = inputs.sum(1, keepdim=True)
optimizer = torch.optim.{optimizer}(model.parameters(), lr=0.01)
"""
LOOP = f"""
for step in range({STEPS}):
    prediction = model(inputs)
    loss = ((prediction - targets) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def notebook() -> InteractiveShell:
    torch.set_num_threads(1)
    shell = InteractiveShell.instance(config=Config(HistoryManager=Config(enabled=False)))
    shell.run_cell("%load_ext autograd_lessons")
    return shell


def seconds(shell: InteractiveShell, optimizer: str, recorded: bool) -> float:
    shell.run_cell(SET_UP.format(optimizer=optimizer))
    cell = ("%%autograd -q tape\n" if recorded else "") + LOOP
    start = time.perf_counter()
    shell.run_cell(cell).raise_error()
    return time.perf_counter() - start


def peak(recorded: bool) -> float:
    """MB that one loop adds to the most this process ever held: only right in a process of its own."""
    shell = notebook()
    shell.run_cell(SET_UP.format(optimizer="Adam") + "\nmodel(inputs).sum().backward()")
    shell.run_cell("%%autograd -q\nmodel(inputs).sum().backward()")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shell.run_cell(("%%autograd -q tape\n" if recorded else "") + LOOP).raise_error()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> int:
    parser = argparse.ArgumentParser(description="A recorded training loop beside the plain one.")
    parser.add_argument("--rounds", type=int, default=5, help="loops of each kind (5)")
    parser.add_argument("--peak", choices=("plain", "recorded"), help="only print the MB that one such loop takes")
    options = parser.parse_args()
    if options.peak:
        print(peak(options.peak == "recorded"))
        return 0
    rounds = options.rounds
    print(_common.versions())
    shell, worst = notebook(), 0.0
    for optimizer in ("SGD", "Adam"):
        taken: dict[bool, list[float]] = {False: [], True: []}
        for round_ in range(rounds + 1):
            for recorded in (False, True):
                spent = seconds(shell, optimizer, recorded)
                if round_:  # the first of each warms up
                    taken[recorded].append(spent)
        plain, ours = statistics.median(taken[False]), statistics.median(taken[True])
        worst = max(worst, ours / plain)
        print(f"{optimizer:5} {STEPS} steps: plain {plain:.3f} s, recorded {ours:.3f} s, {ours / plain:.2f} times")
    tape = shell.user_ns["tape"]
    print(f"kept: {len(tape.steps)} steps, {len(tape.passes)} passes; folded: {tape.folded} passes")
    plain, ours = (
        float(
            subprocess.run(
                [sys.executable, __file__, "--peak", kind], capture_output=True, text=True, check=True
            ).stdout
        )
        for kind in ("plain", "recorded")
    )
    print(f"peak memory of the loop: plain {plain:.1f} MB, recorded {ours:.1f} MB more than before it")
    verdict = "aim reached" if worst <= AIM else "bound kept" if worst <= MOST else "MISSED"
    print(f"aim: at most {AIM} times, never more than {MOST} — {verdict}")
    return int(worst > MOST)


if __name__ == "__main__":
    raise SystemExit(main())
