"""The formulas of one link or step of a run, at either grain, in the names of what it used."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import sympy as sp

from . import formulas
from .grains import links, nodes
from .programs import Programs
from .slopes import between
from .values import Step, Value


class LocalFormulas:
    """Each is None where no rule gives it, and where the run has no formulas."""

    def __init__(self, programs: Programs):
        self.tape, self._programs = programs.tape, programs
        self._slopes: dict[str, dict[tuple[str, str], Any]] = {}  # by grain
        self._stops: dict[str, frozenset[int]] = {}  # by grain

    def slopes(self, grain: str) -> dict[tuple[str, str], Any]:
        """By (output, input): ∂output/∂input for the links of one grain."""
        if grain not in self._slopes:
            self._slopes[grain] = {
                (link.output.label, link.input.label): self._slope(link.output, link.input, grain)
                for link in links(self.tape, grain)
            }
        return self._slopes[grain]

    def value(self, label: str, grain: str) -> sp.Expr | None:
        """A step itself."""
        step, programs = self._by_label.get(label), self._programs
        if step is None or not programs.written_out:
            return None
        stop, index = self._stop(grain), programs.index[step]
        program = programs.first if programs.generic or step.value.numel() == 1 else programs.single
        form = program.forms[index] if program else None
        if program is None or form is None or form.opaque:
            return None
        made = program.compose(index, stop)
        if made is None:
            return None
        formula = sp.sympify(made.reshape(-1)[0])
        hidden = program.hidden(index, stop)
        if any(symbol in formula.free_symbols for value in hidden for symbol in program.symbols[value].reshape(-1)):
            return None
        return formulas.plain(formula)

    def _slope(self, output: Step, used: Value, grain: str) -> Any:
        programs = self._programs
        if not programs.written_out:
            return None
        link, stop = (programs.index[output], programs.index[used]), self._stop(grain)
        if programs.generic and len(programs.all) > 1:
            made = [formulas.local(program, *link, stop, output.name) for program in programs.all]
            return None if None in made else made[0] if all(m == made[0] for m in made) else made
        alike = self._is_alike(output, used, grain)
        for program in (programs.single, programs.first):
            if program is not None and (alike or program is not programs.single):
                made = formulas.local(program, *link, stop, output.name)
                if made is not None:
                    return made
        return None

    def _is_alike(self, output: Step, used: Value, grain: str) -> bool:
        """Whether a formula with one symbol a tensor may say the slope of every element."""
        elementwise = output.value.shape == used.value.shape or used.value.numel() == 1
        mixed = any(s.requires_grad and not s.pointwise for s in between(output, set(nodes(self.tape, grain))))
        return not mixed and (elementwise or output.value.numel() <= 1)

    def _stop(self, grain: str) -> frozenset[int]:
        """The values whose symbols a formula at this grain is written in."""
        if grain not in self._stops:
            self._stops[grain] = frozenset(self._programs.index[value] for value in nodes(self.tape, grain))
        return self._stops[grain]

    @cached_property
    def _by_label(self) -> dict[str, Step]:
        return {step.label: step for step in reversed(self.tape.history)}
