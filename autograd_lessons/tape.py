"""What a recorded run is: the values that it made, in order, and the gradients that came back to them.

Plain data, read only. `recorder` fills it; everything else reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from .errors import OutputError
from .source import Source


class Constant:
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


class Value:
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


@dataclass(frozen=True)
class Call:
    """What was called, with every tensor replaced by the value that it was; enough to call it again."""

    function: Callable
    args: tuple
    kwargs: dict
    output: int | None = None  # which element of the returned tuple
    changed: int | None = None  # which tensor argument the call changed in place
    view: tuple | None = None  # (size, stride, offset): the call changed this part of that argument
    random_state: torch.Tensor | None = None

    def operands(self) -> Iterator[Any]:
        yield from _leaves(self.args)
        yield from _leaves(self.kwargs)

    def again(self, tensors: list[torch.Tensor]) -> torch.Tensor:
        """The call on other tensors, given in the order of the tensor operands; works on copies."""
        supply = iter(tensors)
        seen = []

        def take(_):
            seen.append(next(supply))
            return seen[-1]

        args, kwargs = substitute(self.args, take), substitute(self.kwargs, take)
        if self.changed is None:
            result = self.function(*args, **kwargs)
            return result if self.output is None else result[self.output]
        original = seen[self.changed]
        copy = original.clone()
        part = copy if self.view is None else copy.as_strided(*self.view)
        count = iter(range(len(seen)))

        def swap(_):
            here = next(count)
            return part if here == self.changed or seen[here] is original else seen[here]

        self.function(*substitute(self.args, swap), **substitute(self.kwargs, swap))
        return copy


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
            self._slopes = Replay(self).slopes()
        return self._slopes

    def pull_back(self, vector: torch.Tensor) -> dict[int, torch.Tensor]:
        """By position: the product of any `vector` in this step's shape with ∂step/∂input, by calling the operation again."""
        return Replay(self).products(vector)

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


def substitute(arguments: Any, take: Callable) -> Any:
    """`arguments` (nested tuples, lists, dicts, slices) with each `Value` or tensor `Constant` replaced by take(it)."""
    if isinstance(arguments, (Value, Constant)):
        return take(arguments)
    if isinstance(arguments, (tuple, list)):
        replaced = [substitute(item, take) for item in arguments]
        if hasattr(arguments, "_fields"):
            return type(arguments)(*replaced)
        return type(arguments)(replaced) if type(arguments) in (tuple, list) else tuple(replaced)
    if isinstance(arguments, dict):
        return {key: substitute(item, take) for key, item in arguments.items()}
    if isinstance(arguments, slice):
        return slice(*(substitute(item, take) for item in (arguments.start, arguments.stop, arguments.step)))
    return arguments


def _leaves(arguments) -> Iterator[Any]:
    if isinstance(arguments, (tuple, list)):
        for item in arguments:
            yield from _leaves(item)
    elif isinstance(arguments, dict):
        for item in arguments.values():
            yield from _leaves(item)
    elif isinstance(arguments, slice):
        yield from _leaves((arguments.start, arguments.stop, arguments.step))
    else:
        yield arguments


class Replay:
    """A step's operation called once more on copies of what it used, for vector–Jacobian products of this one call."""

    def __init__(self, step: Step):
        self.step = step
        self.tensors = [
            used.value.clone().requires_grad_(getattr(used, "requires_grad", False))
            for used in step.inputs
            if isinstance(used.value, torch.Tensor)
        ]
        places = [place for place, used in enumerate(step.inputs) if isinstance(used.value, torch.Tensor)]
        wanted = [(place, copy) for place, copy in zip(places, self.tensors) if copy.requires_grad]
        self.positions, self.flows = [place for place, _ in wanted], [copy for _, copy in wanted]
        self.result = self._again(self.tensors) if wanted else None

    def _again(self, tensors: list[torch.Tensor]) -> torch.Tensor | None:
        with torch.enable_grad(), _random_state(self.step.call.random_state):
            result = self.step.call.again(tensors)
        return result if result.requires_grad else None

    def products(self, vector: torch.Tensor) -> dict[int, torch.Tensor]:
        if self.result is None:
            return {}
        products = torch.autograd.grad(self.result, self.flows, vector, allow_unused=True)
        return {place: product for place, product in zip(self.positions, products) if product is not None}

    def slopes(self) -> dict[int, torch.Tensor]:
        result = self.result
        single = result is not None and all(t.numel() == 1 for t in (*self.tensors, result))
        if result is None or not (self.step.pointwise or single):
            return {}
        flows = self.flows
        if not single and any(t.shape != result.shape for t in flows):
            # an operand was broadcast: each is spread out first, so that nothing is summed
            spread = [t.detach().expand(result.shape).clone().requires_grad_(t.requires_grad) for t in self.tensors]
            result, flows = self._again(spread), [t for t in spread if t.requires_grad]
            assert result is not None
        ones = torch.autograd.grad(result, flows, torch.ones_like(result), allow_unused=True)
        return {place: one.reshape(result.shape) for place, one in zip(self.positions, ones) if one is not None}


class _random_state:
    """Run a block from a remembered random state and leave the generator as it was."""

    def __init__(self, state: torch.Tensor | None):
        self.state = state

    def __enter__(self):
        if self.state is not None:
            self.before = torch.get_rng_state()
            torch.set_rng_state(self.state)

    def __exit__(self, *_):
        if self.state is not None:
            torch.set_rng_state(self.before)


def _reference(value) -> str:
    if isinstance(value, Constant):
        return _short(value.value)
    return value.name or (f"#{value.index}" if isinstance(value, Step) else "?")


def _short(value) -> str:
    """Numbers as they stand, tensors by their first elements."""
    if value is None:
        return "–"
    if not isinstance(value, torch.Tensor):
        return repr(value)
    if value.numel() == 1:
        return f"{value.item():.6g}" if value.is_floating_point() else str(value.item())
    if value.ndim == 1 and value.numel() <= 4:
        return "[" + ", ".join(_short(element) for element in value) + "]"
    return f"{str(value.dtype).removeprefix('torch.')}[{'×'.join(map(str, value.shape))}]"
