"""How formulas are written for people: LaTeX from our own tables, and plain Unicode text.

A symbol is a learner's variable. Only identifiers reach LaTeX as they are: no text of a learner's is ever markup.
"""

from __future__ import annotations

import functools
import keyword
import re
import unicodedata
from collections.abc import Mapping

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from .functions import Special

_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi",
    "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi",
    "Sigma", "Upsilon", "Phi", "Psi", "Omega",
}  # fmt: skip


@functools.lru_cache(maxsize=1024)  # a slider asks at every tick
def name_latex(name: str) -> str:
    """A variable's name: Greek words, a trailing number as index, `_pred` as a hat, one letter italic, all else upright."""
    element = re.fullmatch(r"(.+?)\[([\d, ]+)\]", name)
    if element:
        return f"{_embraced(name_latex(element[1]))}_{{{element[2]}}}"
    if name.startswith("#") and name[1:].isdigit():
        return rf"v_{{{name[1:]}}}"
    told_apart = re.fullmatch(r"(.+) \(([\w ]+)\)", name)
    if told_apart:
        return rf"{_embraced(name_latex(told_apart[1]))}_{{\text{{{told_apart[2]}}}}}"
    if re.fullmatch(r"[^\W\d]\w*(\[\d+\]|\.[^\W\d]\w*)+", name):
        return rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
    if not name.isidentifier():
        return r"\text{?}"
    if name.endswith("_") and keyword.iskeyword(name[:-1]):
        return name_latex(name[:-1])  # lambda_, since Python has taken the word
    if name.endswith("_pred") and len(name) > 5:
        return rf"\hat{{{name_latex(name[:-5])}}}"
    numbered = re.fullmatch(r"(.*[^\d_])_?(\d+)", name)
    if numbered:
        return f"{_embraced(name_latex(numbered[1]))}_{{{numbered[2]}}}"
    if name in _GREEK:
        return "\\" + name
    if len(name) == 1 and name.isalpha():
        return name
    return rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def _embraced(shown: str) -> str:
    return f"{{{shown}}}" if "_" in shown else shown


def name_text(name: str) -> str:
    """A variable's name in plain text: as the learner typed it; an unnamed step is v3."""
    return f"v{name[1:]}" if name.startswith("#") else name


def hatted(name: str) -> str | None:
    """`ŷ` for y_pred, as LaTeX has it, where there is one letter to put a hat on."""
    letter = name.removesuffix("_pred")
    return unicodedata.normalize("NFC", f"{letter}\u0302") if letter != name and len(letter) == 1 else None


def _plus_first(terms):
    """ŷ − y, not −y + ŷ; and w·x + b, not b + w·x."""
    return sorted(terms, key=lambda term: (term.could_extract_minus_sign(), -_degree(term)))


def _degree(term: sp.Expr) -> int:
    powers = term.as_powers_dict().items()
    return sum(int(power) if power.is_Integer else 1 for base, power in powers if base.free_symbols)


def _shown_as_decimal(product: sp.Expr) -> tuple[str, sp.Expr] | None:
    """0.044715·x, not 8943·x/200000: the decimal, and what it multiplies."""
    number, rest = product.as_coeff_Mul()
    decimal = _decimal(number) if isinstance(number, sp.Rational) else None
    return None if decimal is None else (decimal, rest)


class _Latex(LatexPrinter):
    def _as_ordered_terms(self, expr, order=None):
        return _plus_first(super()._as_ordered_terms(expr, order))

    def _print_Symbol(self, expr, style="plain"):
        return name_latex(expr.name)

    def _print_Rational(self, expr):
        return _decimal(expr) or super()._print_Rational(expr)

    def _print_Integer(self, expr):
        return _large(expr) or str(expr.p)

    def _print_Mul(self, expr):
        made = _shown_as_decimal(expr)
        if made is None:
            return super()._print_Mul(expr)
        return rf"{made[0]} \cdot {self.parenthesize(made[1], PRECEDENCE['Mul'])}"

    def _print_log(self, expr, exp=None):
        shown = rf"\log\left({self._print(expr.args[0])}\right)"
        return shown if exp is None else rf"{shown}^{{{exp}}}"


