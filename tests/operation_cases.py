"""How each pointwise operation is called, from where its operands are drawn, and its value as mpmath has it.

`x=(-3, 3)` is a range for the random points; several ranges stand in a list. `at` are further points: kinks, poles, limits,
each with the operands in order. `also` are other ways to write the same, `value` is the value in mpmath's own functions
(nothing of ours or of PyTorch has a part in it), `fixed` are operands by which PyTorch has no derivative, and `single` are
those that are one number for all points.
"""

from __future__ import annotations

import ast
import random
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F

POINTS = 40  # more than the elements that are written out one by one: one formula stands for all of a branch
INF, NAN = float("inf"), float("nan")


@dataclass(frozen=True)
class Case:
    """One way of calling one operation. `tolerance` is wider where PyTorch's own numbers are less exact, and `why` says so."""

    code: str
    value: str | None = None
    also: tuple[str, ...] = ()
    at: tuple[tuple[float, ...], ...] = ()
    fixed: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    tolerance: float = 1e-9
    why: str = ""
    ranges: dict[str, list[tuple[float, float]]] = field(default_factory=dict, hash=False)

    def function(self, code: str | None = None):
        """The operation as a function of its operands."""
        return eval(f"lambda {', '.join(self.ranges)}: {code or self.code}", {"torch": torch, "F": F})

    @property
    def wrt(self) -> tuple[str, ...]:
        return tuple(name for name in self.ranges if name not in self.fixed)

    def points(self) -> dict[str, list[float]]:
        """By operand: `POINTS` random numbers, spread evenly over its ranges, then those of `at`."""
        draw = random.Random(self.code)
        drawn = [
            [draw.uniform(*ranges[i % len(ranges)]) for i in draw.sample(range(POINTS), POINTS)]
            for ranges in self.ranges.values()
        ]
        numbers = {name: [*some, *(p[i] for p in self.at)] for i, (name, some) in enumerate(zip(self.ranges, drawn))}
        return {name: some[-1:] if name in self.single else some for name, some in numbers.items()}


def case(
    code: str, value: str | None = None, *, also=(), at=(), fixed=(), single=(), tolerance=1e-9, why="", **ranges
) -> Case:
    points = tuple(point if isinstance(point, tuple) else (point,) for point in at)
    spread = {name: given if isinstance(given, list) else [given] for name, given in ranges.items()}
    return Case(code, value, tuple(also), points, tuple(fixed), tuple(single), tolerance, why, spread)


def called(case: Case) -> set[str]:
    """The names of the operations in a case's code, operators and layers included."""
    nodes = [node for code in (case.code, *case.also) for node in ast.walk(ast.parse(code))]
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {_OPERATORS[type(node.op)] for node in nodes if isinstance(node, (ast.BinOp, ast.UnaryOp))}
    return {name.rstrip("_") for name in names}


_OPERATORS = {
    ast.Add: "add", ast.Div: "div", ast.Mod: "remainder", ast.Mult: "mul", ast.Pow: "pow", ast.Sub: "sub", ast.USub: "neg",
}  # fmt: skip
_HARD_SIGMOID = "PyTorch multiplies by 1/6 in single precision"
_BOTH = [(-3, -0.1), (0.1, 3)]
_POSITIVE = (0.05, 4)

