"""A function with numbers of its own: from mpmath to any precision, in double precision on whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import sympy


class Special(sympy.Function):
    """Has `precise` (mpmath), `fast` (arrays of doubles), and how it is written: `shown` in text, `tex` in LaTeX.

    >>> import sympy, autograd_lessons.functions as functions
    >>> x = sympy.Symbol("x", real=True)
    >>> functions.erfcx(x).diff(x)
    2*x*erfcx(x) - 2/sqrt(pi)
    >>> functions.erfcx(1).evalf(30)
    0.427583576155807004410750344491
    """

    precise: Callable
    fast: Callable
    shown: str | None = None
    tex: str | None = None

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        cls._imp_ = staticmethod(_either(cls))  # what `lambdify` calls

    def _eval_is_extended_real(self):
        return all(arg.is_extended_real for arg in self.args) or None

    def _eval_mpmath(self):
        return type(self).precise, self.args

    def _mpmathcode(self, printer: Any, **_):
        """A whole number is made one of mpmath's, so that `_imp_` knows which numbers are asked for."""
        number = printer._module_format("mpmath.mpf")
        shown = (f"{number}({arg})" if arg.is_Integer else printer._print(arg) for arg in self.args)
        return f"{type(self).__name__}({', '.join(shown)})"

    def text(self, printer: Any) -> str:
        """How it is written in plain text."""
        return f"{self.shown or type(self).__name__}({', '.join(map(printer._print, self.args))})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name = self.tex or rf"\operatorname{{{type(self).__name__}}}"
        return raised(rf"{name}\left({', '.join(map(printer._print, self.args))}\right)", exp)


def raised(shown: str, exp: str | None) -> str:
    """A formula in LaTeX to a power, where the printer has one for it."""
    return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"


def _either(cls: type[Special]) -> Callable:
    def numbers(*args):
        if any(isinstance(arg, (mpmath.mpf, mpmath.mpc)) for arg in args):
            return cls.precise(*args)
        return cls.fast(*args)

    return numbers


def by_torch(function: Callable) -> Callable:
    """NumPy has no special functions: arrays go through PyTorch's. The 50-digit reference is mpmath's own."""

    def fast(*args):
        import numpy
        import torch

        tensors = [torch.from_numpy(numpy.atleast_1d(numpy.asarray(arg, dtype=float))) for arg in args]
        shape = numpy.broadcast_shapes(*(numpy.shape(arg) for arg in args))
        return function(*tensors).numpy().reshape(shape)

    return fast
