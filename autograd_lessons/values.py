"""The values of a recorded run: the tensors that came in, the results of its steps, and plain constants.

Plain data, read only: `writer` makes them, `tape` holds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .elements import copy_of
from .replay import Call, Operand, Replay
from .source import Source
from .trail import Site

if TYPE_CHECKING:
    from .tape import Contribution, Event, Tape


class Constant(Operand):
    """A number, or a tensor without a name and without a gradient, that a call used."""

    name = adjoint = None
    contributions = ()

    def __init__(self, value: Any):
        self.value = value

    def __repr__(self) -> str:
        return f"Constant({short(self.value)})"


class Value(Operand):
    """A tensor of the run: an input or the result of a step.

    `name` is the learner's variable or None; `value` a detached copy taken at once; `depth` says in how
    deep a helper function the name was given (0: the function that was recorded). `line` is the line of the recorded
    code that was running, `version` PyTorch's count of the in-place changes to the tensor so far; `spent` says that a
    backward pass went through it and let go of what it had saved.
    """

    name: str | None = None
    depth: int = 0

    line: int = 0
    version: int = 0
    turned_off: Event | None = None  # the call that told it not to require a gradient any more
    spent: bool = False

    def __init__(self, tape: Tape, tensor: torch.Tensor):
        self._tape = tape
        self.value = copy_of(tensor)
        self.requires_grad = tensor.requires_grad
        self.is_inference = tensor.is_inference()
        self.original = self  # a value that came over from an earlier tape is still the one that it was there

    @property
    def variable(self) -> str | None:
        """How the learner's code calls it; unlike a label, several values may have it."""
        return self.name

    @property
    def is_earlier(self) -> bool:
        """Whether an earlier recorded block made it."""
        return self.original is not self

    @property
    def adjoint(self) -> torch.Tensor | None:
        """∂output/∂this, in this value's shape, as the engine last delivered it; None where no gradient flows."""
        run = self._tape.last_pass_to(self)
        return None if run is None else run.adjoints[self]

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """One for each use of this value; their products add up to the adjoint (fan-out is a sum)."""
        run = self._tape.last_pass_to(self)
        return () if run is None else run.contributions(self)

    @property
    def label(self) -> str:
        """A name that no other value of this tape has: the learner's where it is free, else `#index`."""
        return self._tape.labels.get(self) or self.name or "#?"


class Input(Value):
    """What a run did not compute: `origin` is "argument", "made inside" (a leaf), "closure" (a tensor found outside),
    "updated" (a leaf after an in-place change), "earlier" (known from an earlier recorded block), "gradient" (a result
    of torch.autograd.grad) or "unknown" (made by something that the recorder cannot see).
    """

    path: str  # how the learner's code reaches it: `model[0].weight`, where `name` is model_0_weight
    made_at: int = 0  # how many steps and events there were before
    leaf: Input  # the first value of the same tensor: a leaf's versions share it
    made_by: Step | None = None  # the call that made a leaf inside: `torch.zeros(3, requires_grad=True)`
    made_by_function: str = ""  # the name of the torch.autograd.Function that made it, of which no mode sees the call

    def __init__(self, tape: Tape, tensor: torch.Tensor, name: str, origin: str):
        super().__init__(tape, tensor)
        self.name = name
        self.origin = origin
        self.path = name
        self.is_leaf = tensor.is_leaf
        self.leaf = self

    @property
    def variable(self) -> str | None:
        return self.path

    def __repr__(self) -> str:
        return f"Input({self.name}={short(self.value)})"


class Step(Value):
    """One call that made or changed a tensor."""

    def __init__(
        self, tape: Tape, tensor: torch.Tensor, index: int, op: str, inputs: tuple, call: Call,
        source: Source | None, pointwise: bool,
    ):  # fmt: skip
        super().__init__(tape, tensor)
        self.index = index
        self.op = op
        self.inputs: tuple = inputs
        self.call = call
        self.source = source
        self.pointwise = pointwise
        self.grad_enabled = torch.is_grad_enabled()
        self.sites: tuple[Site, ...] = ()  # the calls that it was made in, the outermost first
        self._slopes: dict[int, torch.Tensor] | None = None

    @property
    def products(self) -> dict[int, torch.Tensor]:
        """By position in `inputs`: what this call sent back there, as the engine computed it; in the input's shape."""
        run = self._tape.last_pass_to(self)
        return {} if run is None else run.products(self)

    @property
    def slopes(self) -> dict[int, torch.Tensor]:
        """By position in `inputs`: ∂step/∂input elementwise, in this step's shape; nothing where it is a full Jacobian."""
        if self._slopes is None:
            self._slopes = Replay(self.call, self.inputs, self.pointwise).slopes()
        return self._slopes

    @property
    def updates_leaf(self) -> bool:
        """Whether this call changed a leaf in place, out of the graph's sight: `w -= 0.1 * w.grad` under `no_grad`."""
        changed = None if self.call.changed is None or not self.inputs else self.inputs[self.call.changed]
        return isinstance(changed, Input) and changed.is_leaf and changed.requires_grad and not self.grad_enabled

    def pull_back(self, vector: torch.Tensor) -> dict[int, torch.Tensor]:
        """By position: the product of any `vector` in this step's shape with ∂step/∂input.

        The graph tells, as long as the tape may ask it; later the operation is called again.
        """
        ask = self._tape.ask
        return Replay(self.call, self.inputs, self.pointwise).products(vector) if ask is None else ask(self, vector)

    def forget(self) -> None:
        """Let go of what this step used, and so of everything before it: it was folded away."""
        self.inputs, self.call = (), Call(self.call.function, (), {})

    def __repr__(self) -> str:
        name = "" if self.name is None else f"{self.name} = "
        args = ", ".join(reference(value) for value in self.inputs)
        return f"#{self.index} {name}{self.op}({args}) = {short(self.value)}"


def numbered(index: int) -> str:
    return f"#{index}" if index >= 0 else f"earlier_{-index}"


def reference(value) -> str:
    if isinstance(value, Constant):
        return short(value.value)
    return value.name or (numbered(value.index) if isinstance(value, Step) else "?")


def short(value) -> str:
    """Numbers as they stand, a small tensor row by row, a large one by its dtype and shape."""
    if value is None:
        return "–"
    if not isinstance(value, torch.Tensor):
        return repr(value)
    if value.numel() == 1:
        return f"{value.item():.6g}" if value.is_floating_point() else str(value.item())
    if value.numel() <= 6:
        return "[" + ", ".join(short(element) for element in value) + "]"
    return f"{str(value.dtype).removeprefix('torch.')}[{'×'.join(map(str, value.shape))}]"
