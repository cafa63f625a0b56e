"""Which slips give a learner's numbers: asked apart for each way that the function went, since each has a formula of its own."""

from __future__ import annotations

import torch

from ..tape import Tape
from .flow import Flow, same_way
from .matching import Match, Tolerance, explain
from .slips import Sight
from .trial import Judged, Trial, digits_of
from .words import Words

MOST_LOOSE = 2e-4  # relative: a number with fewer digits is not held against two slips together


def slips_behind(
    trial: Trial, name: str, judged: list[Judged], output: int | None, used: int | None
) -> tuple[Words | None, list[Match]]:
    """The slips that give the numbers of an answer for one input, and the names in which they are told.

    `output` and `used` are the ends of the factor that was asked for; None where the whole gradient was.
    """
    words = None
    for side in _sides(judged):
        tapes = [one.point.tape for one in side]
        flow = _flow(tapes, output)
        leaf = flow.input(name) if used is None else used
        words = Words(flow)
        sight = Sight(flow, words, leaf)
        inputs = [one.point.inputs for one in side]
        theirs = torch.stack([one.theirs for one in side])
        tolerance = _tolerance(trial, name, theirs)
        found = explain(sight, theirs, inputs, tolerance, pairs=is_telling(theirs, tolerance))
        if found:
            return words, found
    return words, []


def _flow(tapes: list[Tape], output: int | None) -> Flow:
    """The whole run, or one factor of its chain: from a named value down to the next named ones."""
    if output is None:
        return Flow(tapes)
    named = frozenset(
        i for i, value in enumerate(tapes[0].values) if value.name and value.depth == 0 and i != output
    )  # fmt: skip
    return Flow(tapes, output, named)


def _sides(judged: list[Judged]) -> list[list[Judged]]:
    """The points grouped by the way the function went, those with most wrong answers first."""
    usable = [one for one in judged if not one.point.simple and one.theirs.shape == one.true.shape]
    smooth = [one for one in usable if not one.point.given or one.point.is_smooth] or usable
    groups: list[list[Judged]] = []
    for one in smooth:
        for group in groups:
            if same_way(group[0].point.tape, one.point.tape):
                group.append(one)
                break
        else:
            groups.append([one])
    return sorted(groups, key=lambda group: -sum(not one.is_right for one in group))


def is_telling(theirs: torch.Tensor, tolerance: Tolerance) -> bool:
    """Whether the numbers are enough to hold two slips against: several, or one that is no simple fraction.

    A number of two or three digits is not: some pair of slips comes near nearly any.
    """
    if tolerance.absolute > MOST_LOOSE * float(theirs.abs().nan_to_num(0.0).max()):
        return False
    distinct = {f"{v:.9g}" for v in theirs.reshape(-1).tolist()}
    if len(distinct) > 2:
        return True
    return all(abs(float(v) * 720 - round(float(v) * 720)) > 1e-6 for v in distinct if v not in ("nan", "inf", "-inf"))


def _tolerance(trial: Trial, name: str, theirs: torch.Tensor) -> Tolerance:
    known = theirs[theirs.isfinite()].abs()
    scale = float(known.median()) if known.numel() else 1.0
    tolerance = Tolerance(1e-7, 1e-9 * scale)
    if trial.fixed:
        digits = digits_of(trial.typed(name))
        single = bool((theirs.float().double() == theirs).all())
        if digits is not None and digits > 1e-9 * scale:
            return Tolerance(1e-9, digits)
        if single:
            return Tolerance(2e-6, 2e-6 * scale)
    return tolerance
