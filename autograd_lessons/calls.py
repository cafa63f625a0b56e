"""What a torch function is to us: its public name, whether it is pointwise or random, and what it is called with."""

from __future__ import annotations

import copy
import functools
import operator
import types
from collections.abc import Callable
from typing import Any

import torch

from .replay import Call, Operand, leaves, substitute
from .values import Constant

_OPERATORS = {  # the names between double underscores
    "iadd": "add_", "idiv": "div_", "imod": "remainder_", "imul": "mul_", "ipow": "pow_", "isub": "sub_",
    "itruediv": "div_", "mod": "remainder", "radd": "add", "rdiv": "div", "rmatmul": "matmul", "rmod": "remainder",
    "rmul": "mul", "rpow": "pow", "rsub": "sub", "rtruediv": "div", "truediv": "div",
}  # fmt: skip
_PUBLIC_NAMES = {  # PyTorch's other names for the same operation
    "T": "t", "_threshold": "threshold", "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin",
    "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "clip": "clamp", "divide": "div",
    "expit": "sigmoid", "fix": "trunc", "float_power": "pow", "gammainc": "igamma", "gammaincc": "igammac",
    "gammaln": "lgamma", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le",
    "log_sigmoid": "logsigmoid", "multigammaln": "mvlgamma", "multiply": "mul", "negative": "neg", "not_equal": "ne",
    "psi": "digamma", "subtract": "sub", "true_divide": "div",
}  # fmt: skip
_REFLECTED = {
    "__rsub__": operator.sub, "__rdiv__": operator.truediv, "__rtruediv__": operator.truediv,
    "__rpow__": operator.pow, "__rmatmul__": operator.matmul, "__rmod__": operator.mod,
}  # fmt: skip
_METHODS = {  # whose operands stand in another order than those of the function
    torch.Tensor.polygamma: (torch.polygamma, ("n", "self")),
    torch.Tensor.where: (torch.where, ("condition", "self", "other")),
}  # fmt: skip
_SECOND = {"other", "target", "exponent", "tensor", "vec", "mat2"}  # torch's names for a second operand
_ALIASES = {"axis": "dim", "keepdims": "keepdim"}
_UNTAGGED = {  # elementwise, though PyTorch's table has no tag for them (torch 2.6 has none for leaky_relu either)
    "bfloat16", "double", "dropout", "float", "half", "hardswish", "leaky_relu", "logsigmoid", "ndtr", "prelu", "softplus",
    "softsign", "tanhshrink", "to", "type", "type_as",
}  # fmt: skip
_LOSSES = {  # a formula of one element of each operand, then perhaps a reduction
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss",
    "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss",
}  # fmt: skip
_RANDOM_IN_PYTHON = {"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "gumbel_softmax", "rrelu"}
_PROPERTY = types.MethodWrapperType


@functools.lru_cache(maxsize=4096)
def kind_of(function: Callable) -> str:
    """`"sin"`, `"mul"`, `"getitem"`, `"backward"`; for a property that is read `"grad"`, that is set `"set grad"`."""
    name = getattr(function, "__name__", str(function))
    if isinstance(function, _PROPERTY):
        owner = getattr(function.__self__, "__name__", "")
        name = owner if name == "__get__" else f"set {owner}"
    elif name.startswith("__"):
        name = name.strip("_")
        return _OPERATORS.get(name, name)
    if function is torch.autograd.grad:
        return "autograd.grad"
    name, ending = (name[:-1], "_") if name.endswith("_") else (name, "")
    name = name.removeprefix("special_")
    return _PUBLIC_NAMES.get(name, name) + ending


_HOMES = {  # where an operation is looked for, in this order
    "torch": torch, "torch.special": torch.special, "torch.nn.functional": torch.nn.functional, "torch.Tensor": torch.Tensor,
}  # fmt: skip


def public_name(op: str) -> str:
    """An operation as a learner would look it up: torch.sin, torch.special.erfcx, torch.nn.functional.softsign, torch.linalg.inv."""
    for part in ("linalg", "fft"):
        if op.startswith(f"{part}_"):
            return f"torch.{part}.{op.removeprefix(f'{part}_')}"
    found = (f"{home}.{name}" for name in (op.rstrip("_"), op) for home, at in _HOMES.items() if hasattr(at, name))
    return next(found, f"torch.{op}")


ENGINE_CALLS = ("backward", "autograd.grad")


@functools.cache
def is_pointwise(op: str) -> bool:
    """Whether each element of the result depends on one element of each operand: PyTorch's own tag, from its table."""
    op = op if op.startswith("_") else op.rstrip("_")
    return op in _UNTAGGED or _has_tag(op, torch.Tag.pointwise)


def works_by_element(op: str, call: Call, shapes: list) -> bool:
    """The same for one call: a loss is pointwise where nothing reduces it, a maximum where it is that of two tensors.

    And prelu is not where its weights belong to channels.
    """
    if op in _LOSSES:
        return call.kwargs.get("reduction") == "none"
    if op == "prelu":
        return call.function is torch._prelu_kernel
    return is_pointwise(op) and not (op in ("max", "min") and len(shapes) < 2)


@functools.cache
def is_random(op: str) -> bool:
    """Whether the call draws random numbers."""
    return op in _RANDOM_IN_PYTHON or _has_tag(op, torch.Tag.nondeterministic_seeded)


def _has_tag(op: str, tag) -> bool:
    packets = (getattr(torch.ops.aten, name, None) for name in (op, f"special_{op}"))
    return any(tag in getattr(packet, name).tags for packet in packets if packet for name in packet.overloads())


def make_call(function: Callable, args: tuple, kwargs: dict, known: list, random_state) -> Call:
    """The call with each tensor replaced by the next of `known`; `2 - x` is written as the subtraction it is."""
    if _has_another_form(function):
        function, args, known = _in_another_form(function, args, known)
    supply = iter(known)
    args = substitute(args, lambda _: next(supply), torch.Tensor)
    kwargs = kwargs and substitute(kwargs, lambda _: next(supply), torch.Tensor)
    if function in _METHODS:
        function, order = _METHODS[function]
        given = dict(zip(("self", *(name for name in order if name != "self")), args)) | kwargs
        args, kwargs = tuple(given.pop(name) for name in order if name in given), given
    return Call(function, *_spelled(args, kwargs), random_state=random_state)


_ITERATED, _COPIED, _PRELU = torch.Tensor.__iter__, torch.Tensor.__deepcopy__, (torch.prelu, torch.Tensor.prelu)


@functools.lru_cache(maxsize=4096)
def _has_another_form(function: Callable) -> bool:
    """Whether a call of it is written down as the call of another function."""
    return getattr(function, "__name__", "") in _REFLECTED or function in (_ITERATED, _COPIED, *_PRELU)


def _in_another_form(function: Callable, args: tuple, known: list) -> tuple[Callable, tuple, list]:
    if function is _ITERATED:
        return torch.unbind, args, known
    if function is _COPIED:
        return copy.deepcopy, args[:1], known  # the memo beside it has changed by now
    if function in _PRELU:  # the kernel takes a weight of any shape that broadcasts
        return (torch._prelu_kernel if _is_elementwise(*known[:2]) else function), args, known
    return (_REFLECTED[function.__name__], args[::-1], known[::-1]) if len(args) == 2 else (function, args, known)


def _is_elementwise(x: Any, weight: Any) -> bool:
    """Whether prelu's weights, one for each channel, broadcast over x as those of other operations do."""
    return weight.value.numel() == 1 or x.value.dim() == 2


def _spelled(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Operands given by keyword stand where they stand without: `torch.pow(input=x, exponent=3)` is `torch.pow(x, 3)`."""
    if not kwargs:
        return args, kwargs
    kwargs = {_ALIASES.get(key, key): value for key, value in kwargs.items() if key != "out" or value is not None}
    kwargs = {key: value for key, value in kwargs.items() if key != "inplace" or value}
    order = [{"condition"}, {"input"}, {"other"}] if "condition" in kwargs else [{"input"}, _SECOND]
    if "condition" not in kwargs and len(args) == 1 and {"input", "other"} <= set(kwargs):
        order = [set(), {"input"}, {"other"}]  # where(condition, input=…, other=…)
    for names in order[len(args) :]:
        key = next((key for key in names if key in kwargs), None)
        if key is None:
            break
        args = (*args, kwargs.pop(key))
    return args, kwargs


def tensors_in(*arguments) -> list[torch.Tensor]:
    """Every tensor in nested arguments, in order."""
    return [item for item in leaves(arguments) if isinstance(item, torch.Tensor)]


def operands_of(call: Call) -> tuple:
    """Every tensor and every plain number that a call was given, in order; a number as a `Constant`."""
    return tuple(
        [
            item if isinstance(item, Operand) else Constant(item)
            for item in leaves((*call.args, *call.kwargs.values()))
            if isinstance(item, Operand) or (isinstance(item, (int, float, complex)) and not isinstance(item, bool))
        ]
    )
