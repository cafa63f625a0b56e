"""Why backward() or torch.autograd.grad raised: what it starts from, what it is asked for, and what lies between."""

from __future__ import annotations

from typing import Any

from ..tape import Pass
from ..values import Input, Step
from . import gradients, inplace, passes
from .absent import never_required, no_graph
from .cuts import explain_cut, find_cut
from .evidence import Evidence, shape
from .finding import Finding


def explain(evidence: Evidence, run: Pass) -> Finding | None:
    for root in run.roots:
        if not getattr(root, "requires_grad", False):
            cut = find_cut(evidence, root)
            of_a_gradient = (
                passes.gradient_without_graph(evidence, run) if cut is None or cut.step.op == "grad" else None
            )
            return of_a_gradient or no_graph(evidence, root)
    for value in run.wanted:
        if not getattr(value, "requires_grad", False) or evidence.switched_off(value):
            return _wanted(evidence, value)
    if (found := _start(evidence, run)) is not None:
        return found
    unused = next((v for v in run.wanted if v not in evidence.ancestors(*run.roots, tracked=True)), None)
    spent = passes.freed(evidence, run)
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
            else f"torch.autograd.grad({name or 'y'}.sum(), {_asked_for(evidence, run)})"
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


def _asked_for(evidence: Evidence, run: Pass) -> str:
    """What the gradients were asked for, as it would be typed."""
    names = [evidence.called(value) for value in run.wanted]
    return names[0] if len(names) == 1 else f"({', '.join(names)})" if names else "x"


def _wanted(evidence: Evidence, value: Any) -> Finding:
    where = f"torch.autograd.grad in {evidence.spot(evidence.tape.failure)}"
    if isinstance(value, Step) and find_cut(evidence, value) is not None:
        return no_graph(evidence, value)
    return (
        no_graph(evidence, value)
        if evidence.switched_off(value)
        else never_required(evidence, value, where, only=value)
    )


def _output(evidence: Evidence, run: Pass) -> str:
    """What a pass went back from; made within the call of the engine it has no name."""
    called = evidence.called(run.roots[0])
    return "the output" if called == "this tensor" else called


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
            f"{_output(evidence, run)} was not computed from {name}: that both have the same numbers"
            " does not count.",
            "Only what the operations really used gets a gradient.",
            f"Change: compute the output from {name}, or ask for the gradient of what it used.",
        )  # fmt: skip
    spot, name = evidence.spot(run), name or made_from
    what = evidence.called(value)
    return evidence.finding(
        "unused_input", run, name,
        f"{spot}: {spot.code} asks for a gradient for {what}.",
        f"Nothing leads from {what} to {_output(evidence, run)}: no operation on the way used it"
        + (", so its slope is 0." if leaf is not None else " (each indexing makes a new tensor)."),
        f"Change: leave {what} out, or if 0 is the answer: allow_unused=True" if leaf is not None
        else f"Change: ask for all of {name or 'the leaf'}, and take the element of the gradient afterwards.",
    )  # fmt: skip
