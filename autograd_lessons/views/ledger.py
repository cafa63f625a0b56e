"""Every stage in words, one line each: for screen readers, for people who would rather read, for text/plain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import timeline
from .numbers import typed
from .stages import Scene
from .terms import sentence

MOST_INPUTS = 12  # that are listed by name
NOTHING = "In this cell PyTorch made no tensor and ran no backward pass."


def lines(scene: Scene) -> list[str]:
    """One sentence for each stage, in order."""
    return [sentence(scene.moved(at)) for at in range(len(scene.stages))]


def block(scene: Scene) -> str:
    """A recorded block as plain text: what went wrong, the statements one by one, and the stages."""
    rows = [line for finding in scene.findings for line in [*finding.lines, ""]]
    rows += [*timeline.text(scene), ""]
    rows += [f"{'>' if at == scene.at else ' '} {at + 1:2d}. {line}" for at, line in enumerate(lines(scene))]
    return "\n".join(rows)


def listed(inputs: Mapping[str, Any]) -> str:
    """The inputs as they would be typed; of very many the first."""
    told = [f"{name} = {typed(value)}" for name, value in list(inputs.items())[:MOST_INPUTS]]
    return ", ".join([*told, *([f"{len(inputs) - MOST_INPUTS:,} more"] if len(inputs) > MOST_INPUTS else [])])


def text(scene: Scene) -> str:
    """The whole run as plain text: inputs, stages with the present one marked, and the comparison."""
    rows = [f"inputs: {listed({name: value.value for name, value in scene.tape.inputs.items()})}"]
    for at, line in enumerate(lines(scene)):
        rows.append(f"{'>' if at == scene.at else ' '} {at + 1:2d}. {line}")
    if scene.verdict is not None:
        rows += ["", repr(scene.verdict)]
    rows += [line for finding in scene.findings for line in ["", *finding.lines]]
    return "\n".join(rows)
