"""A second collection set aside, written before the slips were improved on `sealed_cases`. No slip was changed for it.

Each wrong answer was worked out on paper from what docs/slips.md says of the slip. Where two descriptions give the same
formula, or the same numbers at the point that is given, either is expected.
"""

from __future__ import annotations

import math

import torch
from torch import cos, exp, log, relu, sigmoid, sin, sqrt, tanh

from .slip_collection import Collection

collection = Collection()
about = collection.about
WRONG, RIGHT = collection.wrong, collection.right


# ---------------------------------------------------------------------- polynomials and powers
here = about("x^4 - 3x^2 + 5x")
here.slip("exponent_not_lowered", "4x^4 - 6x + 5", "4x^3 - 6x^2 + 5")
here.slip("constant_lost", "x^3 - 6x + 5", "4x^3 - 3x + 5", "4x^3 - 2x + 5")
here.slip("path_dropped", "4x^3 - 6x", "4x^3 + 5")
here.slip("not_differentiated|exponent_not_lowered", "4x^3 - 6x + 5x")
here.slip("sign_flipped", "4x^3 + 6x + 5", "4x^3 - 6x - 5")
here.slip("base_lost", "4 - 6x + 5")
here.slip("integrated", "x^5/5 - x^3 + 5x^2/2")
here.slip("value", "x^4 - 3x^2 + 5x")
here.slip("accumulated", "8x^3 - 12x + 10")
here.right("x*(4x^2 - 6) + 5", lambda x: 4 * x * x * x - (x + x) * 3 + 5)
here = about("x^4 - 3x^2 + 5x", x=2.0)
here.slip("exponent_not_lowered", 57.0)
here.slip("sign_flipped", 49)
here.slip("value", 14.0)
here.right(25, "25")


here = about("(x^3 - 2x)^4")
here.slip("inner_dropped", "4(x^3 - 2x)^3")
here.slip("outer_dropped", "3x^2 - 2")
here.slip("exponent_not_lowered", "4(x^3 - 2x)^4 (3x^2 - 2)")
here.slip("constant_lost", "(x^3 - 2x)^3 (3x^2 - 2)")
here.slip("base_lost", "4(3x^2 - 2)")
here.slip("wrong_place", "4x^3 (3x^2 - 2)")
here.slip("wrong_place|inner_dropped+wrong_place", "4(3x^2 - 2)^3")
here.slip("path_dropped", "12x^2 (x^3 - 2x)^3")
here.slip("sign_flipped", "4(x^3 - 2x)^3 (3x^2 + 2)")
here.slip("integrated", "(x^3 - 2x)^5/5")
here.right("4x^3 (x^2 - 2)^3 (3x^2 - 2)", lambda x: (x**3 - 2 * x) ** 3 * (12 * x**2 - 8))
here = about("(x^3 - 2x)^4", x=3.0)
here.slip("inner_dropped", 4 * 21**3)
here.slip("constant_lost", 21**3 * 25)
here.slip("path_dropped", 4 * 21**3 * 27)


here = about("sqrt(4x - 3)", x=3.0)
here.slip("inner_dropped|constant_lost", "1/(2 sqrt(4x - 3))", 1 / 6)
here.slip("root_lost", "4/(2(4x - 3))")
here.slip("constant_lost", "4/sqrt(4x - 3)", 4 / 3)
here.slip("wrong_place", "4/(2 sqrt(x))")
here.slip("not_differentiated", "4 sqrt(4x - 3)")
here.slip("outer_dropped", "4")
here.slip("sign_flipped", "-2/sqrt(4x - 3)")
here.slip("exponent_not_lowered", "2 sqrt(4x - 3)")
here.slip("integrated", "(4x - 3)^(3/2)/6")
here.slip("value", 3.0)
here.right("2 (4x - 3)^(-1/2)", 0.6667, lambda x: 2 / math.sqrt(4 * x - 3), "sqrt(4/(4x - 3))")


here = about("1/(x^2 + 2x)", x=1.5)
here.slip("sign_flipped", "(2x + 2)/(x^2 + 2x)^2")
here.slip("inner_dropped", "-1/(x^2 + 2x)^2")
here.slip("reciprocal_forgotten", "(2x + 2) ln(x^2 + 2x)")
here.slip("path_dropped", "-2x/(x^2 + 2x)^2")
here.slip("quotient_square|exponent_not_lowered|square_missing", "-(2x + 2)/(x^2 + 2x)")
here.slip("wrong_place", "-(2x + 2)/x^2")
here.slip("outer_dropped", "2x + 2")
here.slip("constant_lost", "-(x + 2)/(x^2 + 2x)^2")
here.right("-2(x + 1)/(x^2 (x + 2)^2)", "(1/(x + 2)^2 - 1/x^2)/2")


