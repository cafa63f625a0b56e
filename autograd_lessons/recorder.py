"""Watch real PyTorch code run and write down what it did, without changing what the learner would see.

A `TorchFunctionMode` sees every torch call and tensor operator; pre-hooks on autograd nodes see the adjoints.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from .calls import ENGINE_CALLS, is_random, kind_of, make_call, tensors_in
from .engine import NoAnswer, pass_of
from .frames import Caller, caller_of, name_in, stand_in
from .naming import Names
from .session import Session, is_loose, version_of
from .source import NOWHERE, place_of
from .tape import Pass, Tape
from .values import Step, Value
from .writer import Writer

_are_transforms_active = torch._C._are_functorch_transforms_active  # those of torch.func
_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor
_NOTHING = nullcontext()
TO_LEAVES = {*ENGINE_CALLS, "requires_grad_", "set requires_grad", "detach_"}  # send to leaves, or make a leaf none
TO_NODES = {"register_hook", "grad_fn"}  # may change what the engine delivers
MAY_CHANGE = {"backward", "set grad", "optimizer.step", "zero_grad"}  # calls after which a leaf's .grad may be another


class Recorder(TorchFunctionMode):
    """Has a `Tape` written while it is active. The learner's code is what runs below the frame `base`.

    With a `session` that is shared, tensors made in an earlier recorded block are known again.
    """

    def __init__(self, base: types.FrameType, session: Session | None = None):
        super().__init__()
        self._base = base
        self._session = session or Session()
        self.writer = Writer(self._session, is_block=session is not None)
        self.tape = self.writer.tape
        self._names = Names(self._session)
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
        """Make the call, in the learner's `mode`, and have what it did written down."""
        frames, writer = caller.frames, self.writer
        line = writer.at(frames, caller.calls)
        if caller.inside is not None and self._goes_on(caller):
            with mode:
                return func(*args, **kwargs)
        if writer.lives and (writer.last[2] in MAY_CHANGE or line != writer.last[1]):
            writer.look()
        place = place_of(frames[0]) if frames else NOWHERE
        source = place.source
        if caller.inside is not None:
            writer.event(caller.inside, source)
            with mode:
                return func(*args, **kwargs)
        self._inside = None
        name, depth = self._names.of(frames, place)
        given = (*args, *kwargs.values())
        tensors = tensors_in(*given)
        if _are_transforms_active() and any(map(_is_wrapped, tensors)):  # they have no numbers of their own
            with mode:
                return func(*args, **kwargs)
        known = [writer.value_of(tensor, frames) for tensor in tensors]
        versions = [version_of(tensor) for tensor in tensors]
        op = kind_of(func)
        random_state = torch.get_rng_state() if is_random(op) else None
        engine = op in ENGINE_CALLS
        if op in TO_LEAVES:
            writer.ear.attach_leaves()
        try:
            with (
                mode,
                self._engine(pass_of(op, args, kwargs, known, writer.count, source, line)) if engine else _NOTHING,
            ):
                result = stand_in(caller)(func, args, kwargs)
        except BaseException as error:
            writer.failed(error, op, source, known, args, kwargs)
            raise
        if func is torch.Tensor.__iter__:
            result = list(result)

        now = [version_of(tensor) for tensor in tensors]
        changed = [] if now == versions else [i for i, version in enumerate(now) if version != versions[i]]
        fresh = [] if changed else writer.fresh(result)
        if engine:
            writer.event(op, source, known, given)
            for _, tensor in fresh:
                writer.add_input(name_in(frames, tensor) or name or "gradient", tensor, "gradient")
        elif changed or fresh:
            call = make_call(func, args, kwargs, known, random_state)
            if changed:
                which = changed[0]
                writer.change(tensors[which], which, known[which], op, call, source, name)
                if writer.lives.shows(tensors[which]):  # at once: the same line may show it next, as the cell's result
                    writer.look()
            for output, tensor in fresh:
                step = writer.step(tensor, op, call if output is None else call._replace(output=output), source)
                step.name, step.depth = name, depth
                self._names.only_the_last(step, frames[0].f_lasti if frames and caller.by_module else None)
                step.grad_enabled = step.grad_enabled and mode is _NOTHING
                if op == "data":
                    writer.edits_are_unseen(tensor, tensors[0])
                if tensor.is_leaf and tensor.requires_grad and not is_loose(tensor):
                    writer.becomes_leaf(tensor, step)
        else:
            first = known[0] if known else None
            if name is not None and isinstance(first, Step) and first.name is None and result is tensors[0]:
                first.name, first.depth = name, depth  # w = torch.tensor(2.0).requires_grad_() is called w
            writer.event(op, source, known, given, result)
            if op == "retain_grad" and not tensors[0].is_leaf:
                writer.lives.watch(tensors[0], known[0], kept=True)
        return iter(result) if func is torch.Tensor.__iter__ else result

    def _goes_on(self, caller: Caller) -> bool:
        """Whether an optimizer's own call belongs to the event that is noted already: all calls of one `.step()` are one."""
        frame = caller.frames[0] if caller.frames else None
        inside = (caller.inside, id(frame), frame.f_lasti if frame else 0)
        before, self._inside = self._inside, inside
        return inside == before or caller.inside == "optimizer"

    # ------------------------------------------------------------------ steps of optimizers
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
        self.writer.at(caller.frames, caller.calls)
        self.writer.look()
        skipped = tuple(seen.value for seen in known if seen is not None and isinstance(seen.value, Value))
        self.writer.event("optimizer.step", place_of(frame).source, skipped=skipped)
        self._stepping = _now_at(frame)

    # ------------------------------------------------------------------ runs of the engine
    def _engine(self, run: Pass) -> AbstractContextManager[Pass]:
        """While the learner's code runs the engine, what it delivers is written to `run`."""
        if not self.tape.passes:
            self._watch_all()
        self.writer.ear.attach_steps()
        return self._listening(run)

    def own_pass(self, root: Value) -> AbstractContextManager[Pass]:
        """The same for a pass from the output that is not the learner's, but ours."""
        writer = self.writer
        run = Pass(writer.count, "backward", (root,), False, None, writer.line)
        run.alone = writer.ear.alone(writer.steps) if self._sees_all() else {}
        writer.ear.attach_steps(but=run.alone)
        return self._listening(run)

    def _listening(self, run: Pass) -> AbstractContextManager[Pass]:
        self.writer.enter(run)
        return self.writer.ear.listening(run)

    def _sees_all(self) -> bool:
        """Whether nothing else has a hand in what comes back: no graph that was not recorded, and no hook of the learner's."""
        unseen = any([value.requires_grad and not value.is_leaf for value in self.writer.inputs.values()])
        return not unseen and TO_NODES.isdisjoint([event.kind for event in self.writer.events])

    def _watch_all(self) -> None:
        """The engine may write to the `.grad` of any leaf, also of one that only earlier blocks have seen."""
        lives = self.writer.lives
        for tensor, seen in self._session.items():
            if tensor.requires_grad and tensor.is_leaf and isinstance(seen.value, Value):
                mine = seen.value._tape is self.tape
                (lives.watch if mine else lives.watch_from_elsewhere)(tensor, seen.value)

    def look_while_asking(self, look: Callable[[Tape], Any]) -> None:
        """Look at the tape while its steps ask the graph itself what they send back; in vain where one of them cannot."""
        self.tape.ask = self.writer.ear.ask
        try:
            with torch.no_grad():
                look(self.tape)
        except NoAnswer:
            pass
        finally:
            self.tape.ask = None

    # ------------------------------------------------------------------ the end
    def finish(self, output: Any = None, error: BaseException | None = None) -> Tape:
        """The tape, once the code has run and returned `output` or raised; lets go of its frames."""
        self._stepping = None
        self.writer.look()
        variables = self._names.finish(self.tape, self.writer.inputs)
        return self.writer.finish(output, error, variables)

    def let_go(self) -> None:
        """Hold no part of the graph any more, nor the frame that may hold this recorder."""
        self.writer.ear.let_go()
        del self._base


def _now_at(frame: types.FrameType) -> tuple[types.FrameType, int, bool]:
    """Which instruction a frame is at, and whether it still runs: one that an error has ended stays where it was."""
    return frame, frame.f_lasti, frame.f_back is None
