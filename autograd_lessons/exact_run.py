"""The exact numbers of a run that has formulas: the elements of a step, and of a gradient."""

from __future__ import annotations

from collections.abc import Iterable

import mpmath

from .exact import DIGITS, Exact
from .programs import Programs
from .values import Value

MOST_KEPT = 2_000  # elements of a grid whose numbers are held
MOST_SUMMED = 1_000  # elements of a grid that one input's slope is summed over


class ExactRun:
    """To so many digits: a small run as a whole; a run on a grid, element by element as they are asked for."""

    def __init__(self, programs: Programs, digits: int = DIGITS):
        self._programs, self.digits = programs, digits
        self._runs: dict[int | None, Exact] = {}

    @property
    def overflowed(self) -> bool:
        """Whether some number of a small run was out of reach."""
        return self._at(None).overflowed

    def values(self, value: Value, where: Iterable[int] | None) -> list[mpmath.mpf] | None:
        """A value's numbers at flat indices `where` (default: all); None where a step before it has no rule."""
        index = self._programs.index[value]
        if any(self._taken_as_it_is(i) for i in self._programs.first.behind(index)):
            return None
        wanted = _wanted(value, where)
        if self._programs.generic:
            return [self._at(i).value(index)[0] for i in wanted]
        flat = self._at(None).value(index)
        return [flat[i] for i in wanted]

    def gradient(self, value: Value, where: Iterable[int] | None) -> list[mpmath.mpf] | None:
        """∂output/∂value at flat indices `where`; None where a number overflows, or the sum over a grid would be too long."""
        index, size = self._programs.index[value], self._programs.tape.target.value.numel()
        wanted = _wanted(value, where)
        if not self._programs.generic:
            if self.overflowed:
                return None
            flat = self._slopes(None, index)
            return [flat[i] for i in wanted]
        summed = value.value.numel() != size
        if summed and size > MOST_SUMMED:
            return None
        elements = range(size) if summed else wanted
        if any(self._at(i).overflowed for i in elements):
            return None
        slopes = [self._slopes(i, index)[0] for i in elements]
        if not summed:
            return slopes
        with mpmath.workdps(self.digits):
            return [mpmath.fsum(slopes)]

    def _slopes(self, at: int | None, index: int) -> list[mpmath.mpf]:
        return self._at(at).adjoint(self._programs.index[self._programs.tape.output], index)  # pyright: ignore

    def _at(self, at: int | None) -> Exact:
        if at not in self._runs:
            if len(self._runs) > MOST_KEPT:
                self._runs.clear()
            self._runs[at] = Exact(self._programs.tape, self._programs.of_element(at), at, self.digits)
        return self._runs[at]

    def _taken_as_it_is(self, index: int) -> bool:
        """Whether a value is known only as it was rounded: not so of conditions and whole numbers."""
        form = self._programs.first.forms[index]
        return form is not None and form.opaque and self._programs.tape.values[index].value.is_floating_point()


def _wanted(value: Value, where: Iterable[int] | None) -> list[int]:
    return list(range(value.value.numel()) if where is None else where)