# ---------------------------------------------------------------------- products and quotients
def product_of_polynomials(x):
    u = x**2 + 3
    v = 5 * x - 2
    y = u * v
    return y


here = about(product_of_polynomials)
here.slip("product_of_derivatives", "10x")
here.slip("path_dropped", lambda x, v: 2 * x * v, lambda u: 5 * u)
here.slip("product_crossed", lambda x, u, v: 2 * x * u + 5 * v)
here.slip("sum_of_derivatives", "2x + 5")
here.slip("sign_flipped", lambda x, u, v: 2 * x * v - 5 * u)
here.slip("constant_lost|inner_dropped|factor_dropped", lambda x, u, v: 2 * x * v + u)
here.slip("constant_lost", lambda x, u, v: x * v + 5 * u)
here.slip("inner_dropped", lambda u, v: v + 5 * u)
here.slip("factor_dropped", lambda x, u: 2 * x + 5 * u)
here.slip("constant_kept", lambda x, u, v: (2 * x + 3) * v + 5 * u, lambda x, u, v: 2 * x * v + (5 - 2) * u)
here.slip("chain_incomplete", {"dy_du": lambda v: v, "dy_dv": lambda u: u, "du_dx": "2x"})
here.slip(
    "product_crossed|other_input", {"dy_du": lambda u: u, "dy_dv": lambda v: v, "du_dx": lambda x: 2 * x, "dv_dx": 5.0}
)
here.right("15x^2 - 4x + 15", lambda x, u, v, y: y * (2 * x / u + 5 / v))


here = about("x^2 cos(3x)")
here.slip("inner_dropped|constant_lost", "2x cos(3x) - x^2 sin(3x)")
here.slip("trig_sign|sign_flipped", "2x cos(3x) + 3x^2 sin(3x)")
here.slip("product_of_derivatives", "-6x sin(3x)")
here.slip("path_dropped", "2x cos(3x)", "-3x^2 sin(3x)")
here.slip("wrong_place", "2x cos(3x) - 3x^2 sin(x)")
here.slip("not_differentiated", "2x cos(3x) + 3x^2 cos(3x)")
here.slip("constant_lost", "x cos(3x) - 3x^2 sin(3x)")
here.slip("degrees", lambda x: 2 * x * cos(torch.deg2rad(3 * x)) - 3 * x**2 * sin(torch.deg2rad(3 * x)))
here.right("x*(2 cos(3x) - 3x sin(3x))", "2x sin(3x + pi/2) - 3x^2 sin(3x)")
here = about("x^2 cos(3x)", x=0.5)
here.slip("inner_dropped|constant_lost", math.cos(1.5) - 0.25 * math.sin(1.5))
here.slip("trig_sign|sign_flipped", math.cos(1.5) + 0.75 * math.sin(1.5))
here.slip("product_of_derivatives", -3 * math.sin(1.5))


here = about("x e^(-2x)")
here.slip("inner_dropped", "e^(-2x) + x e^(-2x)")
here.slip("constant_lost", "e^(-2x) - x e^(-2x)")
here.slip("sign_flipped", "e^(-2x) + 2x e^(-2x)")
here.slip("path_dropped", "e^(-2x)", "-2x e^(-2x)")
here.slip("product_of_derivatives", "-2e^(-2x)")
here.slip("sum_of_derivatives", "1 - 2e^(-2x)")
here.slip("power_rule_on_exponential", "e^(-2x) + 4x^2 e^(-2x - 1)")
here.slip("value", "x/e^(2x)")
here.slip("accumulated", "2e^(-2x) - 4x e^(-2x)")
here.right("(1 - 2x)/e^(2x)", lambda x: (1 - x - x) * exp(-x) ** 2)
here = about("x e^(-2x)", x=0.7)
here.slip("inner_dropped", 1.7 * math.exp(-1.4))
here.slip("path_dropped", -1.4 * math.exp(-1.4))
here.slip("sign_flipped", 2.4 * math.exp(-1.4))


def gated_by_itself(x):
    y = x * tanh(x)
    return y


