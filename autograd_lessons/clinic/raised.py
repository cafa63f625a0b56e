"""What an exception means: the cause is looked for on the tape; the message is only the last hint."""

from __future__ import annotations

import numbers
import types
from typing import Any

from ..source import author
from ..tape import Input, Pass, Step
from . import gradients, inplace, memory, reading
from .cuts import explain_cut, find_cut, leaving, left_graph, never_required, no_graph
from .evidence import Evidence, Finding, shape


def explain(evidence: Evidence) -> Finding | None:
    """The cause of the exception that ended the run; None if it is none of autograd's."""
    error, failure = evidence.tape.error, evidence.tape.failure
    if failure is None:
        return _without_a_call(evidence, error)
    if not isinstance(error, (RuntimeError, TypeError)):
        return None
    if failure.kind in ("backward", "autograd.grad"):
        return _engine(evidence, evidence.tape.passes[-1])
    if failure.kind == "retain_grad":
        return gradients.retain_without_grad(evidence)
    if any(getattr(v, "is_inference", False) for v in failure.operands) and _mentions(
        error, "nference", "InferenceMode"
    ):
        return _inference(evidence)
    if failure.kind in ("set requires_grad", "requires_grad_"):
        return _flag(evidence)
    if failure.options.get("requires_grad") is True and _mentions(error, "floating point", "complex dtype"):
        return _integers(evidence, failure, reading.target(failure.source))
    if failure.kind in ("numpy", "array"):
        return _array(evidence)
    return inplace.on_leaf(evidence) if _mentions(error, "leaf", "in-place") else None


def _mentions(error: Any, *wordings: str) -> bool:
    return any(wording in str(error) for wording in wordings)


# ---------------------------------------------------------------- backward() and torch.autograd.grad
def _engine(evidence: Evidence, run: Pass) -> Finding | None:
    for root in run.roots:
        if not getattr(root, "requires_grad", False):
            cut = find_cut(evidence, root)
            of_a_gradient = (
                memory.gradient_without_graph(evidence, run) if cut is None or cut.step.op == "grad" else None
            )
            return of_a_gradient or no_graph(evidence, root)
    for value in run.wanted:
        if not getattr(value, "requires_grad", False) or evidence.switched_off(value):
            return _wanted(evidence, value)
    if (found := _start(evidence, run)) is not None:
        return found
    unused = next((v for v in run.wanted if v not in evidence.ancestors(*run.roots, tracked=True)), None)
    spent = memory.freed(evidence, run)
    if spent is not None:
        return spent
    edited = inplace.on_saved(evidence, run)
    if edited is not None:
        return edited
    return _unused(evidence, run, unused) if unused is not None else None


def _start(evidence: Evidence, run: Pass) -> Finding | None:
    """What backward() starts with: one number, or a gradient for each of several."""
    root, spot = run.roots[0], evidence.spot(run)
    name = evidence.named(root)
    if not run.seeds:
        if root.value.numel() == 1:
            return None
        call = (
            f"{name or 'y'}.sum().backward()"
            if run.kind == "backward"
            else f"torch.autograd.grad({name or 'y'}.sum(), x)"
        )
        return evidence.finding(
            "nonscalar", run, name,
            f"{spot}: {spot.code}",
            f"{name or 'What it starts from'} has the shape {shape(root)}: it is {root.value.numel()} numbers, each with a slope of its own.",
            "A gradient is that of one number, so it is not clear which is meant.",
            f"Change: make one number of them first: {call}, or .mean()",
        )  # fmt: skip
    for start, seed in zip(run.roots, run.seeds):
        if start.value.shape != seed.value.shape:
            name = evidence.named(start)
            return evidence.finding(
                "gradient_shape", run, name,
                f"{spot}: {spot.code}",
                f"{name or 'The output'} has the shape {shape(start)}, the gradient that was passed has {shape(seed)}.",
                "It gives each element of the output its weight, so it needs one number for each.",
                f"Change: torch.ones_like({name or 'y'}) has the right shape, and means the sum.",
            )  # fmt: skip
    return None


