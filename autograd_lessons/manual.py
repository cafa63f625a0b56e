"""Hand-written gradients, in any of the forms that a learner writes them, evaluated at the recorded run.

One function; a dict of functions or numbers by input; or the factors of the chain rule by name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from .elements import copy_of, single
from .errors import ManualError
from .formula.compiled import is_typed
from .grains import Link, links, nodes
from .inputs import Inputs
from .tape import Tape, Value

MOST_POINTS = 100_000
_ANY = "…"  # stands for the parameter of a function whose signature Python cannot read


class Factor(NamedTuple):
    """One factor of a hand-written chain: ∂output/∂input as the learner gave it, beside the recorded one."""

    key: str
    output: str
    input: str
    given: torch.Tensor
    true: torch.Tensor | None
    local: bool  # whether it is one link of the chain, not a derivative over several


@dataclass
class Manual:
    """What a learner's gradients come to at this run, by input."""

    gradients: dict[str, torch.Tensor] = field(default_factory=dict)
    factors: list[Factor] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)  # by input: factors on a path that were not given
    notes: dict[str, str] = field(default_factory=dict)  # by input: the arithmetic error that the formula raised


def evaluate(manual: Any, tape: Tape, inputs: Inputs) -> Manual:
    """Evaluate hand-written gradients. Raises `ManualError` for a key or a parameter that fits nothing on the tape."""
    result, wrt = Manual(), inputs.wrt
    if not isinstance(manual, Mapping):
        manual = {wrt[0]: manual} if len(wrt) == 1 else _split(manual, tape, inputs, result)
    if not manual:
        raise ManualError(
            f"The manual gradient is empty. Give one for {' or '.join(wrt)}, or the factors of the chain."
        )
    chain = {}
    for key, given in manual.items():
        if key in wrt:
            result.gradients[key] = _number(given, tape, inputs, key, tape.inputs[key], result)
        elif key not in tape.inputs:  # a gradient for an input that is not differentiated now is left alone
            chain[key] = given
    if chain:
        _chain(chain, tape, inputs, result)
    return result


def _split(manual: Any, tape: Tape, inputs: Inputs, result: Manual) -> Mapping:
    """One function for several inputs must give a dict, or a tuple in their order."""
    wrt = inputs.wrt
    answer = _call(manual, tape, inputs, "manual", result) if callable(manual) else manual
    if isinstance(answer, Mapping):
        return answer
    if isinstance(answer, (tuple, list)) and len(answer) == len(wrt):
        return dict(zip(wrt, answer))
    example = ", ".join(f'"{name}": …' for name in wrt)
    raise ManualError(
        f"There are {len(wrt)} gradients to check ({', '.join(wrt)}), and one was given. Write {{{example}}}."
    )


# ---------------------------------------------------------------------- the chain, factor by factor
def _chain(chain: Mapping[str, Any], tape: Tape, inputs: Inputs, result: Manual) -> None:
    edges = {(link.output.label, link.input.label): link for link in links(tape, "variables")}
    target = tape.output
    assert isinstance(target, Value)
    given: dict[tuple[str, str], torch.Tensor] = {}
    for key, value in chain.items():
        pair = tape.plan.keep(("pair", key), lambda key=key: _pair(key, edges, tape, target.label))
        if not _value(tape, pair[1]).requires_grad:  # a factor towards an input that is not differentiated now
            continue
        link = edges.get(pair)
        shape_of = _value(tape, pair[1]) if link is None or link.local is None else link.output
        given[pair] = _number(value, tape, inputs, key, shape_of, result, spread=True, own=pair[1])
        true = _true_factor(link) if link is not None else _value(tape, pair[1]).adjoint
        result.factors.append(Factor(key, *pair, given[pair], true, link is not None))
    totals, missing = _back_through(edges, given, tape, target)
    for name in inputs.wrt:
        if name in totals and name not in result.gradients:
            result.gradients[name] = totals[name]
        if missing.get(name) and any(leads(tape, factor.input, name) for factor in result.factors):
            result.missing[name] = missing[name]


def leads(tape: Tape, below: str, name: str) -> bool:
    """Whether the value called `below` was computed from `name`, or is it: a factor down to it is on the way to `name`."""

    def find() -> bool:
        reached = {below}
        for link in links(tape, "variables"):  # the last output comes first
            if link.output.label in reached:
                reached.add(link.input.label)
        return name in reached

    return tape.plan.keep(("leads", below, name), find)


