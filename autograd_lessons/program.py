"""The symbolic side of one recorded program on one branch: every step as a formula in SymPy.

Holds no numbers of the run, so that it can be kept and used again at every slider tick.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
import torch

from .moves import Moves, moved_operands, moves_of
from .replay import Operand, substitute
from .rules import ANSWERS, CHOICES, LOSSES, MOVES, POINTWISE, SHAPED
from .tape import Constant, Step, Tape, Value

MOST_ELEMENTS = 36  # tensors up to here are written element by element
MOST_NODES = 4000  # a composed formula may have so many before it is not written out
MOST_NODES_IN_ALL = 20_000  # and those of all elements together so many
MOST_LEVELS = 60  # and so many operations one inside the other

_FILLED = {
    "full_like",
    "ones_like",
    "zeros_like",
    "new_full",
    "new_ones",
    "new_zeros",
}  # one number, a shape from elsewhere
_OLD_REDUCTION = ("size_average", "reduce")  # how a loss was told its reduction before it had that argument
_SPECIAL = {math.pi: sp.pi, 2 * math.pi: 2 * sp.pi, math.pi / 2: sp.pi / 2, math.e: sp.E}


def exact(number: Any) -> Any:
    """A Python number as SymPy writes it: 2.0 is 2, 0.1 is 1/10, math.pi is π; infinities and nan keep their kind, all else stays."""
    if isinstance(number, float):
        if not math.isfinite(number):
            return sp.nan if number != number else sp.oo if number > 0 else -sp.oo
        return _SPECIAL.get(number, sp.Rational(repr(number)))
    return sp.Integer(number) if isinstance(number, int) else number


class Form(NamedTuple):
    """One step: which values it uses, how it was called, and on which branch each element went."""

    op: str
    operands: tuple  # an index into the program's values, or numbers; of an opaque step the former only
    args: tuple
    kwargs: dict
    output: int | None
    branch: Any  # an array of branch indices in the (unreduced) shape, what a choice of elements was, or None
    pointwise: bool
    opaque: bool  # its value is taken as it is: no rule, or no gradient flows through it
    shape: tuple
    moves: Moves | None = None


class Program:
    """`labels[i]`, `symbols[i]` and, for steps, `formula(i)`: the values of a tape by index, inputs first."""

    def __init__(
        self, labels: tuple[str, ...], shapes: tuple, forms: tuple[Form | None, ...], differentiated: tuple[bool, ...]
    ):
        self.labels = labels
        self.forms = forms
        self.differentiated = differentiated
        self.symbols = [symbols_of(label, shape) for label, shape in zip(labels, shapes)]
        self.results: dict = {}  # whatever is derived from this program, by whoever derives it

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
        """Value `index` in terms of the symbols of the values in `stop` and of leaves; None if that is too large to write out."""
        inside = sorted(self._until(index, stop))
        if self._too_large(index, inside):
            return None
        made: dict[int, np.ndarray] = {}
        for here in inside:
            form = self.forms[here]
            assert form is not None
            operands = [made.get(o, self.symbols[o]) if isinstance(o, int) else o for o in form.operands]
            made[here] = apply(form, operands)
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


def symbols_of(label: str, shape: tuple) -> np.ndarray:
    array = np.empty(shape, dtype=object)
    if shape == ():
        array[()] = sp.Symbol(label, real=True)
    for place in np.ndindex(shape) if shape else ():
        array[place] = sp.Symbol(f"{label}[{', '.join(map(str, place))}]", real=True)
    return array


def apply(form: Form, operands: list[Any]) -> np.ndarray:
    def take(marker):
        return operands[marker.value]

    if form.moves is not None:
        return form.moves.of([operand for operand in operands if isinstance(operand, np.ndarray)])
    args, kwargs = substitute(form.args, take), substitute(form.kwargs, take)
    kwargs.pop("inplace", None)  # the value is the same, wherever it is put
    if form.op in LOSSES:
        kwargs, reduction = apart_from_reduction(kwargs)
        return _reduced(_elementwise(form, list(args), kwargs, LOSSES[form.op]), reduction)
    if form.pointwise:
        return _elementwise(form, list(args), kwargs, POINTWISE[form.op])
    if form.op in CHOICES:
        kwargs["taken"] = form.branch
    result = SHAPED[form.op](*args, **kwargs)
    return _array(result if form.output is None else result[form.output])


def _elementwise(form: Form, args: list, kwargs: dict, rule) -> np.ndarray:
    numbers = [a if isinstance(a, np.ndarray) else exact(a) for a in args]
    named = {key: a if isinstance(a, np.ndarray) else exact(a) for key, a in kwargs.items() if a is not None}
    arrays = [a for a in (*numbers, *named.values()) if isinstance(a, np.ndarray)]
    shape = np.broadcast_shapes(*(a.shape for a in arrays)) if arrays else ()
    result = np.empty(shape, dtype=object)

    def at(value, place):
        return np.broadcast_to(value, shape)[place] if isinstance(value, np.ndarray) else value

    for place in np.ndindex(shape):
        branch = 0 if form.branch is None else int(np.broadcast_to(form.branch, shape)[place])
        one = rule if callable(rule) else rule[branch]
        made = sp.sympify(one(*(at(a, place) for a in numbers), **{key: at(a, place) for key, a in named.items()}))
        result[place] = _recognised(made) if form.op in ("div", "reciprocal", "pow") else made
    return result


def _recognised(made: Any) -> Any:
    """1/(1 + e^(−z)) is σ(z)."""
    if isinstance(made, sp.Pow) and made.exp == -1 and isinstance(made.base, sp.Add) and len(made.base.args) == 2:
        one, power = made.base.args
        if one == 1 and isinstance(power, sp.exp):
            from .functions import sigmoid

            return sigmoid(-power.args[0])
    return made


def apart_from_reduction(kwargs: dict) -> tuple[dict, str]:
    """The arguments of a loss before its reduction, and that."""
    others = {
        key: value for key, value in kwargs.items() if key not in ("reduction", *_OLD_REDUCTION) and value is not None
    }
    return others, kwargs.get("reduction", "mean")


def _reduced(losses: np.ndarray, reduction: str) -> np.ndarray:
    if reduction == "none":
        return losses
    total = np.sum(losses)
    share = {"sum": 1, "mean": losses.size, "batchmean": losses.shape[0] if losses.ndim else 1}[reduction]
    return _array(total / share if share != 1 else total)


def _array(value) -> np.ndarray:
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    array = np.empty(np.shape(value), dtype=object)
    array[...] = value
    return array


def has_rule(step: Step) -> bool:
    """Whether the tables have a formula for this call."""
    return kind_of_rule(step) is not None


def kind_of_rule(step: Step) -> str | None:
    """The table that this call's rule stands in: `"loss"`, `"pointwise"`, `"moves"` or `"shaped"`; None if there is no rule."""
    op, call = step.op.rstrip("_"), step.call
    if any(isinstance(v.value, torch.Tensor) and v.value.is_complex() for v in (step, *step.inputs)):
        return None  # every symbol is real
    if step.pointwise and call.view is None and _accepts(POINTWISE.get(op, ()), len(call.args), tuple(call.kwargs)):
        kind = "pointwise"
    else:
        kind = "moves" if op in MOVES else "loss" if op in LOSSES else "shaped"
    if kind in ("loss", "shaped"):
        if call.view is not None or kind == "loss" and any(call.kwargs.get(key) is not None for key in _OLD_REDUCTION):
            return None
        table, options = (SHAPED, call.kwargs) if kind == "shaped" else (LOSSES, apart_from_reduction(call.kwargs)[0])
        keys = (*options, "taken") if op in CHOICES else tuple(options)
        if not _accepts(table.get(op, ()), len(call.args), keys):
            return None
    answers = ANSWERS.get(op)
    if answers is not None and not answers(*substitute(call.args, _value), **substitute(call.kwargs, _value)):
        return None
    return kind


