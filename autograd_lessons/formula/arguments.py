"""What a function is of: the numbers in its brackets, or, as in `sin 2x` and `sin² x`, what stands right behind its name."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from . import numerals, readings, vocabulary
from .cursor import Cursor
from .offers import Refusal
from .readings import Factor
from .tokens import Token
from .tree import Binary, Call, Minus, Number, Part, names_in
from .unexpected import unexpected
from .vocabulary import Function


# ---------------------------------------------------------------------- in brackets
def call(cursor: Cursor, token: Token, function: Function) -> Part:
    """`sin(x)`, from its bracket on; `token` is the name before."""
    opened = cursor.advance()
    with cursor.inside(opened):
        if cursor.now.kind == ")":
            cursor.fail(token, f"{token.text} needs what it is computed of.", function.shown, to=cursor.now)
        arguments = [cursor.sum()]
        while cursor.now.kind == ",":
            cursor.advance()
            arguments.append(cursor.sum())
        cursor.close(opened)
    part = _counted(cursor, Part(token.start, cursor.end), token.text, function, arguments)
    cursor.last = Factor("apart" if opened.spaced else "closed", part)
    return part


def _counted(cursor: Cursor, where: Part, word: str, function: Function, arguments: list[Part]) -> Part:
    """A call with as many arguments as the function takes; max and min take any number."""
    count = len(arguments)
    if function.name in ("max", "min") and count > 2:
        made = arguments[0]
        for argument in arguments[1:]:
            made = Call(where.start, where.end, function.name, (made, argument))
        return made
    if function.least <= count <= function.most:
        for place, argument in enumerate(arguments):
            _check_number(cursor, word, function, place, argument)
        if function.name == "pow":
            return Binary(where.start, where.end, "^", *arguments)
        return Call(where.start, where.end, function.name, tuple(arguments))
    if function.name == "log" and count == 2:
        x, base = map(readings.plain, arguments)
        cursor.fail(where, "log is the natural logarithm, of one number. For another base", f"log({x})/log({base})")
    needed = f"{function.least}" if function.least == function.most else f"{function.least} to {function.most}"
    takes = f"{word} takes {needed} number{'s' * (needed != '1')}, and here {'is' if count == 1 else 'are'} {count}."
    comma = " For a decimal comma type a point, 1.5." if re.search(r"\d,\d", cursor.typed(where)) else ""
    cursor.fail(where, takes + comma, function.shown)


def _check_number(cursor: Cursor, word: str, function: Function, place: int, argument: Part) -> None:
    """Whether a number stands where torch takes nothing else."""
    if not function.is_number(place):
        return
    if names_in(argument):
        said = f"At this place {word} takes a number. For other bounds type max(x, y) or min(x, y); a number is"
        cursor.fail(argument, said, "2")
    whole = isinstance(argument, Number) and argument.value.denominator == 1 and not argument.decimal
    if function.name in vocabulary.WHOLE and not whole:
        cursor.fail(argument, f"At this place {word} takes a whole number, such as", "1")


# ---------------------------------------------------------------------- without brackets
def bare(cursor: Cursor, token: Token, function: Function) -> Part:
    """`sin x`, `sin 2x`, `sin² x`: a function without brackets, of what stands right behind it."""
    exponent = _power_at_name(cursor, token, function)
    if cursor.now.kind == "(":  # only behind a power
        made: Part = replace(call(cursor, token, function), start=token.start)
        kind = "closed"
    else:
        argument = _bare_argument(cursor, token)
        made, kind = Call(token.start, argument.end, function.name, (argument,)), "bare"
    part = made if exponent is None else Binary(token.start, made.end, "^", made, exponent)
    cursor.last = Factor(kind, part)
    return part


def _power_at_name(cursor: Cursor, token: Token, function: Function) -> Part | None:
    """The 2 of `sin²x`."""
    if cursor.now.kind == "raised":
        exponent = cursor.superscript()
    elif cursor.now.kind == "^":
        cursor.advance()
        exponent = cursor.bracket() if cursor.now.kind == "(" else _whole_exponent(cursor, token, function)
    else:
        return None
    wordings = _not_at_name(cursor, token, function, readings.plain(exponent))
    if wordings:
        cursor.refuse(token, *wordings, to=exponent)
    return exponent


def _whole_exponent(cursor: Cursor, token: Token, function: Function) -> Part:
    sign = cursor.advance() if cursor.now.kind == "-" else None
    behind = cursor.advance()
    number = numerals.value(behind.text) if behind.kind == "number" and behind.text.isdigit() else None
    if not isinstance(number, Fraction):
        typed = f"{'-' if sign else ''}{behind.text}"
        cursor.refuse(token, *_not_at_name(cursor, token, function, typed, "n"), to=behind)
    exponent = Number(behind.start, behind.end, number, False)
    return Minus(sign.start, behind.end, exponent) if sign else exponent


def _not_at_name(cursor: Cursor, token: Token, function: Function, *exponents: str) -> list[Refusal]:
    """Why a power, called one of `exponents`, is not read at this name; nothing for sin²."""
    insides = cursor.bracket_ahead() if cursor.now.kind == "(" else ["(x)"]
    found = [readings.power_at_name(token.text, function, e, inside) for e in exponents for inside in insides]
    return [refusal for refusal in found if refusal is not None]


def _bare_argument(cursor: Cursor, token: Token) -> Part:
    first, word = cursor.now, token.text
    if first.kind in ("+", "-"):
        said = f"{word} and a sign: what {word} is of needs brackets here."
        cursor.fail(token, said, f"{word}({first.kind.strip('+')}x)", to=first)
    if first.kind == "unknown":
        unexpected(cursor)
    if first.kind not in ("number", "name", "√"):
        cursor.fail(token, f"{word} is a function and needs what it is of.", f"{word}(x)")
    with cursor.inside(first):
        argument = cursor.atom()
        while _goes_on(cursor):
            factor = cursor.atom()
            argument = Binary(argument.start, factor.end, "*", argument, factor)
    if cursor.now.kind == "(" and cursor.last.kind in ("number", "constant"):
        wrong, of = f"What does {word} take in?", readings.plain(argument)
        both = [(f"{word}({of}*{inside})", f"{word}({of})*{inside}") for inside in cursor.bracket_ahead()]
        cursor.refuse(token, *[Refusal(wrong, one) for one in both], to=cursor.now)
    return argument


def _goes_on(cursor: Cursor) -> bool:
    """The x of `sin 2x`."""
    behind_number = cursor.last.kind in ("number", "constant")
    return behind_number and cursor.now.kind == "name" and not cursor.now.spaced and not cursor.is_function(cursor.now)
