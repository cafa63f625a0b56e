"""From an answer's trial to what is said of it: right, or where it is not, and which slip that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from ..grains import links
from ..tape import Tape
from .feedback import Counterexample, Feedback
from .matching import PLAUSIBLE
from .points import LONG, Point, branches_of
from .sides import slips_behind
from .trial import Judged, Trial
from .words import Words, at, shown

MOST_FACTORS = 8  # of a chain that is written out in a hint
HONEST = "No slip that is known here gives these numbers."


def tell(trial: Trial) -> Feedback:
    """The feedback on one trial."""
    for step in (_pointless, _incomplete, _wrong_factor, _wrong_input, _absent):
        made = step(trial)
        if made is not None:
            return made
    return _right(trial)


def _pointless(trial: Trial) -> Feedback | None:
    """A number where the derivative is another one at each point."""
    if not trial.fixed or trial.has_point or not _wrong(trial.judged):
        return None
    wrong = next(iter(_wrong(trial.judged).values()))
    if all(torch.allclose(one.true, wrong[0].true, rtol=1e-9) for one in wrong):
        return None
    point = ", ".join(f"{name}=…" for name in trial.wrt)
    return Feedback(
        False,
        None,
        (),
        (f"A number is a derivative at one point, and here it is another one at each. Say where: {point}",),
    )


def _absent(trial: Trial) -> Feedback | None:
    """Inputs that were asked for by name and that the answer leaves out."""
    absent = [name for name in trial.asked if name not in trial.judged]
    if not absent or not trial.judged:
        return None
    told = f"For {_listed(list(trial.judged))} it is right. For {_listed(absent)} there is no answer yet."
    return Feedback(False, "blank", ("blank",), (told,), input=absent[0])


# ---------------------------------------------------------------------- right
def _right(trial: Trial) -> Feedback:
    everything = [judged for rows in trial.judged.values() for judged in rows]
    count = len({id(judged.point) for judged in everything})
    told = f"It agrees with autograd at {count} points." if count > 1 else "It agrees with autograd at this point."
    if all(not bool(judged.true.any()) for judged in everything):
        told += " The derivative is zero there, which proves little."
    less = next((judged for judged in everything if judged.state in ("rounding", "digits")), None)
    if less is None:
        return Feedback(True, hints=(told,))
    mine, true = less.theirs.reshape(-1), less.true.reshape(-1)
    worst = int((mine - true).abs().nan_to_num(0.0).argmax())
    kind = "the digits given" if less.state == "digits" else "rounding, as float32 has it"
    told = f"It agrees with autograd within {kind}: {mine[worst].item():.10g} against {true[worst].item():.10g}."
    return Feedback(True, "rounding", ("rounding",), (told,), input=less.name)


# ---------------------------------------------------------------------- the chain by factor
def _incomplete(trial: Trial) -> Feedback | None:
    if not trial.missing or _wrong(trial.factors):
        return None
    return Feedback(
        False,
        "chain_incomplete",
        ("chain_incomplete",),
        (f"The factors that are there are right, but the chain lacks {', '.join(trial.missing)}.",),
    )


def _wrong(rows: Mapping[str, list[Judged]]) -> dict[str, list[Judged]]:
    """The inputs or factors with a wrong answer that counts."""
    found = {}
    for name, judged in rows.items():
        wrong = [one for one in judged if not one.is_right]
        elsewhere = [one for one in judged if one.is_right and not one.point.given]
        only_odd = elsewhere and all(one.point.given and _excused(one) for one in wrong)
        if wrong and not only_odd:
            found[name] = judged
    return found


def _excused(one: Judged) -> bool:
    """At a kink a formula need not follow PyTorch's convention, and far out a right one may overflow."""
    return one.state == "not finite" or not one.point.is_smooth