ELEMENTARY = [
    case("torch.abs(x)", "fabs(x)", also=["abs(x)", "x.abs()", "torch.absolute(x)", "(x * 1).abs_()"], at=[0], x=_BOTH),
    case("torch.acos(x)", "acos(x)", also=["torch.arccos(x)", "x.arccos()"], x=(-0.99, 0.99)),
    case("torch.acosh(x)", "acosh(x)", also=["torch.arccosh(x)"], at=[0.5], x=(1.01, 5)),
    case("torch.add(x, y)", "x + y", also=["x + y", "x.add(y)", "torch.add(x, other=y)", "(x * 1).add_(y)"], x=_BOTH, y=_BOTH),
    case("torch.add(x, y, alpha=3)", "x + 3 * y", also=["x.add(y, alpha=3)"], x=_BOTH, y=_BOTH),
    case("torch.addcdiv(x, y, z, value=2)", "x + 2 * y / z", also=["x.addcdiv(y, z, value=2)"], x=_BOTH, y=_BOTH, z=_BOTH),
    case("torch.addcmul(x, y, z, value=2)", "x + 2 * y * z", also=["x.addcmul(tensor1=y, tensor2=z, value=2)"], x=_BOTH, y=_BOTH, z=_BOTH),
    case("torch.angle(x)", "arg(x)", also=["x.angle()"], at=[0], x=_BOTH),
    case("torch.asin(x)", "asin(x)", also=["torch.arcsin(x)"], x=(-0.99, 0.99)),
    case("torch.asinh(x)", "asinh(x)", also=["torch.arcsinh(x)"], x=(-5, 5)),
    case("torch.atan(x)", "atan(x)", also=["torch.arctan(x)"], x=(-5, 5)),
    case("torch.atan2(y, x)", "atan2(y, x)", also=["torch.arctan2(y, x)", "y.atan2(x)"], at=[(0, 0), (0, -1), (0, 1)], y=_BOTH, x=_BOTH),
    case("torch.atanh(x)", "atanh(x)", also=["torch.arctanh(x)"], x=(-0.95, 0.95)),
    case("torch.ceil(x)", "ceil(x)", also=["x.ceil()"], at=[0, 1, -2], x=(-5, 5)),
    case("torch.clamp(x, -1, 1)", "max(min(x, 1), -1)", also=["torch.clip(x, -1, 1)", "x.clamp(min=-1, max=1)", "x.clip(-1, 1)"], at=[-1, 1], x=(-3, 3)),
    case("torch.clamp(x, low, high)", "min(max(x, low), high)", also=["x.clamp(min=low, max=high)"],
         at=[(0, 0, 1), (1, 0, 1), (2, 1, 0), (-1, 1, 0)], x=(-3, 3), low=(-2, -0.5), high=(0.5, 2)),
    case("torch.clamp(x, max=high)", "min(x, high)", at=[(1, 1)], x=(-3, 3), high=(-1, 1)),
    case("torch.clamp_max(x, high)", "min(x, high)", also=["x.clamp_max(high)"], at=[(1, 1)], x=(-3, 3), high=(-1, 1)),
    case("torch.clamp_min(x, low)", "max(x, low)", also=["x.clamp_min(low)"], at=[(1, 1)], x=(-3, 3), low=(-1, 1)),
    case("torch.clone(x)", "x", also=["x.clone()"], x=_BOTH),
    case("torch.copysign(x, y)", "fabs(x) * sign(y)", also=["x.copysign(y)"], at=[(0, 1), (2, 0.0), (2, -0.0), (-2, 0.0), (0, -1)], x=_BOTH, y=_BOTH),
    case("torch.cos(x)", "cos(x)", x=(-6, 6)),
    case("torch.cosh(x)", "cosh(x)", x=(-5, 5)),
    case("torch.deg2rad(x)", "x * pi / 180", x=(-360, 360)),
    case("torch.div(x, y)", "x / y", also=["x / y", "torch.divide(x, y)", "torch.true_divide(x, y)", "x.div(y, rounding_mode=None)"], x=_BOTH, y=_BOTH),
    case('torch.div(x, y, rounding_mode="floor")', "floor(x / y)", at=[(7, 2), (-7, 2), (6, 2), (0, 2)], x=_BOTH, y=_BOTH),
    case('torch.div(x, y, rounding_mode="trunc")', "sign(x / y) * floor(fabs(x / y))", at=[(7, 2), (-7, 2), (6, 2), (0, 2)], x=_BOTH, y=_BOTH),
    case("1 / x", "1 / x", also=["torch.reciprocal(x)", "x ** -1", "x.reciprocal()"], x=_BOTH),
    case("torch.exp(x)", "exp(x)", x=(-5, 5)),
    case("torch.exp2(x)", "2 ** x", also=["torch.special.exp2(x)"], x=(-5, 5)),
    case("torch.expm1(x)", "expm1(x)", also=["torch.special.expm1(x)"], x=(-5, 5)),
    case("torch.floor(x)", "floor(x)", also=["x.floor()"], at=[0, 1, -2], x=(-5, 5)),
    case("torch.fmax(x, y)", "max(x, y)", also=["x.fmax(y)"], at=[(1, 1), (NAN, 1), (1, NAN)], x=_BOTH, y=_BOTH),
    case("torch.fmin(x, y)", "min(x, y)", also=["x.fmin(y)"], at=[(1, 1), (NAN, 1), (1, NAN)], x=_BOTH, y=_BOTH),
    case("torch.fmod(x, y)", "x - y * sign(x / y) * floor(fabs(x / y))", also=["x.fmod(y)"], at=[(6, 3), (-7, 3)], x=_BOTH, y=_BOTH),
    case("torch.frac(x)", "x - sign(x) * floor(fabs(x))", also=["x.frac()"], at=[1, -1.5, 0], x=(-5, 5)),
    case("torch.frexp(x)[0]", "frexp(x)[0]", also=["x.frexp().mantissa"], at=[1, 4, -2], x=_BOTH),
    case("torch.hypot(x, y)", "hypot(x, y)", also=["x.hypot(y)"], at=[(0, 0), (0, 1)], x=_BOTH, y=_BOTH),
    case("torch.ldexp(x, n)", "x * 2 ** n", also=["x.ldexp(n)"], x=_BOTH, n=(-3, 3)),
    case("torch.lerp(x, y, w)", "x + w * (y - x)", also=["x.lerp(y, w)", "torch.lerp(x, end=y, weight=w)"], x=_BOTH, y=_BOTH, w=(0.1, 0.9)),
    case("torch.log(x)", "log(x)", x=_POSITIVE),
    case("torch.log10(x)", "log10(x)", x=_POSITIVE),
    case("torch.log1p(x)", "log1p(x)", also=["torch.special.log1p(x)"], x=(-0.9, 4)),
    case("torch.log2(x)", "log(x, 2)", x=_POSITIVE),
    case("torch.logaddexp(x, y)", "log(exp(x) + exp(y))", also=["x.logaddexp(y)"], at=[(1, 1), (800, 801), (-900, 0)], x=(-5, 5), y=(-5, 5)),
    case("torch.logaddexp2(x, y)", "log(2 ** x + 2 ** y, 2)", also=["x.logaddexp2(y)"], at=[(1, 1), (2000, 2001)], x=(-5, 5), y=(-5, 5)),
    case("x.masked_fill(x > 0.5, 2.0)", "2 if x > 0.5 else x", also=["torch.masked_fill(x, x > 0.5, 2.0)"], x=_BOTH),
    case("torch.maximum(x, y)", "max(x, y)", also=["torch.max(x, y)", "x.maximum(y)", "x.max(y)"], at=[(1, 1)], x=_BOTH, y=_BOTH),
    case("torch.minimum(x, y)", "min(x, y)", also=["torch.min(x, y)", "x.minimum(y)", "x.min(y)"], at=[(1, 1)], x=_BOTH, y=_BOTH),
    case("torch.mul(x, y)", "x * y", also=["x * y", "torch.multiply(x, y)", "x.mul(y)"], x=_BOTH, y=_BOTH),
    case("torch.nan_to_num(x, nan=1.0, posinf=3.0, neginf=-4.0)", "x", also=["x.nan_to_num(1.0, 3.0, -4.0)"], at=[NAN, INF, -INF], x=_BOTH),
    case("torch.nan_to_num(x)", "x", at=[NAN, INF, -INF], x=_BOTH),
    case("torch.neg(x)", "-x", also=["-x", "torch.negative(x)", "x.neg()"], x=_BOTH),
    case("torch.pow(x, n)", "x ** n", also=["x ** n", "torch.float_power(x, n)", "x.pow(n)", "torch.pow(x, exponent=n)"],
         at=[(0, 0), (0, 1), (0, 2), (0, 0.5), (0, -1), (-2, 2), (2, 0)], x=_POSITIVE, n=(-3, 3)),
    case("x ** 3", "x ** 3", also=["torch.pow(x, 3)", "x.pow(3)", "x.float_power(3)"], at=[0], x=_BOTH),
    case("x ** 0.5", "x ** 0.5", at=[0], x=_POSITIVE),
    case("2 ** n", "2 ** n", also=["torch.pow(2, n)", "torch.float_power(2, n)"], n=_BOTH),
    case("torch.rad2deg(x)", "x * 180 / pi", x=(-6, 6)),
    case("torch.remainder(x, y)", "x - y * floor(x / y)", also=["x % y", "x.remainder(y)"], at=[(6, 3), (-7, 3), (0, 3)], x=_BOTH, y=_BOTH),
    case("torch.round(x)", "nint(x)", also=["x.round()", "torch.special.round(x)"], at=[0.5, 1.5, 0, -2.5], x=(-5, 5)),
    case("torch.round(x, decimals=2)", "nint(100 * x) / 100", also=["x.round(decimals=2)"], at=[0.125], x=(-5, 5)),
    case("torch.rsqrt(x)", "1 / sqrt(x)", at=[0], x=_POSITIVE),
    case("torch.rsub(x, 3, alpha=2)", "3 - 2 * x", x=_BOTH),
    case("3 - x", "3 - x", also=["torch.rsub(x, 3)", "torch.sub(torch.tensor(3.0, dtype=torch.float64), x)"], x=_BOTH),
    case("torch.sign(x)", "sign(x)", also=["torch.sgn(x)", "x.sign()"], at=[0], x=_BOTH),
    case("torch.sin(x)", "sin(x)", also=["x.sin()", "(x * 1).sin_()", "torch.sin_(x * 1)"], x=(-6, 6)),
    case("torch.sinc(x)", "sin(pi * x) / (pi * x)", also=["torch.special.sinc(x)"], at=[0], x=_BOTH),
    case("torch.sinh(x)", "sinh(x)", x=(-5, 5)),
    case("torch.sqrt(x)", "sqrt(x)", at=[0], x=_POSITIVE),
    case("torch.square(x)", "x * x", also=["x.square()", "x * x"], at=[0], x=_BOTH),
    case("torch.sub(x, y)", "x - y", also=["x - y", "torch.subtract(x, y)", "x.sub(y)"], x=_BOTH, y=_BOTH),
    case("torch.tan(x)", "tan(x)", x=(-1.4, 1.4)),
    case("torch.tanh(x)", "tanh(x)", also=["F.tanh(x)"], x=(-5, 5)),
    case("torch.trunc(x)", "sign(x) * floor(fabs(x))", also=["torch.fix(x)", "x.trunc()"], at=[0, 1, -2], x=(-5, 5)),
    case("torch.where(x > y, x, 2 * y)", "x if x > y else 2 * y", also=["x.where(x > y, 2 * y)"], at=[(1, 1)], x=_BOTH, y=_BOTH),
    case("torch.xlogy(x, y)", "x * log(y)", also=["torch.special.xlogy(x, y)", "x.xlogy(y)"],
         at=[(0, 0), (0, 1), (0, -1), (2, 0)], x=_BOTH, y=_POSITIVE),
    case("x.double().float().double()", None, also=["x.to(torch.float32).to(torch.float64)", "x.float().type(torch.float64)", "x.float().type_as(x)"], tolerance=1e-7, why="a detour through single precision", x=_BOTH),
]  # fmt: skip

