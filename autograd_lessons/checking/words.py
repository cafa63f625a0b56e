"""What a value and its derivative are called: by the learner's variable, else by the learner's own expression."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
import torch

from .. import formulas
from ..derivation import Derivation
from ..notation import name_text, text
from ..values import Input, Step, Value
from .flow import Flow

MOST_ELEMENTS = 400  # of a tensor: SymPy would write out what it multiplies
MOST_SHOWN = 8  # numbers of a list
LONGEST = 40  # characters of an expression or a formula that still reads well in a sentence


class Words:
    """Names and formulas of one run. The derivative that is `asked` for, (root, leaf), is named without its formula."""

    def __init__(self, flow: Flow, asked: tuple[int, int] | None = None):
        self.flow, self._asked = flow, asked
        self._derivation: Derivation | None = None

    def name(self, node: int) -> str:
        """`y`, or `x**2` where the learner gave it no name."""
        value = self.flow.nodes[node]
        if value.name and (isinstance(value, Input) or value.depth == 0):
            return value.path if isinstance(value, Input) else value.name
        source = value.source if isinstance(value, Step) else None
        if source is not None and source.text and len(source.text) <= LONGEST and "\n" not in source.text:
            return source.text
        if isinstance(value, Step) and value is self.flow.tape.output:
            return "the output"
        return f"{value.op}(…)" if isinstance(value, Step) else name_text(value.label)

    def call(self, node: int) -> str:
        """The operation as people write it: `sin`, `σ`, `power`."""
        step = self.flow.nodes[node]
        assert isinstance(step, Step)
        op = step.op.rstrip("_")
        return {"sigmoid": "σ", "pow": "the power", "mul": "the product", "div": "the quotient"}.get(op, op)

    def partial(self, root: int, leaf: int) -> str:
        """dy/dx, d(x**2)/dx."""
        return f"d{_held(self.name(root))}/d{_held(self.name(leaf))}"

    def factor(self, root: int, leaf: int) -> str:
        """`dy/dx = 2·x`: with its formula, or with its number at the first point, or alone."""
        if (root, leaf) == self._asked:
            return self.partial(root, leaf)
        formula = self.formula(root, leaf)
        if formula is None:
            slope = self.flow.derivative(root, leaf)
            if slope is None or slope[0].numel() != 1:
                return self.partial(root, leaf)
            formula = f"{slope[0].item():.4g}"
        return f"{self.partial(root, leaf)} = {formula}"

    def formula(self, root: int, leaf: int) -> str | None:
        """∂root/∂leaf in the learner's names, where SymPy has a short one."""
        made = self._slope(root, leaf)
        if made is None or isinstance(made, list):
            return None
        shown = text(made)
        return shown if len(shown) <= LONGEST else None

    def _slope(self, root: int, leaf: int):
        if any(value.value.numel() > MOST_ELEMENTS for value in self.flow.nodes):
            return None
        program = self._derived().program
        # what depends on the leaf is written out, or its part of the derivative would be missing
        kept = {i for i, v in enumerate(self.flow.nodes) if _is_named(v) and leaf not in self.flow.below(i)}
        try:
            made = formulas.local(program, root, leaf, frozenset(kept | {leaf}), self._own_name(root))
        except (RecursionError, TypeError, ValueError, AttributeError, NotImplementedError):
            return None
        if made is None or isinstance(made, list):
            return None
        names = self._readable(made)
        return None if names is None else made.xreplace(names)

    def _own_name(self, node: int) -> str | None:
        value = self.flow.nodes[node]
        return value.name if value.depth == 0 else None

    def _derived(self) -> Derivation:
        if self._derivation is None:
            self._derivation = Derivation(self.flow.tape)
        return self._derivation

    def _readable(self, formula) -> Mapping | None:
        """Symbols of unnamed values as the learner's expressions; None where one has no short expression."""
        by_label = {value.label: i for i, value in enumerate(self.flow.nodes)}
        names = {}
        for symbol in formula.free_symbols:
            node = by_label.get(symbol.name)
            if node is not None and symbol.name.startswith("#"):
                names[symbol] = sp.Symbol(_held(self.name(node)))
        return names


def _is_named(value: Value) -> bool:
    return isinstance(value, Input) or bool(value.name and value.depth == 0)


def _held(name: str) -> str:
    return name if name.replace("_", "").replace(".", "").isalnum() else f"({name})"


def shown(value: object) -> str:
    """A number or a short tensor as the hints print it."""
    if isinstance(value, torch.Tensor):
        if value.numel() == 1:
            return f"{value.item():.6g}"
        if value.ndim == 1 and value.numel() <= 6:
            return "[" + ", ".join(f"{v:.4g}" for v in value.tolist()) + "]"
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def at(values: Mapping[str, object]) -> str:
    """`x = 2, y = 0`; of a long list its length."""
    return ", ".join(f"{name} = {_short(value)}" for name, value in values.items())


def _short(value: object) -> str:
    many = _count(value)
    return f"[{many:,} numbers]" if many > MOST_SHOWN else shown(value)


def _count(value: object) -> int:
    return sum(map(_count, value)) if isinstance(value, list) else 1
