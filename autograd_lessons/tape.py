"""What a recorded run is: the values that it made, in order, and the gradients that came back to them.

Plain data, read only. `recorder` fills it; everything else reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from .errors import OutputError
from .replay import Call, Operand, Replay
from .source import Source


class Constant(Operand):
    """A number, or a tensor without a name and without a gradient, that a call used."""

    name = adjoint = None
    contributions = ()

    def __init__(self, value: Any):
        self.value = value

    def __repr__(self) -> str:
        return f"Constant({_short(self.value)})"


class Contribution(NamedTuple):
    """What one use of a value sends back to it: `product` = `local` · the using step's adjoint (a VJP)."""

    step: Step
    position: int  # which of step.inputs the value is
    local: torch.Tensor | None  # ∂step/∂value elementwise, in the step's shape; None where it is a full Jacobian
    product: torch.Tensor  # in the value's shape


class Value(Operand):
    """A tensor of the run: an input or the result of a step.

    `name` is the learner's variable or None; `value` a detached copy taken at once; `depth` says in how
    deep a helper function the name was given (0: the function that was recorded).
    """

    name: str | None = None
    depth: int = 0

    def __init__(self, tape: Tape, tensor: torch.Tensor):
        self._tape = tape
        self.value = tensor.detach().clone()
        self.requires_grad = tensor.requires_grad

    @property
    def adjoint(self) -> torch.Tensor | None:
        """∂output/∂this, in this value's shape, as the engine delivered it; None where no gradient flows."""
        return self._tape._adjoints.get(self)

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """One for each use of this value; their products add up to the adjoint (fan-out is a sum)."""
        if self.adjoint is None:
            return ()
        return tuple(
            Contribution(step, position, step.slopes.get(position), step.products[position])
            for step in self._tape.uses_of(self)
            for position, used in enumerate(step.inputs)
            if used is self and position in step.products
        )

    @property
    def label(self) -> str:
        """A name that no other value of this tape has: the learner's where it is free, else `#index`."""
        return self._tape.labels[self]


class Input(Value):
    """A leaf: an argument, a leaf made inside, or a tensor found in a closure (`origin` says which)."""

    def __init__(self, tape: Tape, tensor: torch.Tensor, name: str, origin: str):
        super().__init__(tape, tensor)
        self.name = name
        self.origin = origin  # "argument", "made inside", "closure" or "unknown"

    def __repr__(self) -> str:
        return f"Input({self.name}={_short(self.value)})"


class Step(Value):
    """One call that made or changed a tensor."""

    def __init__(
        self, tape: Tape, tensor: torch.Tensor, index: int, op: str, inputs: tuple, call: Call,
        source: Source | None, pointwise: bool,
    ):  # fmt: skip
        super().__init__(tape, tensor)
        self.index = index
        self.op = op
        self.inputs = inputs
        self.call = call
        self.source = source
        self.pointwise = pointwise
        self._products: dict[int, torch.Tensor] | None = None
        self._slopes: dict[int, torch.Tensor] | None = None

    @property
    def products(self) -> dict[int, torch.Tensor]:
        """By position in `inputs`: what this call sent back there, as the engine computed it; in the input's shape."""
        if self._products is None:
            self._products = {} if self.adjoint is None else self.pull_back(self.adjoint)
        return self._products

    @property
    def slopes(self) -> dict[int, torch.Tensor]:
        """By position in `inputs`: ∂step/∂input elementwise, in this step's shape; nothing where it is a full Jacobian."""
        if self._slopes is None:
            self._slopes = Replay(self.call, self.inputs, self.pointwise).slopes()
        return self._slopes

    def pull_back(self, vector: torch.Tensor) -> dict[int, torch.Tensor]:
        """By position: the product of any `vector` in this step's shape with ∂step/∂input, by calling the operation again."""
        return Replay(self.call, self.inputs, self.pointwise).products(vector)

    def __repr__(self) -> str:
        name = "" if self.name is None else f"{self.name} = "
        args = ", ".join(_reference(value) for value in self.inputs)
        return f"#{self.index} {name}{self.op}({args}) = {_short(self.value)}"


class Event(NamedTuple):
    """Something seen that made no tensor: `backward`, `.grad` read or set, a shape, an item, grad mode."""

    index: int
    kind: str
    on: Value | None
    source: Source | None


