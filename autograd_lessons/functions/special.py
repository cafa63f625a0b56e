"""The special functions of `torch` and `torch.special`."""

from __future__ import annotations

import mpmath
import numpy
import sympy
import torch

from .base import Special, by_torch, raised

_SQRT_PI, _SQRT_2_PI = sympy.sqrt(sympy.pi), sympy.sqrt(2 * sympy.pi)


# ---------------------------------------------------------------- the error function and the normal distribution
class erf(Special):
    """2/√π times the integral of e^(−t²) from 0 to x."""

    nargs = 1
    precise = staticmethod(mpmath.erf)
    fast = by_torch(torch.special.erf)

    def fdiff(self, argindex=1):
        return 2 * sympy.exp(-(self.args[0] ** 2)) / _SQRT_PI


class erfc(Special):
    """1 − erf(x), without its cancellation."""

    nargs = 1
    precise = staticmethod(mpmath.erfc)
    fast = by_torch(torch.special.erfc)

    def fdiff(self, argindex=1):
        return -2 * sympy.exp(-(self.args[0] ** 2)) / _SQRT_PI


class erfcx(Special):
    """e^(x²)·erfc(x)."""

    nargs = 1
    fast = by_torch(torch.special.erfcx)

    @staticmethod
    def precise(x):
        return mpmath.exp(x * x) * mpmath.erfc(x)

    def fdiff(self, argindex=1):
        return 2 * self.args[0] * self - 2 / _SQRT_PI


class erfinv(Special):
    """The x at which erf is a given number."""

    nargs = 1
    shown, tex = "erf⁻¹", r"\operatorname{erf}^{-1}"
    precise = staticmethod(mpmath.erfinv)
    fast = by_torch(torch.special.erfinv)

    def fdiff(self, argindex=1):
        return _SQRT_PI * sympy.exp(self**2) / 2


class normal(Special):
    """φ, the density of the standard normal distribution."""

    nargs = 1
    shown, tex = "φ", r"\varphi"
    precise = staticmethod(mpmath.npdf)

    @staticmethod
    def fast(x):
        return numpy.exp(-(x**2) / 2) / numpy.sqrt(2 * numpy.pi)

    def fdiff(self, argindex=1):
        return -self.args[0] * self


class ndtr(Special):
    """Φ, the distribution function of the standard normal distribution."""

    nargs = 1
    shown, tex = "Φ", r"\Phi"
    precise = staticmethod(mpmath.ncdf)
    fast = by_torch(torch.special.ndtr)

    def fdiff(self, argindex=1):
        return normal(self.args[0])


class log_ndtr(Special):
    """log Φ, without Φ's underflow."""

    nargs = 1
    fast = by_torch(torch.special.log_ndtr)

    @staticmethod
    def precise(x):
        return mpmath.log(mpmath.ncdf(x))

    def fdiff(self, argindex=1):
        return sympy.exp(-(self.args[0] ** 2) / 2 - self) / _SQRT_2_PI

    def text(self, printer):
        return f"log(Φ({printer._print(self.args[0])}))"

    def _latex(self, printer, exp=None):
        return raised(rf"\log\left(\Phi\left({printer._print(self.args[0])}\right)\right)", exp)


class ndtri(Special):
    """Φ⁻¹, the quantile function of the standard normal distribution."""

    nargs = 1
    shown, tex = "Φ⁻¹", r"\Phi^{-1}"
    fast = by_torch(torch.special.ndtri)

    @staticmethod
    def precise(p):
        return mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1)

    def fdiff(self, argindex=1):
        return 1 / normal(self)


# ---------------------------------------------------------------- the gamma function
class lgamma(Special):
    """log|Γ(x)|."""

    nargs = 1
    fast = by_torch(torch.lgamma)

    @staticmethod
    def precise(x):
        return mpmath.re(mpmath.loggamma(x))

    def fdiff(self, argindex=1):
        return digamma(self.args[0])

    def text(self, printer):
        return f"log|Γ({printer._print(self.args[0])})|"

    def _latex(self, printer, exp=None):
        return raised(rf"\log\left|\Gamma\left({printer._print(self.args[0])}\right)\right|", exp)


