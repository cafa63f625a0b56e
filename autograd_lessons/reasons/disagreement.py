"""One disagreement: a route that is off from the best one, at the element where it is worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..tape import Tape
from ..values import Step, Value

if TYPE_CHECKING:
    from ..comparison import Comparison

Cause = tuple[str, str]  # a code and a sentence


@dataclass(frozen=True)
class Disagreement:
    """`route` gives `got` for element `at` of the gradient for `name`, where `best` gives `want`."""

    comparison: Comparison
    name: str
    route: str
    best: str
    at: int
    got: float
    want: float

    @property
    def tape(self) -> Tape:
        return self.comparison.tape

    @property
    def dtype(self) -> str:
        return str(self.comparison.dtype).removeprefix("torch.")

    @property
    def relative(self) -> float:
        return abs(self.got - self.want) / (abs(self.want) or 1.0)

    @property
    def finite(self) -> bool:
        return abs(self.got) < float("inf") and abs(self.want) < float("inf")

    def autograd_is_off(self) -> bool:
        """Whether autograd is off from the best route at this element too."""
        differ = self.comparison.differ(self.name, "autograd", self.best)
        return bool(differ and self.comparison.where_they_differ(self.name, "autograd", self.best).reshape(-1)[self.at])

    def off(self) -> str:
        """The two numbers, and their ratio where that says something."""
        size = self.tape.inputs[self.name].value.numel()
        ratio = f", {self.got / self.want:.6g} times as much" if self.want and self.got and self.finite else ""
        return (
            f"it is {self.got:.9g} and should be {self.want:.9g}{f' at element {self.at}' if size > 1 else ''}{ratio}"
        )


def find(comparison: Comparison, name: str, route: str, best: str) -> Disagreement | None:
    """The worst element where the two differ beyond tolerance or are not finite; None if there is none."""
    value, true = comparison.gradients[name][route], comparison.gradients[name][best]
    if value is None or true is None or not comparison.differ(name, route, best):
        return None
    apart = comparison.where_they_differ(name, route, best)
    distance = (value.double() - true.double()).abs().nan_to_num(torch.inf, torch.inf)
    at = int(torch.where(apart, distance, -torch.ones_like(distance)).reshape(-1).argmax())
    return Disagreement(comparison, name, route, best, at, *_numbers(at, value, true))


def not_finite(comparison: Comparison, name: str, route: str, best: str) -> Disagreement | None:
    """The first element where a route has no finite number; None if there is none."""
    value, true = comparison.gradients[name][route], comparison.gradients[name][best]
    if value is None or true is None or value.shape != true.shape or bool(value.isfinite().all()):
        return None
    at = int((~value.isfinite()).reshape(-1).int().argmax())
    return Disagreement(comparison, name, route, best, at, *_numbers(at, value, true))


def from_difference(comparison: Comparison, name: str, route: str) -> Disagreement | None:
    """The worst element where a route is farther from the finite difference than that may be off; None if there is none."""
    value, difference = comparison.gradients[name][route], comparison.differences[name]
    assert value is not None and difference is not None
    true = difference.value
    over = (value - true).abs() - difference.bound - 1e-4 * value.abs()
    at = int(over.nan_to_num(torch.inf).reshape(-1).argmax())
    if over.reshape(-1)[at].item() <= 0:
        return None
    return Disagreement(comparison, name, route, "finite_difference", at, *_numbers(at, value, true))


def _numbers(at: int, *tensors: torch.Tensor) -> list[float]:
    """Element `at` of each."""
    return [tensor.reshape(-1)[at].item() for tensor in tensors]


def element(value: Value, at: int) -> float:
    """Element `at` of an elementwise run; of anything else the first."""
    flat = value.value.reshape(-1)
    return flat[at if at < flat.numel() else 0].item()


def bad_or_first(value: torch.Tensor) -> float:
    """The first element that is not finite, else the first."""
    flat = value.reshape(-1)
    bad = flat[~flat.isfinite()]
    return (bad if bad.numel() else flat)[0].item()


def name_of(value) -> str:
    """The learner's name of a value, else what made it."""
    return value.name or (f"{value.op}(…)" if isinstance(value, Step) else "a constant")


def called(step: Step) -> str:
    """The step as the learner wrote it: `y_pred = torch.sigmoid(z)`."""
    text = step.source.text if step.source else f"{step.op}({', '.join(name_of(v) for v in step.inputs)})"
    return f"{step.name} = {text}" if step.name and step.depth == 0 else text
