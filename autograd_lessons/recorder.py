"""Watch real PyTorch code run and write down what it did, without changing what the learner would see.

A `TorchFunctionMode` sees every torch call and tensor operator; pre-hooks on autograd nodes see the adjoints.
"""

from __future__ import annotations

import sys
import types
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from .calls import ENGINE_CALLS, is_random, kind_of, make_call, operands_of, tensors_in, works_by_element
from .earlier import Earlier
from .elements import copy_of
from .engine import Ear, NoAnswer, pass_of
from .frames import Caller, caller_of, identifier, name_in, stand_in
from .life import Lives
from .naming import NAMELESS, Inputs, Names
from .replay import Call, substitute
from .session import Seen, Session, is_loose, node_of, version_of
from .source import NOWHERE, Place, place_of
from .tape import Constant, Event, Failure, Input, Pass, Step, Tape, Value
from .trail import Trail

_are_transforms_active = torch._C._are_functorch_transforms_active  # those of torch.func
_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor
_NOTHING = nullcontext()
MOST_STEPS = 20_000  # that a recorded block keeps
ENDS = 4  # of many backward passes in a recorded block so many are kept at either end
TO_LEAVES = {*ENGINE_CALLS, "requires_grad_", "set requires_grad", "detach_"}  # send to leaves, or make a leaf none
TO_NODES = {"register_hook", "grad_fn"}  # may change what the engine delivers
MAY_CHANGE = {"backward", "set grad", "optimizer.step", "zero_grad"}  # calls after which a leaf's .grad may be another


