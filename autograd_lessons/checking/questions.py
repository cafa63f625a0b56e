"""Questions whose answer is no derivative: what a program will do, and a function of one's own with a property.

`check(answer, question)` holds a prediction against what PyTorch then does, and a function against each requirement.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ..replay import quiet
from ..run import record
from ..source import author
from .answers import Blank
from .feedback import Feedback, blank

CLOSE = 5e-3  # relative: a prediction is right if two or three of its digits are


@dataclass(frozen=True)
class Program:
    """A few lines as the lesson shows them, and what is asked of them: run, and read off."""

    text: str
    asked: str

    def __call__(self) -> Any:
        names: dict[str, Any] = {"torch": torch, "record": record}
        exec(self.text, names)
        return eval(self.asked, names)


@dataclass(frozen=True)
class Choices:
    """Lettered statements as the lesson shows them, and what decides of each whether it belongs to the answer."""

    options: Mapping[str, str]
    holds: Callable[[str], bool]

    def __call__(self) -> frozenset[str]:
        return frozenset(letter for letter, text in self.options.items() if self.holds(text))


@dataclass(frozen=True)
class Belief:
    """A wrong prediction that is often made, and what to look at for whoever makes it."""

    identifier: str
    answer: Any
    hint: str


@dataclass(frozen=True)
class Prediction:
    """What a program will do: a number, several, a name, or a set of names."""

    happens: Callable[[], Any]
    because: str
    beliefs: tuple[Belief, ...] = ()

    def judge(self, answer: Any) -> Feedback:
        if _is_blank(answer):
            return blank()
        with torch.enable_grad():  # whatever the notebook has switched off
            truth = self.happens()
        kind = _kind(truth)
        theirs = kind.read(answer)
        if theirs is None:
            return Feedback(False, "form", ("form",), (f"The answer should be {kind.wanted}.",))
        if kind.same(theirs, kind.read(truth)):
            return Feedback(True, hints=(self.because,))
        for belief in self.beliefs:
            if kind.same(theirs, kind.read(belief.answer)):
                return Feedback(False, belief.identifier, (belief.identifier,), (belief.hint,))
        return Feedback(False, hints=(kind.compared(theirs, kind.read(truth)),))


@dataclass(frozen=True)
class Requirement:
    """One thing that must hold of what was tried; where it does not, the mistake and a hint."""

    identifier: str
    holds: Callable[[Any], bool]
    hint: str


@dataclass(frozen=True)
class Property:
    """A function, or a number, of the learner's own. `tried` makes of it what the requirements are held against."""

    tried: Callable[[Any], Any]
    requirements: tuple[Requirement, ...]
    because: str

    def judge(self, answer: Any) -> Feedback:
        if _is_blank(answer):
            return blank()
        try:
            with torch.enable_grad(), quiet():  # what a warning would say is in the hints, and its text holds paths
                evidence = self.tried(answer)
        except (Blank, NotImplementedError):
            return blank()
        except Exception as error:
            return Feedback(False, "raised", ("raised",), (_raised(error),))
        for requirement in self.requirements:
            if not requirement.holds(evidence):
                return Feedback(False, requirement.identifier, (requirement.identifier,), (requirement.hint,))
        return Feedback(True, hints=(self.because,))


Question = Prediction | Property


def written(code: str, *parameters: str) -> Callable:
    """A function of the parameters from the expression that the lesson shows."""
    return eval(f"lambda {', '.join(parameters)}: {code}", {"torch": torch})


def made(function: Callable, *arguments: Any) -> Any:
    """What the learner's function returns; raises `Blank` where that is nothing."""
    result = function(*arguments)
    if result is None or result is Ellipsis:
        raise Blank
    return torch.as_tensor(result) if isinstance(result, (int, float)) else result


def _is_blank(answer: Any) -> bool:
    if isinstance(answer, str):
        return not answer.strip()
    if isinstance(answer, (list, tuple, set, frozenset)):
        return not answer or any(part is None or part is Ellipsis for part in answer)
    return answer is None or answer is Ellipsis


def _raised(error: Exception) -> str:
    """The error in one line, with the learner's line where it came from."""
    where, entry = "", error.__traceback__
    while entry is not None:
        if author(entry.tb_frame.f_code.co_filename) == "learner":
            where = f" in line {entry.tb_lineno} of the cell"
        entry = entry.tb_next
    first = str(error).split("\n")[0]
    return f"It raised {type(error).__name__}{where}: {first}"


# ---------------------------------------------------------------------- the kinds of a prediction
@dataclass(frozen=True)
class _Kind:
    wanted: str
    read: Callable[[Any], Any]  # None for what is no answer of this kind
    same: Callable[[Any, Any], bool]
    compared: Callable[[Any, Any], str]  # says how far off, and not what is right


def _kind(truth: Any) -> _Kind:
    if isinstance(truth, str):
        return _NAME
    if isinstance(truth, (set, frozenset)):
        return _NAMES
    return _NUMBERS if isinstance(truth, (list, tuple)) or torch.as_tensor(truth).ndim else _NUMBER


def _number(answer: Any) -> float | None:
    try:
        return float(answer)
    except (TypeError, ValueError, RuntimeError):
        return None


def _numbers(answer: Any) -> tuple[float, ...] | None:
    if isinstance(answer, torch.Tensor):
        answer = answer.reshape(-1).tolist()
    if not isinstance(answer, (list, tuple)):
        return None
    read = [_number(part) for part in answer]
    return None if None in read else tuple(read)  # pyright: ignore


def _name(answer: Any) -> str | None:
    return answer.strip() if isinstance(answer, str) else None


def _names(answer: Any) -> frozenset[str] | None:
    if isinstance(answer, str):
        answer = re.findall(r"\w+", answer)
    if not isinstance(answer, Iterable):
        return None
    parts = list(answer)
    return frozenset(part.strip() for part in parts) if all(isinstance(part, str) for part in parts) else None


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-9) or (math.isnan(a) and math.isnan(b))


def _many_compared(theirs: tuple[float, ...], true: tuple[float, ...]) -> str:
    if len(theirs) != len(true):
        return f"There are {len(true)} numbers, and yours are {len(theirs)}."
    wrong = [str(place) for place, (a, b) in enumerate(zip(theirs, true)) if not _close(a, b)]
    return f"Not right at place {' and '.join(wrong)}, counted from 0."


def _names_compared(theirs: frozenset[str], true: frozenset[str]) -> str:
    kept, extra, absent = len(theirs & true), len(theirs - true), len(true - theirs)
    return f"Of yours, {kept} belong{'s' if kept == 1 else ''} there and {extra} {'does' if extra == 1 else 'do'} not; {absent} {'is' if absent == 1 else 'are'} missing."


_NUMBER = _Kind("a number", _number, _close, lambda theirs, true: f"It is not {theirs:g}.")
_NUMBERS = _Kind(
    "a list of numbers",
    _numbers,
    lambda a, b: len(a) == len(b) and all(map(_close, a, b)),
    _many_compared,
)
_NAME = _Kind("a name, as text in quotes", _name, str.__eq__, lambda theirs, true: f"It is not {theirs}.")
_NAMES = _Kind("a list of names, each as text in quotes", _names, frozenset.__eq__, _names_compared)
