"""In which call of a helper function or of a module each step of a run was made, noted while the run goes on."""

from __future__ import annotations

import types
from typing import Any, NamedTuple

import torch


class Visit:
    """One call, from its start to its end; two calls of the same function are two visits."""

    __slots__ = ("code", "module")

    def __init__(self, code: types.CodeType, module: str | None):
        self.code = code
        self.module = module  # of a module's call how the module is reached: `model`, and in it `fc1`


class Site(NamedTuple):
    """Where a visit was: at which instruction of its code."""

    visit: Visit
    instruction: int


class Trail:
    """Follows the frames from step to step. A frame is the same visit as long as it is on the stack.

    The frames of the last step are held until the next: a frame that has ended would give its address to another.
    """

    def __init__(self):
        self._frames: list[types.FrameType] = []  # of the last step
        self._stack: list[tuple[types.FrameType, Visit, Any]] = []  # the outermost first; with the module it called
        self._names: dict[int, tuple[torch.nn.Module, dict[int, str]]] = {}

    def of(self, frames: list[types.FrameType]) -> tuple[Site, ...]:
        """The sites of a step whose frames these are, the innermost first; the result has the outermost first."""
        if frames != self._frames:
            self._follow(frames)
        return tuple([Site(visit, frame.f_lasti) for frame, visit, _ in self._stack])

    def _follow(self, frames: list[types.FrameType]) -> None:
        """Bring the stack up to these frames, the innermost first; what is on both keeps its visit."""
        self._frames, frames = frames, frames[::-1]
        same = 0
        for frame, (before, _, _) in zip(frames, self._stack):
            if frame is not before:
                break
            same += 1
        del self._stack[same:]
        for frame in frames[same:]:
            module = frame.f_locals.get("self") if is_module_call(frame) else None
            name = None if module is None else self._name(module)
            self._stack.append((frame, Visit(frame.f_code, name), module))

    def let_go(self) -> None:
        """Hold no frame and no module any more."""
        self._frames, self._stack, self._names = [], [], {}

    def _name(self, module: torch.nn.Module) -> str:
        """How the call around it, or the learner's code, reaches a module: `layers.3`, `model`; else its class."""
        around = next((owner for _, _, owner in reversed(self._stack) if owner is not None), None)
        if around is not None:
            if id(around) not in self._names:
                self._names[id(around)] = around, {id(child): name for name, child in around.named_modules()}
            return self._names[id(around)][1].get(id(module)) or type(module).__name__
        frame = self._stack[-1][0] if self._stack else None
        outside = {} if frame is None else {name: frame.f_globals.get(name) for name in frame.f_code.co_names}
        held = {} if frame is None else outside | frame.f_locals
        return next((name for name, value in held.items() if value is module), type(module).__name__)

    def path_of(self, path: str, calls: list[types.FrameType], frame: types.FrameType) -> str:
        """How a parameter is reached from the outermost module that is being called: what `path` is in the frame of a
        block's `forward`, `self.up.weight`, may be `blocks.3.up.weight` there.
        """
        self.of(calls)
        name, _, rest = path.partition(".")
        modules = [(visit.module, module) for _, visit, module in self._stack if module is not None]
        holder = frame.f_locals.get(name) if rest and modules and name == "self" else None
        at = next((at for at, (_, module) in enumerate(modules) if module is holder), None)
        return path if at is None else ".".join([*(str(inner) for inner, _ in modules[1 : at + 1]), rest])


def is_module_call(frame: types.FrameType) -> bool:
    """Whether PyTorch calls a module in this frame."""
    return frame.f_code.co_name == "_call_impl" and isinstance(frame.f_locals.get("self"), torch.nn.Module)
