"""Watch real PyTorch code run and write down what it did, without changing what the learner would see.

A `TorchFunctionMode` sees every torch call and tensor operator; pre-hooks on autograd nodes see the adjoints.
"""

from __future__ import annotations

import functools
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import replace
from typing import Any

import torch
from torch.autograd.graph import get_gradient_edge
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from .calls import differentiates, is_pointwise, is_random, kind_of, make_call, operands_of, tensors_in
from .frames import Caller, caller_of, identifier, is_the_shells, name_in, name_through_returns, stand_in
from .life import Life, Watch
from .replay import Call, substitute
from .source import NOWHERE, Place, place_of
from .tape import Constant, Event, Failure, Input, Pass, Step, Tape, Value

MOST_EARLIER = 500  # steps of earlier blocks that come over with their history
MOST_STEPS = 20_000  # that a recorded block keeps
ENDS = 4  # of many backward passes in a recorded block so many are kept at either end
MAY_CHANGE = {"backward", "set grad", "optimizer.step", "zero_grad"}  # calls after which a leaf's .grad may be another
_NAMELESS = ("unnamed", "gradient")  # what inputs are called that no variable holds
_LEAF = 2**64 - 1  # what PyTorch numbers the nodes of all leaves with
_ENGINE_PARAMETERS = {
    "backward": ("tensor", "gradient", "retain_graph", "create_graph", "inputs"),
    "autograd.grad": (
        "outputs",
        "inputs",
        "grad_outputs",
        "retain_graph",
        "create_graph",
        "only_inputs",
        "allow_unused",
    ),
}


class _Seen:
    """What is known of one tensor object: which value it holds, at which version, made by which autograd node."""

    __slots__ = ("tensor", "value", "version", "node")

    def __init__(self, value: Value | Constant, tensor: torch.Tensor):
        self.tensor = weakref.ref(tensor)
        self.value = value
        self.version = _version(tensor)
        self.node = _node(tensor)


class Session:
    """What is known of tensors from one recorded block to the next, and which run of the engine is listened to now.

    Tensors compare elementwise, so that no plain dictionary can hold them as keys; they are held weakly.
    """

    def __init__(self):
        self._by_id: dict[int, _Seen] = {}
        self.listening: Pass | None = None
        self.recorder: Recorder | None = None

    def know(self, tensor: torch.Tensor, value: Value | Constant, before: _Seen | None = None) -> _Seen:
        seen = self._by_id[id(tensor)] = _Seen(value, tensor)
        if before is not None:
            seen.version, seen.node = before.version, before.node
        return seen

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

    def forget_the_dead(self) -> None:
        self._by_id = {key: seen for key, seen in self._by_id.items() if seen.tensor() is not None}

    def deliver(self, value: Value, output: int, gradients: tuple) -> None:
        """A hook on the autograd node of a value: the adjoint has arrived there."""
        run, gradient = self.listening, gradients[output]
        if run is not None and self.recorder is not None and gradient is not None:
            value = self.recorder.own(value)
            run.adjoints[value] = gradient.detach().clone()
            if isinstance(value, Step):
                run.order.append(value)

    def deliver_to(self, leaf: weakref.ref, gradients: tuple) -> None:
        """The same for a leaf, whose node outlives its in-place changes."""
        seen = None if (tensor := leaf()) is None else self.get(tensor)
        if seen is not None:
            self.deliver(seen.value, 0, gradients)  # pyright: ignore

    def sent_back(self, step: Step, places: dict[int, int], gradients: tuple, _: tuple) -> None:
        """A hook on the autograd node of a step: what it sends to each of its inputs."""
        if self.listening is not None and self.recorder is not None:
            step = self.recorder.own(step)
            sent = {place: gradients[index] for place, index in places.items()}
            copies = {place: gradient.detach().clone() for place, gradient in sent.items() if gradient is not None}
            self.listening.sent[step] = copies


