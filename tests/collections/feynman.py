"""A published collection of formulas, from text through SymPy and PyTorch to every route of the gradient.

`python -m tests.collections.feynman` prints how many agree, and each that does not with its reason.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sympy as sp

import autograd_lessons as al
from autograd_lessons.formula import read

POINTS = 3  # for each formula
WITHIN = 1e-9
_PYTHON = {"arcsin": math.asin, "arccos": math.acos, "ln": math.log} | vars(math)


@dataclass
class Case:
    """One equation at one point."""

    number: str
    text: str
    point: dict[str, float]


@dataclass
class Outcome:
    agree: list[Case] = field(default_factory=list)
    differ: list[tuple[Case, str]] = field(default_factory=list)  # with the reason


def cases(points: int = POINTS) -> Iterator[Case]:
    """Every equation at random points of its ranges, the same ones each time."""
    for line in (Path(__file__).parent / "feynman.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        number, text, ranges = (part.strip() for part in line.split("|"))
        draw = random.Random(number)
        for _ in range(points):
            words = (one.split() for one in ranges.split(","))
            yield Case(
                number, text, {name: round(draw.uniform(float(low), float(high)), 6) for name, low, high in words}
            )


def run(points: int = POINTS) -> Outcome:
    outcome = Outcome()
    for case in cases(points):
        reason = difference(case)
        if reason:
            outcome.differ.append((case, reason))
        else:
            outcome.agree.append(case)
    return outcome


def difference(case: Case) -> str:
    """Why the routes do not agree at a point; empty where they do.

    The value is computed by Python from the text (its notation is Python's, but for ^); the manual route is what SymPy
    makes of the text alone, without any run.
    """
    formula = read(case.text, case.point)
    if set(formula.names) != set(case.point):
        return f"names: {formula.names}"
    true = eval(case.text.replace("^", "**"), {"__builtins__": {}}, _PYTHON | case.point)  # our own collection
    numbers = {sp.Symbol(name): sp.Rational(str(value)) for name, value in case.point.items()}
    by_sympy = float(formula.expression.subs(numbers).evalf(30))
    manual = {name: float(formula.expression.diff(sp.Symbol(name)).subs(numbers).evalf(30)) for name in case.point}
    comparison = al.compare(case.text, manual, inputs=case.point)
    by_torch = comparison.tape.output.value.item()
    for route, value in (("SymPy", by_sympy), ("torch", by_torch)):
        if not math.isclose(value, true, rel_tol=WITHIN):
            return f"value: {route} {value}, Python {true}"
    if not comparison.ok:
        return comparison.verdict
    if comparison.routes != ("manual", "sympy", "autograd", "finite_difference", "reference"):
        return f"routes: {comparison.routes}"
    off = [name for name in case.point if (bad := comparison.off_bound(name)) is not None and bad.any()]
    return f"finite difference off its bound for {off}" if off else ""


def main() -> None:
    outcome = run()
    numbers = {case.number for case in outcome.agree} - {case.number for case, _ in outcome.differ}
    every = numbers | {case.number for case, _ in outcome.differ}
    print(f"{len(numbers)} of {len(every)} equations agree in all routes at {POINTS} points each")
    for case, reason in outcome.differ:
        print(f"{case.number}: {case.text} at {case.point}: {reason}")


if __name__ == "__main__":
    main()
