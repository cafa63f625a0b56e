"""Whether a word is one name, or can be read in two ways: `xy`, `sinx`, `x2y`."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Collection
from typing import NamedTuple

from . import vocabulary
from .refusals import Refusal

GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "varepsilon", "vartheta", "varphi",
    "hbar",
}  # fmt: skip
CONSTANTS = {"pi": "pi", "π": "pi", "e": "e", "E": "e"}
_FUNCTIONS_GLUED = sorted(
    ["sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "exp", "log", "ln", "sqrt", "abs"]
    + ["arcsin", "arccos", "arctan", "asin", "acos", "atan"],
    key=len, reverse=True,
)  # fmt: skip
_NO_NUMBERS = {"inf", "Inf", "infinity", "Infinity", "oo", "nan", "NaN", "zoo"}


class Offers(NamedTuple):
    """Two readings of one word."""

    wrong: str
    instead: tuple[str, ...]


def refused(word: str, known: Collection[str], others: Collection[str]) -> Refusal | None:
    """Why a word is no name; None if it is one. `known` are names that are certain, `others` all words of the formula."""
    if keyword.iskeyword(word):
        return Refusal(f"{word} is a word of Python's own and no name for a number.", (f"{word}_",))
    if word == "torch":
        return Refusal("torch is the library and no name for a number.", ("torch_1",))
    if word.startswith("_") or "__" in word:
        return Refusal("A name begins with a letter and has single underscores, such as x, w_1 or y_pred.")
    if word in known:
        return None
    if word in _NO_NUMBERS:
        return Refusal(f"{word} is no number to compute with. A formula has finite numbers only.")
    if word in ("Pi", "PI"):
        return Refusal(f"{word}: the number 3.14…, or a quantity of your own?", ("pi", "P_i"))
    return _glued(word) or _run_together(word, others)


def _glued(word: str) -> Refusal | None:
    """`sinx`, `xsin`: a function and what it is of, run together."""
    if "_" in word or word in GREEK:
        return None
    for function in _FUNCTIONS_GLUED:
        rest = word.removeprefix(function)
        if rest != word and re.fullmatch(r"\d*(pi|[^\W\d_])?\d*|[^\W\d_]{2}", rest) or rest in GREEK:
            return Refusal(
                f"{word}: the function {function} of {rest}, or one name?",
                (f"{function}({rest})", f"{function}_{rest}"),
            )
        rest = word.removesuffix(function)
        if rest != word and re.fullmatch(r"[^\W\d_]\d*", rest):
            return Refusal(
                f"{word}: {rest} times {function}, or one name?", (f"{rest}*{function}(…)", f"{rest}_{function}")
            )
    return None


def _run_together(word: str, others: Collection[str]) -> Refusal | None:
    """`xy`: a name, or x·y? Words, Greek letters by name and whatever has an underscore are names."""
    if "_" in word:
        return None
    letters = re.match(r"[^\W\d]*", word)[0]  # pyright: ignore
    digits = word[len(letters) :]
    if letters in GREEK and digits.isdigit() | (not digits):
        return None
    if not digits.isdigit() and digits:  # x2y
        return Refusal(f"{word}: one name, or a product?", (_product(word), _underscored(word)))
    if len(letters) == 1:
        return None
    single = {other for other in others if len(other) == 1}
    one_word = letters.isascii() and len(letters) > 3 and re.search("[aeiouAEIOU]", letters) and not _alphabet(letters)
    if one_word and not set(letters) <= single:
        return None
    return Refusal(
        f"{word}: one name, or the product {'·'.join(_factors(word))}?", (_product(word), _underscored(word))
    )


def _factors(word: str) -> list[str]:
    return re.findall(r"pi|[^\W\d]\d*", word)


def _product(word: str) -> str:
    return "*".join(_factors(word))


def _underscored(word: str) -> str:
    return f"{word[0]}_{word[1:]}"


def _alphabet(letters: str) -> bool:
    return letters.lower() in "abcdefghijklmnopqrstuvwxyz"


def nearest(word: str) -> list[str]:
    """The functions that are spelled most like this word."""
    lower = {w.lower(): w for w in reversed(vocabulary.words())}
    close = difflib.get_close_matches(word.lower(), lower, n=2, cutoff=0.6)
    school = {
        "tg": "tan",
        "ctg": "cot",
        "arctg": "atan",
        "sh": "sinh",
        "ch": "cosh",
        "th": "tanh",
        "sine": "sin",
        "cosine": "cos",
    }
    return [school[word.lower()]] if word.lower() in school else [lower[w] for w in close]