def _wrong_factor(trial: Trial) -> Feedback | None:
    wrong = _wrong(trial.factors)
    if not wrong:
        return None
    key, judged = next(iter(wrong.items()))
    right = [other for other in trial.factors if other not in wrong]
    also = [other for other in wrong if other != key]
    beside = ""
    if right:
        beside += f" {_listed(right)} {'is' if len(right) == 1 else 'are'} right."
    if also:
        beside += f" {_listed(also)} {'is' if len(also) == 1 else 'are'} wrong, too."
    factor = trial.factor_of[key]
    tape = judged[0].point.tape
    labels = {value.label: i for i, value in enumerate(tape.values)}
    output, used = labels.get(factor.output), labels.get(factor.input)
    return _explained(trial, key, judged, beside, output, used)


# ---------------------------------------------------------------------- the answer by input
def _wrong_input(trial: Trial) -> Feedback | None:
    wrong = _wrong(trial.judged)
    if not wrong:
        return None
    name, judged = next(iter(wrong.items()))
    right = [other for other in trial.judged if other not in wrong]
    beside = f" For {_listed(right)} it is right." if right else ""
    return _explained(trial, name, judged, beside, None, None)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# ---------------------------------------------------------------------- wrong
def _explained(
    trial: Trial, name: str, judged: list[Judged], beside: str, output: int | None, used: int | None
) -> Feedback:
    shown_at = _simplest([one for one in judged if not one.is_right])
    example = Counterexample(_plain(shown_at.point), _python(shown_at.theirs), _python(shown_at.true))
    where = _where(trial, shown_at)

    def said(mistakes: tuple[str, ...], reason: str, more: tuple[str | Callable[[], str], ...] = ()) -> Feedback:
        hints = (f"{where}{beside}\n{reason}", *more)
        return Feedback(False, mistakes[0] if mistakes else None, mistakes, hints, example, name)

    if shown_at.state == "shape":
        return said(*_shape(shown_at))
    if shown_at.state == "not finite" and all(one.is_right or one.state == "not finite" for one in judged):
        note = trial.notes.get(name)
        return said(("not_finite",), f"The formula raised {note}." if note else "The answer is no finite number there.")
    words, matches = slips_behind(trial, name, judged, output, used)
    if not trial.fixed and (not matches or matches[0].rank > PLAUSIBLE):
        special = _only_somewhere(judged)
        if special is not None:
            return said(*special)
    leading = _leading(shown_at, words, output)
    if not matches and _is_reordered(judged):
        return said(("reordered",), "The numbers are right, in another order.", leading)
    if not matches:
        return said((), HONEST, leading)
    reason = matches[0].says()
    if len(matches) > 1:
        reason += "".join(f"\nOr: {match.says()}" for match in matches[1:])
        reason += "\nOn this function these give the same."
    return said(tuple(match.identifier for match in matches), reason, leading)


# ---------------------------------------------------------------------- what is said of where
def _simplest(wrong: list[Judged]) -> Judged:
    """The wrong answer that is shown: at the learner's own point, else at round numbers."""
    return min(wrong, key=lambda one: (not one.point.given, not one.point.simple, one.state != "wrong"))


def _where(trial: Trial, one: Judged) -> str:
    element, theirs, true = _worst(one)
    place = at(_plain(one.point))
    named = f"{one.name}{element}"
    if one.state == "shape":
        return f"For {one.name}: yours has the shape {tuple(one.theirs.shape)}, {one.name} has {tuple(one.true.shape)}."
    if trial.fixed:
        return f"For {named}, at {place}: {theirs} is not the derivative."
    return f"For {named}, at {place}: yours is {theirs}, autograd gives {true}."


def _worst(one: Judged) -> tuple[str, str, str]:
    """The first wrong element with both numbers."""
    if one.wrong is None or one.true.numel() == 1:
        return "", shown(one.theirs), shown(one.true)
    flat = int(one.wrong.reshape(-1).float().argmax())
    place = torch.unravel_index(torch.tensor(flat), one.true.shape)
    index = f"[{', '.join(str(int(i)) for i in place)}]"
    return index, f"{one.theirs.reshape(-1)[flat].item():.6g}", f"{one.true.reshape(-1)[flat].item():.6g}"


