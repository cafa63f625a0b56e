"""A collection of answers as learners write them: wrong ones with the slip that was made, and right ones.

`about(f).slip(identifier, …)` are answers with that slip in them, `.right(…)` are right, `.nonsense(…)` are wrong in a
way that has no name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Wrong(NamedTuple):
    function: Callable | str
    given: dict[str, Any]
    slip: str | None  # the identifier to be named first, or "one|another"; None: there is no name for it
    answer: Any

    @property
    def expected(self) -> tuple[str, ...]:
        """The identifiers that may be named first: more than one where their descriptions give the same formula."""
        return tuple(self.slip.split("|")) if self.slip else ()


class Right(NamedTuple):
    function: Callable | str
    given: dict[str, Any]
    answer: Any


@dataclass(frozen=True)
class Collection:
    wrong: list[Wrong] = field(default_factory=list)
    right: list[Right] = field(default_factory=list)

    def about(self, function: Callable | str, **given: Any) -> About:
        """A function and, where they matter, the inputs that it is asked at."""
        return About(self, function, given)


@dataclass(frozen=True)
class About:
    collection: Collection
    function: Callable | str
    given: dict[str, Any]

    def slip(self, identifier: str, *answers: Any) -> None:
        self.collection.wrong.extend(Wrong(self.function, self.given, identifier, answer) for answer in answers)

    def nonsense(self, *answers: Any) -> None:
        self.collection.wrong.extend(Wrong(self.function, self.given, None, answer) for answer in answers)

    def right(self, *answers: Any) -> None:
        self.collection.right.extend(Right(self.function, self._for(answer), answer) for answer in answers)

    def _for(self, answer: Any) -> dict[str, Any]:
        """A dict with some of the inputs is an answer for these."""
        keys = tuple(answer) if isinstance(answer, dict) else ()
        some = bool(keys) and set(keys) < set(self.given.get("wrt", ()))
        return self.given | {"wrt": keys} if some else self.given
