"""Write down what calls did: which value each tensor holds, the steps that made it, and the events between them.

`recorder` sees the calls and says of each what it did; here that becomes the tape.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Sequence
from typing import Any

import torch

from .calls import ENGINE_CALLS, operands_of, works_by_element
from .earlier import Earlier
from .elements import copy_of
from .engine import Ear
from .frames import identifier, name_in
from .life import Lives
from .naming import NAMELESS, Inputs
from .replay import Call, substitute
from .session import Seen, Session, function_of, is_loose, node_of, version_of
from .source import Source
from .tape import Event, Failure, Pass, Tape
from .trail import Trail
from .values import Constant, Input, Step, Value

MOST_STEPS = 20_000  # that a recorded block keeps
ENDS = 4  # of many backward passes in a recorded block so many are kept at either end


class Writer:
    """Fills one `Tape`. With `is_block` it is that of a block of code, where passes follow each other, not of one function.

    Of each call it is told first where the recorded code is (`at`), then what the call did.
    """

    def __init__(self, session: Session, is_block: bool):
        self.tape = Tape()
        self.session = session
        self.steps: list[Step] = []
        self.events: list[Event] = []
        self.inputs = Inputs()
        self.line = 0  # of the recorded code, now
        self._calls: list[types.FrameType] = []  # in which the call that is written down now was made
        self.count = 0  # of the steps and events so far
        self.last: tuple[int, int, str] = (0, 0, "")  # what happened last: index, line, which call
        self._earlier = Earlier(self.tape, self.inputs)
        self.ear = Ear(session, self._earlier.own, at_once=is_block)
        self.lives = Lives(self._earlier.own)
        self._is_block = is_block
        self._trail = Trail()
        self._originals: dict[int, tuple] = {}  # by id: a `.data`, whose edits raise no version; of what
        self._failures: list[Failure] = []

    def at(self, frames: list[types.FrameType], calls: list[types.FrameType]) -> int:
        """Where the recorded code is now: the learner's frames, the innermost first, and the calls between. Gives the line."""
        self._calls = calls
        self.line = frames[-1].f_lineno or 0 if frames else 0
        return self.line

    # ------------------------------------------------------------------ which value a tensor holds
    def add_input(self, name: str, tensor: torch.Tensor, origin: str = "argument") -> Input:
        """Make a tensor known as a leaf. A second leaf of the same name is called name_2, name_3, …"""
        value = Input(self.tape, tensor, name, origin)
        self.inputs.put(identifier(name), value)
        value.path = str(value.name) if name in NAMELESS else name
        value.line, value.made_at = self.line, self.count
        self._remember(tensor, value)
        if self._is_block and tensor.requires_grad and tensor.is_leaf:
            self.lives.watch(tensor, value)
        return value

    def leaves(self) -> list[tuple[torch.Tensor, Input]]:
        """The tensors that a gradient can be asked for, each with its input."""
        seen = ((tensor, seen.value) for tensor, seen in self.session.items() if tensor.requires_grad)
        return [(tensor, v) for tensor, v in seen if isinstance(v, Input) and v._tape is self.tape]

    def value_of(self, tensor: torch.Tensor, frames: list) -> Value | Constant:
        """Which value a tensor holds now; `frames` are the learner's, in which a tensor from outside has its name."""
        seen = self.session.get(tensor)
        if seen is None:
            name = name_in(frames, tensor)
            return self._stranger(tensor, name and self._trail.path_of(name, self._calls, frames[0]))
        if isinstance(seen.value, Value) and seen.value._tape is not self.tape:
            seen = self._from_earlier(tensor, seen)
        if seen.version == version_of(tensor):
            if seen.node == node_of(tensor):
                known_leaf = isinstance(seen.value, Input) and seen.value.requires_grad
                if tensor.is_leaf and tensor.requires_grad and not known_leaf and not is_loose(tensor):
                    return self._now_leaf(tensor, seen.value)
                return seen.value
            if not tensor._is_view():
                return self._stranger(tensor, seen.value.name)
        return self._read_again(tensor, seen.value)

    def _stranger(self, tensor: torch.Tensor, name: str | None) -> Value | Constant:
        """A tensor from outside: a leaf, a plain constant, or the result of something that no mode can see."""
        if tensor.is_leaf and name is None and not tensor.requires_grad:
            value = Constant(copy_of(tensor))
            self.session.know(tensor, value)
            return value
        value = self.add_input(name or "unnamed", tensor, "closure" if tensor.is_leaf else "unknown")
        value.made_by_function = function_of(tensor)
        return value

    def _from_earlier(self, tensor: torch.Tensor, seen: Seen) -> Seen:
        """A tensor that an earlier recorded block made or used."""
        value = self._earlier.own(seen.value)
        self._remember(tensor, value)
        if tensor.is_leaf and tensor.requires_grad:
            self.lives.watch(tensor, value)
        return self.session.know(tensor, value, seen)  # as it was left there: a change since then is noticed

    def _now_leaf(self, tensor: torch.Tensor, value: Any) -> Input:
        """A known tensor that is a leaf now: told to require a gradient (`x.requires_grad_()`), or a leaf changed in place."""
        if isinstance(value, Step) and value.call.changed is not None and value in self.steps:
            updated = self._updated(tensor, value.inputs[value.call.changed])
            updated.line = value.line
            return updated
        if isinstance(value, Step):
            return self.becomes_leaf(tensor, value)
        if isinstance(value, Input):
            value.requires_grad = True
            self._remember(tensor, value)
            self.lives.watch(tensor, value)
            return value
        return self.add_input("unnamed", tensor, "closure")

    def _updated(self, tensor: torch.Tensor, before: Any) -> Input:
        """A leaf after an in-place change: a new value of the same leaf."""
        leaf = before.leaf if isinstance(before, Input) else None
        value = self.add_input((leaf or before).name or "unnamed", tensor, "updated")
        value.leaf, value.path = leaf or value, (leaf or value).path
        return value

    def becomes_leaf(self, tensor: torch.Tensor, step: Step) -> Input:
        """A tensor made inside that requires a gradient of its own: `torch.zeros(3, requires_grad=True)`."""
        self.steps.remove(step)
        leaf = self.add_input(step.name or "unnamed", tensor, "made inside")
        leaf.depth, leaf.line, leaf.made_by = step.depth, step.line, step
        return leaf

    def _remember(self, tensor: torch.Tensor, value: Value) -> None:
        value.version = self.session.know(tensor, value).version
        value.requires_grad = tensor.requires_grad and not is_loose(tensor)
        if value.requires_grad:
            self.ear.attach(tensor, value)

    # ------------------------------------------------------------------ steps
    def _next(self) -> int:
        self.count += 1
        return self.count - 1

    def step(self, tensor: torch.Tensor, op: str, call: Call, source: Source | None) -> Step:
        """Write down that a call made, or changed, a tensor."""
        used = operands_of(call)
        shapes = [operand.value.shape for operand in used if isinstance(operand.value, torch.Tensor)]
        pointwise = works_by_element(op, call, shapes) and call.view is None and _broadcasts(shapes, tensor.shape)
        inputs = used if pointwise else tuple(operand for operand in used if isinstance(operand.value, torch.Tensor))
        step = Step(self.tape, tensor, self._next(), op, inputs, call, source, pointwise)
        step.line, step.sites = self.line, self._trail.of(self._calls)
        self.steps.append(step)
        if self._is_block and len(self.steps) > MOST_STEPS:
            self._drop(self.steps[MOST_STEPS // 4].index, self.steps[MOST_STEPS // 2].index)
        self.last = (step.index, self.line, op)
        self._remember(tensor, step)
        if step.requires_grad and call.output is None and call.changed is None:
            self.ear.attach_behind(step, tensor)
        return step

    def fresh(self, result) -> list[tuple[int | None, torch.Tensor]]:
        """The new tensors in a result, with their place in it; what was passed in or is known already is not new."""
        if isinstance(result, torch.Tensor):
            return [] if result in self.session else [(None, result)]
        if isinstance(result, (tuple, list)):
            return [(i, t) for i, t in enumerate(result) if isinstance(t, torch.Tensor) and t not in self.session]
        return []

    def change(self, tensor, which: int, old, op: str, call: Call, source: Source | None, name: str | None) -> None:
        """An in-place step. To change a view is to change its base: autograd rebuilds the view from the base."""
        base = tensor._base if tensor._is_view() else None
        if base is None:
            step = self.step(tensor, op, call._replace(changed=which), source)
        else:
            part = (tensor.size(), tensor.stride(), tensor.storage_offset())
            seen = self.session.get(base)
            whole = seen.value if seen is not None else self._stranger(base, None)
            arguments = substitute((call.args, call.kwargs), lambda value: whole if value is old else value)
            call = Call(call.function, *arguments, changed=which, view=part, random_state=call.random_state)
            step = self.step(base, op, call, source)
            old, name = whole, None
        step.name = old.name or name
        step.depth = getattr(old, "depth", 0)
        if id(tensor) in self._originals:
            data, original = (reference() for reference in self._originals[id(tensor)])
            if data is tensor and (seen := self.session.get(original)) is not None:
                seen.version = -1

    def _read_again(self, tensor: torch.Tensor, old: Value | Constant) -> Value | Constant:
        """The tensor was changed, but not by its own name: through its base, or out of autograd's sight."""
        base = tensor._base if tensor._is_view() else None
        whole = None if base is None else self.session.get(base)
        if whole is not None:
            place = (tensor.size(), tensor.stride(), tensor.storage_offset())
            source = getattr(old, "source", None)
            step = self.step(tensor, "as_strided", Call(torch.as_strided, (whole.value, *place), {}), source)
        elif tensor.is_leaf and tensor.requires_grad:
            return self._updated(tensor, old)
        else:  # .data, .detach() or shared memory: autograd goes on as if nothing had happened
            step = self.step(tensor, "edited", Call(_edited, (old, Constant(copy_of(tensor))), {}), None)
        step.name, step.depth = old.name, getattr(old, "depth", 0)
        return step

    def edits_are_unseen(self, data: torch.Tensor, original: torch.Tensor) -> None:
        """`data` is the `.data` of another tensor: an edit of it raises no version there."""
        self._originals[id(data)] = weakref.ref(data), weakref.ref(original)

    # ------------------------------------------------------------------ events
    def event(
        self, kind: str, source: Source | None, known: Sequence = (), given: tuple = (), result: Any = None,
        skipped: tuple = (),
    ) -> None:  # fmt: skip
        """Write down a call that made no tensor: what it was `given`, and what the tensors among that hold."""
        first = known[0] if known and isinstance(known[0], Value) else None
        plain = next((a for a in given if isinstance(a, (bool, int, float))), None)
        result = result if isinstance(result, (bool, int, float)) else result is not None
        self.events.append(Event(self._next(), kind, first, source, self.line, plain, result, skipped))
        self.last = (self.count - 1, self.line, kind)
        if first is not None and plain is False and kind in ("requires_grad_", "set requires_grad"):
            first.turned_off = self.events[-1]

    def failed(
        self, error: BaseException, op: str, source: Source | None, known: list, args: tuple, kwargs: dict
    ) -> None:
        """A call raised: note what it was given, since the clinic may be asked why."""
        options = {key: value for key, value in kwargs.items() if isinstance(value, (bool, int, float, str))}
        unreadable = self.ear.unreadable(args, kwargs) if op in ENGINE_CALLS else ()
        self._forget_errors()
        self._failures.append(
            Failure(
                error, op, tuple(known), source, self.line, torch.is_grad_enabled(), options, unreadable,
                self.count, type(error).__name__,
            )
        )  # fmt: skip
        self.event(op, source, known, (*args, *kwargs.values()))

    def _forget_errors(self) -> None:
        """A caught error's traceback would keep alive what its frames hold."""
        self._failures = [failure._replace(error=None) for failure in self._failures]

    def look(self) -> None:
        """See what the last thing that happened did to the leaves."""
        self.lives.look(*self.last)

    # ------------------------------------------------------------------ passes, and the end
    def enter(self, run: Pass) -> None:
        """A run of the engine begins. Of many in a block the first and the last are kept, with the steps between them."""
        passes = self.tape.passes
        passes.append(run)
        if not self._is_block or len(passes) <= 2 * ENDS:
            return
        self._drop(passes[ENDS - 1].index, passes[ENDS].index)
        del passes[ENDS]
        self.tape.folded += 1

    def _drop(self, first: int, last: int) -> None:
        """Let go of what stands between two indices, but for what is still in use."""
        used = {operand for step in self.steps if step.index > last for operand in step.inputs}
        gone = {step for step in self.steps if first < step.index <= last and step not in used}
        self.steps = [step for step in self.steps if step not in gone]
        self.events = [event for event in self.events if not first < event.index <= last]
        self._failures = [failure for failure in self._failures if not first < failure.index <= last]
        for step in gone:
            step.forget()
            self.ear.ends.pop(step, None)
        passed = {key: v for key, v in self.inputs.items() if first < v.made_at <= last and v not in used}
        for key, value in passed.items():
            if value.origin in ("updated", "gradient", "made inside"):
                del self.inputs[key]
                self.ear.ends.pop(value, None)

    def finish(self, output: Any, error: BaseException | None, variables: dict[str, Any]) -> Tape:
        """The tape, once the code has run and returned `output` or raised; `variables` are what it has at the end."""
        self._calls = []
        self._trail.let_go()
        self.lives.finish(variables)
        self._earlier.finish()
        tape = self.tape
        tape.output, tape.error = self._held(output), error
        if self._failures and self._failures[-1].error is error:
            tape.failure = self._failures.pop()
        self._forget_errors()
        tape.caught = tuple(self._failures)
        tape.steps, tape.events, tape.inputs = tuple(self.steps), tuple(self.events), self.inputs
        tape.lives = tuple(self.lives.lives)
        self.session.forget_the_dead()
        tape.alive = frozenset(seen.value for _, seen in self.session.items() if isinstance(seen.value, Step))
        tape.forget_derived()
        return tape

    def _held(self, output: Any):
        if isinstance(output, torch.Tensor):
            return self.value_of(output, [])
        if isinstance(output, (tuple, list)):
            return tuple(self._held(item) for item in output)
        return None


def _broadcasts(shapes: list, to: torch.Size) -> bool:
    """Whether the shapes broadcast to `to`; a maximum over a dimension shares its name with the elementwise one."""
    if shapes.count(to) == len(shapes):
        return True
    try:
        return torch.broadcast_shapes(*shapes) == to
    except RuntimeError:
        return False


def _edited(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """The new numbers with the old gradient."""
    return old + (new - old).detach()
