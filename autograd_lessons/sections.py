"""The sections of a run: the rounds of its loops, the calls of its helper functions and of its modules, one inside the other.

A section is a stretch of steps with a name. Found from the sites that the steps were recorded at, and from the loops
in their source.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .loops import is_comprehension, loops_around, position
from .tape import Tape
from .trail import Site, Visit

MOST_PARTS = 20  # a section with more has them in groups


class Section:
    """Steps `first` … `last - 1` of a tape (counted in `tape.steps`), and in them the sections that are its `parts`.

    `kind` is "run" (all of it), "loop", whose parts are of kind "round", "call" of a helper function, "module", or
    "group" (of steps that have no name in common). `file` and `line` say where a loop stands, or where a call was made.
    """

    def __init__(self, kind: str, name: str, first: int, last: int, file: str = "", line: int = 0):
        self.kind, self.name, self.first, self.last = kind, name, first, last
        self.file, self.line = file, line
        self.parent: Section | None = None
        self._entries: list[Section] | None = None  # its parts, and steps that stand alone as sections of one step
        self._inside: tuple[_Finder, int] | None = None  # how to find them, and how many calls deep it is

    @property
    def size(self) -> int:
        return self.last - self.first

    @property
    def parts(self) -> list[Section]:
        """The sections inside, in order; found when first asked for."""
        return [entry for entry in self.entries if entry.kind != "step"]

    @property
    def entries(self) -> list[Section]:
        """The parts, and between them the steps that belong to none, each as a section of one step."""
        if self._entries is None:
            finder, level = self._inside  # pyright: ignore
            self.hold(finder.inside(self, level))
        return self._entries  # pyright: ignore

    def hold(self, entries: list[Section]) -> Section:
        """Set what is inside; more than can be looked at at once goes into groups."""
        if self.kind != "loop" and len(entries) > MOST_PARTS:
            size = -(-len(entries) // MOST_PARTS)
            entries = [_group(entries[at : at + size]) for at in range(0, len(entries), size)]
        self._entries = entries
        for entry in entries:
            entry.parent = self
        return self

    @property
    def path(self) -> tuple[Section, ...]:
        """The sections around it, the outermost first, and itself."""
        around: list[Section] = [self]
        while around[-1].parent is not None:
            around.append(around[-1].parent)
        return tuple(reversed(around))

    @property
    def key(self) -> tuple:
        """What it is called among the parts of the section around it, also in another run."""
        alike = [] if self.parent is None else [part for part in self.parent.parts if part.sort == self.sort]
        return (*self.sort, alike.index(self) if self in alike else 0)

    @property
    def sort(self) -> tuple:
        """What two sections in the same place of two runs have in common."""
        return self.kind, self.name, self.file, self.line

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {self.first}–{self.last}, line {self.line}>"


def sections(tape: Tape) -> Section:
    """The section of a whole run."""
    if "sections" not in tape.cache:
        whole = Section("run", "", 0, len(tape.steps))
        whole._inside = _Finder([step.sites for step in tape.steps]), 0
        tape.cache["sections"] = whole
    return tape.cache["sections"]


def find(tape: Tape, keys: Iterable[tuple]) -> Section:
    """The section at the end of these keys; where this run has none there, the one around it."""
    here = sections(tape)
    for key in keys:
        parts = here.parts
        if here.kind == "loop":
            there = parts[min(key[-1], len(parts) - 1)]
        else:
            there = next((part for part in parts if part.sort == key[:-1] and part.key == key), None)
        if there is None:
            return here
        here = there
    return here


class _Item(NamedTuple):
    """Steps that one instruction made: a single one, or all of a call of something further in."""

    first: int
    last: int
    visit: Visit | None  # where the instruction stands
    instruction: int
    inner: Visit | None
    loops: tuple[tuple[Any, int], ...]  # the loops around it, each with the statement of its body; the outermost first

    @property
    def callee(self) -> tuple | None:
        return None if self.inner is None else (self.inner.code, self.inner.module)

    @property
    def line(self) -> int:
        return 0 if self.visit is None else position(self.visit.code, self.instruction)[0]

    @property
    def file(self) -> str:
        return "" if self.visit is None else self.visit.code.co_filename


class _Finder:
    """Finds what is inside a section from the sites of all steps."""

    def __init__(self, sites: list[tuple[Site, ...]]):
        self.sites = sites

    def inside(self, section: Section, level: int) -> list[Section]:
        """The parts and lone steps of a section that stands `level` calls deep."""
        items = self._items(section.first, section.last, level)
        while len(items) == 1 and _is_forward(items[0]):
            level += 1
            items = self._items(section.first, section.last, level)
        return self._nested(items, 0, level)

    def _items(self, first: int, last: int, level: int) -> list[_Item]:
        found, at = [], first
        while at < last:
            visit, instruction, inner = self._at(at, level)
            end = at + 1
            while inner is not None and end < last and self._at(end, level) == (visit, instruction, inner):
                end += 1
            loops = () if visit is None else loops_around(visit.code, instruction)
            found.append(_Item(at, end, visit, instruction, inner, loops))
            at = end
        return found

    def _at(self, at: int, level: int) -> tuple[Visit | None, int, Visit | None]:
        """The site of a step at a level, and the visit that it made there."""
        sites = self.sites[at]
        here = sites[level] if level < len(sites) else None
        inner = sites[level + 1].visit if level + 1 < len(sites) else None
        return (None, 0, inner) if here is None else (here.visit, here.instruction, inner)

    def _nested(self, items: list[_Item], depth: int, level: int) -> list[Section]:
        """The items inside `depth` loops already, with the loops further in as sections."""
        found: list[Section] = []
        for run in _runs(items, lambda item: item.loops[depth][0] if len(item.loops) > depth else None):
            loop = run[0].loops[depth][0] if len(run[0].loops) > depth else None
            if loop is None:
                found += self._plain(run, level)
                continue
            rounds = [self._nested(part, depth + 1, level) for part in _rounds(run, depth)]
            if len(rounds) == 1:
                found += rounds[0]
            else:
                found.append(_loop(rounds, run[0].file, loop.lineno))
        return found

    def _plain(self, items: list[_Item], level: int) -> list[Section]:
        """Items in no loop further in. An instruction that comes again and again is one: `sum`, `map`, a comprehension."""
        found: list[Section] = []
        for run in _runs(items, lambda item: (item.visit, item.instruction)):
            starts = [at for at, item in enumerate(run) if item.callee == run[0].callee]
            if len(starts) == 1 or (run[0].inner is not None and run[0].inner.module is not None):
                found += [self._section(item, level) for item in run]
            else:
                rounds = [run[a:b] for a, b in zip(starts, [*starts[1:], len(run)])]
                made = [[self._section(item, level) for item in part] for part in rounds]
                found.append(_loop(made, run[0].file, run[0].line))
        return found

    def _section(self, item: _Item, level: int) -> Section:
        inner = item.inner
        if inner is None or (item.last - item.first == 1 and inner.module is None):
            return Section("step", "", item.first, item.last)
        if inner.module is None:
            section = Section("call", inner.code.co_name, item.first, item.last, item.file, item.line)
        else:
            section = Section("module", inner.module, item.first, item.last, item.file, item.line)
        section._inside = self, level + 1
        if is_comprehension(inner.code):
            parts = section.parts
            if len(parts) == 1 and parts[0].size == section.size:
                return parts[0]
        return section


def _is_forward(item: _Item) -> bool:
    """Whether this is a module's call of its own `forward`, which is no section beside that of the module."""
    called = item.inner is not None and item.inner.module is None
    return called and item.visit is not None and item.visit.module is not None


