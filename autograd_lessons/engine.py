"""Listen to autograd's engine: hooks on the nodes of recorded values tell what it delivers there, and in which order.

Never a tensor hook: that loses the gradient of a view whose base is changed in place, and can crash the process.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from .calls import tensors_in
from .elements import copy_of
from .session import Session
from .tape import Pass
from .values import Step, Value

_LEAF = 2**64 - 1  # what PyTorch numbers the nodes of all leaves with
_PARAMETERS = {
    "backward": ("tensor", "gradient", "retain_graph", "create_graph", "inputs"),
    "autograd.grad": (
        "outputs", "inputs", "grad_outputs", "retain_graph", "create_graph", "only_inputs", "allow_unused",
    ),
}  # fmt: skip


class NoAnswer(Exception):
    """What a step sends back cannot be asked of the graph."""


class Single(NamedTuple):
    """A step that is one autograd node: it, and where its edges lead."""

    node: Any
    edges: list[tuple[int, int]]  # a place in the step's inputs, and which of the node's edges leads there
    ends: list  # what is there, as in `Ear.ends`


class Ear:
    """Hears what the engine does for one recorder. `own` gives a value of an earlier tape its place on this one.

    With `at_once` no hook waits until the engine is called, since a run of it in a later block may get there.
    """

    def __init__(self, session: Session, own: Callable[[Any], Any], at_once: bool):
        self._session, self._own, self._at_once = session, own, at_once
        self._run: Pass | None = None
        self.ends: dict[Value, tuple] = {}  # which autograd node each value comes from, and which of its outputs
        self._waiting: list[weakref.ref] = []  # leaves whose nodes have no hook yet
        self._nodes: dict[int, Any] = {}  # of leaves, by id: held, since they live only as long as somebody holds them
        self._single: dict[Step, Single] = {}  # the steps that are one node, but for those with hooks set at once
        self._silent: list[Step] = []  # those of them that have no hook yet

    # ------------------------------------------------------------------ hooks
    def attach(self, tensor: torch.Tensor, value: Value) -> None:
        """Hear when a gradient arrives at a tensor that requires one."""
        node = tensor.grad_fn
        if node is not None:
            output = tensor.output_nr
            self.ends[value] = node._sequence_nr(), output  # pyright: ignore
            node.register_prehook(functools.partial(_arrived, self._session, value, output))
            return
        self.ends[value] = id(tensor), 0
        self._waiting.append(weakref.ref(tensor))
        if self._at_once:
            self.attach_leaves()

    def attach_leaves(self) -> None:
        """The same for the leaves, whose nodes take longer to find: only when somebody is going to send them something."""
        for waiting in self._waiting:
            if (tensor := waiting()) is None:
                continue
            with torch.enable_grad():
                leaf: Any = tensor.view_as(tensor).grad_fn.next_functions[0][0]  # pyright: ignore
            if self._nodes.get(id(tensor)) is not leaf:
                self._nodes[id(tensor)] = leaf
                leaf.register_prehook(functools.partial(_arrived_at_leaf, self._session, waiting))
        self._waiting.clear()

    def attach_behind(self, step: Step, tensor: torch.Tensor) -> None:
        """Hear what a step sends back to each of its inputs, where the step is one autograd node."""
        node: Any = tensor.grad_fn
        if node is None:
            return
        ends = self.ends
        used = {place: ends.get(v) for place, v in enumerate(step.inputs) if isinstance(v, Value) and v.requires_grad}
        ahead = {index: _end(*edge) for index, edge in enumerate(node.next_functions) if edge[0] is not None}
        if used and [*used.values()] == [*ahead.values()]:
            single = Single(node, [*zip(used, ahead)], [*used.values()])
            if self._at_once:
                self._hear_behind(step, single)
            else:
                self._single[step] = single
                self._silent.append(step)

    def _hear_behind(self, step: Step, single: Single) -> None:
        single.node.register_hook(functools.partial(_sent_back, self._session, step, single.edges))

    def attach_steps(self, but: Collection[Step] = ()) -> None:
        """Before a run of the engine: the same for the steps that have waited for it."""
        for step in self._silent:
            if step not in but:
                self._hear_behind(step, self._single[step])
        self._silent.clear()

    def alone(self, steps: list[Step]) -> dict[Step, list[int]]:
        """The steps whose inputs get nothing from elsewhere, with the places of these: what arrives there is what was sent.

        `steps` are all that a run of the engine goes through; there is an answer only where each of them is one node.
        """
        if any([step.requires_grad and step not in self._single for step in steps]):
            return {}
        met, shared = set(), set()
        for single in self._single.values():
            for end in single.ends:
                (shared if end in met else met).add(end)
        alone = [(step, single) for step, single in self._single.items() if shared.isdisjoint(single.ends)]
        return {step: [place for place, _ in single.edges] for step, single in alone}

    def hear(self, value: Value, gradient: torch.Tensor) -> None:
        if self._run is not None:
            value = self._own(value)
            self._run.adjoints[value] = copy_of(gradient)
            if isinstance(value, Step):
                self._run.order.append(value)

    def hear_sent(self, step: Step, edges: list[tuple[int, int]], gradients: tuple) -> None:
        if self._run is not None:
            self._run.sent[self._own(step)] = {
                place: copy_of(gradients[edge]) for place, edge in edges if gradients[edge] is not None
            }

    @contextmanager
    def listening(self, run: Pass) -> Iterator[Pass]:
        """While the engine runs, what it delivers is written to `run`."""
        self._run, self._session.ear = run, self
        try:
            yield run
            _part_from_edited(run)
            for value in run.adjoints if not run.keeps_graph else ():
                value.spent = value.original.spent = True  # a later block goes on from either
        except BaseException:
            run.failed = True
            raise
        finally:
            self._run = self._session.ear = None

    def let_go(self) -> None:
        """Hold no part of the graph any more."""
        self.ends, self._nodes, self._single = {}, {}, {}
        self._silent.clear()

    # ------------------------------------------------------------------ asking instead of listening
    def ask(self, step: Step, vector: torch.Tensor) -> dict[int, torch.Tensor]:
        """What the autograd node of a step sends back for any vector, by position in the step's inputs; nobody hears of it.

        To be called without grad mode, as the engine does. Raises `NoAnswer` where there is no node that can be asked, or
        where the engine would make something else of the answer: it brings a broadcast back to shape.
        """
        if step not in self._single:
            raise NoAnswer(f"{step.op} is not one node, or autograd has let go of it")
        single = self._single[step]
        try:
            answer = single.node(vector)
        except (RuntimeError, TypeError) as error:  # what it saved was changed, or it is written in Python
            raise NoAnswer(str(error)) from None
        sent = answer if isinstance(answer, tuple) else (answer,)
        back = {place: sent[edge] for place, edge in single.edges if sent[edge] is not None}
        if not all([_fits(product, step.inputs[place].value) for place, product in back.items()]):
            raise NoAnswer(f"{step.op} was broadcast")
        return back

    # ------------------------------------------------------------------ what cannot be heard
    def unreadable(self, args: tuple, kwargs: dict) -> tuple:
        """The steps before the roots of which the engine cannot have back what they had saved: it was freed, or changed."""
        made = {number: value for value, (number, _) in self.ends.items()}
        given = args[0] if args else kwargs["outputs"]
        waiting: list[tuple[Any, Any]] = [(root.grad_fn, None) for root in tensors_in(given)]
        found: dict[Any, None] = {}
        visited = set()
        while waiting:
            node, owner = waiting.pop()
            if node is None or node in visited:
                continue
            visited.add(node)
            owner = made.get(node._sequence_nr(), owner)  # a call may be several nodes: the last one has its result
            if owner is not None and not _can_be_read(node):
                found[owner] = None
            waiting += [(ahead, owner) for ahead, _ in node.next_functions]
        return tuple(found)


def pass_of(op: str, args: tuple, kwargs: dict, known: list, index: int, source: Any, line: int) -> Pass:
    """The `Pass` that a call of the engine begins, `known` being what the call's tensors hold."""
    given = dict(zip(_PARAMETERS[op], args)) | kwargs
    values = {key: tuple(known[i] for i in places) for key, places in _places(op, args, kwargs).items()}
    first = _PARAMETERS[op][0]
    retain = given.get("retain_graph")
    run = Pass(index, op, values[first], bool(given.get("create_graph") if retain is None else retain), source, line)
    run.tensors = tuple(map(weakref.ref, tensors_in(given[first])))
    run.wanted = values.get("inputs", ())
    run.seeds = (*values.get("gradient", ()), *values.get("grad_outputs", ()))
    return run


