"""Watch real PyTorch code run and write down what it did, without changing what the learner would see.

A `TorchFunctionMode` sees every torch call and tensor operator; pre-hooks on autograd nodes see the adjoints.
"""

from __future__ import annotations

import functools
import sys
import types
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch.autograd.graph import get_gradient_edge
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from .calls import differentiates, is_pointwise, is_random, kind_of, make_call, operands_of, tensors_in
from .frames import learner_frames, name_in, name_through_returns, stand_in
from .replay import Call, substitute
from .source import NOWHERE, Place, place_of
from .tape import Constant, Event, Input, Step, Tape, Value


class _Seen:
    """What is known of one tensor object: which value it holds, at which version, made by which autograd node."""

    __slots__ = ("tensor", "value", "version", "node")

    def __init__(self, value: Value | Constant, tensor: torch.Tensor):
        self.tensor = weakref.ref(tensor)
        self.value = value
        self.version = _version(tensor)
        self.node = tensor.grad_fn


class _Known:
    """`_Seen` by tensor object. Tensors compare elementwise, so that no plain dictionary can hold them as keys."""

    def __init__(self):
        self._by_id: dict[int, _Seen] = {}

    def __setitem__(self, tensor: torch.Tensor, seen: _Seen) -> None:
        self._by_id[id(tensor)] = seen

    def get(self, tensor: torch.Tensor) -> _Seen | None:
        seen = self._by_id.get(id(tensor))
        return seen if seen is not None and seen.tensor() is tensor else None  # an id may have been given again

    def __contains__(self, tensor: torch.Tensor) -> bool:
        return self.get(tensor) is not None

    def items(self) -> Iterator[tuple[torch.Tensor, _Seen]]:
        for seen in self._by_id.values():
            tensor = seen.tensor()
            if tensor is not None:
                yield tensor, seen


