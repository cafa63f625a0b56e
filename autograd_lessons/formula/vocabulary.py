"""The functions that a formula may use: those of the rule table under torch's names, and what else they are called.

Grows with the table: an operation that gets a rule can be typed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from ..calls import is_random
from ..rules import LOSSES, POINTWISE


@dataclass(frozen=True)
class Function:
    """`name` is what the canonical form calls it. `code` is Python with a place for each argument: "torch.sin({})".

    It takes `least` to `most` arguments; those from place `least` on, and those at the places `numbers`, are plain numbers.
    """

    name: str
    code: str
    least: int
    most: int
    op: str | None = None  # its row in the table of rules
    numbers: frozenset[int] = frozenset()

    def is_number(self, place: int) -> bool:
        """Whether the argument at this place must be a plain number."""
        return place >= self.least or place in self.numbers

    @property
    def shown(self) -> str:
        """How it is typed."""
        letters = iter("xyzuvw")
        return f"{self.name}({', '.join('1' if self.is_number(i) else next(letters) for i in range(self.least))})"


#: other names for the same function: of NumPy, of Python's math, of SymPy, of schools
ALIASES = {
    "Abs": "abs", "absolute": "abs", "fabs": "abs",
    "arccos": "acos", "arccosh": "acosh", "arcosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arsinh": "asinh",
    "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "artanh": "atanh",
    "cosec": "csc", "cotan": "cot",
    "expit": "sigmoid", "logistic": "sigmoid",
    "ln": "log", "loge": "log", "log_2": "log2", "log_10": "log10",
    "Max": "max", "fmax": "max", "maximum": "max", "Min": "min", "fmin": "min", "minimum": "min",
    "negative": "neg", "gammaln": "lgamma", "loggamma": "lgamma", "psi": "digamma", "sgn": "sign", "swish": "silu",
    "power": "pow", "multiply": "mul", "divide": "div", "subtract": "sub",
}  # fmt: skip
#: what torch has no name for
_COMPOSED = {
    "cot":  "1 / {torch}.tan({})",
    "coth": "1 / {torch}.tanh({})",
    "csc":  "1 / {torch}.sin({})",
    "csch": "1 / {torch}.sinh({})",
    "sec":  "1 / {torch}.cos({})",
    "sech": "1 / {torch}.cosh({})",
    "max":  "torch.maximum({}, {})",
    "min":  "torch.minimum({}, {})",
}  # fmt: skip
#: names that need no brackets: sin x
BARE = frozenset(
    ["cos", "cosh", "cot", "coth", "csc", "csch", "exp", "log", "log10", "log2", "sec", "sech", "sin", "sinh", "sqrt", "tan", "tanh"]
    + ["acos", "acosh", "asin", "asinh", "atan", "atanh"]
)  # fmt: skip
#: sin²x is (sin x)² in every school; ln²x is not
SQUARED_BY_NAME = BARE - {"exp", "sqrt", "log", "log10", "log2"}
#: what sin⁻¹ may mean
INVERSES = {
    "cos": "acos", "cosh": "acosh", "exp": "log", "log": "exp", "sin": "asin", "sinh": "asinh", "tan": "atan",
    "tanh": "atanh",
}  # fmt: skip
PREFIXES = (
    "math",
    "np",
    "numpy",
    "sp",
    "sympy",
    "torch",
    "torch.nn.functional",
    "torch.special",
    "nn.functional",
    "F",
    "special",
)
#: in the table, but not typed: copies and changes of dtype; what takes a condition or gives two results
_NOT_TYPED = {
    "bfloat16", "clone", "contiguous", "double", "fmax", "fmin", "float", "frexp", "half", "masked_fill", "max", "min",
    "maximum", "minimum", "rsub", "to", "type", "type_as", "where",
}  # fmt: skip
#: places where torch takes no tensor
_NUMBERS = {
    "clamp": frozenset([1]),
    "mvlgamma": frozenset([1]),
    "polygamma": frozenset([0]),
    "threshold": frozenset([1, 2]),
}
_LEAST = {"clamp": 2, "mvlgamma": 2}  # what the table leaves open, and a call needs
WHOLE = {"mvlgamma", "polygamma"}  # and whole numbers only
_NO_NUMBERS = {
    "alpha",
    "approximate",
    "dim",
    "dtype",
    "eps",
    "inplace",
    "keepdim",
    "memory_format",
    "reduction",
    "rounding_mode",
    "training",
}
_HOMES = {"torch": torch, "torch.special": torch.special, "torch.nn.functional": torch.nn.functional}


@functools.cache
def functions() -> dict[str, Function]:
    """By canonical name."""
    found = {name: Function(name, code, code.count("{}"), code.count("{}")) for name, code in _COMPOSED.items()}
    for op, rule in {**LOSSES, **POINTWISE}.items():
        name = op.split(".")[-1].removeprefix("special_")
        home = _home(name, reversed(_HOMES) if op in LOSSES else _HOMES)
        needed, most = _counts(rule[0] if isinstance(rule, tuple) else rule)
        if home is not None and needed and name not in {*_NOT_TYPED, *found} and not is_random(name):
            most = needed if op in LOSSES else most
            needed = _LEAST.get(name, needed)
            found[name] = Function(
                name, f"{home}.{name}({{}})", needed, max(needed, most), op, _NUMBERS.get(name, frozenset())
            )
    return found


def called(word: str) -> Function | None:
    """The function that a word names, by its own name or another one."""
    return functions().get(ALIASES.get(word, word))


def words() -> list[str]:
    """Every word that names a function."""
    return sorted({*functions(), *(alias for alias, name in ALIASES.items() if name in functions())})


def _home(name: str, homes: Iterable[str]) -> str | None:
    """The part of torch that has a function."""
    return next((home for home in homes if callable(getattr(_HOMES[home], name, None))), None)


def _counts(rule) -> tuple[int, int]:
    """How many operands a rule takes, and how many arguments that are numbers in all."""
    parameters = [p for p in inspect.signature(rule).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    needed = [p for p in parameters if p.default is p.empty]
    return len(needed), len([p for p in parameters if p.name not in _NO_NUMBERS])