def _back_through(edges: Mapping, given: Mapping, tape: Tape, target: Value) -> tuple[dict, dict[str, list[str]]]:
    """Chain-rule sums of the given factors, last value first, and by value the factors that no one gave."""
    totals: dict[str, torch.Tensor] = {target.label: torch.ones_like(target.value)}
    missing: dict[str, list[str]] = {target.label: []}
    for name, users in tape.plan.keep("users of each", lambda: _users_of_each(tape, edges)):
        if (target.label, name) in given and (target.label, name) not in edges:
            totals[name], missing[name] = given[target.label, name], []  # given as a whole: σ − y for ∂loss/∂z
        elif users and name not in missing:
            lacking = []
            for output in users:
                lacking += missing.get(output, [])
                if (output, name) not in given:
                    lacking.append(f"d{output}_d{name}")
                elif output in totals:
                    part = _back(totals[output] * given[output, name], edges[output, name])
                    totals[name] = totals[name] + part if name in totals else part
            missing[name] = list(dict.fromkeys(lacking))
    return totals, missing


def _users_of_each(tape: Tape, edges: Mapping) -> list[tuple[str, list[str]]]:
    """What used each value of the variables grain, the last value first and the inputs last."""
    shown = sorted(nodes(tape, "variables"), key=lambda value: getattr(value, "index", -1), reverse=True)
    names = [value.label for value in shown]
    return [(name, [output for output, used in edges if used == name]) for name in names]


def _true_factor(link: Link) -> torch.Tensor | None:
    if link.local is not None:
        return link.local
    return link.product if link.output.adjoint is not None and link.output.value.numel() == 1 else None


def _back(product: torch.Tensor, link: Link) -> torch.Tensor:
    """What a broadcast spread out is added up again on the way back."""
    shape = link.input.value.shape
    return (
        product
        if product.shape == shape
        else product.expand(torch.broadcast_shapes(product.shape, shape)).sum_to_size(shape)
    )


def _pair(key: str, edges: Mapping, tape: Tape, target: str) -> tuple[str, str]:
    """Which two recorded names `dloss_dy_pred` means."""
    names = [value.label for value in nodes(tape, "variables")]
    splits = [key[1:i] for i in range(1, len(key)) if key.startswith("_d", i)] if key.startswith("d") else []
    found = [(out, key[len(out) + 3 :]) for out in splits if out in names and key[len(out) + 3 :] in names]
    fitting = [p for p in found if p in edges or p[0] == target or not _value(tape, p[1]).requires_grad]
    if len(fitting) == 1:
        return fitting[0]
    possible = ", ".join(f"d{output}_d{name}" for output, name in edges)
    if len(fitting) > 1:
        raise ManualError(
            f"{key!r} can be read in two ways: {' and '.join(f'∂{o}/∂{i}' for o, i in fitting)}. Rename a variable."
        )
    if found:
        raise ManualError(
            f"{key!r}: {found[0][0]} does not use {found[0][1]} directly. The chain's factors are: {possible}."
        )
    raise ManualError(f"{key!r} is no differentiated input and no factor of this chain. The factors are: {possible}.")


# ---------------------------------------------------------------------- numbers and functions
def _number(
    given: Any, tape: Tape, inputs: Inputs, key: str, like: Value, result: Manual, spread: bool = False,
    own: str | None = None,
) -> torch.Tensor:  # fmt: skip
    """A tensor of the run's dtype; plain numbers fill the shape only where every element has a derivative of its own.

    `own` is what a lone parameter of any name stands for.
    """
    answer = _call(given, tape, inputs, key, result, own) if callable(given) else given
    shape, dtype = like.value.shape, like.value.dtype
    try:
        if isinstance(answer, torch.Tensor):
            number = copy_of(answer) if answer.dtype == dtype else answer.detach().to(dtype)
        elif type(answer) is float and shape == ():
            number = single(answer, like.value)
        else:
            number = torch.tensor(answer, dtype=dtype)
            spread = spread or (callable(given) and tape.summed)
    except (TypeError, ValueError, RuntimeError):
        raise ManualError(
            f"The manual gradient for {key!r} is {answer!r}; it should be a number or a tensor."
        ) from None
    return number.expand(shape).clone() if spread and number.ndim == 0 and shape != () else number


def _call(function: Callable, tape: Tape, inputs: Inputs, key: str, result: Manual, own: str | None = None) -> Any:
    names = _parameters(function, tape, inputs, key, own)
    arguments = {p: _argument(tape, inputs, name) for p, name in names.items()}
    try:
        return _apply(function, arguments)
    except (ArithmeticError, ValueError) as error:
        if _points(arguments) == 1:
            result.notes[key] = f"{type(error).__name__}: {error}"
            return float("nan")
        return _point_by_point(function, arguments, key, result)
    except Exception as error:
        if _points(arguments) > 1 and isinstance(error, (TypeError, RuntimeError)):
            return _point_by_point(function, arguments, key, result)
        raise ManualError(f"The manual gradient for {key!r} raised {type(error).__name__}: {error}") from error


