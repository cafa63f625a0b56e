"""The gradient as SymPy finds it: local derivatives, the chain rule's paths, the whole formula, and their numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import mpmath
import numpy as np
import sympy as sp
import torch

from . import evaluation, formulas
from .branches import conditions, names_a_number
from .calls import public_name
from .elements import single
from .exact_run import ExactRun
from .frames import learners_traceback
from .grains import GRAINS, links
from .inputs import gather
from .local_formulas import LocalFormulas
from .lookup import has_rule
from .notation import latex, partial_text, renamed, text
from .program import Program
from .programs import Programs
from .run import run
from .tape import Tape
from .translation import MOST_ELEMENTS
from .typed import as_function
from .values import Input, Step, Value

MOST_DIGITS = 1_350  # of an exact number, where terms cancel
MOST_PATHS = 64
MOST_LINES = 400  # links of which a printed derivation lists the local derivatives
_AS_LABELLED: Mapping[str, str] = MappingProxyType({})


def derive(
    function: Callable | str,
    /,
    *,
    inputs: Mapping[str, Any] | None = None,
    wrt: Iterable[str] | str | None = None,
    dtype: torch.dtype | None = None,
    **given: Any,
) -> Derivation:
    """The symbolic gradient of `function`, along the branch that it takes at these inputs (1.0 where none is given).

    `function` is a Python function, or a formula as text: `derive("sin(x^2)")`.
    Raises `InputError`, and what the function itself raises.

    >>> import torch, autograd_lessons as al
    >>> al.derive(lambda x: torch.sin(x**2)).gradient["x"]
    2*x*cos(x**2)
    """
    __tracebackhide__ = True
    function = as_function(function, given, inputs, complete=False)
    gathered = gather(function, given, inputs, wrt, dtype, missing=1.0)
    try:
        return Derivation(run(function, gathered))
    except Exception as error:
        raise error.with_traceback(learners_traceback(error))


class Derivation:
    """SymPy's side of one recorded run. Formulas are in plain symbols, named as the learner named the values."""

    def __init__(self, tape: Tape):
        self.tape = tape
        self._programs = Programs(tape)
        #: whether one formula stands for every element of an elementwise function
        self.generic = self._programs.generic
        #: by step: the index of the branch that each element took, where the operation has branches
        self.branches = self._programs.branches
        self._index = self._programs.index
        self._once = self._programs.first.keep  # for what is the same at every run with this program
        self._exact = ExactRun(self._programs)
        self._of_links = LocalFormulas(self._programs)

    @property
    def program(self) -> Program:
        """The formulas of the steps: one for a whole tensor where that holds for every element, else element by element."""
        return self._programs.single or self._programs.first

    @property
    def kept(self) -> dict:
        """A place for what depends on the program and the branch only, and not on this run's numbers."""
        return self._programs.first.results

    # ------------------------------------------------------------------ what stands in the way
    @property
    def unseen(self) -> tuple[Input, ...]:
        """Values that depend on the inputs in a way that no step tells."""
        return tuple(v for v in self.tape.inputs.values() if v.requires_grad and not v.is_leaf)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The operations on the way that have no symbolic rule or are not written out, by torch's name."""
        return self._once("missing", self._find_missing)

    def _find_missing(self) -> tuple[str, ...]:
        flows, forms = [step for step in self.tape.history if step.requires_grad], self._programs.first.forms
        lacking = [step.op for step in flows if self._programs.too_large(step) or forms[self._index[step]].opaque]  # pyright: ignore
        return tuple(dict.fromkeys([*lacking, *(["autograd.grad"] if self.unseen else [])]))

    @cached_property
    def obstacle(self) -> str | None:
        """Why SymPy has no formula of a gradient that PyTorch has; None where it has all of them."""
        return self._once(("obstacle", *self._programs.all[1:]), self._find_obstacle)

    def _find_obstacle(self) -> str | None:
        if self.unseen:
            first = self.unseen[0]
            made = "torch.autograd.grad" if first.origin == "gradient" else "something that the recorder cannot see"
            if first.made_by_function:
                made = f"the torch.autograd.Function {first.made_by_function}"
            return f"{first.name} was made by {made}, and how it depends on the inputs is not on the tape"
        unknown = [step.op for step in self.tape.history if step.requires_grad and not has_rule(step)]
        if unknown:
            return f"no symbolic rule for {', '.join(map(public_name, dict.fromkeys(unknown)))}"
        if self.generic and self.missing:
            return "a tensor without a name stands in it, and one formula for all elements has no place for its numbers"
        if not self._programs.written_out or self.missing:
            return f"tensors of more than {MOST_ELEMENTS} elements are written out for elementwise functions only"
        if any(self._formulas(p, name) is None for p in self._programs.all for name in self._differentiated):
            if any(self._output in program.undefined for program in self._programs.all):
                return "on the branch taken something is divided by 0, and there is no formula of that"
            return "the whole formula is too long to write out; the local derivatives are there"
        return None

    @property
    def conditions(self) -> tuple[str, ...]:
        """What was true of the numbers on the branches taken: `1e-08 ≤ y_pred ≤ 0.99999999`."""
        met = [self._conditions_of(step, taken) for step, taken in self.branches.items() if step.requires_grad]
        return tuple(dict.fromkeys(itertools.chain(*met)))

    def _conditions_of(self, step: Step, taken: np.ndarray) -> list[str]:
        at = self._index[step]
        if self.generic or self.tape.plan.keep(("names a number", at), lambda: names_a_number(step)):
            return list(conditions(step, taken))
        return self._once(("conditions", at), lambda: list(conditions(step, taken)))

    # ------------------------------------------------------------------ formulas
    @property
    def gradient(self) -> dict[str, Any]:
        """By input: its derivative, a nested list in the shape of a small vector, one formula for each element of a grid."""
        return {name: made for name in self._differentiated if (made := self._gradient(name)) is not None}

    @property
    def _differentiated(self) -> list[str]:
        inputs = self.tape.inputs
        return self._once("differentiated", lambda: [name for name in inputs if inputs[name].adjoint is not None])

    def _gradient(self, name: str):
        pieces = self._pieces(name) if len(self._programs.all) > 1 else self._formulas(self._programs.first, name)
        if pieces is None:
            return None
        found = [formulas.plain(piece) for piece in pieces]
        if len(self._programs.all) > 1:
            return found[0] if len(set(found)) == 1 else found
        return formulas.nested(found, self._programs.first.symbols[self._index[self.tape.inputs[name]]].shape)

    def _pieces(self, name: str) -> list[sp.Expr] | None:
        """Of a generic run: the formula for one element, on each combination of branches."""
        made = [self._formulas(program, name) for program in self._programs.all]
        return None if None in made else [one[0] for one in made if one]

    def _formulas(self, program: Program, name: str) -> list[sp.Expr] | None:
        if not self._programs.written_out or self.missing or not isinstance(self.tape.output, Value):
            return None
        return formulas.gradient(program, self._output, self._index[self.tape.inputs[name]])

    @property
    def _output(self) -> int:
        return self._index[self.tape.output]  # pyright: ignore

    @property
    def local(self) -> dict[tuple[str, str], Any]:
        """By (output, input): ∂output/∂input for every link of both grains, in the names of what the output used.

        A link that both grains have stands for all between the two names. A pair is left out where a step between them
        has no rule.
        """
        named = self._of_links.slopes("variables")
        single = {pair: made for pair, made in self._of_links.slopes("operations").items() if pair not in named}
        return {pair: made for pair, made in (named | single).items() if made is not None}

    @property
    def chain(self) -> dict[str, tuple[tuple[Any, ...], ...]]:
        """By input: the paths from the output down to it at the variables grain, each a tuple of factors; at most 64.

        A factor is None where no rule gives one.
        """
        start = self.tape.output.label if isinstance(self.tape.output, Value) else ""
        paths: dict[str, list[tuple]] = {start: [()]}
        for link in links(self.tape, "variables"):  # the last output comes first
            factor = self._of_links.slopes("variables")[link.output.label, link.input.label]
            there = paths.setdefault(link.input.label, [])
            there += [(*path, factor) for path in paths.get(link.output.label, [])][: MOST_PATHS - len(there)]
        return {name: tuple(paths.get(name, ())) for name in self._differentiated}

    def latex(self, name: str) -> str:
        """LaTeX of the gradient for an input; KeyError if it has no formula."""
        return self._once(("latex", name), lambda: latex(self.gradient[name]))

    def text(self, name: str) -> str:
        """The same in plain Unicode text."""
        return self._once(("text", name), lambda: text(self.gradient[name]))

    def latex_local(
        self, output: str, used: str, grain: str = "variables", names: Mapping[str, str] = _AS_LABELLED
    ) -> str | None:
        """LaTeX of a local derivative, or None where no rule gives one; `names` are shown in place of labels.

        At the *operations* grain it is that of one step; at *variables*, of all between two names where both have one.
        """
        key = ("latex", output, used, grain, *names.items())
        return self._once(key, lambda: _shown(self._slope(output, used, grain), lambda f: latex(renamed(f, names))))

    def text_local(self, output: str, used: str, grain: str = "variables") -> str | None:
        """A local derivative as plain Unicode text, or None."""
        return self._once(("text", output, used, grain), lambda: _shown(self._slope(output, used, grain), text))

    def _slope(self, output: str, used: str, grain: str):
        made = self.local if grain == "variables" else self._of_links.slopes(grain)
        return made.get((output, used))

    def latex_value(self, label: str, grain: str = "operations", names: Mapping[str, str] = _AS_LABELLED) -> str | None:
        """LaTeX of a step's own formula, in the names of what it used; `names` are shown in place of labels."""
        key, form = ("latex of", label, grain, *names.items()), lambda f: latex(renamed(f, names))
        return self._once(key, lambda: _shown(self._of_links.value(label, grain), form))

    def text_value(self, label: str, grain: str = "operations") -> str | None:
        """A step's own formula as plain text."""
        return self._once(("text of", label, grain), lambda: _shown(self._of_links.value(label, grain), text))

    # ------------------------------------------------------------------ numbers
    @cached_property
    def numbers(self) -> dict[str, torch.Tensor]:
        """By input: the formula's value at this run, each element on its own branch, in the run's dtype and the input's shape."""
        if self.generic:
            made = self._numbers_on_a_grid()
        else:
            written = self._once("written", self._written)
            made = evaluation.of_elements(self._programs, written, bool(written) and self._exact.overflowed)
        return {name: _shaped(numbers, self.tape.inputs[name].value) for name, numbers in made.items()}

    def _written(self) -> dict[str, list[sp.Expr]]:
        """By input: the formulas of its slope that a small run has."""
        written = {name: self._formulas(self._programs.first, name) for name in self._differentiated}
        return {name: made for name, made in written.items() if made is not None}

    def _numbers_on_a_grid(self) -> dict[str, Sequence[float]]:
        size, made = self.tape.target.value.numel(), {}
        for name in self._differentiated:
            pieces = self._pieces(name)
            if pieces is not None:
                slopes = evaluation.on_a_grid(self._programs, name, pieces)
                made[name] = slopes if self.tape.inputs[name].value.numel() == size else [slopes.sum()]
        return made

    def reference(self, name: str, where: Iterable[int] | None = None) -> list[mpmath.mpf] | None:
        """Values of the gradient to 50 digits at flat indices `where` (default: all); None where a step has no rule or overflows."""
        if not self._programs.written_out or self.missing or name not in self._differentiated:
            return None
        return self._exact.gradient(self.tape.inputs[name], where)

    def sharpen(self) -> bool:
        """Take three times as many digits for all exact numbers from now on; False where there are very many already."""
        if self._exact.digits > MOST_DIGITS / 3:
            return False
        self._exact = ExactRun(self._programs, 3 * self._exact.digits)
        return True

    def exact(self, step: Value, where: Iterable[int] | None = None) -> list[mpmath.mpf] | None:
        """50-digit values of a step at flat indices `where`; None where a step before it has no rule."""
        return self._exact.values(step, where) if self._programs.written_out else None

    def __repr__(self) -> str:
        lines = [f"{partial_text(self._output_name, name)} = {self.text(name)}" for name in self.gradient]
        many = sum(len(links(self.tape, grain)) for grain in GRAINS)
        if many <= MOST_LINES:
            lines += [f"{partial_text(*pair)} = {self.text_local(*pair)}" for pair in self.local]
        else:
            lines.append(f"{len(links(self.tape, 'operations')):,} local derivatives: see .local")
        lines += [f"because {condition}" for condition in self.conditions]
        lines += [self.obstacle] if self.obstacle else []
        return "\n".join(lines)

    @property
    def _output_name(self) -> str:
        return self.tape.output.label if isinstance(self.tape.output, Value) else "output"


def _shaped(numbers: Sequence[float], like: torch.Tensor) -> torch.Tensor:
    """Numbers as a tensor in the dtype and the shape of another."""
    if like.numel() == 1:
        return single(float(numbers[0]), like)
    return torch.as_tensor(numbers, dtype=like.dtype).reshape(like.shape)


def _shown(made, form: Callable) -> str | None:
    return None if made is None else form(made)
