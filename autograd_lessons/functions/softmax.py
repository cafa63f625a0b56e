"""softmax and log Σ e^z as SymPy does not have them: kept whole, with the derivatives of the textbook.

The elements of p = softmax(z) differentiate to pᵢ(δᵢⱼ − pⱼ), and logsumexp(z) to p.
"""

from __future__ import annotations

import re
from typing import Any

import sympy
from sympy.core.function import ArgumentIndexError

FEW = 5  # arguments are all shown below so many
DOTS = r"\ldots"


class logsumexp(sympy.Function):
    """log(e^a + e^b + …)."""

    @classmethod
    def eval(cls, *z):
        return z[0] if len(z) == 1 else None

    def fdiff(self, argindex=1):
        return softmax(argindex - 1, *self.args)

    def _eval_is_extended_real(self):
        return all(z.is_extended_real for z in self.args) or None

    def _eval_evalf(self, prec):
        return self._eval_rewrite_as_exp(*self.args)._eval_evalf(prec)

    def _eval_rewrite_as_exp(self, *z, **_):
        return sympy.log(sympy.Add(*map(sympy.exp, z)))

    def _latex(self, printer, exp=None):
        return _power(rf"\operatorname{{logsumexp}}\left({_inside(printer, self.args, DOTS)}\right)", exp)

    def _sympystr(self, printer):
        return f"logsumexp({_inside(printer, self.args)})"

    def _numpycode(self, printer, **_):
        largest, *others = [printer._print(z) for z in self.args]
        for other in others:
            largest = f"{printer._module_format('numpy.logaddexp')}({largest}, {other})"
        return largest

    def _mpmathcode(self, printer, **_):
        exp, log = printer._module_format("mpmath.exp"), printer._module_format("mpmath.log")
        return f"{log}({' + '.join(f'{exp}({printer._print(z)})' for z in self.args)})"


class softmax(sympy.Function):
    """softmax(i, a, b, …): of the shares e^a, e^b, … of their sum, the one at place i."""

    @classmethod
    def eval(cls, index, *z):
        return sympy.Integer(1) if len(z) == 1 else None

    def fdiff(self, argindex=1):
        if argindex == 1:
            raise ArgumentIndexError(self, argindex)
        index, *z = self.args
        return self * ((1 if argindex - 2 == index else 0) - softmax(argindex - 2, *z))

    def _eval_is_extended_real(self):
        return all(z.is_extended_real for z in self.args[1:]) or None

    def _eval_evalf(self, prec):
        return self._eval_rewrite_as_exp(*self.args)._eval_evalf(prec)

    def _eval_rewrite_as_exp(self, index: Any, *z, **_):
        return sympy.exp(z[int(index)]) / sympy.Add(*map(sympy.exp, z))

    def _latex(self, printer, exp=None):
        index, *z = self.args
        return _power(rf"\operatorname{{softmax}}\left({_inside(printer, z, DOTS)}\right)_{{{index}}}", exp)

    def _sympystr(self, printer):
        index, *z = self.args
        return f"softmax({_inside(printer, z)})[{index}]"

    def _code(self, printer, exp: str):
        index, *z = self.args
        own = printer._print(z[int(index)])  # pyright: ignore
        others = " + ".join(f"{exp}({printer._print(one)} - ({own}))" for i, one in enumerate(z) if i != index)
        return f"(1/(1 + {others}))"

    def _numpycode(self, printer, **_):
        return self._code(printer, printer._module_format("numpy.exp"))

    def _mpmathcode(self, printer, **_):
        return self._code(printer, printer._module_format("mpmath.exp"))


def _inside(printer, z, dots: str = "…") -> str:
    """The arguments; of a long row of elements the first and the last: `z[0], …, z[9]`."""
    shown = [printer._print(one) for one in z]
    return ", ".join(shown if len(z) < FEW or not _is_row(z) else [shown[0], dots, shown[-1]])


def _is_row(z) -> bool:
    """Whether these are elements of one vector, one after the other."""
    parts = [re.fullmatch(r"(.+\[(?:\d+, )*)(\d+)\]", one.name) if one.is_Symbol else None for one in z]
    return all(
        part is not None and part[1] == parts[0][1] and int(part[2]) == int(parts[0][2]) + i  # pyright: ignore
        for i, part in enumerate(parts)
    )


def _power(shown: str, exp) -> str:
    return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"
