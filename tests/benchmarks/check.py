"""How long `check` takes: right, wrong by one slip, by two, and wrong in a way that has no name; nothing is kept between calls.

For a lesson with single numbers, for a loss of a vector of 100, and for a run of 1,500 steps. Not counted: importing SymPy. Before each call
everything that the package keeps is thrown away, so that each is a learner's first. Exit status 1 if the slowest of
the medians is above what was asked for.
"""

from __future__ import annotations

import argparse
import statistics
import time

import _common
import torch

import autograd_lessons as al
from autograd_lessons import inputs, plan, programs, written

SCALAR, VECTOR, LONG = 100, 500, 1_000  # milliseconds


def vector_loss(w, x, y):
    z = x @ w
    p = torch.sigmoid(z)
    loss = ((p - y) ** 2).mean()
    return loss


def scaled_squares(x):
    y = 3 * x**2
    loss = torch.log(y.sum())
    return loss


def long_run(x):
    y = x
    for _ in range(500):
        y = torch.sin(y) * 1.01 + 0.1
    return y


_rows = torch.linspace(-1, 1, 2000, dtype=torch.float64).reshape(20, 100).sin()
_vector = {
    "w": torch.linspace(-0.3, 0.4, 100, dtype=torch.float64),
    "x": _rows,
    "y": torch.linspace(0, 1, 20, dtype=torch.float64),
}
_hundred = {"x": torch.linspace(0.5, 2.5, 100, dtype=torch.float64)}
_sine, _bce = al.lessons.sine_of_square, al.lessons.logistic_naive

CASES = {
    "sin x²": (SCALAR, _sine.function, {"x": 4.0}, {
        "right": lambda x: 2 * x * torch.cos(x**2),
        "one slip": lambda x: torch.cos(x**2),
        "two slips": lambda x: -torch.cos(x**2),
        "no slip": lambda x: torch.cos(x**2) * 1.234 + 0.1,
    }),
    "logistic loss": (SCALAR, _bce.function, {**_bce.inputs, "wrt": "w"}, {
        "right": {"w": lambda y_pred, y, x: (y_pred - y) * x},
        "one slip": {"w": lambda y_pred, y: y_pred - y},
        "two slips": {"w": lambda y_pred, y: y - y_pred},
        "no slip": {"w": lambda y_pred, y, x: (y_pred - y) * x * 1.234 + 0.1},
    }),
    "log Σ 3x², 100": (VECTOR, scaled_squares, _hundred, {
        "right": lambda x: 2 * x / (x**2).sum(),
        "one slip": lambda x: 6 * x,
        "two slips": lambda x: -x / (x**2).sum(),
        "no slip": lambda x: 2 * x / (x**2).sum() + 0.1,
    }),
    "20 rows of 100": (VECTOR, vector_loss, {**_vector, "wrt": "w"}, {
        "right": lambda x, p, y: 2 * x.T @ ((p - y) * p * (1 - p)) / 20,
        "one slip": lambda x, p, y: 2 * x.T @ (p - y) / 20,
        "two slips": lambda x, p, y: -2 * x.T @ (p - y) / 20,
        "no slip": lambda x, p, y: x.T @ ((p - y) ** 3) + 0.1,
    }),
    "1,500 steps": (LONG, long_run, {}, {
        "one slip": lambda x: torch.cos(x),
        "no slip": lambda x: 0.123 * x,
    }),
}  # fmt: skip


def forget() -> None:
    """Throw away what the package keeps between calls."""
    programs._programs.clear()
    plan._plans.clear()
    inputs._read_parameters.cache_clear()
    written._asked_by.cache_clear()


def milliseconds(answer, function, given) -> float:
    forget()
    start = time.perf_counter()
    feedback = al.check(answer, function, **given)
    repr(feedback)
    return 1000 * (time.perf_counter() - start)


def main() -> int:
    parser = argparse.ArgumentParser(description="How long check takes.")
    parser.add_argument("--rounds", type=int, default=15, help="calls of each kind (15)")
    rounds = parser.parse_args().rounds
    print(_common.versions())
    print(f"{'function':16} {'answer':10} {'median':>8} {'90 %':>8} {'allowed':>8}   named")
    missed = False
    for name, (allowed, function, given, answers) in CASES.items():
        for kind, answer in answers.items():
            milliseconds(answer, function, given)  # what torch loads on its first call is not the package's
            times = sorted(milliseconds(answer, function, given) for _ in range(rounds))
            said = al.check(answer, function, **given)
            median = statistics.median(times)
            missed = missed or median > allowed
            told = "right" if said.correct else said.mistake or "–"
            print(f"{name:16} {kind:10} {median:6.0f} ms {times[int(0.9 * rounds)]:5.0f} ms {allowed:5} ms   {told}")
    print(f"goal: {'MISSED' if missed else 'reached'}")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
