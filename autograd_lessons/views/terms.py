"""This stage in symbols and in numbers: what is computed forward, or the chain rule's terms backward."""

from __future__ import annotations

import functools
import linecache
import re

import torch
from latex2mathml.converter import convert
from markupsafe import Markup

from ..grains import Link
from ..notation import name_latex, partial_latex, partial_text
from ..tape import Input, Step
from . import timeline
from .numbers import full, key, short, title
from .stages import Scene


def explained(scene: Scene) -> dict:
    """What the template shows for this stage: a headline, rows of symbols and numbers, contributions, remarks."""
    return {"forward": _forward, "backward": _backward, "event": _event}[scene.stage.direction](scene)


def sentence(scene: Scene) -> str:
    """The stage in one line of plain text, for the ledger and the still picture."""
    value = scene.stage.value
    if scene.stage.direction == "event":
        return "  ".join([f"call   {call_text(scene)}", *_effects(scene)])
    if scene.stage.direction == "forward":
        formula = _formula_text(scene)
        middle = f"{formula} = " if formula else ""
        return f"value  {title(value)} = {middle}{short(value.value)}"
    uses, adjoint = scene.uses(value), scene.gradient(value)
    name = partial_text(scene.output_label, value.label)
    if not uses:
        return f"grad   {name} = {short(adjoint)}"
    terms = " + ".join(_product_text(link) for link in uses) + (" + …" if _is_part(scene) else "")
    return f"grad   {name} = {terms} = {short(adjoint)}"


def _forward(scene: Scene) -> dict:
    value = scene.stage.value
    rows = []
    if isinstance(value, Step):
        latex = scene.derivation.latex_value(value.label, scene.grain)
        formula = _formula_text(scene)
        name = name_latex(value.label)
        if latex is not None:
            rows.append({"left": mathml(name), "right": mathml(latex)})
        if formula:
            rows.append({"left": "", "right": formula, "number": True})
        rows.append({"left": "" if rows else mathml(name), "right": short(value.value), "number": True, "result": True})
    else:
        rows.append(
            {"left": mathml(name_latex(value.label)), "right": short(value.value), "number": True, "result": True}
        )
    return {
        "headline": "computes the value of", "name": title(value), "rows": rows, "uses": (), "check": None,
        "remarks": _remarks(scene), "key": key(value, scene.tape),
    }  # fmt: skip


def _formula_text(scene: Scene) -> str | None:
    """The step's formula with this run's numbers in place of the names; None for vectors and where there is no rule."""
    value = scene.stage.value
    if not isinstance(value, Step) or value.value.numel() != 1:
        return None
    formula = scene.derivation.text_value(value.label, scene.grain)
    if formula is None:
        return None
    numbers = {_typed(used.label): used.value for used in scene.used_by(value)}
    if not numbers or any(tensor.numel() != 1 for tensor in numbers.values()):
        return None
    filled = _any_of(tuple(numbers)).sub(lambda found: _bracketed(numbers[found[1]]), formula)
    return re.sub(r"\(\((−[^()]*)\)\)", r"(\1)", filled)


@functools.lru_cache(maxsize=1024)
def _any_of(names: tuple[str, ...]) -> re.Pattern:
    either = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.compile(rf"(?<![\w.])({either})(?![\w(])")


def _typed(label: str) -> str:
    return f"v{label[1:]}" if label.startswith("#") else label


def _bracketed(tensor: torch.Tensor) -> str:
    shown = short(tensor, 5)
    return f"({shown})" if shown.startswith("−") else shown


def _backward(scene: Scene) -> dict:
    value, output = scene.stage.value, scene.output_label
    assert value is not None
    adjoint = scene.gradient(value)
    left = mathml(partial_latex(output, value.label))
    uses = scene.uses(value)
    rows: list[dict] = []
    if not uses:
        return {
            "headline": "starts the backward pass at", "name": title(value), "uses": (), "check": None,
            "rows": [{"left": left, "right": short(adjoint), "number": True, "result": True}],
            "remarks": ("Everything that follows is multiplied by this: the output changes one to one with itself.",),
            "key": key(value, scene.tape), "adjoint_of": value.label, "adjoint": full(adjoint),
        }  # fmt: skip
    symbols = " + ".join(
        rf"{partial_latex(output, u.output.label)} \cdot {partial_latex(u.output.label, value.label)}" for u in uses
    )
    rows.append({"left": left, "right": mathml(symbols)})
    formulas = [scene.derivation.latex_local(u.output.label, value.label, scene.grain) for u in uses]
    if all(formulas):
        slopes = " + ".join(rf"{_chained(u, output)} \cdot {_wrapped(str(f))}" for u, f in zip(uses, formulas))
        rows.append({"left": "", "right": mathml(slopes)})
    if all(u.local is not None and u.local.numel() <= 4 for u in uses):
        rows.append({"left": "", "right": " + ".join(_product_text(u) for u in uses), "number": True})
    total = functools.reduce(torch.add, [u.product for u in uses if u.product is not None])
    rows.append({"left": "", "right": short(total), "number": True, "result": True})
    return {
        "headline": "sends the gradient back to", "name": title(value), "rows": rows,
        "uses": tuple(_use(scene, link) for link in uses), "total": short(total), "check": None if _is_part(scene) else _check(total, adjoint),
        "remarks": _remarks(scene), "key": key(value, scene.tape), "adjoint_of": value.label, "adjoint": full(adjoint),
        "autograd": short(adjoint),
    }  # fmt: skip


