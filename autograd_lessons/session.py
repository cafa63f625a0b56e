"""What is known of each tensor object: which value it holds, at which version, made by which autograd node."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from .values import Constant, Value

if TYPE_CHECKING:
    from .engine import Ear


class Seen:
    """One tensor as it was when it was last looked at."""

    __slots__ = ("tensor", "value", "version", "node")

    def __init__(self, value: Value | Constant, tensor: torch.Tensor):
        self.tensor = weakref.ref(tensor)
        self.value = value
        self.version = version_of(tensor)
        self.node = node_of(tensor)


class Session:
    """What is known from one recorded block to the next.

    Tensors compare elementwise, so that no plain dictionary can hold them as keys; they are held weakly.
    """

    def __init__(self):
        self._by_id: dict[int, Seen] = {}
        self.ear: Ear | None = None  # who listens to the engine now; hooks of earlier blocks report here too

    def know(self, tensor: torch.Tensor, value: Value | Constant, before: Seen | None = None) -> Seen:
        """Remember which value a tensor holds; with `before`, in the state in which it was seen then."""
        seen = self._by_id[id(tensor)] = Seen(value, tensor)
        if before is not None:
            seen.version, seen.node = before.version, before.node
        return seen

    def get(self, tensor: torch.Tensor) -> Seen | None:
        seen = self._by_id.get(id(tensor))
        return seen if seen is not None and seen.tensor() is tensor else None  # an id may have been given again

    def __contains__(self, tensor: torch.Tensor) -> bool:
        return self.get(tensor) is not None

    def items(self) -> Iterator[tuple[torch.Tensor, Seen]]:
        for seen in list(self._by_id.values()):
            tensor = seen.tensor()
            if tensor is not None:
                yield tensor, seen

    def forget_the_dead(self) -> None:
        self._by_id = {key: seen for key, seen in self._by_id.items() if seen.tensor() is not None}


def version_of(tensor: torch.Tensor) -> int:
    """PyTorch's count of the in-place changes to a tensor; it keeps none for inference tensors."""
    try:
        return tensor._version
    except RuntimeError:
        return 0


def node_of(tensor: torch.Tensor) -> int | None:
    """The number of the autograd node that made a tensor; to hold the node would keep its graph alive."""
    node = None if is_loose(tensor) else tensor.grad_fn
    return None if node is None else node._sequence_nr()  # pyright: ignore


def function_of(tensor: torch.Tensor) -> str:
    """The name of the `torch.autograd.Function` that made a tensor; empty where it was none."""
    made = None if is_loose(tensor) else getattr(type(tensor.grad_fn), "_forward_cls", None)
    return "" if made is None else made.__name__


def is_loose(tensor: torch.Tensor) -> bool:
    """Whether this is a view of a leaf that was taken under no_grad: it says that it requires grad, and has no node."""
    base = tensor._base
    if base is None or not (base.requires_grad and base.is_leaf and tensor.requires_grad):
        return False
    try:
        return tensor.grad_fn is None
    except RuntimeError:  # PyTorch refuses to say, once one of the two was edited
        return True