def _leading(one: Judged, words: Words | None, output: int | None) -> tuple[str | Callable[[], str], ...]:
    """The factors of the chain at this point: first their numbers, then their formulas."""
    if words is None or output is not None or len(one.point.tape.steps) > LONG:
        return ()
    chain = [link for link in links(one.point.tape, "variables") if link.local is not None and link.local.numel() == 1]
    if not chain or len(chain) > MOST_FACTORS:
        return ()
    several = "Factor by factor" if len(chain) > 1 else "In one factor"
    numbers = ", ".join(f"d{link.output.label}/d{link.input.label} = {link.local.item():.6g}" for link in chain)  # pyright: ignore
    places = {value.label: place for place, value in enumerate(words.flow.nodes)}
    pairs = [(places.get(link.output.label), places.get(link.input.label)) for link in chain]

    def formulas() -> str:
        return f"{several}: {', '.join(words.factor(o, i) for o, i in pairs if o is not None and i is not None)}."

    return f"{several}, at {at(_plain(one.point))}: {numbers}.", formulas


# ---------------------------------------------------------------------- shapes, branches, one point only
def _shape(one: Judged) -> tuple[tuple[str, ...], str]:
    theirs, true = one.theirs, one.true
    if theirs.numel() == true.numel() and torch.allclose(theirs.reshape(-1), true.reshape(-1), rtol=1e-6):
        return ("shape",), "The numbers are right, their shape is not."
    if theirs.numel() == 1 and torch.allclose(theirs.reshape(()), true.sum(), rtol=1e-6):
        return ("summed",), "This is the sum of the gradient: each element has a derivative of its own."
    if true.numel() == 1:
        for made, says in ((theirs.sum(), "add them up"), (theirs.mean(), "take their mean")):
            if torch.allclose(made, true.reshape(()), rtol=1e-6):
                return ("not_summed",), f"{one.name} is one number: there is one contribution for each element, {says}."
    if (
        theirs.numel() == true.numel()
        and theirs.ndim == 2
        and torch.allclose(theirs.T.reshape(-1), true.reshape(-1), rtol=1e-6)
    ):
        return ("transposed",), "Rows and columns are exchanged."
    return ("shape",), "A gradient has the shape of its input."


def _is_reordered(judged: list[Judged]) -> bool:
    """Whether the same numbers stand there at every point, wherever they stand."""
    pairs = [(one.theirs.reshape(-1).sort().values, one.true.reshape(-1).sort().values) for one in judged]
    return judged[0].true.numel() > 1 and all(a.shape == b.shape and torch.allclose(a, b, rtol=1e-7) for a, b in pairs)


def _only_somewhere(judged: list[Judged]) -> tuple[tuple[str, ...], str] | None:
    """Right at the given point only, or on one branch only."""
    right, wrong = [o for o in judged if o.is_right], [o for o in judged if not o.is_right]
    if not right:
        return None
    if all(one.point.given for one in right) and len(wrong) > 2:
        return (
            "given_point_only",
        ), "At your own point it is right, and nowhere else: is a number in it that belongs to that point?"
    ways = {id(one): branches_of(one.point.tape) for one in judged}
    good, bad = {ways[id(one)] for one in right}, {ways[id(one)] for one in wrong}
    if good & bad or (all(map(_is_zero, right)) and not all(map(_is_zero, wrong))):
        return None  # what is wrong by a factor is right where the derivative is zero
    conditions = dict.fromkeys(c for one in wrong for c in _conditions(one.point.tape))
    others = {c for one in right for c in _conditions(one.point.tape)}
    telling = [c for c in conditions if c not in others]
    return (
        "one_branch",
    ), f"On another branch it is right. Here {' and '.join(telling) or 'the function goes another way'}."


def _is_zero(one: Judged) -> bool:
    return not bool(one.theirs.any())


def _conditions(tape: Tape) -> tuple[str, ...]:
    from ..derivation import Derivation

    return Derivation(tape).conditions


# ---------------------------------------------------------------------- plain numbers
def _plain(point: Point) -> dict[str, Any]:
    return {
        name: _python(value) if isinstance(value, torch.Tensor) else value
        for name, value in point.inputs.arguments.items()
    }


def _python(value: torch.Tensor) -> Any:
    return value.tolist()
