"""A hand-written derivative, called with the values of the recorded run that its parameters name.

A plain number stands for itself; what raises an arithmetic error is nan, with a note.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

from .elements import copy_of, single
from .errors import ManualError
from .formula.compiled import is_typed
from .inputs import Inputs
from .tape import Tape
from .values import Value

MOST_POINTS = 100_000
_ANY = "…"  # stands for the parameter of a function whose signature Python cannot read


def number_of(
    given: Any, tape: Tape, inputs: Inputs, key: str, like: Value, notes: dict[str, str], spread: bool = False,
    own: str | None = None,
) -> torch.Tensor:  # fmt: skip
    """A tensor of the run's dtype; plain numbers fill the shape only where every element has a derivative of its own.

    `own` is what a lone parameter of any name stands for.
    """
    found = answer_of(given, tape, inputs, key, notes, own) if callable(given) else given
    shape, dtype = like.value.shape, like.value.dtype
    if isinstance(found, torch.Tensor) and (found.layout is not torch.strided or found.is_complex() > dtype.is_complex):
        kind = "complex" if found.is_complex() else "sparse"
        raise ManualError(
            f"The manual gradient for {key!r} is a {kind} tensor; it should be one of plain real numbers."
        )
    try:
        if isinstance(found, torch.Tensor):
            number = copy_of(found) if found.dtype == dtype else found.detach().to(dtype)
        elif type(found) is float and shape == ():
            number = single(found, like.value)
        else:
            number = torch.tensor(found, dtype=dtype)
            spread = spread or (callable(given) and tape.summed)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise ManualError(f"The manual gradient for {key!r} is {found!r}; it should be a number or a tensor.") from None
    return number.expand(shape).clone() if spread and number.ndim == 0 and shape != () else number


def answer_of(
    function: Callable, tape: Tape, inputs: Inputs, key: str, notes: dict[str, str], own: str | None = None
) -> Any:
    """What a hand-written function returns for the values of the run. Raises `ManualError` for what it cannot be given."""
    names = _parameters(function, tape, inputs, key, own)
    arguments = {p: _argument(tape, inputs, name) for p, name in names.items()}
    try:
        return _apply(function, arguments)
    except (ArithmeticError, ValueError) as error:
        if _points(arguments) == 1:
            notes[key] = f"{type(error).__name__}: {error}"
            return float("nan")
        return _point_by_point(function, arguments, key, notes)
    except Exception as error:
        if _points(arguments) > 1 and isinstance(error, (TypeError, RuntimeError)):
            return _point_by_point(function, arguments, key, notes)
        raise ManualError(f"The manual gradient for {key!r} raised {type(error).__name__}: {error}") from error


def _argument(tape: Tape, inputs: Inputs, name: str) -> Any:
    """A value of the run: a copy, since what a hand-written gradient does to it is its own affair."""
    is_plain = name in inputs.arguments and not isinstance(inputs.arguments[name], torch.Tensor)
    return inputs.arguments[name] if is_plain else named_value(tape, name).value.clone()


def _points(arguments: Mapping[str, Any]) -> int:
    return max((a.numel() for a in arguments.values() if isinstance(a, torch.Tensor)), default=1)


def _apply(function: Callable, arguments: Mapping[str, Any]) -> Any:
    if _ANY in arguments:
        return function(arguments[_ANY])
    alone = _asked_by(function).by_position
    return function(
        *[a for p, a in arguments.items() if p in alone], **{p: a for p, a in arguments.items() if p not in alone}
    )


def _point_by_point(function: Callable, arguments: dict, key: str, notes: dict[str, str]) -> torch.Tensor:
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
            notes[key] = f"{type(error).__name__}: {error}"
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


def named_value(tape: Tape, name: str) -> Value:
    """By name an input keeps its name, and a variable given twice is the last one."""
    found = tape.inputs.get(name)
    if found is not None:
        return found
    labels = tape.plan.keep(
        "places", lambda: {value.label: place for place, value in reversed([*enumerate(tape.values)])}
    )
    return tape.values[labels[name]] if name in labels else tape[name]
