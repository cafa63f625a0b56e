"""Ask every detector: of what raised the one that knows the call, of what went wrong in silence all of them in turn."""

from __future__ import annotations

from collections.abc import Iterator

from ..tape import Tape
from . import flat, gradients, inplace, losses, memory, nonfinite, passes, raised, unreached
from .evidence import Evidence
from .finding import Finding

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


def diagnose(tape: Tape) -> tuple[Finding, ...]:
    """What `findings` gives, but a mistake of our own is raised."""
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
