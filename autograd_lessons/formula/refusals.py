"""What no formula has, in a character or as a whole: what it is called, and what to type instead."""

from __future__ import annotations

import re
import unicodedata

from .offers import Refusal, mended
from .pointing import visible

_ROUND = "A formula has round brackets only: type ( and )."
_COMPARED = "A formula has no comparisons: it is a number, and not true or false. For a branch type max(x, 0), min(x, y), abs(x) or relu(x)."
_QUOTED = "A formula has no quotation marks: type only numbers, names, + - * / ^ and functions."
_BY_CHARACTER = {
    "=": Refusal("A formula has no = sign: type only what is computed, not what it is called."),
    "|": Refusal("Bars are not read here. For the absolute value of x type abs(x)."),
    "!": Refusal("There is no ! here: the factorial has no slope. For n! type exp(lgamma(n + 1))."),
    "%": Refusal("A percentage, or a remainder? For 5 % type 0.05; for a remainder type remainder(x, 3)."),
    "'": Refusal("A prime or quotation mark is not read. Type the function itself without it: its derivative is worked out."),
    "′": Refusal("A prime is not read. Type the function itself without it: its derivative is worked out."),
    "°": Refusal("Angles are in radians here. For 30 degrees type 30*pi/180."),
    "±": Refusal("± is two formulas in one. For one of them type + or -."),
    "∓": Refusal("∓ is two formulas in one. For one of them type + or -."),
    "\\": Refusal("This looks like LaTeX. Type it plainly: sin(x), sqrt(x), 1/2, x^2."),
    "$": Refusal("This looks like LaTeX. Type it without $: x^2."),
    "@": Refusal("@ multiplies matrices. Between numbers type *."),
    "&": Refusal("& is no operation on numbers. Type one of + - * / ^ or a function."),
    "~": Refusal("~ is no operation on numbers. For the opposite of x type -x."),
    "?": Refusal("A formula has no question mark. Type it without."),
    ":": Refusal("A formula has no colon. Type one expression, such as sin(x^2); for a division type /."),
    ";": Refusal("A formula has no semicolon. Type one expression; decimals with a point: 1.5."),
    "#": Refusal("A formula has no # and no remarks. Type it without."),
    "∞": Refusal("Infinity is no number to compute with. Type a finite one."),
    "∫": Refusal("Integrals are not read. Type a formula of numbers, names, + - * / ^ and functions."),
    "∑": Refusal("Sums over an index are not read. Type the terms: x_1 + x_2 + x_3."),
    "Σ": Refusal("Sums over an index are not read. Type the terms: x_1 + x_2 + x_3."),
    "∂": Refusal("Derivatives are not read. Type the function itself: its derivative is worked out."),
    "∛": Refusal("For the cube root of x type x^(1/3)."),
    "∜": Refusal("For the fourth root of x type x^(1/4)."),
    "∘": Refusal("For one function of another type it with brackets: sin(cos(x))."),
    **dict.fromkeys("<>≤≥≠≈≡", Refusal(_COMPARED)),
    **dict.fromkeys("[]{}", Refusal(_ROUND)),
    **dict.fromkeys("\"`‘’“”„«»", Refusal(_QUOTED)),
    **dict.fromkeys("\n\r\v\f\x85\u2028\u2029", Refusal("A formula stands in one line. Type it without a line break.")),
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
    if kind in ("Nd", "Nl", "No"):
        return Refusal(f"{visible(character)} is no digit that is read here. Type numbers with 0 to 9.")
    if kind.startswith("L"):
        return Refusal(
            f"{visible(character)} ({called}) is no letter that names are made of. Type a plain Latin or Greek one: x, w_1, alpha."
        )
    return Refusal(
        f"{visible(character)} ({called}) is in no formula. Type only numbers, names, + - * / ^ ( ) and functions."
    )


def _confusable(character: str, latin: str) -> Refusal:
    called = unicodedata.name(character).lower()
    script = called.split()[0].capitalize()
    return Refusal(
        f"This {character} is the {called}: it only looks like the Latin {latin}. "
        f"Where it stands for that, type the Latin letter; where it is a quantity of its own, give it another name:",
        (latin, f"{latin}_{script.lower()}"),
    )


_STATEMENT = re.compile(
    r"\s*(def|import|from|return|class|for|while|with|del|assert|raise|global|async|await|try)\s+[\w(*{\[\"']"
)
_ANONYMOUS = re.compile(r"\blambda\b[\s\w,*]*:")
_EQUALS = re.compile(r"(?<![<>!:=])=(?!=)")
_DERIVATIVE = re.compile(r"\b[d∂](?:\^?\d)?[^\W\d_]?\s*/\s*[d∂][^\W\d_](?!\w)")


def of_whole(text: str) -> tuple[int, int, *tuple[Refusal, ...]] | None:
    """What is no formula as a whole: an equation, a Python function, a statement. Columns, and why in one wording or more."""
    code = _STATEMENT.match(text)
    if code:
        said = f"This is Python code ({code[1]} …) and no formula. Give the function itself, or type only what it computes."
        return code.start(1), code.end(1), Refusal(said)
    anonymous = _ANONYMOUS.search(text)
    if anonymous:
        said = "This is a Python function. Give it without quotation marks, or type only what stands after the colon."
        return anonymous.start(), anonymous.end(), *mended(said, text[anonymous.end() :].strip()), Refusal(said)
    equals = _EQUALS.search(text)
    if equals:
        sides = text.split("=")
        said = "A formula has no = sign: type only what is computed, not what it is called."
        right = mended(said, sides[1].strip()) if len(sides) == 2 else ()
        return equals.start(), equals.end(), *right, Refusal(said)
    derivative = _DERIVATIVE.search(text)
    if derivative:
        quotient = re.fullmatch(r"d(\w)\s*/\s*d(\w)", derivative[0])
        said = "This is how a derivative is written. Type the function itself: its derivative is worked out."
        meant = (Refusal(f"{said} For a quotient", (f"d_{quotient[1]}/d_{quotient[2]}",)),) if quotient else ()
        return *derivative.span(), *meant, Refusal(said)
    return None