def _part_from_edited(run: Pass) -> None:
    """Give the values that were edited out of autograd's sight what came back through their own uses.

    They are on the same autograd node as the value before the edit, and the engine delivered the gradient of both there.
    """
    edited = [value for value in run.order if value.op == "edited" and value not in run.roots]
    for value in sorted(edited, key=lambda step: step.index, reverse=True):
        parts = [
            product
            for step in run.order
            if value in step.inputs
            for place, product in run.products(step).items()
            if step.inputs[place] is value
        ]
        if parts:
            run.adjoints[value] = functools.reduce(torch.add, parts)


def _arrived(session: Session, value: Value, output: int, gradients: tuple) -> None:
    """A hook on the autograd node of a value: the adjoint has arrived there."""
    if session.ear is not None and gradients[output] is not None:
        session.ear.hear(value, gradients[output])


def _arrived_at_leaf(session: Session, leaf: weakref.ref, gradients: tuple) -> None:
    """The same for a leaf, whose node outlives its in-place changes."""
    seen = None if (tensor := leaf()) is None else session.get(tensor)
    if seen is not None and isinstance(seen.value, Value):
        _arrived(session, seen.value, 0, gradients)


def _sent_back(session: Session, step: Step, edges: list[tuple[int, int]], gradients: tuple, _: tuple) -> None:
    """A hook on the autograd node of a step: what it sends to each of its inputs."""
    if session.ear is not None:
        session.ear.hear_sent(step, edges, gradients)


def _end(node: Any, output: int) -> tuple:
    """What an edge of autograd's graph leads to, by the number of the node. A leaf's node has none: the leaf stands for it.

    Nor has the node of an operation whose derivative PyTorch lacks: `2 % x`.
    """
    number = node._sequence_nr()
    return (id(getattr(node, "variable", node)) if number == _LEAF else number), output


def _fits(product: torch.Tensor, value: torch.Tensor) -> bool:
    return product.shape == value.shape and product.dtype == value.dtype


def _can_be_read(node: Any) -> bool:
    """Whether autograd still has, unchanged, what this node saved for the way back."""
    try:
        for name in dir(node):
            if name.startswith("_saved_") or name == "saved_tensors":
                getattr(node, name)
    except RuntimeError:
        return False
    return True


def _places(op: str, args: tuple, kwargs: dict) -> dict[str, list[int]]:
    """By parameter of an engine call: which of all its tensors were passed there."""
    count, places = 0, {}
    for key, value in (*zip(_PARAMETERS[op], args), *kwargs.items()):
        places[key] = list(range(count, count := count + len(tensors_in(value))))
    return places
