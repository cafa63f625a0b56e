"""Functions that go up in jumps: between two jumps they are flat, so their slope is 0 (SymPy leaves it open)."""

from __future__ import annotations

import mpmath
import numpy
import sympy

from .base import Special, raised


class Step(Special):
    """Constant between its jumps; at a jump PyTorch's slope is 0 too."""

    nargs = 1

    def fdiff(self, argindex=1):
        return sympy.Integer(0)


class floor(Step):
    """The next whole number below."""

    precise = staticmethod(mpmath.floor)
    fast = staticmethod(numpy.floor)

    def text(self, printer):
        return f"⌊{printer._print(self.args[0])}⌋"

    def _latex(self, printer, exp=None):
        return raised(rf"\left\lfloor {printer._print(self.args[0])} \right\rfloor", exp)


class ceil(Step):
    """The next whole number above."""

    precise = staticmethod(mpmath.ceil)
    fast = staticmethod(numpy.ceil)

    def text(self, printer):
        return f"⌈{printer._print(self.args[0])}⌉"

    def _latex(self, printer, exp=None):
        return raised(rf"\left\lceil {printer._print(self.args[0])} \right\rceil", exp)


class trunc(Step):
    """The next whole number towards 0."""

    fast = staticmethod(numpy.trunc)

    @staticmethod
    def precise(x):
        return mpmath.floor(x) if x > 0 else mpmath.ceil(x)


class nearest(Step):
    """The nearest whole number, of two the even one."""

    precise = staticmethod(mpmath.nint)
    fast = staticmethod(numpy.rint)
    shown, tex = "round", r"\operatorname{round}"


class binary_exponent(Step):
    """The e in x = m·2ᵉ with ½ ≤ |m| < 1."""

    shown, tex = "exponent", r"\operatorname{exponent}"

    @staticmethod
    def precise(x):
        return mpmath.mpf(mpmath.frexp(x)[1])

    @staticmethod
    def fast(x):
        return numpy.frexp(x)[1].astype(float)
