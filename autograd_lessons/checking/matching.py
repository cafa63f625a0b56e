"""Which slip gives these numbers: one, else two together, compared at every point; the simplest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from ..inputs import Inputs
from .flow import Edit, Flow
from .slips import Sight, Slip, elsewhere, generate
from .slips.sight import MOST_STEPS
from .slips.slip import TOGETHER

MOST_NUMBERS = 4_000_000  # held at once
MOST_COST = 50_000  # numbers to one row: above that pairs of slips are not tried
MOST_WORK = 30_000_000  # numbers to go through for pairs of slips
PROBED = 2_000  # numbers to one row: above that pairs of slips are tried at one point first
MOST_NAMED = 3  # slips that cannot be told apart
SAME_CLASS = 15  # ranks further from the likeliest than this are not named beside it
FAR_FETCHED = 34  # ranks from here on: two slips may be likelier than one of these
PLAUSIBLE = 21  # ranks above this are not combined with another slip, and yield to what is right on one branch
LIKELY = 38  # two slips together that are less likely than this are not named
#: slips in how the whole is put together: with another one beside them they explain what has other reasons
ALONE = {
    "base_lost", "constant_kept", "factor_twice", "function_forgotten", "integrated", "not_differentiated", "other_input",
    "path_dropped", "path_twice", "paths_multiplied", "product_crossed", "quotient_denominator",
    "quotient_of_derivatives", "stopped_early", "sum_of_derivatives", "swapped",
}  # fmt: skip


@dataclass(frozen=True)
class Match:
    """One slip, or two made together."""

    slips: tuple[Slip, ...]

    @property
    def identifier(self) -> str:
        return "+".join(sorted({slip.identifier for slip in self.slips}))

    @property
    def rank(self) -> float:
        return self.slips[0].rank if len(self.slips) == 1 else _together(*self.slips)

    @property
    def is_far_fetched(self) -> bool:
        return self.rank >= FAR_FETCHED

    @property
    def kind(self) -> tuple:
        return tuple(slip.kind or slip.identifier for slip in self.slips)

    def says(self) -> str:
        return " And: ".join(slip.says() for slip in self.slips)


def _together(one: Slip, other: Slip) -> float:
    """The rank of two slips made together; who makes one will make it again."""
    again = one.identifier == other.identifier
    return TOGETHER + (max(one.rank, other.rank) if again else one.rank + other.rank)


@dataclass(frozen=True)
class Tolerance:
    relative: float = 1e-7
    absolute: float = 1e-10

    def near(self, made: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
        """For each row, whether it is the learner's answer at every point where that is a number."""
        allowed = self.absolute + self.relative * theirs.abs()
        close = (made - theirs).abs() <= allowed
        known = theirs.isfinite()
        close = close | ~known
        return close.reshape(len(made), -1).all(1)


def explain(
    sight: Sight, theirs: torch.Tensor, inputs: list[Inputs], tolerance: Tolerance, pairs: bool = True
) -> list[Match]:
    """The slips that give `theirs`, one entry for each point; those named together cannot be told apart."""
    flow, leaf = sight.flow, sight.leaf
    if (
        not flow.is_real
        or leaf not in flow.true
        or theirs.shape != flow.true[leaf].shape
        or not bool(theirs.isfinite().any())
    ):
        return []
    true, slips = flow.true[leaf], list(generate(sight))
    made = _rows(flow, [(slip,) for slip in slips], leaf, true)
    fits = tolerance.near(made, theirs) & ~tolerance.near(made, true)
    found = [Match((slip,)) for slip, fit in zip(slips, fits.tolist()) if fit]
    if not found and inputs and flow.is_whole and flow.is_input(leaf):

        def fits_at(point: int, gradient: torch.Tensor) -> bool:
            return bool(tolerance.near(gradient[None, None], theirs[point][None])[0])

        found = [Match((slip,)) for slip in elsewhere(sight, inputs, fits_at)]
    affordable = len(flow.steps) <= MOST_STEPS and flow.cost <= MOST_COST
    if pairs and affordable and all(match.is_far_fetched for match in found):
        found += _two(flow, slips, made, leaf, true, theirs, tolerance)
    return _told_apart(found)


