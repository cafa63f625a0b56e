"""What the learner's lines say around a recorded call: the statement, the names in it, the `with` that it stands in."""

from __future__ import annotations

import ast
import linecache
from typing import Any

from ..source import Source

WIDTH = 48  # of quoted code
_MODULES = {"torch", "nn", "F", "np", "numpy", "math", "functional", "self"}


class _Page:
    """A file of the learner's, read once: a slider asks for the same lines at every tick."""

    def __init__(self, lines: list[str]):
        self.lines = lines
        self.nodes = list(ast.walk(_parsed("".join(lines))))
        self.statements: dict[int, Any] = {}
        self.written: dict[int, str] = {}


_pages: dict[str, _Page] = {}


def _page(file: str) -> _Page:
    lines = linecache.getlines(file)
    page = _pages.get(file)
    if page is None or page.lines is not lines:  # a file that was edited has new lines
        if len(_pages) > 100:  # each run of a notebook's cell is a file of its own
            _pages.clear()
        page = _pages[file] = _Page(lines)
    return page


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:  # a cell with a line for IPython in it
        return ast.Module([], [])


def nodes(file: str) -> list[Any]:
    """Everything in a file of the learner's, as far as Python can read it."""
    return _page(file).nodes


def statement(file: str, line: int) -> Any:
    """The innermost statement that this line is part of; of a compound one only the head counts."""
    found = _page(file).statements
    if line not in found:
        around = [n for n in nodes(file) if isinstance(n, ast.stmt) and n.lineno <= line <= _head_end(n)]
        found[line] = max(around, key=lambda node: node.lineno, default=None)
    return found[line]


def _head_end(node: Any) -> int:
    body = getattr(node, "body", None)
    return max(node.lineno, body[0].lineno - 1) if body else node.end_lineno


def written(file: str, line: int) -> str:
    """The statement at a line, on one line and not too long."""
    found = _page(file).written
    if line not in found:
        node = statement(file, line)
        first, last = (line, line) if node is None else (node.lineno, _head_end(node))
        text = " ".join(part.strip() for part in _page(file).lines[first - 1 : last]).split("  #")[0].strip()
        found[line] = text if len(text) <= WIDTH else text[: WIDTH - 1].rstrip() + "…"
    return found[line]


def names_set(node: Any) -> list[str]:
    """The plain names that a statement assigns, in order."""
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        targets = [node.target]
    else:
        return []
    found = []
    for target in targets:
        elements = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        found += [element.id for element in elements if isinstance(element, ast.Name)]
    return found


def target(source: Source | None, output: int | None = None) -> str | None:
    """The variable that the statement around a call assigns; of several, the one for this element of the result."""
    if source is None:
        return None
    names = names_set(statement(source.file, source.line))
    if len(names) == 1:
        return names[0]
    return names[output] if output is not None and output < len(names) else None


def subject(source: Source | None) -> str | None:
    """The variable that a call is about: `h` in `h.item()`, `float(h)`, `h.data`, `torch.log(h)`, `h += 1`."""
    node = _expression(source)
    if isinstance(node, ast.AugAssign):
        return _root(node.target)
    if isinstance(node, ast.Assign):
        return _root(node.targets[0])
    if isinstance(node, ast.Subscript):
        return _root(node)
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and (name := _plain(called.value)) is not None:
            return name
        return _plain(node.args[0]) if node.args else None
    return _plain(node.value) if isinstance(node, ast.Attribute) else None


def function(source: Source | None) -> str | None:
    """What takes the number out: `.item()`, `float(…)`, `math.sin(…)`."""
    node = _expression(source)
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Name) or isinstance(called, ast.Attribute) and _root(called) is None and node.args:
        return f"{ast.unparse(called)}(…)"
    return f".{called.attr}()" if isinstance(called, ast.Attribute) else None


def attribute_set(source: Source | None) -> str | None:
    """`self.w`, where the statement around a call sets an attribute."""
    node = statement(source.file, source.line) if source is not None else None
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return ast.unparse(target) if isinstance(target, ast.Attribute) else None


