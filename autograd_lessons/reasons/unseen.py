"""What no step on the tape tells: a backward or a hook that someone wrote, and a function that is another one at each call."""

from __future__ import annotations

import torch

from ..tape import Tape
from .conditioning import shifted
from .cut import whole
from .disagreement import Cause, Disagreement, element, name_of
from .variation import explains, varied


def backward(here: Disagreement, h: float) -> Cause | None:
    """What came through a value that no step made is not what its function does between x − h and x + h.

    Confirmed by the numbers of the run: where that value really moves as it does there, the gradient is the finite
    difference's.
    """
    unseen = here.comparison.derivation.unseen
    if not unseen:
        return None
    names = [str(value.name) for value in unseen]
    below, above = shifted(here, -h), shifted(here, h)
    if below is None or above is None or not all(n in t.inputs for n in names for t in (below, above)):
        return None
    seen = varied(here.tape, here.name, whole)  # along the recorded steps alone
    gradient = torch.zeros_like(here.tape.inputs[here.name].value) if seen is None else seen.clone()
    for name, value in zip(names, unseen):
        if value.adjoint is None:
            continue
        moved = (above.inputs[name].value - below.inputs[name].value) / (2 * h)
        gradient.view(-1)[here.at] += (value.adjoint * moved).sum()
    if not explains(here, gradient):
        return None
    by = next((value.made_by_function for value in unseen if value.made_by_function), None)
    who = f"the backward of {by}" if by else f"what made {names[0]}"
    return "backward", (
        f"{who} sends back another slope than its forward has: autograd believes it, "
        "while a finite difference calls the forward only"
    )


def hook(here: Disagreement) -> Cause | None:
    """A hook of the learner's puts another gradient in place of the one that arrived. Confirmed without it."""
    hooked = next((event.on for event in here.tape.events if event.kind == "register_hook" and event.on), None)
    gradient = None if hooked is None else varied(here.tape, here.name, whole)
    if gradient is None:
        return None
    without = gradient.reshape(-1)[here.at].item()
    if abs(without - here.want) > 1e-4 * abs(here.want):
        return None
    return "hook", (
        f"{name_of(hooked)} has a hook, and what a hook returns goes on its way back in place of the gradient that arrived; "
        f"without it autograd would give {without:.9g}"
    )


def unsteady(here: Disagreement) -> Cause | None:
    """The function, called again at the same point, gives another value; random numbers are the same each time."""
    again = shifted(here, 0.0)
    if again is None or _is_random(here.tape):
        return None
    before, now = element(here.tape.target, here.at), element(again.target, here.at)
    if before == now or (before != before and now != now):
        return None
    return "unsteady", (
        f"the function is another one at each call: at the same point it gave {before:.6g} and then {now:.6g}, "
        "and a finite difference takes several calls for one function"
    )


def _is_random(tape: Tape) -> bool:
    return any(step.call.random_state is not None for step in tape.steps)
