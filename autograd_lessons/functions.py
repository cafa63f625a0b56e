"""The logistic function σ as SymPy does not have it: kept as σ, with the derivative σ(1 − σ) of the textbook."""

from __future__ import annotations

import sympy
from sympy.core.function import ArgumentIndexError


class sigmoid(sympy.Function):
    """σ(z) = 1/(1 + e^(−z)); differentiates to σ(z)(1 − σ(z)) and evaluates to any precision."""

    nargs = 1

    @classmethod
    def eval(cls, z):
        if z.is_zero:
            return sympy.Rational(1, 2)
        return None

    def fdiff(self, argindex=1):
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return self * (1 - self)

    def _eval_is_extended_real(self):
        return self.args[0].is_extended_real

    def _eval_evalf(self, prec):
        return (1 / (1 + sympy.exp(-self.args[0])))._eval_evalf(prec)

    def _eval_rewrite_as_exp(self, z, **_):
        return 1 / (1 + sympy.exp(-z))

    def _latex(self, printer, exp=None):
        shown = rf"\sigma\left({printer._print(self.args[0])}\right)"
        return shown if exp is None else rf"{shown}^{{{exp}}}"

    def _numpycode(self, printer, **_):
        return f"(1/(1 + {printer._module_format('numpy.exp')}(-({printer._print(self.args[0])}))))"

    def _mpmathcode(self, printer, **_):
        return f"(1/(1 + {printer._module_format('mpmath.exp')}(-({printer._print(self.args[0])}))))"

    def _pythoncode(self, printer, **_):
        return f"(1/(1 + {printer._module_format('math.exp')}(-({printer._print(self.args[0])}))))"