def _value(used: Operand) -> Any:
    return used.value


@functools.cache
def _accepts(rules: Callable | tuple[Callable, ...], args: int, kwargs: tuple[str, ...]) -> bool:
    """Whether the table's formula knows these arguments: a way of calling that it does not know has no rule either."""
    try:
        for rule in rules if isinstance(rules, tuple) else (rules,):
            inspect.signature(rule).bind(*range(args), **dict.fromkeys(key for key in kwargs if key != "inplace"))
    except TypeError:
        return False
    return rules != ()


def answers(tape: Tape) -> tuple[str | None, ...]:
    """Where the recorded numbers decide whether a call has a rule: which it has."""
    steps = tape.history
    asked = tape.plan.keep("asked", lambda: [at for at, step in enumerate(steps) if step.op.rstrip("_") in ANSWERS])
    return tuple([kind_of_rule(steps[at]) for at in asked])


def contents(tape: Tape, generic: bool) -> tuple[Hashable, ...]:
    """What a program has of the run's numbers: those of tensors that were made inside, or have no name, or choose elements."""
    steps, given = tape.history, answers(tape)

    def find() -> list[tuple[int, int | None]]:
        found: list[tuple[int, int | None]] = []
        for at, step in enumerate(steps):
            taken_as = _taken_as(step, generic)
            if taken_as == "made":
                found.append((at, None))
            elif taken_as == "rule":
                found += [(at, place) for place, used in enumerate(step.inputs) if _is_content(used, step)]
        return found

    known = tape.plan.keep(("contents", generic, given), find)
    numbers = [
        _made(steps[at], generic) if place is None else steps[at].inputs[place].value.tolist() for at, place in known
    ]
    return *given, *map(repr, numbers)


