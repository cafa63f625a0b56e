"""Answers that the generator of slips has not seen: functions of their own, written down before it was run on them.

Each wrong answer was worked out on paper from what docs/slips.md says of the slip. Where two slips give the same
formula by that description, both are expected, with a bar between them: either is right.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import sympy as sp
import torch
import torch.nn.functional as F
from torch import atan, cos, exp, log, sigmoid, sin, sqrt, tanh

from .slip_collection import Collection

collection = Collection()
about = collection.about
WRONG, RIGHT = collection.wrong, collection.right

x_, t_ = sp.symbols("x t")


# ---------------------------------------------------------------------- products
def three_factors(x):
    u = x * exp(x)
    y = u * sin(x)
    return y


here = about(three_factors)
here.slip(
    "path_dropped",
    lambda x: exp(x) * sin(x) + x * exp(x) * sin(x),
    lambda x: exp(x) * sin(x) + x * exp(x) * cos(x),
    "x e^x sin(x) + x e^x cos(x)",
    lambda x: x * exp(x) * cos(x),
)
here.slip("product_of_derivatives", lambda x: exp(x) * cos(x))
here.slip("factor_dropped", lambda x: exp(x) * sin(x) + x * exp(x) * sin(x) + exp(x) * cos(x))
here.slip("trig_sign|sign_flipped", "e^x sin(x) + x e^x sin(x) - x e^x cos(x)")
here.slip("power_rule_on_exponential", lambda x: exp(x) * sin(x) + x * x * exp(x - 1) * sin(x) + x * exp(x) * cos(x))
here.slip("not_differentiated", lambda x: exp(x) * sin(x) + x * exp(x) * sin(x) + x * exp(x) * sin(x))
here.slip("value", "x sin(x) e^x")
here.right(
    lambda x: exp(x) * (sin(x) + x * sin(x) + x * cos(x)),
    "e^x*(sin(x) (1 + x) + x cos(x))",
    lambda u, x: u / x * sin(x) + u * sin(x) + u * cos(x),
)


def square_log(x):
    y = x**2 * log(x)
    return y


here = about(square_log)
here.slip("path_dropped", "2x ln(x)", "x")
here.slip("product_of_derivatives", lambda x: 2 * x * (1 / x), lambda x: 2.0)
here.slip("sum_of_derivatives", lambda x: 2 * x + 1 / x)
here.slip("product_crossed", lambda x: 2 * x * x**2 + log(x) / x)
here.slip("constant_lost", "x ln(x) + x")
here.slip("log_base", lambda x: 2 * x * log(x) + x / math.log(10))
here.slip("reciprocal_forgotten", lambda x: 2 * x * log(x) + x**2 * x)
here.slip("exponent_not_lowered", lambda x: 2 * x**2 * log(x) + x)
here.slip("factor_dropped", lambda x: 2 * x + x, lambda x: 2 * x * log(x) + 1 / x)
here.slip("value", lambda y: y)
here.right("x*(2 ln(x) + 1)", lambda x: x * log(x**2) + x, lambda x, y: 2 * y / x + x, lambda x: x * log(math.e * x**2))

here = about("(x^2 + 1)^3 (2x - 1)^2")
here.slip(
    "inner_dropped",
    "3(x^2 + 1)^2 (2x - 1)^2 + 4(x^2 + 1)^3 (2x - 1)",
    "6x*(x^2 + 1)^2 (2x - 1)^2 + 2(x^2 + 1)^3 (2x - 1)",
)
here.slip("path_dropped", "6x*(x^2 + 1)^2 (2x - 1)^2", "4(x^2 + 1)^3 (2x - 1)")
here.slip("product_of_derivatives", "6x*(x^2 + 1)^2 * 4(2x - 1)")
here.slip("constant_lost", "2x*(x^2 + 1)^2 (2x - 1)^2 + 4(x^2 + 1)^3 (2x - 1)")
here.slip("exponent_not_lowered", "6x*(x^2 + 1)^3 (2x - 1)^2 + 4(x^2 + 1)^3 (2x - 1)")
here.right(
    "2(x^2 + 1)^2 (2x - 1) (3x*(2x - 1) + 2(x^2 + 1))",
    lambda x: 2 * (x**2 + 1) ** 2 * (2 * x - 1) * (8 * x**2 - 3 * x + 2),
)


def ricker(x):
    e = exp(-(x**2) / 2)
    y = (1 - x**2) * e
    return y


here = about(ricker)
here.slip("path_dropped", lambda x, e: -2 * x * e, lambda x, e: (1 - x**2) * (-x) * e)
here.slip("inner_dropped", lambda x, e: -2 * x * e + (1 - x**2) * e)
here.slip("sign_flipped", lambda x, e: -2 * x * e + (1 - x**2) * x * e, lambda x, e: 2 * x * e - (1 - x**2) * x * e)
here.slip("product_of_derivatives", lambda x, e: -2 * x * (-x * e))
here.slip("constant_kept", lambda x, e: (1 - 2 * x) * e + (1 - x**2) * (-x) * e)
here.slip("constant_lost", lambda x, e: -x * e - (1 - x**2) * x * e, lambda x, e: -2 * x * e - 2 * x * (1 - x**2) * e)
here.slip("value", ricker)
here.right(lambda x, e: (x**3 - 3 * x) * e, lambda x: x * (x**2 - 3) * exp(-(x**2) / 2), "(x^3 - 3x) / e^(x^2/2)")


def arc(x):
    y = x * atan(x)
    return y


here = about(arc)
here.slip("square_missing", lambda x: atan(x) + x / (1 + x))
here.slip("path_dropped", "arctan(x)", "x / (1 + x^2)")
here.slip("product_of_derivatives", "1 / (1 + x^2)")
here.slip("trig_sign|sign_flipped", lambda x: atan(x) - x / (1 + x**2))
here.slip("value", "x arctan(x)")
here.right(
    lambda x: atan(x) + x / (1 + x**2),
    lambda x: math.pi / 2 - atan(1 / x) + 1 / (x + 1 / x) if x > 0 else atan(x) + x / (1 + x * x),
)


# ---------------------------------------------------------------------- quotients

here = about("e^x / x^2")
here.slip("quotient_square", "(x^2 e^x - 2x e^x) / x^2")
here.slip("quotient_sign", "(x^2 e^x + 2x e^x) / x^4")
here.slip("quotient_of_derivatives", "e^x / (2x)")
here.slip("quotient_denominator", "x^2 e^x - 2x e^x")
here.slip("power_rule_on_exponential", "(x^2 * x e^(x-1) - 2x e^x) / x^4")
here.slip("path_dropped", "-2e^x / x^3")
here.slip("value|path_dropped", "e^x x^-2")
here.slip("exponent_not_lowered", "(x^2 e^x - 2x^2 e^x) / x^4")
here.right("e^x*(x - 2) / x^3", "e^x / x^2 - 2e^x / x^3", lambda x: exp(x) / x**2 * (1 - 2 / x))
here = about("e^x / x^2", x=3.0)
here.slip("quotient_of_derivatives", math.exp(3) / 6)
here.slip("quotient_sign", (9 * math.exp(3) + 6 * math.exp(3)) / 81)

here = about("sqrt(x) / (x + 1)")
here.slip("quotient_square", "((x + 1) / (2 sqrt(x)) - sqrt(x)) / (x + 1)")
here.slip("quotient_sign", "((x + 1) / (2 sqrt(x)) + sqrt(x)) / (x + 1)^2")
here.slip("quotient_of_derivatives", "1 / (2 sqrt(x))")
here.slip("constant_lost", "((x + 1) / sqrt(x) - sqrt(x)) / (x + 1)^2")
here.slip("path_dropped", "-sqrt(x) / (x + 1)^2")
here.slip("constant_kept", "((x + 1) / (2 sqrt(x)) - 2 sqrt(x)) / (x + 1)^2")
here.right("(1 - x) / (2 sqrt(x) (x + 1)^2)", lambda x: 0.5 * x**-0.5 / (1 + x) - x**0.5 / (1 + x) ** 2)


def logistic_growth(K, r, t):
    e = exp(-r * t)
    P = K / (1 + e)
    return P


here = about(logistic_growth, wrt=("t", "K"), K=5.0, r=0.7, t=1.3)
here.slip("inner_dropped", {"t": lambda K, e: K * e / (1 + e) ** 2 * -1})
here.slip("sign_flipped", {"t": lambda K, r, e: -K * r * e / (1 + e) ** 2})
here.slip("quotient_square", {"t": lambda K, r, e: K * r * e / (1 + e)})
here.slip("factor_dropped|constant_lost", {"t": lambda r, e: r * e / (1 + e) ** 2})
here.slip("quotient_denominator", {"t": lambda K, r, e: K * r * e})
here.slip("value", {"K": lambda P: P})
here.slip("other_input", {"K": lambda K, r, e: K * r * e / (1 + e) ** 2}, {"t": lambda e: 1 / (1 + e)})
here.slip("inner_dropped", {"t": -5 * math.exp(-0.91) / (1 + math.exp(-0.91)) ** 2})
here.right(
    {"t": lambda P, K, r: r * P * (1 - P / K), "K": lambda P, K: P / K},
    {"t": lambda K, r, t: K * r * sigmoid(r * t) * sigmoid(-r * t)},
)


def newton(a):
    y = (a + 2 / a) / 2
    return y


here = about(newton)
here.slip("sign_flipped", "(1 + 2/a^2)/2")
here.slip("constant_lost|accumulated", lambda a: 1 - 2 / a**2)
here.slip("path_dropped", lambda a: 0.5, "-1/a^2")
here.slip("constant_lost", "(1 - 1/a^2)/2")
here.slip("quotient_square", lambda a: (1 - 2 / a) / 2)
here.slip("reciprocal_forgotten", lambda a: (1 + 2 * log(a)) / 2)
here.right(lambda a: 0.5 - a**-2, "(a^2 - 2)/(2a^2)", lambda a: (a - math.sqrt(2)) * (a + math.sqrt(2)) / (2 * a * a))


# ---------------------------------------------------------------------- chains

here = about("ln(cos(x))", x=0.4)
here.slip("inner_dropped", "1/cos(x)", 1 / math.cos(0.4))
here.slip("trig_sign|sign_flipped", "tan(x)", math.tan(0.4))
here.slip("outer_dropped", "-sin(x)")
here.slip("wrong_place", "-sin(x)/x")
here.slip("swapped|not_finite", "-sin(ln(x))/x")
here.slip("reciprocal_forgotten", "-cos(x) sin(x)")
here.slip("log_base", lambda x: -sin(x) / (cos(x) * math.log(10)))
here.slip("value", "ln(cos(x))", math.log(math.cos(0.4)))
here.right("-tan(x)", "-sin(x)/cos(x)", lambda x: -math.tan(x), -0.42279, -sp.tan(x_))


def cube_then_tanh(x):
    u = x**3
    t = tanh(u)
    return t


here = about(cube_then_tanh, x=0.7)
here.slip("inner_dropped", lambda t: 1 - t**2, 1 - math.tanh(0.343) ** 2)
here.slip("square_missing", lambda t, x: (1 - t) * 3 * x**2)
here.slip("trig_sign", lambda t, x: (1 + t**2) * 3 * x**2)
here.slip("exponent_not_lowered", lambda t, x: (1 - t**2) * 3 * x**3)
here.slip("constant_lost", "(1 - tanh(x^3)^2) x^2")
here.slip("wrong_place", "3x^2 (1 - tanh(x)^2)")
here.slip("not_differentiated", lambda t, x: t * 3 * x**2, "3x^2 tanh(x^3)")
here.slip("swapped", "3 tanh(x)^2 (1 - tanh(x)^2)")
here.slip("base_lost", "3(1 - tanh(x^3)^2)")
here.slip("outer_dropped", "3x^2", 3 * 0.49)
here.slip("sigmoid_rule", lambda t, x: t * (1 - t) * 3 * x**2)
here.slip("another_point", 3 * 1.7**2 * (1 - math.tanh(1.7**3) ** 2))
here.right(
    "3x^2 / cosh(x^3)^2", "3x^2 (1 - tanh(x^3)) (1 + tanh(x^3))", lambda u, t, x: (1 - t * t) * 3 * u / x, 1.30977
)


def sigmoid_of_parabola(x):
    z = x**2 - 3 * x
    p = sigmoid(z)
    return p


here = about(sigmoid_of_parabola)
here.slip("sigmoid_rule", lambda p, x: (1 - p) * (2 * x - 3), lambda p, x: p * (1 + p) * (2 * x - 3))
here.slip("not_differentiated", lambda p, x: p * (2 * x - 3))
here.slip("inner_dropped", lambda p: p * (1 - p))
here.slip("constant_lost", lambda p, x: p * (1 - p) * (x - 3), lambda p, x: p * (1 - p) * (2 * x - 1))
here.slip("value_as_input", lambda z, x: z * (1 - z) * (2 * x - 3))
here.slip("path_dropped", lambda p, x: p * (1 - p) * 2 * x, lambda p: -3 * p * (1 - p))
here.slip("sign_flipped", lambda p, x: p * (1 - p) * (2 * x + 3), lambda p, x: p * (p - 1) * (2 * x - 3))
here.slip("wrong_place", lambda x: sigmoid(x) * (1 - sigmoid(x)) * (2 * x - 3))
here.slip("sigmoid_rule", {"dp_dz": lambda p: p * (1 + p), "dz_dx": lambda x: 2 * x - 3})
here.slip("not_differentiated", {"dp_dz": lambda p: p * (1 - p), "dz_dx": lambda x: 2 * x - 3 * x})
here.right(
    lambda z, x: exp(-z) / (1 + exp(-z)) ** 2 * (2 * x - 3),
    lambda p, x: (p - p**2) * (x + x - 3),
    lambda x: (2 * x - 3) / (exp((x**2 - 3 * x) / 2) + exp((3 * x - x**2) / 2)) ** 2,
)


def library_softplus(x):
    return F.softplus(2 * x)


here = about(library_softplus, x=0.6)
here.slip("inner_dropped", lambda x: sigmoid(2 * x), 1 / (1 + math.exp(-1.2)))
here.slip("wrong_place", lambda x: 2 * sigmoid(x))
here.slip("value", lambda x: log(1 + exp(2 * x)), math.log(1 + math.exp(1.2)))
here.slip("not_differentiated", lambda x: 2 * F.softplus(2 * x))
here.slip("outer_dropped", "2", lambda x: 2.0)
here.slip("sign_flipped", lambda x: -2 * sigmoid(2 * x))
here.right(lambda x: 2 / (1 + exp(-2 * x)), "1 + tanh(x)", lambda x: 2 - 2 / (1 + math.exp(2 * x)), 1.53705)


def inverse_root(x):
    y = 1 / sqrt(x**2 + 3)
    return y


here = about(inverse_root)
here.slip("inner_dropped", "-1/2 * (x^2 + 3)^(-3/2)")
here.slip("sign_flipped", "x*(x^2 + 3)^(-3/2)")
here.slip("exponent_not_lowered", "-x*(x^2 + 3)^(-1/2)")
here.slip("constant_lost|accumulated", lambda x: -2 * x * (x**2 + 3) ** -1.5)
here.slip("constant_lost", lambda x: -x / 2 * (x**2 + 3) ** -1.5)
here.slip("root_lost", lambda x: -x / (x**2 + 3) ** 2)
here.slip("quotient_square", lambda x: -x / sqrt(x**2 + 3) / sqrt(x**2 + 3))
here.slip("value", "1/√(x^2 + 3)")
here.right(lambda y, x: -x * y**3, "-x/((x^2 + 3) sqrt(x^2 + 3))", lambda x: -x / math.sqrt(x**2 + 3) ** 3)


def power_of_line(x):
    return (4 * x + 1) ** 1.5


here = about(power_of_line, x=2.0)
here.slip("inner_dropped", "1.5 sqrt(4x + 1)", 4.5, {"x": 4.5})
here.slip("exponent_not_lowered", "6(4x + 1)^1.5")
here.slip("constant_lost", "4 sqrt(4x + 1)", 12)
here.slip("base_lost", "6")
here.slip("wrong_place|not_finite", "6 sqrt(x)")
here.slip("constant_kept", "1.5 * 5 * sqrt(4x + 1)")
here.slip("integrated", lambda x: (4 * x + 1) ** 2.5 / 10)
here.slip("value", 27, "(4x + 1)^1.5")
here.right("6 sqrt(4x + 1)", 18, Fraction(18), "6*sqrt(9)", lambda x: 6 * (4 * x + 1) / sqrt(4 * x + 1))

here = about("sin(x)^3")
here.slip("inner_dropped", "3 sin(x)^2")
here.slip("outer_dropped", "cos(x)")
here.slip("wrong_place", "3 cos(x)^2 cos(x)", "3x^2 cos(x)")
here.slip("inner_dropped+wrong_place", "3 cos(x)^2", "3x^2")
here.slip("swapped", "3x^2 cos(x^3)")
here.slip("exponent_not_lowered", "3 sin(x)^3 cos(x)", "3 sin(x) cos(x)")
here.slip("constant_lost", "sin(x)^2 cos(x)")
here.slip("trig_sign|sign_flipped", "-3 sin(x)^2 cos(x)")
here.slip("base_lost", "3 cos(x)")
here.slip("integrated", "sin(x)^4/4 * cos(x)")
here.slip("not_differentiated", "3 sin(x)^2 sin(x)")
here.right("3 sin²x cos x", "3 sin(2x) sin(x)/2", "(3 cos(x) - 3 cos(3x))/4")

here = about("tan(x^2)", x=0.6)
here.slip("square_missing", "2x/cos(x^2)", 1.2 / math.cos(0.36))
here.slip("inner_dropped", "1/cos(x^2)^2", 1 / math.cos(0.36) ** 2)
here.slip("trig_sign|sign_flipped", "-2x/cos(x^2)^2")
here.slip("wrong_place", "2x/cos(x)^2")
here.slip("swapped", "2 tan(x)/cos(x)^2")
here.slip("constant_lost", "x/cos(x^2)^2")
here.slip("degrees", lambda x: 2 * x / math.cos(math.radians(x**2)) ** 2)
here.slip("not_differentiated", "2x tan(x^2)")
here.right("2x*(1 + tan(x^2)^2)", "2x sec(x^2)^2", lambda x: 4 * x / (1 + cos(2 * x**2)))


# ---------------------------------------------------------------------- logarithms and exponentials
def decibel(p):
    level = 10 * torch.log10(p / 5)
    return level


here = about(decibel, p=2.0)
here.slip("log_base", "10/p", lambda p: 10 * math.log(10) / p, 5.0)
here.slip("inner_dropped", lambda p: 50 / (p * math.log(10)))
here.slip("constant_lost", "1/(p ln(10))", 1 / (2 * math.log(10)))
here.slip("wrong_place", lambda p: 10 / (p * math.log(10)) / 5)
here.slip("sign_flipped", lambda p: -10 / (p * math.log(10)))
here.slip("value", lambda level: level, 10 * math.log10(0.4))
here.right("10/(p ln(10))", lambda p: 4.342944819 / p, 10 / (2 * math.log(10)), lambda p: 10 * math.log10(math.e) / p)


def log_three(x):
    return log(x**2 + 1) / math.log(3)


here = about(log_three)
here.slip("log_base|constant_lost", "2x/(x^2 + 1)")
here.slip("inner_dropped", "1/((x^2 + 1) ln(3))")
here.slip("log_base", lambda x: 2 * x * math.log(3) / (x**2 + 1))
here.slip("constant_lost", "x/((x^2 + 1) ln(3))")
here.slip("wrong_place", "2x/(x ln(3))")
here.slip("constant_kept", "(2x + 1)/((x^2 + 1) ln(3))")
here.right("2x/(ln(3) x^2 + ln(3))", lambda x: 2 / ((x + 1 / x) * math.log(3)))


def tripling(x):
    y = 3 ** (2 * x)
    return y


here = about(tripling, x=0.5)
here.slip("log_base|not_differentiated", "2*3^(2x)", lambda y: 2 * y, 6.0)
here.slip("power_rule_on_exponential", "2x*3^(2x - 1)*2", lambda x, y: 4 * x * y / 3)
here.slip("inner_dropped", "3^(2x) ln(3)", 3 * math.log(3))
here.slip("inner_dropped+power_rule_on_exponential", "2x*3^(2x - 1)")
here.slip("wrong_place", "2 ln(3)*3^x")
here.slip("log_base", lambda y: 2 * y / math.log(3))
here.slip("value", lambda y: y, "9^x", 3)
here.slip("outer_dropped", 2, "2")
here.right("2 ln(3)*3^(2x)", "9^x ln(9)", lambda x: 2 * math.log(3) * exp(2 * x * math.log(3)), 6.59167)


def sine_power(x):
    return x ** sin(x)


here = about(sine_power, x=1.4)
here.slip("path_dropped", "x^sin(x) ln(x) cos(x)")
here.slip("path_dropped|power_rule_on_exponential", "sin(x) x^(sin(x) - 1)", math.sin(1.4) * 1.4 ** (math.sin(1.4) - 1))
here.slip("inner_dropped", "x^sin(x) (ln(x) + sin(x)/x)")
here.slip("trig_sign|sign_flipped", "x^sin(x) (sin(x)/x - cos(x) ln(x))")
here.slip("paths_multiplied", "x^sin(x) ln(x) cos(x) sin(x) x^(sin(x) - 1)")
here.slip("factor_dropped|log_base", "x^sin(x) (cos(x) + sin(x)/x)")
here.slip("value", "x^sin(x)")
here.right("x^sin(x) (cos(x) ln(x) + sin(x)/x)", lambda x: exp(sin(x) * log(x)) * (cos(x) * log(x) + sin(x) / x))


# ---------------------------------------------------------------------- several uses of one value, helpers
def shared_square(x):
    u = x**2
    a = sin(u)
    b = log(u)
    y = a * b
    return y


here = about(shared_square)
here.slip("path_dropped", lambda x, u, b: 2 * x * cos(u) * b, lambda x, u, a: a / u * 2 * x)
here.slip("inner_dropped", lambda u, a, b: cos(u) * b + a / u)
here.slip("paths_multiplied", lambda x, u, a, b: cos(u) * b * a / u * 2 * x)
here.slip("product_of_derivatives", lambda x, u: cos(u) / u * 2 * x, "2x cos(x^2) * 2x/x^2")
here.slip("sum_of_derivatives", lambda x, u: (cos(u) + 1 / u) * 2 * x)
here.slip("product_crossed", lambda x, u, a, b: (cos(u) * a + b / u) * 2 * x)
here.slip("trig_sign|sign_flipped", {"dy_da": lambda b: b, "dy_db": lambda a: a, "da_du": lambda u: -cos(u), "db_du": lambda u: 1 / u, "du_dx": "2x"})  # fmt: skip
here.slip("constant_lost", lambda x, u, a, b: (cos(u) * b + a / u) * x)
here.slip("wrong_place", lambda x, a, b, u: (cos(x) * b + a / u) * 2 * x)
here.slip("not_differentiated", lambda x, u, a, b: (a * b + a / u) * 2 * x)
here.right("2x cos(x^2) ln(x^2) + 2 sin(x^2)/x", lambda x, u, a, b: 2 * x * (b * cos(u) + a / u))


def _lifted(t):
    return t**2 + 1


def _wave(t):
    s = sin(t)
    return s


def with_helpers(x):
    u = _lifted(x)
    v = _wave(u)
    y = v * u
    return y


here = about(with_helpers)
here.slip("path_dropped", lambda x, v: v * 2 * x, "2x*(x^2 + 1) cos(x^2 + 1)")
here.slip("inner_dropped", lambda u, v: cos(u) * u + v)
here.slip("constant_kept", lambda x, u, v: (cos(u) * u + v) * (2 * x + 1))
here.slip("product_of_derivatives", lambda x, u: cos(u) * 2 * x)
here.slip("constant_lost", lambda x, u, v: (cos(u) * u + v) * x)
here.slip("wrong_place", lambda x, u, v: (cos(x) * u + v) * 2 * x)
here.slip("trig_sign|sign_flipped", lambda x, u, v: (v - cos(u) * u) * 2 * x)
here.right(
    lambda x: 2 * x * (sin(x**2 + 1) + (x**2 + 1) * cos(x**2 + 1)),
    {"dy_dv": "u", "dv_du": "cos(u)", "dy_du": "v", "du_dx": "2x"},
)


def _standardized(x, m, s):
    z = (x - m) / s
    return z


def score(x, m, s):
    z = _standardized(x, m, s)
    y = exp(-(z**2))
    return y


here = about(score, wrt=("x", "m", "s"), x=1.5, m=0.4, s=1.7)
here.slip("inner_dropped", {"x": lambda z, y: -2 * z * y})
here.slip("constant_lost", {"x": lambda z, y, s: -z * y / s})
here.slip("other_input|sign_flipped", {"m": lambda z, y, s: -2 * z * y / s}, {"x": lambda z, y, s: 2 * z * y / s})
here.slip("other_input", {"s": lambda z, y, s: -2 * z * y / s})
here.slip("sign_flipped|quotient_sign", {"s": lambda z, y, s: -2 * z * y * z / s})
here.slip("quotient_denominator", {"s": lambda x, m, z, y: 2 * z * y * (x - m)})
here.slip("quotient_square", {"s": lambda x, m, s, z, y: 2 * z * y * (x - m) / s})
here.slip("outer_dropped", {"x": lambda z, s: -2 * z / s})
here.slip("value", {"x": lambda y: y})
here.right(
    {"x": lambda z, y, s: -2 * z * y / s, "m": lambda z, y, s: 2 * z * y / s, "s": lambda z, y, s: 2 * z**2 * y / s},
    {"s": "2(x - m)^2/s^3 * e^(-((x - m)/s)^2)"},
)


def product_in_exponent(x, y):
    f = y * exp(x * y)
    return f


here = about(product_in_exponent, x=0.6, y=1.4)
here.slip("inner_dropped|value", {"x": lambda f: f}, {"x": "y e^(x*y)"})
here.slip("path_dropped", {"y": "e^(x*y)"}, {"y": lambda x, f: x * f})
here.slip("other_input", {"x": "e^(x*y) (1 + x*y)"}, {"y": "y^2 e^(x*y)"})
here.slip("power_rule_on_exponential", {"x": "y * x*y * e^(x*y - 1) * y"})
here.slip("product_of_derivatives", {"y": "x e^(x*y)"})
here.slip("inner_dropped", {"y": "e^(x*y) + y e^(x*y)"})
here.slip("factor_dropped", {"y": "e^(x*y) + x e^(x*y)"})
here.right(
    {"x": "y^2 e^(x*y)", "y": "(1 + x*y) e^(x*y)"}, {"x": lambda f, y: f * y, "y": lambda f, x, y: f * (x + 1 / y)}
)


# ---------------------------------------------------------------------- physics and geometry
def pendulum(L, g):
    period = 2 * math.pi * sqrt(L / g)
    return period


here = about(pendulum, L=1.2, g=9.81)
here.slip("inner_dropped", {"L": "pi/sqrt(L/g)"})
here.slip("constant_lost|accumulated", {"L": "2pi/(g sqrt(L/g))"})
here.slip("constant_lost", {"L": lambda L, g: 1 / (2 * g * sqrt(L / g))})
here.slip("sign_flipped|quotient_sign", {"g": lambda period, g: period / (2 * g)})
here.slip("root_lost", {"L": "pi/L"})
here.slip("wrong_place", {"L": "pi/(g sqrt(L))"})
here.slip("other_input", {"L": lambda period, g: -period / (2 * g)})
here.slip("value", {"L": lambda period: period})
here.right(
    {"L": lambda period, L: period / (2 * L), "g": lambda period, g: -period / (2 * g)},
    {"L": "pi/sqrt(g L)", "g": "-pi sqrt(L)/g^(3/2)"},
)


def oscillation(A, omega, phi, t):
    s = A * cos(omega * t + phi)
    return s


here = about(oscillation, wrt=("A", "omega", "t"), A=2.0, omega=1.5, phi=0.3, t=0.8)
here.slip("trig_sign|sign_flipped", {"t": "A omega sin(omega t + phi)"})
here.slip("inner_dropped", {"t": "-A sin(omega t + phi)"}, {"omega": -2 * math.sin(1.5)})
here.slip("wrong_place", {"t": "-A omega sin(t)"}, {"t": "-A omega sin(omega t)"})
here.slip(
    "other_input",
    {"omega": "-A omega sin(omega t + phi)"},
    {"t": "cos(omega t + phi)"},
    {"A": lambda A, omega, phi, t: -A * t * sin(omega * t + phi)},
)
here.slip("constant_kept", {"t": "-A*(omega + phi) sin(omega t + phi)"})
here.slip("factor_dropped|constant_lost", {"t": "-omega sin(omega t + phi)"})
here.slip("value", {"A": "A cos(omega t + phi)"}, {"A": 2 * math.cos(1.5)})
here.slip("degrees", {"t": -3 * math.sin(math.radians(1.5))})
here.slip("not_differentiated", {"t": "A omega cos(omega t + phi)"})
here.right(
    {"A": lambda s, A: s / A, "t": "A omega cos(omega t + phi + pi/2)", "omega": "-A t sin(omega t + phi)"},
    {"A": math.cos(1.5)},
)


def angle(x, y):
    theta = atan(y / x)
    return theta


here = about(angle, x=1.3, y=0.8)
here.slip("inner_dropped", {"x": "x^2/(x^2 + y^2)"}, {"y": lambda x, y: 1 / (1 + (y / x) ** 2)})
here.slip("sign_flipped", {"x": "y/(x^2 + y^2)"}, {"y": "-x/(x^2 + y^2)"})
here.slip("other_input", {"x": "x/(x^2 + y^2)"}, {"y": "-y/(x^2 + y^2)"})
here.slip("square_missing", {"y": lambda x, y: 1 / x / (1 + y / x)})
here.right({"x": "-y/(x^2 + y^2)", "y": "x/(x^2 + y^2)"}, {"x": lambda x, y, theta: -(sin(theta) ** 2) / y})


# ---------------------------------------------------------------------- branches
def huber(r):
    h = torch.where(abs(r) < 1, r**2 / 2, abs(r) - 0.5)
    return h


here = about(huber)
here.slip("one_branch", "r", lambda r: torch.sign(r))
here.slip("sign_flipped", lambda r: -r.clamp(-1, 1))
here.slip("constant_lost", lambda r: torch.where(abs(r) < 1, 2 * r, torch.sign(r)))
here.slip("constant_kept", lambda r: torch.where(abs(r) < 1, r, torch.sign(r) - 0.5))
here.slip("value", huber)
here.right(lambda r: r.clamp(-1, 1), lambda r: max(-1.0, min(1.0, r)), lambda r: r if abs(r) < 1 else r / abs(r))


def leaky(x):
    return F.leaky_relu(2 * x - 1, 0.1)


here = about(leaky)
here.slip("one_branch", lambda x: 2.0, lambda x: 0.2)
here.slip("inner_dropped", lambda x: 1.0 if x > 0.5 else 0.1)
here.slip("sign_flipped", lambda x: -2.0 if x > 0.5 else -0.2)
here.slip("value", leaky)
here.right(lambda x: torch.where(2 * x > 1, 2.0, 0.2), lambda x: 1.1 + 0.9 * torch.sign(x - 0.5))


def rectified_fit(w, b, x, y):
    h = torch.relu(w * x + b)
    loss = (h - y) ** 2
    return loss


here = about(rectified_fit, wrt=("w", "b"), w=0.8, b=0.3, x=1.4, y=0.5)
here.slip("inner_dropped", {"w": lambda h, y: 2 * (h - y) * (h > 0)})
here.slip("sign_flipped", {"w": lambda h, y, x: 2 * (y - h) * x * (h > 0)}, {"b": lambda h, y: -2 * (h - y) * (h > 0)})
here.slip("constant_lost", {"w": lambda h, y, x: (h - y) * x * (h > 0)})
here.slip("target_forgotten", {"w": lambda h, x: 2 * h * x})
here.slip("other_input", {"b": lambda h, y, x: 2 * (h - y) * x * (h > 0)})
here.slip("outer_dropped", {"w": lambda h, x: x * (h > 0)})
here.slip("one_branch", {"w": lambda h, y, x: 2 * (h - y) * x})
here.right({"w": lambda h, y, x: 2 * (h - y) * x * (h > 0), "b": lambda h, y: 2 * (h - y) if h > 0 else 0.0})


# ---------------------------------------------------------------------- losses of one example
def small_net(w1, b1, w2, b2, x, t):
    h = sigmoid(w1 * x + b1)
    o = w2 * h + b2
    loss = 0.5 * (o - t) ** 2
    return loss


here = about(small_net, wrt=("w1", "b1", "w2", "b2"), w1=0.5, b1=0.2, w2=-1.3, b2=0.4, x=0.9, t=1.1)
here.slip("inner_dropped", {"w1": lambda o, t, w2, h: (o - t) * w2 * h * (1 - h)}, {"w2": lambda o, t: o - t})
here.slip("inner_dropped|factor_dropped", {"w1": lambda o, t, h, x: (o - t) * h * (1 - h) * x})
here.slip("inner_dropped", {"w1": lambda o, t, w2, x: (o - t) * w2 * x})
here.slip("sigmoid_rule", {"w1": lambda o, t, w2, h, x: (o - t) * w2 * (1 - h) * x})
here.slip("not_differentiated|sigmoid_rule", {"w1": lambda o, t, w2, h, x: (o - t) * w2 * h * x})
here.slip("sign_flipped", {"w2": lambda o, t, h: (t - o) * h}, {"b2": lambda o, t: t - o})
here.slip("outer_dropped|stopped_early", {"w2": lambda h: h}, {"w1": lambda w2, h, x: w2 * h * (1 - h) * x})
here.slip("outer_dropped|stopped_early", {"b2": 1.0})
here.slip("constant_lost|accumulated", {"w2": lambda o, t, h: 2 * (o - t) * h})
here.slip("target_forgotten", {"w2": lambda o, h: o * h})
here.slip(
    "other_input", {"w1": lambda o, t, h: (o - t) * h}, {"b1": lambda o, t, w2, h, x: (o - t) * w2 * h * (1 - h) * x}
)
here.slip("inner_dropped", {"dloss_do": lambda o, t: o - t, "do_dh": lambda w2: w2, "dh_dw1": lambda h: h * (1 - h)})
here.slip("sigmoid_rule", {"dloss_do": lambda o, t: o - t, "do_dh": lambda w2: w2, "dh_db1": lambda h: h * (1 + h)})
here.slip("exponent_not_lowered", {"b2": lambda o, t: (o - t) ** 2})
here.slip("value", {"w2": lambda loss: loss})
here.right(
    {"w1": "(o - t) w2 h*(1 - h) x", "b1": "(o - t) w2 h*(1 - h)", "w2": "(o - t) h", "b2": "o - t"},
    {"dloss_do": "o - t", "do_dh": "w2", "dh_dw1": "x*(h - h^2)", "do_dw2": "h", "do_db2": "1", "dh_db1": "h*(1 - h)"},
)


def log_loss(w, x, y):
    p = sigmoid(w * x)
    loss = -y * log(p) - (1 - y) * log(1 - p)
    return loss


here = about(log_loss, wrt="w", w=0.4, x=2.5, y=0.3)
here.slip("inner_dropped", "p - y", {"w": lambda p, y: p - y})
here.slip("sign_flipped", "(y - p) x")
here.slip("denominator_lost", "(p - y) p*(1 - p) x")
here.slip("target_forgotten", "p x")
here.slip("stopped_early|inner_dropped", "(p - y)/(p*(1 - p))")
here.slip("function_forgotten", lambda w, x, y: (w * x - y) * x)
here.slip("path_dropped", "-y*(1 - p) x", "(1 - y) p x")
here.slip("inner_dropped", "(p - y)/(p*(1 - p)) * x", {"dloss_dp": "(p - y)/(p*(1 - p))", "dp_dw": "p*(1 - p)"})
here.slip("outer_dropped|stopped_early", "p*(1 - p) x")
here.right("(p - y) x", "x p - x*y", {"dloss_dp": "-y/p + (1 - y)/(1 - p)", "dp_dw": "p*(1 - p) x"})


# ---------------------------------------------------------------------- vectors
def mean_of_logs(x):
    m = log(x).mean()
    return m


here = about(mean_of_logs, x=[0.5, 2.0, 3.0])
here.slip("mean_forgotten", lambda x: 1 / x, [2.0, 0.5, 1 / 3])
here.slip("mean_doubled", lambda x: 1 / (9 * x))
here.slip("log_base", lambda x: 1 / (3 * x * math.log(10)))
here.slip("sign_flipped", lambda x: -1 / (3 * x))
here.slip("accumulated", [4 / 3, 1 / 3, 2 / 9])
here.slip("reordered", [1 / 9, 1 / 6, 2 / 3])
here.slip("summed", lambda x: (1 / (3 * x)).sum())
here.slip("shape", lambda x: (1 / (3 * x)).reshape(3, 1))
here.right(
    "1/(3x)", [0.66667, 0.16667, 0.11111], lambda x: [1 / (3 * v) for v in x.tolist()], np.array([2 / 3, 1 / 6, 1 / 9])
)


def squared_dot(a, b):
    f = (a @ b) ** 2
    return f


here = about(squared_dot, a=[0.5, -1.0, 2.0], b=[1.5, 0.3, 0.8])
here.slip("other_input", {"a": lambda a, b: 2 * (a @ b) * a}, {"b": lambda a, b: 2 * (a @ b) * b})
here.slip("constant_lost", {"a": lambda a, b: (a @ b) * b})
here.slip("exponent_not_lowered", {"a": lambda a, b: 2 * (a @ b) ** 2 * b})
here.slip("outer_dropped", {"a": lambda b: b})
here.slip("sign_flipped", {"b": lambda a, b: -2 * (a @ b) * a})
here.slip("accumulated", {"a": lambda a, b: 4 * (a @ b) * b})
here.slip("reordered", {"b": lambda a, b: (2 * (a @ b) * a).flip(0)})
here.slip("base_lost", {"a": lambda b: 2 * b})
here.right(
    {"a": lambda a, b: 2 * (a * b).sum() * b, "b": lambda a, b: 2 * torch.dot(b, a) * a}, {"a": [6.15, 1.23, 3.28]}
)


def regression(w, b, X, y):
    r = X @ w + b - y
    loss = (r**2).mean() / 2
    return loss


here = about(
    regression, wrt=("w", "b"), w=[0.5, -0.3], b=0.2, X=[[1.0, 2.0], [-0.5, 1.4], [0.7, -1.1]], y=[0.3, 1.0, -0.6]
)
here.slip("mean_forgotten", {"w": lambda X, r: X.T @ r}, {"b": lambda r: r.sum()})
here.slip("constant_lost|accumulated", {"w": lambda X, r: 2 * X.T @ r / 3}, {"b": lambda r: 2 * r.mean()})
here.slip("not_summed", {"b": lambda r: r / 3})
here.slip("mean_forgotten+not_summed|not_summed", {"b": lambda r: r})
here.slip("sign_flipped", {"w": lambda X, y, w, b: X.T @ (y - X @ w - b) / 3})
here.slip("target_forgotten", {"w": lambda X, w, b: X.T @ (X @ w + b) / 3})
here.slip("outer_dropped|base_lost", {"w": lambda X: X.mean(0)})
here.slip("mean_doubled", {"w": lambda X, r: X.T @ r / 9})
here.slip("value", {"b": lambda loss: loss})
here.right(
    {"w": lambda X, r: (r[:, None] * X).mean(0), "b": lambda r: r.mean()},
    {"w": lambda X, r: torch.einsum("ni,n->i", X, r) / len(r)},
)


def vector_cross_entropy(w, x, y):
    p = sigmoid(w * x)
    loss = -(y * log(p) + (1 - y) * log(1 - p)).mean()
    return loss


here = about(vector_cross_entropy, wrt="w", w=0.6, x=[0.5, -1.5, 2.0, 0.8], y=[1.0, 0.0, 1.0, 0.0])
here.slip("mean_forgotten", lambda p, y, x: ((p - y) * x).sum())
here.slip("not_summed", lambda p, y, x: (p - y) * x / 4)
here.slip("mean_forgotten+not_summed|not_summed", lambda p, y, x: (p - y) * x)
here.slip("target_forgotten", lambda p, x: (p * x).mean())
here.slip("sign_flipped", lambda p, y, x: ((y - p) * x).mean())
here.slip("inner_dropped", lambda p, y: (p - y).mean())
here.slip("denominator_lost", lambda p, y, x: ((p - y) * p * (1 - p) * x).mean())
here.slip("mean_doubled", lambda p, y, x: ((p - y) * x).mean() / 4)
here.right(lambda p, y, x: (p - y) @ x / 4, lambda p, y, x: torch.mean((p - y) * x))


def one_hot_loss(z, t):
    s = torch.log_softmax(z, 0)
    loss = -(t * s).sum()
    return loss


here = about(one_hot_loss, wrt="z", z=[0.5, -1.0, 1.2], t=[0.0, 1.0, 0.0])
here.slip("target_forgotten", lambda z: torch.softmax(z, 0))
here.slip("sign_flipped", lambda z, t: t - torch.softmax(z, 0))
here.slip("function_forgotten", lambda z, t: z - t)
here.slip("inner_dropped|stopped_early", lambda t: -t)
here.slip("mean_for_sum", lambda z, t: (torch.softmax(z, 0) - t) / 3)
here.right(lambda z, t: torch.softmax(z, 0) - t, lambda s, t: exp(s) - t)


def share(x):
    p = x / x.sum()
    loss = -log(p[0])
    return loss


here = about(share, x=[0.7, 1.5, 0.4])
here.slip(
    "path_dropped", lambda x: torch.stack([-1 / x[0], 0 * x[0], 0 * x[0]]), lambda x: torch.ones_like(x) / x.sum()
)
here.slip("sign_flipped", lambda x: torch.tensor([1.0, 0.0, 0.0], dtype=x.dtype) / x[0] - 1 / x.sum())
here.right(
    lambda x: 1 / x.sum() - torch.tensor([1.0, 0.0, 0.0], dtype=x.dtype) / x[0], [1 / 2.6 - 1 / 0.7, 1 / 2.6, 1 / 2.6]
)


def exponential_fit(w, x, y):
    pred = exp(w * x)
    loss = F.mse_loss(pred, y)
    return loss


here = about(exponential_fit, wrt="w", w=0.4, x=[0.5, 1.5, -1.0, 0.3], y=[1.0, 2.2, 0.5, 1.6])
here.slip(
    "inner_dropped", lambda pred, y: (2 * (pred - y) * pred).mean(), lambda pred, y, x: (2 * (pred - y) * x).mean()
)
here.slip("mean_forgotten", lambda pred, y, x: (2 * (pred - y) * pred * x).sum())
here.slip("mean_doubled", lambda pred, y, x: (2 * (pred - y) * pred * x).mean() / 4)
here.slip("not_summed", lambda pred, y, x: 2 * (pred - y) * pred * x / 4)
here.slip("constant_lost", lambda pred, y, x: ((pred - y) * pred * x).mean())
here.slip("sign_flipped", lambda pred, y, x: (2 * (y - pred) * pred * x).mean())
here.slip("target_forgotten", lambda pred, x: (2 * pred * pred * x).mean())
here.slip("power_rule_on_exponential", lambda w, x, pred, y: (2 * (pred - y) * w * x * exp(w * x - 1) * x).mean())
here.slip("constant_lost+mean_forgotten|accumulated", lambda pred, y, x: ((pred - y) * pred * x).sum())
here.right(
    lambda pred, y, x: (pred * x) @ (pred - y) / 2, lambda w, x, y: 2 * (x * (exp(2 * w * x) - y * exp(w * x))).mean()
)


def decaying_sum(x):
    total = (x * exp(-x)).sum()
    return total


here = about(decaying_sum, x=[0.5, 1.7, -0.4, 2.2])
here.slip("path_dropped", "e^(-x)", lambda x: -x * exp(-x))
here.slip("inner_dropped|sign_flipped", lambda x: exp(-x) + x * exp(-x))
here.slip("mean_for_sum", lambda x: (1 - x) * exp(-x) / 4)
here.slip("product_of_derivatives", lambda x: -exp(-x))
here.slip("summed", lambda x: ((1 - x) * exp(-x)).sum())
here.slip("accumulated", "2(1 - x) e^(-x)", "3(1 - x) e^(-x)")
here.slip("reordered", lambda x: ((1 - x) * exp(-x)).sort().values)
here.right("(1 - x) e^(-x)", lambda x: exp(-x) - x / exp(x), lambda x: [(1 - v) * math.exp(-v) for v in x.tolist()])


def relative_error(p, t):
    loss = (abs(p - t) / t).mean()
    return loss


here = about(relative_error, wrt="p", p=[0.5, 2.0, 1.5], t=[1.0, 1.2, 0.7])
here.slip("mean_forgotten", lambda p, t: torch.sign(p - t) / t)
here.slip("one_branch", lambda t: 1 / (3 * t))
here.slip("sign_flipped", lambda p, t: torch.sign(t - p) / (3 * t))
here.slip("outer_dropped|factor_dropped|constant_lost", lambda p, t: torch.sign(p - t) / 3)
here.slip("not_differentiated", lambda p, t: abs(p - t) / (3 * t))
here.right(lambda p, t: (p - t) / abs(p - t) / t / 3, lambda p, t: torch.where(p > t, 1 / t, -1 / t) / 3)


def spread(x):
    m = x.mean()
    s = sqrt(((x - m) ** 2).mean())
    return s


here = about(spread, x=[0.5, 2.0, -1.0, 1.1])
here.slip("mean_forgotten", lambda x, m, s: (x - m) / s)
here.slip("sign_flipped", lambda x, m, s: (m - x) / (4 * s))
here.slip("constant_lost|accumulated", lambda x, m, s: (x - m) / (2 * s))
here.slip("outer_dropped", lambda x, m: 2 * (x - m) / 4)
here.slip("inner_dropped", lambda x, s: torch.ones_like(x) / (2 * s))
here.slip("root_lost", lambda x, m, s: (x - m) / (4 * s**2))
here.right(lambda x, m, s: (x - m) / (4 * s), lambda x: (x - x.mean()) / (4 * x.std(unbiased=False)))


# ---------------------------------------------------------------------- matrices
def traced(A, B):
    C = A @ B
    t = torch.trace(C)
    return t


here = about(traced, A=[[1.0, 2.0], [0.5, -1.0]], B=[[0.3, 1.2], [-0.8, 2.0]])
here.slip("transposed", {"A": lambda B: B}, {"B": lambda A: A}, {"A": [[0.3, 1.2], [-0.8, 2.0]]})
here.slip("other_input", {"A": lambda A: A.T})
here.slip("sign_flipped", {"A": lambda B: -B.T})
here.slip("accumulated", {"B": lambda A: 2 * A.T})
here.right({"A": lambda B: B.T, "B": lambda A: A.T}, {"A": [[0.3, -0.8], [1.2, 2.0]]})


def least_squares(A, x, y):
    r = A @ x - y
    loss = (r**2).sum() / 2
    return loss


here = about(least_squares, wrt=("A", "x"), A=[[1.0, 2.0], [0.5, -1.0]], x=[0.8, -0.6], y=[0.4, 1.1])
here.slip("transposed", {"A": lambda r, x: torch.outer(x, r)}, {"x": lambda A, r: A @ r})
here.slip("inner_dropped", {"x": lambda r: r})
here.slip("constant_lost|accumulated", {"x": lambda A, r: 2 * A.T @ r}, {"A": lambda r, x: 2 * torch.outer(r, x)})
here.slip("target_forgotten", {"x": lambda A, x: A.T @ A @ x})
here.slip("sign_flipped", {"x": lambda A, x, y: A.T @ (y - A @ x)})
here.slip("mean_for_sum|constant_lost", {"A": lambda r, x: torch.outer(r, x) / 2})
here.right(
    {"A": lambda r, x: r[:, None] * x[None, :], "x": lambda A, r: r @ A}, {"x": lambda A, x, y: A.T @ A @ x - A.T @ y}
)


# ---------------------------------------------------------------------- numbers of one point, the graph, blanks
def wobble(x):
    y = x**2 + cos(x)
    return y


here = about(wobble, x=1.1)
here.slip("another_point", 2 * 2.1 - math.sin(2.1), lambda x: 2 * (x + 1) - sin(x + 1), 2 * 0.1 - math.sin(0.1))
here.slip("given_point_only", lambda x: 2 * 1.1 - math.sin(1.1) + 0 * x, lambda x: 2 * x - math.sin(1.1))
here.slip("blank", None, "", ...)
here.slip("not_finite", float("inf"), lambda x: (2 * x - sin(x)) / (x - x))
here.slip("trig_sign|sign_flipped", 2.2 + math.sin(1.1), "2x + sin(x)")
here.slip("path_dropped", 2.2, -math.sin(1.1))
here.right(
    1.308793,
    "2x - sin(x)",
    lambda x: 2 * x - math.sin(x),
    np.float32(1.3087926),
    2 * x_ - sp.sin(x_),
    torch.tensor(1.3087926),
)


def frozen_gate(x):
    y = x * sigmoid(x).detach()
    return y


here = about(frozen_gate)
here.slip("graph_cut", lambda x: sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x)))
here.right(lambda x: sigmoid(x), lambda x, y: y / x)


def semicircle(x):
    y = x * sqrt(1 - x**2)
    return y


here = about(semicircle, x=0.6)
here.slip("path_dropped", "sqrt(1 - x^2)", 0.8, "-x^2/sqrt(1 - x^2)")
here.slip("inner_dropped", "sqrt(1 - x^2) + x/(2 sqrt(1 - x^2))")
here.slip("sign_flipped", "sqrt(1 - x^2) + x^2/sqrt(1 - x^2)", 1.25)
here.slip("constant_lost", "sqrt(1 - x^2) - 2x^2/sqrt(1 - x^2)")
here.slip("product_of_derivatives", "-x/sqrt(1 - x^2)", -0.75)
here.slip("root_lost", lambda x: sqrt(1 - x**2) - x * x / (1 - x**2))
here.slip("value", 0.48, "x sqrt(1 - x^2)")
here.right(
    0.35, "(1 - 2x^2)/sqrt(1 - x^2)", lambda x: math.cos(2 * math.asin(x)) / math.cos(math.asin(x)), Fraction(7, 20)
)


# ---------------------------------------------------------------------- wrong in a way that has no name
about(three_factors).nonsense(lambda x: exp(x) + 3 * sin(x) - x, "x^2 e^x sin(x)/7 + 1")
about(square_log).nonsense("2x ln(x) + x + 1.7", lambda x: x**2.5 / (1 + x))
about(ricker).nonsense("(5x + 1)/(x^2 + 9)", lambda x, e: -2 * x * e + x**3 / 7)
about("e^x / x^2").nonsense("e^x*(x^3 + 5)/(7 x^2)")
about(sigmoid_of_parabola).nonsense(lambda p, x: p * (1 - p) * (2 * x - 3) + 0.37, lambda p: p**5 + 0.1)
about("sin(x)^3").nonsense("3 sin(x)^2 cos(x) + sin(5x)/9", "7 cos(3x) - x^2/11")
about(pendulum, wrt="L", L=1.2, g=9.81).nonsense(1.2345, {"L": "5 L^3 - g/13"})
about(log_loss, wrt="w", w=0.4, x=2.5, y=0.3).nonsense("(p - y) x + 0.123 w^2", "(p - 0.77) x/1.9")
about(mean_of_logs, x=[0.5, 2.0, 3.0]).nonsense([0.1, 0.7, 0.33], lambda x: 1 / (3 * x) + x**3 / 17)
about(regression, wrt="w", w=[0.5, -0.3], b=0.2, X=[[1.0, 2.0], [-0.5, 1.4], [0.7, -1.1]], y=[0.3, 1.0, -0.6]).nonsense(
    lambda X, r: X.T @ r / 3 + 0.41, [0.123, 0.456]
)
