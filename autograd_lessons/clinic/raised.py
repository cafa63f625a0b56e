"""What an exception means: the cause is looked for on the tape; the message is only the last hint."""

from __future__ import annotations

import numbers
import types
from typing import Any

from ..source import author
from ..values import Step
from . import engine, gradients, inplace, reading
from .absent import leaving, left_graph
from .evidence import Evidence
from .finding import Finding


def explain(evidence: Evidence) -> Finding | None:
    """The cause of the exception that ended the run; None if it is none of autograd's."""
    error, failure = evidence.tape.error, evidence.tape.failure
    if failure is None:
        return _without_a_call(evidence, error)
    if not isinstance(error, (RuntimeError, TypeError)):
        return None
    if failure.kind in ("backward", "autograd.grad"):
        return engine.explain(evidence, evidence.tape.passes[-1])
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
