"""How far the reading of a formula has come: the token that is next, the levels it stands in, the words met on the way.

The methods that read a whole part (`sum`, `atom` …) are the grammar's: what reads functions and words asks for them here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NoReturn

from . import vocabulary
from .offers import LONGER, Refusal, Refused
from .pointing import visible
from .readings import Factor
from .tokens import Token
from .tree import Part

MOST_LEVELS = 40  # brackets, powers and functions inside each other


class Cursor(ABC):
    """A place in the tokens of one formula, or of one superscript in it, which stands in the `outer` one.

    `known` are words that are names for certain, `words` all words of the formula, `last` is the factor that was read last;
    `spellings` are the names that were read, each with the ways in which it was typed.
    """

    def __init__(self, text: str, found: list[Token], known: Collection[str], outer: Cursor | None = None):
        self.text, self.known = text, known
        self.words: Collection[str] = outer.words if outer else {token.text for token in found if token.kind == "name"}
        self.spellings: dict[str, dict[str, Token]] = outer.spellings if outer else defaultdict(dict)
        self.last = Factor("", Part(0, 0))
        self._tokens, self._at = found, 0
        self._levels = outer._levels if outer else 0

    # ------------------------------------------------------------------ the grammar's
    @abstractmethod
    def sum(self) -> Part: ...

    @abstractmethod
    def atom(self) -> Part: ...

    @abstractmethod
    def bracket(self) -> Part: ...

    @abstractmethod
    def close(self, opened: Token) -> None: ...

    @abstractmethod
    def superscript(self) -> Part: ...

    # ------------------------------------------------------------------ tokens
    @property
    def now(self) -> Token:
        return self._tokens[self._at]

    @property
    def next(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    @property
    def before(self) -> Token | None:
        """The token that was read last."""
        return self._tokens[self._at - 1] if self._at else None

    @property
    def end(self) -> int:
        """The column behind it."""
        return self._tokens[self._at - 1].end

    def advance(self) -> Token:
        token = self.now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    @contextmanager
    def inside(self, where: Part | Token) -> Iterator[None]:
        """One level deeper."""
        self._levels += 1
        if self._levels > MOST_LEVELS:
            self.fail(
                where, f"More than {MOST_LEVELS} brackets, powers and functions stand inside each other. {LONGER}"
            )
        yield
        self._levels -= 1

    def is_function(self, token: Token) -> bool:
        return token.kind == "name" and token.text not in self.known and vocabulary.called(token.text) is not None

    # ------------------------------------------------------------------ errors
    def fail(self, where: Part | Token, wrong: str, *instead: str, to: Part | Token | None = None) -> NoReturn:
        """Reading stops at the columns of `where`, or from there up to those of `to`."""
        self.refuse(where, Refusal(wrong, instead), to=to)

    def refuse(self, where: Part | Token, *wordings: Refusal, to: Part | Token | None = None) -> NoReturn:
        """The same, said in several ways."""
        raise Refused(where.start, (to or where).end, *wordings)

    def check(self, refusal: Refusal | None, where: Part | Token, to: Part | Token | None = None) -> None:
        if refusal is not None:
            self.refuse(where, refusal, to=to)

    def typed(self, part: Part | Token) -> str:
        return visible(self.text[part.start : part.end])

    def bracket_ahead(self, ahead: int = 0) -> list[str]:
        """What the bracket `ahead` of here may be called in an error: as it was typed, if it is short, or (x)."""
        depth, first = 0, self._at + ahead
        for token in self._tokens[first:]:
            depth += (token.kind == "(") - (token.kind == ")")
            if depth == 0:
                typed = self.text[self._tokens[first].start : token.end]
                return [typed, "(x)"] if len(typed) <= 30 else ["(x)"]
        return ["(x)"]