def _event(scene: Scene) -> dict:
    """A call between the passes: what it did to the leaves and to their `.grad`."""
    rows = [{"said": effect} for effect in _effects(scene)]
    value = scene.stage.value
    return {
        "headline": "this call is not part of the graph:", "name": call_text(scene), "uses": (), "check": None,
        "rows": rows or [{"said": "it changes no number"}],
        "remarks": (), "key": "" if value is None else key(value, scene.tape),
    }  # fmt: skip


def call_text(scene: Scene) -> str:
    """The call as it was typed; for code without source its name."""
    event = scene.stage.event
    assert event is not None
    source = event.source
    if source is not None:
        line = linecache.getline(source.file, source.line).strip()
        return line if source.line == source.end_line and len(line) <= 60 else " ".join(source.text.split())
    return event.op if isinstance(event, Step) else event.kind


def _effects(scene: Scene) -> list[str]:
    event = scene.stage.event
    return [] if event is None else timeline.effects(scene.tape, event.index, event.index)


def _is_part(scene: Scene) -> bool:
    """Whether the terms on the tape may be a part only of the gradient that comes back to this stage's leaf."""
    return (
        scene.stage.direction == "backward" and isinstance(scene.stage.value, Input) and bool(scene.derivation.unseen)
    )


def _chained(link: Link, output: str) -> str:
    return partial_latex(output, link.output.label)


def _wrapped(latex: str) -> str:
    return rf"\left({latex}\right)" if _is_sum(latex) else latex


def _is_sum(latex: str) -> bool:
    """Whether a plus or minus between two terms stands outside every bracket, root and fraction."""
    depth = 0
    for sign in re.findall(r"\\left|\\right|[{}]|(?<=\S) [+-] ", latex):
        depth += {"{": 1, r"\left": 1, "}": -1, r"\right": -1}.get(sign, 0)
        if depth == 0 and sign in (" + ", " - "):
            return True
    return False


def _product_text(link: Link) -> str:
    if link.local is None or link.local.numel() > 4:
        return f"vᵀJ through {title(link.output)}"
    return f"{_bracketed(link.adjoint)} × {_bracketed(link.local)}"


def _use(scene: Scene, link: Link) -> dict:
    return {
        "through": title(link.output), "key": key(link.output, scene.tape), "adjoint": short(link.adjoint, 5),
        "local": "vᵀJ" if link.local is None else short(link.local, 5), "product": short(link.product),
    }  # fmt: skip


def _check(total: torch.Tensor, adjoint: torch.Tensor | None) -> bool | None:
    """Whether the terms add up to what the engine delivered, up to the order of adding."""
    if adjoint is None or total.shape != adjoint.shape:
        return None
    return bool(
        torch.isclose(total, adjoint, rtol=1e-5 if adjoint.dtype == torch.float32 else 1e-10, equal_nan=True).all()
    )


def _remarks(scene: Scene) -> tuple[str, ...]:
    """What to know about the operations of this stage: no rule, the branch taken, a convention."""
    value = scene.stage.value
    steps = [value] if scene.stage.direction == "forward" else [u.output for u in scene.uses(value)]
    remarks = []
    for step in steps:
        if isinstance(step, Step) and step.op in scene.derivation.missing:
            remarks.append(f"There is no symbolic rule for torch.{step.op}: its number is PyTorch's own.")
    remarks += [f"On the branch taken: {condition}." for condition in scene.derivation.conditions]
    if isinstance(value, Input) and value.origin == "unknown":
        remarks.append("This value was made by something that the recording cannot see.")
    if _is_part(scene):
        names = ", ".join(title(unseen) for unseen in scene.derivation.unseen)
        remarks.append(
            f"A part of this gradient may come through {names}, whose own graph is PyTorch's and not on the tape."
        )
    if isinstance(value, Step) and not bool(value.value.isfinite().all()):
        remarks.append(
            f"{title(value)} is {short(value.value)}: PyTorch raises no error for a number without a finite value."
        )
    return tuple(remarks)


@functools.lru_cache(maxsize=4096)
def mathml(latex: str) -> Markup:
    """MathML of LaTeX that our own tables made; browsers typeset it themselves."""
    return Markup(convert(latex, display="block"))
