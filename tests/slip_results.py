"""What `check` says of every answer in the collections, now and when it first met them.

python -m tests.slip_results held_out    write down what is said at first sight; once, and never again
"""

from __future__ import annotations

import csv
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import autograd_lessons as al

from . import (
    held_out_cases,
    more_slip_cases,  # noqa: F401 (it adds to the lists of slip_cases)
    sealed_again_cases,
    sealed_cases,
    slip_cases,
)
from .slip_collection import Right, Wrong

COLLECTIONS = {
    "open": slip_cases.collection,
    "held_out": held_out_cases.collection,
    "sealed": sealed_cases.collection,
    "sealed_again": sealed_again_cases.collection,
}


class Result(NamedTuple):
    case: Wrong
    correct: bool
    mistakes: tuple[str, ...]
    hint: str = ""
    has_counterexample: bool = False

    @property
    def verdict(self) -> str:
        """`first`: the slip that was made is named, and first; `beside`: named beside another that gives the same."""
        expected = self.case.expected
        if self.correct:
            return "misnamed"
        if not self.mistakes:
            return "unnamed"
        if self.mistakes[0] in expected:
            return "first"
        return "beside" if set(expected) & set(self.mistakes) else "misnamed"


@functools.cache
def wrong(name: str) -> tuple[Result, ...]:
    """Every wrong answer with what is said of it."""
    return tuple(_said(case) for case in COLLECTIONS[name].wrong)


@functools.cache
def refused(name: str) -> tuple[tuple[Right, str], ...]:
    """The right answers that are called wrong."""
    tried = ((case, al.check(case.answer, case.function, **case.given)) for case in COLLECTIONS[name].right)
    return tuple((case, repr(said)) for case, said in tried if not said.correct)


def _said(case: Wrong) -> Result:
    said = al.check(case.answer, case.function, **case.given)
    return Result(case, said.correct, said.mistakes, said.hint, said.counterexample is not None)


# ---------------------------------------------------------------------- at first sight
class Sighting(NamedTuple):
    """A line of the record: what was expected then, and what was said."""

    function: str
    expected: str  # a slip, or "one|another"; "nothing" where there is no name for it; "right"
    said: str  # "right", "nothing", an error, or the slips that were named

    def result(self, case: Wrong) -> Result:
        mistakes = () if self.said in ("right", "nothing") or "Error" in self.said else tuple(self.said.split("|"))
        return Result(case, self.said == "right", mistakes)


class Seen(NamedTuple):
    """What is or was said of a whole collection."""

    results: tuple[Result, ...]
    either: tuple[Result, ...]  # the same, where either of two names for the same formula is right
    refused: int  # of its right answers
    right: int  # answers


def now(name: str) -> Seen:
    return Seen(wrong(name), wrong(name), len(refused(name)), len(COLLECTIONS[name].right))


def at_first_sight(name: str) -> Seen:
    """As it was written down, with what was expected then; and with what is expected since."""
    collection, lines = COLLECTIONS[name], _lines(name)
    results, either = [], []
    for case, line in zip(collection.wrong, lines):
        then = case._replace(slip=None if line.expected == "nothing" else line.expected)
        results.append(line.result(then))
        either.append(line.result(case))
    refusals = sum(line.said != "right" for line in lines[len(results) :])
    return Seen(tuple(results), tuple(either), refusals, len(collection.right))


def corrections(name: str) -> int:
    """How many of the expectations were changed after first sight."""
    return sum((case.slip or "nothing") != line.expected for case, line in zip(COLLECTIONS[name].wrong, _lines(name)))


def _lines(name: str) -> tuple[Sighting, ...]:
    """One for each wrong answer of the collection, and then one for each right one."""
    with _record(name).open(newline="", encoding="utf-8") as file:
        return tuple(Sighting(*row) for row in csv.reader(file))


def _record(name: str) -> Path:
    return Path(__file__).parent / "collections" / f"{name}_first_sight.csv"


def write_down(name: str) -> None:
    """What is said of a collection that `check` meets for the first time: a record that nothing writes over."""
    if _record(name).exists():
        raise SystemExit(f"{_record(name).name} is written already: first sight is once.")
    cases = [(case, case.slip or "nothing") for case in COLLECTIONS[name].wrong]
    cases += [(case, "right") for case in COLLECTIONS[name].right]
    rows = [Sighting(_called(case.function), what, _sighted(case)) for case, what in cases]
    with _record(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _called(function: Callable | str) -> str:
    return function if isinstance(function, str) else function.__name__


def _sighted(case: Wrong | Right) -> str:
    try:
        said = al.check(case.answer, case.function, **case.given)
    except Exception as error:
        return type(error).__name__
    return "right" if said.correct else "|".join(said.mistakes) or "nothing"


if __name__ == "__main__":
    write_down(*sys.argv[1:])
