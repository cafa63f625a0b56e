"""Typed formulas: read by a grammar of our own, never evaluated, into a SymPy expression and a PyTorch function.

typed text ─▶ typography ─▶ tokens ─▶ grammar ─▶ tree ─▶ symbolic   a SymPy expression, by constructors
                                        │           └─▶ writing    Python code of our own making, that torch runs
                                        └─▶ offers   where reading stops: an error, with what can be read instead
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import FormulaError
from . import compiled, constants, writing
from .reader import tree_of
from .tree import Part, names_in

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Formula:
    """A typed formula that was read: `.text` is what was typed, `.read_as` how it was understood.

    >>> formula = read("2x cos(x²)")
    >>> formula.read_as, formula.names
    ('2*x*cos(x^2)', ('x',))
    >>> print(formula.code)
    def formula(x):
        return 2*x*torch.cos(x**2)
    """

    text: str
    tree: Part
    values: dict[int, float]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The inputs, in the order of their first appearance."""
        return names_in(self.tree)

    @cached_property
    def read_as(self) -> str:
        """The formula with all its signs: it reads as the same formula."""
        return writing.plain(self.tree)

    @cached_property
    def expression(self) -> sympy.Expr:
        """The formula in SymPy, in plain symbols. Raises `FormulaError` where it has no value anywhere."""
        from .symbolic import expression

        made = expression(self.tree, self.values)
        if made.is_infinite or made.has(*_no_numbers()):
            raise FormulaError(
                self.text,
                self.tree.start,
                self.tree.end,
                "This has no value anywhere: it divides by zero. Type something else under the fraction.",
            )
        return made

    @cached_property
    def code(self) -> str:
        """The Python function that PyTorch runs."""
        return f"def formula({', '.join(self.names)}):\n    return {writing.code(self.tree, self.values)}"

    @cached_property
    def function(self) -> Callable:
        """That function; its parameters are the names."""
        return compiled.function(self.code)


def read(text: str, known: Collection[str] = ()) -> Formula:
    """Read a typed formula. `known` are words that are names for certain, such as the inputs that are given.

    Raises `FormulaError` for what is no formula, and for what can be read in two ways.
    """
    if not isinstance(text, str):
        raise FormulaError(
            repr(text)[:60],
            0,
            1,
            f"A formula is text, and this is {type(text).__name__}. Type it in quotation marks:",
            ('"sin(x^2)"',),
        )
    __tracebackhide__ = True
    text = str.__str__(text)
    try:
        tree = tree_of(text, frozenset(known))
        return Formula(text, tree, constants.values(tree, text))
    except FormulaError as error:
        raise error.with_traceback(None) from None  # how the reader came there tells a learner nothing


def parse(text: str) -> sympy.Expr:
    """A typed formula as a SymPy expression in plain symbols; no part of the text is ever evaluated.

    Raises `FormulaError` for what is no formula, and for what can be read in two ways: it shows both.

    >>> parse("2x sin(x^2)")
    2*x*sin(x**2)
    """
    __tracebackhide__ = True
    return read(text).expression


@functools.cache
def _no_numbers() -> tuple:
    import sympy as sp

    return sp.zoo, sp.nan, sp.oo, -sp.oo