here = about(gated_by_itself)
here.slip("square_missing", lambda x: tanh(x) + x * (1 - tanh(x)))
here.slip("path_dropped", lambda x: tanh(x), lambda x: x * (1 - tanh(x) ** 2))
here.slip("product_of_derivatives", lambda x: 1 - tanh(x) ** 2)
here.slip("trig_sign|sign_flipped", lambda x: tanh(x) - x * (1 - tanh(x) ** 2))
here.slip("trig_sign", lambda x: tanh(x) + x * (1 + tanh(x) ** 2))
here.slip("sum_of_derivatives", lambda x: 1 + 1 - tanh(x) ** 2)
here.slip("not_differentiated", lambda x: tanh(x) + x * tanh(x))
here.slip("product_crossed", lambda x: x + tanh(x) * (1 - tanh(x) ** 2))
here.right(lambda x: tanh(x) + x / torch.cosh(x) ** 2, lambda x, y: y / x + x - y * y / x)


here = about("x / (x^2 + 4)")
here.slip("quotient_sign", "(x^2 + 4 + 2x^2)/(x^2 + 4)^2")
here.slip("quotient_square", "(x^2 + 4 - 2x^2)/(x^2 + 4)")
here.slip("quotient_of_derivatives", "1/(2x)")
here.slip("quotient_denominator", "4 - x^2")
here.slip("sign_flipped", "(2x^2 - (x^2 + 4))/(x^2 + 4)^2")
here.slip("constant_lost", "(x^2 + 4 - x^2)/(x^2 + 4)^2")
here.slip("inner_dropped", "(x^2 + 4 - x)/(x^2 + 4)^2")
here.slip("path_dropped", "1/(x^2 + 4)", "-2x^2/(x^2 + 4)^2")
here.slip("constant_kept", "(x^2 + 4 - x*(2x + 4))/(x^2 + 4)^2")
here.right("(2 - x)(2 + x)/(x^2 + 4)^2", "1/(x^2 + 4) - 2x^2/(x^2 + 4)^2")
here = about("x / (x^2 + 4)", x=1.0)
here.slip("quotient_sign", 7 / 25, {"x": 0.28})
here.slip("quotient_square", 0.6)
here.right(3 / 25, {"x": "0.12"})


def sine_over_cosine(t):
    n = sin(t)
    d = 2 + cos(t)
    q = n / d
    return q


here = about(sine_over_cosine)
here.slip("trig_sign|quotient_sign|sign_flipped", lambda n, d, t: (cos(t) * d - n * sin(t)) / d**2)
here.slip("quotient_square", lambda n, d, t: (cos(t) * d + n * sin(t)) / d)
here.slip("quotient_denominator", "cos(t) (2 + cos(t)) + sin(t)^2")
here.slip("quotient_of_derivatives", "-cos(t)/sin(t)")
here.slip("constant_kept", lambda n, d, t: (cos(t) * d - n * (2 - sin(t))) / d**2)
here.slip("path_dropped", lambda d, t: cos(t) / d, "sin(t)^2/(2 + cos(t))^2")
here.slip(
    "quotient_sign|sign_flipped",
    {"dq_dn": lambda d: 1 / d, "dq_dd": lambda n, d: n / d**2, "dn_dt": "cos(t)", "dd_dt": "-sin(t)"},
)
here.slip("chain_incomplete", {"dq_dn": lambda d: 1 / d, "dq_dd": lambda n, d: -n / d**2, "dn_dt": "cos(t)"})
here.right("(1 + 2cos(t))/(2 + cos(t))^2", lambda q, d, t: (cos(t) + q * sin(t)) / d)


# ---------------------------------------------------------------------- chains
here = about("e^(x^2 - 4x)")
here.slip("inner_dropped|value", "e^(x^2 - 4x)")
here.slip("power_rule_on_exponential", "(x^2 - 4x) e^(x^2 - 4x - 1) (2x - 4)")
here.slip("inner_dropped+power_rule_on_exponential", "(x^2 - 4x) e^(x^2 - 4x - 1)")
here.slip("path_dropped", "2x e^(x^2 - 4x)", "-4e^(x^2 - 4x)")
here.slip("wrong_place|inner_dropped+wrong_place", "e^(2x - 4)")
here.slip("wrong_place", "(2x - 4) e^x")
here.slip("outer_dropped", "2x - 4")
here.slip("constant_lost", "(x - 4) e^(x^2 - 4x)", "(2x - 1) e^(x^2 - 4x)")
here.slip("not_differentiated", "(x^2 - 4x) e^(x^2 - 4x)")
here.slip("sign_flipped", "(2x + 4) e^(x^2 - 4x)")
here.right("2(x - 2) e^((x - 2)^2 - 4)", "(2x - 4) e^(x^2)/e^(4x)")


