"""A tree as text: in the plain form that a formula is read as, and as the Python code that PyTorch runs.

Both are made from the tree and the vocabulary only. A name stands in them as the reader has checked it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from . import vocabulary
from .constants import applied, in_math
from .tree import Binary, Call, Constant, Minus, Name, Number, Part, bottom_up, names_in

LARGEST_WHOLE = 2**53  # a whole number beyond is written with a point: torch takes no larger ones
_LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_SIGN, _ATOM = 3, 5


def plain(tree: Part) -> str:
    """The formula with every sign and no bracket too many: it reads as the same tree."""

    def call(part: Call, arguments: list[str]) -> str:
        return f"{part.function}({', '.join(arguments)})"

    return _written(tree, lambda number: _decimal(number), lambda name: name, call, "^", lambda part: None)


def code(tree: Part, values: dict[int, float]) -> str:
    """The formula as one Python expression over `torch` and `math`."""
    names = names_in(tree)
    pointed = _too_large_for_whole(tree, values)

    def number(part: Number) -> str:
        if part.value.denominator == 1 and not part.decimal and id(part) not in pointed:
            return str(part.value.numerator)
        return repr(float(part.value))

    def constant(name: str) -> str:
        return f"math.{name}"

    def call(part: Call, arguments: list[str]) -> str:
        if id(part) in values:
            form = in_math(part.function)
            return (
                form.format(*arguments)
                if form
                else repr(applied(part.function, [values[id(a)] for a in part.arguments]))
            )
        function = vocabulary.functions()[part.function]
        arguments = [  # where torch takes no plain numbers
            f"torch.full_like({names[0]}, {text})" if id(argument) in values and not function.is_number(place) else text
            for place, (argument, text) in enumerate(zip(part.arguments, arguments))
        ]
        if "{torch}" in function.code or function.name in ("max", "min"):
            return function.code.format(*arguments, torch="torch")
        return function.code.format(", ".join(arguments))

    def whole(part: Part) -> Part | None:
        """e^x is torch.exp(x)."""
        if not isinstance(part, Binary) or part.operator != "^" or id(part) in values:
            return None
        of_e = isinstance(part.left, Constant) and part.left.name == "e"
        return Call(part.start, part.end, "exp", (part.right,)) if of_e else None

    return _written(tree, number, constant, call, "**", whole)


def _written(
    tree: Part, number: Callable, constant: Callable, call: Callable, power: str, instead: Callable[[Part], Part | None]
) -> str:  # fmt: skip
    made: dict[int, tuple[str, int]] = {}  # text, and how tightly it holds together
    for part in bottom_up(tree):
        made[id(part)] = _one(instead(part) or part, made, number, constant, call, power)
    return made[id(tree)][0]


def _one(part: Part, made: dict, number, constant, call, power: str) -> tuple[str, int]:
    match part:
        case Number():
            return number(part), _ATOM
        case Constant():
            return constant(part.name), _ATOM
        case Name():
            return part.name, _ATOM
        case Minus():
            return f"-{_in_brackets(made[id(part.operand)], _SIGN + 1)}", _SIGN
        case Call():
            text = call(part, [made[id(argument)][0] for argument in part.arguments])
            return text, 2 if text.startswith("1 /") else _ATOM if text[-1] == ")" or text[0].isdigit() else _SIGN
        case Binary():
            level = _LEVELS[part.operator]
            left, right = made[id(part.left)], made[id(part.right)]
            if part.operator == "^":
                return f"{_in_brackets(left, _ATOM)}{power}{_in_brackets(right, _SIGN)}", level
            space = " " if level == 1 else ""
            return (
                f"{_in_brackets(left, level)}{space}{part.operator}{space}{_in_brackets(right, level + 1, sign=False)}",
                level,
            )
    raise TypeError(part)


def _in_brackets(written: tuple[str, int], least: int, sign: bool = True) -> str:
    """Brackets around what holds together less tightly; with `sign` false around a sign too: x*(-y)."""
    text, level = written
    return f"({text})" if level < least or not sign and text.startswith("-") else text


def _decimal(part: Number) -> str:
    """A number with all its digits, in the shorter of the usual ways."""
    value: Fraction = part.value
    if value.denominator == 1 and not part.decimal:
        return str(value.numerator)
    if value == 0:
        return "0.0"
    digits, shift = _digits_and_shift(value)
    point = len(digits) + shift
    if 0 < point <= 17:
        whole, decimals = digits[:point].ljust(point, "0"), digits[point:]
        return f"{whole}.{decimals or '0'}"
    if -5 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    return f"{digits[0]}{'.' + digits[1:] if digits[1:] else ''}e{point - 1}"


def _digits_and_shift(value: Fraction) -> tuple[str, int]:
    """value = digits · 10^shift, without zeros at the end."""
    shift = 0
    while value.denominator != 1:
        value, shift = value * 10, shift - 1
    digits = str(value.numerator)
    short = digits.rstrip("0")
    return short, shift + len(digits) - len(short)


def _too_large_for_whole(tree: Part, values: dict[int, float]) -> set[int]:
    """The numbers inside parts without a name that are beyond what torch takes as whole numbers."""
    found: set[int] = set()
    waiting = [(tree, False)]
    while waiting:
        part, inside = waiting.pop()
        constant = id(part) in values
        inside = inside or constant and any(abs(values[id(p)]) > LARGEST_WHOLE for p in bottom_up(part))
        if inside and isinstance(part, Number):
            found.add(id(part))
        waiting += [(inner, inside and constant) for inner in part.parts]
    return found