def out_of_place(source: Source | None) -> str | None:
    """The edit written as the making of a new tensor: `h = h + 1` for `h += 1`, `p = p.mul(2)` for `p.mul_(2)`."""
    node = _expression(source)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        text = ast.unparse(ast.BinOp(ast.Name(node.target.id), node.op, node.value))
        return f"{node.target.id} = {text}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.endswith("_"):
        name = _plain(node.func.value)
        arguments = ", ".join(map(ast.unparse, [*node.args, *(k.value for k in node.keywords)]))
        return (
            f"{name} = {name}.{node.func.attr[:-1]}({arguments})"
            if name and node.func.attr not in ("zero_", "fill_")
            else None
        )
    return None


def _expression(source: Source | None) -> Any:
    if source is None:
        return None
    try:
        return ast.parse(source.text, mode="eval").body
    except SyntaxError:
        body = _parsed(source.text).body
        return body[0] if body else None


def _plain(node: Any) -> str | None:
    return node.id if isinstance(node, ast.Name) and node.id not in _MODULES else None


def _root(node: Any) -> str | None:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return _plain(node)


def around(source: Source | None, *words: str) -> int | None:
    """The line of the innermost `with` or decorator around a call that has one of these words in it."""
    best = None
    for node in nodes(source.file) if source is not None else ():
        if not isinstance(node, (ast.With, ast.FunctionDef)) or not node.lineno <= source.line <= node.end_lineno:  # pyright: ignore
            continue
        heads = [item.context_expr for item in node.items] if isinstance(node, ast.With) else node.decorator_list
        for head in heads:
            if any(word in ast.unparse(head) for word in words) and (best is None or node.lineno >= best[0]):
                best = (node.lineno, head.lineno)
    return None if best is None else best[1]


def is_asked_first(source: Source | None) -> bool:
    """Whether the code asks if a value is None, or is true, where it reads it: `if p.grad is not None`."""
    if source is None:
        return False
    for node in nodes(source.file):
        if isinstance(node, ast.Compare) and any(
            isinstance(c, ast.Constant) and c.value is None for c in node.comparators
        ):
            asked = node.left
        elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
            asked = node.test
        else:
            continue
        if ast.unparse(asked) == source.text and asked.lineno <= source.line <= node.end_lineno:
            return True
    return False


def is_expression_statement(source: Source | None) -> bool:
    """Whether the value of the statement goes nowhere: `print(loss.item())`."""
    return source is not None and isinstance(statement(source.file, source.line), ast.Expr)


def assigned_at(file: str, name: str, before: int) -> int | None:
    """The last line before this one that assigns a name."""
    lines = [n.lineno for n in nodes(file) if isinstance(n, ast.stmt) and n.lineno < before and name in names_set(n)]
    return max(lines, default=None)


def calls_of(file: str, name: str) -> list[int]:
    """The lines on which something of this name is called."""
    called = (n for n in nodes(file) if isinstance(n, ast.Call))
    return [n.lineno for n in called if getattr(n.func, "attr", getattr(n.func, "id", None)) == name]


def misspelt(file: str, attribute: str) -> tuple[int, str | None, str] | None:
    """An assignment to an attribute that is nearly this one: its line, the variable, and what was typed."""
    import difflib

    for node in nodes(file):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            typed = getattr(target, "attr", attribute)
            if typed != attribute and difflib.SequenceMatcher(None, typed, attribute).ratio() > 0.85:
                return node.lineno, _root(target), typed
    return None


def gradients_read(file: str) -> set[str]:
    """The variables whose `.grad` the file reads or sets."""
    return {
        node.value.id
        for node in nodes(file)
        if isinstance(node, ast.Attribute) and node.attr == "grad" and isinstance(node.value, ast.Name)
    }


def appended(file: str, name: str, after: int) -> tuple[int, str] | None:
    """Where a variable is appended to a list further down: the line and the list."""
    for node in nodes(file):
        if (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append"
            and node.lineno >= after and len(node.args) == 1 and _plain(node.args[0]) == name
        ):  # fmt: skip
            return node.lineno, _root(node.func.value) or ast.unparse(node.func.value)
    return None


def names_in_call(file: str, line: int) -> list[str]:
    """The variables that the statement at a line mentions, in order."""
    node = statement(file, line)
    if node is None:
        return []
    found = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return list(dict.fromkeys(n.id for n in sorted(found, key=lambda n: (n.lineno, n.col_offset))))
