"""One answer tried at its points: where it is right, where it is not, and how far apart it may be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from ..errors import ManualError
from ..manual import Factor, Manual
from . import answers
from .feedback import Feedback
from .points import Point

EXACT = 1e-8  # relative: a right formula in another form is off by no more than that in float64
ROUNDED = 1e-5  # and one with float32 in it by no more than that
LEAST_DIGITS = 3  # of a number that is right as far as it was typed


@dataclass(frozen=True)
class Judged:
    """An answer for one input (or one factor of the chain) at one point."""

    point: Point
    name: str
    theirs: torch.Tensor
    true: torch.Tensor
    state: str  # "right", "rounding", "digits", "wrong", "shape", "not finite"
    wrong: torch.Tensor | None = None  # by element

    @property
    def is_right(self) -> bool:
        return self.state in ("right", "rounding", "digits")


class Trial:
    """What an answer comes to at every point."""

    def __init__(self, answer: Any, points: list[Point], wrt: tuple[str, ...], asked: tuple[str, ...]):
        self.answer = answer
        self.wrt = wrt
        self.asked = asked  # the inputs that the learner asked for by name
        self.fixed = answers.is_fixed(answer)
        self.has_point = points[0].given
        self.points = points[:1] if self.fixed and self.has_point else points
        self.manuals = list(self._evaluated())

    def _evaluated(self) -> Iterator[Manual | None]:
        for number, point in enumerate(self.points):
            try:
                yield answers.evaluate(self.answer, point.tape, point.inputs)
            except ManualError as error:
                if isinstance(error.__cause__, answers.Blank):
                    raise error.__cause__
                if number == 0:
                    raise
                yield None  # it raises here only

    # ------------------------------------------------------------------ the answer by input
    @cached_property
    def judged(self) -> dict[str, list[Judged]]:
        """By input: the answer at each point at which there is one."""
        found: dict[str, list[Judged]] = {}
        for name in self.wrt:
            pairs = [
                (point, manual.gradients[name], _true(point, name))
                for point, manual in self._each(name)
                if manual is not None and name in manual.gradients and name not in manual.missing
            ]
            if pairs:
                found[name] = self._judge(name, pairs)
        return found

    def _each(self, name: str) -> Iterator[tuple[Point, Manual | None]]:
        """The points at which the answer for an input is to hold: a number holds at the learner's own point."""
        given = self.answer.get(name) if isinstance(self.answer, Mapping) else None
        number = given is not None and answers.is_fixed(given)
        only_here = number and self.has_point
        for place, (point, manual) in enumerate(zip(self.points, self.manuals)):
            if not only_here or place == 0:
                yield point, manual

    def _judge(self, name: str, pairs: list[tuple[Point, torch.Tensor, torch.Tensor]]) -> list[Judged]:
        sizes = sorted(float(true.abs().max()) for _, _, true in pairs if true.numel() and bool(true.isfinite().all()))
        scale = sizes[len(sizes) // 2] if sizes else 1.0
        loose = pairs[0][0].inputs.dtype != torch.float64
        typed = digits_of(self.typed(name)) if self.fixed else None
        return [_judged(point, name, theirs, true, scale, loose, typed) for point, theirs, true in pairs]

    def typed(self, name: str) -> Any:
        return self.answer.get(name) if isinstance(self.answer, Mapping) else self.answer

    # ------------------------------------------------------------------ the chain by factor
    @cached_property
    def factors(self) -> dict[str, list[Judged]]:
        """By key: each factor of a hand-written chain at each point."""
        found: dict[str, list[tuple[Point, torch.Tensor, torch.Tensor]]] = {}
        for point, manual in zip(self.points, self.manuals):
            for factor in manual.factors if manual is not None else ():
                if factor.true is not None:
                    found.setdefault(factor.key, []).append((point, factor.given.double(), factor.true.double()))
        return {key: self._judge(key, pairs) for key, pairs in found.items()}

    @cached_property
    def factor_of(self) -> dict[str, Factor]:
        return {factor.key: factor for manual in self.manuals if manual is not None for factor in manual.factors}

    @cached_property
    def missing(self) -> list[str]:
        """Factors on a path that were not given."""
        return list(
            dict.fromkeys(key for manual in self.manuals if manual for keys in manual.missing.values() for key in keys)
        )

    @cached_property
    def notes(self) -> dict[str, str]:
        """By input: what the learner's formula raised."""
        return {name: note for manual in self.manuals if manual for name, note in manual.notes.items()}

    def feedback(self) -> Feedback:
        from .telling import tell

        return tell(self)


def _true(point: Point, name: str) -> torch.Tensor:
    value = point.tape.inputs[name]
    return torch.zeros_like(value.value).double() if value.adjoint is None else value.adjoint.double()


def _judged(
    point: Point, name: str, theirs: torch.Tensor, true: torch.Tensor, scale: float, loose: bool, digits: float | None
) -> Judged:
    theirs = theirs.detach().double()
    if theirs.numel() == true.numel() == 1:
        theirs = theirs.reshape(true.shape)
    if theirs.shape != true.shape:
        return Judged(point, name, theirs, true, "shape")
    apart = (theirs - true).abs()
    fine = apart <= EXACT * true.abs() + 1e-10 * scale
    same = fine | (theirs == true) | (theirs.isnan() & true.isnan())
    if bool(same.all()):
        return Judged(point, name, theirs, true, "right")
    own = min(scale, 1.0 + float(true.abs().nan_to_num(0.0).max())) if true.numel() else scale
    near = same | (apart <= ROUNDED * true.abs() + 0.2 * ROUNDED * own)
    if bool(near.all()):
        return Judged(point, name, theirs, true, "right" if loose else "rounding")
    if digits is not None and bool((apart <= digits).all()):
        return Judged(point, name, theirs, true, "digits")
    lost = ~theirs.isfinite()
    if bool(lost.any()) and bool(true.isfinite().any()) and bool((near | lost).all()):
        return Judged(point, name, theirs, true, "not finite", ~near)
    return Judged(point, name, theirs, true, "wrong", ~near)


def digits_of(typed: Any) -> float | None:
    """Half a unit in the last place of a number as it was typed, if it has some digits: 0.0005 for 6.692; of a list the largest."""
    if isinstance(typed, (list, tuple)):
        each = [digits_of(part) for part in typed]
        return max(each) if each and None not in each else None  # pyright: ignore
    if type(typed) is not float or not math.isfinite(typed) or typed == 0:
        return None
    text = repr(abs(typed))
    if "e" in text:
        return None
    whole, _, fraction = text.partition(".")
    digits = (whole + fraction).lstrip("0")
    return 0.5 * 10.0 ** -len(fraction) * 1.0001 if LEAST_DIGITS <= len(digits) <= 12 and fraction != "0" else None
