"""What stands where nothing can be read: which sign or character it is, and what is missing there."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from . import refusals
from .cursor import Cursor
from .offers import Refusal, mended
from .tokens import Token

_MISPLACED = {
    ")": "This closing bracket has no opening one. Leave it out, or open one before it.",
    ",": "A comma stands between the numbers of a function, as in max(x, y). For a decimal comma type a point: 1.5",
    ".": "A point is read only within a number, as in 1.5, or as in torch.sin(x). For a product type *",
    "raised": "A superscript needs what it is the power of. Type it behind a name, as in x².",
}


def unexpected(cursor: Cursor) -> NoReturn:
    """Refuses the next token."""
    token, before = cursor.now, cursor.before
    if token.kind == "unknown":
        _unknown(cursor, token)
    if before is None and token.kind == "end":
        cursor.fail(token, "Nothing is typed here yet. A formula to type is, for instance:", "sin(x^2)")
    missing = "something is missing: type a number, a name or a bracket there."
    if before is not None and before.kind in ("+", "-", "*", "/", "^", "(", ",", "√"):
        if token.kind == before.kind == "/" and not token.spaced:
            cursor.fail(before, "// divides and cuts off the decimals. For a division type one /", to=token)
        if token.kind == "end":
            cursor.fail(before, f"After {cursor.typed(before)} {missing}")
        cursor.fail(before, f"Between {cursor.typed(before)} and {cursor.typed(token)} {missing}", to=token)
    cursor.fail(token, _MISPLACED.get(token.kind, f"Before {cursor.typed(token)} {missing}"))


def _unknown(cursor: Cursor, token: Token) -> NoReturn:
    """A character that no formula has; brackets and bars of other shapes are offered as round ones."""
    text = cursor.text
    if not token.text:
        cursor.fail(token, "A subscript belongs to the name before it, as in x₁.", "x_1")
    wordings: list[Refusal] = []
    if token.text == "|" and text.count("|") == 2:
        inside = text.split("|")[1].strip()
        wordings += mended("Bars are not read here. For the absolute value", f"abs({inside})")
    if token.text in "[]{}":
        round_ = text.translate(str.maketrans("[]{}", "()()")).strip()
        wordings += mended("A formula has round brackets only.", round_)
    if text.startswith("!=", token.start):
        token = replace(token, text="≠")
    cursor.refuse(token, *wordings, refusals.of_character(token.text))
