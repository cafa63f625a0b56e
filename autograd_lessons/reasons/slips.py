"""Causes in the hand-written gradient: a wrong factor of the chain, one that is missing, an arithmetic error, other shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from ..grains import GRAINS, links
from ..inputs import Inputs
from ..manual import Factor, leads
from ..replay import repeated
from ..rules import LOSSES
from ..values import Step
from .causes import clamp, saturation
from .disagreement import Cause, Disagreement, bad_or_first, called
from .variation import explains, varied

if TYPE_CHECKING:
    from ..comparison import Comparison


def chain(here: Disagreement) -> Cause | None:
    """A factor of the hand-written chain that is wrong, or not there."""
    comparison = here.comparison
    wrong = [factor for factor in comparison.wrong_factors if leads(here.tape, factor.input, here.name)]
    if wrong:
        factors = [factor for factor in comparison.hand.factors if leads(here.tape, factor.input, here.name)]
        right = [f.key for f in factors if not any(f is w for w in wrong)]
        tail = f"; {', '.join(right)} {'is' if len(right) == 1 else 'are'} right" if right else ""
        first, *others = (_about(here, factor) for factor in wrong)
        return first[0], "; ".join(dict.fromkeys([first[1], *(text for _, text in others)])) + tail
    missing = comparison.hand.missing.get(here.name)
    return ("missing_factor", f"the chain lacks {', '.join(missing)}") if missing else None


def _about(here: Disagreement, factor: Factor) -> Cause:
    assert factor.true is not None
    given, true = bad_or_first(factor.given), bad_or_first(factor.true)
    if factor.given.shape != factor.true.shape:
        return "shape", f"{factor.key} is {shape(factor.given)} and should be {shape(factor.true)}"
    if abs(given) < float("inf") and (cut := clamp(here)):
        return cut
    if not (abs(given) < float("inf") and abs(true) < float("inf")) and (lost := saturation(here)):
        return lost[0], f"{lost[1]}; {factor.key} is {given:g}"
    at = int((factor.given - factor.true).abs().nan_to_num(torch.inf).reshape(-1).argmax())
    given, true = factor.given.reshape(-1)[at].item(), factor.true.reshape(-1)[at].item()
    return "wrong", f"{factor.key} is wrong: {given:.9g} instead of {true:.9g}"


def misshapen(comparison: Comparison, name: str, route: str, best: str) -> Cause | None:
    """An answer of another shape than the input's: of the routes only one by hand can be that."""
    value, true = comparison.gradients[name][route], comparison.gradients[name][best]
    if value is None or true is None or value.shape == true.shape:
        return None
    return "shape", (
        f"the manual gradient is {shape(value)} and {name} is {shape(true)}: a gradient has the shape of its "
        "input, and a number that broadcasts to it is not that gradient"
    )


def arithmetic_error(here: Disagreement) -> Cause | None:
    """The formula raised, say, ZeroDivisionError at this point."""
    note = here.comparison.hand.notes.get(here.name)
    return ("nonfinite", f"the hand-written formula raised {note} here") if note else None


def broadcast(here: Disagreement) -> Cause | None:
    """(n, 1) and (n,) paired to (n, n) on the way to a loss: the formula is right for the shapes that were meant."""
    paired = [step for step in here.tape.steps if step.requires_grad and column_and_row(step) is not None]
    if not paired or not explains(here, varied(here.tape, here.name, as_meant)):
        return None
    one, other = column_and_row(paired[0])  # pyright: ignore
    made = tuple(torch.broadcast_shapes(one, other))
    return "shape", (
        f"{called(paired[0])} pairs {one} with {other} and makes {made}, each element of one with every element of the "
        "other; for equal shapes the manual gradient is right"
    )


def as_meant(step: Step, tensors: list[torch.Tensor]) -> torch.Tensor:
    """A step that pairs (n, 1) with (n,) as if both were (n,)."""
    made = repeated(step.call, [t.reshape(-1) for t in tensors] if column_and_row(step) is not None else tensors)
    return made if step.requires_grad else made.detach()


def column_and_row(step: Step) -> tuple[tuple, tuple] | None:
    """The shapes of the two operands of an elementwise step, where they are (n, 1) and (n,) or the other way round."""
    shapes = [tuple(used.value.shape) for used in step.inputs if isinstance(used.value, torch.Tensor)]
    if len(shapes) != 2 or not (step.pointwise or step.op in LOSSES):
        return None
    row, column = sorted(shapes, key=len)
    return (shapes[0], shapes[1]) if len(row) == 1 and row[0] > 1 and column == (*row, 1) else None


def missing_factor(here: Disagreement) -> Cause | None:
    """A local derivative that, multiplied in, makes the answer right: here, and at a second point so that it is no accident."""
    comparison = here.comparison
    there = None
    for key, (factor, shown) in _factors(comparison).items():
        if not _mends(comparison, here.name, factor):
            continue
        there = there or _further_on(comparison)
        second = None if there is None else _factors(there).get(key)
        if there is not None and second is not None and _mends(there, here.name, second[0]):
            return "missing_factor", f"the factor ∂{key[0]}/∂{key[1]} = {shown} is missing"
    return None


def _factors(comparison) -> dict[tuple[str, str], tuple[torch.Tensor, str]]:
    """Every local derivative of the run, with its formula and number."""
    found = {}
    for grain, link in _all_links(comparison):
        if link.local is not None and bool(link.local.isfinite().all()):
            key = (link.output.label, link.input.label)
            formula = comparison.derivation.text_local(*key, grain)
            number = f"{bad_or_first(link.local):.6g}"
            found.setdefault(key, (link.local, f"{formula} = {number}" if formula and formula != number else number))
    return found


def _all_links(comparison) -> Iterator:
    for grain in GRAINS:
        yield from ((grain, link) for link in links(comparison.tape, grain))


def _mends(comparison, name: str, factor: torch.Tensor) -> bool:
    value, best = comparison.gradients[name].get("manual"), comparison.best(name)
    true = comparison.gradients[name][best] if best else None
    if value is None or true is None or factor.shape not in ((), true.shape) or bool(((factor - 1).abs() < 1e-6).all()):
        return False
    product = value * factor
    return product.shape == true.shape and bool(
        torch.isclose(product, true.to(product.dtype), rtol=1e-4, atol=1e-12).all()
    )


def _further_on(comparison: Comparison) -> Comparison | None:
    """The same comparison a little further on."""
    moved = {
        key: value * 1.07 + 0.013 if isinstance(value, torch.Tensor) and value.is_floating_point() else value
        for key, value in comparison.inputs.arguments.items()
    }
    return comparison.elsewhere(Inputs(moved, comparison.inputs.wrt, comparison.dtype))


def shape(value: torch.Tensor) -> str:
    """A shape in words."""
    return f"a tensor of shape {'×'.join(map(str, value.shape))}" if value.ndim else "a single number"
