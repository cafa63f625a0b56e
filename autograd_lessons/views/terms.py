"""This stage in symbols and in numbers: what is computed forward, or the chain rule's terms backward."""

from __future__ import annotations

import functools
import linecache
import re
from collections.abc import Iterator

from latex2mathml.converter import convert
from markupsafe import Markup

from ..calls import public_name
from ..grains import Link
from ..notation import name_latex, partial_latex, partial_text
from ..values import Input, Step
from . import timeline, worked
from .numbers import full, key, short
from .stages import Scene
from .sums import checked, is_hooked, is_part, product


def explained(scene: Scene) -> dict:
    """What the template shows for this stage: a headline, rows of symbols and numbers, contributions, remarks."""
    if scene.is_asked:
        return _asked(scene)
    return {"forward": _forward, "backward": _backward, "event": _event}[scene.stage.direction](scene)


def sentence(scene: Scene) -> str:
    """The stage in one line of plain text, for the ledger and the still picture."""
    stage, value = scene.stage, scene.stage.value
    if stage.direction == "event":
        return "  ".join([f"call   {call_text(scene)}", *([] if scene.is_asked else _effects(scene))])
    opening = _opening(scene)
    if scene.is_asked:
        return f"{opening} = ?"
    if stage.direction == "forward":
        formula = worked.formula(scene)
        middle = f"{formula} = " if formula else ""
        stretch = scene.behind(value)
        told = "" if stretch is None else f"  ▸ {stretch.told}"
        return f"{opening} = {middle}{short(value.value)}{told}"
    uses, adjoint = scene.uses(value), scene.gradient(value)
    if not uses:
        return f"{opening} = {short(adjoint)}"
    terms = " + ".join([_product_text(scene, link) for link in uses]) + (" + …" if is_part(scene) else "")
    total, same, _ = checked(scene, uses, adjoint)
    if same is not False:
        return f"{opening} = {terms} = {short(adjoint)}"
    made = "of which a hook made" if is_hooked(scene) else "but autograd delivered"
    return f"{opening} = {terms} = {short(total)}, {made} {short(adjoint)}"


def _opening(scene: Scene) -> str:
    """What a stage's sentence begins with: the value or the gradient that it is about."""
    kept, key = scene.kept, ("opening", scene.grain, scene.at)
    if key not in kept:
        value = scene.stage.value
        is_forward = scene.stage.direction == "forward"
        name = scene.title(value) if is_forward else partial_text(scene.output_label, scene.label(value))
        kept[key] = f"{'value' if is_forward else 'grad '}  {name}"
    return kept[key]


def _asked(scene: Scene) -> dict:
    value = scene.stage.value
    uses = scene.uses(value)
    left, *_ = _symbols(scene, uses)
    return {
        "headline": "sends the gradient back to" if uses else "starts the backward pass at", "name": scene.title(value),
        "rows": [{"left": left, "right": "?", "number": True, "result": True}], "uses": (), "check": None, "remarks": (),
        "key": key(value, scene.tape),
    }  # fmt: skip


def _forward(scene: Scene) -> dict:
    value = scene.stage.value
    rows = []
    if isinstance(value, Step):
        latex = scene.derivation.latex_value(value.label, scene.grain, scene.renamed)
        formula = worked.formula(scene)
        name = name_latex(scene.label(value))
        if latex is not None:
            rows.append({"left": mathml(name), "right": mathml(latex)})
        if formula:
            rows.append({"left": "", "right": formula, "number": True})
        rows.append({"left": "" if rows else mathml(name), "right": short(value.value), "number": True, "result": True})
    else:
        rows.append(
            {
                "left": mathml(name_latex(scene.label(value))),
                "right": short(value.value),
                "number": True,
                "result": True,
            }
        )
    return {
        "headline": "computes the value of", "name": scene.title(value), "rows": rows, "uses": (), "check": None,
        "remarks": _remarks(scene), "key": key(value, scene.tape),
    }  # fmt: skip