def _is_content(used: Operand, step: Step) -> bool:
    if not isinstance(used.value, torch.Tensor):
        return False
    return not (isinstance(used, Value) and (step.pointwise or used.value.is_floating_point()))


def _made(step: Step, generic: bool) -> Any:
    return (step.value.reshape(-1)[0] if generic else step.value).tolist()


def program_of(tape: Tape, branches: dict[Step, np.ndarray], generic: bool) -> Program:
    """The program of a run on these branches; `generic` has one symbol for all elements of a tensor."""
    numbered = {value: i for i, value in enumerate(tape.values)}
    return Program(
        tuple(value.label for value in numbered),
        tuple(() if generic else tuple(value.value.shape) for value in numbered),
        tuple(
            _form(value, numbered, branches.get(value), generic) if isinstance(value, Step) else None
            for value in numbered
        ),
        tuple(value.requires_grad for value in numbered),
    )


def _taken_as(step: Step, generic: bool) -> str:
    """`"made"`: a tensor made inside, its numbers are part of the formula; `"opaque"`: its value is taken as it is; else `"rule"`."""
    tensors = [used for used in step.inputs if isinstance(used.value, torch.Tensor)]
    values = [used for used in tensors if isinstance(used, Value)]
    floating, filled = step.value.is_floating_point(), step.op in _FILLED and step.value.numel() > 0
    if floating and (filled or not values and not generic and step.value.numel() <= MOST_ELEMENTS):
        return "made"
    cut = not step.requires_grad and any(used.requires_grad for used in values)
    if cut or not floating or not has_rule(step):
        return "opaque"
    if not generic and not step.requires_grad and _is_large(step, *tensors):
        return "opaque"  # it would be written out element by element, and no gradient goes there
    uneven = generic and any(used.value.numel() > 1 for used in tensors if not isinstance(used, Value))
    return "opaque" if uneven or (generic and not step.pointwise) else "rule"


def _is_large(*values: Operand) -> bool:
    return any(used.value.numel() > MOST_ELEMENTS for used in values)


def _form(step: Step, numbered: dict[Value, int], branch: np.ndarray | None, generic: bool) -> Form:
    taken_as, shape = _taken_as(step, generic), tuple(step.value.shape)
    if taken_as == "made":
        numbers = _numbers(step.value.reshape(-1)[0] if generic else step.value)
        return Form("clone", (numbers,), (Constant(0),), {}, None, None, True, False, shape)
    kind = kind_of_rule(step) if taken_as == "rule" else None
    operands, positions = [], {}
    for used in moved_operands(step) if kind == "moves" else step.inputs:
        known = isinstance(used, Value) or taken_as == "rule"
        if isinstance(used.value, torch.Tensor) and known:
            positions[id(used)] = len(operands)
            operands.append(_operand(used, numbered, kind))
    args = substitute(step.call.args, lambda used: Constant(positions.get(id(used))))
    kwargs = substitute(step.call.kwargs, lambda used: Constant(positions.get(id(used))))
    if generic and branch is not None:
        branch = np.asarray(branch).reshape(-1)[0]
    return Form(
        step.op.rstrip("_"), tuple(operands), args, kwargs, step.call.output, branch,
        step.pointwise and kind in ("pointwise", "loss"), taken_as == "opaque", shape,
        moves_of(step) if kind == "moves" else None,
    )  # fmt: skip


def _operand(used: Operand, numbered: dict[Value, int], kind: str | None) -> Any:
    """An index into the program's values, or numbers: the elements that a tensor of integers chooses are part of the program."""
    if kind == "shaped" and not used.value.is_floating_point():
        return used.value.numpy()
    return numbered[used] if isinstance(used, Value) else _numbers(used.value)


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    array = np.empty(tuple(tensor.shape), dtype=object)
    for place in np.ndindex(array.shape):
        array[place] = exact(tensor[place].item())
    return array


def as_key(arguments: Any, operand: Callable[[Operand], Hashable]) -> Hashable:
    """The arguments of a call as a part of a key."""
    if isinstance(arguments, Operand):
        return operand(arguments)
    if isinstance(arguments, (tuple, list)):
        return tuple([as_key(item, operand) for item in arguments])
    if isinstance(arguments, dict):
        return tuple([(key, as_key(item, operand)) for key, item in arguments.items()])
    if isinstance(arguments, slice):
        return ("slice", *[as_key(part, operand) for part in (arguments.start, arguments.stop, arguments.step)])
    return arguments if isinstance(arguments, (int, float, str, bool, type(None))) else repr(arguments)
