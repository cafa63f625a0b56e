"""A module as a function of its inputs and of its parameters: each parameter is a leaf, called by its dotted name.

Every run works on copies of the parameters and of the buffers: the module itself stays as it was.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from .errors import InputError


def parameters_of(module: torch.nn.Module) -> dict[str, inspect.Parameter]:
    """What the module takes: the parameters of its `forward`, then its own, whose defaults are their present values."""
    taken = dict(inspect.signature(module.forward).parameters)
    own = dict(module.named_parameters())
    if any(map(is_lazy, own.values())):
        raise InputError(
            f"{type(module).__name__} does not know the shapes of its parameters yet. Call it once on an input, then give it."
        )
    kind = inspect.Parameter.KEYWORD_ONLY
    found = {name: inspect.Parameter(name, kind, default=own[path]) for name, path in paths(module).items()}
    rest = {name: p for name, p in taken.items() if p.kind is p.VAR_KEYWORD}
    return {name: p for name, p in taken.items() if name not in rest} | found | rest


def paths(function: Any) -> dict[str, str]:
    """By argument name the dotted name of each of a module's own parameters: `fc1_weight` is `fc1.weight`."""
    if not isinstance(function, torch.nn.Module):
        return {}
    taken = set(inspect.signature(function.forward).parameters)
    found: dict[str, str] = {}
    for path, _ in function.named_parameters():
        word = re.sub(r"\W+", "_", path)
        name = word = f"layer_{word}" if word[0].isdigit() else word
        count = 1
        while name in found or name in taken:
            count += 1
            name = f"{word}_{count}"
        found[name] = path
    return found


def state(module: torch.nn.Module, arguments: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The parameters among these arguments, taken out of them, and copies of the buffers; by dotted name."""
    found = {name: buffer.clone() for name, buffer in module.named_buffers()}
    return found | {path: arguments.pop(name) for name, path in paths(module).items() if name in arguments}
