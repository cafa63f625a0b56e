"""Causes that only another run can confirm: in double precision, at a point nearby, at both ends of the step h."""

from __future__ import annotations

import functools
import math

import mpmath
import torch

from ..derivation import Derivation
from ..inputs import Inputs
from ..run import run_again
from ..tape import Tape
from ..values import Step
from .disagreement import Cause, Disagreement, called

MOST_STEPS = 100_000  # to run again for a condition number
NUDGES = 1, -2, 4  # the inputs are moved by so many ε: a wave that is back where it was at one is not at all of them
_WELL_CONDITIONED = 1e3  # three lost digits are still called rounding


def precision(here: Disagreement) -> Cause | None:
    """`ill_conditioned` or `rounding`, where one of them explains how far the route is off."""
    comparison = here.comparison
    if not here.finite:
        return None
    if here.route == "manual" and _agrees_in_double(here) is False:  # the formula itself is off
        return None
    epsilon = torch.finfo(comparison.dtype).eps
    condition = condition_number(here)
    steps = len(here.tape.steps)
    if condition is not None and here.relative <= 8 * (condition + steps) * epsilon:
        if condition > _WELL_CONDITIONED:
            much = (
                f"about {condition:.1g} times as much" if condition < math.inf else "so much that no digit of it stays"
            )
            return "ill_conditioned", (
                f"the gradient is ill-conditioned here: when the inputs change by one part in 10ⁿ it changes {much}, "
                f"and {here.dtype} rounds every number by {epsilon:.1g} of itself"
            )
        return (
            "rounding",
            f"{here.dtype} rounds every step by {epsilon:.1g} of its value (off by {here.relative:.1g}); at 50 digits they agree",
        )
    if _agrees_in_double(here):
        return (
            "rounding",
            f"{here.dtype} carries {digits(comparison.dtype)} digits; in float64 the two agree (off by {here.relative:.1g} here)",
        )
    return None


@functools.cache
def digits(dtype: torch.dtype) -> int:
    """Decimal digits that always survive in this dtype."""
    return int(-mpmath.log10(torch.finfo(dtype).eps))


def _agrees_in_double(here: Disagreement) -> bool | None:
    """Whether the route is right in float64; None where that tells nothing: a number that was given is the same number there."""
    comparison = here.comparison
    if comparison.dtype == torch.float64 or comparison.in_double is None:
        return None
    value = comparison.in_double.gradients[here.name].get(here.route)
    double = None if value is None or value.numel() <= here.at else value.reshape(-1)[here.at].item()
    return None if double is None or double == here.got else math.isclose(double, here.want, rel_tol=1e-5)


def condition_number(here: Disagreement) -> float | None:
    """Σ over the inputs of |relative change of the gradient| / |relative change of the input|, from 50-digit values.

    None where it cannot be told, or where running it for each input would take too long.
    """
    comparison = here.comparison
    exact = comparison.exact_gradient(here.name, here.at)
    if exact is None or exact == 0:
        return None
    moving = [v for v in comparison.inputs.arguments.values() if isinstance(v, torch.Tensor) and v.is_floating_point()]
    if len(moving) * len(comparison.tape.steps) > MOST_STEPS:
        return None
    total = 0.0
    for key, value in comparison.inputs.arguments.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            epsilon = torch.finfo(value.dtype).eps
            moved = [_moved(here, key, value * (1 + times * epsilon), exact) for times in NUDGES]
            if None in moved:
                return None
            total += max(moved)  # pyright: ignore
    return total


def _moved(here: Disagreement, key: str, value: torch.Tensor, exact: mpmath.mpf) -> float | None:
    """How many times as far as an input the gradient moves, both relative; infinite where the smallest step takes half of it."""
    inputs = here.comparison.inputs
    before = inputs.arguments[key]
    nudge = ((value.double() - before.double()) / before.double()).abs().nan_to_num(0.0, 0.0)
    try:
        tape = run_again(here.tape.function, Inputs(inputs.arguments | {key: value}, inputs.wrt, inputs.dtype))
        there = Derivation(tape).reference(here.name, [here.at])
    except Exception:  # a neighbour of the point is outside the domain
        return None
    if there is None or not mpmath.isfinite(there[0]):
        return None
    if not nudge.numel() or not nudge.max():
        return 0.0
    moved, by = float(abs(there[0] - exact) / abs(exact)), nudge.max().item()
    return math.inf if moved >= 0.5 and by < 1.5 * torch.finfo(value.dtype).eps else moved / by


def another_way(here: Disagreement, h: float) -> Cause | None:
    """A step that takes another branch at x − h than at x + h, or code that runs other steps there."""
    below, above = _branches_at(here, -h), _branches_at(here, h)
    if below is None or above is None:
        return None
    apart = next((pair for pair in zip(below, above) if pair[0][1:] != pair[1][1:]), None)
    if apart is None and len(below) == len(above):
        return None
    where = "the code takes another way"
    if apart is not None and apart[0][1] == apart[1][1]:
        where = f"{called(apart[0][0])} takes another branch"
    return (
        "kink",
        f"between x − h and x + h (h = {h:.2g}) {where}: the difference mixes two slopes, the gradient has that of the point itself",
    )


def _branches_at(here: Disagreement, shift: float) -> list[tuple[Step, str, int]] | None:
    """Each step with its text and the branch that the element of interest took, when its input is shifted."""
    tape = shifted(here, shift)
    if tape is None:
        return None
    branches = Derivation(tape).branches
    return [(step, called(step), _at(branches.get(step), here.at)) for step in tape.steps]


def shifted(here: Disagreement, shift: float) -> Tape | None:
    """Another run, with the element of interest shifted; None outside the domain, where another cause tells."""
    inputs = here.comparison.inputs
    moved = inputs.arguments[here.name].clone().contiguous()
    moved.view(-1)[here.at] += shift
    try:
        return run_again(here.tape.function, Inputs(inputs.arguments | {here.name: moved}, inputs.wrt, inputs.dtype))
    except Exception:
        return None


def _at(taken, at: int) -> int:
    if taken is None:
        return 0
    flat = taken.reshape(-1)
    return int(flat[at if at < flat.size else 0]) if flat.size else 0
