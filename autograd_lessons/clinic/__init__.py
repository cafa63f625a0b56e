"""Why code raised, or went wrong in silence: causes found on the tape, each with the smallest change that mends it.

The detectors look at what was recorded, by cause, and never at an exception's wording alone. Code without a mistake
gets no finding: where the tape leaves a doubt, they say nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from ..tape import Tape
from .finding import Finding

__all__ = ["Finding", "explain", "findings"]


def findings(tape: Tape) -> tuple[Finding, ...]:
    """What the tape shows to be wrong, the most likely to matter first; nothing for code without a mistake."""
    diagnose = _diagnose()
    try:
        return diagnose(tape)
    except Exception:  # what runs beside the learner's code must never be what breaks it
        return ()


@functools.cache
def _diagnose() -> Callable[[Tape], tuple[Finding, ...]]:
    from .diagnosis import diagnose  # a dozen detectors, which an import of the package need not wait for

    return diagnose


def explain(tape: Tape) -> None:
    """Put the findings on the tape, and beside the exception that ended the run, if one did, as a note to it."""
    tape.findings = findings(tape)
    for finding in tape.findings:
        if finding.raised and tape.error is not None:
            tape.error.add_note(finding.text)