here = about("ln(x^2 + 3x)", x=2.0)
here.slip("inner_dropped", "1/(x^2 + 3x)", 0.1)
here.slip("outer_dropped", "2x + 3", 7.0)
here.slip("path_dropped", "2x/(x^2 + 3x)")
here.slip("log_base", "(2x + 3)/((x^2 + 3x) ln(10))")
here.slip("reciprocal_forgotten", "(2x + 3)(x^2 + 3x)")
here.slip("wrong_place", "(2x + 3)/x")
here.slip("wrong_place|inner_dropped+wrong_place", "1/(2x + 3)")
here.slip("not_differentiated", "(2x + 3) ln(x^2 + 3x)")
here.slip("constant_lost", "(x + 3)/(x^2 + 3x)")
here.right("1/x + 1/(x + 3)", 0.7, lambda x: (2 + 3 / x) / (x + 3))


def sine_of_root(x):
    a = sqrt(x)
    b = sin(a)
    return b


here = about(sine_of_root, x=4.0)
here.slip("inner_dropped|stopped_early", "cos(sqrt(x))", math.cos(2))
here.slip("outer_dropped|stopped_early", "1/(2 sqrt(x))")
here.slip("trig_sign|sign_flipped", "-cos(sqrt(x))/(2 sqrt(x))")
here.slip("wrong_place", "cos(x)/(2 sqrt(x))")
here.slip("wrong_place|inner_dropped+wrong_place", lambda a: cos(1 / (2 * a)))
here.slip("constant_lost", "cos(sqrt(x))/sqrt(x)", math.cos(2) / 2)
here.slip("root_lost", "cos(sqrt(x))/(2x)")
here.slip("not_differentiated", "sin(sqrt(x))/(2 sqrt(x))", lambda a: cos(a) * a)
here.slip("wrong_place", {"db_da": "cos(x)", "da_dx": lambda a: 1 / (2 * a)})
here.slip("trig_sign|sign_flipped", {"db_da": lambda a: -cos(a), "da_dx": lambda a: 1 / (2 * a)})
here.slip("constant_lost", {"db_da": lambda a: cos(a), "da_dx": lambda a: 1 / a})
here.slip("chain_incomplete", {"db_da": lambda a: cos(a)})
here.slip("degrees", math.cos(math.radians(2)) / 4)
here.right("sqrt(1 - sin(sqrt(x))^2) * cos(sqrt(x))/abs(cos(sqrt(x)))/sqrt(4x)", math.cos(2) / 4)


here = about("cos(2x)^3")
here.slip("trig_sign|sign_flipped", "6cos(2x)^2 sin(2x)")
here.slip("inner_dropped|constant_lost", "-3cos(2x)^2 sin(2x)")
here.slip("inner_dropped", "3cos(2x)^2")
here.slip("inner_dropped|factor_dropped", "6cos(2x)^2")
here.slip("exponent_not_lowered", "-6cos(2x)^3 sin(2x)")
here.slip("constant_lost", "-2cos(2x)^2 sin(2x)")
here.slip("base_lost", "-6sin(2x)")
here.slip("outer_dropped", "-2sin(2x)")
here.slip("wrong_place", "-6cos(2x)^2 sin(x)", "-6cos(x)^2 sin(2x)")
here.slip("value", "cos(2x)^3")
here.right("-3cos(2x) sin(4x)", "6(sin(2x)^2 - 1) sin(2x)")


def squared_unit(x):
    u = 2 * x - 1
    s = sigmoid(u)
    y = s**2
    return y


