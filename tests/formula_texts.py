"""Random texts for the formula reader: right ones with their value computed beside them, mutated ones, and any characters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st

POINT = {"x": 0.7, "y": 1.3, "w_1": -0.6, "alpha": 2.1, "β": 0.4}
CHARACTERS = (
    "xyzabe0123456789...+-*/^()(),, __√²³⁻ⁿ₁₂·×÷−π|!=<>[]{}'\"\\;:%&@#$~?`\n\t\r\0\u00a0\u200b\u202eхαβΑ½∞∫ςé́ſﬁ𝑥ｘ٣"
)
PIECES = (
    ["sin", "cos", "ln", "exp", "sqrt", "max", "min", "log", "abs", "sigmoid", "tanh", "arcsin", "sec", "log2", "pow"]
    + ["pi", "e", "E", "x", "y", "xy", "alpha", "lambda", "if", "torch.", "np.", "__", "1e", "e5", ".5", "2.", "9**9**9", "1e300"]
    + ["sin ", "sin²", "sin^-1", "(x+1)", "(", ")", "**", "^", "^2", "²", "/0", "/", "1/2x", "√", "|x|", "x!", ",", "-", "--", " "]
)  # fmt: skip


class Drawn(NamedTuple):
    """A formula as text, how tightly it holds together (1 sum, 2 product, 3 sign, 4 power, 5 atom), and its value."""

    text: str
    level: int
    value: float


def _in_brackets(part: Drawn, least: int) -> str:
    return part.text if part.level >= least else f"({part.text})"


_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "exp": math.exp, "tanh": math.tanh, "arctan": math.atan, "np.cosh": math.cosh,
    "torch.sin": math.sin, "abs": abs, "sigmoid": lambda v: 1 / (1 + math.exp(-v)), "relu": lambda v: max(v, 0.0),
    "sqrt": math.sqrt, "ln": math.log, "log2": math.log2, "sec": lambda v: 1 / math.cos(v),
}  # fmt: skip


@st.composite
def formulas(draw, depth: int = 4) -> Drawn:
    """A text that can be read in one way only, and what it comes to at `POINT`."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.one_of(_numbers(), _names(), st.sampled_from([Drawn("pi", 5, math.pi), Drawn("e", 5, math.e)])))
    kind = draw(st.sampled_from(["+", "-", "*", "/", "^", "call", "sign", "brackets", "glued", "max", "²"]))
    left = draw(formulas(depth - 1))
    space = draw(st.sampled_from(["", " "]))
    if kind == "call":
        name = draw(st.sampled_from(list(_FUNCTIONS)))
        return _guarded(f"{name}({left.text})", 5, lambda: _FUNCTIONS[name](left.value))
    if kind == "sign":
        return Drawn(f"{draw(st.sampled_from('-−'))}{_in_brackets(left, 4)}", 3, -left.value)
    if kind == "brackets":
        return Drawn(f"({space}{left.text}{space})", 5, left.value)
    if kind == "²":
        return _guarded(f"{_in_brackets(left, 5)}²", 4, lambda: left.value**2)
    right = draw(formulas(depth - 1))
    if kind == "max":
        return Drawn(f"max({left.text},{space}{right.text})", 5, max(left.value, right.value))
    if kind == "glued":  # 2x, (…)(…)
        if right.text[0].isdigit() or right.text[0] == ".":
            right = Drawn(f"({right.text})", 5, right.value)
        number = draw(st.integers(1, 99))
        return Drawn(f"{number}({right.text})({left.text})", 2, number * right.value * left.value)
    if kind == "+":
        return Drawn(f"{left.text}{space}+{space}{_in_brackets(right, 2)}", 1, left.value + right.value)
    if kind == "-":
        return Drawn(f"{left.text}{space}-{space}{_in_brackets(right, 2)}", 1, left.value - right.value)
    if kind == "*":
        sign = draw(st.sampled_from("*·×"))
        return Drawn(
            f"{_in_brackets(left, 3)}{space}{sign}{space}{_in_brackets(right, 3)}", 2, left.value * right.value
        )
    if kind == "/":
        return _guarded(
            f"{_in_brackets(left, 3)}{space}/{space}{_in_brackets(right, 4)}", 2, lambda: left.value / right.value
        )
    exponent = draw(
        st.sampled_from([Drawn("2", 5, 2.0), Drawn("3", 5, 3.0), Drawn("-1", 3, -1.0), Drawn("(1/2)", 5, 0.5)])
    )
    power = draw(st.sampled_from(["^", "**"]))
    return _guarded(f"{_in_brackets(left, 5)}{power}{exponent.text}", 4, lambda: left.value**exponent.value)


def _guarded(text: str, level: int, value: Callable[[], float]) -> Drawn:
    """The formula, or a number in its place where it has no real value of a moderate size."""
    try:
        number = value()
    except (ValueError, ZeroDivisionError, OverflowError):
        return Drawn("x", 5, POINT["x"])
    if isinstance(number, complex) or not abs(number) < 1e6 or 0 < abs(number) < 1e-6:
        return Drawn("y", 5, POINT["y"])
    return Drawn(text, level, number)


def _numbers() -> st.SearchStrategy[Drawn]:
    whole = st.integers(0, 999).map(lambda n: Drawn(str(n), 5, float(n)))
    decimal = st.tuples(st.integers(0, 99), st.integers(0, 999)).map(
        lambda p: Drawn(f"{p[0]}.{p[1]:03d}", 5, p[0] + p[1] / 1000)
    )
    scientific = st.integers(1, 99).map(lambda n: Drawn(f"{n}e-2", 5, n / 100))
    return st.one_of(whole, decimal, scientific)


def _names() -> st.SearchStrategy[Drawn]:
    return st.sampled_from([Drawn(name, 5, value) for name, value in POINT.items()])


@st.composite
def mutated(draw) -> str:
    """A right text with some characters left out, doubled, moved or replaced."""
    text = draw(formulas(3)).text
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 3)))
        piece = draw(
            st.one_of(st.sampled_from(PIECES), st.sampled_from(CHARACTERS), st.just(""), st.just(text[at:end] * 2))
        )
        text = text[:at] + piece + text[end:]
    return text


def anything() -> st.SearchStrategy[str]:
    """Any text: of formulas' characters, of their pieces, of all of Unicode, surrogates too."""
    return st.one_of(
        st.text(alphabet=CHARACTERS, max_size=40),
        st.lists(st.sampled_from(PIECES), max_size=15).map("".join),
        st.text(alphabet=st.characters(), max_size=20),
        mutated(),
    )
