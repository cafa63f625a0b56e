"""What the learner calls things: names for results, for what helpers and layers return, and for leaves met before their name."""

from __future__ import annotations

import types
from typing import Any

import torch

from .frames import identifier, is_the_shells, name_in, name_through_returns
from .session import Session
from .source import Place
from .tape import Tape
from .values import Input, Step

NAMELESS = ("unnamed", "gradient")  # what inputs are called that no variable holds


class Inputs(dict[str, Input]):
    """A tape's inputs by name. A second one of the same name is called name_2, name_3, …"""

    def __init__(self):
        super().__init__()
        self._count: dict[str, int] = {}

    def free(self, name: str) -> str:
        """A name that no input has or had."""
        key = name
        while key in self or (key == name and name in self._count):
            self._count[name] = self._count.get(name, 1) + 1
            key = f"{name}_{self._count[name]}"
        self._count.setdefault(name, 1)
        return key

    def put(self, name: str, value: Input) -> None:
        """Enter an input under its name, or the next free one."""
        value.name = self.free(name)
        self[value.name] = value

    def rename(self, leaf: Input, path: str) -> None:
        """Give all values of a leaf the name by which the learner's code reaches it."""
        for key, version in [(key, value) for key, value in self.items() if value.leaf is leaf]:
            del self[key]
            self.put(identifier(path), version)
            version.path = path


class Names:
    """Names for steps: at once where the code says so, later where a helper or a layer still runs."""

    def __init__(self, session: Session):
        self._session = session
        self.outermost: types.FrameType | None = None  # the learner's outermost frame
        self._pending: set[str] = set()  # names there that a running helper's result will get
        self._in_layer: tuple[int, Step] | None = None  # where a layer is being called, and its last step

    def of(self, frames: list, place: Place) -> tuple[str | None, int]:
        """The variable that the result is assigned to, and how deep; what a helper will return is named later."""
        self.outermost = frames[-1] if frames else None
        if len(frames) <= 1:
            self.settle()
            return place.name, 0
        name, depth, outermost = name_through_returns(frames, place)
        if outermost is not None:
            self._pending.add(outermost)
        return name, depth

    def only_the_last(self, step: Step, place: int | None) -> None:
        """A line that calls a layer names what the layer returns: of the layer's own calls the last one."""
        before, self._in_layer = self._in_layer, None if place is None else (place, step)
        if before is not None and before[0] == place:
            before[1].name = None

    def settle(self) -> None:
        """`z = helper(x)`: now that the helper has returned, what z holds is called z."""
        if self._pending and self.outermost is not None:
            held = self.outermost.f_locals
            for name in self._pending:
                self._call_it(held.get(name), name)
            self._pending.clear()

    def finish(self, tape: Tape, inputs: Inputs) -> dict[str, Any]:
        """The code has run: name what its variables hold now, and let go of its frame. Returns these variables.

        Also what was used before anything was called by its name: a new model's parameters, `g, = autograd.grad(…)`.
        """
        self.settle()
        frame, self.outermost = self.outermost, None
        if frame is None:
            return {}
        for name, held in frame.f_locals.items():
            if not is_the_shells(name):
                self._call_it(held, name)
        for tensor, seen in self._session.items():
            leaf = seen.value.leaf if isinstance(seen.value, Input) else None
            if leaf is not None and leaf._tape is tape and (leaf.name or "").split("_")[0] in NAMELESS:
                path = name_in([frame], tensor)
                if path is not None:
                    inputs.rename(leaf, path)
        return frame.f_locals

    def _call_it(self, held: Any, name: str) -> None:
        seen = self._session.get(held) if isinstance(held, torch.Tensor) else None
        if seen is not None and isinstance(seen.value, Step) and (seen.value.name is None or seen.value.depth > 0):
            seen.value.name, seen.value.depth = name, 0
