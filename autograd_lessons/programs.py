"""The programs of a run: one, or where the elements of a grid went different ways, one for each combination of branches."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .branches import branch_taken, has_branches
from .lookup import answers
from .program import Program
from .tape import Tape
from .translation import MOST_ELEMENTS, contents, program_of
from .values import Step

MOST_PROGRAMS = 256
_programs: dict[tuple, Program] = {}  # the least recently used goes first


class Programs:
    """`all` of them, the `first` being the only one but where elements went different ways; a value stands at its `index`.

    `generic` says whether one formula stands for every element of an elementwise function; `written_out`, whether there are
    formulas at all: small tensors have one for each element. `branches` are, by step, the index of the branch that each
    element took, where the operation has branches.
    """

    def __init__(self, tape: Tape):
        self.tape = tape
        small = tape.plan.keep("small", lambda: _is_small(tape))
        self.generic = bool(not small and tape.summed)
        self.written_out = small or self.generic
        self.index = {value: i for i, value in enumerate(tape.values)}
        self.branches = {step: branch_taken(step) for step in self._branching()}
        self._where: Any = None  # for each element of a generic run the number of its program
        self.all = self._grouped() if self.generic else [self._program(self.branches, generic=False)]
        self.first = self.all[0]

    @cached_property
    def single(self) -> Program | None:
        """The program with one symbol a tensor, for formulas that hold for every element; None where branches differ."""
        if self.generic:
            return self.first if len(self.all) == 1 else None
        branches = self._elementwise_branches
        if any(taken.size and (taken != taken.reshape(-1)[0]).any() for taken in branches.values()):
            return None
        return self._program(branches, generic=True)

    def of_element(self, at: int | None) -> Program:
        """The program of one element of a generic run."""
        return self.first if at is None or self._where is None else self.all[int(self._where[at])]

    def elements(self, number: int) -> np.ndarray:
        """Which elements of a generic run have the program of this number."""
        return self._where == number

    def too_large(self, step: Step) -> bool:
        """Whether a step is not written out for its size."""
        return not self.written_out and step.value.numel() > MOST_ELEMENTS

    def _program(self, branches: dict[Step, np.ndarray], generic: bool) -> Program:
        """The program on these branches, the one of an earlier run if there is one."""
        taken = [(taken.reshape(-1)[0] if generic else taken).tobytes() for taken in branches.values()]
        key = self.tape.plan, generic, contents(self.tape, generic), *taken
        found = _programs.pop(key, None) or program_of(self.tape, branches, generic)
        _programs[key] = found
        while len(_programs) > MOST_PROGRAMS:
            del _programs[next(iter(_programs))]
        return found

    def _branching(self) -> list[Step]:
        """The steps whose operation has branches."""
        steps = self.tape.history
        key = "branching", answers(self.tape)
        places = self.tape.plan.keep(key, lambda: [at for at, step in enumerate(steps) if has_branches(step)])
        return [steps[at] for at in places]

    def _grouped(self) -> list[Program]:
        """One program for each combination of branches that some element took."""
        shape = self.tape.target.value.shape
        branches = self._elementwise_branches
        rows = [np.broadcast_to(taken, shape).reshape(-1) for taken in branches.values()]
        if not rows:
            self._where = np.zeros(int(np.prod(shape)), int)
            return [self._program({}, generic=True)]
        kinds, self._where = np.unique(np.stack(rows), axis=1, return_inverse=True)
        self._where = self._where.reshape(-1)
        return [self._program({s: np.asarray(b) for s, b in zip(branches, kind)}, generic=True) for kind in kinds.T]

    @property
    def _elementwise_branches(self) -> dict[Step, np.ndarray]:
        """Those that each element takes for itself: what a maximum chose is none of them."""
        return {step: taken for step, taken in self.branches.items() if step.pointwise}


def _is_small(tape: Tape) -> bool:
    return all(value.value.numel() <= MOST_ELEMENTS for value in tape.values if value.requires_grad)
