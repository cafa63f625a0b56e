"""The learner's frames below a torch call: which they are, what they call a tensor, and how to stand in for one."""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from .source import Place, author, place_of


class Caller(NamedTuple):
    """Who made a torch call: the learner's frames, the innermost first, and what part of torch made it for them.

    `calls` are these frames and, in their places between them, those in which PyTorch calls a module. `at` is the frame that called the recorder: the code itself, or the function of torch's that hands calls over;
    `inside` is "optimizer.step", "zero_grad" or "new module" where the call is a detail of these, else None;
    `by_module` says whether a layer made it: then what the learner's line is assigned is not this call's result.
    """

    at: types.FrameType
    frames: list[types.FrameType]
    calls: list[types.FrameType]
    inside: str | None
    by_module: bool


def caller_of(frame: types.FrameType | None, base: types.FrameType) -> Caller | None:
    """Who made this call; None if this package made it itself.

    `base` is where the recorded code begins: the frame that called it, the caller of that frame, or a frame of the
    learner's own whose block is recorded.
    """
    found: list[types.FrameType] = []
    calls: list[types.FrameType] = []
    inside, by_module, at = None, False, frame
    while frame is not None:
        code = frame.f_code
        who = author(code.co_filename)
        if who == "learner":
            found.append(frame)
            calls.append(frame)
            if frame is base:
                break
        elif who == "package":  # what called the recorded code; any other frame of ours is a run inside the run
            if base not in (frame, frame.f_back):
                return None
            break
        elif who != "torch":
            if code.co_name == "_call_impl":
                calls.append(frame)
            if not found:
                by_module = by_module or who == "module"
                inside = _DETAILS[who].get(code.co_name, inside or ("optimizer" if who == "optimizer" else None))
        frame = frame.f_back
    return None if at is None else Caller(at, found, calls, inside, by_module)


_DETAILS = {  # by the part of torch: functions whose own calls are details, and what the whole is called
    "optimizer": {"step": "optimizer.step", "zero_grad": "zero_grad"},
    "module": {"__init__": "new module", "reset_parameters": "new module", "zero_grad": "zero_grad"},
}


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
    """How the learner's innermost frame reaches a tensor from outside, as it would be typed: `w`, `model[0].weight`."""
    if not frames:
        return None
    frame = frames[0]
    held = frame.f_locals
    named = next((name for name, value in held.items() if value is tensor and not is_the_shells(name)), None)
    if named is None:
        named = next((name for name in frame.f_code.co_names if frame.f_globals.get(name) is tensor), None)
    if named is None:
        held = held | {name: frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals}
        named = next((found for name, owner in held.items() if (found := _attribute(name, owner, tensor))), None)
    return named


def is_the_shells(name: str) -> bool:
    """Whether IPython keeps a result under this name (`_`, `__`, `_12`): it is none that the learner gave."""
    return name.startswith("_") and (name.strip("_") == "" or name[1:].isdigit())


def _attribute(name: str, owner: Any, tensor: torch.Tensor) -> str | None:
    """`layer.weight`; of a list of layers `model[0].weight`."""
    if isinstance(owner, torch.nn.Module):
        attributes = {**dict(owner.named_parameters()), **dict(owner.named_buffers())}
    else:
        attributes = getattr(owner, "__dict__", {}) if not isinstance(owner, types.ModuleType) else {}
    found = next((key for key, value in attributes.items() if value is tensor), None)
    if found is None:
        return None
    parts = str(found).split(".")
    return name + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts)


@functools.lru_cache(maxsize=1024)
def identifier(path: str) -> str:
    """The same as one word: `layer_weight` for layer.weight, `weight` for self.weight; one word stays as it is."""
    if path.isidentifier():
        return path
    return re.sub(r"\W+", "_", path.removeprefix("self.")).strip("_")


def learners_traceback(error: BaseException) -> types.TracebackType | None:
    """The error's traceback as it would be without us: no frames of ours, and none that PyTorch needed to call us."""
    entries: list[types.TracebackType] = []
    entry = error.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        if code.co_name == "handle_torch_function" and author(code.co_filename) == "torch":
            del entries[-1:]  # the function that handed the call over to us; it comes again, called by us
        elif code.co_name != _STAND_IN and author(code.co_filename) != "package":
            entries.append(entry)
        entry = entry.tb_next
    rebuilt = None
    for entry in reversed(entries):
        rebuilt = types.TracebackType(rebuilt, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return rebuilt


def _call(func, args, kwargs): return func(*args, **kwargs)  # fmt: skip  # noqa: E704 (one line: a stand-in has one)


_STAND_IN = "<autograd_lessons>"


@functools.lru_cache(maxsize=4096)
def _stand_in_code(file: str, line: int) -> types.CodeType:
    return _call.__code__.replace(co_filename=file, co_firstlineno=line, co_name=_STAND_IN)


def stand_in(caller: Caller) -> Callable:
    """`_call`, but to the `warnings` module it is the line that made the call: a warning points there and is counted there."""
    frame: types.FrameType | None = caller.at
    if frame.f_code.co_name == "handle_torch_function":
        frame = frame.f_back and frame.f_back.f_back
    if frame is None:
        return _call
    return types.FunctionType(_stand_in_code(frame.f_code.co_filename, frame.f_lineno or 1), frame.f_globals)