here = about(squared_unit)
here.slip("inner_dropped|constant_lost", lambda s: 2 * s * s * (1 - s))
here.slip("inner_dropped|factor_dropped", lambda s: 4 * s)
here.slip("inner_dropped|stopped_early", lambda s: 2 * s)
here.slip("outer_dropped|stopped_early", lambda s: 2 * s * (1 - s))
here.slip("sigmoid_rule|base_lost", lambda s: 4 * s * (1 - s))
here.slip("sigmoid_rule|sign_flipped", lambda s: 4 * s * s * (1 + s))
here.slip("sigmoid_rule|not_differentiated", lambda s: 4 * s * s)
here.slip("exponent_not_lowered", lambda s: 4 * s**3 * (1 - s))
here.slip("value_as_input", lambda s, u: 4 * s * u * (1 - u))
here.slip("wrong_place", lambda s, x: 4 * s * sigmoid(x) * (1 - sigmoid(x)))
here.slip("sign_flipped", lambda s: -4 * s * s * (1 - s))
here.slip("sigmoid_rule", {"dy_ds": lambda s: 2 * s, "ds_du": lambda s: 1 - s, "du_dx": 2.0})
here.slip("constant_lost", {"dy_ds": lambda s: s, "ds_du": lambda s: s * (1 - s), "du_dx": 2.0})
here.slip("chain_incomplete", {"dy_ds": lambda s: 2 * s, "ds_du": lambda s: s * (1 - s)})
here.slip("value_as_input", {"dy_ds": lambda s: 2 * s, "ds_du": lambda u: u * (1 - u), "du_dx": 2})
here.right(
    lambda y, s: 4 * y - 4 * y * s,
    lambda u: 4 * exp(-u) / (1 + exp(-u)) ** 3,
    {"dy_ds": lambda s: s + s, "ds_du": lambda s: s - s**2, "du_dx": 2},
)


def logarithm_at_the_end(x):
    a = 5 * x
    b = a**2 + 1
    c = log(b)
    return c


here = about(logarithm_at_the_end)
here.slip("reciprocal_forgotten", {"dc_db": lambda b: b, "db_da": lambda a: 2 * a, "da_dx": 5.0})
here.slip("not_differentiated", {"dc_db": lambda b: log(b), "db_da": lambda a: 2 * a, "da_dx": 5.0})
here.slip("constant_lost", {"dc_db": lambda b: 1 / b, "db_da": lambda a: a, "da_dx": 5.0})
here.slip("constant_kept", {"dc_db": lambda b: 1 / b, "db_da": lambda a: 2 * a + 1, "da_dx": 5.0})
here.slip("exponent_not_lowered", {"dc_db": lambda b: 1 / b, "db_da": lambda a: 2 * a**2, "da_dx": 5.0})
here.slip("not_differentiated|exponent_not_lowered", {"dc_db": lambda b: 1 / b, "db_da": "2a", "da_dx": "5x"})
here.slip("wrong_place", {"dc_db": lambda a: 1 / a, "db_da": lambda a: 2 * a, "da_dx": 5.0})
here.slip("chain_incomplete", {"dc_db": lambda b: 1 / b, "db_da": lambda a: 2 * a})
here.slip("inner_dropped|constant_lost", lambda a, b: 2 * a / b)
here.slip("inner_dropped|stopped_early", lambda b: 1 / b)
here.slip("inner_dropped|factor_dropped", lambda b: 5 / b)
here.slip("outer_dropped", lambda a: 10 * a)
here.slip("constant_kept", lambda a, b: 5 * (2 * a + 1) / b)
here.right("50x/(25x^2 + 1)", "2/(x + 1/(25x))", {"dc_da": lambda a: 2 * a / (a * a + 1), "da_dx": 5})


def bits(x):
    u = x**2 + 5
    y = torch.log2(u)
    return y


here = about(bits)
here.slip("log_base", lambda x, u: 2 * x / u, lambda x, u: 2 * x / (u * math.log(10)))
here.slip("log_base", lambda x, u: 2 * x * math.log(2) / u)
here.slip("inner_dropped|stopped_early", lambda u: 1 / (u * math.log(2)))
here.slip("outer_dropped|stopped_early", "2x")
here.slip("constant_lost", lambda x, u: x / (u * math.log(2)))
here.slip("constant_kept", lambda x, u: (2 * x + 5) / (u * math.log(2)))
here.right(lambda x, u: math.log2(math.e) * 2 * x / u, "2x/(ln(2) x^2 + 5ln(2))")


# ---------------------------------------------------------------------- a value used more than once
def line_used_twice(x):
    a = 3 * x
    y = a**2 + sin(a)
    return y


