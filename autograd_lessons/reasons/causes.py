"""Causes that the tape shows: a clamp that cuts, a value that the dtype lost, no finite value, a kink.

Each function takes a `Disagreement` and gives (code, sentence), or None if it is not the cause.
"""

from __future__ import annotations

import mpmath
import torch

from ..derivation import MOST_DIGITS
from ..values import Step
from .disagreement import Cause, Disagreement, bad_or_first, called, element, name_of

BCE_FLOOR = 1e-12
_CLAMPS = {"clamp", "clamp_min", "clamp_max", "hardtanh", "relu6"}
_NEVER_REACHED = {"sigmoid", "tanh"}  # their bounds 0, 1, −1 are limits: a value equal to one was rounded to it


def clamp(here: Disagreement) -> Cause | None:
    """A clamp on the way whose input lies outside: its slope is 0 there."""
    for step in here.tape.steps:
        if step.op.rstrip("_") not in _CLAMPS or not step.requires_grad:
            continue
        inner = step.inputs[0]
        before, after = element(inner, here.at), element(step, here.at)  # pyright: ignore
        if before != after and before == before:
            side = "below" if before < after else "above"
            text = step.source.text if step.source else called(step)
            inside, bound = (_told_apart(number, other) for number, other in ((before, after), (after, before)))
            return "clamp", (
                f"{text} cuts the gradient: {name_of(inner)} = {inside} lies {side} the bound {bound}, where clamp is "
                "flat and its slope is 0; a formula without the clamp does not know that"
            )
    return None


def floor(here: Disagreement) -> Cause | None:
    """A prediction so near to 0 or 1 that PyTorch's cross-entropy divides by its floor, and not by ŷ(1 − ŷ).

    The floor is `EPSILON` in PyTorch's aten/src/ATen/native/Loss.cpp.
    """
    for step in here.tape.steps:
        if step.op != "binary_cross_entropy" or not step.requires_grad:
            continue
        p = step.inputs[0].value.double()
        product = p * (1 - p)
        below = product[(product > 0) & (product < BCE_FLOOR)]
        if below.numel():
            name, least = name_of(step.inputs[0]), below[0].item()
            return "floor", (
                f"on its way back {called(step)} divides by {name}·(1 − {name}), which is {least:.6g} here, and PyTorch "
                f"never divides by less than {BCE_FLOOR:g}: the slope comes out {BCE_FLOOR / least:.4g} times too small"
            )
    return None


def saturation(here: Disagreement) -> Cause | None:
    """The first step whose 50-digit value the dtype turned into 0, into infinity, or into a bound that it never reaches."""
    for step in here.tape.steps:
        if not step.requires_grad:
            continue
        exact = here.comparison.derivation.exact(step, [here.at if here.at < step.value.numel() else 0])
        if exact is None or exact[0] is None:
            return None
        got, true = element(step, here.at), exact[0]
        if not mpmath.isfinite(true) or got != got:
            continue
        reached = step.op.rstrip("_") in _NEVER_REACHED and abs(got) == 1.0 and true not in (1, -1)
        if (got == 0) != (true == 0) or abs(got) == float("inf") or reached:
            nearest = torch.tensor(float(true), dtype=step.value.dtype).item() == got
            became = f"{here.dtype} rounds that to" if nearest else f"computed in {here.dtype} it comes out as"
            lost = f"{called(step)} is {_told_apart(true, got)}, and {became} {got:.9g}"
            return "saturation", lost + _consequence(here, step)
    return None


def _told_apart(number, other: float) -> str:
    """A number, with enough digits to see how far it is from another one; very near to it, as a difference: 1 − 4.2e-18."""
    with mpmath.workdps(MOST_DIGITS):
        apart = number - mpmath.mpf(other)
        for digits in range(6, 18):
            shown = f"{number:.{digits}g}" if isinstance(number, float) else str(mpmath.nstr(number, digits))
            if abs(mpmath.mpf(shown) - number) <= abs(apart) / 10:
                return shown
        return f"{other:.17g} {'+' if apart > 0 else '−'} {mpmath.nstr(abs(apart), 3)}"


def _consequence(here: Disagreement, lost: Step) -> str:
    """What the loss in one step did further on."""
    bad = next((step for step in here.tape.steps if not bool(step.value.isfinite().all())), None)
    if bad is not None:
        then = "" if bad is lost else f"; then {called(bad)} is {bad_or_first(bad.value):g}"
        return then + (", and on the way back 0 · inf makes nan" if here.got != here.got else "")
    return "; its slope there is 0, so the gradient vanishes in silence" if here.got == 0 else ""


def not_finite(here: Disagreement) -> Cause | None:
    """Where nan or infinity entered: an input, a step without a finite value, or 0 · inf on the way back."""
    tape = here.tape
    if here.finite and element(tape.target, here.at) == element(tape.target, here.at):
        return None
    for value in tape.inputs.values():
        if not abs(element(value, here.at)) < float("inf"):
            return "nonfinite", f"the input {value.name} is {element(value, here.at):g}"
    for step in tape.steps:
        operands = [v.value for v in step.inputs if isinstance(v.value, torch.Tensor)]
        if not bool(step.value.isfinite().all()) and all(bool(v.isfinite().all()) for v in operands):
            return (
                "nonfinite",
                f"{called(step)} is {bad_or_first(step.value):g}: the function has no finite value there",
            )
    for step in reversed(tape.steps):
        for position, product in step.products.items():
            local = step.slopes.get(position)
            if not bool(product.isfinite().all()):
                slope = "" if local is None else f" has the slope {bad_or_first(local):g}; times the"
                back = bad_or_first(step.adjoint)  # pyright: ignore
                rule = ": 0 · inf is nan, also on a branch that was not taken" if back == 0 else ""
                return (
                    "nonfinite",
                    f"{called(step)}{slope or ': the'} {back:g} that comes back it gives {bad_or_first(product):g}{rule}",
                )
    return "nonfinite", f"the formula gives {here.got:g} here"


def _at_zero(x: float, *_: float) -> bool:
    return x == 0


def _equal(x: float, y: float | None = None, *_: float) -> bool:
    return x == y


def _on_a_bound(x: float, *bounds: float) -> bool:
    return x in bounds


_KINKS = {
    "abs": (_at_zero, "at 0", "0"),
    "clamp": (_on_a_bound, "at its bound", "1"),
    "clamp_max": (_on_a_bound, "at its bound", "1"),
    "clamp_min": (_on_a_bound, "at its bound", "1"),
    "max": (_equal, "where its arguments are equal", "½ for each"),
    "maximum": (_equal, "where its arguments are equal", "½ for each"),
    "min": (_equal, "where its arguments are equal", "½ for each"),
    "minimum": (_equal, "where its arguments are equal", "½ for each"),
    "relu": (_at_zero, "at 0", "0"),
}  # fmt: skip


def kink(here: Disagreement) -> Cause | None:
    """A step that has no derivative at exactly this point; PyTorch's convention is its own choice."""
    for step in here.tape.steps:
        holds, where, slope = _KINKS.get(step.op.rstrip("_"), (None, "", ""))
        if holds is None or not step.requires_grad:
            continue
        if holds(*(_number(value, here.at) for value in step.inputs)):
            return "kink", (
                f"{called(step)} has a kink {where}: no derivative is the only right one there; PyTorch's convention is {slope}"
            )
    return None


def _number(value, at: int) -> float:
    return element(value, at) if isinstance(value.value, torch.Tensor) else value.value
