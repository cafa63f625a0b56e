"""The playground of lesson 7: a formula that is typed, or code that is pasted, and below it the explorer of that function."""

from __future__ import annotations

import ast
import itertools
import linecache
import math
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
import torch

from .errors import FormulaError, LessonError
from .explorer import Explorer, explore
from .formula import read
from .gallery import PIECES, Piece
from .sliders import classed
from .stepper import choice
from .twin import Twinned

_OWN = "your own"
_count = itertools.count(1)


def playground(typed: str = "sin(x^2)", **inputs: float) -> Playground:
    """A box to type a formula or to paste PyTorch code, and the explorer of what was typed.

    Nothing that is typed raises: what cannot be read, or run, is said below the box.
    """
    return Playground(typed, inputs)


class Playground(Twinned):
    """`.type(text)` is what typing does, `.explorer` explores what was read last, `.message` says what became of the text."""

    def __init__(self, typed: str, inputs: Mapping[str, float]):
        self.typed = ""
        self.message = ""
        self.explorer: Explorer | None = None
        self._busy = False
        self._values: dict[str, float] = {}  # what an input was last: a name that stays keeps its number
        self._build()
        self.type(typed, inputs)

    def type(
        self,
        text: str,
        inputs: Mapping[str, float] | None = None,
        ranges: Mapping[str, tuple[float, float]] | None = None,
    ) -> Playground:
        """Read a formula, or code that defines a function, and explore it; returns the playground.

        An input that is not given keeps its number, or starts at 1.
        """
        self.typed = text
        self._keep()
        try:
            function, names, self.message = _function(text)
            values = (
                {name: 1.0 for name in names}
                | {n: v for n, v in self._values.items() if n in names}
                | dict(inputs or {})
            )
            grain = "operations" if _is_formula(text) else "variables"
            self.explorer = explore(function, inputs=values, dtype=torch.float64, ranges=ranges, grain=grain)
        except Exception as error:  # whatever the learner typed, or their code raised while it was defined
            self.explorer, self.message = None, _said(error)
        self._show()
        return self

    def pick(self, title: str) -> Playground:
        """Take a function of the gallery by its title, with its inputs and ranges."""
        piece = next((piece for piece in PIECES if piece.title == title), None)
        if piece is None:
            raise LessonError(f"The gallery has no {title!r}. It has: {', '.join(p.title for p in PIECES)}.")
        self.type(piece.typed, piece.inputs, piece.ranges)
        self.message = f"{self.message}\n{piece.look_for}".strip()
        self._show(piece)
        return self

    def still(self) -> str:
        if self.explorer is None:
            return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>'
        return self.explorer.still()

    def __repr__(self) -> str:
        return self.message if self.explorer is None else repr(self.explorer)

    # ------------------------------------------------------------------ widgets
    def _build(self) -> None:
        options = [_OWN, *(piece.title for piece in PIECES)]
        self._choice = classed(choice("gallery", options, _OWN), "al-gallery")
        self._choice.observe(lambda change: self._busy or self._picked(change["new"]), "value")
        wide = widgets.Layout(width="min(100% - 4px, 640px)")
        self._choice.layout = wide
        self._line = classed(widgets.Text(description="formula", continuous_update=False, layout=wide), "al-formula")
        self._line.observe(lambda change: self._busy or self.type(change["new"]), "value")
        code = widgets.Layout(width="min(100% - 4px, 640px)", height="130px")
        self._code = classed(
            widgets.Textarea(description="or code", continuous_update=False, layout=code, placeholder=_EXAMPLE),
            "al-code",
        )
        self._code.observe(lambda change: self._busy or change["new"].strip() and self.type(change["new"]), "value")
        self._said = classed(widgets.HTML(layout=widgets.Layout(width="100%")), "al-said")
        self._below = widgets.VBox([], layout=widgets.Layout(width="100%"))
        boxes = [self._choice, self._line, self._code, self._said, self._below]
        self.widget = classed(widgets.VBox(boxes, layout=widgets.Layout(width="100%")), "al-playground")

    def _picked(self, title: str) -> None:
        if title != _OWN:
            self.pick(title)

    def _show(self, piece: Piece | None = None) -> None:
        self._busy = True
        self._choice.value = _OWN if piece is None else piece.title
        formula = _is_formula(self.typed)
        self._line.value, self._code.value = (self.typed, "") if formula else ("", self.typed)
        self._said.value = f'<pre class="al-message" style="margin:4px 0;line-height:1.3">{escape(self.message)}</pre>'
        self._below.children = [] if self.explorer is None else [self.explorer.widget]
        self._busy = False

    def _keep(self) -> None:
        if self.explorer is not None and self.explorer.tape is not None:
            inputs = self.explorer.tape.inputs
            self._values |= {name: used.value.item() for name, used in inputs.items() if used.value.numel() == 1}


_EXAMPLE = "def mine(x):\n    y = torch.sin(x)\n    return x * y"


def _is_formula(text: str) -> bool:
    """One line that defines nothing is a formula; all else is code."""
    return "\n" not in text.strip() and not re.search(r"\b(def|lambda)\b", text)


def _function(text: str) -> tuple[Callable | str, tuple[str, ...], str]:
    """What is explored, its inputs, and how the text was understood."""
    if _is_formula(text):
        formula = read(text)
        if not formula.names:
            raise FormulaError(
                text, 0, len(text), "This is a number, with no input to differentiate by. Type a name in it:", ("x^2",)
            )
        return text, formula.names, f"read as {formula.read_as}, a function of {', '.join(formula.names)}"
    function = _defined(text)
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return function, names, f"{function.__name__}, a function of {', '.join(names)}"


def _defined(text: str) -> Callable:
    """The last function that the code defines, run as a cell of the learner's would be."""
    tree = ast.parse(text)
    file = f"<playground {next(_count)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, Any] = {"torch": torch, "math": math, "F": torch.nn.functional}
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):  # a lambda without a name is what is meant
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("function", ast.Store())], last.value), last)
        ast.fix_missing_locations(tree)
    exec(compile(tree, file, "exec"), names)
    own = [v for v in names.values() if getattr(getattr(v, "__code__", None), "co_filename", "") == file]
    if not own:
        raise LessonError(
            "The code defines no function. Put it into one:\n    def mine(x):\n        return x**2\n"
            "To explore statements as they stand, put %%autograd on top of a cell."
        )
    return own[-1]


def _said(error: Exception) -> str:
    if isinstance(error, LessonError):
        return str(error)
    if isinstance(error, SyntaxError):
        pointed = f"\n    {(error.text or '').rstrip()}\n    {' ' * ((error.offset or 1) - 1)}^" if error.text else ""
        return f"line {error.lineno} is not Python: {error.msg}{pointed}"
    return f"{type(error).__name__}: {error}"
