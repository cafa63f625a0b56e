"""What `check` says of every answer in the two corpora."""

from __future__ import annotations

import functools
from typing import NamedTuple

import autograd_lessons as al

from . import more_slip_cases  # noqa: F401 (it adds to the same lists)
from .slip_cases import RIGHT, WRONG, Right, Wrong


class Result(NamedTuple):
    case: Wrong
    said: al.checking.Feedback

    @property
    def verdict(self) -> str:
        """`first`: the slip that was made is named, and first; `beside`: named beside another that gives the same."""
        slip, mistake = self.case.slip, self.said.mistake
        if self.said.correct:
            return "misnamed"
        if mistake == slip:
            return "first"
        if slip in self.said.mistakes:
            return "beside"
        return "unnamed" if mistake is None else "misnamed"


@functools.cache
def wrong() -> tuple[Result, ...]:
    """Every wrong answer with what is said of it."""
    return tuple(Result(case, al.check(case.answer, case.function, **case.given)) for case in WRONG)


@functools.cache
def refused() -> tuple[tuple[Right, al.checking.Feedback], ...]:
    """The right answers that are called wrong."""
    tried = ((case, al.check(case.answer, case.function, **case.given)) for case in RIGHT)
    return tuple((case, said) for case, said in tried if not said.correct)
