"""A formula as a tree. Each part knows the columns of the typed text that it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Part:
    """`start` and `end` are columns of the typed text."""

    start: int
    end: int

    @property
    def parts(self) -> tuple[Part, ...]:
        return ()


@dataclass(frozen=True)
class Number(Part):
    """A number, exactly as it was typed: 0.1 is 1/10."""

    value: Fraction
    decimal: bool  # typed with a point or an exponent


@dataclass(frozen=True)
class Constant(Part):
    """π or e."""

    name: str  # "pi" or "e"


@dataclass(frozen=True)
class Name(Part):
    """An input."""

    name: str


@dataclass(frozen=True)
class Minus(Part):
    """−operand."""

    operand: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class Binary(Part):
    """left operator right; the operator is one of + - * / ^."""

    operator: str
    left: Part
    right: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Call(Part):
    """A function of the vocabulary, by its own name, and its arguments."""

    function: str
    arguments: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.arguments


def bottom_up(tree: Part) -> Iterator[Part]:
    """Every part after the parts that it is made of; without recursion, since a long sum is a deep tree."""
    waiting: list[tuple[Part, bool]] = [(tree, False)]
    while waiting:
        part, ready = waiting.pop()
        if ready or not part.parts:
            yield part
        else:
            waiting.append((part, True))
            waiting += [(inner, False) for inner in reversed(part.parts)]


def names_in(tree: Part) -> tuple[str, ...]:
    """The inputs, in the order of their first appearance."""
    return tuple(dict.fromkeys(part.name for part in bottom_up(tree) if isinstance(part, Name)))
