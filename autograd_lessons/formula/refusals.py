"""What no formula has: what it is called, and what to type instead."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from .pointing import visible


class Refusal(NamedTuple):
    wrong: str
    instead: tuple[str, ...] = ()


_ROUND = "A formula has round brackets only."
_COMPARED = "A formula has no comparisons: it is a number, and not true or false. Branches are max, min, abs and relu."
_QUOTED = "A formula has no quotation marks: it is made of numbers, names, + - * / ^ and functions."
_BY_CHARACTER = {
    "=": Refusal("A formula has no = sign: only what is computed is typed, not what it is called."),
    "|": Refusal("Bars are read as nothing here: for the absolute value of x type abs(x)."),
    "!": Refusal("There is no ! here: the factorial has no slope. For n! type exp(lgamma(n + 1))."),
    "%": Refusal("% can be a percentage or a remainder. For 5 % type 0.05; a remainder is remainder(x, 3)."),
    "'": Refusal("A prime or quotation mark is read as nothing: a formula is the function itself, not its derivative."),
    "′": Refusal("A prime is read as nothing: a formula is the function itself, not its derivative."),
    "°": Refusal("Angles are in radians. For 30 degrees type 30*pi/180."),
    "±": Refusal("± is two formulas in one. For one of them type + or -."),
    "∓": Refusal("∓ is two formulas in one. For one of them type + or -."),
    "\\": Refusal("This looks like LaTeX. Formulas are typed plainly: sin(x), sqrt(x), 1/2, x^2."),
    "$": Refusal("This looks like LaTeX. Formulas are typed without $: x^2."),
    "@": Refusal("@ multiplies matrices. Between numbers type *."),
    "&": Refusal("& is no operation on numbers. A formula has + - * / ^ and functions."),
    "~": Refusal("~ is no operation on numbers. For the opposite of x type -x."),
    "?": Refusal("A formula has no question mark."),
    ":": Refusal("A formula has no colon: it is one expression, such as sin(x^2). For a division type /."),
    ";": Refusal("A formula has no semicolon: it is one expression. A decimal point is typed as a point: 1.5."),
    "#": Refusal("A formula has no # and no remarks."),
    "∞": Refusal("Infinity is no number to compute with. A formula has finite numbers only."),
    "∫": Refusal("Integrals are not read. A formula is made of numbers, names, + - * / ^ and functions."),
    "∑": Refusal("Sums over an index are not read. Type the terms: x_1 + x_2 + x_3."),
    "Σ": Refusal("Sums over an index are not read. Type the terms: x_1 + x_2 + x_3."),
    "∂": Refusal("Derivatives are not typed: give the function, and its derivative is worked out."),
    "∛": Refusal("For the cube root of x type x^(1/3)."),
    "∜": Refusal("For the fourth root of x type x^(1/4)."),
    "∘": Refusal("For one function of another type it with brackets: sin(cos(x))."),
    **dict.fromkeys("<>≤≥≠≈≡", Refusal(_COMPARED)),
    **dict.fromkeys("[]{}", Refusal(_ROUND)),
    **dict.fromkeys("\"`‘’“”„«»", Refusal(_QUOTED)),
    **dict.fromkeys("\n\r\v\f\x85\u2028\u2029", Refusal("A formula stands in one line.")),
}  # fmt: skip
_LOOKS_LIKE = dict(
    zip("асеіјорухѕԁһӏԛԝАВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳıɑɡ", "aceijopyxsdhlqwABESIJKMHOPCTYXABEZHIKMNOPTYXocjiag")
)


def of_character(character: str) -> Refusal:
    """Why this character is in no formula."""
    if character in _BY_CHARACTER:
        return _BY_CHARACTER[character]
    if character in _LOOKS_LIKE:
        return _confusable(character, _LOOKS_LIKE[character])
    called = unicodedata.name(character, "").lower()
    kind = unicodedata.category(character)
    if kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return Refusal(
            f"An invisible character stands here{f' ({called})' if called else ''}. Delete it and type again."
        )
    if kind == "Mn":
        return Refusal(f"A mark ({called}) stands over or under a character. Names are plain letters. Type it without.")
    if kind == "No" and unicodedata.decomposition(character).startswith("<fraction>"):
        over, _, under = unicodedata.normalize("NFKC", character).partition("⁄")
        return Refusal(f"{character} is one character.", (f"({over}/{under})",) if over and under else ())
    if kind in ("Nd", "Nl", "No"):
        return Refusal(f"{visible(character)} is no digit that is read here. Numbers are typed with 0 to 9.")
    if kind.startswith("L"):
        return Refusal(
            f"{visible(character)} ({called}) is no Latin or Greek letter. Names are, for instance, x, w_1 or alpha."
        )
    return Refusal(
        f"{visible(character)} ({called}) is in no formula. One is made of numbers, names, + - * / ^ ( ) and functions."
    )


def _confusable(character: str, latin: str) -> Refusal:
    called = unicodedata.name(character).lower()
    script = called.split()[0].capitalize()
    return Refusal(
        f"This {character} is the {called}: it only looks like the Latin {latin}. "
        f"Where it stands for that, type the Latin letter; where it is a quantity of its own, give it another name:",
        (latin, f"{latin}_{script.lower()}"),
    )


def of_whole(text: str) -> tuple[int, int, Refusal] | None:
    """What is no formula as a whole: an equation, a Python function, a statement. Columns and why."""
    code = re.match(
        r"\s*(def|import|from|return|print|class|for|while|with|exec|eval|del|assert|raise)\b(?=\s*[\w\"'(*])", text
    )
    if code and code[1] not in ("print", "exec", "eval"):
        return (
            code.start(1),
            code.end(1),
            Refusal(
                f"This is Python code ({code[1]} …) and no formula. Give the function itself, or type only what it computes."
            ),
        )
    anonymous = re.search(r"\blambda\b[\s\w,*]*:", text)
    if anonymous:
        return (
            anonymous.start(),
            anonymous.end(),
            Refusal(
                "This is a Python function. Type only what stands after the colon, or give it without quotation marks.",
                () if not (rest := text[anonymous.end() :].strip(" )")) else (rest,),
            ),
        )
    equals = re.search(r"(?<![<>!:=])=(?!=)", text)
    if equals:
        sides = [side.strip() for side in text.split("=")]
        rest = (visible(sides[1]),) if len(sides) == 2 and sides[1] else ()
        return equals.start(), equals.end(), Refusal(_BY_CHARACTER["="].wrong, rest)
    return None
