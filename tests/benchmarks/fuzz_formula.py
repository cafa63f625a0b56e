"""Random texts for the formula reader, for as long as asked: `python tests/benchmarks/fuzz_formula.py --minutes 10`.

Nothing but `FormulaError` may be raised, and whatever it offers must be read; no text may take a second, none may leave memory
behind; and a text that can be read in one way only must have the value that was computed beside it. Prints what was tried;
exits with 1 where something failed.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[2]))

from autograd_lessons.errors import FormulaError
from autograd_lessons.formula import read
from tests.formula_texts import CHARACTERS, PIECES, POINT, anything, formulas

SECOND = 1.0
A_BATCH = 1_000
MUTANTS = 20  # of each text


class Hang(BaseException):
    """Raised by the alarm in a text that takes too long."""


def _alarm(*_) -> None:
    raise Hang


class Fuzz:
    """What was tried and what failed."""

    def __init__(self):
        self.counts: Counter = Counter()
        self.failures: list[str] = []
        self.slowest = (0.0, "")

    def any_text(self, text: str) -> None:
        """Read it in every form; what an error offers must be a formula itself."""
        with self.watched(text):
            try:
                formula = read(text)
                formula.expression, formula.code, formula.function
                assert read(formula.read_as, formula.names).read_as == formula.read_as
                self.counts["read"] += 1
            except FormulaError as error:
                assert "\n" in str(error)
                for offer in error.instead:
                    read(offer)
                self.counts["refused"] += 1

    def mutants(self, text: str) -> None:
        """The text itself, and quick mutations of it: hypothesis draws well and slowly."""
        self.any_text(text)
        draw = random.Random(repr(text))
        for _ in range(MUTANTS):
            at = draw.randint(0, len(text))
            text = text[:at] + draw.choice([*PIECES, *CHARACTERS, ""]) + text[at + draw.randint(0, 2) :]
            self.any_text(text)

    def right_text(self, drawn) -> None:
        """Its value must be the one that was computed beside it."""
        with self.watched(drawn.text):
            formula = read(drawn.text)
            point = {name: torch.tensor(POINT[name], dtype=torch.float64) for name in formula.names}
            got = float(formula.function(**point))
            assert math.isclose(got, drawn.value, rel_tol=1e-6, abs_tol=1e-7), f"{got} instead of {drawn.value}"
            self.counts["right"] += 1

    def watched(self, text: str) -> Watch:
        return Watch(self, text)


class Watch:
    """Times one text and notes whatever it raises."""

    def __init__(self, fuzz: Fuzz, text: str):
        self.fuzz, self.text = fuzz, text

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 5 * SECOND)
        self.start = time.process_time()

    def __exit__(self, kind, error, trace) -> bool:
        signal.setitimer(signal.ITIMER_REAL, 0)
        took = time.process_time() - self.start
        self.fuzz.slowest = max(self.fuzz.slowest, (took, self.text))
        if kind is not None or took > SECOND:
            said = "slow" if kind is None else f"{kind.__name__}: {error}"
            self.fuzz.failures.append(f"{self.text!r}: {said}, {took:.2f} s")
        return kind is not KeyboardInterrupt


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=1)
    arguments.add_argument("--seed", type=int, default=None)
    asked = arguments.parse_args()
    draw, fuzz = random.Random(asked.seed), Fuzz()
    signal.signal(signal.SIGALRM, _alarm)
    fuzz.any_text("sin(x) + 2")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = time.monotonic() + 60 * asked.minutes
    common = settings(
        max_examples=A_BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    while time.monotonic() < end:
        for strategy, check in ((anything(), fuzz.mutants), (formulas(), fuzz.right_text)):
            seed(draw.getrandbits(64))(common(given(strategy)(check)))()
    tried = sum(fuzz.counts.values())
    print(f"{tried:,} texts in {asked.minutes:g} minutes: {dict(fuzz.counts)}")
    print(f"slowest {fuzz.slowest[0]:.2f} s: {fuzz.slowest[1][:80]!r}")
    print(f"memory {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024:.0f} MB more at the peak")
    print(f"failures: {len(fuzz.failures)}", *fuzz.failures[:20], sep="\n")
    return bool(fuzz.failures)


if __name__ == "__main__":
    sys.exit(main())
