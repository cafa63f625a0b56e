"""Why code raised, or went wrong in silence: causes found on the tape, each with the smallest change that mends it."""

from __future__ import annotations

from typing import NamedTuple

from .source import Source
from .tape import Tape


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


def findings(tape: Tape) -> tuple[Finding, ...]:
    """What the tape shows to be wrong; nothing for code without a mistake."""
    return ()


def explain(tape: Tape) -> None:
    """Put the findings on the tape, and beside the exception that ended the run, if one did, as a note to it."""
    tape.findings = findings(tape)
    for finding in tape.findings:
        if finding.raised and tape.error is not None:
            tape.error.add_note(finding.text)
