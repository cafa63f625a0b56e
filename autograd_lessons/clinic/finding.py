"""What the clinic has to say of a run: one cause, one line, and the smallest change that mends it."""

from __future__ import annotations

from typing import NamedTuple

from ..source import Source


class Finding(NamedTuple):
    """One thing to know about a recorded run."""

    cause: str  # a stable identifier
    raised: bool  # whether it explains the exception that ended the run
    line: int  # of the recorded code
    source: Source | None
    name: str | None  # the tensor that it is about
    lines: tuple[str, ...]  # at most five, the last one says what to change

    @property
    def text(self) -> str:
        return "\n".join(self.lines)
