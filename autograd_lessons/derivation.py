"""The gradient as SymPy finds it: local derivatives, the chain rule's paths, the whole formula, and their numbers."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import mpmath
import numpy as np
import sympy as sp
import torch

from . import formulas
from .branches import branch_taken, conditions, has_branches
from .calls import public_name
from .exact import Exact, exactly
from .frames import learners_traceback
from .grains import GRAINS, between, links, nodes
from .inputs import gather
from .lookup import answers, has_rule
from .notation import latex, partial_text, renamed, text
from .program import Program
from .run import run
from .tape import Input, Step, Tape, Value
from .translation import MOST_ELEMENTS, contents, program_of
from .typed import as_function

MOST_PATHS = 64
MOST_LINES = 400  # links of which a printed derivation lists the local derivatives
_AS_LABELLED: Mapping[str, str] = MappingProxyType({})
_programs: OrderedDict[tuple, Program] = OrderedDict()  # the least recently used goes first


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
        relevant = [v for v in tape.values if v.requires_grad]
        small = all(v.value.numel() <= MOST_ELEMENTS for v in relevant)
        #: whether one formula stands for every element of an elementwise function
        self.generic = bool(not small and tape.summed)
        self._known = small or self.generic
        self._index = {value: i for i, value in enumerate(tape.values)}
        #: by step: the index of the branch that each element took, where the operation has branches
        self.branches = {step: branch_taken(step) for step in self._branching()}
        self._where: Any = None  # for each element of a generic run the number of its group
        self._programs = self._grouped() if self.generic else [self._program(self.branches)]
        self._exacts: dict[int | None, Exact] = {}
        self._locals: dict[str, dict] = {}  # by grain
        self._stops: dict[str, frozenset[int]] = {}  # by grain

    # ------------------------------------------------------------------ programs, by branch
    def _program(self, branches: dict[Step, np.ndarray], generic: bool | None = None) -> Program:
        generic = self.generic if generic is None else generic
        taken = [(taken.reshape(-1)[0] if generic else taken).tobytes() for taken in branches.values()]
        key = self.tape.plan, generic, contents(self.tape, generic), *taken
        found = _programs.pop(key, None) or program_of(self.tape, branches, generic)
        _programs[key] = found
        while len(_programs) > 256:
            _programs.popitem(last=False)
        return found

    def _branching(self) -> list[Step]:
        """The steps whose operation has branches."""
        steps = self.tape.history
        key = "branching", answers(self.tape)
        places = self.tape.plan.keep(key, lambda: [at for at, step in enumerate(steps) if has_branches(step)])
        return [steps[at] for at in places]

    def _grouped(self) -> list[Program]:
        """One program for each combination of branches that some element took."""
        shape = self.tape.target.value.shape
        branches = self._elementwise_branches
        rows = [np.broadcast_to(taken, shape).reshape(-1) for taken in branches.values()]
        if not rows:
            self._where = np.zeros(int(np.prod(shape)), int)
            return [self._program({})]
        kinds, self._where = np.unique(np.stack(rows), axis=1, return_inverse=True)
        self._where = self._where.reshape(-1)
        return [self._program({s: np.asarray(b) for s, b in zip(branches, kind)}) for kind in kinds.T]

    @property
    def _elementwise_branches(self) -> dict[Step, np.ndarray]:
        """Those that each element takes for itself: what a maximum chose is none of them."""
        return {step: taken for step, taken in self.branches.items() if step.pointwise}

    @cached_property
    def _single(self) -> Program | None:
        """The program with one symbol a tensor, for formulas that hold for every element; None where branches differ."""
        if self.generic:
            return self._programs[0] if len(self._programs) == 1 else None
        branches = self._elementwise_branches
        if any(taken.size and (taken != taken.reshape(-1)[0]).any() for taken in branches.values()):
            return None
        return self._program(branches, generic=True)

    @property
    def unseen(self) -> tuple[Input, ...]:
        """Values that depend on the inputs in a way that no step tells."""
        return tuple(v for v in self.tape.inputs.values() if v.requires_grad and not v.is_leaf)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The operations on the way that have no symbolic rule or are not written out, by torch's name."""
        return formulas.cached(self._programs[0], "missing", self._find_missing)

    def _find_missing(self) -> tuple[str, ...]:
        flows, forms = [step for step in self.tape.history if step.requires_grad], self._programs[0].forms
        lacking = [step.op for step in flows if self._too_many(step) or forms[self._index[step]].opaque]  # pyright: ignore
        return tuple(dict.fromkeys([*lacking, *(["autograd.grad"] if self.unseen else [])]))

    def _too_many(self, step: Step) -> bool:
        return not self._known and step.value.numel() > MOST_ELEMENTS

    @cached_property
    def obstacle(self) -> str | None:
        """Why SymPy has no formula of a gradient that PyTorch has; None where it has all of them."""
        return formulas.cached(self._programs[0], ("obstacle", *self._programs[1:]), self._find_obstacle)

    def _find_obstacle(self) -> str | None:
        if self.unseen:
            first = self.unseen[0]
            made = "torch.autograd.grad" if first.origin == "gradient" else "something that the recorder cannot see"
            return f"{first.name} was made by {made}, and how it depends on the inputs is not on the tape"
        unknown = [step.op for step in self.tape.history if step.requires_grad and not has_rule(step)]
        if unknown:
            return f"no symbolic rule for {', '.join(map(public_name, dict.fromkeys(unknown)))}"
        if self.generic and self.missing:
            return "a tensor without a name stands in it, and one formula for all elements has no place for its numbers"
        if not self._known or self.missing:
            return f"tensors of more than {MOST_ELEMENTS} elements are written out for elementwise functions only"
        if any(self._formulas(program, name) is None for program in self._programs for name in self._differentiated):
            return "the whole formula is too long to write out; the local derivatives are there"
        return None

    @property
    def conditions(self) -> tuple[str, ...]:
        """What was true of the numbers on the branches taken: `1e-08 ≤ y_pred ≤ 0.99999999`."""
        found = [
            sentence
            for step, taken in self.branches.items()
            if step.requires_grad
            for sentence in conditions(step, taken)
        ]
        return tuple(dict.fromkeys(found))

    @property
    def kept(self) -> dict:
        """A place for what depends on the program and the branch only, and not on this run's numbers."""
        return self._programs[0].results

    # ------------------------------------------------------------------ formulas
    @property
    def gradient(self) -> dict[str, Any]:
        """By input: its derivative, a nested list in the shape of a small vector, one formula for each element of a grid."""
        return {name: made for name in self._differentiated if (made := self._gradient(name)) is not None}

    @cached_property
    def _differentiated(self) -> list[str]:
        return [name for name, value in self.tape.inputs.items() if value.adjoint is not None]

    def _gradient(self, name: str):
        program = self._programs[0]
        if self.generic and len(self._programs) > 1:
            pieces = [self._formulas(program, name) for program in self._programs]
            if any(piece is None for piece in pieces):
                return None
            found = [formulas.plain(piece[0]) for piece in pieces if piece]
            return found[0] if len(set(found)) == 1 else found
        made = self._formulas(program, name)
        if made is None:
            return None
        return formulas.nested(
            [formulas.plain(f) for f in made], program.symbols[self._index[self.tape.inputs[name]]].shape
        )

    def _formulas(self, program: Program, name: str) -> list[sp.Expr] | None:
        if not self._known or self.missing or not isinstance(self.tape.output, Value):
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
        named = self._local_at("variables")
        single = {pair: made for pair, made in self._local_at("operations").items() if pair not in named}
        return {pair: made for pair, made in (named | single).items() if made is not None}

    def _local_at(self, grain: str) -> dict[tuple[str, str], Any]:
        """The same for the links of one grain, None where there is no formula."""
        if grain not in self._locals:
            self._locals[grain] = {
                (link.output.label, link.input.label): self._local(link.output, link.input, grain)
                for link in links(self.tape, grain)
            }
        return self._locals[grain]

    def _local(self, output: Step, used: Value, grain: str):
        if not self._known:
            return None
        shown = set(nodes(self.tape, grain))
        stop = self._stop(grain)
        if self.generic and len(self._programs) > 1:
            made = [
                formulas.local(p, self._index[output], self._index[used], stop, output.name) for p in self._programs
            ]
            return None if None in made else made[0] if all(m == made[0] for m in made) else made
        elementwise = output.value.shape == used.value.shape or used.value.numel() == 1
        mixed = any(step.requires_grad and not step.pointwise for step in between(output, shown))
        for program in (self._single, self._programs[0]):
            if program is None or (program is self._single and (mixed or not elementwise and output.value.numel() > 1)):
                continue
            made = formulas.local(program, self._index[output], self._index[used], stop, output.name)
            if made is not None:
                return made
        return None

    def _stop(self, grain: str) -> frozenset[int]:
        """The values whose symbols a formula at this grain is written in."""
        if grain not in self._stops:
            self._stops[grain] = frozenset(self._index[value] for value in nodes(self.tape, grain))
        return self._stops[grain]

    @property
    def chain(self) -> dict[str, tuple[tuple[Any, ...], ...]]:
        """By input: the paths from the output down to it at the variables grain, each a tuple of factors; at most 64.

        A factor is None where no rule gives one.
        """
        start = self.tape.output.label if isinstance(self.tape.output, Value) else ""
        paths: dict[str, list[tuple]] = {start: [()]}
        for link in links(self.tape, "variables"):  # the last output comes first
            factor = self._local_at("variables")[link.output.label, link.input.label]
            there = paths.setdefault(link.input.label, [])
            there += [(*path, factor) for path in paths.get(link.output.label, [])][: MOST_PATHS - len(there)]
        return {name: tuple(paths.get(name, ())) for name in self._differentiated}

    def latex(self, name: str) -> str:
        """LaTeX of the gradient for an input; KeyError if it has no formula."""
        return formulas.cached(self._programs[0], ("latex", name), lambda: latex(self.gradient[name]))

    def text(self, name: str) -> str:
        """The same in plain Unicode text."""
        return formulas.cached(self._programs[0], ("text", name), lambda: text(self.gradient[name]))

    def latex_local(
        self, output: str, used: str, grain: str = "variables", names: Mapping[str, str] = _AS_LABELLED
    ) -> str | None:
        """LaTeX of a local derivative, or None where no rule gives one; `names` are shown in place of labels.

        At the *operations* grain it is that of one step; at *variables*, of all between two names where both have one.
        """
        key = ("latex", output, used, grain, *names.items())
        return formulas.cached(
            self._programs[0], key, lambda: _shown(self._slope(output, used, grain), lambda f: latex(renamed(f, names)))
        )

    def text_local(self, output: str, used: str, grain: str = "variables") -> str | None:
        """A local derivative as plain Unicode text, or None."""
        return formulas.cached(
            self._programs[0], ("text", output, used, grain), lambda: _shown(self._slope(output, used, grain), text)
        )

    def _slope(self, output: str, used: str, grain: str):
        made = self.local if grain == "variables" else self._local_at(grain)
        return made.get((output, used))

    def latex_value(self, label: str, grain: str = "operations", names: Mapping[str, str] = _AS_LABELLED) -> str | None:
        """LaTeX of a step's own formula, in the names of what it used; `names` are shown in place of labels."""
        key = ("latex of", label, grain, *names.items())
        return formulas.cached(
            self._programs[0], key, lambda: _shown(self._own(label, grain), lambda f: latex(renamed(f, names)))
        )

    def text_value(self, label: str, grain: str = "operations") -> str | None:
        """A step's own formula as plain text."""
        return formulas.cached(
            self._programs[0], ("text of", label, grain), lambda: _shown(self._own(label, grain), text)
        )

    def _own(self, label: str, grain: str):
        step = self._by_label.get(label)
        if step is None or not self._known:
            return None
        stop = self._stop(grain)
        program = self._programs[0] if self.generic or step.value.numel() == 1 else self._single
        form = program.forms[self._index[step]] if program else None
        if program is None or form is None or form.opaque:
            return None
        made = program.compose(self._index[step], stop)
        if made is None:
            return None
        formula = sp.sympify(made.reshape(-1)[0])
        hidden = program.hidden(self._index[step], stop)
        if any(symbol in formula.free_symbols for value in hidden for symbol in program.symbols[value].reshape(-1)):
            return None
        return formulas.plain(formula)

    @cached_property
    def _by_label(self) -> dict[str, Step]:
        return {step.label: step for step in reversed(self.tape.history)}

    # ------------------------------------------------------------------ numbers
    @cached_property
    def numbers(self) -> dict[str, torch.Tensor]:
        """By input: the formula's value at this run, each element on its own branch, in the run's dtype and the input's shape."""
        names = tuple(self._differentiated)
        made = {name: self._numbers_on_a_grid(name) for name in names} if self.generic else self._numbers(names)
        found = {}
        for name, numbers in made.items():
            if numbers is not None:
                value = self.tape.inputs[name].value
                found[name] = torch.from_numpy(np.asarray(numbers, dtype=float)).reshape(value.shape).to(value.dtype)
        return found

    def _numbers(self, names: tuple[str, ...]) -> dict[str, list[float]]:
        """The formulas of several inputs in one go, since they have most of their parts in common."""
        program = self._programs[0]
        made = {name: one for name in names if (one := self._formulas(program, name)) is not None}
        if not made:
            return {}
        together = [formula for one in made.values() for formula in one]
        symbols, leaves = formulas.leaves(program)
        function = formulas.cached(
            program, ("numbers", names), lambda: sp.lambdify(symbols, together, modules="mpmath", cse=True)
        )
        values = self._leaf_values(leaves)
        try:
            if self._exact(None).overflowed:
                raise OverflowError
            with mpmath.workdps(30):
                numbers = [_float(n) for n in function(*map(exactly, values))]
        except (ZeroDivisionError, OverflowError, ValueError):
            if len(names) > 1:  # it may be the formula of one of them only
                return {name: numbers for each in names for name, numbers in self._numbers((each,)).items()}
            function = formulas.cached(
                program, ("doubles", names), lambda: sp.lambdify(symbols, together, modules="numpy")
            )
            with np.errstate(all="ignore"):
                doubles = [complex(n) for n in function(*map(np.float64, values))]
            numbers = [n.real if n.imag == 0 else np.nan for n in doubles]
        supply = iter(numbers)
        return {name: list(itertools.islice(supply, len(one))) for name, one in made.items()}

    def _leaf_values(self, leaves: list[tuple[int, int]]) -> list[float]:
        values = self.tape.values
        flat = {index: values[index].value.reshape(-1).tolist() for index in {index for index, _ in leaves}}
        return [flat[index][element] for index, element in leaves]

    def _numbers_on_a_grid(self, name: str):
        like = self.tape.inputs[name].value
        size = self.tape.target.value.numel()
        result = np.empty(size)
        assert self._where is not None
        for number, program in enumerate(self._programs):
            made = self._formulas(program, name)
            if made is None:
                return None
            formula, (symbols, leaves) = made[0], formulas.leaves(program)
            function = formulas.cached(
                program, ("grid", name), lambda: sp.lambdify(symbols, formula, modules="numpy", cse=True)
            )
            chosen = self._where == number
            arrays = []
            for index, _ in leaves:
                flat = self.tape.values[index].value.reshape(-1).double().numpy()
                arrays.append(flat[chosen] if flat.size > 1 else flat[0])
            with np.errstate(all="ignore"):
                result[chosen] = function(*arrays)
        return result if like.numel() == size else result.sum()

    def reference(self, name: str, where: Iterable[int] | None = None) -> list[mpmath.mpf] | None:
        """50-digit values of the gradient at flat indices `where` (default: all); None where a step has no rule or overflows."""
        if not self._known or self.missing or name not in self._differentiated:
            return None
        value = self.tape.inputs[name].value
        wanted = list(range(value.numel()) if where is None else where)
        index, size = self._index[self.tape.inputs[name]], self.tape.target.value.numel()
        if not self.generic:
            if self._exact(None).overflowed:
                return None
            back = self._exact(None).adjoints(self._output)
            flat = back[index] if index in back else [mpmath.mpf(0)] * value.numel()
            return [flat[i] for i in wanted]
        if value.numel() != size > 1_000:
            return None
        if any(self._exact(i).overflowed for i in (wanted if value.numel() == size else range(size))):
            return None
        if value.numel() == size:
            return [self._one(i, index) for i in wanted]
        with mpmath.workdps(50):
            return [mpmath.fsum(self._one(i, index) for i in range(size))]

    def _one(self, element: int, index: int) -> mpmath.mpf:
        back = self._exact(element).adjoints(self._output)
        return back[index][0] if index in back else mpmath.mpf(0)

    def exact(self, step: Value, where: Iterable[int] | None = None) -> list[mpmath.mpf] | None:
        """50-digit values of a step at flat indices `where`; None where a step before it has no rule."""
        if not self._known:
            return None
        wanted = list(range(step.value.numel()) if where is None else where)
        index = self._index[step]
        if any(self._taken_as_it_is(i) for i in self._programs[0].behind(index)):
            return None
        if self.generic:
            return [self._exact(i).values[index][0] for i in wanted]
        flat = self._exact(None).values[index]
        return [flat[i] for i in wanted]

    def _taken_as_it_is(self, index: int) -> bool:
        """Whether a value is known only as it was rounded: not so of conditions and whole numbers."""
        form = self._programs[0].forms[index]
        return form is not None and form.opaque and self.tape.values[index].value.is_floating_point()

    def _exact(self, at: int | None) -> Exact:
        if at not in self._exacts:
            if len(self._exacts) > 2_000:
                self._exacts.clear()
            program = self._programs[0 if at is None or self._where is None else int(self._where[at])]
            self._exacts[at] = Exact(self.tape, program, at)
        return self._exacts[at]

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


def _shown(made, form: Callable) -> str | None:
    return None if made is None else form(made)


def _float(number) -> float:
    number = mpmath.mpmathify(number)
    if isinstance(number, mpmath.mpc):
        return float(number.real) if number.imag == 0 else float("nan")
    return float(number)