def _wanted(evidence: Evidence, value: Any) -> Finding:
    where = f"torch.autograd.grad in {evidence.spot(evidence.tape.failure)}"
    if isinstance(value, Step) and find_cut(evidence, value) is not None:
        return no_graph(evidence, value)
    return (
        no_graph(evidence, value)
        if evidence.switched_off(value)
        else never_required(evidence, value, where, only=value)
    )


def _unused(evidence: Evidence, run: Pass, value: Any) -> Finding:
    """torch.autograd.grad with respect to a tensor that the output was not computed from."""
    lost = gradients.lost_leaf(evidence, value)
    if lost is not None:
        return lost
    leaf = evidence.known_leaf(value)
    for root in run.roots if leaf is not None else ():
        cut = find_cut(evidence, root, leaf)
        if cut is not None and not (isinstance(cut.step, Input)):
            return explain_cut(evidence, cut, f"torch.autograd.grad in {evidence.spot(run)}")
    name = evidence.name(value)
    made_from = evidence.nearest_name(value)
    if leaf is None and name is not None:
        spot = evidence.spot(value)
        return evidence.finding(
            "unused_input", value, name,
            f"{spot}: {spot.code} makes a new tensor {name}.",
            f"{evidence.named(run.roots[0]) or 'The output'} was not computed from {name}: that both have the same numbers"
            " does not count.",
            "Only what the operations really used gets a gradient.",
            f"Change: compute the output from {name}, or ask for the gradient of what it used.",
        )  # fmt: skip
    spot, name = evidence.spot(run), name or made_from
    what = evidence.called(value)
    return evidence.finding(
        "unused_input", run, name,
        f"{spot}: {spot.code} asks for a gradient for {what}.",
        f"Nothing leads from {what} to {evidence.named(run.roots[0]) or 'the output'}: no operation on the way used it"
        + (", so its slope is 0." if leaf is not None else " (each indexing makes a new tensor)."),
        f"Change: leave {what} out, or if 0 is the answer: allow_unused=True" if leaf is not None
        else f"Change: ask for all of {name or 'the leaf'}, and take the element of the gradient afterwards.",
    )  # fmt: skip


# ---------------------------------------------------------------- flags, dtypes, arrays
def _inference(evidence: Evidence) -> Finding:
    failure = evidence.tape.failure
    assert failure is not None
    value = next(v for v in failure.operands if getattr(v, "is_inference", False))
    name = evidence.named(value)
    spot = evidence.spot(value, reading.around(evidence.source(value), "inference_mode"))
    return evidence.finding(
        "inference_tensor", value, name,
        f"{spot}: {spot.code}",
        f"{name or evidence.called(value)} was made in inference mode. Such a tensor is made without what a graph needs,",
        f"and {evidence.spot(failure)} wants to use it in one.",
        f"Change: torch.no_grad() instead of inference_mode, or use a copy: {name or 'h'}.clone()",
        spot=spot,
    )  # fmt: skip


def _flag(evidence: Evidence) -> Finding | None:
    failure = evidence.tape.failure
    assert failure is not None
    value = failure.operands[0]
    if not value.value.is_floating_point() and not value.value.is_complex():
        return _integers(evidence, value, evidence.named(value))
    if not isinstance(value, Step) or not value.requires_grad or evidence.leaf(value) is not None:
        return None
    spot, name = evidence.spot(failure), evidence.named(value) or reading.subject(failure.source)
    return evidence.finding(
        "flag_on_nonleaf", failure, name,
        f"{spot}: {spot.code} sets a flag that only leaves have.",
        f"{name or 'The tensor'} was computed in {evidence.spot(value)}: whether it requires grad follows from its operands.",
        f"Change: go on with its numbers alone: {name or 'h'} = {name or 'h'}.detach()",
    )  # fmt: skip


def _integers(evidence: Evidence, at: Any, name: str | None) -> Finding:
    spot = evidence.spot(at)
    return evidence.finding(
        "integer_dtype", at, name,
        f"{spot}: {spot.code} makes whole numbers.",
        "A gradient says what happens when a number moves a little, and a whole number cannot.",
        "So only floating-point tensors can require grad.",
        "Change: write a decimal point, as in 1.0, or say dtype=torch.float32.",
    )  # fmt: skip