SPECIAL = [
    case("torch.special.digamma(x)", "digamma(x)", also=["torch.digamma(x)", "torch.special.psi(x)", "x.digamma()"], x=[(0.1, 1.2), (1.7, 6), (-2.9, -2.6)]),
    case("torch.special.entr(x)", "-x * log(x)", at=[0, -1], x=_POSITIVE),
    case("torch.special.erf(x)", "erf(x)", also=["torch.erf(x)", "x.erf()"], x=(-3, 3)),
    case("torch.special.erfc(x)", "erfc(x)", also=["torch.erfc(x)", "x.erfc()"], x=(-3, 5)),
    case("torch.special.erfcx(x)", "exp(x**2) * erfc(x)", x=(-3, 20)),
    case("torch.special.erfinv(x)", "erfinv(x)", also=["torch.erfinv(x)", "x.erfinv()"], at=[0], x=(-0.98, 0.98)),
    case("torch.special.gammainc(a, x)", "gammainc(a, 0, x, regularized=True)", also=["torch.igamma(a, x)", "a.igamma(x)"], at=[(2, 0)], fixed=["a"], a=(0.3, 5), x=(0.1, 6)),
    case("torch.special.gammaincc(a, x)", "gammainc(a, x, inf, regularized=True)", also=["torch.igammac(a, x)"], at=[(2, 0)], fixed=["a"], a=(0.3, 5), x=(0.1, 6)),
    case("torch.special.gammaln(x)", "log(fabs(gamma(x)))", also=["torch.lgamma(x)", "x.lgamma()"], at=[0, -1], x=[(0.1, 0.9), (2.2, 8), (-0.9, -0.6), (-2.3, -2.1)]),
    case("torch.special.i0(x)", "besseli(0, x)", also=["torch.i0(x)", "x.i0()"], at=[0], x=(-6, 6)),
    case("torch.special.i0e(x)", "exp(-fabs(x)) * besseli(0, x)", at=[0], x=(-6, 6)),
    case("torch.special.i1(x)", "besseli(1, x)", at=[0], x=_BOTH),
    case("torch.special.i1e(x)", "exp(-fabs(x)) * besseli(1, x)", at=[0], x=_BOTH),
    case("torch.special.log_ndtr(x)", "log(ncdf(x))", at=[-40, 9], x=(-8, 4)),
    case("torch.special.logit(x)", "log(x / (1 - x))", also=["torch.logit(x)", "x.logit()"], at=[-1, 2], x=[(0.02, 0.45), (0.55, 0.98)]),
    case("torch.special.logit(x, eps=0.1)", "log(max(0.1, min(0.9, x)) / (1 - max(0.1, min(0.9, x))))", also=["torch.logit(x, 0.1)", "x.logit(0.1)"], at=[0, 1, 0.95], x=[(0.02, 0.45), (0.55, 0.98)]),
    case("torch.special.multigammaln(x, 3)", "3 * log(pi) / 2 + loggamma(x) + loggamma(x - 0.5) + loggamma(x - 1)", also=["torch.mvlgamma(x, 3)", "x.mvlgamma(3)", "torch.mvlgamma(x, p=3)"], x=(1.2, 6)),
    case("torch.special.ndtr(x)", "ncdf(x)", x=(-4, 4)),
    case("torch.special.ndtri(x)", "sqrt(2) * erfinv(2 * x - 1)", x=[(0.01, 0.4), (0.6, 0.99)]),
    case("torch.special.polygamma(1, x)", "polygamma(1, x)", also=["torch.polygamma(1, x)", "x.polygamma(1)"], x=(0.2, 6)),
    case("torch.special.polygamma(3, x)", "polygamma(3, x)", also=["torch.polygamma(3, x)", "x.polygamma(3)"], x=(0.2, 6)),
    case("torch.special.polygamma(0, x)", "digamma(x)", also=["torch.polygamma(0, x)"], x=(1.7, 6)),
    case("torch.special.xlog1py(x, y)", "x * log(1 + y)", at=[(0, -1), (0, 1), (0, -2), (2, -1)], x=_BOTH, y=(-0.9, 3)),
    case("torch.special.zeta(s, q)", "zeta(s, q)", fixed=["s"], s=(1.5, 6), q=(0.2, 5)),
]  # fmt: skip

