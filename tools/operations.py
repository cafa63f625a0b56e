"""Write docs/operations.md: every operation with a rule, its formula and derivatives on each branch, and what has none.

python tools/operations.py           write the page
python tools/operations.py --check   exit 1 if the page is not what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "operations.md"
sys.path.insert(0, str(ROOT))

from tools.pages import cell, code, write_or_check  # noqa: E402

INTRODUCTION = """# Operations and their rules

What each operation of PyTorch is in SymPy, on the branch that a run takes, and its derivative as the package shows it. At a
kink, a pole or a limit the row says what PyTorch's slope is there; that was measured, and the rule follows it.

This page is made by `make docs` from `tests/operation_cases.py`. For each row the tests compare, in float64, at {points}
random points and at every kink: PyTorch's value and gradients with SymPy's numbers, with the same rule at 50 digits, and,
independently of both, with mpmath's own functions and mpmath's own numerical derivative. They agree to 1e-9.

PyTorch {version} lists {found} differentiable pointwise operations: those tagged `pointwise` in its `native_functions.yaml` that
have a derivative in its `derivatives.yaml` or are made of operations that have one, with all of `torch.special` and the
activations of `torch.nn`. **With a rule: {ruled}. Without, for a reason: {without}. Wrong: {wrong}.**
"""


ARRAYS = """## Operations on whole arrays

Shown on small arrays; where the result is an array, the derivative is that of the sum of its elements. In float64, at random points
of several shapes, in each way of calling, and at every kink and tie, the tests compare PyTorch's gradients with SymPy's numbers
and with the rule at 50 digits, to 1e-9. What the recorded numbers decide (which element is the largest) is part of the
formula and stands beside it.

Determinants have a rule for at most {det} rows, inverses and solutions for {inverse}, Cholesky's factor for {cholesky}, powers of
a matrix for {power}; products for at most {factors} factors; `softmax`, `norm` and the rest for arrays of at most 36 elements. Eigenvalues,
singular values, and the norms made of them have no closed form, and no rule.

**These only move elements**: each element of the result is one of the operands' elements, with the derivative 1, or a number of
the call's own: {moves}.
"""


def page(complaints: Callable[[Any], list[str]] | None = None) -> str:
    from tests import pytorch_operations
    from tests.operation_cases import CASES, POINTS, SECTIONS, WITHOUT, called
    from tests.operation_checks import complaints as find

    absent = pytorch_operations.missing()
    if absent:
        raise SystemExit(f"docs/operations.md cannot be written here. {absent}.")
    listed = pytorch_operations.operations()
    wrong = {name for case in CASES if (complaints or find)(case) for name in called(case)} & set(listed)
    ruled = {name for case in CASES for name in called(case)} & set(listed)
    parts = [
        INTRODUCTION.format(
            points=POINTS, version=torch.__version__.split("+")[0], found=len(listed), ruled=len(ruled),
            without=len(set(listed) & set(WITHOUT)), wrong=len(wrong),
        )
    ]  # fmt: skip
    for title, cases in SECTIONS.items():
        parts += [f"## {title}", "", "| operation | when | value | derivative |", "| --- | --- | --- | --- |"]
        parts += [f"| {' | '.join(row)} |" for case in cases for row in rows(case)]
        parts += ["", *(f"`{case.code}` agrees to {case.tolerance:g}: {case.why}." for case in cases if case.why), ""]
    parts += ["## Without a rule", "", "| operation | why |", "| --- | --- |"]
    parts += [f"| `torch.{name}` | {why} |" for name, why in sorted(WITHOUT.items())]
    parts += ["", *array_parts()]
    return "\n".join(parts).rstrip() + "\n"


def array_parts() -> Iterator[str]:
    """The operations on whole arrays: what moves elements in one list, and the rest by small examples."""
    from autograd_lessons.calls import public_name
    from autograd_lessons.rules import MOVES
    from autograd_lessons.rules.linear_algebra import MOST_ROWS
    from autograd_lessons.rules.reductions import MOST_FACTORS
    from tests.array_cases import SECTIONS

    moves = ", ".join(f"`{public_name(op).removeprefix('torch.')}`" for op in sorted(MOVES))
    yield ARRAYS.format(moves=moves, factors=MOST_FACTORS, **MOST_ROWS)
    for title, cases in SECTIONS.items():
        yield f"### {title}\n\n| operation | when | value | derivative |\n| --- | --- | --- | --- |"
        for case in cases:
            yield from (f"| {' | '.join(row)} |" for row in array_rows(case))
        yield ""


def array_rows(case: Any) -> Iterator[tuple[str, str, str, str]]:
    """One row for each of the case's points."""
    import autograd_lessons as al
    from autograd_lessons.formulas import nested, plain
    from autograd_lessons.notation import text

    operation = code(case.code)
    for point in case.points:
        function = eval(f"lambda {', '.join(point)}: ({case.code}).sum()", {"torch": torch, "F": torch.nn.functional})
        derivation = al.derive(function, inputs=point, wrt=case.wrt or None)
        last, program = derivation.tape.steps[-1].inputs[0], derivation._programs.first
        made = program.compose(derivation.tape.values.index(last), frozenset())
        assert made is not None
        value = text(nested([plain(element) for element in made.reshape(-1)], made.shape))
        slopes = [f"∂/∂{name}: {code(text(derivation.gradient[name]))}" for name in derivation.gradient]
        derivative = "<br>".join(slopes) if len(point) > 1 else slopes[0].partition(": ")[2]
        yield operation, cell("; ".join(derivation.conditions)), code(value), derivative
        operation = ""


def rows(case: Any) -> Iterator[tuple[str, str, str, str]]:
    """One row for each branch that the case's points take."""
    from tests.operation_checks import derived

    operation = ", ".join(
        [
            code(case.code),
            *(f"also {code(case.also[0])}" if i == 0 else code(way) for i, way in enumerate(case.also)),
        ]
    )
    seen: set[tuple[str, ...]] = set()
    for point in one_on_each_branch(case):
        tries = (derived(case, at=point, seed=seed) for seed in range(20))  # the branch of dropout is drawn
        derivation = next(made for made in tries if made.conditions not in seen)
        seen.add(derivation.conditions)
        value = derivation.text_value(derivation.tape.steps[-1].label, "variables") or "…"
        slopes = [f"∂/∂{name}: {code(derivation.text(name))}" for name in case.wrt]
        when = "; ".join(derivation.conditions)
        yield (
            operation,
            cell(when),
            code(value),
            "<br>".join(slopes if len(case.ranges) > 1 else [slopes[0].partition(": ")[2]]),
        )
        operation = ""


def one_on_each_branch(case: Any) -> list[tuple[float, ...]]:
    """For each combination of branches a point that takes it: a kink between its two sides."""
    from tests.operation_checks import derived

    points = [tuple(some[i % len(some)] for some in case.points().values()) for i in range(_count(case))]
    branches = [taken.reshape(-1).tolist() for taken in derived(case).branches.values()]
    found = {
        tuple(taken[i % len(taken)] for taken in branches): point for i, point in reversed(list(enumerate(points)))
    }
    return [point for _, point in sorted(found.items())]


def _count(case: Any) -> int:
    return max(map(len, case.points().values()))


def main() -> int:
    return write_or_check(page(), PAGE, __doc__)


if __name__ == "__main__":
    raise SystemExit(main())
