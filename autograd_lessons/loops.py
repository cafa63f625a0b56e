"""Where in its source an instruction stands: at which line, and in which loops."""

from __future__ import annotations

import ast
import functools
import linecache
import types
from typing import Any

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@functools.lru_cache(maxsize=4096)
def position(code: types.CodeType, instruction: int) -> tuple[int, int]:
    """Line and column of an instruction; the line 0 where the code does not say."""
    line, _, column, _ = next(
        found for at, found in enumerate(code.co_positions()) if at == instruction // 2
    )  # fmt: skip
    return line or 0, column or 0


@functools.lru_cache(maxsize=4096)
def loops_around(code: types.CodeType, instruction: int) -> tuple[tuple[Any, int], ...]:
    """The loops of a code's own that an instruction stands in, the outermost first, and in which statement of each."""
    place = position(code, instruction)
    found = []
    for node in _nodes(code.co_filename):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            if _holds(node, place) and (node.lineno, node.col_offset) != place:
                found = []
        elif (statement := _statement(node, place)) is not None:
            found.append((node, statement))
    return tuple(found[-1:] if is_comprehension(code) else found)


def _statement(loop: ast.AST, place: tuple[int, int]) -> int | None:
    """Which statement of a loop's body a place is in: −1 for what a while loop tests; None for a place outside."""
    if isinstance(loop, _COMPREHENSIONS):
        made = (loop.key, loop.value) if isinstance(loop, ast.DictComp) else (loop.elt,)
        tests = [test for generator in loop.generators for test in generator.ifs]
        return 0 if any(_holds(node, place) for node in (*made, *tests)) else None
    if isinstance(loop, ast.While) and _holds(loop.test, place):
        return -1
    return next((at for at, node in enumerate(loop.body) if _holds(node, place)), None)  # pyright: ignore


def _holds(node: Any, place: tuple[int, int]) -> bool:
    return (node.lineno, node.col_offset) <= place < (node.end_lineno, node.end_col_offset)


@functools.lru_cache(maxsize=256)
def _nodes(file: str) -> tuple[ast.AST, ...]:
    """The loops and functions of a file, the outer before the inner; none for code without source."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return ()
    kinds = (ast.For, ast.AsyncFor, ast.While, *_COMPREHENSIONS, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return tuple(sorted((n for n in ast.walk(tree) if isinstance(n, kinds)), key=lambda n: (n.lineno, n.col_offset)))


def is_comprehension(code: types.CodeType) -> bool:
    return code.co_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
