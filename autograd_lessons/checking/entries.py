"""What is typed into a box: a number, a list of numbers, or a formula in the names on the screen."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from ..formula import Formula, read

_PLAIN = re.compile(r"[+\-−]?(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+\-−]?\d+))?")
_NOT_FINITE = {"nan": "nan", "inf": "inf", "∞": "inf"}


@dataclass(frozen=True)
class Entry:
    """A number or a formula; `parts` has several of them for a list, `pieces` what was typed for each."""

    pieces: tuple[str, ...]
    parts: tuple[Formula | float, ...]
    is_list: bool

    @property
    def names(self) -> frozenset[str]:
        """The names in it."""
        return frozenset(name for part in self.parts if isinstance(part, Formula) for name in part.names)

    @cached_property
    def precision(self) -> list[tuple[int, float]]:
        """For plain numbers: of each the significant digits as typed, and half a unit in the last place; else nothing.

        `6.70` has three digits, and half a unit is 0.005.
        """
        found = [_PLAIN.fullmatch(piece) for piece in self.pieces]
        return [_precision(typed) for typed in found if typed] if all(found) else []

    def at(self, values: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """What it comes to in float64, with these values for the names. Raises what torch raises where shapes do not fit."""
        made = [torch.as_tensor(_value(part, values), dtype=torch.float64) for part in self.parts]
        return torch.stack([part.reshape(()) for part in made]) if self.is_list else made[0]


def entry(text: str, names: Collection[str], spellings: Mapping[str, str]) -> Entry:
    """Read what was typed. `names` are words that stand for a value; `spellings` are others, each with the name it stands for.

    Raises `FormulaError` for what cannot be read.
    """
    typed = text.strip()
    for spelling in sorted(spellings, key=len, reverse=True):
        typed = re.sub(rf"(?<!\w){re.escape(spelling)}(?!\w)", spellings[spelling], typed)
    if "σ" not in names:
        typed = re.sub(r"σ(?=\s*\()", "sigmoid", typed)  # as the screen has it
    in_brackets = typed.startswith("[") and typed.endswith("]")
    pieces = _pieces(re.sub(r"[\[\]]", "", typed) if in_brackets else typed)
    return Entry(tuple(pieces), tuple(_part(piece, names) for piece in pieces), in_brackets or len(pieces) > 1)


def _precision(typed: re.Match) -> tuple[int, float]:
    power = int((typed[3] or "0").replace("−", "-")) - len(typed[2])
    return len((typed[1] + typed[2]).lstrip("0")), 0.5 * 10.0**power if abs(power) < 300 else 0.0


def _part(piece: str, names: Collection[str]) -> Formula | float:
    bare = piece.lower().lstrip("+-−")
    if bare in _NOT_FINITE:
        return float(("-" if piece[0] in "-−" else "") + _NOT_FINITE[bare])
    return read(piece, names)


def _pieces(text: str) -> list[str]:
    """The parts between the commas that stand outside every bracket."""
    pieces, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece.strip() for piece in pieces]


def _value(part: Formula | float, values: Mapping[str, torch.Tensor]):
    if isinstance(part, float):
        return part
    return part.function(**{name: values[name].double() for name in part.names})