def _argument(tape: Tape, inputs: Inputs, name: str) -> Any:
    """A value of the run: a copy, since what a hand-written gradient does to it is its own affair."""
    is_plain = name in inputs.arguments and not isinstance(inputs.arguments[name], torch.Tensor)
    return inputs.arguments[name] if is_plain else _value(tape, name).value.clone()


def _points(arguments: Mapping[str, Any]) -> int:
    return max((a.numel() for a in arguments.values() if isinstance(a, torch.Tensor)), default=1)


def _apply(function: Callable, arguments: Mapping[str, Any]) -> Any:
    if _ANY in arguments:
        return function(arguments[_ANY])
    alone = _asked_by(function).by_position
    return function(
        *[a for p, a in arguments.items() if p in alone], **{p: a for p, a in arguments.items() if p not in alone}
    )


def _point_by_point(function: Callable, arguments: dict, key: str, result: Manual) -> torch.Tensor:
    """For a function that takes one number at a time, such as one with `math.cos`."""
    many = {p: value for p, value in arguments.items() if isinstance(value, torch.Tensor)}
    together = torch.broadcast_tensors(*many.values())
    shape, count = together[0].shape, together[0].numel()
    if count > MOST_POINTS:
        raise ManualError(
            f"The manual gradient for {key!r} takes one number at a time, and there are {count:,}. "
            "Use torch's functions in it (torch.cos, not math.cos): they take all points at once."
        )
    flat = [values.reshape(-1) for values in together]
    answers = []
    for i in range(count):
        try:
            point = arguments | {p: values[i] for p, values in zip(many, flat)}
            answers.append(float(_apply(function, point)))
        except (ArithmeticError, ValueError) as error:
            result.notes[key] = f"{type(error).__name__}: {error}"
            answers.append(float("nan"))
        except Exception as error:
            raise ManualError(f"The manual gradient for {key!r} raised {type(error).__name__}: {error}") from error
    return torch.tensor(answers, dtype=together[0].dtype).reshape(shape)


def _parameters(function: Callable, tape: Tape, inputs: Inputs, key: str, own: str | None = None) -> dict[str, str]:
    """Which recorded value each parameter of a hand-written gradient gets."""
    own = own or (key if key in inputs.wrt else inputs.wrt[0] if len(inputs.wrt) == 1 else None)
    try:
        optional = _asked_by(function).optional
    except (TypeError, ValueError):  # a built-in, such as torch.cos: it takes the one input
        if own is not None:
            return {_ANY: own}
        raise ManualError(
            f"The manual gradient for {key!r} has no readable parameters. Write lambda x: … around it."
        ) from None
    named = tape.plan.keep(
        "names given", lambda: {value.name for value in tape.values if value.name and value.depth == 0}
    )
    known = [name for name in optional if name in named or name in inputs.arguments]
    if len(optional) == 1 and not known and own is not None and not is_typed(function):
        return dict.fromkeys(optional, own)
    missing = [name for name, is_optional in optional.items() if not is_optional and name not in known]
    if missing:
        raise ManualError(
            f"The manual gradient for {key!r} asks for {missing[0]!r}, which this run does not have. "
            f"There are: {', '.join(sorted(named.union(inputs.arguments)))}."
        )
    return dict(zip(known, known))


class Asked(NamedTuple):
    """The parameters of a hand-written gradient but for `*args` and `**kwargs`."""

    optional: dict[str, bool]  # by name: whether it may be left out
    by_position: frozenset[str]  # which have no name for the caller


@functools.lru_cache(maxsize=256)  # a slider asks at every tick
def _asked_by(function: Callable) -> Asked:
    parameters = inspect.signature(function).parameters.values()
    asked = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    by_position = frozenset(p.name for p in asked if p.kind is p.POSITIONAL_ONLY)
    return Asked({p.name: p.default is not p.empty for p in asked}, by_position)


def _value(tape: Tape, name: str) -> Value:
    """By name an input keeps its name, and a variable given twice is the last one."""
    found = tape.inputs.get(name)
    if found is not None:
        return found
    labels = tape.plan.keep(
        "places", lambda: {value.label: place for place, value in reversed([*enumerate(tape.values)])}
    )
    return tape.values[labels[name]] if name in labels else tape[name]
