"""What school notation leaves open: where a product has no sign, or a function no brackets, is one reading left?

Each check gives None, or a `Refusal` that offers both readings.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from . import vocabulary
from .names import CONSTANTS, GREEK
from .offers import Refusal
from .tokens import Token
from .tree import Binary, Call, Constant, Name, Number, Part
from .writing import plain


class Factor(NamedTuple):
    """The last factor that was read: what may follow it without a sign depends on how it was written.

    `kind` is "number", "constant", "name", "power", "closed" (a bracket, a call), "apart" (a call with a space before its
    bracket), "bare" (sin x) or "root" (√x).
    """

    kind: str
    part: Part
    open: bool = False  # whether it ends in an exponent that is a bare number, to which what follows might belong


def product(left: Part, last: Factor, token: Token, right: Part, divided: bool, function: bool) -> Refusal | None:
    """Of `left right` with no sign between: `last` is the factor before, `right` begins with `token`.

    `divided`: the last sign before was a division; `function`: `right` begins with the name of a function.
    """
    if divided and isinstance(left, Binary):
        over, under, after = closed(left.left), closed(left.right), closed(right)
        return Refusal(
            "Is what comes after it still under the fraction?",
            (f"({over}/{under})*{after}", f"{over}/({under}*{after})"),
        )
    if token.kind == "number":
        return _before_number(last, right, token.text)
    if last.kind == "root" or last.kind in ("bare", "apart") and not function:
        return still_inside(last, right, "*")
    if last.kind == "power" and last.open and isinstance(last.part, Binary):
        of_e = isinstance(last.part.left, Constant) and last.part.left.name == "e"
        if of_e or not token.spaced and token.kind != "(":
            base, exponent, after = closed(last.part.left), last.part.right, closed(right)
            return Refusal(
                "Does what comes after it belong to the exponent?",
                (f"({plain(last.part)})*{after}", f"{base}^({closed(exponent)}*{after})"),
            )
    if last.kind == "number" and not token.spaced and re.fullmatch(r"[xX]\d+", token.text):
        times, index = plain(last.part), token.text[1:]
        return Refusal(
            f"{token.text[0]} as a times sign, or a name {token.text}?", (f"{times}*{index}", f"{times}*x_{index}")
        )
    if not isinstance(last.part, Name) or token.kind != "name" or function or token.text in CONSTANTS:
        return None
    if _is_short(last.part.name) and _is_short(token.text):
        return None
    both = (f"{last.part.name}*{token.text}", f"{last.part.name.rstrip('_')}_{token.text}")
    return Refusal("Two words side by side: a product, or one name?", both)


def _before_number(last: Factor, number: Part, typed: str) -> Refusal:
    before, after = closed(last.part), plain(number)
    offers = [f"{before}*{after}"]
    if isinstance(number, Binary) or isinstance(last.part, Binary) and last.kind == "number":  # 2½
        offers.insert(0, f"{before} + {after}")
    elif last.kind != "number":
        offers.append(f"{before}^{after}")
    elif before.isdigit() and typed.isdigit():
        offers.append(before + typed)
    return Refusal("There is no sign between these.", tuple(offers))


def still_inside(last: Factor, right: Part, operator: str) -> Refusal:
    """`sin x · 2`, `√2 x`: is what follows still inside?"""
    call, after = call_in(last.part), closed(right)
    (inner,) = call.arguments
    exponent = f"^{plain(last.part.right)}" if isinstance(last.part, Binary) else ""
    inside = plain(Binary(inner.start, right.end, operator, inner, right))
    return Refusal(
        f"What does {call.function} still take in?",
        (f"{call.function}({inside}){exponent}", f"{call.function}({plain(inner)}){exponent}{operator}{after}"),
    )


def power_behind(part: Part, exponent: str) -> Refusal:
    """`sin x^2`, `√x²`: of the argument, or of the result?"""
    call = call_in(part)
    (inner,) = call.arguments
    return Refusal(
        f"Is this a power of {plain(inner)}, or of {call.function} as a whole?",
        (f"{call.function}({closed(inner)}^{exponent})", f"{call.function}({plain(inner)})^{exponent}"),
    )


def power_at_name(word: str, function: vocabulary.Function, exponent: str, inside: str) -> Refusal | None:
    """`sin²x` is (sin x)² in every school; sin⁻¹ is two things, and so is ln²."""
    if re.fullmatch(r"[2-9]|[1-9]\d+", exponent):
        if function.name in vocabulary.SQUARED_BY_NAME:
            return None
        return Refusal(
            f"A power of what {word} gives, or {word} more than once?",
            (f"{word}{inside}^{exponent}", f"{word}({word}{inside})"),
        )
    inverse = vocabulary.INVERSES.get(function.name)
    if exponent == "-1" and inverse:
        return Refusal(
            f"The inverse function of {word}, or one over {word}?", (f"{inverse}{inside}", f"1/{word}{inside}")
        )
    return Refusal(
        f"A power at the name {word} is read only where it is a whole number from 2 on. Type it behind the brackets:",
        (f"{word}{inside}^{exponent if exponent.isalnum() else f'({exponent})'}",),
    )


def call_in(part: Part) -> Call:
    """The call in `sin x` or `sin² x`."""
    call = part.left if isinstance(part, Binary) else part
    assert isinstance(call, Call)
    return call


def closed(part: Part) -> str:
    """A part in plain form, in brackets where it is made of several."""
    text = plain(part)
    return text if isinstance(part, (Number, Constant, Name, Call)) else f"({text})"


def _is_short(word: str) -> bool:
    """A letter with its index, or a Greek letter by name: a q_1 is their product, but `hello world` is none."""
    return bool(re.fullmatch(r"[^\W\d_]\d*(_\w+)?", word)) or re.sub(r"_?\d*$", "", word) in GREEK
