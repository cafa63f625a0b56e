"""The learner's code with every recorded sub-expression marked, and the one of this stage lit."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
from collections import defaultdict
from collections.abc import Sequence

from markupsafe import Markup, escape

from ..grains import Folded
from ..tape import Tape
from ..values import Step
from .numbers import key
from .page import templates
from .stages import Scene


def lines(scene: Scene) -> list[dict]:
    """The code, line by line: number, HTML, and whether this stage's expression stands in it. A block per function."""
    return _shown(scene)[0]


def html(scene: Scene) -> Markup:
    """The same as it stands on the page."""
    return _shown(scene)[1]


def _shown(scene: Scene) -> tuple[list[dict], Markup, tuple]:
    kept, sources = scene.kept, tuple([id(step.source) for step in _marked_steps(scene)])
    key = ("code", id(scene.tape.function), sources, scene.grain, scene.stage.direction, scene.at)
    if key not in kept:
        found = _lines(scene)
        page = templates().get_template("code.html").render(code=found)
        held = scene.tape.function, [step.source for step in _marked_steps(scene)]  # so that no id is given again
        kept[key] = found, Markup(page), held
    return kept[key]


def _marked_steps(scene: Scene) -> Sequence[Step]:
    """The steps whose place in the code is marked: all, or where sections are closed, those that are shown."""
    if not isinstance(scene.grain, Folded):
        return scene.tape.history
    return [value for value in scene.nodes if isinstance(value, Step)]


def _lines(scene: Scene) -> list[dict]:
    marks = defaultdict(list)
    for step in _marked_steps(scene):
        source = step.source
        if source is not None:
            for number in range(source.line, source.end_line + 1):
                start = source.column if number == source.line else 0
                stop = source.end_column if number == source.end_line else None
                marks[source.file, number].append((start, stop, step))
    lit = _lit(scene)
    shown = []
    turn = _turn(scene)
    for file, first, last in blocks(scene.tape):
        if shown:
            from_before = any(step.source and step.source.file == file for step in scene.tape.earlier)
            said = "from an earlier cell:" if from_before else ""
            shown.append({"number": "", "html": Markup(f"<i>{said}</i>&nbsp;"), "text": said, "lit": False})
        texts = [linecache.getline(file, number).rstrip("\n") for number in range(first, last + 1)]
        indent = min((len(t) - len(t.lstrip()) for t in texts if t.strip()), default=0)
        for number, text in zip(range(first, last + 1), texts):
            here = marks.get((file, number), [])
            is_lit = any(step in lit for _, _, step in here)
            html, text = _marked(text, here, lit, scene, indent), text[indent:]
            if (file, number) in turn:
                html, text = html + Markup(f"<i>{turn[file, number]}</i>"), text + turn[file, number]
            shown.append({"number": number - first + 1, "html": html, "text": text, "lit": is_lit})
    return shown


def _lit(scene: Scene) -> set[Step]:
    """The steps that this stage is about: the one on show; for an input the ones that use it."""
    if scene.stage.event is not None:
        return set()
    value = scene.stage.value
    return {value} if isinstance(value, Step) else {link.output for link in scene.uses(value)}


def _marked(text: str, marks: list, lit: set, scene: Scene, indent: int) -> Markup:
    """The line with nested spans; the same expression recorded many times (a loop) is one span with many keys."""
    spans: dict[tuple[int, int], list[Step]] = defaultdict(list)
    for start, stop, step in marks:
        start = max(start, len(text) - len(text.lstrip()))
        spans[start, len(text) if stop is None else stop].append(step)
    opens, closes = defaultdict(list), defaultdict(list)
    for (start, stop), steps in sorted(spans.items(), key=lambda item: (item[0][0], -item[0][1])):
        names = " ".join(key(step, scene.tape) for step in steps)
        now = f" al-now al-{scene.stage.direction}" if any(step in lit for step in steps) else ""
        opens[start].append(Markup(f'<span class="al-expression{now}" data-step="{names}">'))
        closes[stop].append(Markup("</span>"))
    parts, last = [], indent
    for place in sorted({*opens, *closes}):
        parts += [escape(text[last:place]), *closes[place], *opens[place]]
        last = place
    return Markup("").join([*parts, escape(text[last:])])


def _turn(scene: Scene) -> dict[tuple[str, int], str]:
    """By file and line of each loop around what is shown: which of its rounds that is."""
    if not isinstance(scene.grain, Folded):
        return {}
    return {(file, line): f"  ◂ round {number:,} of {count:,}" for file, line, number, count in scene.grain.turns}


def shown_line(tape: Tape, file: str, line: int) -> int:
    """The number that a line of the learner's file has in the code on show."""
    first = next((first for name, first, last in blocks(tape) if name == file and first <= line <= last), 1)
    return line - first + 1


def blocks(tape: Tape) -> list[tuple[str, int, int]]:
    """(file, first line, last line) of the function and of each helper that it called, in order of first use."""
    if "blocks" not in tape.cache:
        tape.cache["blocks"] = _blocks(tape)
    return tape.cache["blocks"]


def _blocks(tape: Tape) -> list[tuple[str, int, int]]:
    found = []
    block = tape.block
    if block is not None:
        found.append((block.file, block.first, block.last))
    function = inspect.unwrap(tape.function) if block is None else None
    try:
        texts, first = inspect.getsourcelines(function)  # pyright: ignore
        found.append((inspect.getsourcefile(function), first, first + len(texts) - 1))  # pyright: ignore
    except (OSError, TypeError):
        pass
    for step in tape.history:
        source = step.source
        if source is None or any(f == source.file and a <= source.line <= b for f, a, b in found):
            continue
        found.append((source.file, *_function_around(source.file, source.line)))
    return found


@functools.lru_cache(maxsize=256)
def _function_around(file: str, line: int) -> tuple[int, int]:
    """The lines of the innermost function around a line; the line alone where there is none."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return line, line
    around = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, default=(line, line))