def _two(
    flow: Flow,
    slips: list[Slip],
    made: torch.Tensor,
    leaf: int,
    true: torch.Tensor,
    theirs: torch.Tensor,
    tolerance: Tolerance,
) -> list[Match]:
    """Two slips made together; each only once where several give the same numbers."""
    kept: dict[tuple, int] = {}
    numbers = made.reshape(len(made), -1)[:, :: max(1, made[0].numel() // 24)].tolist()
    changed = ~tolerance.near(made, true)
    for i, slip in sorted(enumerate(slips), key=lambda pair: pair[1].rank):
        is_change = slip.edit is not None or slip.after is not None
        if is_change and slip.rank <= PLAUSIBLE and bool(made[i].isfinite().all()):
            # what changes nothing by itself may do so beside another slip
            cut = slip.edit.cut if slip.edit is not None else frozenset()
            kept.setdefault((*(f"{number:.9g}" for number in numbers[i]), cut) if changed[i] else (i,), i)
    chosen = [slips[i] for i in kept.values()]
    couples = list(_couples(chosen))[: MOST_WORK // flow.cost]
    if flow.cost > PROBED:
        couples = _fitting_at_first(flow, couples, leaf, true, theirs, tolerance)
    size = max(1, MOST_NUMBERS // flow.cost)
    found = []
    for start in range(0, len(couples), size):
        some = couples[start : start + size]
        fits = tolerance.near(_rows(flow, some, leaf, true), theirs)
        found += [Match(couple) for couple, fit in zip(some, fits.tolist()) if fit]
    return found


def _fitting_at_first(
    flow: Flow,
    couples: list[tuple[Slip, ...]],
    leaf: int,
    true: torch.Tensor,
    theirs: torch.Tensor,
    tolerance: Tolerance,
) -> list[tuple[Slip, ...]]:
    """The pairs that give the answer at the first point; the other points are tried with these only."""
    edits = [_edit(couple).at_first() for couple in couples]
    known = [row for row, edit in enumerate(edits) if edit is not None]
    groups = [(Slip("", str, edits[row]), *(replace(s, edit=None) for s in couples[row])) for row in known]
    fits = tolerance.near(_rows(Flow(flow.tapes[:1], flow.target, flow.stops), groups, leaf, true[:1]), theirs[:1])
    unfit = {row for row, fit in zip(known, fits.tolist()) if not fit}
    return [couple for row, couple in enumerate(couples) if row not in unfit]


def _couples(slips: Sequence[Slip]) -> Iterator[tuple[Slip, ...]]:
    """Pairs that can be made together, the likelier first."""
    pairs = [
        (a, b)
        for i, a in enumerate(slips)
        for b in slips[i + 1 :]
        if (a.identifier == b.identifier or not {a.identifier, b.identifier} & ALONE)
        and _together(a, b) <= LIKELY
        and (a.edit is not None or b.edit is not None)
        and not (a.edit is not None and b.edit is not None and a.edit.places & b.edit.places)
    ]
    return iter(sorted(pairs, key=lambda pair: _together(*pair)))


def _rows(flow: Flow, groups: Sequence[tuple[Slip, ...]], leaf: int, true: torch.Tensor) -> torch.Tensor:
    """What each group of slips makes of the gradient of one input: rows, then points, then the input's shape."""
    made = torch.full((len(groups), *true.shape), torch.nan, dtype=torch.float64)
    edited = [(row, _edit(group)) for row, group in enumerate(groups) if any(s.edit is not None for s in group)]
    if edited:
        rows = flow.gradients([edit for _, edit in edited]).get(leaf)
        if rows is not None:
            made[[row for row, _ in edited]] = rows
    for row, group in enumerate(groups):
        for slip in group:
            if slip.answers is not None and leaf in slip.answers and slip.answers[leaf].shape == true.shape:
                made[row] = slip.answers[leaf]
        after = [slip.after for slip in group if slip.after is not None]
        if after and not any(slip.edit is not None for slip in group):
            made[row] = true
        for change in after:
            made[row] = change(made[row]).clone()
    return made


def _edit(group: tuple[Slip, ...]) -> Edit:
    edits = [slip.edit for slip in group if slip.edit is not None]
    total = edits[0]
    for edit in edits[1:]:
        total = total | edit
    return total


def _told_apart(found: list[Match]) -> list[Match]:
    """One of each kind, the likeliest first; of two together only the likeliest."""
    certain = {kind for match in found for slip, kind in zip(match.slips, match.kind) if not slip.general}
    kept: dict[tuple, Match] = {}
    for match in sorted(found, key=lambda match: match.rank):
        if not any(slip.general and _is_said(slip, certain) for slip in match.slips):
            kept.setdefault(match.kind, match)
    by_identifier: dict[str, Match] = {}
    for match in kept.values():
        by_identifier.setdefault(match.identifier, match)
    matches = [match for match in by_identifier.values() if match.rank <= next(iter(kept.values())).rank + SAME_CLASS]
    return matches[: 1 if matches and len(matches[0].slips) > 1 else MOST_NAMED]


def _is_said(slip: Slip, kinds: set[str]) -> bool:
    return any(kind.startswith(slip.kind) for kind in kinds)