def _backward(scene: Scene) -> dict:
    value = scene.stage.value
    assert value is not None
    adjoint, uses = scene.gradient(value), scene.uses(value)
    left, *symbols = _symbols(scene, uses)
    if not uses:
        return {
            "headline": "starts the backward pass at", "name": scene.title(value), "uses": (), "check": None,
            "rows": [{"left": left, "right": short(adjoint), "number": True, "result": True}],
            "remarks": ("Everything that follows is multiplied by this: the output changes one to one with itself.",),
            "key": key(value, scene.tape), "adjoint_of": value.label, "adjoint": full(adjoint),
        }  # fmt: skip
    rows: list[dict] = [{"left": side, "right": right} for side, right in zip((left, ""), symbols)]
    if all([u.local is not None and u.local.numel() <= 4 for u in uses]):
        rows.append({"left": "", "right": " + ".join([_product_text(scene, u) for u in uses]), "number": True})
    total, same, why = checked(scene, uses, adjoint)
    rows.append({"left": "", "right": short(total), "number": True, "result": True})
    return {
        "headline": "sends the gradient back to", "name": scene.title(value), "rows": rows,
        "uses": tuple(_use(scene, link) for link in uses), "total": short(total), "check": None if is_hooked(scene) and not same else same,
        "remarks": (*([why] if why else []), *_remarks(scene)), "key": key(value, scene.tape), "adjoint_of": value.label, "adjoint": full(adjoint),
        "autograd": short(adjoint),
    }  # fmt: skip


def _symbols(scene: Scene, uses: list[Link]) -> list[Markup]:
    """The gradient of this stage in symbols; the sum that it is; and that sum with formulas, where all slopes have one."""
    kept, key = scene.kept, ("symbols", scene.grain, scene.at, *[link.output.index for link in uses])
    if key not in kept:
        kept[key] = [mathml(latex) for latex in _in_latex(scene, uses)]
    return kept[key]


def _in_latex(scene: Scene, uses: list[Link]) -> Iterator[str]:
    value, output = scene.stage.value, scene.output_label
    yield partial_latex(output, scene.label(value))
    if not uses:
        return
    before = [rf"{partial_latex(output, scene.label(u.output))} \cdot " for u in uses]
    yield " + ".join(back + partial_latex(scene.label(u.output), scene.label(value)) for back, u in zip(before, uses))
    formulas = [scene.derivation.latex_local(u.output.label, value.label, scene.grain, scene.renamed) for u in uses]
    if all(formulas):
        yield " + ".join(back + _wrapped(str(formula)) for back, formula in zip(before, formulas))


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


@functools.lru_cache(maxsize=1024)
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


def _product_text(scene: Scene, link: Link) -> str:
    if link.local is None or link.local.numel() > 4:
        return f"vᵀJ through {scene.title(link.output)}"
    return f"{worked.bracketed(link.adjoint)} × {worked.bracketed(link.local)}"


def _use(scene: Scene, link: Link) -> dict:
    return {
        "through": scene.title(link.output), "key": key(link.output, scene.tape), "adjoint": short(link.adjoint, 5),
        "local": "vᵀJ" if link.local is None else short(link.local, 5), "product": short(product(scene, link)),
    }  # fmt: skip


def _remarks(scene: Scene) -> tuple[str, ...]:
    """What to know about the operations of this stage: no rule, the branch taken, a convention."""
    value = scene.stage.value
    steps = [value] if scene.stage.direction == "forward" else [u.output for u in scene.uses(value)]
    remarks = []
    for step in steps:
        if isinstance(step, Step) and step.op in scene.derivation.missing:
            remarks.append(f"There is no symbolic rule for {public_name(step.op)}: its number is PyTorch's own.")
    stretch = scene.behind(value) if scene.stage.direction == "forward" else None
    if stretch is not None:
        count = stretch.last - stretch.first
        remarks.append(f"Closed here: {stretch.told} ({count:,} {'step' if count == 1 else 'steps'}).")
    remarks += [f"On the branch taken: {condition}." for condition in scene.derivation.conditions]
    if isinstance(value, Input) and value.origin == "unknown":
        made = value.made_by_function
        made = f"the torch.autograd.Function {made}, whose inside" if made else "something that"
        remarks.append(f"This value was made by {made} the recording cannot see.")
    if is_part(scene):
        names = ", ".join(scene.title(unseen) for unseen in scene.derivation.unseen)
        remarks.append(
            f"A part of this gradient may come through {names}, whose own graph is PyTorch's and not on the tape."
        )
    if isinstance(value, Step) and not bool(value.value.isfinite().all()):
        remarks.append(
            f"{scene.title(value)} is {short(value.value)}: PyTorch raises no error for a number without a finite value."
        )
    return tuple(remarks)


@functools.lru_cache(maxsize=4096)
def mathml(latex: str) -> Markup:
    """MathML of LaTeX that our own tables made; browsers typeset it themselves."""
    return Markup(convert(latex, display="block"))
