"""From what a learner passes to the tensors that a function is run on."""

from __future__ import annotations

import copy
import functools
import inspect
import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from .elements import copy_of
from .errors import InputError
from .modules import parameters_of, paths, state


@dataclass(frozen=True)
class Inputs:
    """The arguments of one run by parameter name, and the names that are differentiated.

    Every tensor is a copy: the learner's own tensors and their `.grad` stay as they are.
    """

    arguments: dict[str, Any]
    wrt: tuple[str, ...]
    dtype: torch.dtype

    def fresh(self, **changed: torch.Tensor) -> dict[str, Any]:
        """The arguments for one run: new leaves, some of them changed."""
        run = {}
        for name, value in (self.arguments | changed).items():
            if isinstance(value, torch.Tensor):
                value = copy_of(value)
                value = value.requires_grad_() if name in self.wrt else value
            run[name] = value
        return run

    def to(self, dtype: torch.dtype) -> Inputs:
        """The same numbers in another floating dtype."""
        moved = {
            name: value.to(dtype) if isinstance(value, torch.Tensor) and value.is_floating_point() else value
            for name, value in self.arguments.items()
        }
        return Inputs(moved, self.wrt, dtype)


def gather(
    function: Callable,
    given: Mapping[str, Any],
    inputs: Mapping[str, Any] | None = None,
    wrt: Iterable[str] | str | None = None,
    dtype: torch.dtype | None = None,
    missing: float | None = None,
) -> Inputs:
    """The inputs by name. Numbers and lists become tensors, integer, bool and text values pass as they are.

    `missing` is the value of a parameter that was left out and has no default; None makes that an `InputError`.
    """
    if not callable(function):
        inner = getattr(function, "function", None)
        hint = (
            "A lesson has one: write lesson.function."
            if callable(inner)
            else "Give the function itself, not its result."
        )
        raise InputError(f"A function is needed, and this is {type(function).__name__}. {hint}")
    if not isinstance(inputs, (Mapping, type(None))):
        raise InputError(f"inputs={shortened(inputs)}: it takes a dict of values by name.")
    if not isinstance(wrt, (str, Iterable, type(None))):
        raise InputError(f"wrt={wrt!r}: it takes the name of an input, or several names.")
    if not isinstance(dtype, (torch.dtype, type(None))):
        raise InputError(f"dtype={dtype!r}: it takes a dtype of PyTorch, torch.float32 or torch.float64.")
    values = {**given, **(inputs or {})}
    parameters, own = _parameters(function), paths(function)
    if own:
        names = {path: name for name, path in own.items() if path not in (parameters or {})}
        values = {names.get(key, key): value for key, value in values.items()}
        wrt = wrt if wrt is None else [names.get(key, key) for key in ((wrt,) if isinstance(wrt, str) else wrt)]
    if parameters is not None:
        values = _complete(function, parameters, values, missing)
    annotations = {name: p.annotation for name, p in (parameters or {}).items()}
    dtype = dtype or _common_dtype(values)
    if not dtype.is_floating_point:
        raise InputError(
            f"dtype={dtype}: only floating-point tensors have gradients. Use torch.float32 or torch.float64."
        )
    arguments = {name: _tensor(name, value, annotations.get(name), dtype) for name, value in values.items()}
    if own and wrt is None:  # its inputs as those of any function, and of its parameters those that it would train
        outside = {name: value for name, value in arguments.items() if name not in own}
        wrt = [*_differentiated(outside, values, None), *(name for name in own if values[name].requires_grad)]
    return Inputs(arguments, _differentiated(arguments, values, wrt), dtype)


def call(function: Callable, arguments: Mapping[str, Any]) -> Any:
    """Call by name; positional-only parameters, built-ins without a signature and wrappers that take `*args` by position.

    A list, dict or set is a copy: what one run puts into it is not there in the next.
    """
    rest = {name: copy.copy(a) if type(a) in (list, dict, set) else a for name, a in arguments.items()}
    by_position = _by_position(function)
    if by_position is None:
        return function(*rest.values())
    positional = [rest.pop(name) for name in by_position if name in rest]
    if isinstance(function, torch.nn.Module):
        from torch.func import functional_call

        return functional_call(function, state(function, rest), tuple(positional), rest)
    return function(*positional, **rest)


def _by_position(function: Callable) -> tuple[str, ...] | None:
    """The parameters that are passed by position; None where no parameter is known, and all are."""
    if isinstance(function, torch.nn.Module):
        return _positions(parameters_of(function))
    return _once_for(function, _read_positions)


@functools.lru_cache(maxsize=256)  # a slider asks at every tick
def _read_positions(function: Callable) -> tuple[str, ...] | None:
    parameters = _parameters(function)
    if parameters is None:
        return None
    taken = hasattr(function, "__wrapped__") and _takes_positions(function)
    return _positions(parameters, inspect.Parameter.POSITIONAL_OR_KEYWORD) if taken else _positions(parameters)


