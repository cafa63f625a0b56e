"""Whether the chain-rule terms of a stage, as they are shown, add up to the gradient that autograd delivered, and why not."""

from __future__ import annotations

import functools
import math

import torch

from ..accuracy import tolerance
from ..clinic import findings
from ..grains import Link, recomputed
from ..slopes import was_edited
from ..values import Input
from .numbers import short
from .stages import Scene


def checked(scene: Scene, uses: list[Link], adjoint: torch.Tensor | None) -> tuple[torch.Tensor, bool | None, str]:
    """The sum of the terms as they are shown, whether autograd delivered the same, and why not.

    The slopes shown are those of the recorded values, while the engine computed with what it had saved: after an edit
    through .data they are not the same. Where the terms cancel or are not finite, the steps are called once more to
    tell an edit from rounding.
    """
    shown = [product(scene, link) for link in uses]
    total = shown[0] if len(shown) == 1 else functools.reduce(torch.add, shown)
    if adjoint is None or total.shape != adjoint.shape or is_part(scene):
        return total, None, ""
    if _is_the_sum(shown, adjoint):
        return total, True, ""
    again = [recomputed(link, scene.tape, scene.grain) for link in uses]
    if any(part is None for part in again) or not _is_the_sum(again, adjoint):
        return total, False, _why(scene, total, adjoint)
    if bool(total.isfinite().all()):
        return functools.reduce(torch.add, again), True, ""  # pyright: ignore
    return total, None, f"Floating point makes {short(total)} of these numbers; PyTorch multiplies in another way."


def product(scene: Scene, link: Link) -> torch.Tensor:
    """The gradient of what used the value, times the slope; where there is no slope, what the engine made of the two."""
    assert link.product is not None
    if link.local is None or link.product.is_complex():
        again = recomputed(link, scene.tape, scene.grain) if was_edited(scene.tape) else None
        return link.product if again is None else again
    return link.term


def _is_the_sum(parts: list, adjoint: torch.Tensor) -> bool:
    """Whether the parts add up to a gradient, but for rounding: that of the parts, which may cancel."""
    relative, _ = tolerance(adjoint.dtype)
    if adjoint.numel() == 1 and not adjoint.is_complex():  # a slider asks at every tick
        numbers, want = [part.item() for part in parts], adjoint.item()
        got, size = sum(numbers), sum(map(abs, numbers))
        near = math.isfinite(got) and math.isfinite(want) and abs(got - want) <= relative * size
        return got == want or near or (got != got and want != want)
    total, size = functools.reduce(torch.add, parts), functools.reduce(torch.add, [part.abs() for part in parts])
    near = total.isfinite() & adjoint.isfinite() & ((total - adjoint).abs() <= relative * size)
    return bool((near | (total == adjoint) | (total.isnan() & adjoint.isnan())).all())


def is_hooked(scene: Scene) -> bool:
    """Whether the learner's code had put a hook on this stage's value before the pass."""
    value, run = scene.stage.value, scene.stage.run
    hooks = (event for event in scene.tape.events if event.kind == "register_hook" and event.on is value)
    return run is not None and any(event.index <= run.index or scene.tape.block is None for event in hooks)


def _why(scene: Scene, total: torch.Tensor, adjoint: torch.Tensor) -> str:
    """What the tape tells of a gradient that is not the sum of its terms: a hook on the value, or an edit through .data."""
    value = scene.stage.value
    assert value is not None
    if is_hooked(scene):
        name = scene.title(value)
        return f"{name} has a hook. The terms add up to {short(total)}, of which a hook made {short(adjoint)}; that goes on its way back."
    edit = next((found for found in findings(scene.tape) if found.cause == "data_edit"), None)
    return "" if edit is None else " ".join(edit.lines[:3])


def is_part(scene: Scene) -> bool:
    """Whether the terms on the tape may be a part only of the gradient that comes back to this stage's leaf."""
    return (
        scene.stage.direction == "backward" and isinstance(scene.stage.value, Input) and bool(scene.derivation.unseen)
    )
