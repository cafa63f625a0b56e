"""Numbers and names as they stand on the screen."""

from __future__ import annotations

import torch

from ..notation import name_text
from ..values import Step, Value

_FORMS = [f".{digits}g" for digits in range(18)]  # so made once: to put the digits in takes longer than the number


def short(value, digits: int = 6) -> str:
    """A number with up to six significant digits, a short vector in brackets, a big tensor by shape and range."""
    if value is None:
        return "none"
    if not isinstance(value, torch.Tensor):
        return _number(value, digits)
    if value.numel() == 1:
        return _number(value.item(), digits)
    if value.numel() <= 4:
        return "[" + ", ".join(_number(v, 4) for v in value.reshape(-1).tolist()) + "]"
    finite = value[value.isfinite()].double()
    spread = f", {_number(finite.min().item(), 3)} … {_number(finite.max().item(), 3)}" if finite.numel() else ""
    return f"{'×'.join(map(str, value.shape))} numbers{spread}"


def typed(value) -> str:
    """An input as one would type it: of a float32 the digits that it carries."""
    if not isinstance(value, torch.Tensor):
        return str(value)
    if value.numel() > 8:
        return f"{value.numel()} numbers, shape {tuple(value.shape)}"
    if value.dtype == torch.float32:
        numbers = [float(f"{v:.7g}") for v in value.reshape(-1).tolist()]
        value = torch.tensor(numbers, dtype=torch.float64).reshape(value.shape)
    return str(value.tolist())


def _number(value, digits: int) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    shown = format(value, _FORMS[digits])
    if "e" in shown:
        shown = shown.replace("e+0", "e").replace("e-0", "e-")
    return shown.replace("-", "−")


def full(value: torch.Tensor | None) -> str:
    """Every digit, for programs that read the page."""
    if value is None:
        return ""
    numbers = [value.item()] if value.numel() == 1 else value.reshape(-1)[:16].tolist()
    return " ".join(map(repr, numbers))


def title(value: Value) -> str:
    """What a node is called: the learner's name, else number and operation: `v3 sin`."""
    if not isinstance(value, Step):
        return value.variable or value.label
    if value.label == value.name or not value.label.startswith("#"):
        return value.label
    return f"{name_text(value.label)} {value.name or value.op}"


def key(value: Value, tape) -> str:
    """A short handle for linking what belongs together on the page."""
    return f"v{value.index}" if hasattr(value, "index") else f"i{list(tape.inputs.values()).index(value)}"  # pyright: ignore
