"""Why code raised, or went wrong in silence: causes found on the tape, each with the smallest change that mends it.

The detectors look at what was recorded, by cause, and never at an exception's wording alone. Code without a mistake
gets no finding: where the tape leaves a doubt, they say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..tape import Tape
from . import flat, gradients, inplace, losses, memory, nonfinite, passes, raised, unreached
from .evidence import Evidence, Finding

__all__ = ["Finding", "explain", "findings"]

#: in the order in which they are tried: what stops a gradient comes before what it is worth
_SILENT = (
    unreached.silent,
    gradients.read_in_silence,
    gradients.retained_leaf,
    passes.doubled,
    memory.accumulated,
    passes.penalty_without_effect,
    memory.graphs_kept,
    inplace.data_edit,
    losses.broadcast,
    losses.twice,
    losses.capped,
    nonfinite.nonfinite,
    flat.zeros,
    flat.kinks,
)


def findings(tape: Tape) -> tuple[Finding, ...]:
    """What the tape shows to be wrong, the most likely to matter first; nothing for code without a mistake."""
    try:
        return diagnose(tape)
    except Exception:  # what runs beside the learner's code must never be what breaks it
        return ()


def diagnose(tape: Tape) -> tuple[Finding, ...]:
    """The same, but a mistake of our own is raised."""
    evidence = Evidence(tape)
    if tape.error is not None:
        found = raised.explain(evidence)
        return () if found is None else (found,)
    return tuple(_one_a_line(evidence))


def _one_a_line(evidence: Evidence) -> Iterator[Finding]:
    met = set()
    for detector in _SILENT:
        for finding in detector(evidence):
            if finding.line not in met:
                met.add(finding.line)
                yield finding


def explain(tape: Tape) -> None:
    """Put the findings on the tape, and beside the exception that ended the run, if one did, as a note to it."""
    tape.findings = findings(tape)
    for finding in tape.findings:
        if finding.raised and tape.error is not None:
            tape.error.add_note(finding.text)
