"""The learner's frames below a torch call: which they are, what they call a tensor, and how to stand in for one."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import torch

from .source import Place, author, place_of


def learner_frames(frame: types.FrameType | None, base: types.FrameType) -> list[types.FrameType] | None:
    """The learner's frames that led to this call, the innermost first; None if this package made the call itself.

    `base` is the frame that called the recorded function, or the caller of that frame.
    """
    found = []
    while frame is not None:
        who = author(frame.f_code)
        if who == "learner":
            found.append(frame)
        elif who == "package":  # what called the recorded function; any other frame of ours is a run inside the run
            if base not in (frame, frame.f_back):
                return None
            break
        frame = frame.f_back
    return found


def name_through_returns(frames: list, place: Place) -> tuple[str | None, int, str | None]:
    """Name and depth of a helper's result, following `return` up through the callers; and the name that waits outermost."""
    name, depth = place.name, len(frames) - 1
    for outer in frames[1:]:
        there = place_of(outer)
        if name is None and place.returned:
            name, depth = there.name, depth - 1
        place = there
    return name, depth, place.name


def name_in(frames: list, tensor: torch.Tensor) -> str | None:
    """The variable or attribute through which the learner's innermost frame reaches a tensor from outside."""
    if not frames:
        return None
    frame = frames[0]
    held = frame.f_locals
    named = next((name for name, value in held.items() if value is tensor), None)
    if named is None:
        named = next((name for name in frame.f_code.co_names if frame.f_globals.get(name) is tensor), None)
    if named is None:
        held = held | {name: frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals}
        named = next((found for name, owner in held.items() if (found := _attribute(name, owner, tensor))), None)
    return named


def _attribute(name: str, owner: Any, tensor: torch.Tensor) -> str | None:
    """`layer_weight` for layer.weight, `weight` for self.weight."""
    if isinstance(owner, torch.nn.Module):
        attributes = {**dict(owner.named_parameters()), **dict(owner.named_buffers())}
    else:
        attributes = getattr(owner, "__dict__", {}) if not isinstance(owner, types.ModuleType) else {}
    found = next((key for key, value in attributes.items() if value is tensor), None)
    if found is None:
        return None
    return "_".join([*([] if name == "self" else [name]), *str(found).split(".")])


def put_there_by_us(code: types.CodeType) -> bool:
    """Whether a traceback entry with this code is no business of the learner's."""
    return code.co_name == _STAND_IN or author(code) == "package"


def _call(func, args, kwargs): return func(*args, **kwargs)  # fmt: skip  # noqa: E704 (one line: a stand-in has one)


_STAND_IN = "<autograd_lessons>"


@functools.lru_cache(maxsize=4096)
def _stand_in_code(file: str, line: int) -> types.CodeType:
    return _call.__code__.replace(co_filename=file, co_firstlineno=line, co_name=_STAND_IN)


def stand_in(frames: list[types.FrameType]) -> Callable:
    """`_call`, but to the `warnings` module it is the learner's line: a warning points there and is counted there."""
    if not frames:
        return _call
    frame = frames[0]
    return types.FunctionType(_stand_in_code(frame.f_code.co_filename, frame.f_lineno or 1), frame.f_globals)
