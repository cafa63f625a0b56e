"""`record`: run a function once, forward and backward, and give the tape."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from .clinic import explain
from .elements import copy_of
from .errors import OutputError
from .frames import learners_traceback
from .grains import links
from .inputs import Inputs, call, gather
from .modules import paths
from .recorder import Recorder
from .replay import quiet
from .slopes import was_edited
from .tape import Tape
from .typed import as_function
from .values import Value

MOST_ASKED = 100  # steps of single numbers, of which the graph itself is asked what they make of a vector


def record(
    function: Callable | str,
    /,
    *,
    inputs: Mapping[str, Any] | None = None,
    wrt: Iterable[str] | str | None = None,
    dtype: torch.dtype | None = None,
    **given: Any,
) -> Tape:
    """Run `function` once, forward and backward, and return the `Tape` of what PyTorch did.

    `function` is a Python function, or a formula as text: `record("sin(x^2)", x=4.0)`. Inputs are given by name; a number or a list becomes a tensor of `dtype` (float64 unless a tensor says otherwise).
    `wrt` names the inputs to differentiate. Raises `InputError` for a missing or unsuitable input, `OutputError` for a
    non-scalar output that is not elementwise; an error of the function itself comes through as it is.

    >>> import torch, autograd_lessons as al
    >>> tape = al.record(lambda x: torch.sin(x**2), x=4.0)
    >>> tape.inputs["x"].adjoint
    tensor(-7.6613, dtype=torch.float64)
    """
    __tracebackhide__ = True
    function = as_function(function, given, inputs)
    gathered = gather(function, given, inputs, wrt, dtype)
    tape = attempt(function, gathered)
    explain(tape)
    if tape.error is not None:
        raise tape.error.with_traceback(learners_traceback(tape.error))
    return tape


def run(function: Callable, inputs: Inputs) -> Tape:
    """One recorded run on inputs that are gathered already; raises what the function raises."""
    tape = attempt(function, inputs)
    if tape.error is not None:
        raise tape.error
    return tape


def run_again(function: Callable, inputs: Inputs) -> Tape:
    """Another recorded run of the same function, for our own purposes: its warnings have been shown."""
    with quiet():
        return run(function, inputs)


def attempt(function: Callable, inputs: Inputs) -> Tape:
    """The same, but an error of the function ends the tape and stands in `tape.error`."""
    recorder = Recorder(sys._getframe())
    arguments, own = inputs.fresh(), paths(function)
    for name, value in arguments.items():
        if isinstance(value, torch.Tensor):
            recorder.writer.add_input(name, value).path = own.get(name, name)
    output, raised = None, None
    try:
        with torch.enable_grad(), _uncompiled(), recorder:
            output = call(function, arguments)
    except Exception as error:
        raised = error
    tape = recorder.finish(output, raised)
    tape.function = function
    if tape.output is None:
        tape.returned = output
        if inspect.iscoroutine(output):
            output.close()  # nobody will wait for it, and Python would warn of that
    ran = any(run.kind == "backward" for run in tape.passes)
    try:
        if isinstance(output, torch.Tensor) and output.requires_grad and not ran:
            _backward(recorder, tape, output)
    finally:
        recorder.let_go()
    return tape


def _uncompiled() -> AbstractContextManager:
    """What `torch.compile` made runs as the code that it was made from: of compiled code there are no steps to write down."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


def _backward(recorder: Recorder, tape: Tape, output: torch.Tensor) -> None:
    """The engine, from the output to every leaf; `.grad` of no tensor is touched."""
    leaves = recorder.writer.leaves()
    target = output
    if output.is_complex():
        raise OutputError(
            f"{_called(tape.function)} returned complex numbers, which have no single gradient. "
            "Return a real number: for instance .real or .abs() of it."
        )
    if output.numel() != 1:
        if not is_elementwise(tape):
            shape = "×".join(map(str, output.shape)) or "()"
            raise OutputError(
                f"{_called(tape.function)} returned a tensor of shape {shape}, which has no single gradient. "
                "Return a number: for instance its .sum(), its .mean(), or one element of it."
            )
        tape.summed = True
        target = output.sum()
    small = len(tape.steps) <= MOST_ASKED and all([step.value.numel() == 1 for step in tape.steps])
    asks = small and not was_edited(tape)
    with recorder.own_pass(tape.target) as heard:
        gradients = torch.autograd.grad(target, [leaf for leaf, _ in leaves], retain_graph=asks, allow_unused=True)
    for (_, value), gradient in zip(leaves, gradients):
        if gradient is not None:
            heard.adjoints[value] = copy_of(gradient)
    if asks:  # as long as the graph is there: later each of its steps is called again
        recorder.look_while_asking(lambda tape: links(tape, "variables"))


def is_elementwise(tape: Tape) -> bool:
    """Whether each element of the output comes from the same element of the inputs (or from a single number)."""
    if not isinstance(tape.output, Value):
        return False
    shape = tape.target.value.shape
    shapes = [value.value.shape for value in tape.inputs.values() if value.requires_grad]
    pointwise = all(step.pointwise for step in tape.steps if step.requires_grad)
    return pointwise and shape in shapes and all(s == shape or s.numel() == 1 for s in shapes)


def _called(function: Callable | None) -> str:
    return getattr(function, "__name__", "the function")
