"""What a recorded run is: the values that it made, in order, and the gradients that came back to them.

Plain data, read only. `recorder` fills it; everything else reads it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import torch

from . import returned
from .elements import copy_of
from .errors import OutputError
from .life import Life
from .plan import Plan, plan_of
from .replay import Call, Operand, Replay
from .source import Block, Source
from .trail import Site

MOST_ROWS = 100  # of a printed tape; of a longer one the first and the last are shown


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
        args = ", ".join(_reference(value) for value in self.inputs)
        return f"#{self.index} {name}{self.op}({args}) = {_short(self.value)}"


class Event(NamedTuple):
    """Something seen that made no tensor: `backward`, `.grad` read or set, a shape, an item, grad mode, a call that raised."""

    index: int
    kind: str
    on: Value | None
    source: Source | None
    line: int = 0
    argument: Any = None  # what was passed, where it is a plain value: `requires_grad_(False)`
    result: Any = None  # a plain value that came back, else whether anything did: False for a `.grad` that is not there
    skipped: Any = ()  # the parameters without a gradient that an optimizer left as they were


class Pass:
    """One run of the engine, from its roots back to the leaves: `loss.backward()`, `torch.autograd.grad(…)`."""

    def __init__(self, index: int, kind: str, roots: tuple, keeps_graph: bool, source: Source | None, line: int):
        self.index, self.kind, self.roots, self.keeps_graph = index, kind, roots, keeps_graph
        self.source, self.line = source, line
        self.tensors: tuple[weakref.ref, ...] = ()  # the roots themselves, as long as the learner's code holds them
        self.wanted: tuple = ()  # `inputs=`: what the gradients were asked for
        self.seeds: tuple = ()  # `gradient=` or `grad_outputs=`
        self.failed = False
        self.adjoints: dict[Value, torch.Tensor] = {}
        #: what the engine sent along each edge, where it was heard
        self.sent: dict[Step, dict[int, torch.Tensor]] = {}
        self.alone: dict[Step, list[int]] = {}  # steps that nobody else sends to the inputs of; by position
        self.order: list[Step] = []  # in which the engine ran them
        self._uses: dict[Value, list[Step]] | None = None

    def products(self, step: Step) -> dict[int, torch.Tensor]:
        """By position in the step's inputs: what this pass sent back there."""
        if step not in self.sent:
            self.sent[step] = self._unheard(step) if step in self.adjoints else {}
        return self.sent[step]

    def _unheard(self, step: Step) -> dict[int, torch.Tensor]:
        """What arrived at the inputs of a step that alone sent it; else what the step sends when it is called again."""
        places = self.alone.get(step, ())
        if places and all([step.inputs[place] in self.adjoints for place in places]):
            return {place: self.adjoints[step.inputs[place]] for place in places}
        return step.pull_back(self.adjoints[step])

    def uses_of(self, value: Value) -> list[Step]:
        """The steps that used this value and that a gradient came back to, each once."""
        if self._uses is None:
            self._uses = {}
            for step in sorted((v for v in self.adjoints if isinstance(v, Step)), key=lambda step: step.index):
                for used in dict.fromkeys(step.inputs):
                    self._uses.setdefault(used, []).append(step)
        return self._uses.get(value, [])

    def contributions(self, value: Value) -> tuple[Contribution, ...]:
        """One for each use of a value that this pass reached."""
        return tuple(
            Contribution(step, position, step.slopes.get(position), self.products(step)[position])
            for step in self.uses_of(value)
            for position, used in enumerate(step.inputs)
            if used is value and position in self.products(step)
        )


class Failure(NamedTuple):
    """The torch call that raised: what it was called with, and where."""

    error: BaseException | None  # None where it was caught: its traceback would keep alive what its frames hold
    kind: str
    operands: tuple  # what its tensors were: steps, inputs, constants
    source: Source | None
    line: int
    grad_enabled: bool
    options: dict[str, Any]  # its plain keyword arguments
    unreadable: tuple  # of a call of the engine: the steps whose saved values were freed, or changed since
    index: int  # of the event
    raised: str  # "RuntimeError"


