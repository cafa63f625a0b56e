"""Random programs at random points: four independent ways to the gradient are one number, and recording changes no bit."""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass, field

import mpmath
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

import autograd_lessons as al

from .programs import DIGITS, Program, programs

EXAMPLES = 900  # hypothesis tries some of them twice: 500 different ones are wanted
WITHIN = 1e-9
ROUTES = ("autograd", "sympy", "reference")


@dataclass
class Tally:
    """What was seen: the different programs, the gradients compared, and those excused, by code."""

    programs: set[str] = field(default_factory=set)
    gradients: int = 0
    excused: Counter = field(default_factory=Counter)
    excused_programs: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        share = len(self.excused_programs) / max(len(self.programs), 1)
        codes = ", ".join(f"{code} {count}" for code, count in self.excused.items()) or "none"
        return (
            f"{len(self.programs)} different programs, {self.gradients} gradients compared; "
            f"excused: {codes} ({len(self.excused_programs)} programs, {share:.1%})"
        )


def test_random_programs(capsys):
    tally = Tally()

    @seed(int(os.environ.get("RANDOM_PROGRAMS_SEED", "20261124")))
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(programs())
    def check(program: Program) -> None:
        key = f"{program.source}{program.point}"
        if key in tally.programs:
            return
        tally.programs.add(key)
        recording_changes_no_bit(program)
        for code in excused(program, tally):
            tally.excused[code] += 1
            tally.excused_programs.add(key)

    check()
    with capsys.disabled():
        print(f"\nrandom programs: {tally}")
    assert len(tally.programs) >= 500
    assert len(tally.excused_programs) <= 0.03 * len(tally.programs)


def recording_changes_no_bit(program: Program) -> None:
    function, plain, given = program.function(), program.inputs(True), program.inputs(True)
    output = function(**plain)
    tape = al.record(function, inputs=given)
    assert same_bits(tape.output.value, output.detach())
    if output.requires_grad:
        gradients = torch.autograd.grad(output, list(plain.values()), allow_unused=True)
        for (name, tensor), gradient in zip(given.items(), gradients):
            adjoint = tape.inputs[name].adjoint
            assert (adjoint is None) == (gradient is None)
            assert gradient is None or same_bits(adjoint, gradient)
            assert tensor.grad is None and tensor._version == 0


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and one.numpy().tobytes() == other.numpy().tobytes()


def excused(program: Program, tally: Tally) -> list[str]:
    """The codes for which a route may differ from mpmath's own derivative; each was confirmed here. Empty: all agree."""
    comparison = al.compare(program.function(), inputs=program.inputs())
    codes = []
    if "sympy" not in comparison.routes:  # the local formulas are there, their composition is not written out
        assert "too long" in comparison.derivation.obstacle, f"{comparison.derivation.obstacle}\n{program.source}"
        codes.append("too_long")
    assert {"autograd", "reference"} <= set(comparison.routes), f"{comparison.routes}\n{program.source}"
    for name, row in comparison.gradients.items():
        true = program.gradient(name)
        tally.gradients += len(true)
        for route in ROUTES if "too_long" not in codes else ("autograd", "reference"):
            if row[route] is None:
                assert all(abs(t) < 1e-30 for t in true), f"{route} has no answer for {name}\n{program.source}"
                continue
            for element, (got, want) in enumerate(zip(row[route].reshape(-1).tolist(), true)):
                if off(got, want) > WITHIN:
                    codes += [reason_for(program, comparison, name, route, element, got, want)]
    return codes


def off(got: float, want: mpmath.mpf) -> float:
    """The relative error. mpmath's quotient has noise of its own below 10⁻²⁰: both are then zero."""
    if abs(want) < 1e-20 and abs(got) < 1e-20:
        return 0.0
    return float(abs(got - want) / abs(want)) if want else math.inf


def reason_for(program: Program, comparison, name: str, route: str, element: int, got: float, want: mpmath.mpf) -> str:
    """The package's own code for this difference, after a second look that does not ask the package."""
    where = f"{route} gives {got!r}, mpmath {mpmath.nstr(want, 20)} for {name}[{element}] at {program.point}\n{program.source}"
    assert route != "reference", f"the reference is off: {where}"
    codes = [reason.code for reason in comparison.reasons if reason.input == name and reason.routes[0] == route]
    assert codes and codes[0] in ("rounding", "ill_conditioned"), f"no reason: {where}"
    exact = comparison.exact_gradient(name, element)
    assert exact is not None
    with mpmath.workdps(DIGITS):
        shrinks = off_exactly(exact, want) < 1e-15 * off_exactly(mpmath.mpf(got), want)
    assert shrinks, f"not rounding, the error stays at {DIGITS} digits: {where}"
    return codes[0]


def off_exactly(got: mpmath.mpf, want: mpmath.mpf) -> mpmath.mpf:
    return abs(got - want) / max(abs(want), mpmath.mpf(10) ** -30)
