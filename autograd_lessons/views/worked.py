"""A step's formula with the run's numbers in place of the names: read once for a program, filled in at every tick."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import torch

from ..grains import nodes
from ..slopes import between
from ..values import Step
from .numbers import short
from .stages import Scene


class Blanks(NamedTuple):
    """A formula cut where a number stands: `texts` has one more than `values`, the places of these among the tape's values."""

    texts: list[str]
    values: list[int]
    enclosed: list[bool]  # whether the formula has brackets of its own around a number


def formula(scene: Scene) -> str | None:
    """The formula of this stage's step with numbers; None for vectors and where there is no rule."""
    value = scene.stage.value
    if not isinstance(value, Step) or value.value.numel() != 1:
        return None
    kept, key = scene.kept, ("worked", value.label, scene.grain)
    if key not in kept:
        kept[key] = _blanks(scene, value)
    blanks = kept[key]
    if blanks is None:
        return None
    values, parts = scene.tape.values, [blanks.texts[0]]
    for text, place, enclosed in zip(blanks.texts[1:], blanks.values, blanks.enclosed):
        number = values[place].value
        parts += (short(number, 5) if enclosed else bracketed(number), text)
    return "".join(parts)


def bracketed(tensor: torch.Tensor) -> str:
    """A number as it stands beside an operator: a negative one in brackets."""
    shown = short(tensor, 5)
    return f"({shown})" if shown.startswith("−") else shown


def _blanks(scene: Scene, step: Step) -> Blanks | None:
    text = scene.derivation.text_value(step.label, scene.grain)
    used = scene.used_by(step)
    if text is None or not used or any(one.value.numel() != 1 for one in used):
        return None
    inner = [one for one in between(step, set(nodes(scene.tape, scene.grain))) if one.value.numel() == 1]
    place = {value: number for number, value in enumerate(scene.tape.values)}
    places = {
        _typed(one.label): place[one] for one in (*used, *inner)
    }  # a step inside that has no rule is a number too
    texts = _any_of(tuple(places)).split(text)
    between_them, names = texts[::2], texts[1::2]
    if any(re.search(r"\bv\d+\[", part) for part in between_them):
        return None
    enclosed = [a.endswith("(") and b.startswith(")") for a, b in zip(between_them, between_them[1:])]
    return Blanks(between_them, [places[name] for name in names], enclosed)


@functools.lru_cache(maxsize=1024)
def _any_of(names: tuple[str, ...]) -> re.Pattern:
    either = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.compile(rf"(?<![\w.])({either})(?:\[[0, ]+\])?(?![\w(\[])")


def _typed(label: str) -> str:
    return f"v{label[1:]}" if label.startswith("#") else label
