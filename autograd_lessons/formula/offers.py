"""What an error offers to type instead: nothing that could not be read itself.

Where reading stops, it says why in one wording or more, and knows of none whether its offers read: they may hold parts of
the text that have faults of their own. Here the offers are read, and the wording is chosen by that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..errors import FormulaError

MOST_CHARACTERS = 60  # of a whole text that is offered again, mended
LONGER = "A longer one is written as a Python function: def f(x): …"


class Refusal(NamedTuple):
    """Why something is not read, and what to type instead: of two readings both."""

    wrong: str
    instead: tuple[str, ...] = ()


class Refused(Exception):
    """Reading stops at columns `start` to `end`. `wordings` say why, each in its own way; the most telling one comes first."""

    def __init__(self, start: int, end: int, *wordings: Refusal):
        super().__init__(start, end, *wordings)
        self.start, self.end, self.wordings = start, end, wordings


def mended(wrong: str, text: str) -> tuple[Refusal, ...]:
    """The wording that offers a whole text, mended; none where that is too long to be shown a second time."""
    return (Refusal(wrong, (text,)),) if len(text) <= MOST_CHARACTERS else ()


def told(text: str, refused: Refused, reads: Callable[[str], bool]) -> FormulaError:
    """The error as a learner sees it: in the first wording of which all offers read, or else the most of them."""
    partly = []
    for wrong, instead in refused.wordings:
        kept = tuple(filter(reads, instead))
        if kept == instead:
            return FormulaError(text, refused.start, refused.end, wrong, instead)
        partly.append(Refusal(wrong if kept else _alone(wrong), kept))
    return FormulaError(text, refused.start, refused.end, *max(partly, key=lambda wording: len(wording.instead)))


def _alone(wrong: str) -> str:
    """The sentences that say what is wrong, without the half sentence that leads to an offer."""
    whole = re.match(r".*[.?](?=\s|$)", wrong)
    said = whole[0] if whole else f"{wrong.rstrip(' :,;')}."
    return f"{said} Type it with a sign between any two factors, and brackets around what belongs together."
