"""A number whose slopes are PyTorch's convention at one point, where no formula has them."""

from __future__ import annotations

import sympy


class pinned(sympy.Function):
    """`pinned(value, x, slope, y, slope, …)` is the value; its derivative by each operand is the slope beside it.

    >>> x = sympy.Symbol("x", real=True)
    >>> pinned(0, x, sympy.oo).diff(x)
    oo
    """

    def fdiff(self, argindex=1):
        return self.args[argindex] if argindex % 2 == 0 else sympy.Integer(0)

    def _eval_derivative(self, s):
        return sympy.Add(*(slope * x.diff(s) for x, slope in zip(self.args[1::2], self.args[2::2]) if x.has(s)))

    def _eval_is_extended_real(self):
        return self.args[0].is_extended_real

    def _eval_evalf(self, prec):
        return self.args[0]._eval_evalf(prec)

    def _shown(self, printer, *_, **__):
        return printer.parenthesize(self.args[0], sympy.printing.precedence.PRECEDENCE["Add"])

    _latex = _numpycode = _mpmathcode = _pythoncode = _sympystr = _shown
