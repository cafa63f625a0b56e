"""What is pasted, as plain characters: −, ×, ÷, π, x², x₁ and no-break spaces have one plain form.

Each plain character keeps the column that it was typed in, so that an error can point there.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class Character(NamedTuple):
    """`script` is "super" or "sub" for raised and lowered characters."""

    plain: str
    start: int
    end: int
    script: str = ""


_PLAIN = {
    **dict.fromkeys("−–—‐‑‒―﹣－➖", "-"),
    **dict.fromkeys("×✕✖⨯⋅·∙•∗＊⨉\N{INVISIBLE TIMES}", "·"),  # not *: two of them are no power
    **dict.fromkeys("÷∕⁄／➗", "/"),
    **dict.fromkeys("＋➕", "+"),
    **dict.fromkeys("（⦅❨", "("),
    **dict.fromkeys("）⦆❩", ")"),
    "，": ",", "＾": "^", "ˆ": "^", "\t": " ", "∆": "Δ", "ϖ": "ϖ",
}  # fmt: skip
_STRAY = "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\N{WORD JOINER}\N{LEFT-TO-RIGHT MARK}\r\n"
_RAISED_BY_MISTAKE = "ªº"  # ordinal signs, on a keyboard next to the degree sign


def characters(typed: str) -> list[Character]:
    """The plain characters; what has no plain form stays as it is, for the reader to refuse."""
    first = len(typed) - len(typed.lstrip(_STRAY + " \t"))
    last = len(typed.rstrip(_STRAY + " \t"))
    found: list[Character] = []
    for at in range(first, last):
        made = _plain(typed[at])
        if unicodedata.combining(typed[at]) and found:
            composed = unicodedata.normalize("NFC", found[-1].plain + typed[at])
            if len(composed) == 1:
                found[-1] = found[-1]._replace(plain=composed, end=at + 1)
                continue
        found.append(Character(made[0], at, at + 1, made[1]))
    return found


def _plain(character: str) -> tuple[str, str]:
    if character.isascii() or character in _PLAIN:
        return _PLAIN.get(character, character), ""
    if unicodedata.category(character) == "Zs":
        return " ", ""
    tag, *codes = unicodedata.decomposition(character).split() or [""]
    if len(codes) == 1 and character not in _RAISED_BY_MISTAKE:
        plain = _PLAIN.get(chr(int(codes[0], 16)), chr(int(codes[0], 16)))
        if tag in ("<super>", "<sub>") and (plain.isalnum() or plain in "+-()"):
            return plain, tag[1:-1]
        if tag in ("<font>", "<wide>") and plain.isalnum() or tag == "<compat>" and "α" <= plain <= "ω":
            return plain, ""  # 𝑥 from a formula in Word, ｘ from a Japanese keyboard, ϕ beside φ
    if not tag.startswith("<") and tag and not codes:
        return chr(int(tag, 16)), ""  # the Ohm and Kelvin signs
    return character, ""
