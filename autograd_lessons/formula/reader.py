"""From a typed formula to its tree; or to the error that says where reading stopped, why, and what to type instead."""

from __future__ import annotations

from collections.abc import Collection

from ..errors import FormulaError
from . import constants, names, offers, refusals
from .grammar import Grammar
from .offers import LONGER, Refusal, Refused
from .tokens import tokens
from .tree import Part
from .typography import characters

MOST_CHARACTERS = 1_000
MOST_TOKENS = 500


def tree_of(text: str, known: Collection[str] = ()) -> Part:
    """The tree of a typed formula. `known` are words that are names for certain. Raises `FormulaError`."""
    try:
        return _tree(text, known)
    except Refused as refused:
        inputs = set(known) - set(names.CONSTANTS)  # an input called pi has to be called something else in any case
        raise offers.told(text, refused, lambda offer: _reads(offer, inputs)) from None


def _reads(text: str, known: Collection[str]) -> bool:
    try:
        constants.values(_tree(text, known), text)
    except (Refused, FormulaError):
        return False
    return True


def _tree(text: str, known: Collection[str]) -> Part:
    if len(text) > MOST_CHARACTERS:
        wrong = f"This text has {len(text):,} characters, and a formula may have {MOST_CHARACTERS:,}. {LONGER}"
        raise Refused(MOST_CHARACTERS, MOST_CHARACTERS + 1, Refusal(wrong))
    whole = refusals.of_whole(text)
    if whole is not None:
        raise Refused(*whole)
    found = tokens(characters(text))
    if len(found) > MOST_TOKENS:
        wrong = f"This formula has {len(found):,} numbers, names and signs, and may have {MOST_TOKENS}. {LONGER}"
        raise Refused(found[MOST_TOKENS].start, found[MOST_TOKENS].end, Refusal(wrong))
    return Grammar(text, found, known).formula()
