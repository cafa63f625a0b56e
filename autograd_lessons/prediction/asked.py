"""What is asked at a step back: the number that arrives, or each factor that it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from ..checking.partial import Partial
from ..checking.points import Point
from ..grains import Link, links
from ..notation import hatted, name_text, partial_text
from ..slopes import between
from ..tape import Tape
from ..values import Value
from ..views.numbers import short
from ..views.stages import Scene
from .tally import PATHS, START, concept_of

NUMBER, FACTOR = "the number", "the factor"
Elsewhere = Callable[[], Sequence[Point]]


@dataclass(frozen=True)
class Question:
    """One thing to predict: what it is an example of, how an answer is judged, and the answer in words."""

    partial: Partial
    concept: str
    answer: str

    @property
    def name(self) -> str:
        return self.partial.name


def questions(scene: Scene, kind: str, elsewhere: Elsewhere) -> list[Question]:
    """What is asked before the first hidden stage of a scene is shown."""
    assert scene.seen is not None
    ahead = replace(scene, at=scene.seen)
    uses = ahead.uses(ahead.stage.value)
    factors = [link for link in uses if link.local is not None] if kind == FACTOR else []
    return [_factor(ahead, link, elsewhere) for link in factors] or [_number(ahead, uses, elsewhere)]


def _number(ahead: Scene, uses: list[Link], elsewhere: Elsewhere) -> Question:
    value, run = ahead.stage.value, ahead.stage.run
    assert run is not None
    output = ahead.output_label
    name = partial_text(output, ahead.label(value))
    place = ahead.tape.values.index(value)
    true = run.adjoints[value]

    def at(tape: Tape) -> torch.Tensor | None:
        return true if tape is ahead.tape else tape.values[place].adjoint

    root = run.roots[0] if run.roots and isinstance(run.roots[0], Value) else value
    partial = Partial(
        name=name, tape=ahead.tape, root=root, leaf=value, stops=[value], true=at,
        names=_names(ahead), numbers=_arrived(ahead), scale=_scale(uses), is_factor=False, elsewhere=elsewhere,
        leads=_leads(ahead, uses, name),
    )  # fmt: skip
    concept = START if not uses else PATHS if len(uses) > 1 else concept_of(_operations(ahead, uses[0]))
    return Question(partial, concept, f"{name} = {short(true)}")


def _factor(ahead: Scene, link: Link, elsewhere: Elsewhere) -> Question:
    output, used = ahead.label(link.output), ahead.label(link.input)
    name = partial_text(output, used)
    places = ahead.tape.values.index(link.output), ahead.tape.values.index(link.input)

    def at(tape: Tape) -> torch.Tensor | None:
        if tape is ahead.tape:
            return link.local
        ends = tape.values[places[0]], tape.values[places[1]]
        found = (other.local for other in links(tape, ahead.grain) if (other.output, other.input) == ends)
        return next(found, None)

    formula = ahead.derivation.text_value(link.output.label, ahead.grain)
    about = f"{name_text(output)} = {formula}" if formula else name_text(output)
    leads = (
        f"Take the derivative of {about} with respect to {name_text(used)}; all else in it is held.",
        f"Here its number is {short(link.local)}. Which formula gives that?",
    )
    stops = [value for value in ahead.nodes if value is not link.output]
    partial = Partial(
        name=name, tape=ahead.tape, root=link.output, leaf=link.input, stops=stops, true=at,
        names=_names(ahead), numbers={}, scale=1.0, is_factor=True, elsewhere=elsewhere, leads=leads,
    )  # fmt: skip
    slope = _slope(ahead, link)
    answer = f"{name} = {slope}" + ("" if slope == short(link.local) else f", here {short(link.local)}")
    return Question(partial, concept_of(_operations(ahead, link)), answer)


def _slope(ahead: Scene, link: Link) -> str:
    """The factor as a formula, where there is one; else its number."""
    return ahead.derivation.text_local(link.output.label, link.input.label, ahead.grain) or short(link.local)


def _leads(ahead: Scene, uses: list[Link], name: str) -> tuple[str | Callable[[], str], ...]:
    """The chain rule with what has arrived; then each factor."""
    output = ahead.output_label
    if not uses:
        own = name_text(output)
        return (f"Here the pass starts: by how much does {own} change when {own} itself changes by 1?",)
    terms = [
        (
            partial_text(output, ahead.label(link.output)),
            partial_text(ahead.label(link.output), ahead.label(link.input)),
        )
        for link in uses
    ]
    arrived = ", ".join(f"{whole} = {short(link.adjoint)}" for (whole, _), link in zip(terms, uses))
    chain = f"{name} = {' + '.join(f'{whole} · {part}' for whole, part in terms)}; there is {arrived} already."

    def factors() -> str:
        return "\n".join(
            f"{part} = {_slope(ahead, link)}" if link.local is not None else _mixing(ahead, link)
            for (_, part), link in zip(terms, uses)
        )

    return chain, factors


def _mixing(ahead: Scene, link: Link) -> str:
    """What a step that mixes elements sends back, in words: its factor would be a table."""
    output, used = ahead.label(link.output), ahead.label(link.input)
    came = partial_text(ahead.output_label, output)
    if link.output.value.numel() == 1:
        return f"For each element of {name_text(used)}: how fast it moves {name_text(output)}, times {came}."
    return (
        f"For each element of {name_text(used)}: how fast it moves each element of {name_text(output)}, "
        f"times {came} there, all added up."
    )


def _names(ahead: Scene) -> dict[str, Value]:
    """What an answer may be made of: the values on the screen, as they are called there."""
    found: dict[str, Any] = {}
    for value in ahead.nodes:
        name = name_text(ahead.label(value))
        for spelling in (name, hatted(name)):
            if spelling is not None and spelling.isidentifier():
                found[spelling] = value
    return found


def _arrived(ahead: Scene) -> dict[str, torch.Tensor]:
    """The gradients that have been shown, by the ways to type them."""
    found = {}
    for value in ahead.nodes:
        gradient = ahead.gradient(value)
        if gradient is not None:
            shown = partial_text(ahead.output_label, ahead.label(value))
            found |= {shown: gradient, shown.replace("∂", "d"): gradient}
    return found


def _scale(uses: list[Link]) -> float:
    sizes = [float(link.adjoint.abs().max()) for link in uses if link.adjoint.numel()]
    return max([size for size in sizes if size < float("inf")], default=1.0)


def _operations(ahead: Scene, link: Link) -> list[str]:
    """The operations that lie on the way from a value to what used it."""
    found: dict[Value, str] = {}
    for step in sorted(between(link.output, set(ahead.nodes)), key=lambda step: step.index):
        if any(used is link.input or used in found for used in step.inputs):
            found[step] = step.op
    return list(found.values())
