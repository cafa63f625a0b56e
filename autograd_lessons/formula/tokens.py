"""The words of a formula: numbers, names, signs and brackets, each with the columns it was typed in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .numerals import vulgar
from .typography import Character


@dataclass(frozen=True)
class Token:
    """`kind` is "number", "name", "raised" (a superscript), "end", "unknown", or the sign itself: + - * / ^ ( ) , . √."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False  # whether a space stands before it
    inner: tuple[Token, ...] = ()  # what a superscript says
    lowered: bool = False  # whether a part of the name was typed as a subscript


_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SIGNS = "+-*/^(),.√"
_LOOK_LATIN = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳ"  # capital Greek letters that nobody can tell from A, B, E …


def tokens(characters: list[Character]) -> list[Token]:
    """All tokens, closed by one of kind "end"."""
    plain = "".join(c.plain if not c.script else "\0" for c in characters)
    found: list[Token] = []
    at, spaced = 0, False
    while at < len(characters):
        if plain[at] == " ":
            at, spaced = at + 1, True
            continue
        made, at = _next(characters, plain, at, spaced)
        found.append(made)
        spaced = False
    end = characters[-1].end if characters else 0
    return [*found, Token("end", "", end, end, spaced)]


def _next(characters: list[Character], plain: str, at: int, spaced: bool) -> tuple[Token, int]:
    here = characters[at]
    if here.script:
        last = at
        while last < len(characters) and characters[last].script == here.script:
            last += 1
        inner = tuple(tokens([c._replace(script="") for c in characters[at:last]]))
        kind = "raised" if here.script == "super" else "unknown"
        return Token(kind, "", here.start, characters[last - 1].end, spaced, inner), last
    number = _NUMBER.match(plain, at)
    if number:
        last = number.end()
        return Token("number", number[0], here.start, characters[last - 1].end, spaced), last
    if plain[at] == "π":
        return Token("name", "π", here.start, here.end, spaced), at + 1
    if is_letter(plain[at]) or plain[at] == "_":
        return _name(characters, at, spaced)
    if plain.startswith("**", at):
        return Token("^", "**", here.start, characters[at + 1].end, spaced), at + 2
    if vulgar(plain[at]) is not None:
        return Token("number", plain[at], here.start, here.end, spaced), at + 1
    if plain[at] == "·":
        return Token("*", "·", here.start, here.end, spaced), at + 1
    kind = plain[at] if plain[at] in _SIGNS else "unknown"
    return Token(kind, here.plain, here.start, here.end, spaced), at + 1


def _name(characters: list[Character], at: int, spaced: bool) -> tuple[Token, int]:
    """A name goes on over digits, underscores and subscripts: x₁ is x1, xₙ is x_n."""
    name, last, lowered = "", at, False
    while last < len(characters):
        c = characters[last]
        if c.script == "sub" and c.plain.isalnum():
            name += c.plain if c.plain.isdigit() or lowered else f"_{c.plain}"
            lowered = True
        elif not c.script and not lowered and c.plain != "π" and (is_letter(c.plain) or c.plain in "_0123456789"):
            name += c.plain
        else:
            break
        last += 1
    return Token("name", name, characters[at].start, characters[last - 1].end, spaced, lowered=lowered), last


def is_letter(character: str) -> bool:
    """Whether a name may have it: a Latin letter, also with an accent, or a Greek one that is not taken for a Latin one."""
    if character.isascii():
        return character.isalpha()
    if character in "ħ":
        return True
    if "À" <= character <= "ž" and character.isalpha() and character not in "ıĸŉſĿŀĲĳÆæŒœ":
        return len(unicodedata.normalize("NFD", character)) == 2 or character in "ßøØłŁđĐ"
    return ("Α" <= character <= "ω") and character.isalpha() and character not in _LOOK_LATIN
