"""The logistic function σ and log(eᵃ + eᵇ), kept as they are, with the derivatives of the textbook."""

from __future__ import annotations

import mpmath
import numpy
import sympy
from sympy.core.function import ArgumentIndexError

from .base import Special, raised


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


class logaddexp(Special):
    """log(eᵃ + eᵇ), which overflows nowhere; its slopes are σ(a − b) and σ(b − a). With a = 0 it is softplus."""

    nargs = 2
    fast = staticmethod(numpy.logaddexp)

    @staticmethod
    def precise(a, b):
        high, low = (a, b) if a > b else (b, a)
        return high + mpmath.log1p(mpmath.exp(low - high)) if mpmath.isfinite(high) else high

    def fdiff(self, argindex=1):
        here, other = self.args[argindex - 1], self.args[2 - argindex]
        return sigmoid(here - other)

    def _eval_rewrite_as_exp(self, a, b, **_):
        return sympy.log(_power_of_e(a) + _power_of_e(b))

    def text(self, printer):
        return printer._print(self._eval_rewrite_as_exp(*self.args))

    def _latex(self, printer, exp=None):
        return raised(printer._print(self._eval_rewrite_as_exp(*self.args)), exp)


def _power_of_e(exponent):
    """e^(a·log 2) is 2ᵃ."""
    rest = exponent / sympy.log(2)
    return (
        sympy.Integer(2) ** rest if exponent.has(sympy.log(2)) and not rest.has(sympy.log(2)) else sympy.exp(exponent)
    )