here = about(line_used_twice)
here.slip("path_dropped", lambda a: 6 * a, lambda a: 3 * cos(a))
here.slip("inner_dropped|constant_lost|stopped_early", lambda a: 2 * a + cos(a))
here.slip("inner_dropped|constant_lost", lambda a: 6 * a + cos(a))
here.slip("paths_multiplied", lambda a: 6 * a * cos(a), lambda a: 6 * a * 3 * cos(a))
here.slip("trig_sign|sign_flipped", lambda a: 6 * a - 3 * cos(a))
here.slip("not_differentiated", lambda a: 6 * a + 3 * sin(a))
here.slip("constant_lost", lambda a: 3 * a + 3 * cos(a))
here.slip("exponent_not_lowered", lambda a: 6 * a**2 + 3 * cos(a))
here.slip("wrong_place", lambda a, x: 6 * a + 3 * cos(x))
here.slip("wrong_place|constant_lost|inner_dropped", lambda a, x: 6 * x + 3 * cos(a))
here.slip("accumulated", lambda a: 12 * a + 6 * cos(a))
here.slip("chain_incomplete", {"dy_da": lambda a: 2 * a + cos(a)})
here.right("18x + 3cos(3x)", lambda a: 3 * (a + a + sin(a + math.pi / 2)))


def weight_used_twice(w, x):
    h = tanh(w * x)
    y = w * h
    return y


here = about(weight_used_twice, wrt="w", w=0.7, x=1.3)
here.slip("path_dropped", lambda h: h, lambda w, h, x: w * (1 - h**2) * x)
here.slip("inner_dropped|factor_dropped", lambda w, h: h + w * (1 - h**2))
here.slip("square_missing", lambda w, h, x: h + w * (1 - h) * x)
here.slip("product_of_derivatives", lambda h, x: (1 - h**2) * x)
here.slip("trig_sign|sign_flipped", lambda w, h, x: h - w * (1 - h**2) * x)
here.slip("factor_dropped", lambda h, x: h + (1 - h**2) * x)
here.slip("not_differentiated", lambda w, h, x: h + w * h * x)
here.slip("other_input", lambda w, h: w * w * (1 - h**2))
here.right(lambda y, w, h, x: y / w + x * (w - y * h))


# ---------------------------------------------------------------------- formulas with letters
def spring(k, x, c):
    energy = 0.5 * k * (x - c) ** 2
    return energy


here = about(spring, wrt=("k", "x", "c"), k=3.0, x=1.9, c=1.2)
here.slip("constant_lost|accumulated", {"x": lambda k, x, c: 2 * k * (x - c)})
here.slip("constant_lost", {"x": lambda k, x, c: 0.5 * k * (x - c)})
here.slip("other_input", {"x": lambda x, c: 0.5 * (x - c) ** 2})
here.slip("sign_flipped|inner_dropped|other_input", {"c": lambda k, x, c: k * (x - c)})
here.slip("constant_lost|accumulated", {"k": lambda x, c: (x - c) ** 2})
here.slip("value", {"k": lambda energy: energy})
here.slip("base_lost|factor_dropped", {"x": lambda k: k})
here.slip("wrong_place|target_forgotten", {"x": lambda k, x: k * x})
here.slip("exponent_not_lowered", {"x": lambda k, x, c: k * (x - c) ** 2})
here.right(
    {"k": lambda energy, k: energy / k, "x": "k x - k c", "c": "k c - k x"},
    {"x": 2.1, "c": -2.1, "k": 0.245},
)


def continuous_growth(P, r, t):
    A = P * exp(r * t)
    return A


here = about(continuous_growth, wrt=("P", "r", "t"), P=2.0, r=0.3, t=1.7)
here.slip("inner_dropped|value|constant_lost|factor_dropped", {"t": lambda P, r, t: P * exp(r * t)})
here.slip("value|not_differentiated", {"P": lambda A: A})
here.slip("other_input", {"t": lambda A, t: t * A}, {"r": lambda A, r: r * A})
here.slip("factor_dropped|constant_lost", {"t": lambda r, t: r * exp(r * t)})
here.slip("sign_flipped", {"t": lambda A, r: -r * A})
here.slip("outer_dropped", {"t": lambda P, r: P * r})
here.slip("power_rule_on_exponential", {"t": lambda P, r, t: P * r * t * exp(r * t - 1) * r})
here.right({"P": lambda A, P: A / P, "r": "t A", "t": "A r"})


def half_life(N0, T, t):
    N = N0 * 0.5 ** (t / T)
    return N


here = about(half_life, wrt="t", N0=4.0, T=1.6, t=2.1)
here.slip("log_base|constant_lost", lambda N, T: N / T)
here.slip("inner_dropped", lambda N: N * math.log(0.5))
here.slip("power_rule_on_exponential", lambda N0, T, t: N0 * (t / T) * 0.5 ** (t / T - 1) / T)
here.slip("sign_flipped", lambda N, T: N * math.log(2) / T)
here.slip("value", lambda N: N)
here.slip("log_base", lambda N, T: N * math.log10(0.5) / T)
here.right("-ln(2) N/T", lambda N0, T, t: -N0 * math.log(2) * 2 ** (-t / T) / T)