class Recorder(TorchFunctionMode):
    """Writes a `Tape` while it is active. The learner's code is what runs below the frame `base`."""

    def __init__(self, base: types.FrameType):
        super().__init__()
        self.tape = Tape()
        self.steps: list[Step] = []
        self.events: list[Event] = []
        self.inputs: dict[str, Input] = {}
        self.engine_order: list[int] = []
        self.backwards = 0
        self._base = base
        self._count = 0
        self._seen = _Known()
        self._originals = WeakTensorKeyDictionary()  # what `.data` was read from: its edits raise no version
        self._edges: dict[Value, Any] = {}  # held, since a leaf's node lives only as long as somebody holds it
        self._outermost: types.FrameType | None = None
        self._pending: set[str] = set()  # names in the outermost function that a running helper's result will get

    # ------------------------------------------------------------------ every torch call comes through here
    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        frames = learner_frames(sys._getframe(1), self._base)
        if frames is None:
            return func(*args, **kwargs)
        self._outermost = frames[-1] if frames else None
        place = place_of(frames[0]) if frames else NOWHERE
        name, depth = self._name(frames, place)
        tensors = list(tensors_in(args, kwargs))
        known = [self._value_of(tensor, frames) for tensor in tensors]
        versions = [_version(tensor) for tensor in tensors]
        op = kind_of(func)
        random_state = torch.get_rng_state() if is_random(op) else None
        engine = differentiates(func)
        if engine:
            self.start_backward()
        result = stand_in(frames)(func, args, kwargs)
        if func is torch.Tensor.__iter__:
            result = list(result)

        changed = [i for i, tensor in enumerate(tensors) if _version(tensor) != versions[i]]
        fresh = [] if engine or changed else self._fresh(result, tensors)
        if changed or fresh:
            call = make_call(func, args, kwargs, known, random_state)
            if changed:
                self._change(tensors[changed[0]], changed[0], known[changed[0]], op, call, place, name)
            for output, tensor in fresh:
                step = self._step(tensor, op, call if output is None else replace(call, output=output), place.source)
                step.name, step.depth = name, depth
                if op == "data":
                    self._originals[tensor] = weakref.ref(tensors[0])
                if tensor.is_leaf and tensor.requires_grad:
                    self._becomes_leaf(tensor, step)
        else:
            first = known[0] if known else None
            if name is not None and isinstance(first, Step) and first.name is None and result is tensors[0]:
                first.name, first.depth = name, depth  # w = torch.tensor(2.0).requires_grad_() is called w
            self.events.append(Event(self._next(), op, first if isinstance(first, Value) else None, place.source))
        return iter(result) if func is torch.Tensor.__iter__ else result

    def start_backward(self) -> None:
        """The engine runs next; what it delivers replaces what an earlier run delivered."""
        self.backwards += 1
        self.engine_order = []

    def finish(self, output: Any) -> Tape:
        """The tape, once the code has run and returned `output`; lets go of the graph and the frames."""
        self._settle()
        frame, self._outermost = self._outermost, None
        if frame is not None:
            for name, held in frame.f_locals.items():
                self._call_it(held, name)
        tape = self.tape
        tape.output = self._held(output)
        tape.steps, tape.events = tuple(self.steps), tuple(self.events)
        tape.inputs, tape.engine_order = self.inputs, tuple(self.engine_order)
        return tape

    def _held(self, output: Any):
        if isinstance(output, torch.Tensor):
            return self._value_of(output, [])
        if isinstance(output, (tuple, list)):
            return tuple(self._held(item) for item in output)
        return None

    # ------------------------------------------------------------------ which value a tensor holds
    def add_input(self, name: str, tensor: torch.Tensor, origin: str = "argument") -> Input:
        """Make a tensor known as a leaf. A second leaf of the same name is called name_2, name_3, …"""
        key, count = name, 1
        while key in self.inputs:
            count += 1
            key = f"{name}_{count}"
        value = self.inputs[key] = Input(self.tape, tensor, key, origin)
        self._remember(tensor, value)
        return value

    def leaves(self) -> list[tuple[torch.Tensor, Input]]:
        """The tensors that a gradient can be asked for, each with its input."""
        seen = ((tensor, seen.value) for tensor, seen in self._seen.items() if tensor.requires_grad)
        return [(tensor, value) for tensor, value in seen if isinstance(value, Input)]

    def _value_of(self, tensor: torch.Tensor, frames: list) -> Value | Constant:
        seen = self._seen.get(tensor)
        if seen is None:
            return self._stranger(tensor, name_in(frames, tensor))
        if seen.version == _version(tensor):
            if seen.node is tensor.grad_fn:
                if isinstance(seen.value, Step) and tensor.is_leaf and tensor.requires_grad:  # told to be one later
                    return self._becomes_leaf(tensor, seen.value)
                return seen.value
            if not tensor._is_view():
                return self._stranger(tensor, seen.value.name)
        return self._read_again(tensor, seen.value)

    def _stranger(self, tensor: torch.Tensor, name: str | None) -> Value | Constant:
        """A tensor from outside: a leaf, a plain constant, or the result of something that no mode can see."""
        if tensor.is_leaf and name is None and not tensor.requires_grad:
            value = Constant(_copy(tensor))
            self._remember(tensor, value)
            return value
        return self.add_input(name or "unnamed", tensor, "closure" if tensor.is_leaf else "unknown")

    def _becomes_leaf(self, tensor: torch.Tensor, step: Step) -> Input:
        """A tensor made inside that requires a gradient of its own: `torch.zeros(3, requires_grad=True)`."""
        self.steps.remove(step)
        leaf = self.add_input(step.name or "unnamed", tensor, "made inside")
        leaf.depth = step.depth
        return leaf

    def _remember(self, tensor: torch.Tensor, value: Value | Constant) -> None:
        self._seen[tensor] = _Seen(value, tensor)
        if isinstance(value, Value) and tensor.requires_grad:
            edge = get_gradient_edge(tensor)
            edge.node.register_prehook(functools.partial(self._deliver, value, edge.output_nr))
            self._edges[value] = edge

    def _deliver(self, value: Value, output: int, gradients: tuple) -> None:
        gradient = gradients[output]
        if gradient is not None:
            self.tape._adjoints[value] = gradient.detach().clone()
            if isinstance(value, Step):
                self.engine_order.append(value.index)

    def _watch(self, step: Step, tensor: torch.Tensor) -> None:
        """Hear from the engine what a step sends back to each of its inputs, where the step is one autograd node."""
        node = tensor.grad_fn
        used = [(place, v) for place, v in enumerate(step.inputs) if isinstance(v, Value) and v.requires_grad]
        ahead = [(index, edge) for index, edge in enumerate(node.next_functions) if edge[0] is not None] if node else []
        if (
            used
            and len(used) == len(ahead)
            and all(edge == self._edges.get(v, ())[:2] for (_, v), (_, edge) in zip(used, ahead))
        ):
            places = {place: index for (place, _), (index, _) in zip(used, ahead)}
            node.register_hook(functools.partial(_sent_back, step, places))  # pyright: ignore

    # ------------------------------------------------------------------ steps
    def _next(self) -> int:
        self._count += 1
        return self._count - 1

    def _step(self, tensor: torch.Tensor, op: str, call: Call, source) -> Step:
        used = operands_of(call)
        shapes = [operand.value.shape for operand in used if isinstance(operand.value, torch.Tensor)]
        pointwise = is_pointwise(op) and call.view is None and _broadcasts(shapes, tensor.shape)
        inputs = used if pointwise else tuple(operand for operand in used if isinstance(operand.value, torch.Tensor))
        step = Step(self.tape, tensor, self._next(), op, inputs, call, source, pointwise)
        self.steps.append(step)
        self._remember(tensor, step)
        if tensor.requires_grad and call.output is None and call.changed is None:
            self._watch(step, tensor)
        return step

    def _fresh(self, result, tensors: list) -> list[tuple[int | None, torch.Tensor]]:
        """The new tensors in a result, with their place in it; what was passed in or is known already is not new."""
        if isinstance(result, torch.Tensor):
            known = any(result is tensor for tensor in tensors) or result in self._seen
            return [] if known else [(None, result)]
        if isinstance(result, (tuple, list)):
            return [(i, t) for i, t in enumerate(result) if isinstance(t, torch.Tensor) and t not in self._seen]
        return []

    def _change(self, tensor, which: int, old, op: str, call: Call, place: Place, name: str | None) -> None:
        """An in-place step. To change a view is to change its base: autograd rebuilds the view from the base."""
        base = tensor._base if tensor._is_view() else None
        if base is None:
            step = self._step(tensor, op, replace(call, changed=which), place.source)
        else:
            part = (tensor.size(), tensor.stride(), tensor.storage_offset())
            seen = self._seen.get(base)
            whole = seen.value if seen is not None else self._stranger(base, None)
            arguments = substitute((call.args, call.kwargs), lambda value: whole if value is old else value)
            call = Call(call.function, *arguments, changed=which, view=part, random_state=call.random_state)
            step = self._step(base, op, call, place.source)
            old, name = whole, None
        step.name = old.name or name
        step.depth = getattr(old, "depth", 0)
        original = self._originals[tensor]() if tensor in self._originals else None
        if original is not None and (seen := self._seen.get(original)) is not None:
            seen.version = -1

    def _read_again(self, tensor: torch.Tensor, old: Value | Constant) -> Value | Constant:
        """The tensor was changed, but not by its own name: through its base, or out of autograd's sight."""
        base = tensor._base if tensor._is_view() else None
        whole = None if base is None else self._seen.get(base)
        if whole is not None:
            place = (tensor.size(), tensor.stride(), tensor.storage_offset())
            source = getattr(old, "source", None)
            step = self._step(tensor, "as_strided", Call(torch.as_strided, (whole.value, *place), {}), source)
        elif tensor.is_leaf and tensor.requires_grad:
            return self.add_input(old.name or "unnamed", tensor, "made inside")
        else:  # .data, .detach() or shared memory: autograd goes on as if nothing had happened
            step = self._step(tensor, "edited", Call(_edited, (old, Constant(_copy(tensor))), {}), None)
        step.name, step.depth = old.name, getattr(old, "depth", 0)
        return step

    # ------------------------------------------------------------------ the learner's names
    def _name(self, frames: list, place: Place) -> tuple[str | None, int]:
        """The variable that the result is assigned to, and how deep; what a helper will return is named later."""
        if len(frames) <= 1:
            self._settle()
            return place.name, 0
        name, depth, outermost = name_through_returns(frames, place)
        if outermost is not None:
            self._pending.add(outermost)
        return name, depth

    def _settle(self) -> None:
        """`z = helper(x)`: now that the helper has returned, what z holds is called z."""
        if self._pending and self._outermost is not None:
            held = self._outermost.f_locals
            for name in self._pending:
                self._call_it(held.get(name), name)
            self._pending.clear()

    def _call_it(self, held: Any, name: str) -> None:
        seen = self._seen.get(held) if isinstance(held, torch.Tensor) else None
        if seen is not None and isinstance(seen.value, Step) and (seen.value.name is None or seen.value.depth > 0):
            seen.value.name, seen.value.depth = name, 0


def _sent_back(step: Step, places: dict[int, int], gradients: tuple, _: tuple) -> None:
    sent = {place: gradients[index] for place, index in places.items()}
    step._products = {place: gradient.detach().clone() for place, gradient in sent.items() if gradient is not None}


def _broadcasts(shapes: list, to: torch.Size) -> bool:
    """Whether the shapes broadcast to `to`; a maximum over a dimension shares its name with the elementwise one."""
    if all(shape == to for shape in shapes):
        return True
    try:
        return torch.broadcast_shapes(*shapes) == to
    except RuntimeError:
        return False


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone()


def _edited(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """The new numbers with the old gradient."""
    return old + (new - old).detach()
