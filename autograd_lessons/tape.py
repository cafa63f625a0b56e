"""What a recorded run is: the values that it made, in order, and the gradients that came back to them.

Plain data, read only. `writer` fills it; everything else reads it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import torch

from . import returned
from .errors import OutputError
from .life import Life
from .plan import Plan, plan_of
from .source import Block, Source
from .values import Input, Step, Value, numbered, reference, short

MOST_ROWS = 100  # of a printed tape; of a longer one the first and the last are shown


class Contribution(NamedTuple):
    """What one use of a value sends back to it: `product` = `local` · the using step's adjoint (a VJP)."""

    step: Step
    position: int  # which of step.inputs the value is
    local: torch.Tensor | None  # ∂step/∂value elementwise, in the step's shape; None where it is a full Jacobian
    product: torch.Tensor  # in the value's shape


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
                label = "output" if value is output and "output" not in taken else numbered(value.index)
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
        called = f"{value.op}({', '.join(map(reference, value.inputs))})"
        return numbered(value.index), value.name or "", called, short(value.value), short(value.adjoint)
    return "", value.name or "?", value.origin, short(value.value), short(value.adjoint)  # pyright: ignore
