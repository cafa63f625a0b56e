"""Whether a word is one name, or can be read in two ways: `xy`, `sinx`, `x2y`."""

from __future__ import annotations

import builtins
import difflib
import keyword
import re
import unicodedata
from collections.abc import Collection

from . import vocabulary
from .offers import Refusal

GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "varepsilon", "vartheta", "varphi",
    "hbar",
}  # fmt: skip
#: names that are written like functions too, and how these are typed
ALSO_FUNCTIONS = {"σ": "sigmoid", "sigma": "sigmoid", "gamma": "exp(lgamma", "Γ": "exp(lgamma", "Gamma": "exp(lgamma"}
CONSTANTS = {"pi": "pi", "π": "pi", "e": "e", "E": "e"}
_FUNCTIONS_GLUED = sorted(
    ["sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "exp", "log", "ln", "sqrt", "abs"]
    + ["arcsin", "arccos", "arctan", "asin", "acos", "atan"],
    key=len, reverse=True,
)  # fmt: skip
MOST_LETTERS = 40  # of a name
_CONDITIONS = {"if", "else", "and", "or", "not", "is", "in", "elif"}
_NO_NUMBERS = {"inf", "Inf", "infinity", "Infinity", "oo", "nan", "NaN", "zoo"}


def refused(word: str, known: Collection[str], others: Collection[str]) -> Refusal | None:
    """Why a word is no name; None if it is one. `known` are names that are certain, `others` all words of the formula."""
    always = refused_anywhere(word)
    if always is not None:
        return always
    if word in known:
        return None
    if word in _NO_NUMBERS:
        return Refusal(f"{word} is no number to compute with. Type a finite one.")
    if word in ("Pi", "PI"):
        return Refusal(f"{word}: the number 3.14…, or a quantity of your own?", ("pi", "P_i"))
    return _glued(word) or _run_together(word, others)


def refused_anywhere(word: str, called: bool = False) -> Refusal | None:
    """Why a word is no name, whoever says that it is one: Python's own words, and what our code uses. `called`: a bracket follows."""
    if word in _CONDITIONS:
        return Refusal(
            f"A formula has no conditions ({word}): it is a number. For a branch type max(x, 0), min(x, y), abs(x) or relu(x)."
        )
    if word in ("True", "False", "None"):
        return Refusal(f"{word} is no number. Type 1 or 0 for it, or a name.")
    if hasattr(builtins, word) and vocabulary.called(word) is None and called:
        return Refusal(
            f"{word} is a function of Python, not of mathematics. Functions to type are, for instance:",
            ("sin(x)", "exp(x)"),
        )
    if keyword.iskeyword(word):
        return Refusal(f"{word} is a word of Python's own, and no name for a number.", (f"{word}_",))
    if word in ("torch", "math"):
        return Refusal(f"{word} is a library, and no name for a number.", (f"{word}_1",))
    if len(word) > MOST_LETTERS:
        return Refusal(f"A name may have {MOST_LETTERS} letters. Type a shorter one.")
    if word.startswith("_") or "__" in word:
        return Refusal("A name begins with a letter and has single underscores. Type one such as x, w_1 or y_pred.")
    return None


def factor_before_function(word: str) -> tuple[str, str] | None:
    """`xsin` is x and sin; None for other words."""
    for function in _FUNCTIONS_GLUED:
        rest = word.removesuffix(function)
        if rest != word and re.fullmatch(r"[^\W\d_]\d*", rest) and word not in vocabulary.ALIASES.values():
            return rest, function
    return None


def _glued(word: str) -> Refusal | None:
    """`sinx`, `xsin`, `xsinx`: a function and what it is of or stands behind, run together."""
    if "_" in word or word in GREEK:
        return None
    for function in _FUNCTIONS_GLUED:
        before, found, of = word.partition(function)
        if not found or not re.fullmatch(r"[^\W\d_]?", before):
            continue
        if re.fullmatch(r"\d*(pi|[^\W\d_])\d*|\d+|[^\W\d_]{2}", of) or of in GREEK:
            factor = f"{before}*" if before else ""
            said = f"{before} times the function" if before else "the function"
            return Refusal(
                f"{word}: {said} {function} of {of}, or one name?",
                (
                    f"{factor}{function}({_product(of)})",
                    f"{before}{function}_{of}" if not before else f"{before}_{function}{of}",
                ),
            )
    factors = factor_before_function(word)
    if factors is None:
        return None
    factor, function = factors
    return Refusal(
        f"{word}: {factor} times {function}, or one name?", (f"{factor}*{function}(x)", f"{factor}_{function}")
    )


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
    plain = unicodedata.normalize("NFD", letters)
    one_word = max(letters) < "Α" and len(letters) > 3 and re.search("[aeiouAEIOU]", plain) and not _alphabet(letters)
    if one_word and not set(letters) <= single:
        return None
    return Refusal(
        f"{word}: one name, or the product {'·'.join(_factors(word))}?", (_product(word), _underscored(word))
    )


def _factors(word: str) -> list[str]:
    return re.findall(r"pi|[^\W\d]\d*|\d+", word)


def _product(word: str) -> str:
    return "*".join(_factors(word))


def _underscored(word: str) -> str:
    return f"{word[0]}_{word[1:]}"


def _alphabet(letters: str) -> bool:
    return letters.lower() in "abcdefghijklmnopqrstuvwxyz"


_ELSEWHERE = {  # what schools and other languages call them
    "arctg": ["atan"], "ch": ["cosh"], "cosine": ["cos"], "cosinus": ["cos"], "ctg": ["cot"], "cbrt": [], "ld": ["log2"],
    "lb": ["log2"], "lg": ["log10", "log2"], "sh": ["sinh"], "sine": ["sin"], "sinus": ["sin"], "sqr": ["square", "sqrt"],
    "tangent": ["tan"], "tangens": ["tan"], "tg": ["tan"], "th": ["tanh"], "root": ["sqrt"], "exponential": ["exp"],
}  # fmt: skip


def nearest(word: str) -> list[str]:
    """The functions that this word may mean: under another name, in other letters, or misspelled."""
    lower = word.lower()
    if lower in _ELSEWHERE or vocabulary.called(lower) is not None:
        return _ELSEWHERE.get(lower, [lower])
    close = difflib.get_close_matches(lower, vocabulary.words(), n=3, cutoff=0.7)
    found = {vocabulary.called(w).name: w for w in reversed(close)}  # pyright: ignore
    return list(reversed(found.values()))[:2]