ACTIVATIONS = [
    case("F.celu(x, 2.0)", "max(0, x) + min(0, 2 * (exp(x / 2) - 1))", also=["torch.celu(x, 2.0)", "torch.nn.CELU(2.0)(x)"], at=[0], x=_BOTH),
    case("F.dropout(x, 0.25)", also=["torch.dropout(x, 0.25, True)", "torch.nn.Dropout(0.25)(x)", "F.dropout(x * 1, 0.25, inplace=True)"], at=[0], x=_BOTH),
    case("F.elu(x)", "x if x > 0 else exp(x) - 1", also=["torch.nn.ELU()(x)", "F.elu_(x * 1)"], at=[0], x=_BOTH),
    case("F.elu(x, 2.0)", "x if x > 0 else 2 * (exp(x) - 1)", also=["F.elu(x, alpha=2.0)"], at=[0], x=_BOTH),
    case("F.gelu(x)", "x * ncdf(x)", also=["torch.nn.GELU()(x)"], x=(-4, 4)),
    case('F.gelu(x, approximate="tanh")', "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + mpf('0.044715') * x**3)))", also=['torch.nn.GELU("tanh")(x)'], x=(-4, 4)),
    case("F.hardshrink(x)", "x if fabs(x) > 0.5 else mpf(0)", also=["torch.hardshrink(x)", "x.hardshrink()"], at=[0.5, -0.5, 0], x=(-2, 2)),
    case("F.hardsigmoid(x)", "max(0, min(6, x + 3)) / 6", also=["torch.nn.Hardsigmoid()(x)"], at=[-3, 3], tolerance=1e-7, why=_HARD_SIGMOID, x=(-5, 5)),
    case("F.hardswish(x)", "x * max(0, min(6, x + 3)) / 6", also=["torch.nn.Hardswish()(x)"], at=[-3, 3], x=(-5, 5)),
    case("F.hardtanh(x)", "max(-1, min(1, x))", also=["torch.nn.Hardtanh()(x)"], at=[-1, 1], x=(-3, 3)),
    case("F.hardtanh(x, -2.0, 0.5)", "max(-2, min(0.5, x))", also=["F.hardtanh(x, min_val=-2.0, max_val=0.5)"], at=[-2, 0.5], x=(-3, 3)),
    case("F.leaky_relu(x)", "x if x > 0 else mpf('0.01') * x", also=["torch.nn.LeakyReLU()(x)"], at=[0], x=_BOTH),
    case("F.leaky_relu(x, 0.25)", "x if x > 0 else x / 4", also=["F.leaky_relu(x, negative_slope=0.25)"], at=[0], x=_BOTH),
    case("F.logsigmoid(x)", "-log(1 + exp(-x))", also=["torch.nn.LogSigmoid()(x)"], at=[-800, 30], x=(-5, 5)),
    case("F.mish(x)", "x * tanh(log(1 + exp(x)))", also=["torch.nn.Mish()(x)"], at=[0], x=(-5, 5)),
    case("F.prelu(x, w)", "x if x > 0 else w * x", also=["torch.prelu(x, w)", "x.prelu(w)"], at=[(0, 0.25)], single=["w"], x=_BOTH, w=(0.1, 0.5)),
    case("F.relu(x)", "max(x, 0)", also=["torch.relu(x)", "x.relu()", "torch.nn.ReLU()(x)", "F.relu_(x * 1)"], at=[0], x=_BOTH),
    case("F.relu6(x)", "max(0, min(6, x))", also=["torch.nn.ReLU6()(x)"], at=[0, 6], x=(-2, 8)),
    case("F.rrelu(x)", "x if x > 0 else (mpf(1) / 8 + mpf(1) / 3) / 2 * x", also=["torch.rrelu(x)"], at=[0], x=_BOTH),
    case("F.selu(x)", "mpf('1.0507009873554805') * (x if x > 0 else mpf('1.6732632423543772') * (exp(x) - 1))", also=["torch.selu(x)", "torch.nn.SELU()(x)"], at=[0], x=_BOTH),
    case("torch.sigmoid(x)", "1 / (1 + exp(-x))", also=["torch.special.expit(x)", "F.sigmoid(x)", "x.sigmoid()"], at=[0, 40, -800], x=(-5, 5)),
    case("F.silu(x)", "x / (1 + exp(-x))", also=["torch.nn.SiLU()(x)"], at=[0], x=(-5, 5)),
    case("F.softplus(x)", "log(1 + exp(x))", also=["torch.nn.Softplus()(x)"], at=[0, 20, 21, 800, -800], x=(-5, 5)),
    case("F.softplus(x, beta=2.0)", "log(1 + exp(2 * x)) / 2", also=["F.softplus(x, 2.0)"], at=[0, 10, 11], x=(-5, 5)),
    case("F.softshrink(x)", "sign(x) * max(0, fabs(x) - 0.5)", also=["torch.nn.Softshrink()(x)"], at=[0.5, -0.5, 0], x=(-2, 2)),
    case("F.softsign(x)", "x / (1 + fabs(x))", also=["torch.nn.Softsign()(x)"], at=[0], x=(-5, 5)),
    case("F.tanhshrink(x)", "x - tanh(x)", also=["torch.nn.Tanhshrink()(x)"], at=[0], x=_BOTH),
    case("F.threshold(x, 1.0, 7.0)", "x if x > 1 else mpf(7)", also=["torch.threshold(x, 1.0, 7.0)", "torch.nn.Threshold(1.0, 7.0)(x)"], at=[1], x=(-1, 3)),
]  # fmt: skip

SECTIONS = {
    "Arithmetic and elementary functions": ELEMENTARY,
    "Special functions": SPECIAL,
    "Activations": ACTIVATIONS,
}
CASES = [one for section in SECTIONS.values() for one in section]

#: operations of PyTorch's list that have no rule, and why
WITHOUT = {
    "conj_physical": "of real numbers PyTorch gives back the tensor itself: there is no step",
    "nextafter": "the next floating-point number is no formula: on paper it is x itself",
    "positive": "PyTorch gives back the tensor itself: there is no step",
}
