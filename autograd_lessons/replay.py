"""A recorded call, and what calling it again on copies tells: its vector–Jacobian products and its slopes."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import torch


class Operand:
    """What stands in a recorded call where a tensor stood."""

    value: Any


class Call(NamedTuple):
    """What was called, with every tensor replaced by the value that it was; enough to call it again."""

    function: Callable
    args: tuple
    kwargs: dict
    output: int | None = None  # which element of the returned tuple
    changed: int | None = None  # which tensor argument the call changed in place
    view: tuple | None = None  # (size, stride, offset): the call changed this part of that argument
    random_state: torch.Tensor | None = None

    def again(self, tensors: list[torch.Tensor]) -> torch.Tensor:
        """The call on other tensors, given in the order of the tensor operands; works on copies."""
        supply = iter(tensors)
        seen = []

        def take(_):
            seen.append(next(supply))
            return seen[-1]

        args, kwargs = substitute(self.args, take), substitute(self.kwargs, take)
        if self.changed is None:
            result = self.function(*args, **kwargs)
            return result if self.output is None else result[self.output]
        original = seen[self.changed]
        copy = original.clone()
        part = copy if self.view is None else copy.as_strided(*self.view)
        count = iter(range(len(seen)))

        def swap(_):
            here = next(count)
            return part if here == self.changed or seen[here] is original else seen[here]

        self.function(*substitute(self.args, swap), **substitute(self.kwargs, swap))
        return copy


PLAIN = {int, float, complex, bool, str, type(None), torch.dtype}  # what most arguments beside tensors are
_NESTS = (tuple, list, dict, slice)


def substitute(arguments: Any, take: Callable, kind: type = Operand) -> Any:
    """`arguments` (nested tuples, lists, dicts, slices) with each thing of a kind replaced by take(it)."""
    if isinstance(arguments, kind):
        return take(arguments)
    if isinstance(arguments, (tuple, list)):
        replaced = [
            take(item) if isinstance(item, kind) else item if type(item) in PLAIN else substitute(item, take, kind)
            for item in arguments
        ]
        if type(arguments) in (tuple, list):
            return type(arguments)(replaced)
        return type(arguments)(*replaced) if hasattr(arguments, "_fields") else tuple(replaced)
    if isinstance(arguments, dict):
        return {key: substitute(item, take, kind) for key, item in arguments.items()}
    if isinstance(arguments, slice):
        return slice(*substitute((arguments.start, arguments.stop, arguments.step), take, kind))
    return arguments


def leaves(arguments: Any) -> list[Any]:
    """Everything in nested arguments, in order."""
    found: list[Any] = []
    for item in arguments.values() if isinstance(arguments, dict) else arguments:
        if type(item) in PLAIN or not isinstance(item, _NESTS):
            found.append(item)
        elif isinstance(item, slice):
            found += leaves((item.start, item.stop, item.step))
        else:
            found += leaves(item)
    return found


def repeated(call: Call, tensors: list[torch.Tensor]) -> torch.Tensor:
    """A call on other tensors, with a graph, in silence and with the random numbers that it drew."""
    with quiet(), torch.enable_grad():
        if call.random_state is None:
            return call.again(tensors)
        with _random_state(call.random_state):
            return call.again(tensors)


def start_of(result: torch.Tensor) -> torch.Tensor | None:
    """Ones to start the way back with; None for a single real number, which PyTorch itself starts with 1."""
    return None if result.numel() == 1 and not result.is_complex() else torch.ones_like(result)


class Replay:
    """A call made once more on copies of what it used. `inputs` are its operands, as `Step.inputs` lists them."""

    def __init__(self, call: Call, inputs: tuple, pointwise: bool):
        self.call, self.pointwise = call, pointwise
        self.tensors = [
            used.value.clone().requires_grad_(getattr(used, "requires_grad", False))
            for used in inputs
            if isinstance(used.value, torch.Tensor)
        ]
        places = [place for place, used in enumerate(inputs) if isinstance(used.value, torch.Tensor)]
        wanted = [(place, copy) for place, copy in zip(places, self.tensors) if copy.requires_grad]
        self.positions, self.flows = [place for place, _ in wanted], [copy for _, copy in wanted]
        self.result = self._again(self.tensors) if wanted else None

    def _again(self, tensors: list[torch.Tensor]) -> torch.Tensor | None:
        result = repeated(self.call, tensors)
        return result if result.requires_grad else None

    def products(self, vector: torch.Tensor) -> dict[int, torch.Tensor]:
        if self.result is None:
            return {}
        products = torch.autograd.grad(self.result, self.flows, vector, allow_unused=True)
        return {place: product for place, product in zip(self.positions, products) if product is not None}

    def slopes(self) -> dict[int, torch.Tensor]:
        result = self.result
        single = result is not None and all(t.numel() == 1 for t in (*self.tensors, result))
        if result is None or not (self.pointwise or single):
            return {}
        flows = self.flows
        if not single and any(t.shape != result.shape for t in flows):
            # an operand was broadcast: each is spread out first, so that nothing is summed
            spread = [t.detach().expand(result.shape).clone().requires_grad_(t.requires_grad) for t in self.tensors]
            result, flows = self._again(spread), [t for t in spread if t.requires_grad]
            assert result is not None
        found = torch.autograd.grad(result, flows, start_of(result), allow_unused=True)
        return {place: slope.reshape(result.shape) for place, slope in zip(self.positions, found) if slope is not None}


class _random_state:
    """Run a block from a remembered random state and leave the generator as it was."""

    def __init__(self, state: torch.Tensor):
        self.state = state

    def __enter__(self):
        self.before = torch.get_rng_state()
        torch.set_rng_state(self.state)

    def __exit__(self, *_):
        torch.set_rng_state(self.before)


class quiet:
    """Show no warning and print nothing twice: the recorded run has. (`catch_warnings` would make Python forget which.)"""

    def __enter__(self) -> None:
        self.shown, warnings.showwarning = warnings.showwarning, _show_nothing
        self.printed, sys.stdout = sys.stdout, io.StringIO()

    def __exit__(self, *_) -> None:
        sys.stdout, warnings.showwarning = self.printed, self.shown


def _show_nothing(*_, **__) -> None:
    pass
