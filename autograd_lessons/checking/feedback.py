"""What `check` says: right or not, the slip if it is known, a short hint, and a little more each time it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any, NamedTuple


class Counterexample(NamedTuple):
    """A point at which the answer and the derivative differ; both for one input, in its shape."""

    inputs: Mapping[str, Any]
    theirs: Any
    true: Any


@dataclass(frozen=True)
class Feedback:
    """Is this derivative right, and if not, which slip made it?"""

    correct: bool
    mistake: str | None = None  # an identifier that stays: docs/slips.md lists them
    mistakes: tuple[str, ...] = ()  # every slip that gives the same answer: here they cannot be told apart
    hints: tuple[
        str | Callable[[], str], ...
    ] = ()  # each leads a little further; a formula is made when it is asked for
    counterexample: Counterexample | None = None
    input: str | None = None  # the input that it is about
    level: int = 0

    @property
    def hint(self) -> str:
        """What to look at; not the solution."""
        hint = self.hints[self.level] if self.hints else ""
        return hint if isinstance(hint, str) else hint()

    def more(self) -> Feedback:
        """The same with the next hint; after the last one there is no other."""
        return replace(self, level=min(self.level + 1, max(len(self.hints) - 1, 0)))

    def assert_correct(self) -> None:
        """Raise AssertionError with the hint unless the answer is right."""
        if not self.correct:
            raise AssertionError(str(self))

    @property
    def _headline(self) -> str:
        if self.correct:
            return "Right."
        if self.mistake == "blank":
            return "Not answered yet."
        if not self.mistake:
            return "Not right yet."
        return f"Not right yet: {' or '.join(self.mistakes or (self.mistake,))}."

    @property
    def _more_there_is(self) -> bool:
        return self.level + 1 < len(self.hints)

    def __repr__(self) -> str:
        lines = [self._headline, *self.hint.splitlines()]
        if self._more_there_is:
            lines.append(".more() says a little more.")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        blank = self.mistake == "blank"
        edge = "solid #009e73" if self.correct else "dotted #888888" if blank else "dashed #d55e00"
        lines = "".join(f"<div>{escape(line)}</div>" for line in self.hint.splitlines())
        more = '<div style="opacity:.7">.more() says a little more.</div>' if self._more_there_is else ""
        return (
            f'<div style="border-left:4px {edge};padding:4px 12px;margin:4px 0">'
            f"<div><strong>{escape(self._headline)}</strong></div>{lines}{more}</div>"
        )


def blank(*names: str) -> Feedback:
    """The feedback on an answer that is still to be written; `names` are its open parts, if others are filled in."""
    where = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} still open." if names else ""
    return Feedback(False, "blank", ("blank",), (where or "Your answer goes where the three dots are.",))