def _loop(rounds: list[list[Section]], file: str, line: int) -> Section:
    """A loop of these rounds, each given by what is in it."""
    made = [Section("round", "", entries[0].first, entries[-1].last).hold(entries) for entries in rounds]
    return Section("loop", "loop", made[0].first, made[-1].last, file, line).hold(made)


def _group(entries: list[Section]) -> Section:
    if len(entries) == 1:
        return entries[0]
    return Section(
        "group", f"steps {entries[0].first + 1}–{entries[-1].last}", entries[0].first, entries[-1].last
    ).hold(entries)


def _runs(items: list[_Item], key) -> list[list[_Item]]:
    """The items in stretches of which all have the same key."""
    found: list[list[_Item]] = []
    for item in items:
        if found and key(found[-1][-1]) == key(item):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _rounds(items: list[_Item], depth: int) -> list[list[_Item]]:
    """The items of a loop by round: a new one begins where the code goes back."""
    found = [[items[0]]]
    for before, item in zip(items, items[1:]):
        (_, last), (_, statement) = before.loops[depth], item.loops[depth]
        further_in = len(item.loops) > depth + 1
        back = statement < last or (statement == last and not further_in and item.instruction <= before.instruction)
        if back:
            found.append([item])
        else:
            found[-1].append(item)
    return found
