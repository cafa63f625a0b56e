"""What the parts of a formula without a name come to, and bounds on them: nothing typed may hang or fill memory."""

from __future__ import annotations

import math

import torch

from ..errors import FormulaError
from . import vocabulary
from .tree import Binary, Call, Constant, Minus, Number, Part, bottom_up

MOST_EXPONENT = 1_000  # of a typed power
MOST_DIGITS = 4_000  # of an exact number on the way
MOST_ARGUMENT = 1_000  # of a function that SymPy writes out at whole numbers: lgamma(5) is log(24)

_IN_MATH = {
    "acos": "acos", "acosh": "acosh", "asin": "asin", "asinh": "asinh", "atan": "atan", "atan2": "atan2", "atanh": "atanh",
    "cos": "cos", "cosh": "cosh", "erf": "erf", "erfc": "erfc", "exp": "exp", "expm1": "expm1", "hypot": "hypot",
    "lgamma": "lgamma", "log": "log", "log10": "log10", "log1p": "log1p", "log2": "log2", "sin": "sin", "sinh": "sinh",
    "sqrt": "sqrt", "tan": "tan", "tanh": "tanh",
}  # fmt: skip
_WRITTEN_OUT = {"digamma", "exp2", "igamma", "igammac", "ldexp", "lgamma", "mvlgamma", "polygamma", "zeta"}


def in_math(function: str) -> str | None:
    """Python's own name for a function, where it has one: constants need no tensors."""
    if function in _IN_MATH:
        return f"math.{_IN_MATH[function]}({', '.join(['{}'] * vocabulary.functions()[function].least)})"
    code = vocabulary.functions()[function].code
    return code.replace("{torch}", "math") if "{torch}" in code else None


def values(tree: Part, text: str) -> dict[int, float]:
    """By `id` of each part without a name: its number. Raises `FormulaError` where there is none, or none in reach."""
    found: dict[int, float] = {}
    digits: dict[int, float] = {}
    for part in bottom_up(tree):
        constant = all(id(inner) in found for inner in part.parts) and not _is_name(part)
        if isinstance(part, Binary) and part.operator in "^/" and id(part.right) in found:
            _check_right(part, found[id(part.right)], text)
        if not constant:
            continue
        digits[id(part)] = _digits(part, digits, found)
        if digits[id(part)] > MOST_DIGITS:
            raise FormulaError(
                text,
                part.start,
                part.end,
                f"Written out, this number has more than {MOST_DIGITS:,} digits. Type it rounded.",
            )
        found[id(part)] = _value(part, found, text)
    return found


def _is_name(part: Part) -> bool:
    return not isinstance(part, (Number, Constant)) and not part.parts


def _check_right(part: Binary, right: float, text: str) -> None:
    if part.operator == "/" and right == 0:
        raise FormulaError(text, part.start, part.end, "This divides by zero. Type another number under the fraction.")
    is_e = isinstance(part.left, Constant) and part.left.name == "e"
    if part.operator == "^" and abs(right) > MOST_EXPONENT and not is_e:
        raise FormulaError(
            text, part.right.start, part.right.end, f"Exponents are read up to {MOST_EXPONENT:,}. Type a smaller one."
        )


def _digits(part: Part, digits: dict[int, float], found: dict[int, float]) -> float:
    """About how many digits a part has as an exact number."""
    if isinstance(part, Number):
        return len(str(part.value.numerator)) + len(str(part.value.denominator))
    if isinstance(part, Binary) and part.operator == "^" and not isinstance(part.left, Constant):
        return digits[id(part.left)] * max(1, abs(found[id(part.right)])) + digits[id(part.right)]
    return 1 + sum(digits[id(inner)] for inner in part.parts)


def _value(part: Part, found: dict[int, float], text: str) -> float:
    numbers = [found[id(inner)] for inner in part.parts]
    try:
        value = _computed(part, numbers)
    except (OverflowError, ZeroDivisionError, ValueError, TypeError, RuntimeError):
        value = math.nan
    if isinstance(value, complex) or not math.isfinite(value):
        raise FormulaError(text, part.start, part.end, _why(part, numbers))
    if isinstance(part, Call) and part.function in _WRITTEN_OUT and max(map(abs, numbers)) > MOST_ARGUMENT:
        raise FormulaError(
            text, part.start, part.end, f"{part.function} of a number is read up to {MOST_ARGUMENT:,}. Type its value."
        )
    return value


def _computed(part: Part, numbers: list[float]) -> float:
    match part:
        case Number():
            return float(part.value)
        case Constant():
            return math.pi if part.name == "pi" else math.e
        case Minus():
            return -numbers[0]
        case Binary(operator="+"):
            return numbers[0] + numbers[1]
        case Binary(operator="-"):
            return numbers[0] - numbers[1]
        case Binary(operator="*"):
            return numbers[0] * numbers[1]
        case Binary(operator="/"):
            return numbers[0] / numbers[1]
        case Binary(operator="^"):
            return numbers[0] ** numbers[1]
        case Call():
            return applied(part.function, numbers)
    raise TypeError(part)


def applied(function: str, numbers: list[float]) -> float:
    """A function of the vocabulary at plain numbers."""
    code = vocabulary.functions()[function].code
    if function in _IN_MATH:
        return getattr(math, _IN_MATH[function])(*numbers)
    if "{torch}" in code:  # sec, cot …
        return 1 / getattr(math, code.split("}.")[1].split("(")[0])(*numbers)
    home = torch
    for step in code.split("(")[0].split(".")[1:]:
        home = getattr(home, step)
    is_number = vocabulary.functions()[function].is_number
    given = [
        (int(number) if number.is_integer() else number)
        if is_number(place)
        else torch.tensor(number, dtype=torch.float64)
        for place, number in enumerate(numbers)
    ]
    return home(*given).item()  # pyright: ignore


def _why(part: Part, numbers: list[float]) -> str:
    if isinstance(part, Binary) and part.operator == "/" or (isinstance(part, Binary) and numbers[0] == 0):
        return "This divides by zero. Type another number under the fraction." if numbers[-1] <= 0 else _LARGE
    if isinstance(part, Binary) and part.operator == "^" and numbers[0] < 0:
        return "A negative number to the power of a fraction is no real number. Type abs(…) around it, or a whole exponent."
    if isinstance(part, Call):
        return f"{part.function} has no real number here, or none that a float64 holds. Type another number."
    return _LARGE


_LARGE = "This number is too large: PyTorch holds numbers up to about 1e308. Type a smaller one."