def _positions(parameters: dict[str, inspect.Parameter], *kinds: Any) -> tuple[str, ...]:
    return tuple(name for name, p in parameters.items() if p.kind in (p.POSITIONAL_ONLY, *kinds))


def _takes_positions(function: Callable) -> bool:
    """Whether a wrapper itself takes any number of arguments by position, as those of `torch.vmap` and of decorators do."""
    try:
        own = inspect.signature(function, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(parameter.kind is parameter.VAR_POSITIONAL for parameter in own)


def _parameters(function: Callable) -> dict[str, inspect.Parameter] | None:
    if isinstance(function, torch.nn.Module):
        return parameters_of(function)  # its values are not those that it had before
    return _once_for(function, _read_parameters)


def _once_for(function: Callable, read: Any) -> Any:
    """What `read` gives for a function, kept there."""
    try:
        return read(function)
    except TypeError:  # a callable object without a hash
        return read.__wrapped__(function)


@functools.lru_cache(maxsize=256)
def _read_parameters(function: Callable) -> dict[str, inspect.Parameter] | None:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def _complete(function: Callable, parameters: dict, values: dict, missing: float | None) -> dict:
    named = {n: p for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    listed = ", ".join(stars.get(p.kind, "") + name for name, p in parameters.items())
    who = f"{getattr(function, '__name__', 'the function')}({listed})"
    unknown = [name for name in values if name not in named]
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        if any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
            raise InputError(
                f"{who} takes its inputs by position, and here they are given by name. Give a function with names: "
                f"lambda {', '.join(values)}: f({', '.join(values)})"
            )
        raise InputError(f"{who} has no parameter {unknown[0]!r}. It takes: {', '.join(named) or 'nothing'}.")
    complete = {}
    for name, parameter in named.items():
        if name in values:
            complete[name] = values[name]
        elif parameter.default is not parameter.empty:
            complete[name] = parameter.default
        elif missing is not None:
            complete[name] = missing
        else:
            raise InputError(f"{who} needs a value for {name!r}. Add it by name: {name}=1.0")
    return complete | {name: value for name, value in values.items() if name not in complete}


def _common_dtype(values: Mapping[str, Any]) -> torch.dtype:
    found = None
    for value in values.values():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            found = value.dtype if found is None else torch.promote_types(found, value.dtype)
    return found or torch.float64


def _tensor(name: str, value: Any, annotation: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_meta or value.is_quantized:
            kind = (
                "tensor on the meta device"
                if value.is_meta
                else "quantized tensor"
                if value.is_quantized
                else "sparse tensor"
            )
            fix = (
                "Give one with numbers."
                if value.is_meta
                else f"Give {name}.{'dequantize' if value.is_quantized else 'to_dense'}()."
            )
            raise InputError(f"{name} is a {kind}, and only plain tensors can be shown number by number. {fix}")
        return copy_of(value)
    if annotation in (int, bool, str, "int", "bool", "str") or isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, numbers.Real) or _is_numeric(value):
        try:
            return torch.tensor(value, dtype=dtype)
        except (TypeError, ValueError, RuntimeError, OverflowError) as error:
            raise InputError(f"{name}={shortened(value)} cannot be made a tensor: {error}") from None
    return value


def shortened(value: Any) -> str:
    """What was given, as an error message shows it."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        text = "a very large number"
    return text if len(text) <= 80 else f"{text[:60]}…"


def _is_numeric(value: Any) -> bool:
    """A list of numbers, possibly nested, or a NumPy array or number."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(
            isinstance(v, numbers.Real) and not isinstance(v, bool) or _is_numeric(v) for v in value
        )
    return hasattr(value, "__array__") and getattr(getattr(value, "dtype", None), "kind", "") == "f"


def _differentiated(arguments: dict, given: Mapping[str, Any], wrt) -> tuple[str, ...]:
    can = [n for n, v in arguments.items() if isinstance(v, torch.Tensor) and (v.is_floating_point() or v.is_complex())]
    if wrt is None:
        asked = [n for n in can if isinstance(given[n], torch.Tensor) and given[n].requires_grad]
        return tuple(asked or can)
    wanted = (wrt,) if isinstance(wrt, str) else tuple(wrt)
    for name in wanted:
        if name not in arguments:
            raise InputError(f"wrt names {name!r}, which is no input. The inputs are: {', '.join(arguments)}.")
        if name not in can:
            value = arguments[name]
            what = (
                f"a tensor of {value.dtype}" if isinstance(value, torch.Tensor) else f"{type(value).__name__} {value!r}"
            )
            raise InputError(
                f"{name!r} cannot be differentiated: it is {what}, and only floating-point tensors have gradients."
            )
    return wanted