@dataclass(eq=False)
class Tape:
    """One recorded run. See the attributes; `print(tape)` shows them as a table."""

    steps: tuple[Step, ...] = ()
    events: tuple[Event, ...] = ()
    inputs: dict[str, Input] = field(default_factory=dict)
    output: Value | tuple | None = None
    engine_order: tuple[int, ...] = ()
    summed: bool = False  # the output was elementwise: its sum was differentiated
    function: Callable = print  # the recorded function
    cache: dict[str, Any] = field(default_factory=dict)  # what others derived from this tape
    _adjoints: dict[Value, torch.Tensor] = field(default_factory=dict)
    _uses: dict[Value, list[Step]] | None = None
    _labels: dict[Value, str] | None = None

    @property
    def target(self) -> Value:
        """The output, where it is one tensor; raises `OutputError` where it is not."""
        if isinstance(self.output, Value):
            return self.output
        name = getattr(self.function, "__name__", "the function")
        if isinstance(self.output, tuple):
            raise OutputError(f"{name} returned {len(self.output)} values. Return the one to differentiate.")
        raise OutputError(
            f"{name} returned no tensor. Return the tensor itself: a Python number (from .item(), float() or math) has "
            "left the graph."
        )

    @property
    def values(self) -> tuple[Value, ...]:
        """The inputs, then the steps."""
        return (*self.inputs.values(), *self.steps)

    def step(self, index: int) -> Step:
        """The step with this `.index`; KeyError if there is none."""
        for step in self.steps:
            if step.index == index:
                return step
        raise KeyError(f"no step has the index {index}")

    def all(self, name: str) -> tuple[Value, ...]:
        """Every value that had this name, in order, helper functions included."""
        return tuple(value for value in self.values if value.name == name)

    def __getitem__(self, name: str) -> Value:
        """The last value of that name in the outermost function."""
        found = [value for value in self.all(name) if value.depth == 0]
        if found:
            return found[-1]
        inner = " It is a name inside a helper: use tape.all()." if self.all(name) else ""
        names = sorted({value.name for value in self.values if value.name and value.depth == 0})
        raise KeyError(f"nothing on this tape is called {name!r}.{inner} There are: {', '.join(names) or 'no names'}")

    def uses_of(self, value: Value) -> list[Step]:
        """The steps that used this value and that a gradient came back to, each once."""
        if self._uses is None:
            self._uses = {}
            for step in self.steps:
                if step in self._adjoints:
                    for used in dict.fromkeys(step.inputs):
                        self._uses.setdefault(used, []).append(step)
        return self._uses.get(value, [])

    @property
    def labels(self) -> dict[Value, str]:
        """A unique text for each value: inputs keep their names, a name given twice belongs to the last step."""
        if self._labels is None:
            taken: dict[Any, Any] = {value.name: value for value in self.steps if value.name and value.depth == 0}
            taken |= dict(self.inputs)
            owner: dict[Value, str] = {value: name for name, value in taken.items()}
            output = self.output if isinstance(self.output, Step) else None
            self._labels = {
                value: owner.get(value)
                or ("output" if value is output and "output" not in taken else f"#{value.index}")
                for value in self.values
                if isinstance(value, Step) or value in owner
            }
        return self._labels

    def __repr__(self) -> str:
        rows = [("", "name", "operation", "value", "adjoint")]
        rows += [("", i.name or "?", i.origin, _short(i.value), _short(i.adjoint)) for i in self.inputs.values()]
        for step in self.steps:
            args = ", ".join(_reference(value) for value in step.inputs)
            rows.append(
                (f"#{step.index}", step.name or "", f"{step.op}({args})", _short(step.value), _short(step.adjoint))
            )
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        if self.summed:
            lines.append("The output is elementwise: the gradient is that of its sum.")
        return "\n".join(lines)


def _reference(value) -> str:
    if isinstance(value, Constant):
        return _short(value.value)
    return value.name or (f"#{value.index}" if isinstance(value, Step) else "?")


def _short(value) -> str:
    """Numbers as they stand, a small tensor row by row, a large one by its dtype and shape."""
    if value is None:
        return "–"
    if not isinstance(value, torch.Tensor):
        return repr(value)
    if value.numel() == 1:
        return f"{value.item():.6g}" if value.is_floating_point() else str(value.item())
    if value.numel() <= 6:
        return "[" + ", ".join(_short(element) for element in value) + "]"
    return f"{str(value.dtype).removeprefix('torch.')}[{'×'.join(map(str, value.shape))}]"