# ---------------------------------------------------------------------- losses
def positive_example(w, b, x):
    z = w * x + b
    p = sigmoid(z)
    loss = -log(p)
    return loss


here = about(positive_example, wrt=("w", "b"), w=0.6, b=-0.2, x=1.8)
here.slip("sign_flipped", {"w": lambda p, x: (1 - p) * x, "b": lambda p: 1 - p})
here.slip("inner_dropped", {"w": lambda p: p - 1})
here.slip("outer_dropped|factor_dropped|denominator_lost", {"w": lambda p, x: -p * (1 - p) * x})
here.slip("outer_dropped", {"w": lambda p, x: p * (1 - p) * x})
here.slip("inner_dropped|stopped_early", {"w": lambda p: -1 / p}, {"b": lambda p: -1 / p})
here.slip("sigmoid_rule|not_differentiated", {"b": lambda p: -1.0})
here.slip("sigmoid_rule", {"w": lambda p, x: -(1 - p) * x / p})
here.slip("log_base", {"w": lambda p, x: -(1 - p) * x / math.log(10)})
here.slip("other_input", {"w": lambda p: p - 1, "b": lambda p, x: (p - 1) * x})
here.right({"w": "(p - 1) x", "b": "p - 1"}, {"w": lambda z, x: -x / (1 + exp(z)), "b": lambda z: -1 / (1 + exp(z))})


def half_squares(w, x, y):
    e = w * x - y
    loss = (e**2).sum() / 2
    return loss


here = about(half_squares, wrt="w", w=0.7, x=[0.5, 1.5, -1.0, 2.0], y=[1.0, 0.4, -0.3, 2.2])
here.slip("not_summed", lambda e, x: e * x)
here.slip("mean_for_sum", lambda e, x: (e * x).mean())
here.slip("inner_dropped", lambda e: e.sum())
here.slip("constant_lost|accumulated", lambda e, x: 2 * (e * x).sum())
here.slip("constant_lost", lambda e, x: (e * x).sum() / 2)
here.slip("sign_flipped", lambda e, x: -(e * x).sum())
here.slip("target_forgotten", lambda w, x: (w * x * x).sum())
here.slip("outer_dropped|base_lost", lambda x: x.sum())
here.slip("value", lambda loss: loss)
here.right(lambda e, x: e @ x, lambda w, x, y: w * (x @ x) - x @ y)


def sum_of_squared_differences(a, t):
    loss = ((a - t) ** 2).sum()
    return loss


here = about(sum_of_squared_differences, wrt=("a", "t"), a=[0.5, -1.0, 2.0], t=[1.2, 0.3, 0.6])
here.slip("constant_lost", {"a": lambda a, t: a - t})
here.slip("mean_for_sum", {"a": lambda a, t: 2 * (a - t) / 3})
here.slip("sign_flipped", {"a": lambda a, t: 2 * (t - a)})
here.slip("summed", {"a": lambda a, t: 2 * (a - t).sum()})
here.slip("target_forgotten", {"a": lambda a: 2 * a})
here.slip("base_lost", {"a": [2.0, 2.0, 2.0]})
here.slip("exponent_not_lowered", {"a": lambda a, t: 2 * (a - t) ** 2})
here.slip("sign_flipped|inner_dropped|other_input", {"t": lambda a, t: 2 * (a - t)})
here.right({"a": [-1.4, -2.6, 2.8], "t": [1.4, 2.6, -2.8]}, {"a": lambda a, t: (a - t) + (a - t)})


def mean_of_exponentials(x):
    e = exp(2 * x)
    m = e.mean()
    return m


here = about(mean_of_exponentials, x=[0.5, -0.3, 1.1])
here.slip("mean_forgotten", lambda e: 2 * e)
here.slip("inner_dropped|constant_lost", lambda e: e / 3)
here.slip("mean_doubled", lambda e: 2 * e / 9)
here.slip("summed", lambda e: 2 * e.mean())
here.slip("power_rule_on_exponential", lambda x: 2 * 2 * x * exp(2 * x - 1) / 3)
here.slip("value|shape", lambda m: m)
here.slip("sign_flipped", lambda e: -2 * e / 3)
here.slip("inner_dropped|stopped_early", [1 / 3, 1 / 3, 1 / 3])
here.right(lambda e: e * (2 / 3), lambda x: (exp(x) ** 2 + exp(x) ** 2) / len(x))


