"""The symbolic side of one recorded program on one branch: every step as a formula in SymPy.

Holds no numbers of the run, so that it can be kept and used again at every slider tick.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import sympy as sp

from .forms import Form, apply, symbols_of

MOST_NODES = 4000  # a composed formula may have so many before it is not written out
MOST_NODES_IN_ALL = 20_000  # and those of all elements together so many
MOST_LEVELS = 60  # and so many operations one inside the other


class Symbols:
    """For each value an array with a symbol for each element; made when it is asked for, since a large one takes long."""

    def __init__(self, labels: tuple[str, ...], shapes: tuple):
        self._values, self._made = list(zip(labels, shapes)), {}

    def __getitem__(self, index: int) -> np.ndarray:
        if index not in self._made:
            self._made[index] = symbols_of(*self._values[index])
        return self._made[index]


class Program:
    """`labels[i]`, `symbols[i]` and, for steps, `formula(i)`: the values of a tape by index, inputs first."""

    def __init__(
        self, labels: tuple[str, ...], shapes: tuple, forms: tuple[Form | None, ...], differentiated: tuple[bool, ...]
    ):
        self.labels = labels
        self.forms = forms
        self.differentiated = differentiated
        self.symbols = Symbols(labels, shapes)
        self.undefined: set[int] = set()  # values whose formula divides by 0 on this branch
        self.results: dict = {}  # whatever is derived from this program, by whoever derives it

    def keep(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make()` gives, made once: later runs on the same branch find it here."""
        if key not in self.results:
            self.results[key] = make()
        return self.results[key]

    # ------------------------------------------------------------------ one step
    @functools.cache  # noqa: B019 (a program lives as long as the bounded cache that holds it)
    def formula(self, index: int) -> np.ndarray | None:
        """The step in terms of the symbols of what it uses: an object array in its shape; None for inputs and opaque values."""
        form = self.forms[index]
        if form is None or form.opaque:
            return None
        operands = [self.symbols[o] if isinstance(o, int) else o for o in form.operands]
        return apply(form, operands)

    # ------------------------------------------------------------------ several steps in one formula
    def compose(self, index: int, stop: frozenset[int]) -> np.ndarray | None:
        """Value `index` in terms of the symbols of the values in `stop` and of leaves.

        None if that is too large to write out, and where something would be divided by 0 (`undefined` then holds the index).
        """
        inside = sorted(self._until(index, stop))
        if self._too_large(index, inside):
            return None
        made: dict[int, np.ndarray] = {}
        for here in inside:
            form = self.forms[here]
            assert form is not None
            operands = [made.get(o, self.symbols[o]) if isinstance(o, int) else o for o in form.operands]
            made[here] = apply(form, operands)
            if has_no_value(made[here]):
                self.undefined.add(index)
                return None
        return made.get(index, self.symbols[index])

    def _until(self, index: int, stop: frozenset[int]) -> set[int]:
        """The steps to write out: `index` and what it was computed from, down to `stop`, to inputs and to opaque values."""
        found, waiting = set(), [index]
        while waiting:
            here = waiting.pop()
            form = self.forms[here]
            if here not in found and (here not in stop or here == index) and form is not None and not form.opaque:
                found.add(here)
                waiting += [o for o in form.operands if isinstance(o, int)]
        return found

    def hidden(self, index: int, stop: frozenset[int]) -> set[int]:
        """The opaque values outside `stop` that stand as symbols of their own in `compose(index, stop)`."""
        inside = self._until(index, stop)
        used = {o for here in inside for o in self.forms[here].operands if isinstance(o, int)}  # pyright: ignore
        return {o for o in used - inside - stop if self.forms[o] is not None}

    def is_constant_in(self, hidden: int, used: int, stop: frozenset[int]) -> bool:
        """Whether no gradient gets from an opaque value to `used` but through `stop`: only then is its symbol a constant there."""
        found, waiting = set(), [hidden]
        while waiting:
            here = waiting.pop()
            if here in found or not self.differentiated[here]:
                continue
            if here == used:
                return False
            found.add(here)
            form = self.forms[here]
            if form is not None and here not in stop:
                waiting += [o for o in form.operands if isinstance(o, int)]
        return True

    def _too_large(self, index: int, inside: list[int]) -> bool:
        """Whether the formula would have too many parts, or be nested too deep for SymPy, which recurses into it."""
        size, depth = {}, {}
        for here in inside:
            form = self.forms[here]
            assert form is not None
            used = [o for o in form.operands if isinstance(o, int)]
            uses = dict.fromkeys(used, 1) if form.pointwise else self._uses(here)
            size[here] = len(form.operands) - len(used) + 1 + sum(n * size.get(o, 1) for o, n in uses.items())
            depth[here] = 1 + max((depth.get(o, 0) for o in used), default=0)
        largest = min(MOST_NODES, MOST_NODES_IN_ALL / max(self.symbols[index].size, 1))
        return size.get(index, 1) > largest or depth.get(index, 0) > MOST_LEVELS

    @functools.cache  # noqa: B019
    def _uses(self, index: int) -> dict[int, int]:
        """How often the elements of each value stand in one element of this step, at the most."""
        made, form = self.formula(index), self.forms[index]
        assert made is not None and form is not None
        owner = {symbol: o for o in form.operands if isinstance(o, int) for symbol in self.symbols[o].reshape(-1)}
        most: Counter = Counter()
        for element in made.reshape(-1):
            most |= Counter(owner[part] for part in sp.preorder_traversal(element) if part in owner)
        return most

    @functools.cache  # noqa: B019
    def behind(self, index: int) -> list[int]:
        """The values that `index` was computed from, itself included; the last one first."""
        found, waiting = set(), [index]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                form = self.forms[here]
                if form is not None and not form.opaque:
                    waiting += [o for o in form.operands if isinstance(o, int)]
        return sorted(found, reverse=True)


def has_no_value(formulas: np.ndarray) -> bool:
    """Whether something is divided by 0 in one of them: on the flat branch of relu its value is the number 0, not a symbol."""
    return any(isinstance(formula, sp.Basic) and formula.has(sp.zoo) for formula in formulas.reshape(-1))
