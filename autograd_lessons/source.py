"""Where in the learner's code a call stands, and which variable its result is assigned to.

The exact sub-expression comes from the `executing` library, the one behind IPython's tracebacks.
"""

from __future__ import annotations

import ast
import functools
import os
import types
from dataclasses import dataclass

import executing
import torch

_TORCH = os.path.dirname(torch.__file__) + os.sep
_OURS = os.path.dirname(__file__) + os.sep
_LESSONS = _OURS + "lessons.py"


@dataclass(frozen=True)
class Source:
    """One sub-expression of the learner's code; lines count from 1, columns from 0 in characters."""

    text: str
    file: str
    line: int
    end_line: int
    column: int
    end_column: int


@dataclass(frozen=True)
class Block:
    """The lines of a recorded cell or `with` block; both ends count."""

    file: str
    first: int
    last: int


@dataclass(frozen=True)
class Place:
    """What the code says about one call: its span, the name its result gets, and whether it is returned at once."""

    source: Source | None
    name: str | None
    returned: bool


NOWHERE = Place(None, None, False)


@functools.cache
def author(file: str) -> str:
    """Who wrote the code of a file: "learner", "package" (the lessons' functions count as the learner's), or a part of torch:
    "optimizer", "module" (layers, and what initializes them) or "torch".
    """
    if file.startswith(_TORCH):
        part = file.removeprefix(_TORCH).split(os.sep)
        return (
            "optimizer"
            if part[0] == "optim"
            else "module"
            if part[0] == "nn" and part[1] != "functional.py"
            else "torch"
        )
    return "package" if file.startswith(_OURS) and file != _LESSONS else "learner"


_places: dict[tuple[int, int], tuple[Place, types.CodeType]] = {}


def place_of(frame: types.FrameType) -> Place:
    """The place of the call that `frame` is running now; `NOWHERE` for code without source."""
    code = frame.f_code
    key = (id(code), frame.f_lasti)  # by identity: equal code in another cell has other text around it
    found = _places.get(key)
    if found is None:
        if len(_places) > 20_000:  # a notebook makes new code objects each time a cell runs
            _places.clear()
        found = _places[key] = (_find(frame), code)
    return found[0]


def _find(frame: types.FrameType) -> Place:
    try:
        execution = executing.Source.executing(frame)
    except Exception:  # executing reads files and parses; code it cannot read is code without a picture
        return NOWHERE
    lines = execution.source.lines
    node = execution.node
    if not lines:
        return NOWHERE
    if node is None:
        return Place(_span(lines, frame.f_code.co_filename, *_positions(frame)), None, False)
    if isinstance(node, ast.stmt) and not isinstance(node, ast.AugAssign):
        return Place(None, None, False)
    span = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)  # pyright: ignore
    name, returned = _target(node)
    return Place(_span(lines, frame.f_code.co_filename, *span), name, returned)


def _positions(frame: types.FrameType) -> tuple:
    return list(frame.f_code.co_positions())[frame.f_lasti // 2]


def _span(lines, file: str, line, end_line, column, end_column) -> Source | None:
    if None in (line, end_line, column, end_column) or end_line > len(lines):
        return None

    def characters(number: int, offset: int) -> int:  # the AST counts UTF-8 bytes
        return len(lines[number - 1].encode()[:offset].decode(errors="ignore"))

    start, stop = characters(line, column), characters(end_line, end_column)
    picked = list(lines[line - 1 : end_line])
    picked[-1] = picked[-1][:stop]
    picked[0] = picked[0][start:]
    return Source("\n".join(picked), file, line, end_line, start, stop)


def _target(node: ast.AST) -> tuple[str | None, bool]:
    """The variable that gets the value of `node`, and whether the function returns it at once."""
    if isinstance(node, ast.AugAssign):
        return _name(node.target), False
    parent = getattr(node, "parent", None)
    while isinstance(parent, ast.IfExp) and node is not parent.test:
        node, parent = parent, parent.parent  # pyright: ignore
    if isinstance(parent, ast.Assign):
        names = [name for target in parent.targets if (name := _name(target))]
        return (names[0] if names else None), False
    if isinstance(parent, (ast.AnnAssign, ast.NamedExpr)):
        return _name(parent.target), False
    if isinstance(parent, ast.Tuple) and isinstance(parent.parent, ast.Assign):  # pyright: ignore
        target = parent.parent.targets[0]  # pyright: ignore
        if isinstance(target, ast.Tuple) and len(target.elts) == len(parent.elts):
            return _name(target.elts[parent.elts.index(node)]), False  # pyright: ignore
    returned = isinstance(parent, ast.Return) or (isinstance(parent, ast.Lambda) and parent.body is node)
    return None, returned


def _name(target: ast.AST) -> str | None:
    return target.id if isinstance(target, ast.Name) else None
