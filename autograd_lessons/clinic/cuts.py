"""Why no gradient arrives: the place between a leaf and the loss where the graph was cut, or never began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..tape import Event, Input, Step
from . import reading
from .evidence import EXITS, Evidence, Finding

_DETACH = {"detach", "detach_", "data"}
_COPIES = {"tensor", "as_tensor", "asarray", "new_tensor"}
_DATA = {"tensor", "as_tensor", "from_numpy", "arange", "linspace", "eye"}  # what data are made by, rather than weights


class Cut(NamedTuple):
    """A step that autograd does not follow though one of its operands has a graph."""

    step: Any  # the call that cut: a step, or the call that made a new leaf
    before: Any  # the operand that has the graph
    after: Any  # the value nearest to the loss that was made under the same no_grad


def find_cut(evidence: Evidence, root: Any, leaf: Input | None = None) -> Cut | None:
    """The cut nearest to a root; with a leaf, the nearest one that the leaf lies behind."""
    came_by: dict[Any, Any] = {root: None}
    for value in (waiting := [root]):
        operands = evidence.made_from(value)
        cuts = isinstance(value, Input) or not value.requires_grad
        for used in operands:
            if used in came_by or not hasattr(used, "requires_grad"):
                continue
            came_by[used] = value
            has_graph = used.requires_grad and evidence.switched_off(used, getattr(value, "index", 0)) is None
            if cuts and has_graph and (leaf is None or leaf in map(evidence.leaf, evidence.ancestors(used))):
                step = value.leaf.made_by if isinstance(value, Input) else value
                return Cut(step, used, _out_of_no_grad(step, value, came_by))
            waiting.append(used)
    return None


def _out_of_no_grad(step: Any, value: Any, came_by: dict) -> Any:
    after = step
    while value is not None and not getattr(value, "grad_enabled", True):
        after, value = value, came_by[value]
    return after


def no_graph(evidence: Evidence, root: Any) -> Finding:
    """Why there is nothing for backward() to follow from a root that does not require grad."""
    where = _going_back(evidence)
    if (left := _detached_in_place(evidence, root)) is not None:
        return left
    cut = find_cut(evidence, root)
    if cut is not None:
        return explain_cut(evidence, cut, where)
    frozen = turned_off(evidence, evidence.ancestors(root))
    if frozen is not None:
        return _frozen(evidence, *frozen, where)
    way_out = leaving(evidence, None)
    if way_out is not None:
        return left_graph(evidence, way_out, where)
    return never_required(evidence, root, where)


def _going_back(evidence: Evidence) -> str:
    failure = evidence.tape.failure
    if failure is None:
        return "the way back"
    text = " ".join(failure.source.text.split()) if failure.source else failure.kind
    return f"{text if len(text) <= 28 else failure.kind} in {evidence.spot(failure)}"


def explain_cut(evidence: Evidence, cut: Cut, where: str) -> Finding:
    """Name what cut the graph: detach, no_grad, a copy, an index; or a leaf whose name was given to something else."""
    step, before = cut.step, cut.before
    if (lost := _rebound(evidence, cut)) is not None:
        return lost
    if step.op in _DETACH:
        return _detached(evidence, step, before, where)
    if step.op in _COPIES:
        return _copied(evidence, step, where)
    if not step.grad_enabled:
        return _under_no_grad(evidence, cut, where)
    return _not_differentiable(evidence, step, before, where)


def _rebound(evidence: Evidence, cut: Cut) -> Finding | None:
    """`w = w - lr * w.grad` under no_grad: w is no leaf any more."""
    leaf, step = evidence.leaf(cut.before), cut.step
    name = evidence.name(step)
    if leaf is None or step.grad_enabled or name is None or name != evidence.name(leaf):
        return None
    spot = evidence.spot(step)
    return evidence.finding(
        "leaf_lost", step, name,
        f"{spot}: {spot.code} makes a new tensor, and from then on {name} is the name of that one.",
        f"It was made under no_grad, so it has no graph and does not require grad: the leaf {name} is lost.",
        f"Change: alter the leaf where it is: with torch.no_grad(): {name} -= 0.1 * {name}.grad",
    )  # fmt: skip


def _detached(evidence: Evidence, step: Any, before: Any, where: str) -> Finding:
    spot = evidence.spot(step)
    name = reading.subject(evidence.source(step)) or evidence.named(step)
    how = ".data" if step.op == "data" else f".{step.op}()"
    return evidence.finding(
        "cut_by_detach", step, name,
        f"{spot}: {spot.code}",
        f"{how} gives the numbers without a graph: {where} does not get past it.",
        *_behind(evidence, before),
        f"Change: leave out {how} in {spot}.",
    )  # fmt: skip


def _detached_in_place(evidence: Evidence, root: Any) -> Finding | None:
    events = [e for e in evidence.tape.events if e.kind == "detach_" and e.on is not None and e.on.requires_grad]
    names = {evidence.name(v) for v in evidence.ancestors(root)}
    for event in events:
        if evidence.name(event.on) in names:
            spot, name = evidence.spot(event), evidence.name(event.on)
            return evidence.finding(
                "cut_by_detach", event, name,
                f"{spot}: {spot.code} takes {name or 'the tensor'} itself out of the graph.",
                f"From there on it is a plain number, and {_going_back(evidence)} has no graph to follow.",
                f"Change: leave out {spot}, or use a copy: {name or 'h'}.detach()",
            )  # fmt: skip
    return None


def _behind(evidence: Evidence, before: Any) -> list[str]:
    names = [name for leaf in evidence.leaves(before) if (name := evidence.name(leaf)) is not None]
    if not names or len(names) > 4:
        return []
    return [
        f"{' and '.join(names)} {'lies' if len(names) == 1 else 'lie'} behind it and {'gets' if len(names) == 1 else 'get'} no gradient."
    ]


def _copied(evidence: Evidence, step: Any, where: str) -> Finding:
    spot, source = evidence.spot(step), evidence.source(step)
    name = reading.subject(source) or evidence.named(step)
    several = len(step.inputs) > 1 and step.op != "new_tensor"
    return evidence.finding(
        "copied", step, name,
        f"{spot}: {spot.code} copies the numbers into a new tensor.",
        f"A copy does not know what its numbers were computed from: {where} ends there.",
        "Change: " + ("put them together with torch.stack, which keeps their graph." if several else "use the tensor itself."),
    )  # fmt: skip


def _under_no_grad(evidence: Evidence, cut: Cut, where: str) -> Finding:
    step = cut.after
    around = reading.around(evidence.source(step), "no_grad", "inference_mode", "set_grad_enabled")
    switch = "inference_mode" if step.is_inference else "no_grad"
    spot = evidence.spot(step, around)
    if around is None:
        off = [
            e for e in evidence.tape.events if e.kind == "_set_grad_enabled" and not e.argument and e.index < step.index
        ]
        spot = evidence.spot(off[-1]) if off else spot
    name = evidence.named(step)
    return evidence.finding(
        "cut_by_no_grad", step, name,
        f"{spot}: {spot.code} switches the recording of operations off.",
        f"{name or evidence.called(step)} ({evidence.spot(step)}) was computed while it was off, so it has no graph,",
        f"and {where} does not get past it.",
        f"Change: compute {name or 'it'} outside of {switch}" + (
            ", or switch on again: torch.set_grad_enabled(True)" if "set_grad_enabled" in spot.code else "."),
        spot=spot,
    )  # fmt: skip


_INSTEAD = {
    "argmax": "let the loss use the tensor itself, for instance its .max() or a softmax of it.",
    "argmin": "let the loss use the tensor itself, for instance its .min().",
    "argsort": "let the loss use the sorted values, not their positions.",
    "sort": "use the sorted values, the first of the two results.",
    "topk": "use the values, the first of the two results.",
    "multinomial": "let the loss use the log of the probability of what was drawn.",
}
_WHAT = {
    "argmax": "picks a position, and a position does not move when the numbers move a little.",
    "argmin": "picks a position, and a position does not move when the numbers move a little.",
    "argsort": "gives positions, and a position does not move when the numbers move a little.",
    "multinomial": "draws a position by chance, and a position has no slope.",
    "sort": "gives positions as its second result, and a position has no slope.",
}
_COMPARISONS = {"gt", "lt", "ge", "le", "eq", "ne", "greater", "less", "isclose", "logical_not", "logical_and"}


def _not_differentiable(evidence: Evidence, step: Any, before: Any, where: str) -> Finding:
    spot = evidence.spot(step)
    name = evidence.named(step) or evidence.nearest_name(before)
    if step.op in _COMPARISONS:
        what = "compares: the answer is yes or no, and does not move when the numbers move a little."
        instead = "use something smooth in its place, such as torch.sigmoid(k * (w - 0.5))."
    elif step.op in _WHAT:
        what, instead = _WHAT[step.op], _INSTEAD[step.op]
    elif not step.value.is_floating_point():
        what, instead = "gives whole numbers, and those have no slope.", "stay with floating-point numbers there."
    else:
        what, instead = "is an operation that PyTorch has no derivative for.", "use another operation there."
    return evidence.finding(
        "not_differentiable", step, name,
        f"{spot}: {spot.code}", f"{step.op} {what}",
        f"So no gradient can flow back through it, and {where} has no graph to follow.",
        f"Change: {instead}",
    )  # fmt: skip


# ---------------------------------------------------------------- leaves that do not ask for a gradient
def turned_off(evidence: Evidence, values: Any) -> tuple[Event, Input] | None:
    """The last event that told one of these leaves not to require grad, and which leaf."""
    off = [
        (event, value.leaf) for value in values if isinstance(value, Input) and (event := evidence.switched_off(value))
    ]
    return max(off, key=lambda pair: pair[0].index) if off else None


def _frozen(evidence: Evidence, event: Event, leaf: Input, where: str) -> Finding:
    spot, name = evidence.spot(event), evidence.name(leaf) or reading.subject(event.source)
    return evidence.finding(
        "turned_off", event, name,
        f"{spot}: {spot.code} tells {name or 'the tensor'} not to require grad.",
        f"Operations on it are no longer recorded: {where} does not reach it.",
        f"Change: leave that out, or switch on again before the forward pass: {name or 'w'}.requires_grad_(True)",
    )  # fmt: skip


def never_required(evidence: Evidence, root: Any, where: str, only: Any = None) -> Finding:
    """No tensor on the way asks for a gradient; the one that most looks as if it should is named."""
    typo = reading.misspelt(evidence.file, "requires_grad")
    if typo is not None:
        line, name, typed = typo
        spot = evidence.spot(root, line)
        return evidence.finding(
            "never_required", root, name,
            f"{spot}: {spot.code} sets {typed}, a name that PyTorch does not know.",
            "Python allows it and nothing happens: the tensor still does not require grad.",
            f"Change: {name or 'x'}.requires_grad = True, with an s",
            spot=spot,
        )  # fmt: skip
    value = only or _candidate(evidence, root)
    name = evidence.named(value)
    spot = evidence.spot(value)
    if isinstance(value, Input) and value.leaf.made_by is None:  # made where no one looked: the code may say where
        spot = spot._replace(line=reading.assigned_at(spot.file, name or "", spot.line) or spot.line)
    return evidence.finding(
        "never_required", value, name,
        f"{spot}: {spot.code}",
        f"{name or 'This tensor'} was not told to require grad, so PyTorch recorded no graph from it,",
        f"and {where} has nothing to follow.",
        _tell(evidence, value, name),
        spot=spot,
    )  # fmt: skip


def _tell(evidence: Evidence, value: Any, name: str | None) -> str:
    attribute = reading.attribute_set(evidence.source(value)) if name is None else None
    if attribute is not None:
        return f"Change: make it a parameter: {attribute} = torch.nn.Parameter(…)"
    return f"Change: tell it when it is made, with requires_grad=True, or after: {name or 'x'}.requires_grad_()"


def _candidate(evidence: Evidence, root: Any) -> Any:
    plain = [v for v in evidence.ancestors(root) if _is_given(v) and v.value.is_floating_point()]
    asked = reading.gradients_read(evidence.file)
    if not plain:
        return root
    plain.sort(key=lambda v: (v.line, getattr(v, "index", 0)))
    best = max(plain, key=lambda v: (evidence.name(v) in asked, _looks_like_a_weight(v)))
    return best


def _is_given(value: Any) -> bool:
    """Whether nothing that the tape knows was needed to make it."""
    return hasattr(value, "requires_grad") and not [
        v for v in getattr(value, "inputs", ()) if hasattr(v, "requires_grad")
    ]


def _looks_like_a_weight(value: Any) -> bool:
    return isinstance(value, Step) and value.op not in _DATA


# ---------------------------------------------------------------- numbers that have left the graph
def leaving(evidence: Evidence, leaf: Input | None) -> Event | None:
    """The last place where a number was taken out of the graph (of this leaf) and kept; printing it is no such place."""
    found = None
    for event in evidence.tape.events:
        if event.kind not in EXITS or event.on is None or reading.is_expression_statement(event.source):
            continue
        came_from = evidence.ancestors(event.on)
        if (
            leaf is None
            and any(v.requires_grad for v in came_from)
            or leaf is not None
            and leaf in map(evidence.leaf, came_from)
        ):
            found = event
    return found


def left_graph(evidence: Evidence, event: Event, where: str) -> Finding:
    spot, name = evidence.spot(event), reading.subject(event.source) or reading.target(event.source)
    how = reading.function(event.source) or f".{event.kind}()"
    return evidence.finding(
        "left_graph", event, name,
        f"{spot}: {spot.code}",
        f"{how} gives {_given(event.kind)}: the value is in it, but not how it was computed,",
        f"so {where} does not get past it.",
        f"Change: go on with the tensor itself, without {how}; take numbers out only to look at them.",
    )  # fmt: skip


def _given(kind: str) -> str:
    return {"numpy": "a NumPy array", "tolist": "a list of numbers", "array": "plain numbers"}.get(
        kind, "a Python number"
    )


# ---------------------------------------------------------------- one leaf, in silence
def unreached(evidence: Evidence, leaf: Input, roots: list[Any]) -> Finding:
    """Why passes that ran well brought no gradient to this leaf."""
    name = evidence.name(leaf)
    where = "backward()" if name is None else f"the way back to {name}"
    frozen = turned_off(evidence, [leaf])
    if frozen is not None:
        return _frozen(evidence, *frozen, where)
    for root in roots:
        cut = find_cut(evidence, root, leaf)
        if cut is not None:
            return explain_cut(evidence, cut, where)
    way_out = leaving(evidence, leaf)
    if way_out is not None:
        return left_graph(evidence, way_out, where)
    return not_reached(evidence, leaf)


def not_reached(evidence: Evidence, leaf: Input) -> Finding:
    trail = evidence.descendants(leaf)
    name = evidence.name(leaf)
    if not trail:
        spot = evidence.spot(leaf)
        return evidence.finding(
            "not_reached", leaf, name,
            f"{spot}: {spot.code}",
            f"{name or 'This tensor'} is used nowhere on the way to the loss, so the loss does not depend on it,",
            "and its .grad stays None.",
            f"Change: use {name or 'it'} in the computation of the loss.",
        )  # fmt: skip
    end = trail[-1]
    spot, last = evidence.spot(end), evidence.named(end)
    return evidence.finding(
        "not_reached", end, last,
        f"{spot}: {spot.code} is where the trail of {name or 'this leaf'} ends.",
        f"Nothing that the loss is made of uses {last or 'its result'}, so no gradient comes back through it.",
        f"Change: let the loss depend on {last or 'it'}, for instance: loss = loss + {last or '…'}",
    )  # fmt: skip


def silent(evidence: Evidence) -> Iterator[Finding]:
    """Leaves that the learner looked at, or gave to an optimizer, and that no pass brought a gradient to."""
    runs = [run for run in evidence.passes if run.kind == "backward"]
    if not runs:
        return
    roots = [root for run in runs for root in run.roots]
    seen: set[Input] = set()
    for leaf in (*_looked_at(evidence, runs[0].index), *_skipped(evidence, roots), *_forgotten(evidence)):
        if leaf not in seen and leaf not in evidence.reached:
            seen.add(leaf)
            yield unreached(evidence, leaf, roots)
    yield from _number_in_the_formula(evidence, roots)


def _looked_at(evidence: Evidence, after: int) -> Iterator[Input]:
    if "grad" not in evidence.kinds:
        return
    for event in evidence.missing_reads():
        leaf = evidence.leaf(event.on)
        if event.index > after and leaf is not None and (leaf.requires_grad or turned_off(evidence, [leaf])):
            yield leaf


def _skipped(evidence: Evidence, roots: list[Any]) -> Iterator[Input]:
    """Weights of an optimizer that took its step without them, though they were used on the way to the loss."""
    if "optimizer.step" not in evidence.kinds:
        return
    for event in evidence.tape.events:
        for value in event.skipped:
            leaf = evidence.known_leaf(value)
            if leaf is not None and any(find_cut(evidence, root, leaf) for root in roots):
                yield leaf


def _forgotten(evidence: Evidence) -> Iterator[Input]:
    """Leaves whose only use was in a function's own variable that nobody ever looked at."""
    for life in evidence.tape.lives:
        leaf = evidence.leaf(life.of)
        if leaf is None or leaf in evidence.reached:
            continue
        used = {v for step in evidence.tape.steps for v in step.inputs} | {e.on for e in evidence.tape.events}
        ends = [step for step in evidence.descendants(leaf) if step not in used and evidence.leaf(step) is None]
        if ends and all(_is_a_variable_inside(step) and step not in evidence.tape.alive for step in ends):
            yield leaf


def _is_a_variable_inside(step: Step) -> bool:
    name = reading.target(step.source)
    return step.depth > 0 and name is not None and step.name in (name, None)


def _number_in_the_formula(evidence: Evidence, roots: list[Any]) -> Iterator[Finding]:
    """`w.item() * x + b`: a leaf that takes part as a number only."""
    for event in evidence.tape.events if evidence.kinds & EXITS else ():
        leaf = None if event.on is None or event.kind not in EXITS else evidence.known_leaf(event.on)
        if leaf is None or leaf in evidence.reached or event.source is None or evidence.descendants(leaf):
            continue
        inside = (step for root in roots for step in evidence.ancestors(root) if isinstance(step, Step))
        if any(_encloses(step.source, event.source) for step in inside) and not evidence.events_on(leaf, "grad"):
            yield left_graph(evidence, event, "backward()")


def _encloses(outer: Any, inner: Any) -> bool:
    return (
        outer is not None
        and outer.file == inner.file
        and (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
        and outer != inner
    )
