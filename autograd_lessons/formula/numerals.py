"""Numbers as they are typed: 2, .5, 2., 1e-3, ½."""

from __future__ import annotations

import unicodedata
from fractions import Fraction

from .offers import Refusal

MOST_DIGITS = 60  # of one number
MOST_POWER_OF_TEN = 300  # about as far as a float64 goes


def value(text: str) -> Fraction | Refusal:
    """The number exactly: 0.1 is 1/10. Nothing is computed before its size is known."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).lstrip("0")
    if len(digits) > MOST_DIGITS or len(exponent) > 8:
        return Refusal(f"A number may have {MOST_DIGITS} digits. Type it rounded, for instance as 1.5e10.")
    if not digits:
        return Fraction(0)
    power = int(exponent or 0)
    if abs(len(digits) - len(decimals) + power) > MOST_POWER_OF_TEN:
        return Refusal(
            f"This number is beyond what is read: up to 1e{MOST_POWER_OF_TEN}, down to 1e-{MOST_POWER_OF_TEN}. Type a smaller power."
        )
    return Fraction(int(digits)) * Fraction(10) ** (power - len(decimals))


def vulgar(character: str) -> tuple[int, int] | None:
    """½ as 1 and 2; None if the character is no such fraction."""
    if character.isascii() or not unicodedata.decomposition(character).startswith("<fraction>"):
        return None
    over, _, under = unicodedata.normalize("NFKC", character).partition("⁄")
    return (int(over), int(under)) if over and under else None
