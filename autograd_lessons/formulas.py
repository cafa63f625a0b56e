"""Derivatives of a program's values as SymPy formulas, each derived once and kept with the program."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from .functions import sigmoid, softmax
from .program import Program, has_no_value
from .tidying import textbook, tidy


def gradient(program: Program, output: int, leaf: int) -> list[sp.Expr] | None:
    """∂(sum of the output)/∂(each element of a leaf), as SymPy differentiates the composed formula."""

    def make():
        composed = program.keep(("composed", output), lambda: program.compose(output, frozenset()))
        if composed is None:
            return None
        total = sp.Add(*composed.reshape(-1)) if composed.size != 1 else sp.sympify(composed.reshape(-1)[0])
        slopes = [textbook(tidy(sp.diff(total, symbol))) for symbol in program.symbols[leaf].reshape(-1)]
        if has_no_value(np.array(slopes, dtype=object)):
            program.undefined.add(output)
            return None
        return slopes

    return program.keep(("gradient", output, leaf), make)


def local(program: Program, output: int, used: int, stop: frozenset[int], name: str | None):
    """∂output/∂used in the symbols of the shown values; σ, tanh and softmax in the output's own name, as textbooks have it.

    None where a step without a rule stands between them.
    """

    def make():
        form = program.forms[output]
        if form is None or form.opaque:
            return None
        if not all(program.is_constant_in(hidden, used, stop) for hidden in program.hidden(output, stop)):
            return None
        composed = program.compose(output, stop)
        if composed is None:
            return None
        elements = [sp.sympify(element) for element in composed.reshape(-1)]
        own = zip(elements, program.symbols[output].reshape(-1)) if name is not None else ()
        called = {element: symbol for element, symbol in own if isinstance(element, (sigmoid, sp.tanh, softmax))}
        slopes = [
            plain(textbook(tidy(sp.diff(element, symbol))).xreplace(called))
            for element in elements
            for symbol in program.symbols[used].reshape(-1)
        ]
        if has_no_value(np.array(slopes, dtype=object)):
            return None
        return nested(slopes, composed.shape + program.symbols[used].shape)

    return program.keep(("local", output, used, stop), make)


def leaves(program: Program) -> tuple[list[sp.Symbol], list[tuple[int, int]]]:
    """The symbols of inputs and of values taken as they are, and where their numbers stand."""

    def make():
        found = {}
        for index, form in enumerate(program.forms):
            if form is None or form.opaque:
                for element, symbol in enumerate(program.symbols[index].reshape(-1)):
                    found[symbol] = (index, element)
        return list(found), list(found.values())

    return program.keep("leaves", make)


def plain(formula: Any) -> sp.Expr:
    """The formula in symbols without assumptions."""
    return formula.xreplace({symbol: sp.Symbol(symbol.name) for symbol in formula.free_symbols})  # pyright: ignore


def nested(flat: list, shape: tuple) -> Any:
    """A flat list as nested lists in a shape; for the shape of a single number the number itself."""
    if shape == ():
        return flat[0]
    array = np.empty(shape, dtype=object)
    array.reshape(-1)[:] = flat
    return array.tolist()
