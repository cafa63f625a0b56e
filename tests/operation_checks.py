"""Hold one case's rule against autograd, against 50 digits and against mpmath, and say what does not agree."""

from __future__ import annotations

import math
from collections.abc import Iterator

import mpmath
import torch

import autograd_lessons as al
from autograd_lessons.derivation import Derivation
from autograd_lessons.rules import BRANCHES
from autograd_lessons.values import Step

from .operation_cases import POINTS, Case

REFERENCES = 24  # of the random points so many are also computed to 50 digits, and all of `at`
NEAR_ZERO = 1e-14
MPMATH = {name: getattr(mpmath, name) for name in dir(mpmath) if not name.startswith("_")}


def derived(case: Case, code: str | None = None, at: tuple[float, ...] | None = None, seed: int = 0) -> Derivation:
    """The operation at all points of the case in one call, or at one point."""
    given = case.points() if at is None else {name: number for name, number in zip(case.ranges, at)}
    inputs = {
        name: torch.tensor(number, dtype=torch.float64, requires_grad=name in case.wrt)
        for name, number in given.items()
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return al.derive(case.function(code), inputs=inputs)


def complaints(case: Case) -> list[str]:
    """What is wrong with the rule of this case: an empty list if nothing is."""
    return [*_on_all_points(case), *_at_each_point(case), *_other_ways(case)]


def branches_met(case: Case) -> dict[str, set[int]]:
    """By operation: the branches that some point of the case takes."""
    met: dict[str, set[int]] = {}
    for code in (case.code, *case.also):
        for step, taken in derived(case, code).branches.items():
            met.setdefault(step.op.rstrip("_"), set()).update(taken.reshape(-1).tolist())
    return met


def branches_of(op: str) -> set[int]:
    return set(range(len(BRANCHES[op].says))) if op in BRANCHES else set()


# ---------------------------------------------------------------- all points in one call: NumPy's numbers
def _on_all_points(case: Case) -> Iterator[str]:
    derivation = derived(case)
    if derivation.obstacle:
        yield derivation.obstacle
        return
    points, output = case.points(), derivation.tape.output
    assert isinstance(output, Step)
    count = max(map(len, points.values()))
    chosen = [*range(REFERENCES), *range(POINTS, count)]
    yield from _compared("value", output.value, chosen, derivation.exact(output, chosen), case.tolerance)
    for name in case.wrt:
        autograd = derivation.tape.inputs[name].adjoint
        assert autograd is not None
        yield from _compared(
            f"∂/∂{name}, SymPy", autograd, range(autograd.numel()), derivation.numbers[name], case.tolerance
        )
        if name not in case.single:
            reference = derivation.reference(name, chosen)
            yield from _compared(f"∂/∂{name}, 50 digits", autograd, chosen, reference, case.tolerance)
    if case.value is not None:
        yield from _independent(case, output.value, {n: derivation.tape.inputs[n].adjoint for n in case.wrt})


def _independent(case: Case, values: torch.Tensor, adjoints: dict) -> Iterator[str]:
    """mpmath's own value, and its own numerical derivative of it, at the random points."""
    code = compile(case.value or "", "<the value in mpmath>", "eval")
    points = case.points()

    def value(*numbers):
        return eval(code, MPMATH | dict(zip(points, numbers)))

    with mpmath.workdps(40):
        for i in range(REFERENCES):
            there = [mpmath.mpf(some[i % len(some)]) for some in points.values()]
            yield from _compared("value, mpmath", values, [i], [mpmath.re(value(*there))], case.tolerance)
            for place, name in enumerate(points):
                if name in case.wrt and name not in case.single:
                    slope = mpmath.diff(
                        lambda t: value(*there[:place], t, *there[place + 1 :]), there[place], h=mpmath.mpf(10) ** -15
                    )
                    yield from _compared(f"∂/∂{name}, mpmath", adjoints[name], [i], [slope], case.tolerance)


# ---------------------------------------------------------------- one point at a time: SymPy's numbers in mpmath
def _at_each_point(case: Case) -> Iterator[str]:
    points = case.points()
    first = [tuple(some[i % len(some)] for some in points.values()) for i in range(2)]
    for point in (*first, *case.at):
        derivation = derived(case, at=point)
        output = derivation.tape.output
        assert isinstance(output, Step)
        yield from _compared(f"value at {point}", output.value, [0], derivation.exact(output), case.tolerance)
        for name in case.wrt:
            autograd, found = derivation.tape.inputs[name].adjoint, derivation.numbers[name]
            yield from _compared(f"∂/∂{name} at {point}, SymPy", autograd, [0], found.reshape(-1), case.tolerance)
            reference = derivation.reference(name)
            yield from _compared(f"∂/∂{name} at {point}, 50 digits", autograd, [0], reference, case.tolerance)


def _other_ways(case: Case) -> Iterator[str]:
    """Whatever way the same is written, PyTorch's numbers are the same, and so is the formula."""
    wanted = derived(case)
    for code in case.also:
        found = derived(case, code)
        if found.obstacle:
            yield f"{code}: {found.obstacle}"
            continue
        for name in case.wrt:
            adjoints = wanted.tape.inputs[name].adjoint, found.tape.inputs[name].adjoint
            yield from _compared(f"{code}, ∂/∂{name}", adjoints[0], range(adjoints[0].numel()), adjoints[1], 1e-14)
            yield from _compared(
                f"{code}, ∂/∂{name}, SymPy",
                adjoints[0],
                range(adjoints[0].numel()),
                found.numbers[name],
                case.tolerance,
            )


def _compared(what: str, true, where, found, tolerance: float) -> Iterator[str]:
    if found is None:
        yield f"{what}: none"
        return
    flat = true.detach().reshape(-1)
    numbers = found.reshape(-1).tolist() if isinstance(found, torch.Tensor) else [float(number) for number in found]
    for i, number in zip(where, numbers):
        if not _same(flat[i].item(), number, tolerance):
            yield f"{what}, point {i}: PyTorch {flat[i].item()!r}, here {number!r}"
            return


def _same(one: float, other: float, tolerance: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=NEAR_ZERO)
