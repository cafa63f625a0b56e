"""PyTorch's own list of its differentiable pointwise operations, read from the tables that PyTorch is generated from.

The list is theirs: what is tagged `pointwise` in native_functions.yaml and has a derivative in derivatives.yaml or is made
of operations that have one; with it all of `torch.special` and every activation of `torch.nn`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F

TABLES = "ATen/native/native_functions.yaml", "autograd/derivatives.yaml"
#: of torch.special and torch.nn's activations, those of whole rows: they are no pointwise operations
WHOLE_ROWS = {
    "GLU", "LogSoftmax", "MultiheadAttention", "Softmax", "Softmax2d", "Softmin", "log_softmax", "logsumexp", "softmax",
}  # fmt: skip


def missing() -> str | None:
    """Why the list cannot be read here; None if it can."""
    try:
        import torchgen
        import yaml  # noqa: F401
    except ModuleNotFoundError as error:
        return f"PyTorch's list cannot be read: {error.name} is not installed"
    folder = Path(torchgen.__file__).parent / "packaged"
    absent = [table for table in TABLES if not (folder / table).exists()]
    return f"PyTorch's list is not in this installation: no {', '.join(absent)} in {folder}" if absent else None


@functools.cache
def operations() -> tuple[str, ...]:
    """The names, sorted, as they are called in `torch`, `torch.special` or `torch.nn.functional`."""
    found = {*_tagged(), *_of_torch_special(), *_activations()}
    return tuple(sorted(found))


def _table(path: str) -> list[dict]:
    import torchgen
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((Path(torchgen.__file__).parent / "packaged" / path).read_text(encoding="utf-8"), Loader=loader)


def _tagged() -> Iterator[str]:
    functions, derivatives = map(_table, TABLES)
    with_derivative = {_schema_name(entry["name"]) for entry in derivatives if _has_derivative(entry)}
    listed = {_schema_name(entry["name"]) for entry in derivatives}
    for function in functions:
        name, tags = _schema_name(function["func"]), function.get("tags", [])
        if "pointwise" not in ([tags] if isinstance(tags, str) else tags) or _is_internal(name):
            continue
        if name in with_derivative or (name not in listed and _is_composite(function) and _flows(name)):
            yield public(name)


def _schema_name(schema: str) -> str:
    return schema.split("(")[0].strip()


def _is_internal(name: str) -> bool:
    """Whether it is a part of another's derivative, or hidden: no learner calls it."""
    plain = name.split(".")[0].rstrip("_")
    return plain.startswith("_") or plain.endswith("_backward")


def _has_derivative(entry: dict) -> bool:
    if entry.get("output_differentiability") == [False]:
        return False
    formulas = [value for key, value in entry.items() if key not in ("name", "result", "dispatch")]
    return any("non_differentiable" not in str(f) and "not_implemented" not in str(f) for f in formulas)


def _is_composite(function: dict) -> bool:
    """Whether it is made of other operations, and its derivative of theirs."""
    dispatch = function.get("dispatch")
    composite = dispatch is None or any("CompositeImplicitAutograd" in keys for keys in dispatch)
    return composite and "structured_delegate" not in function


def _of_torch_special() -> Iterator[str]:
    for name in torch.special.__all__:
        if name not in WHOLE_ROWS and _flows(f"special_{name}"):
            yield name


def _flows(name: str) -> bool:
    """Whether a gradient comes out of it. It is tried, since no table says so of an operation that is made of others."""
    packet = getattr(torch.ops.aten, name.split(".")[0])
    for overload in packet.overloads():
        arguments = getattr(packet, overload)._schema.arguments
        needed = [_given(argument) for argument in arguments if not argument.has_default_value()]
        for given in (needed, [_given(argument) for argument in arguments]):
            try:
                result = packet(*given)
            except (RuntimeError, TypeError):
                continue
            if isinstance(result, torch.Tensor) and result.requires_grad:
                return True
    return False


def _given(argument) -> object:
    """A tensor for a tensor, 2 for a number, and for all else its default."""
    kind = str(argument.type)
    if kind == "Tensor":
        return torch.tensor([0.5], dtype=torch.float64, requires_grad=True).clone()
    return 2 if kind in ("number", "int", "Optional[number]") else argument.default_value


def _activations() -> Iterator[str]:
    functions = {name.replace("_", ""): name for name in dir(F) if not name.startswith("_") and not name.endswith("_")}
    for name in torch.nn.modules.activation.__all__:
        if name not in WHOLE_ROWS:
            yield functions[name.lower()]


def public(name: str) -> str:
    """A schema's name as it is called: without its overload, the `_` of in-place operations and the prefix of torch.special."""
    return name.split(".")[0].rstrip("_").removeprefix("special_")
