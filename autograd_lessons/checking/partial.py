"""One derivative inside a run, ∂root/∂leaf: whether what was typed for it is right, and else which slip gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from ..errors import FormulaError
from ..tape import Tape
from ..values import Value
from .entries import Entry, entry
from .feedback import Feedback, blank
from .flow import Flow, same_way
from .matching import Match, Tolerance, explain
from .points import Point
from .sides import is_telling
from .slips import Sight
from .telling import HONEST
from .trial import LEAST_DIGITS
from .words import Words

AS_SHOWN = 2e-4  # relative: what is computed from numbers as the screen shows them, five digits of each
IN_DOUBLE = 1e-6  # relative: a right formula at another point, in float64
_ONLY_HERE = "The formula is right at other points. At this one floating point, or a kink, makes another number of it."


@dataclass(frozen=True)
class Partial:
    """What is asked: ∂root/∂leaf at the run on screen, and of a formula elsewhere too.

    `true` gives it at any run that went the same way, in the shape that an answer has. `names` are the values that may
    be used in an answer; `numbers` are gradients that hold at the run on screen, by their spellings: `∂loss/∂z`.
    """

    name: str
    tape: Tape
    root: Value
    leaf: Value
    stops: Sequence[Value]  # the values at which the chain ends
    true: Callable[[Tape], torch.Tensor | None]
    names: Mapping[str, Value]
    numbers: Mapping[str, torch.Tensor]
    scale: float  # of what the derivative is made of: its rounding is none of the learner's
    is_factor: bool  # whether a formula is asked for
    elsewhere: Callable[[], Sequence[Point]]  # other runs of the same function
    leads: tuple[str | Callable[[], str], ...] = ()  # hints after the first one

    def judge(self, typed: str) -> Feedback:
        """Right or not, with a hint that leads; raises nothing for anything that can be typed."""
        if not typed.strip():
            return blank()
        spellings = {spelling: f"upstream{place}" for place, spelling in enumerate(self.numbers)}
        try:
            answer = entry(typed, {*self.names, *spellings.values()}, spellings)
        except FormulaError as error:
            return _form(str(error))
        unknown = sorted(answer.names - self.names.keys() - set(spellings.values()))
        if unknown:
            return _form(f"There is no {unknown[0]} to compute with. There are: {', '.join(self._offered)}.")
        given = {spellings[spelling]: number for spelling, number in self.numbers.items()}
        return _Attempt(self, typed.strip(), answer, given).feedback()

    @property
    def _offered(self) -> list[str]:
        """One spelling of each value and gradient that may be used."""
        once: dict[int, str] = {}
        for name, stands_for in (*self.names.items(), *self.numbers.items()):
            once.setdefault(id(stands_for), name)
        return list(once.values())


def _form(told: str) -> Feedback:
    return Feedback(False, "form", ("form",), (told,))


class _Attempt:
    """One entry held against the derivative, at the run on screen and where it can be elsewhere."""

    def __init__(self, asked: Partial, typed: str, answer: Entry, given: Mapping[str, torch.Tensor]):
        self.asked, self.typed, self.answer, self._given = asked, typed, answer, given

    def feedback(self) -> Feedback:
        asked, true = self.asked, self.asked.true(self.asked.tape)
        assert true is not None
        try:
            theirs = self._at(asked.tape, true)
        except (RuntimeError, TypeError, ValueError, ArithmeticError) as error:
            return _form(f"This cannot be computed here: {str(error).splitlines()[0]}")
        if theirs is None:
            return _form(self._wanted(true))
        if self._is_right(theirs, true):
            return Feedback(True)
        if self.answer.precision and _near(theirs, true, AS_SHOWN, self._as_typed(0, theirs.shape)):
            return _form("It begins like this. Type at least three digits.")
        told = f"{self.typed} is not {asked.name}."
        if asked.root is asked.leaf:
            return Feedback(False, hints=(told, *asked.leads))
        if self._is_right_elsewhere:
            return Feedback(False, hints=(f"{told}\n{_ONLY_HERE}", *asked.leads))
        matches = self._matches(theirs, true)
        mistakes = tuple(match.identifier for match in matches)
        says = "\nOr: ".join(match.says() for match in matches) or HONEST
        alike = "\nHere these give the same." if len(matches) > 1 else ""
        return Feedback(False, mistakes[0] if mistakes else None, mistakes, (f"{told}\n{says}{alike}", *asked.leads))

    def _wanted(self, true: torch.Tensor) -> str:
        if true.numel() == 1:
            return f"{self.asked.name} is one number."
        shape = "×".join(map(str, true.shape))
        return f"{self.asked.name} has {shape} numbers: type a list of them, or a formula in the names."

    # ------------------------------------------------------------------ at one run
    def _at(self, tape: Tape, true: torch.Tensor) -> torch.Tensor | None:
        """What was typed, in the shape of the derivative; None where it does not have it."""
        values, own = tape.values, self._places
        made = self.answer.at({name: values[own[name]].value for name in own} | dict(self._given))
        if made.shape == true.shape:
            return made
        if made.numel() == true.numel() and (self.answer.is_list or made.numel() == 1):
            return made.reshape(true.shape)
        spread = made.numel() == 1 and (self.asked.is_factor or bool(self.answer.names))
        return made.reshape(()).expand(true.shape).clone() if spread else None

    @cached_property
    def _places(self) -> dict[str, int]:
        places = {id(value): place for place, value in enumerate(self.asked.tape.values)}
        wanted = {name: value for name, value in self.asked.names.items() if name in self.answer.names}
        return {name: places[id(value)] for name, value in wanted.items()}

    def _is_right(self, theirs: torch.Tensor, true: torch.Tensor) -> bool:
        if self.asked.is_factor and self._others:
            return self._is_right_elsewhere
        rounding = torch.finfo(self.asked.leaf.value.dtype).eps * self.asked.scale
        return _near(theirs, true, AS_SHOWN, self._as_typed(LEAST_DIGITS, theirs.shape).clamp(min=rounding))

    def _as_typed(self, least: int, shape: torch.Size) -> torch.Tensor:
        """How far off plain numbers with so many digits may be, since the rest was not typed; 0 for everything else."""
        allowed = [1.0001 * unit if digits >= least else 0.0 for digits, unit in self.answer.precision] or [0.0]
        made = torch.tensor(allowed, dtype=torch.float64)
        return made.reshape(shape) if len(allowed) > 1 else made.reshape(()).expand(shape)

    # ------------------------------------------------------------------ at other runs
    @property
    def _is_right_elsewhere(self) -> bool:
        return bool(self._others) and all(_near(there, real, IN_DOUBLE, 1e-12) for _, there, real in self._others)

    @cached_property
    def _others(self) -> list[tuple[Point, torch.Tensor, torch.Tensor]]:
        """Other runs that went the same way: the point, what was typed and the derivative there. None for a mere number."""
        if not self.answer.names or self.answer.names & self._given.keys():
            return []
        found = []
        for point in self.asked.elsewhere():
            if not same_way(self.asked.tape, point.tape):
                continue
            real = self.asked.true(point.tape)
            there = None if real is None else self._at(point.tape, real.double())
            if real is not None and there is not None and bool(real.isfinite().all()):
                found.append((point, there, real.double()))
        return found

    # ------------------------------------------------------------------ the slip
    def _matches(self, theirs: torch.Tensor, true: torch.Tensor) -> list[Match]:
        """The slips that give this, held against the run on screen, or against others where a formula was typed."""
        asked, others = self.asked, self._others
        tapes = [point.tape for point, _, _ in others] or [asked.tape]
        rows = torch.stack([there for _, there, _ in others] or [theirs])
        reals = torch.stack([real for _, _, real in others] or [true.double()])
        places = {id(value): place for place, value in enumerate(asked.tape.values)}
        if id(asked.root) not in places:
            return []
        leaf = places[id(asked.leaf)]
        flow = Flow(tapes, places[id(asked.root)], frozenset(places[id(stop)] for stop in asked.stops))
        derived = flow.true.get(leaf)
        if derived is None or derived.shape != reals.shape or not _near(derived, reals, 1e-3, asked.scale * 1e-6):
            return []  # hooks, several roots, an edit: the chain rule alone does not give what arrived
        inputs = [] if asked.is_factor else [point.inputs for point, _, _ in others]
        tolerance = self._tolerance(rows, bool(others))
        words = Words(flow, asked=(flow.target, leaf) if asked.is_factor else None)
        return explain(Sight(flow, words, leaf), rows, inputs, tolerance, pairs=is_telling(rows, tolerance))

    def _tolerance(self, rows: torch.Tensor, in_double: bool) -> Tolerance:
        known = rows[rows.isfinite()].abs()
        scale = float(known.median()) if known.numel() else 1.0
        if in_double:
            return Tolerance(1e-7, 1e-9 * scale)
        typed = max((1.0001 * unit for digits, unit in self.answer.precision if digits >= LEAST_DIGITS), default=0.0)
        return Tolerance(AS_SHOWN / 2, max(typed, 1e-9 * scale))


def _near(theirs: torch.Tensor, true: torch.Tensor, relative: float, absolute: float | torch.Tensor) -> bool:
    true = true.double()
    close = true.isfinite() & ((theirs - true).abs() <= relative * true.abs() + absolute)
    return bool((close | (theirs == true) | (theirs.isnan() & true.isnan())).all())