class digamma(Special):
    """ψ = Γ′/Γ, the slope of log|Γ|."""

    nargs = 1
    shown, tex = "ψ", r"\psi"
    precise = staticmethod(mpmath.digamma)
    fast = by_torch(torch.special.digamma)

    def fdiff(self, argindex=1):
        return polygamma(1, self.args[0])


class polygamma(Special):
    """ψ⁽ⁿ⁾, the n-th derivative of ψ."""

    nargs = 2

    @classmethod
    def eval(cls, n, x):
        return digamma(x) if n.is_zero else None

    @staticmethod
    def precise(n, x):
        return mpmath.polygamma(int(n), x)

    @staticmethod
    def fast(n, x):
        return by_torch(lambda x: torch.special.polygamma(int(n), x))(x)

    def fdiff(self, argindex=1):
        return polygamma(self.args[0] + 1, self.args[1]) if argindex == 2 else sympy.nan

    def text(self, printer):
        order = str(self.args[0]).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"ψ⁽{order}⁾({printer._print(self.args[1])})"

    def _latex(self, printer, exp=None):
        order, x = map(printer._print, self.args)
        return raised(rf"\psi^{{\left({order}\right)}}\left({x}\right)", exp)


class _ByTheSecond(Special):
    """A function of two numbers with a derivative by the second only: by the first there is no closed form."""

    nargs = 2

    def fdiff(self, argindex=1):
        return self.slope(*self.args) if argindex == 2 else sympy.nan


class gammainc(_ByTheSecond):
    """P(a, x), the lower incomplete gamma function over Γ(a)."""

    shown, tex = "P", "P"
    fast = by_torch(torch.special.gammainc)

    @staticmethod
    def precise(a, x):
        return mpmath.gammainc(a, 0, x, regularized=True)

    @staticmethod
    def slope(a, x):
        return sympy.exp((a - 1) * sympy.log(x) - x - lgamma(a))


class gammaincc(_ByTheSecond):
    """Q(a, x) = 1 − P(a, x)."""

    shown, tex = "Q", "Q"
    fast = by_torch(torch.special.gammaincc)

    @staticmethod
    def precise(a, x):
        return mpmath.gammainc(a, x, mpmath.inf, regularized=True)

    @staticmethod
    def slope(a, x):
        return -gammainc.slope(a, x)


class zeta(_ByTheSecond):
    """ζ(s, q), Hurwitz's sum of 1/(k + q)ˢ over k = 0, 1, 2, …"""

    shown, tex = "ζ", r"\zeta"
    fast = by_torch(torch.special.zeta)
    precise = staticmethod(mpmath.zeta)

    @staticmethod
    def slope(s, q):
        return -s * zeta(s + 1, q)


# ---------------------------------------------------------------- modified Bessel functions
class i0(Special):
    """I₀, the modified Bessel function of order 0."""

    nargs = 1
    shown, tex = "I₀", "I_{0}"
    fast = by_torch(torch.special.i0)

    @staticmethod
    def precise(x):
        return mpmath.besseli(0, x)

    def fdiff(self, argindex=1):
        return i1(self.args[0])


class i1(Special):
    """I₁, the modified Bessel function of order 1."""

    nargs = 1
    shown, tex = "I₁", "I_{1}"
    fast = by_torch(torch.special.i1)

    @staticmethod
    def precise(x):
        return mpmath.besseli(1, x)

    def fdiff(self, argindex=1):
        return i0(self.args[0]) - self / self.args[0]


class i0e(Special):
    """e^(−|x|)·I₀(x)."""

    nargs = 1
    fast = by_torch(torch.special.i0e)

    @staticmethod
    def precise(x):
        return mpmath.exp(-abs(x)) * mpmath.besseli(0, x)

    def fdiff(self, argindex=1):
        return i1e(self.args[0]) - sympy.sign(self.args[0]) * self


class i1e(Special):
    """e^(−|x|)·I₁(x)."""

    nargs = 1
    fast = by_torch(torch.special.i1e)

    @staticmethod
    def precise(x):
        return mpmath.exp(-abs(x)) * mpmath.besseli(1, x)

    def fdiff(self, argindex=1):
        x = self.args[0]
        return i0e(x) - self * (sympy.sign(x) + 1 / x)
