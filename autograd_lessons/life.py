"""The life of a leaf's `.grad`: None, filled, added to, cleared; and when its value was changed.

Nothing announces that the engine wrote a `.grad`, so every known leaf is looked at after each thing that could have.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from .elements import copy_of

if TYPE_CHECKING:
    from .values import Input

MOST_ELEMENTS = 10_000  # a larger gradient is kept as its norm only
ENDS = 16  # of a long life so many changes are kept at either end

_ENGINE = ("backward", "autograd.grad")


class Change(NamedTuple):
    """What one thing did to a leaf.

    `kind` is "filled" (None → a gradient), "added to", "zeroed", "removed" (a gradient → None), "set", "edited" (in
    place), "updated" (the leaf's own value changed) or "unseen" (a gradient came from where no one looked).
    """

    index: int  # of the step or event that did it
    line: int
    kind: str
    by: str  # which call: "backward", "zero_grad", "optimizer.step", "set grad", "mul_"
    grad: torch.Tensor | None  # afterwards; of one of more than 10,000 elements its norm only
    whole: bool  # whether `grad` is the gradient itself and not its norm
    value: torch.Tensor | None  # the leaf itself, after an update

    @property
    def norm(self) -> float | None:
        """The norm of the gradient afterwards; None where there is none."""
        return None if self.grad is None else float(self.grad.double().norm() if self.whole else self.grad)


@dataclass(eq=False)
class Life:
    """All that happened to one leaf's `.grad`, in order; of a long life the first and the last sixteen changes."""

    of: Input
    kept: bool  # a tensor that keeps its .grad because retain_grad() asked for it, and not because it is a leaf
    started_with: torch.Tensor | None
    changes: list[Change] = field(default_factory=list)
    lost: bool = False  # whether the variable that it is called by holds another tensor at the end
    left_out: int = 0  # changes between the first and the last that are not kept

    def add(self, change: Change) -> None:
        self.changes.append(change)
        if len(self.changes) > 2 * ENDS:
            del self.changes[ENDS]
            self.left_out += 1


class Watch:
    """Looks at one leaf: did its `.grad` or its value change since the last look, and which of the kinds was it?"""

    def __init__(self, tensor: torch.Tensor, value: Input, kept: bool = False):
        self.tensor = weakref.ref(tensor)
        self.grad, self.version, self.own = _seen(tensor)
        self.life = Life(value, kept, None if tensor.grad is None else _copy(tensor.grad))

    def shows(self, tensor: torch.Tensor) -> bool:
        """Whether a change of this tensor is one that is looked for: it is the leaf or its `.grad`."""
        return tensor is self.grad or tensor is self.tensor()

    def look(self, index: int, line: int, by: str) -> bool:
        """Whether the tensor is still there; a change is attributed to what happened last, `by`."""
        tensor = self.tensor()
        if tensor is None:
            return False
        grad, version, own = _seen(tensor)
        if grad is not self.grad or version != self.version:
            kind = _kind(self.grad, grad, by)
            self.life.add(Change(index, line, kind, by, *_kept(grad), None))
            self.grad, self.version = grad, version
        if own != self.own:
            self.own = own
            self.life.add(Change(index, line, "updated", by, *_kept(grad), _copy(tensor)))
        return True


def _seen(tensor: torch.Tensor) -> tuple[torch.Tensor | None, int, int]:
    grad = tensor.grad
    return grad, -1 if grad is None else grad._version, 0 if tensor.is_inference() else tensor._version


def _kind(before: torch.Tensor | None, after: torch.Tensor | None, by: str) -> str:
    if after is None:
        return "removed"
    if by in _ENGINE:
        return "filled" if before is None else "added to"
    if by in ("set grad", "optimizer.step"):
        return "set" if by == "set grad" and after is not before else "edited"
    if before is None:
        return "unseen"
    return "zeroed" if not bool(after.detach().any()) else "edited"


def _kept(grad: torch.Tensor | None) -> tuple[torch.Tensor | None, bool]:
    if grad is None:
        return None, True
    grad = grad.detach()
    grad = grad.to_dense() if grad.is_sparse else grad
    return (grad.clone(), True) if grad.numel() <= MOST_ELEMENTS else (grad.norm(), False)


def _copy(tensor: torch.Tensor) -> torch.Tensor | None:
    return copy_of(tensor) if tensor.numel() <= MOST_ELEMENTS else None


class Lives:
    """Watches the leaves that a recorder knows. `own` gives a leaf of an earlier tape its place on this one."""

    def __init__(self, own: Callable[[Any], Any]):
        self._own = own
        self._watching: dict[int, Watch] = {}  # by id of the tensor
        self._elsewhere: list[Watch] = []  # leaves that only earlier blocks have seen so far
        self.lives: list[Life] = []

    def watch(self, tensor: torch.Tensor, value: Any, kept: bool = False) -> None:
        """Look at this leaf from now on; `kept` says that it is none, and was asked to keep its `.grad`."""
        if id(tensor) not in self._watching:
            watch = self._watching[id(tensor)] = Watch(tensor, value, kept)
            self.lives.append(watch.life)

    def watch_from_elsewhere(self, tensor: torch.Tensor, value: Any) -> None:
        """The engine may write to this leaf too; it comes over if that happens."""
        if id(tensor) not in self._watching:
            watch = self._watching[id(tensor)] = Watch(tensor, value)
            self._elsewhere.append(watch)

    def look(self, index: int, line: int, by: str) -> None:
        """What the last thing that happened did to the leaves."""
        gone = [key for key, watch in self._watching.items() if not watch.look(index, line, by)]
        for key in gone:
            del self._watching[key]
        for watch in [watch for watch in self._elsewhere if watch.life.changes]:
            watch.life.of = self._own(watch.life.of)
            self.lives.append(watch.life)
            self._elsewhere.remove(watch)

    def shows(self, tensor: torch.Tensor) -> bool:
        """Whether a change of this tensor is one that is looked for."""
        return any(watch.shows(tensor) for watch in self._watching.values())

    def finish(self, variables: dict[str, Any]) -> None:
        """`w = w - lr * w.grad`: note which leaves the learner's code no longer has under their name."""
        alive = {watch.life: watch.tensor() for watch in self._watching.values()}
        for life in self.lives:
            now = variables.get(life.of.variable or "")
            life.lost = isinstance(now, torch.Tensor) and now is not alive.get(life)

    def __bool__(self) -> bool:
        return bool(self._watching)
