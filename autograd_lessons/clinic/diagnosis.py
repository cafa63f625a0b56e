"""Ask every detector: of what raised the one that knows the call, of what went wrong in silence all of them in turn."""

from __future__ import annotations

from collections.abc import Iterator

from ..tape import Tape
from . import flat, gradients, inplace, losses, memory, nonfinite, passes, raised, unreached
from .evidence import EXITS, Evidence
from .finding import Finding

#: in the order in which they are tried (what stops a gradient comes before what it is worth), each with the signs of which
#: one at least is on the tape where it finds something
SILENT = {
    unreached.silent:              EXITS | {"grad", "optimizer.step", "a life"},
    gradients.read_in_silence:     {"grad"},
    gradients.retained_leaf:       {"retain_grad"},
    passes.doubled:                {"a second pass"},
    memory.accumulated:            {"a life"},
    passes.penalty_without_effect: {"gradient"},
    memory.graphs_kept:            {"add", "add_", "a second pass"},
    inplace.data_edit:             {"data", "set data"},
    losses.broadcast:              losses.DIFFERENCES,
    losses.twice:                  set(losses.SQUASHED),
    losses.capped:                 {"binary_cross_entropy"},
    nonfinite.nonfinite:           {"a pass"},
    flat.zeros:                    flat.FLATTENING,
    flat.kinks:                    flat.KINKS,
}  # fmt: skip


def diagnose(tape: Tape) -> tuple[Finding, ...]:
    """What `findings` gives, but a mistake of our own is raised."""
    evidence = Evidence(tape)
    if tape.error is not None:
        found = raised.explain(evidence)
        return () if found is None else (found,)
    return tuple(_one_a_line(evidence))


def _one_a_line(evidence: Evidence) -> Iterator[Finding]:
    met = set()
    signs = evidence.signs
    for detector, needed in SILENT.items():
        for finding in () if signs.isdisjoint(needed) else detector(evidence):
            if finding.line not in met:
                met.add(finding.line)
                yield finding