class _Text(StrPrinter):
    def _as_ordered_terms(self, expr, order=None):
        return _plus_first(super()._as_ordered_terms(expr, order))

    def _print_Symbol(self, expr):
        return name_text(expr.name)

    def _print_Rational(self, expr):
        return _decimal(expr) or super()._print_Rational(expr)

    def _print_Integer(self, expr):
        return _large(expr) or str(expr.p)

    def _print_Mul(self, expr):
        made = _shown_as_decimal(expr)
        if made is not None:
            return f"{made[0]}·{self.parenthesize(made[1], PRECEDENCE['Mul'])}"
        return super()._print_Mul(expr).replace("*", "·")

    def _print_Pow(self, expr, rational=False):
        if expr.exp.is_Integer and expr.exp < -1:
            return f"1/{super()._print_Pow(1 / expr, rational)}".replace("**", "^")
        return super()._print_Pow(expr, rational).replace("**", "^")

    def _print_Function(self, expr):
        return expr.text(self) if isinstance(expr, Special) else super()._print_Function(expr)

    def _print_sigmoid(self, expr):
        return f"σ({self._print(expr.args[0])})"

    def _print_Infinity(self, expr):
        return "∞"

    def _print_NegativeInfinity(self, expr):
        return "-∞"

    def _print_Pi(self, expr):
        return "π"


def _large(number: sp.Integer) -> str | None:
    """A number that nobody wants to see digit by digit, such as the largest of float64."""
    return f"{float(number):.6g}" if abs(number) >= 10**16 else None


def _decimal(number: sp.Rational) -> str | None:
    """A fraction that was typed as a decimal, as a decimal: 1e-8, 0.1; simple fractions stay fractions."""
    denominator = int(number.q)
    if denominator <= 100 and denominator != 10:
        return None
    while denominator % 2 == 0:
        denominator //= 2
    while denominator % 5 == 0:
        denominator //= 5
    return f"{float(number):.15g}" if denominator == 1 else None


_latex_printer = _Latex(
    {"ln_notation": False, "mul_symbol": "dot", "inv_trig_style": "abbreviated", "root_notation": True}
)
_text_printer = _Text({"order": None})


def renamed(formula, names: Mapping[str, str]):
    """The formula, or the nested list of them, with symbols called otherwise; an element `x[0]` goes with its `x`."""
    if isinstance(formula, list):
        return [renamed(item, names) for item in formula]
    parts = {symbol: symbol.name.partition("[") for symbol in formula.free_symbols}
    return formula.xreplace({symbol: sp.Symbol(names.get(p[0], p[0]) + p[1] + p[2]) for symbol, p in parts.items()})


def latex(formula) -> str:
    """LaTeX of a formula, or of a nested list of them as a bracketed row."""
    if isinstance(formula, list):
        return r"\left[" + r",\; ".join(latex(item) for item in formula) + r"\right]"
    return _latex_printer.doprint(formula)


def text(formula) -> str:
    """A formula in one line of Unicode: 2·x·cos(x^2), x·(σ(b + w·x) - y)."""
    if isinstance(formula, list):
        return "[" + ", ".join(text(item) for item in formula) + "]"
    return _text_printer.doprint(formula).replace("*", "·").replace("··", "^")


@functools.lru_cache(maxsize=1024)  # a slider asks at every tick
def partial_latex(output: str, used: str) -> str:
    """∂output/∂input."""
    return rf"\frac{{\partial {name_latex(output)}}}{{\partial {name_latex(used)}}}"


@functools.lru_cache(maxsize=1024)  # a slider asks at every tick
def partial_text(output: str, used: str) -> str:
    """∂output/∂input in plain text."""
    return f"∂{name_text(output)}/∂{name_text(used)}"
