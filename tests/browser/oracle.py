"""What plain torch says about a notebook's explorers: the notebook's own functions, run without the package."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import torch


def explored(path: Path) -> list[Callable[[dict[str, float], str], dict[str, list[float]]]]:
    """For each explorer of a notebook, in order: (inputs on screen, dtype) → the gradient of the output for every name.

    Each cell's imports, functions and tables are executed as they come, so that `explore(mine, …)` means the `mine` of that place;
    nothing of `autograd_lessons` runs.
    """
    oracles = []
    known: dict = {"torch": torch}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        for statement in tree.body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)) and "autograd_lessons" in ast.unparse(statement):
                continue
            if isinstance(statement, (ast.FunctionDef, ast.Import, ast.ImportFrom)):
                exec(compile(ast.Module([statement], []), str(path), "exec"), known)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("explore"):
                name = node.args[0]
                assert isinstance(name, ast.Name), (
                    f"{path.name}: explore({ast.unparse(name)}, …) needs a function of the notebook"
                )
                oracles.append(_gradients_of(known[name.id], str(path)))
    return oracles


def _whole(inputs: dict[str, float]) -> dict[str, float | list[float]]:
    """A vector has a number box for each element, in order: `x[0]` and `x[1]` are the list `x`."""
    whole: dict = {}
    for label, number in inputs.items():
        name, element, _ = label.partition("[")
        whole[name] = [*whole.get(name, []), number] if element else number
    return whole


def _gradients_of(function: Callable, file: str) -> Callable[[dict[str, float], str], dict[str, list[float]]]:
    def gradients(inputs: dict[str, float], dtype: str) -> dict[str, list[float]]:
        leaves = {
            name: torch.tensor(value, dtype=getattr(torch, dtype), requires_grad=True)
            for name, value in _whole(inputs).items()
        }
        names: dict[str, torch.Tensor] = {}

        def note(frame, event, _) -> None:
            if event == "return" and frame.f_code.co_filename == file:
                names.update((name, value) for name, value in frame.f_locals.items() if isinstance(value, torch.Tensor))

        sys.setprofile(note)  # the outer function returns last, so that its names win over its helpers'
        try:
            output = function(**leaves)
        finally:
            sys.setprofile(None)
        names |= leaves
        back = torch.autograd.grad(output, list(names.values()), allow_unused=True)
        return {name: grad.reshape(-1).tolist() for name, grad in zip(names, back) if grad is not None}

    return gradients


def recorded(path: Path) -> list[dict[str, list[float] | None]]:
    """For each `%%autograd` cell of a notebook, in order: the `.grad` of every named leaf when plain torch has run up to there.

    Statements that need `autograd_lessons` or IPython are left out, and so is what depends on them. A leaf keeps its name
    when a later statement gives that name to the result of an operation (`w = w - 0.1 * w.grad`), as it does on the page.
    """
    found = []
    known: dict = {}
    leaves: dict[str, torch.Tensor] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        first, _, rest = cell.source.partition("\n")
        magic = first.startswith("%%autograd")
        text = rest if magic else "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in _run_plainly(text, str(path), known):
                leaves |= {n: v for n, v in known.items() if isinstance(v, torch.Tensor) and v.is_leaf}
        if magic and "-q" not in first.split():
            parameters = {
                f"{n}_{part.replace('.', '_')}": p
                for n, v in known.items() if isinstance(v, torch.nn.Module) for part, p in v.named_parameters()
            }  # fmt: skip
            found.append(
                {n: None if v.grad is None else v.grad.reshape(-1).tolist() for n, v in (leaves | parameters).items()}
            )
    return found


def _run_plainly(text: str, file: str, known: dict) -> Iterator[None]:
    for statement in ast.parse(text).body:
        source = ast.unparse(statement)
        if any(word in source for word in ("autograd_lessons", "al.", "figures.", "get_ipython")):
            continue
        try:
            exec(compile(ast.Module([statement], []), file, "exec"), known)
        except Exception:  # a provoked error, or what depends on a statement that was left out
            break
        yield
