"""What a torch function is to us: its public name, whether it is pointwise or random, and what it is called with."""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch

from .tape import Call, Constant, Value

_PUBLIC_NAMES = {
    "T": "t", "absolute": "abs", "clip": "clamp", "divide": "div", "expit": "sigmoid", "float_power": "pow",
    "iadd": "add_", "idiv": "div_", "imul": "mul_", "ipow": "pow_", "isub": "sub_", "itruediv": "div_",
    "log_sigmoid": "logsigmoid", "multiply": "mul", "negative": "neg", "rdiv": "div", "rmatmul": "matmul",
    "rpow": "pow", "rsub": "sub", "rtruediv": "div", "special_expit": "sigmoid", "special_expm1": "expm1",
    "special_log1p": "log1p", "subtract": "sub", "true_divide": "div", "truediv": "div",
}  # fmt: skip
_REFLECTED = {
    "__rsub__": operator.sub, "__rdiv__": operator.truediv, "__rtruediv__": operator.truediv,
    "__rpow__": operator.pow, "__rmatmul__": operator.matmul,
}  # fmt: skip
_RANDOM_IN_PYTHON = {"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "gumbel_softmax", "rrelu"}
_PROPERTY = types.MethodWrapperType


def kind_of(function: Callable) -> str:
    """`"sin"`, `"mul"`, `"getitem"`, `"backward"`; for a property that is read `"grad"`, that is set `"set grad"`."""
    name = getattr(function, "__name__", str(function))
    if isinstance(function, _PROPERTY):
        owner = getattr(function.__self__, "__name__", "")
        name = owner if name == "__get__" else f"set {owner}"
    elif name.startswith("__"):
        name = name.strip("_")
    return _PUBLIC_NAMES.get(name, name)


def differentiates(function: Callable) -> bool:
    """Whether this call runs the autograd engine."""
    return not isinstance(function, _PROPERTY) and kind_of(function) in ("backward", "grad")


@functools.cache
def is_pointwise(op: str) -> bool:
    """Whether each element of the result depends on one element of each operand: PyTorch's own tag, from its table."""
    op = op if op.startswith("_") else op.rstrip("_")
    return op == "softplus" or _has_tag({"logsigmoid": "log_sigmoid"}.get(op, op), torch.Tag.pointwise)


@functools.cache
def is_random(op: str) -> bool:
    """Whether the call draws random numbers."""
    return op in _RANDOM_IN_PYTHON or _has_tag(op, torch.Tag.nondeterministic_seeded)


def _has_tag(op: str, tag) -> bool:
    packet = getattr(torch.ops.aten, op, None)
    return packet is not None and any(tag in getattr(packet, name).tags for name in packet.overloads())


def make_call(function: Callable, args: tuple, kwargs: dict, known: list, random_state) -> Call:
    """The call with each tensor replaced by the next of `known`; `2 - x` is written as the subtraction it is."""
    if function is torch.Tensor.__iter__:
        function = torch.unbind
    if getattr(function, "__name__", "") in _REFLECTED and len(args) == 2:
        function, args = _REFLECTED[function.__name__], args[::-1]
        known = known[::-1]
    supply = iter(known)
    args, kwargs = _packed((args, kwargs), supply)
    return Call(function, args, kwargs, random_state=random_state)


def tensors_in(*arguments) -> Iterator[torch.Tensor]:
    """Every tensor in nested arguments, in order."""
    for item in arguments:
        if isinstance(item, torch.Tensor):
            yield item
        elif isinstance(item, (tuple, list)):
            yield from tensors_in(*item)
        elif isinstance(item, dict):
            yield from tensors_in(*item.values())
        elif isinstance(item, slice):
            yield from tensors_in(item.start, item.stop, item.step)


def operands_of(call: Call, pointwise: bool) -> tuple:
    """What a step shows as its inputs: every tensor, and for pointwise operations the plain numbers too."""
    return tuple(
        item if isinstance(item, (Value, Constant)) else Constant(item)
        for item in call.operands()
        if isinstance(item, (Value, Constant))
        or (pointwise and isinstance(item, (int, float, complex)) and not isinstance(item, bool))
    )


def _packed(arguments: Any, supply: Iterator) -> Any:
    if isinstance(arguments, torch.Tensor):
        return next(supply)
    if isinstance(arguments, (tuple, list)):
        packed = [_packed(item, supply) for item in arguments]
        return packed if isinstance(arguments, list) else tuple(packed)
    if isinstance(arguments, dict):
        return {key: _packed(item, supply) for key, item in arguments.items()}
    if isinstance(arguments, slice):
        return slice(*(_packed(item, supply) for item in (arguments.start, arguments.stop, arguments.step)))
    return arguments