def sine_of_dot_product(a, b):
    s = (a * b).sum()
    y = sin(s)
    return y


here = about(sine_of_dot_product, wrt="a", a=[0.5, -1.0, 2.0], b=[0.9, 0.3, 0.4])
here.slip("inner_dropped|stopped_early", lambda s: cos(s))
here.slip("outer_dropped|stopped_early", lambda b: b)
here.slip("trig_sign|sign_flipped", lambda s, b: -cos(s) * b)
here.slip("not_differentiated", lambda s, b: sin(s) * b)
here.slip("other_input", lambda s, a: cos(s) * a)
here.slip("summed", lambda s, b: (cos(s) * b).sum())
here.slip("wrong_place", lambda a, b: cos(a) * b)
here.slip("reordered", lambda s, b: (cos(s) * b).flip(0))
here.right(lambda a, b: b * cos(a @ b))


def summed_layer(W, x):
    h = W @ x
    total = h.sum()
    return total


here = about(summed_layer, wrt=("W", "x"), W=[[0.5, -1.0], [1.5, 0.7]], x=[1.0, -0.6])
here.slip("transposed", {"W": lambda x: torch.outer(x, torch.ones(2, dtype=x.dtype))}, {"x": lambda W: W.sum(1)})
here.slip("mean_for_sum", {"W": lambda x: torch.outer(torch.ones(2, dtype=x.dtype), x) / 2})
here.slip("sign_flipped", {"x": lambda W: -W.sum(0)})
here.slip("summed", {"x": lambda W: W.sum()})
here.right({"W": [[1.0, -0.6], [1.0, -0.6]], "x": [2.0, -0.3]}, {"x": lambda W: W[0] + W[1]})


# ---------------------------------------------------------------------- with a bend
def rectified_product(x):
    h = relu(2 * x - 4)
    y = h * x
    return y


here = about(rectified_product)
here.slip("one_branch", "4x - 4")
here.slip("path_dropped", lambda h: h, lambda x: torch.where(x > 2, 2 * x, 0.0))
here.slip("inner_dropped|constant_lost", lambda h, x: torch.where(x > 2, x + h, 0.0))
here.slip("product_of_derivatives", lambda x: torch.where(x > 2, 2.0, 0.0))
here.right(lambda h, x: 2 * h + 4 * (x > 2), lambda x: 4 * (x - 1) if x > 2 else 0.0)
here = about(rectified_product, x=3.5)
here.slip("path_dropped", 7.0)
here.slip("product_of_derivatives", 2.0)


def cube_or_line(x):
    y = torch.where(x > 0, x**3, -x)
    return y


here = about(cube_or_line)
here.slip("one_branch", "3x^2", -1.0)
here.slip("exponent_not_lowered", lambda x: torch.where(x > 0, 3 * x**3, -1.0))
here.slip("sign_flipped", lambda x: torch.where(x > 0, 3 * x**2, 1.0))
here.slip("constant_lost", lambda x: torch.where(x > 0, x**2, -1.0))
here.slip("value", lambda x: torch.where(x > 0, x**3, -x))
here.right(lambda x: 3 * x * x if x > 0 else -1)


# ---------------------------------------------------------------------- wrong in a way that has no name
about("x^4 - 3x^2 + 5x", x=2.0).nonsense(23.17, "4x^3 - 6.3x + 4.4")
about("(x^3 - 2x)^4").nonsense("4(x^3 - 2x)^3 (3x^2 - 2) + x/7")
about("x^2 cos(3x)", x=0.5).nonsense(0.3141, "2x cos(3x) - x^3 sin(5x)/2")
about("x / (x^2 + 4)").nonsense("(4 - x^3)/(x^2 + 5)^2")
about(squared_unit).nonsense(lambda s: s**3 + 0.2 * s)
about("ln(x^2 + 3x)", x=2.0).nonsense(0.83, "(2x + 3)/(x^2 + 3.5x + 1)")
about(positive_example, wrt="w", w=0.6, b=-0.2, x=1.8).nonsense({"w": lambda p, x: p**2 - 0.3 * x})
about(sum_of_squared_differences, wrt="a", a=[0.5, -1.0, 2.0], t=[1.2, 0.3, 0.6]).nonsense([0.21, -0.5, 1.77])
about(spring, wrt="x", k=3.0, x=1.9, c=1.2).nonsense(1.3717)
