"""Where in a long run a learner looks: one section is open, what came before and after it and all sections in it are closed."""

from __future__ import annotations

from ..grains import Folded, Stretch, Turn, nodes
from ..sections import Section, find
from ..tape import Tape
from .code import shown_line

MOST_NODES = 40  # that are drawn: a run with more is shown section by section


class Place:
    """The open section, remembered by what it is called: the next run at other inputs has it too."""

    def __init__(self):
        self.keys: tuple = ()

    def section(self, tape: Tape) -> Section:
        """The open section of this run. A loop is seen at one of its rounds."""
        found = find(tape, self.keys)
        return found.parts[0] if found.kind == "loop" else found

    def go(self, section: Section) -> None:
        """Open this section."""
        self.keys = tuple(part.key for part in section.path[1:])

    def grain(self, tape: Tape, grain: str) -> str:
        """The grain at which this run is shown: all of it where that fits, else the open section."""
        return folded(tape, grain, self.section(tape)) if is_folded(tape, grain) else grain


def is_folded(tape: Tape, grain: str) -> bool:
    """Whether a run is shown section by section: it is too long to be drawn, or it calls modules."""
    if tape.block is not None:
        return False
    if "calls modules" not in tape.cache:
        tape.cache["calls modules"] = any(site.visit.module for step in tape.steps for site in step.sites)
    return len(nodes(tape, grain)) > MOST_NODES or tape.cache["calls modules"]


def folded(tape: Tape, grain: str, section: Section) -> Folded:
    """A grain that shows one section, its parts closed, and what comes from before it and goes on after it."""
    parts = [Stretch(part.first, part.last, short(tape, part), called(tape, part)) for part in section.parts]
    before = Stretch(0, section.first, "before", "what came before")
    after = Stretch(section.last, len(tape.steps), "after", "what comes after")
    closed = tuple(stretch for stretch in (before, *parts, after) if stretch.first < stretch.last)
    turns = tuple(_turn(part) for part in section.path if part.kind == "round")
    return Folded(grain, closed, turns, section.last)


def _turn(section: Section) -> Turn:
    loop = section.parent
    assert loop is not None
    return Turn(loop.file, loop.line, loop.parts.index(section) + 1, len(loop.parts))


def short(tape: Tape, section: Section) -> str:
    """A section's name where there is little room: `loop 4`, `fc1`."""
    return f"loop {shown_line(tape, section.file, section.line)}" if section.kind == "loop" else section.name


def called(tape: Tape, section: Section) -> str:
    """A section's name in full: `loop, line 4: 2,500 rounds`."""
    if section.kind == "round":
        turn = _turn(section)
        line = shown_line(tape, turn.file, turn.line)
        return f"loop, line {line}: round {turn.number:,} of {turn.count:,}"
    line = f"line {shown_line(tape, section.file, section.line)}" if section.line else ""
    if section.kind == "loop":
        return f"loop, {line}: {len(section.parts):,} rounds"
    if section.kind == "run":
        return f"all {section.size:,} steps"
    if section.kind == "call":
        return f"{section.name}, called in {line}"
    return section.name


def choices(tape: Tape, place: Place) -> list[tuple[str, Section]]:
    """The sections to look into from here: those around the open one, that one, and those in it."""
    here = place.section(tape)
    path = [section for section in here.path if section.kind != "loop"]
    found = [("  " * depth + called(tape, section), section) for depth, section in enumerate(path)]
    return found + [("  " * len(path) + "▸ " + called(tape, part), part) for part in here.parts]


def turn(tape: Tape, place: Place) -> Turn | None:
    """Which round of the innermost loop around the open section is open."""
    path = place.section(tape).path
    return next((_turn(section) for section in reversed(path) if section.kind == "round"), None)


def at_round(tape: Tape, place: Place, number: int) -> None:
    """Go to another round of the innermost loop, and there to the section of the same name, if there is one."""
    path = place.section(tape).path
    depth = max(at for at, section in enumerate(path) if section.kind == "round")
    keys = [section.key for section in path[1:]]
    keys[depth - 1] = (*keys[depth - 1][:-1], number - 1)
    place.keys = tuple(keys)