@dataclass(eq=False)
class Tape:
    """One recorded run. See the attributes; `print(tape)` shows them as a table."""

    steps: tuple[Step, ...] = ()
    events: tuple[Event, ...] = ()
    earlier: list[Step] = field(default_factory=list)  # steps of earlier recorded blocks that this one goes on from
    inputs: dict[str, Input] = field(default_factory=dict)
    output: Value | tuple | None = None
    returned: Any = None  # the output as it was, where there is no tensor in it
    passes: list[Pass] = field(default_factory=list)
    summed: bool = False  # the output was elementwise: its sum was differentiated
    function: Callable = print  # the recorded function
    block: Block | None = None  # the recorded cell or `with` block, where it was no function
    lives: tuple[Life, ...] = ()  # of each leaf's .grad
    error: BaseException | None = None  # what ended the run
    failure: Failure | None = None  # the torch call that raised it, if one did
    caught: tuple[Failure, ...] = ()  # the torch calls that raised what the learner's code caught
    findings: tuple = ()  # what the clinic says of this run
    alive: frozenset = frozenset()  # the steps whose tensor somebody still held when the run had ended
    folded: int = 0  # how many backward passes between the first and the last ones are not kept
    cache: dict[Any, Any] = field(default_factory=dict)  # what others derived from this tape
    #: `Ear.ask`, within `Recorder.look_while_asking`
    ask: Callable[[Step, torch.Tensor], dict[int, torch.Tensor]] | None = None

    @property
    def engine_order(self) -> tuple[int, ...]:
        """The indices of the steps in the order in which the engine last reached them."""
        return tuple(dict.fromkeys(step.index for step in self.passes[-1].order)) if self.passes else ()

    def last_pass_to(self, value: Value) -> Pass | None:
        """The last run of the engine that brought a gradient to this value."""
        for run in reversed(self.passes):
            if value in run.adjoints:
                return run
        return None

    @property
    def target(self) -> Value:
        """The output, where it is one tensor; raises `OutputError` where it is not."""
        if isinstance(self.output, Value):
            return self.output
        name = getattr(self.function, "__name__", "the function")
        raise OutputError(returned.told(name, self.output if isinstance(self.output, tuple) else self.returned))

    @property
    def history(self) -> tuple[Step, ...]:
        """The steps of earlier recorded blocks that this one goes on from, then its own."""
        return (*self.earlier, *self.steps) if self.earlier else self.steps

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """The inputs, then the steps."""
        return (*self.inputs.values(), *self.history)

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

    @cached_property
    def plan(self) -> Plan:
        """What this run has in common with others that took the same way: all but the numbers."""
        return plan_of(self)

    @cached_property
    def labels(self) -> dict[Value, str]:
        """A unique text for each value: inputs keep their names, a name given twice belongs to the last step."""
        return dict(zip(self.values, self.plan.keep("labels", self._find_labels)))

    def forget_derived(self) -> None:
        """Now that the tape is written: forget what somebody derived from it before."""
        self.cache.clear()
        for name in _DERIVED:
            self.__dict__.pop(name, None)

    def _find_labels(self) -> list[str]:
        taken: dict[Any, Any] = {value.name: value for value in self.history if value.name and value.depth == 0}
        taken |= dict(self.inputs)
        owner: dict[Value, str] = {value: name for name, value in taken.items()}
        output = self.output if isinstance(self.output, Step) else None
        found = []
        for value in self.values:
            label = owner.get(value, "")
            if not label and isinstance(value, Step):
                label = "output" if value is output and "output" not in taken else _numbered(value.index)
            found.append(label)
        return found

    def __repr__(self) -> str:
        values = self.values
        left_out = len(values) - MOST_ROWS
        if left_out > 0:
            values = (*values[: MOST_ROWS // 2], *values[-MOST_ROWS // 2 :])
        rows = [("", "name", "operation", "value", "adjoint"), *map(_row, values)]
        if left_out > 0:
            rows.insert(1 + MOST_ROWS // 2, ("…", "", f"{left_out:,} more: see .steps", "", ""))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        if self.summed:
            lines.append("The output is elementwise: the gradient is that of its sum.")
        for finding in self.findings:
            lines += ["", finding.text]
        return "\n".join(lines)


_DERIVED = [name for name, made in vars(Tape).items() if isinstance(made, cached_property)]


def _row(value: Value) -> tuple[str, str, str, str, str]:
    if isinstance(value, Step):
        called = f"{value.op}({', '.join(map(_reference, value.inputs))})"
        return _numbered(value.index), value.name or "", called, _short(value.value), _short(value.adjoint)
    return "", value.name or "?", value.origin, _short(value.value), _short(value.adjoint)  # pyright: ignore


def _numbered(index: int) -> str:
    return f"#{index}" if index >= 0 else f"earlier_{-index}"


def _reference(value) -> str:
    if isinstance(value, Constant):
        return _short(value.value)
    return value.name or (_numbered(value.index) if isinstance(value, Step) else "?")


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