class Recorder(TorchFunctionMode):
    """Writes a `Tape` while it is active. The learner's code is what runs below the frame `base`.

    With a `session` that is shared, tensors made in an earlier recorded block are known again.
    """

    def __init__(self, base: types.FrameType, session: Session | None = None):
        super().__init__()
        self.tape = Tape()
        self.steps: list[Step] = []
        self.events: list[Event] = []
        self.inputs = Inputs()
        self._base = base
        self._session = session or Session()
        self._block = session is not None  # a block of code, where passes follow each other, and not one function
        self._earlier = Earlier(self.tape, self.inputs)
        self._ear = Ear(self._session, self._earlier.own, at_once=self._block)
        self._lives = Lives(self._earlier.own)
        self._names = Names(self._session)
        self._trail = Trail()
        self._calls: list[types.FrameType] = []  # in which the call that is written down now was made
        self._count = 0
        self._line = 0  # of the recorded code, now
        self._originals: dict[int, tuple] = {}  # by id: a `.data`, whose edits raise no version; of what
        self._failures: list[Failure] = []
        self._last: tuple[int, int, str] = (0, 0, "")  # what happened last: index, line, which call
        self._inside: tuple | None = None  # the call of torch's whose own calls are not steps
        self._stepping: tuple | None = None  # where the learner's code calls an optimizer now

    # ------------------------------------------------------------------ every torch call comes through here
    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self._stepping is not None and self._stepping == _now_at(self._stepping[0]):
            return func(*args, **kwargs)  # a detail of an optimizer's step
        self._stepping = None
        caller = caller_of(sys._getframe(1), self._base)
        if caller is None:
            return func(*args, **kwargs)
        if not torch.is_inference_mode_enabled():
            return self._record(func, args, kwargs, caller, _NOTHING)
        with torch.inference_mode(False):  # what is copied here must be of use in autograd later
            return self._record(func, args, kwargs, caller, torch.inference_mode())

    def _record(self, func, args: tuple, kwargs: dict, caller: Caller, mode: AbstractContextManager) -> Any:
        """Make the call, in the learner's `mode`, and write down what it did."""
        frames, self._calls = caller.frames, caller.calls
        line = self._line = frames[-1].f_lineno or 0 if frames else 0
        if caller.inside is not None and self._goes_on(caller):
            with mode:
                return func(*args, **kwargs)
        if self._lives and (self._last[2] in MAY_CHANGE or line != self._last[1]):
            self._lives.look(*self._last)
        if caller.inside is not None:
            self._event(caller.inside, [], place_of(frames[0]) if frames else NOWHERE, (), {}, None)
            with mode:
                return func(*args, **kwargs)
        self._inside = None
        place = place_of(frames[0]) if frames else NOWHERE
        name, depth = self._names.of(frames, place)
        tensors = tensors_in(*args, *kwargs.values())
        if _are_transforms_active() and any(map(_is_wrapped, tensors)):  # they have no numbers of their own
            with mode:
                return func(*args, **kwargs)
        known = [self._value_of(tensor, frames) for tensor in tensors]
        versions = [version_of(tensor) for tensor in tensors]
        op = kind_of(func)
        random_state = torch.get_rng_state() if is_random(op) else None
        engine = op in ENGINE_CALLS
        if op in TO_LEAVES:
            self._ear.attach_leaves()
        try:
            with mode, self._engine(op, args, kwargs, known, place) if engine else _NOTHING:
                result = stand_in(caller)(func, args, kwargs)
        except BaseException as error:
            self._failed(error, op, known, args, kwargs, place)
            raise
        if func is torch.Tensor.__iter__:
            result = list(result)

        now = [version_of(tensor) for tensor in tensors]
        changed = [] if now == versions else [i for i, version in enumerate(now) if version != versions[i]]
        fresh = [] if changed else self._fresh(result)
        if engine:
            self._event(op, known, place, args, kwargs, None)
            for _, tensor in fresh:
                self.add_input(name_in(frames, tensor) or name or "gradient", tensor, "gradient")
        elif changed or fresh:
            call = make_call(func, args, kwargs, known, random_state)
            if changed:
                self._change(tensors[changed[0]], changed[0], known[changed[0]], op, call, place, name)
                if self._lives.shows(
                    tensors[changed[0]]
                ):  # at once: the same line may show it next, as the cell's result
                    self._lives.look(*self._last)
            for output, tensor in fresh:
                step = self._step(tensor, op, call if output is None else call._replace(output=output), place.source)
                step.name, step.depth = name, depth
                self._names.only_the_last(step, frames[0].f_lasti if frames and caller.by_module else None)
                step.grad_enabled = step.grad_enabled and mode is _NOTHING
                if op == "data":
                    self._originals[id(tensor)] = weakref.ref(tensor), weakref.ref(tensors[0])
                if tensor.is_leaf and tensor.requires_grad and not is_loose(tensor):
                    self._becomes_leaf(tensor, step)
        else:
            first = known[0] if known else None
            if name is not None and isinstance(first, Step) and first.name is None and result is tensors[0]:
                first.name, first.depth = name, depth  # w = torch.tensor(2.0).requires_grad_() is called w
            self._event(op, known, place, args, kwargs, result)
            if op == "retain_grad" and not tensors[0].is_leaf:
                self._lives.watch(tensors[0], known[0], kept=True)
        return iter(result) if func is torch.Tensor.__iter__ else result

    def _event(
        self, kind: str, known: list, place: Place, args: tuple, kwargs: dict, result: Any, skipped: tuple = ()
    ) -> None:  # fmt: skip
        first = known[0] if known and isinstance(known[0], Value) else None
        plain = next((a for a in (*args, *kwargs.values()) if isinstance(a, (bool, int, float))), None)
        result = result if isinstance(result, (bool, int, float)) else result is not None
        self.events.append(Event(self._next(), kind, first, place.source, self._line, plain, result, skipped))
        self._last = (self._count - 1, self._line, kind)
        if first is not None and plain is False and kind in ("requires_grad_", "set requires_grad"):
            first.turned_off = self.events[-1]

    def _failed(self, error: BaseException, op: str, known: list, args: tuple, kwargs: dict, place: Place) -> None:
        """A call raised: note what it was given, since the clinic may be asked why."""
        options = {key: value for key, value in kwargs.items() if isinstance(value, (bool, int, float, str))}
        unreadable = self._ear.unreadable(args, kwargs) if op in ENGINE_CALLS else ()
        self._forget_errors()
        self._failures.append(
            Failure(
                error, op, tuple(known), place.source, self._line, torch.is_grad_enabled(), options, unreadable,
                self._count, type(error).__name__,
            )
        )  # fmt: skip
        self._event(op, known, place, args, kwargs, None)

    def __enter__(self):
        self._hook = register_optimizer_step_pre_hook(self._before_step)
        return super().__enter__()

    def __exit__(self, *error):
        self._hook.remove()
        return super().__exit__(*error)

    def _before_step(self, optimizer: torch.optim.Optimizer, args: tuple, kwargs: dict) -> None:
        """An optimizer takes a step: all that it does is one event, as long as the learner's line is the same.

        A closure is the learner's own code: then each call is looked at, and told by its frames to be the optimizer's.
        """
        caller = caller_of(sys._getframe(1), self._base)
        if caller is None or not caller.frames or len(args) > 1 or kwargs.get("closure") is not None:
            return
        with torch._C.DisableTorchFunction():
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            known = [self._session.get(p) for p in parameters if p.grad is None]
        frame = caller.frames[0]
        self._line = caller.frames[-1].f_lineno or 0
        self._lives.look(*self._last)
        skipped = tuple(seen.value for seen in known if seen is not None and isinstance(seen.value, Value))
        self._event("optimizer.step", [], place_of(frame), (), {}, None, skipped)
        self._stepping = _now_at(frame)

    def _goes_on(self, caller: Caller) -> bool:
        """Whether an optimizer's own call belongs to the event that is noted already: all calls of one `.step()` are one."""
        frame = caller.frames[0] if caller.frames else None
        inside = (caller.inside, id(frame), frame.f_lasti if frame else 0)
        before, self._inside = self._inside, inside
        return inside == before or caller.inside == "optimizer"

    # ------------------------------------------------------------------ runs of the engine
    def listening(self, run: Pass) -> AbstractContextManager[Pass]:
        """While the engine runs, what it delivers is written to `run`."""
        self.tape.passes.append(run)
        if self._block and len(self.tape.passes) > 2 * ENDS:
            self._fold()
        return self._ear.listening(run)

    def own_pass(self, root: Value) -> AbstractContextManager[Pass]:
        """The same for a pass from the output that is not the learner's, but ours."""
        run = Pass(self._count, "backward", (root,), False, None, self._line)
        run.alone = self._ear.alone(self.steps) if self._sees_all() else {}
        self._ear.attach_steps(but=run.alone)
        return self.listening(run)

    def _sees_all(self) -> bool:
        """Whether nothing else has a hand in what comes back: no graph that was not recorded, and no hook of the learner's."""
        unseen = any([value.requires_grad and not value.is_leaf for value in self.inputs.values()])
        return not unseen and TO_NODES.isdisjoint([event.kind for event in self.events])

    def look_while_asking(self, look: Callable[[Tape], Any]) -> None:
        """Look at the tape while its steps ask the graph itself what they send back; in vain where one of them cannot."""
        self.tape.ask = self._ear.ask
        try:
            with torch.no_grad():
                look(self.tape)
        except NoAnswer:
            pass
        finally:
            self.tape.ask = None

    def let_go(self) -> None:
        """Hold no part of the graph any more, nor the frame that may hold this recorder."""
        self._ear.let_go()
        del self._base

    def _engine(self, op: str, args: tuple, kwargs: dict, known: list, place: Place) -> AbstractContextManager[Pass]:
        if not self.tape.passes:
            self._watch_all()
        self._ear.attach_steps()
        return self.listening(pass_of(op, args, kwargs, known, self._count, place.source, self._line))

    def _watch_all(self) -> None:
        """The engine may write to the `.grad` of any leaf, also of one that only earlier blocks have seen."""
        for tensor, seen in self._session.items():
            if tensor.requires_grad and tensor.is_leaf and isinstance(seen.value, Value):
                mine = seen.value._tape is self.tape
                (self._lives.watch if mine else self._lives.watch_from_elsewhere)(tensor, seen.value)

    def finish(self, output: Any = None, error: BaseException | None = None) -> Tape:
        """The tape, once the code has run and returned `output` or raised; lets go of the frames."""
        self._lives.look(*self._last)
        self._stepping, self._calls = None, []
        self._trail.let_go()
        variables = self._names.finish(self.tape, self.inputs)
        self._lives.finish(variables)
        self._earlier.finish()
        tape = self.tape
        tape.output, tape.error = self._held(output), error
        if self._failures and self._failures[-1].error is error:
            tape.failure = self._failures.pop()
        self._forget_errors()
        tape.caught = tuple(self._failures)
        tape.steps, tape.events, tape.inputs = tuple(self.steps), tuple(self.events), self.inputs
        tape.lives = tuple(self._lives.lives)
        self._session.forget_the_dead()
        tape.alive = frozenset(seen.value for _, seen in self._session.items() if isinstance(seen.value, Step))
        tape.forget_derived()
        return tape

    def _forget_errors(self) -> None:
        """A caught error's traceback would keep alive what its frames hold."""
        self._failures = [failure._replace(error=None) for failure in self._failures]

    def _held(self, output: Any):
        if isinstance(output, torch.Tensor):
            return self._value_of(output, [])
        if isinstance(output, (tuple, list)):
            return tuple(self._held(item) for item in output)
        return None

    def _fold(self) -> None:
        """Of many passes the first and the last are kept, with the steps between them; the values of the others are let go."""
        passes = self.tape.passes
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
            self._ear.ends.pop(step, None)
        passed = {key: v for key, v in self.inputs.items() if first < v.made_at <= last and v not in used}
        for key, value in passed.items():
            if value.origin in ("updated", "gradient", "made inside"):
                del self.inputs[key]
                self._ear.ends.pop(value, None)

    # ------------------------------------------------------------------ which value a tensor holds
    def add_input(self, name: str, tensor: torch.Tensor, origin: str = "argument") -> Input:
        """Make a tensor known as a leaf. A second leaf of the same name is called name_2, name_3, …"""
        value = Input(self.tape, tensor, name, origin)
        self.inputs.put(identifier(name), value)
        value.path = str(value.name) if name in NAMELESS else name
        value.line, value.made_at = self._line, self._count
        self._remember(tensor, value)
        if self._block and tensor.requires_grad and tensor.is_leaf:
            self._lives.watch(tensor, value)
        return value

    def leaves(self) -> list[tuple[torch.Tensor, Input]]:
        """The tensors that a gradient can be asked for, each with its input."""
        seen = ((tensor, seen.value) for tensor, seen in self._session.items() if tensor.requires_grad)
        return [(tensor, v) for tensor, v in seen if isinstance(v, Input) and v._tape is self.tape]

    def _value_of(self, tensor: torch.Tensor, frames: list) -> Value | Constant:
        seen = self._session.get(tensor)
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
            self._session.know(tensor, value)
            return value
        return self.add_input(name or "unnamed", tensor, "closure" if tensor.is_leaf else "unknown")

    def _from_earlier(self, tensor: torch.Tensor, seen: Seen) -> Seen:
        """A tensor that an earlier recorded block made or used."""
        value = self._earlier.own(seen.value)
        self._remember(tensor, value)
        if tensor.is_leaf and tensor.requires_grad:
            self._lives.watch(tensor, value)
        return self._session.know(tensor, value, seen)  # as it was left there: a change since then is noticed

    def _now_leaf(self, tensor: torch.Tensor, value: Any) -> Input:
        """A known tensor that is a leaf now: told to require a gradient (`x.requires_grad_()`), or a leaf changed in place."""
        if isinstance(value, Step) and value.call.changed is not None and value in self.steps:
            updated = self._updated(tensor, value.inputs[value.call.changed])
            updated.line = value.line
            return updated
        if isinstance(value, Step):
            return self._becomes_leaf(tensor, value)
        if isinstance(value, Input):
            value.requires_grad = True
            self._remember(tensor, value)
            self._lives.watch(tensor, value)
            return value
        return self.add_input("unnamed", tensor, "closure")

    def _updated(self, tensor: torch.Tensor, before: Any) -> Input:
        """A leaf after an in-place change: a new value of the same leaf."""
        leaf = before.leaf if isinstance(before, Input) else None
        value = self.add_input((leaf or before).name or "unnamed", tensor, "updated")
        value.leaf, value.path = leaf or value, (leaf or value).path
        return value

    def _becomes_leaf(self, tensor: torch.Tensor, step: Step) -> Input:
        """A tensor made inside that requires a gradient of its own: `torch.zeros(3, requires_grad=True)`."""
        self.steps.remove(step)
        leaf = self.add_input(step.name or "unnamed", tensor, "made inside")
        leaf.depth, leaf.line, leaf.made_by = step.depth, step.line, step
        return leaf

    def _remember(self, tensor: torch.Tensor, value: Value) -> None:
        value.version = self._session.know(tensor, value).version
        value.requires_grad = tensor.requires_grad and not is_loose(tensor)
        if value.requires_grad:
            self._ear.attach(tensor, value)

    # ------------------------------------------------------------------ steps
    def _next(self) -> int:
        self._count += 1
        return self._count - 1

    def _step(self, tensor: torch.Tensor, op: str, call: Call, source) -> Step:
        used = operands_of(call)
        shapes = [operand.value.shape for operand in used if isinstance(operand.value, torch.Tensor)]
        pointwise = works_by_element(op, call, shapes) and call.view is None and _broadcasts(shapes, tensor.shape)
        inputs = used if pointwise else tuple(operand for operand in used if isinstance(operand.value, torch.Tensor))
        step = Step(self.tape, tensor, self._next(), op, inputs, call, source, pointwise)
        step.line, step.sites = self._line, self._trail.of(self._calls)
        self.steps.append(step)
        if self._block and len(self.steps) > MOST_STEPS:
            self._drop(self.steps[MOST_STEPS // 4].index, self.steps[MOST_STEPS // 2].index)
        self._last = (step.index, self._line, op)
        self._remember(tensor, step)
        if step.requires_grad and call.output is None and call.changed is None:
            self._ear.attach_behind(step, tensor)
        return step

    def _fresh(self, result) -> list[tuple[int | None, torch.Tensor]]:
        """The new tensors in a result, with their place in it; what was passed in or is known already is not new."""
        if isinstance(result, torch.Tensor):
            return [] if result in self._session else [(None, result)]
        if isinstance(result, (tuple, list)):
            return [(i, t) for i, t in enumerate(result) if isinstance(t, torch.Tensor) and t not in self._session]
        return []

    def _change(self, tensor, which: int, old, op: str, call: Call, place: Place, name: str | None) -> None:
        """An in-place step. To change a view is to change its base: autograd rebuilds the view from the base."""
        base = tensor._base if tensor._is_view() else None
        if base is None:
            step = self._step(tensor, op, call._replace(changed=which), place.source)
        else:
            part = (tensor.size(), tensor.stride(), tensor.storage_offset())
            seen = self._session.get(base)
            whole = seen.value if seen is not None else self._stranger(base, None)
            arguments = substitute((call.args, call.kwargs), lambda value: whole if value is old else value)
            call = Call(call.function, *arguments, changed=which, view=part, random_state=call.random_state)
            step = self._step(base, op, call, place.source)
            old, name = whole, None
        step.name = old.name or name
        step.depth = getattr(old, "depth", 0)
        if id(tensor) in self._originals:
            data, original = (reference() for reference in self._originals[id(tensor)])
            if data is tensor and (seen := self._session.get(original)) is not None:
                seen.version = -1

    def _read_again(self, tensor: torch.Tensor, old: Value | Constant) -> Value | Constant:
        """The tensor was changed, but not by its own name: through its base, or out of autograd's sight."""
        base = tensor._base if tensor._is_view() else None
        whole = None if base is None else self._session.get(base)
        if whole is not None:
            place = (tensor.size(), tensor.stride(), tensor.storage_offset())
            source = getattr(old, "source", None)
            step = self._step(tensor, "as_strided", Call(torch.as_strided, (whole.value, *place), {}), source)
        elif tensor.is_leaf and tensor.requires_grad:
            return self._updated(tensor, old)
        else:  # .data, .detach() or shared memory: autograd goes on as if nothing had happened
            step = self._step(tensor, "edited", Call(_edited, (old, Constant(copy_of(tensor))), {}), None)
        step.name, step.depth = old.name, getattr(old, "depth", 0)
        return step


def _now_at(frame: types.FrameType) -> tuple[types.FrameType, int, bool]:
    """Which instruction a frame is at, and whether it still runs: one that an error has ended stays where it was."""
    return frame, frame.f_lasti, frame.f_back is None


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