class Recorder(TorchFunctionMode):
    """Writes a `Tape` while it is active. The learner's code is what runs below the frame `base`.

    With a `session` that is shared, tensors made in an earlier recorded block are known again.
    """

    def __init__(self, base: types.FrameType, session: Session | None = None):
        super().__init__()
        self.tape = Tape()
        self.steps: list[Step] = []
        self.events: list[Event] = []
        self.inputs: dict[str, Input] = {}
        self._base = base
        self._session = session or Session()
        self._block = session is not None  # a block of code, where passes follow each other, and not one function
        self._count = 0
        self._line = 0  # of the recorded code, now
        self._adopted: dict[Value, Value] = {}  # by value of an earlier tape: the same on this one
        self._copies: dict[str, int] = {}  # how many inputs of a name there have been
        self._originals = WeakTensorKeyDictionary()  # what `.data` was read from: its edits raise no version
        self._ends: dict[Value, tuple] = {}  # which autograd node each value comes from, and which of its outputs
        self._nodes: dict[
            int, Any
        ] = {}  # the nodes of leaves by id, held, since they live only as long as somebody holds them
        self._watched: list[Watch] = []
        self._watched_ids: set[int] = set()
        self._lives: list[Life] = []
        self._failures: list[Failure] = []
        self._last: tuple[int, int, str] = (0, 0, "")  # what happened last: index, line, which call
        self._inside: tuple | None = None  # the optimizer's call whose own calls are not steps
        self._in_layer: tuple[int, Step] | None = None  # where a layer is being called, and its last step
        self._stepping: tuple[types.FrameType, int] | None = None  # where the learner's code calls an optimizer now
        self._outermost: types.FrameType | None = None
        self._pending: set[str] = set()  # names in the outermost function that a running helper's result will get

    # ------------------------------------------------------------------ every torch call comes through here
    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self._stepping is not None and self._stepping[0].f_lasti == self._stepping[1]:
            return func(*args, **kwargs)  # a detail of an optimizer's step
        self._stepping = None
        caller = caller_of(sys._getframe(1), self._base)
        if caller is None:
            return func(*args, **kwargs)
        if not torch.is_inference_mode_enabled():
            return self._record(func, args, kwargs, caller, nullcontext)
        with torch.inference_mode(False):  # what is copied here must be of use in autograd later
            return self._record(func, args, kwargs, caller, torch.inference_mode)

    def _record(self, func, args: tuple, kwargs: dict, caller: Caller, mode: Callable) -> Any:
        """Make the call, in the learner's `mode`, and write down what it did."""
        frames = caller.frames
        line = self._line = frames[-1].f_lineno or 0 if frames else 0
        if caller.inside is not None and self._goes_on(caller):
            with mode():
                return func(*args, **kwargs)
        if self._watched and (self._last[2] in MAY_CHANGE or line != self._last[1]):
            self._look()
        if caller.inside is not None:
            self._event(caller.inside, [], place_of(frames[0]) if frames else NOWHERE, (), {}, None)
            with mode():
                return func(*args, **kwargs)
        self._inside = None
        self._outermost = frames[-1] if frames else None
        place = place_of(frames[0]) if frames else NOWHERE
        name, depth = self._name(frames, place)
        tensors = list(tensors_in(args, kwargs))
        known = [self._value_of(tensor, frames) for tensor in tensors]
        versions = [_version(tensor) for tensor in tensors]
        op = kind_of(func)
        random_state = torch.get_rng_state() if is_random(op) else None
        engine = differentiates(func)
        try:
            with mode(), self._engine(op, args, kwargs, known, place.source) if engine else nullcontext():
                result = stand_in(caller)(func, args, kwargs)
        except BaseException as error:
            options = {key: value for key, value in kwargs.items() if isinstance(value, (bool, int, float, str))}
            unreadable = self._unreadable(args, kwargs) if engine else ()
            self._forget_errors()
            self._failures.append(
                Failure(
                    error, op, tuple(known), place.source, line, torch.is_grad_enabled(), options, unreadable,
                    self._count, type(error).__name__,
                )
            )  # fmt: skip
            self._event(op, known, place, args, kwargs, None)
            raise
        if func is torch.Tensor.__iter__:
            result = list(result)

        changed = [i for i, tensor in enumerate(tensors) if _version(tensor) != versions[i]]
        fresh = [] if changed else self._fresh(result, tensors)
        if engine:
            self._event(op, known, place, args, kwargs, None)
            for _, tensor in fresh:
                self.add_input(name_in(frames, tensor) or name or "gradient", tensor, "gradient")
        elif changed or fresh:
            call = make_call(func, args, kwargs, known, random_state)
            if changed:
                self._change(tensors[changed[0]], changed[0], known[changed[0]], op, call, place, name)
                if any(watch.shows(tensors[changed[0]]) for watch in self._watched):
                    self._look()  # at once: what comes next may be the cell's result, shown by the same line
            for output, tensor in fresh:
                step = self._step(tensor, op, call if output is None else replace(call, output=output), place.source)
                step.name, step.depth = name, depth
                self._only_the_last(step, frames[0].f_lasti if frames and caller.by_module else None)
                step.grad_enabled = step.grad_enabled and mode is nullcontext
                if op == "data":
                    self._originals[tensor] = weakref.ref(tensors[0])
                if tensor.is_leaf and tensor.requires_grad and not _is_loose(tensor):
                    self._becomes_leaf(tensor, step)
        else:
            first = known[0] if known else None
            if name is not None and isinstance(first, Step) and first.name is None and result is tensors[0]:
                first.name, first.depth = name, depth  # w = torch.tensor(2.0).requires_grad_() is called w
            self._event(op, known, place, args, kwargs, result)
            if op == "retain_grad" and not tensors[0].is_leaf:
                self._watch_life(tensors[0], known[0], kept=True)
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
        self._look()
        skipped = tuple(seen.value for seen in known if seen is not None and isinstance(seen.value, Value))
        self._event("optimizer.step", [], place_of(frame), (), {}, None, skipped)
        self._stepping = (frame, frame.f_lasti)

    def _goes_on(self, caller: Caller) -> bool:
        """Whether an optimizer's own call belongs to the event that is noted already: all calls of one `.step()` are one."""
        frame = caller.frames[0] if caller.frames else None
        inside = (caller.inside, id(frame), frame.f_lasti if frame else 0)
        before, self._inside = self._inside, inside
        return inside == before or caller.inside == "optimizer"

    # ------------------------------------------------------------------ runs of the engine
    @contextmanager
    def listening(
        self, kind: str, roots: tuple, keeps_graph: bool = False, source: Any = None, tensors: tuple = (),
        wanted: tuple = (), seeds: tuple = (),
    ) -> Iterator[Pass]:  # fmt: skip
        """While the engine runs, what it delivers is written to a new `Pass`."""
        run = Pass(self._count, kind, roots, keeps_graph, source, self._line)
        run.wanted, run.seeds = wanted, seeds
        run.tensors = tuple(map(weakref.ref, tensors))
        self.tape.passes.append(run)
        if self._block and len(self.tape.passes) > 2 * ENDS:
            self._fold()
        self._session.listening, self._session.recorder = run, self
        try:
            yield run
            for value in run.adjoints if not keeps_graph else ():
                value.spent = value.original.spent = True  # a later block goes on from either
        except BaseException:
            run.failed = True
            raise
        finally:
            self._session.listening = self._session.recorder = None

    def _engine(self, op: str, args: tuple, kwargs: dict, known: list, source: Any):
        """The same for a call of the learner's own, `known` being what its tensors hold."""
        given = dict(zip(_ENGINE_PARAMETERS[op], args)) | kwargs
        retain = given.get("retain_graph")
        values = {key: tuple(known[i] for i in places) for key, places in _places(op, args, kwargs).items()}
        roots = tuple(tensors_in(given[_ENGINE_PARAMETERS[op][0]]))
        keeps = bool(given.get("create_graph") if retain is None else retain)
        self._watch_all()
        wanted = values.get("inputs", ())
        seeds = (*values.get("gradient", ()), *values.get("grad_outputs", ()))
        return self.listening(op, values[_ENGINE_PARAMETERS[op][0]], keeps, source, roots, wanted, seeds)

    def _unreadable(self, args: tuple, kwargs: dict) -> tuple:
        """The steps before the roots of which the engine cannot have back what they had saved: it was freed, or changed."""
        made = {number: value for value, (number, _) in self._ends.items()}
        given = args[0] if args else kwargs["outputs"]
        waiting: list[tuple[Any, Any]] = [(root.grad_fn, None) for root in tensors_in(given)]
        found: dict[Any, None] = {}
        visited = set()
        while waiting:
            node, owner = waiting.pop()
            if node is None or node in visited:
                continue
            visited.add(node)
            owner = made.get(node._sequence_nr(), owner)  # a call may be several nodes: the last one has its result
            if owner is not None and not _can_be_read(node):
                found[owner] = None
            waiting += [(ahead, owner) for ahead, _ in node.next_functions]
        return tuple(found)

    def finish(self, output: Any = None, error: BaseException | None = None) -> Tape:
        """The tape, once the code has run and returned `output` or raised; lets go of the graph and the frames."""
        self._look()
        self._settle()
        self._stepping = None
        frame, self._outermost = self._outermost, None
        if frame is not None:
            for name, held in frame.f_locals.items():
                if not is_the_shells(name):
                    self._call_it(held, name)
            self._name_later(frame)
        tape = self.tape
        tape.output, tape.error = self._held(output), error
        if self._failures and self._failures[-1].error is error:
            tape.failure = self._failures.pop()
        self._forget_errors()
        tape.caught = tuple(self._failures)
        tape.steps, tape.events, tape.inputs = tuple(self.steps), tuple(self.events), self.inputs
        tape.lives = tuple(self._lives)
        self._find_the_lost({} if frame is None else frame.f_locals)
        tape.earlier.sort(key=lambda step: (step.index, step.line))
        for place, step in enumerate(tape.earlier):
            step.index = place - len(tape.earlier)
        self._watched, self._ends, self._nodes = [], {}, {}
        self._session.forget_the_dead()
        tape.alive = frozenset(seen.value for _, seen in self._session.items() if isinstance(seen.value, Step))
        return tape

    def _find_the_lost(self, variables: dict[str, Any]) -> None:
        """`w = w - lr * w.grad`: which leaves the learner's code no longer has under their name."""
        alive = {watch.life: watch.tensor() for watch in self._watched}
        for life in self._lives:
            now = variables.get(life.of.variable or "")
            life.lost = isinstance(now, torch.Tensor) and now is not alive.get(life)

    def _name_later(self, frame: types.FrameType) -> None:
        """Name what was used before anything was called by its name: a new model's parameters, `g, = autograd.grad(…)`."""
        for tensor, seen in list(self._session.items()):
            value = seen.value.leaf if isinstance(seen.value, Input) else None
            if value is None or value._tape is not self.tape or (value.name or "").split("_")[0] not in _NAMELESS:
                continue
            path = name_in([frame], tensor)
            if path is None:
                continue
            for key, version in [(k, v) for k, v in self.inputs.items() if v.leaf is value]:
                del self.inputs[key]
                version.name, version.path = self._free(identifier(path)), path
                self.inputs[version.name] = version

    def _forget_errors(self) -> None:
        self._failures = [failure._replace(error=None) for failure in self._failures]

    def _held(self, output: Any):
        if isinstance(output, torch.Tensor):
            return self._value_of(output, [])
        if isinstance(output, (tuple, list)):
            return tuple(self._held(item) for item in output)
        return None

    def _look(self) -> None:
        """What the last thing that happened did to the leaves."""
        gone = [watch for watch in self._watched if not watch.look(*self._last)]
        for watch in self._watched:
            if watch.life.changes and watch.life.of._tape is not self.tape:
                watch.life.of = self.own(watch.life.of)
                self._lives.append(watch.life)
        if gone:
            self._watched = [watch for watch in self._watched if watch not in gone]
            self._watched_ids = {id(watch.tensor()) for watch in self._watched}

    def _watch_life(self, tensor: torch.Tensor, value: Any, kept: bool = False) -> None:
        if id(tensor) not in self._watched_ids:
            self._watched_ids.add(id(tensor))
            watch = Watch(tensor, value, kept)
            self._watched.append(watch)
            if value._tape is self.tape:
                self._lives.append(watch.life)

    def _watch_all(self) -> None:
        """The engine runs for the first time: it may write to the `.grad` of any leaf, also of one that only earlier blocks saw."""
        if self.tape.passes:
            return
        for tensor, seen in list(self._session.items()):
            if tensor.requires_grad and tensor.is_leaf and isinstance(seen.value, Value):
                self._watch_life(tensor, seen.value)

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
            self._ends.pop(step, None)
        passed = {key: v for key, v in self.inputs.items() if first < v.made_at <= last and v not in used}
        for key, value in passed.items():
            if value.origin in ("updated", "gradient", "made inside"):
                del self.inputs[key]
                self._ends.pop(value, None)

    # ------------------------------------------------------------------ which value a tensor holds
    def add_input(self, name: str, tensor: torch.Tensor, origin: str = "argument") -> Input:
        """Make a tensor known as a leaf. A second leaf of the same name is called name_2, name_3, …"""
        key = self._free(identifier(name))
        value = self.inputs[key] = Input(self.tape, tensor, key, origin)
        value.path = key if name in _NAMELESS else name
        value.line, value.made_at = self._line, self._count
        self._remember(tensor, value)
        if self._block and tensor.requires_grad and tensor.is_leaf:
            self._watch_life(tensor, value)
        return value

    def _free(self, name: str) -> str:
        key = name
        while key in self.inputs or (key == name and name in self._copies):
            self._copies[name] = self._copies.get(name, 1) + 1
            key = f"{name}_{self._copies[name]}"
        self._copies.setdefault(name, 1)
        return key

    def leaves(self) -> list[tuple[torch.Tensor, Input]]:
        """The tensors that a gradient can be asked for, each with its input."""
        seen = ((tensor, seen.value) for tensor, seen in self._session.items() if tensor.requires_grad)
        return [(tensor, v) for tensor, v in seen if isinstance(v, Input) and v._tape is self.tape]

    def _value_of(self, tensor: torch.Tensor, frames: list) -> Value | Constant:
        seen = self._session.get(tensor)
        if seen is None:
            return self._stranger(tensor, name_in(frames, tensor))
        if isinstance(seen.value, Value) and seen.value._tape is not self.tape:
            seen = self._from_earlier(tensor, seen)
        if seen.version == _version(tensor):
            if seen.node == _node(tensor):
                known_leaf = isinstance(seen.value, Input) and seen.value.requires_grad
                if tensor.is_leaf and tensor.requires_grad and not known_leaf and not _is_loose(tensor):
                    return self._now_leaf(tensor, seen.value)
                return seen.value
            if not tensor._is_view():
                return self._stranger(tensor, seen.value.name)
        return self._read_again(tensor, seen.value)

    def _stranger(self, tensor: torch.Tensor, name: str | None) -> Value | Constant:
        """A tensor from outside: a leaf, a plain constant, or the result of something that no mode can see."""
        if tensor.is_leaf and name is None and not tensor.requires_grad:
            value = Constant(_copy(tensor))
            self._session.know(tensor, value)
            return value
        return self.add_input(name or "unnamed", tensor, "closure" if tensor.is_leaf else "unknown")

    def own(self, value: Any) -> Any:
        """A value on this tape: what an earlier recorded block made comes over with its name and its history."""
        if value._tape is self.tape:
            return value
        waiting = [value]
        while waiting:
            here = waiting[-1]
            used = here.inputs if isinstance(here, Step) and len(self._adopted) < MOST_EARLIER else ()
            lacking = [v for v in used if self._here(v) is None]
            if not lacking and self._here(waiting.pop()) is None:
                self._adopted[here.original] = self._copy_of(here, bool(used))
            waiting += lacking
        return self._here(value)

    def _here(self, value: Any) -> Any:
        """The value itself, if it is of this tape, or the copy that came over; None if there is none yet."""
        if not isinstance(value, Value) or value._tape is self.tape:
            return value
        return self._adopted.get(value.original)

    def _copy_of(self, value: Value, with_history: bool) -> Value:
        mine = copy(value)
        mine._tape = self.tape
        if isinstance(mine, Step):
            if with_history:
                mine.inputs = tuple(map(self._here, mine.inputs))
                args, kwargs = substitute((mine.call.args, mine.call.kwargs), self._here)
                mine.call = replace(mine.call, args=args, kwargs=kwargs)
            else:
                mine.forget()
            self.tape.earlier.append(mine)
        elif isinstance(mine, Input):
            mine.origin, mine.made_at, mine.made_by = "earlier", -1, None
            mine.name = self._free(value.name or "unnamed")
            self.inputs[mine.name] = mine
        if value in self._ends:
            self._ends[mine] = self._ends[value]
        return mine

    def _from_earlier(self, tensor: torch.Tensor, seen: _Seen) -> _Seen:
        """A tensor that an earlier recorded block made or used."""
        value = self.own(seen.value)
        self._remember(tensor, value)
        if tensor.is_leaf and tensor.requires_grad:
            self._watch_life(tensor, value)
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
            self._watch_life(tensor, value)
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
        self._session.know(tensor, value)
        value.version = _version(tensor)
        value.requires_grad = tensor.requires_grad and not _is_loose(tensor)
        if value.requires_grad:
            edge = get_gradient_edge(tensor)
            self._ends[value] = _end(edge)
            if not tensor.is_leaf:
                edge.node.register_prehook(functools.partial(self._session.deliver, value, edge.output_nr))
            elif self._nodes.get(id(tensor)) is not edge.node:
                self._nodes[id(tensor)] = edge.node
                edge.node.register_prehook(functools.partial(self._session.deliver_to, weakref.ref(tensor)))

    def _watch(self, step: Step, tensor: torch.Tensor) -> None:
        """Hear from the engine what a step sends back to each of its inputs, where the step is one autograd node."""
        node = tensor.grad_fn
        used = [(place, v) for place, v in enumerate(step.inputs) if isinstance(v, Value) and v.requires_grad]
        ahead = [(index, edge) for index, edge in enumerate(node.next_functions) if edge[0] is not None] if node else []
        if (
            used
            and len(used) == len(ahead)
            and all(_end(edge) == self._ends.get(v) for (_, v), (_, edge) in zip(used, ahead))
        ):
            places = {place: index for (place, _), (index, _) in zip(used, ahead)}
            node.register_hook(functools.partial(self._session.sent_back, step, places))  # pyright: ignore

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
        step.line = self._line
        self.steps.append(step)
        if self._block and len(self.steps) > MOST_STEPS:
            self._drop(self.steps[MOST_STEPS // 4].index, self.steps[MOST_STEPS // 2].index)
        self._last = (step.index, self._line, op)
        self._remember(tensor, step)
        if tensor.requires_grad and call.output is None and call.changed is None:
            self._watch(step, tensor)
        return step

    def _fresh(self, result, tensors: list) -> list[tuple[int | None, torch.Tensor]]:
        """The new tensors in a result, with their place in it; what was passed in or is known already is not new."""
        if isinstance(result, torch.Tensor):
            known = any(result is tensor for tensor in tensors) or result in self._session
            return [] if known else [(None, result)]
        if isinstance(result, (tuple, list)):
            return [(i, t) for i, t in enumerate(result) if isinstance(t, torch.Tensor) and t not in self._session]
        return []

    def _change(self, tensor, which: int, old, op: str, call: Call, place: Place, name: str | None) -> None:
        """An in-place step. To change a view is to change its base: autograd rebuilds the view from the base."""
        base = tensor._base if tensor._is_view() else None
        if base is None:
            step = self._step(tensor, op, replace(call, changed=which), place.source)
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
        original = self._originals[tensor]() if tensor in self._originals else None
        if original is not None and (seen := self._session.get(original)) is not None:
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

    def _only_the_last(self, step: Step, place: int | None) -> None:
        """A line that calls a layer names what the layer returns: of the layer's own calls the last one."""
        before, self._in_layer = self._in_layer, None if place is None else (place, step)
        if before is not None and before[0] == place:
            before[1].name = None

    def _settle(self) -> None:
        """`z = helper(x)`: now that the helper has returned, what z holds is called z."""
        if self._pending and self._outermost is not None:
            held = self._outermost.f_locals
            for name in self._pending:
                self._call_it(held.get(name), name)
            self._pending.clear()

    def _call_it(self, held: Any, name: str) -> None:
        seen = self._session.get(held) if isinstance(held, torch.Tensor) else None
        if seen is not None and isinstance(seen.value, Step) and (seen.value.name is None or seen.value.depth > 0):
            seen.value.name, seen.value.depth = name, 0


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


def _node(tensor: torch.Tensor) -> int | None:
    """The number of the autograd node that made a tensor; to hold the node would keep its graph alive."""
    node = None if _is_loose(tensor) else tensor.grad_fn
    return None if node is None else node._sequence_nr()  # pyright: ignore


def _is_loose(tensor: torch.Tensor) -> bool:
    """Whether this is a view of a leaf that was taken under no_grad: it says that it requires grad, and has no node."""
    base = tensor._base if tensor._is_view() else None
    if base is None or not (base.requires_grad and base.is_leaf and tensor.requires_grad):
        return False
    try:
        return tensor.grad_fn is None
    except RuntimeError:  # PyTorch refuses to say, once one of the two was edited
        return True


def _end(edge: Any) -> tuple:
    """An edge of autograd's graph by the number of its node. A leaf's node has none: the leaf stands for it."""
    node, output = edge[:2]
    number = node._sequence_nr()
    return (id(node.variable) if number == _LEAF else number), output


def _can_be_read(node: Any) -> bool:
    """Whether autograd still has, unchanged, what this node saved for the way back."""
    try:
        for name in dir(node):
            if name.startswith("_saved_") or name == "saved_tensors":
                getattr(node, name)
    except RuntimeError:
        return False
    return True


def _places(op: str, args: tuple, kwargs: dict) -> dict[str, list[int]]:
    """By parameter of an engine call: which of all its tensors were passed there."""
    count, places = 0, {}
    for key, value in (*zip(_ENGINE_PARAMETERS[op], args), *kwargs.items()):
        places[key] = list(range(count, count := count + sum(1 for _ in tensors_in(value))))
    return places


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone()


def _edited(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """The new numbers with the old gradient."""
    return old + (new - old).detach()
