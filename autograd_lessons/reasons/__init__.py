"""Why two routes to the same gradient differ: the causes in the order in which they are tried.

A cause is named only after it was confirmed on the recorded run. Codes: `rounding`, `ill_conditioned`, `step`, `clamp`,
`floor`, `saturation`, `nonfinite`, `kink`, `cut`, `backward`, `hook`, `unsteady`, `missing_factor`, `shape`, `wrong`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch

from . import disagreement
from .cancellation import cancellation
from .causes import clamp, floor, kink, not_finite, saturation
from .conditioning import another_way, digits, precision
from .cut import cut
from .disagreement import Cause, Disagreement
from .slips import arithmetic_error, broadcast, chain, misshapen, missing_factor
from .unseen import backward, hook, unsteady

if TYPE_CHECKING:
    from ..comparison import Comparison


class Reason(NamedTuple):
    """Why two routes differ: a code, the input, the two routes, and a sentence."""

    code: str
    input: str
    routes: tuple[str, str]
    text: str


def find(comparison: Comparison) -> tuple[Reason, ...]:
    """Every reason, input by input, of those that are listed; empty when all routes are the same to the last digit."""
    return tuple(
        dict.fromkeys(
            Reason(code, name, routes, text)
            for name in comparison.listed
            for code, routes, text in _for_input(comparison, name)
        )
    )


def _for_input(comparison: Comparison, name: str) -> Iterator[tuple[str, tuple[str, str], str]]:
    judged, best = comparison.judged(name), comparison.best(name)
    if best is None:
        return
    found = False
    step = None if comparison.differences[name] is None else _about_the_step(comparison, name, best)
    if step is not None and step[0] == "backward":
        yield from _against_the_difference(comparison, name, step)
        return
    for route in ("autograd", "manual", "sympy") if comparison.agreement[name] is not True else ():
        cause = _cause(comparison, name, route, best) if route in judged and route != best else None
        if cause is not None:
            found = True
            engine = (
                route == "manual"
                and "autograd" in judged
                and disagreement.find(comparison, name, "autograd", best) is None
            )
            yield cause[0], (route, "autograd" if engine else best), cause[1]
    if not found:
        by_hand = comparison.wrong_factors or comparison.hand.missing
        unused = chain(Disagreement(comparison, name, "manual", best, 0, 0.0, 0.0)) if by_hand else None
        if unused is not None:  # the wrong factor does not reach this gradient, or is not on a complete chain
            yield unused[0], ("manual", "autograd"), unused[1]
        if comparison.agreement[name] is False:
            yield from _without_a_number(comparison, name, best)
        else:
            yield from _last_digits(comparison, name)
    if step is not None:
        yield step[0], ("finite_difference", best), step[1]


def _against_the_difference(
    comparison: Comparison, name: str, cause: Cause
) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Where autograd was told another derivative, only the finite difference can judge a formula by hand."""
    slip = None
    if "manual" in comparison.judged(name):
        slip = misshapen(comparison, name, "manual", "finite_difference")
        worst = None if slip else disagreement.from_difference(comparison, name, "manual")
        slip = slip or worst and ("wrong", worst.off())
    agrees = "manual" in comparison.judged(name) and slip is None
    yield cause[0], ("autograd", "manual" if agrees else "finite_difference"), cause[1]
    if slip is not None:
        yield slip[0], ("manual", "finite_difference"), slip[1]


def _cause(comparison: Comparison, name: str, route: str, best: str) -> Cause | None:
    odd = misshapen(comparison, name, route, best)
    if odd is not None:
        return odd
    here = disagreement.find(comparison, name, route, best)
    if here is None:
        return None
    return next((cause for cause in _tried(here) if cause is not None), ("wrong", here.off()))


def _tried(here: Disagreement) -> Iterator[Cause | None]:
    by_hand = here.route == "manual"
    if here.finite:
        yield not_finite(here)  # where the function itself is nan no gradient is right
    if by_hand:
        yield chain(here)
        yield clamp(here) if here.got == here.got and here.want == 0 else None
        yield broadcast(here) if here.finite else None
        yield cut(here) if here.finite else None
    else:
        yield hook(here)
        yield floor(here)
    if not by_hand or not here.finite or here.autograd_is_off():
        yield saturation(here)
    if by_hand:
        yield arithmetic_error(here)
    yield not_finite(here)
    yield kink(here)
    if by_hand:
        yield missing_factor(here)
    yield precision(here)
    if not by_hand or here.autograd_is_off():  # a formula by hand subtracts other numbers
        yield cancellation(here)


def _without_a_number(comparison: Comparison, name: str, best: str) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Routes that agree on infinity."""
    for route in comparison.judged(name):
        here = disagreement.not_finite(comparison, name, route, best)
        cause = here and (saturation(here) or not_finite(here))
        if cause is not None:
            yield cause[0], (route, best), cause[1]
            return


def _last_digits(comparison: Comparison, name: str) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Routes that agree within tolerance but not to the last digit."""
    routes = [route for route in comparison.judged(name) if route != "reference"]
    errors = {route: error for route in routes if (error := comparison.error_of(name, route)) and error.ulps >= 0}
    worst = max(errors, key=lambda route: errors[route].ulps, default=None)
    if worst is None or errors[worst].ulps < 1:
        return
    error = errors[worst]
    dtype = str(comparison.dtype).removeprefix("torch.")
    cause = (
        "rounding",
        f"{dtype} carries {digits(comparison.dtype)} digits; they are {error.ulps:.2g} units in the last place apart",
    )
    if error.ulps > 1_000:  # the tolerance is met because the gradient is small there
        at = comparison.worst_element(name, worst)
        got, want = (comparison.gradients[name][r].reshape(-1)[at].item() for r in (worst, "reference"))  # pyright: ignore
        cause = precision(Disagreement(comparison, name, worst, "reference", at, got, want)) or cause
    yield cause[0], (worst, "reference"), cause[1]


def _about_the_step(comparison: Comparison, name: str, best: str) -> Cause | None:
    """Why the finite difference is off: a kink or an edge within h, or h itself."""
    if not (comparison.is_off_bound(name) or comparison.step_was_given):
        return None
    off, difference, value = comparison.off_bound(name), comparison.differences[name], comparison.gradients[name][best]
    assert off is not None and difference is not None and value is not None
    distance = (difference.value - value).abs().nan_to_num(torch.inf, torch.inf).reshape(-1)
    at = int(distance.argmax())
    got, want, h = (t.reshape(-1)[at].item() for t in (difference.value, value, difference.step))
    if bool(off.reshape(-1)[at]):
        here = Disagreement(comparison, name, "finite_difference", best, at, got, want)
        if not here.finite:
            return "nonfinite", f"within h = {h:.2g} of the point the function leaves its domain or its range"
        cause = (
            kink(here)
            or cut(here, h)
            or backward(here, h)
            or unsteady(here)
            or another_way(here, h)
            or saturation(here)
        )
        if cause is not None:
            return cause
    truncation, rounding = difference.truncation.reshape(-1)[at].item(), difference.rounding.reshape(-1)[at].item()
    if not (bool(off.reshape(-1)[at]) or comparison.step_was_given and distance[at].item() > 1e-3 * abs(want)):
        return None
    if truncation >= rounding:
        return (
            "step",
            f"h = {h:.2g} is too large: the slope changes between x − h and x + h (truncation about {truncation:.2g})",
        )
    return (
        "step",
        f"h = {h:.2g} is too small: the difference of two rounded values keeps few digits (rounding about {rounding:.2g})",
    )