def _array(evidence: Evidence) -> Finding | None:
    failure = evidence.tape.failure
    assert failure is not None
    value = failure.operands[0] if failure.operands else None
    if value is None or not getattr(value, "requires_grad", False):
        return None
    spot, name = evidence.spot(failure), evidence.nearest_name(value)
    what = evidence.called(value)
    return evidence.finding(
        "left_graph", failure, name,
        f"{spot}: {spot.code} wants a NumPy array of {what}.",
        "NumPy knows nothing of gradients: with it the computation would leave the graph, so PyTorch refuses.",
        f"Change: {name or 'y'}.detach().numpy() for a plot; on the way to the loss torch's own functions.",
    )  # fmt: skip


# ---------------------------------------------------------------- exceptions that are not torch's own
def _without_a_call(evidence: Evidence, error: Any) -> Finding | None:
    if type(error).__name__ == "GradcheckError":
        return _gradcheck(evidence)
    where = _where(error)
    if isinstance(error, AttributeError) and getattr(error, "name", None) == "backward":
        return _no_tensor(evidence, error, where)
    if isinstance(error, (TypeError, AttributeError)):
        none = isinstance(error, AttributeError) and getattr(error, "obj", 0) is None
        none = none or _mentions(error, "NoneType", "None")
        return gradients.none_used(evidence, where[0]) if none and where is not None else None
    if isinstance(error, ValueError) and where is not None and where[1] == "optimizer":
        return _optimizer(evidence, where[0])
    if isinstance(error, RuntimeError) and where is not None and where[1] != "learner":
        last = evidence.tape.steps[-1] if evidence.tape.steps else None
        whole = last is not None and _is_integer(last) and last.source is not None and last.source.line == where[0]
        if whole and _mentions(error, "floating point", "complex dtype"):
            return _integers(evidence, last, None)
    return None


def _is_integer(step: Step) -> bool:
    return not step.value.is_floating_point() and not step.value.is_complex()


def _where(error: Any) -> tuple[int, str] | None:
    """The learner's innermost line in an exception's traceback, and whose code it was that raised."""
    entry: types.TracebackType | None = error.__traceback__
    line, raised_by = None, "learner"
    while entry is not None:
        raised_by = author(entry.tb_frame.f_code.co_filename)
        line = entry.tb_lineno if raised_by == "learner" else line
        entry = entry.tb_next
    return None if line is None else (line, raised_by)


def _no_tensor(evidence: Evidence, error: Any, where: tuple[int, str] | None) -> Finding | None:
    """`loss.backward()` where loss is a Python number."""
    if not isinstance(getattr(error, "obj", None), numbers.Number):
        return None
    event = leaving(evidence, None)
    if event is None or where is None:
        return None
    mentioned = [n for n in reading.names_in_call(evidence.file, where[0])]
    found = left_graph(evidence, event, f"backward() in line {where[0]}")
    return found._replace(name=mentioned[0] if mentioned else found.name)


def _optimizer(evidence: Evidence, line: int) -> Finding | None:
    for name in reading.names_in_call(evidence.file, line):
        for value in reversed(evidence.tape.all(name)):
            if (found := gradients.lost_leaf(evidence, value)) is not None:
                return found
            break
    return None


def _gradcheck(evidence: Evidence) -> Finding | None:
    single = [v for v in evidence.tape.inputs.values() if v.requires_grad and v.value.element_size() < 8]
    if not single:
        return None
    value = single[0]
    name, spot = evidence.name(value), evidence.spot(value)
    return evidence.finding(
        "gradcheck_float32", value, name,
        f"{spot}: {spot.code} makes numbers of {value.value.element_size() * 8} bits.",
        "gradcheck compares the gradient with a difference of two values that lie very close together:",
        "in single precision it is mostly rounding, and the failure says nothing about the gradient.",
        f"Change: check in double precision: {name or 'x'}.double(), or dtype=torch.float64",
    )  # fmt: skip
