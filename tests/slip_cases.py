"""Answers as learners write them, by hand: wrong ones with the slip that was made, and right ones in unusual forms.

No answer comes from the generator of slips.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import sympy as sp
import torch
import torch.nn.functional as F
from torch import cos, exp, log, sigmoid, sin, sqrt, tan, tanh

from .slip_collection import Collection

collection = Collection()
about = collection.about
WRONG, RIGHT = collection.wrong, collection.right


def numerically(function: Callable) -> Callable:
    """Central differences, as a distrustful learner would program them."""
    return lambda x: (function(x + 1e-5) - function(x - 1e-5)) / 2e-5


def with_numpy(function: Callable) -> Callable:
    return lambda x: function(np.asarray(x))


x_, w_, b_, y_ = sp.symbols("x w b y")


# ---------------------------------------------------------------------- powers
def square(x):
    y = x**2
    return y


here = about(square)
here.slip("constant_lost", lambda x: x)
here.slip("exponent_not_lowered", lambda x: 2 * x**2, lambda x: 2 * x * x, lambda x: 2 * x**3)
here.slip("base_lost", lambda x: 2.0)
here.slip("value", lambda x: x**2, lambda x: x * x)
here.slip("integrated", lambda x: x**3 / 3)
here.slip("sign_flipped", lambda x: -2 * x)
here.slip("accumulated", lambda x: 4 * x)
here.nonsense(lambda x: 2 * x + 1, lambda x: sin(x), lambda x: x**7 + 3)
here.right(
    lambda x: 2 * x, lambda x: x + x, lambda t: 2 * t, lambda x: x * 2.0, lambda x: (x + 1) ** 2 - x**2 - 1, 2 * x_, {"x": lambda x: 2 * x},
    {"dy_dx": lambda x: 2 * x}, numerically(square), torch.func.grad(square), lambda x, /: 2 * x, lambda x, scale=2: scale * x,
    lambda x: [2 * float(x)], lambda x: math.fsum([x, x]), lambda x: torch.tensor(2 * x.item()), with_numpy(lambda x: 2 * x),
    lambda *, x: 2 * x, lambda x, y: 2 * y / x,
)  # fmt: skip
here = about(square, x=3.0)
here.right("6", "12/2", "2x", "2*3")
here.slip("value", "9", "x^2")
here.slip("value", 9, 9.0, torch.tensor(9.0), {"x": 9})
here.slip("constant_lost", 3, {"x": 3.0})
here.slip("accumulated", 12, torch.tensor(12.0))
here.slip("sign_flipped", -6)
here.slip("exponent_not_lowered", 18.0)
here.slip("base_lost", 2)
here.nonsense(6.5, 7.31, 1000.0)
here.right(
    6,
    6.0,
    torch.tensor(6.0),
    torch.tensor(6),
    np.float32(6),
    [6.0],
    Fraction(6),
    sp.Integer(6),
    {"x": 6},
    {"dy_dx": 6},
    (6,),
)


def five_cubes(x):
    return 5 * x**3


here = about(five_cubes)
here.slip("constant_lost", lambda x: 5 * x**2, lambda x: 3 * x**2)
here.slip("exponent_not_lowered", lambda x: 15 * x**3, lambda x: 15 * x, lambda x: 15 * x**4)
here.slip("sign_flipped", lambda x: -15 * x**2)
here.slip("accumulated", lambda x: 30 * x**2)
here.slip("value", lambda x: 5 * x**3)
here.slip("integrated", lambda x: 5 * x**4 / 4)
here.right(
    lambda x: 15 * x**2, lambda x: 15 * x * x, lambda x: 3 * five_cubes(x) / x, 15 * x_**2, lambda x: x * x * (10 + 5)
)


def polynomial(x):
    y = 3 * x**2 + 2 * x - 7
    return y


here = about(polynomial)
here.slip("path_dropped", lambda x: 6 * x, lambda x: 2.0)
here.slip("constant_lost", lambda x: 3 * x + 2, lambda x: 2 * x + 2, lambda x: 6 * x + 1)
here.slip("exponent_not_lowered", lambda x: 6 * x**2 + 2)
here.slip("constant_kept", lambda x: 6 * x + 2 - 7)
here.slip("paths_multiplied", lambda x: 6 * x * 2)
here.slip("sign_flipped", lambda x: 6 * x - 2, lambda x: -6 * x - 2)
here.slip("value", polynomial)
here.slip("base_lost", lambda x: 6.0 + 2.0)
here.nonsense(lambda x: 6 * x + 3.7, lambda x: 5 * x**2 + x)
here.right(
    lambda x: 6 * x + 2,
    lambda x: 2 * (3 * x + 1),
    lambda x: 2 + x * 6,
    6 * x_ + 2,
    torch.func.grad(polynomial),
    lambda x: 8 * x - 2 * (x - 1),
)


def inner_line(x):
    u = 3 * x + 1
    y = u**4
    return y


here = about(inner_line)
here.slip("inner_dropped", lambda x: 4 * (3 * x + 1) ** 3, lambda u: 4 * u**3)
here.slip("exponent_not_lowered", lambda x: 12 * (3 * x + 1) ** 4)
here.slip("constant_lost", lambda x: 3 * (3 * x + 1) ** 3)
here.slip("wrong_place", lambda x: 12 * x**3, lambda x: 12.0 * 3**3)
here.slip("outer_dropped", lambda x: 3.0)
here.slip("factor_twice", lambda x: 36 * (3 * x + 1) ** 3)
here.slip("constant_lost+inner_dropped", lambda x: (3 * x + 1) ** 3)
here.slip("exponent_not_lowered+inner_dropped", lambda x: 4 * (3 * x + 1) ** 4)
here.slip("constant_lost", {"dy_du": lambda u: u**3, "du_dx": 3.0})
here.slip("exponent_not_lowered", {"dy_du": lambda u: 4 * u**4, "du_dx": 3.0})
here.slip("chain_incomplete", {"dy_du": lambda u: 4 * u**3})
here.right(
    lambda x: 12 * (3 * x + 1) ** 3, lambda u: 12 * u**3, {"dy_du": lambda u: 4 * u**3, "du_dx": 3}, {"du_dx": 3.0, "dy_du": lambda u, y: 4 * y / u},
    lambda x: 324 * x**3 + 324 * x**2 + 108 * x + 12, 12 * (3 * x_ + 1) ** 3, {"dy_dx": lambda u: 12 * u**3},
)  # fmt: skip


# ---------------------------------------------------------------------- chains
def sine_of_square(x):
    y = x**2
    z = sin(y)
    return z


here = about(sine_of_square)
here.right(
    "2x cos(x^2)", "2*x*cos(x**2)", "cos(x²)·2x", "cos(y)*2x", {"x": "2x cos(y)"}, {"dz_dy": "cos(y)", "dy_dx": "2x"}
)
here.slip("inner_dropped", "cos(x^2)", "cos(y)", {"x": "cos(x²)"})
here.slip("wrong_place", "2x cos(x)")
here.slip("trig_sign", "-2x cos(x^2)")
here.slip("trig_sign", {"dz_dy": "-cos(y)", "dy_dx": "2x"})
here.slip("inner_dropped", lambda x: cos(x**2), lambda y: cos(y), {"x": lambda x: math.cos(x**2)})
here.slip("wrong_place", lambda x: 2 * x * cos(x), lambda x: 2 * x * cos(2 * x), lambda x: cos(x) * x * 2)
here.slip("outer_dropped", lambda x: 2 * x)
here.slip("swapped", lambda x: 2 * sin(x) * cos(x), lambda x: sin(2 * x))
here.slip("trig_sign", lambda x: -2 * x * cos(x**2))
here.slip("not_differentiated", lambda x: 2 * x * sin(x**2))
here.slip("constant_lost", lambda x: x * cos(x**2))
here.slip("exponent_not_lowered", lambda x: 2 * x**2 * cos(x**2))
here.slip("value", lambda x: sin(x**2), lambda z: z)
here.slip("accumulated", lambda x: 4 * x * cos(x**2))
here.slip("degrees", lambda x: 2 * x * math.cos(math.radians(x**2)))
here.slip("inner_dropped+trig_sign", lambda x: -cos(x**2))
here.slip("inner_dropped+wrong_place", lambda x: cos(x), lambda x: cos(2 * x))
here.slip("constant_lost+wrong_place", lambda x: x * cos(x))
here.slip("trig_sign+wrong_place", lambda x: -2 * x * cos(x))
here.slip("trig_sign", {"dz_dy": lambda y: -cos(y), "dy_dx": lambda x: 2 * x})
here.slip("value", {"dz_dy": lambda y: sin(y), "dy_dx": lambda x: 2 * x})
here.slip("constant_lost", {"dz_dy": lambda y: cos(y), "dy_dx": lambda x: x})
here.slip("value", {"dz_dy": lambda y: cos(y), "dy_dx": lambda x: x**2})
here.slip("chain_incomplete", {"dz_dy": lambda y: cos(y)}, {"dy_dx": lambda x: 2 * x})
here.nonsense(lambda x: x**17, lambda x: cos(x**3), lambda x: 2 * x * cos(x**2) + 0.3)
here.right(
    lambda x: 2 * x * cos(x**2), lambda x: 2 * x * math.cos(x**2), lambda x, y: 2 * x * cos(y), lambda x: 2 * x * sin(x**2 + math.pi / 2),
    lambda x: 2 * x * (1 - 2 * sin(x**2 / 2) ** 2), {"dz_dy": cos, "dy_dx": lambda x: 2 * x}, {"dz_dx": lambda x: 2 * x * cos(x**2)},
    2 * x_ * sp.cos(x_**2), sp.diff(sp.sin(x_**2)), sp.simplify(sp.diff(sp.sin(x_**2))), numerically(sine_of_square), torch.func.grad(sine_of_square),
    lambda x: 2 * float(x) * np.cos(float(x) ** 2), lambda x: (2 * x.float() * cos(x.float() ** 2)), lambda t: cos(t * t) * (t + t),
    {"dz_dy": lambda y: math.cos(y), "dy_dx": lambda x: x + x}, {sp.Symbol("x"): 2 * x_ * sp.cos(x_**2)}, (lambda x: 2 * x * cos(x**2),),
)  # fmt: skip
here = about(sine_of_square, x=4.0)
here.slip("inner_dropped", -0.9576594803233847, torch.tensor(math.cos(16.0)), -0.958)
here.slip("wrong_place", 8 * math.cos(4), -5.229148967)
here.slip("outer_dropped", 8, 8.0)
here.slip("trig_sign", 7.661275842587077, 7.6613)
here.slip("degrees", 8 * math.cos(math.radians(16)), 7.690)
here.slip("value", math.sin(16), -0.2879)
here.slip("accumulated", -15.322551685174154)
here.nonsense(-7.7, 3.21, 0.5)
here.right(
    -7.661275842587077,
    -7.6613,
    -7.66,
    torch.tensor(-7.6612758),
    [-7.661275842587077],
    8 * math.cos(16),
    8 * sp.cos(16),
    np.float64(8 * np.cos(16)),
    -7.661275863647461,
)


def cosine_of_triple(x):
    return cos(3 * x)


here = about(cosine_of_triple)
here.slip("inner_dropped", lambda x: -sin(3 * x))
here.slip("trig_sign", lambda x: 3 * sin(3 * x))
here.slip("wrong_place", lambda x: -3 * sin(x), lambda x: -3 * math.sin(3))
here.slip("not_differentiated", lambda x: 3 * cos(3 * x))
here.slip("inner_dropped+trig_sign", lambda x: sin(3 * x))
here.slip("degrees", lambda x: -3 * math.sin(math.radians(3 * x)), lambda x: -3 * sin(3 * x) * math.pi / 180)
here.slip("outer_dropped", lambda x: 3.0)
here.slip("value", lambda x: cos(3 * x))
here.nonsense(lambda x: -3 * sin(3 * x) + 1)
here.right(
    lambda x: -3 * sin(3 * x),
    lambda x: -3 * (3 * sin(x) - 4 * sin(x) ** 3),
    lambda x: 3 * cos(3 * x + math.pi / 2),
    lambda x: 3 * sin(-3 * x),
    -3 * sp.sin(3 * x_),
)


def bell(x):
    return exp(-(x**2))


here = about(bell)
here.slip("inner_dropped", lambda x: exp(-(x**2)))
here.slip("outer_dropped", lambda x: -2 * x)
here.slip("sign_flipped", lambda x: 2 * x * exp(-(x**2)))
here.slip("wrong_place", lambda x: -2 * x * exp(-2 * x), lambda x: -2 * x * exp(x))
here.slip("power_rule_on_exponential", lambda x: 2 * x**3 * exp(-(x**2) - 1))
here.slip("constant_lost", lambda x: -x * exp(-(x**2)))
here.slip("base_lost", lambda x: -2 * exp(-(x**2)))
here.slip("exponent_not_lowered", lambda x: -2 * x**2 * exp(-(x**2)))
here.slip("inner_dropped+power_rule_on_exponential", lambda x: -(x**2) * exp(-(x**2) - 1))
here.right(
    lambda x: -2 * x * exp(-(x**2)),
    lambda x: -2 * x / exp(x**2),
    lambda x: -2 * x * bell(x),
    -2 * x_ * sp.exp(-(x_**2)),
    lambda x: -(x + x) * math.e ** -(x**2),
)


def three_deep(x):
    a = x**2
    b = sin(a)
    c = exp(b)
    return c


here = about(three_deep)
here.slip(
    "inner_dropped", lambda x: exp(sin(x**2)) * cos(x**2), lambda x: exp(sin(x**2)) * 2 * x, lambda a, c: c * cos(a)
)
here.slip("stopped_early", lambda x: exp(sin(x**2)), lambda x: 2 * x, lambda c: c)
here.slip("outer_dropped", lambda x: cos(x**2) * 2 * x)
here.slip(
    "wrong_place",
    lambda x: exp(sin(x**2)) * cos(x) * 2 * x,
    lambda x: exp(x**2) * cos(x**2) * 2 * x,
    lambda x: exp(sin(x**2)) * cos(2 * x) * 2 * x,
)
here.slip("trig_sign", lambda x: -exp(sin(x**2)) * cos(x**2) * 2 * x)
here.slip("not_differentiated", lambda x: exp(sin(x**2)) * sin(x**2) * 2 * x)
here.slip("power_rule_on_exponential", lambda x: sin(x**2) * exp(sin(x**2) - 1) * cos(x**2) * 2 * x)
here.slip("constant_lost", lambda x: exp(sin(x**2)) * cos(x**2) * x)
here.slip("chain_incomplete", {"dc_db": lambda c: c, "da_dx": lambda x: 2 * x})
here.slip("inner_dropped+wrong_place", lambda x: exp(sin(x**2)) * cos(x))
here.right(
    lambda a, c, x: c * cos(a) * 2 * x, lambda x: exp(sin(x**2)) * cos(x**2) * 2 * x, {"dc_db": lambda c: c, "db_da": lambda a: cos(a), "da_dx": lambda x: 2 * x},
    {"dc_db": lambda b: exp(b), "db_da": lambda a: cos(a), "da_dx": lambda x: 2 * x}, {"dc_da": lambda c, a: c * cos(a), "da_dx": lambda x: 2 * x},
    sp.diff(sp.exp(sp.sin(x_**2))), torch.func.grad(three_deep),
)  # fmt: skip


def sine_squared(x):
    return sin(x) ** 2


here = about(sine_squared)
here.slip("inner_dropped", lambda x: 2 * sin(x))
here.slip("outer_dropped", lambda x: cos(x))
here.slip("swapped", lambda x: 2 * x * cos(x**2))
here.slip("trig_sign", lambda x: -2 * sin(x) * cos(x))
here.slip("wrong_place", lambda x: 2 * x * cos(x), lambda x: 2 * cos(x) * cos(x))
here.slip("constant_lost", lambda x: sin(x) * cos(x))
here.slip("exponent_not_lowered", lambda x: 2 * sin(x) ** 2 * cos(x))
here.slip("value", lambda x: sin(x) ** 2)
here.right(
    lambda x: 2 * sin(x) * cos(x),
    lambda x: sin(2 * x),
    lambda x: sin(x) * cos(x) + cos(x) * sin(x),
    sp.sin(2 * x_),
    lambda x: 2 * tan(x) / (1 + tan(x) ** 2),
)


def root(x):
    s = 1 + x**2
    r = sqrt(s)
    return r


here = about(root)
here.slip("inner_dropped", lambda x: 1 / (2 * sqrt(1 + x**2)))
here.slip("constant_lost", lambda x: 2 * x / sqrt(1 + x**2))
here.slip("root_lost", lambda x: 2 * x / (2 * (1 + x**2)))
here.slip("exponent_not_lowered", lambda x: x * sqrt(1 + x**2))
here.slip("outer_dropped", lambda x: 2 * x)
here.slip("value", lambda x: sqrt(1 + x**2))
here.slip("wrong_place", lambda x: x / sqrt(2 * x.abs()) if x > 0 else x / sqrt(2 * x))
here.slip("base_lost", lambda x: 1 / sqrt(1 + x**2))
here.slip("sign_flipped", lambda x: -x / sqrt(1 + x**2))
here.right(
    lambda x: x / sqrt(1 + x**2),
    lambda x, r: x / r,
    lambda x: x * (1 + x**2) ** -0.5,
    lambda x: x / math.hypot(1, x),
    x_ / sp.sqrt(x_**2 + 1),
    {"dr_ds": lambda r: 0.5 / r, "ds_dx": lambda x: 2 * x},
)


# ---------------------------------------------------------------------- products and quotients
def x_sine(x):
    s = sin(x)
    y = x * s
    return y


here = about(x_sine)
here.slip("product_of_derivatives", lambda x: cos(x))
here.slip("path_dropped", lambda x: sin(x), lambda x: x * cos(x), lambda s: s)
here.slip("trig_sign", lambda x: sin(x) - x * cos(x))
here.slip("factor_dropped", lambda x: sin(x) + cos(x))
here.slip("paths_multiplied", lambda x: sin(x) * x * cos(x))
here.slip("value", lambda x: x * sin(x))
here.slip("product_crossed", lambda x: x + sin(x) * cos(x))
here.slip("sign_flipped", lambda x: -sin(x) - x * cos(x))
here.slip("sum_of_derivatives", lambda x: 1 + cos(x))
here.nonsense(lambda x: sin(x) + 2.5 * x * cos(x), lambda x: x * x)
here.right(
    lambda x: sin(x) + x * cos(x), lambda s, x: s + x * cos(x), lambda x: x * (sin(x) / x + cos(x)), {"dy_dx": lambda s: s, "dy_ds": lambda x: x, "ds_dx": lambda x: cos(x)},
    sp.sin(x_) + x_ * sp.cos(x_), sp.diff(x_ * sp.sin(x_), x_), numerically(x_sine), lambda x: sqrt(1 + x**2) * sin(x + torch.atan(x)),
)  # fmt: skip
here = about(x_sine, x=2.0)
here.slip("path_dropped", math.sin(2), 2 * math.cos(2), 0.9093)
here.slip("product_of_derivatives", math.cos(2), -0.4161)
here.slip("value", 2 * math.sin(2))
here.slip("trig_sign", math.sin(2) - 2 * math.cos(2))
here.right(math.sin(2) + 2 * math.cos(2), 0.077003753)


def square_times_exponential(x):
    return x**2 * exp(x)


here = about(square_times_exponential)
here.slip("path_dropped", lambda x: x**2 * exp(x))
here.slip("path_dropped", lambda x: 2 * x * exp(x))
here.slip("power_rule_on_exponential", lambda x: 2 * x * exp(x) + x**3 * exp(x - 1))
here.slip("constant_lost", lambda x: x * exp(x) + x**2 * exp(x))
here.slip("exponent_not_lowered", lambda x: 2 * x**2 * exp(x) + x**2 * exp(x))
here.slip("sum_of_derivatives", lambda x: 2 * x + exp(x))
here.slip("sign_flipped", lambda x: 2 * x * exp(x) - x**2 * exp(x))
here.slip("product_crossed", lambda x: 2 * x * x**2 + exp(x) * exp(x))
here.right(
    lambda x: (2 * x + x**2) * exp(x),
    lambda x: x * (x + 2) * exp(x),
    lambda x: 2 * x * exp(x) + x**2 * exp(x),
    lambda x: ((x + 1) ** 2 - 1) * exp(x),
    (x_**2 + 2 * x_) * sp.exp(x_),
)


def sine_over_x(x):
    return sin(x) / x


here = about(sine_over_x)
here.slip("quotient_of_derivatives", lambda x: cos(x))
here.slip("quotient_sign", lambda x: (x * cos(x) + sin(x)) / x**2)
here.slip("quotient_square", lambda x: (x * cos(x) - sin(x)) / x)
here.slip("quotient_denominator", lambda x: x * cos(x) - sin(x))
here.slip("sign_flipped", lambda x: (sin(x) - x * cos(x)) / x**2)
here.slip("path_dropped", lambda x: cos(x) / x, lambda x: -sin(x) / x**2)
here.slip("trig_sign", lambda x: (-x * cos(x) - sin(x)) / x**2)
here.slip("value", lambda x: sin(x) / x)
here.slip("quotient_sign+quotient_square", lambda x: (x * cos(x) + sin(x)) / x)
here.right(
    lambda x: (x * cos(x) - sin(x)) / x**2,
    lambda x: cos(x) / x - sin(x) / x**2,
    lambda x: (cos(x) - sin(x) / x) / x,
    sp.diff(sp.sin(x_) / x_),
    sp.together(sp.diff(sp.sin(x_) / x_)),
)


def rational(x):
    u = x**2 + 1
    v = x - 3
    q = u / v
    return q


here = about(rational)
here.right("(2x*(x-3) - (x^2+1))/(x-3)^2", "(2x v - u)/v^2")
here.slip("quotient_sign", "(2x v + u)/v^2")
here.slip("quotient_of_derivatives", lambda x: 2 * x)
here.slip("quotient_sign", lambda x: (2 * x * (x - 3) + x**2 + 1) / (x - 3) ** 2)
here.slip("quotient_square", lambda x: (2 * x * (x - 3) - (x**2 + 1)) / (x - 3))
here.slip("quotient_denominator", lambda x: 2 * x * (x - 3) - (x**2 + 1))
here.slip("sign_flipped", lambda x: ((x**2 + 1) - 2 * x * (x - 3)) / (x - 3) ** 2)
here.slip("path_dropped", lambda x: 2 * x / (x - 3), lambda x: -(x**2 + 1) / (x - 3) ** 2)
here.slip("constant_kept", lambda x: ((2 * x + 1) * (x - 3) - (x**2 + 1)) / (x - 3) ** 2)
here.slip(
    "sign_flipped", {"dq_du": lambda v: 1 / v, "dq_dv": lambda u, v: u / v**2, "du_dx": lambda x: 2 * x, "dv_dx": 1.0}
)
here.slip(
    "quotient_square", {"dq_du": lambda v: 1 / v, "dq_dv": lambda u, v: -u / v, "du_dx": lambda x: 2 * x, "dv_dx": 1.0}
)
here.right(
    lambda x: (x**2 - 6 * x - 1) / (x - 3) ** 2, lambda x: 1 - 10 / (x - 3) ** 2, lambda u, v, x: (2 * x * v - u) / v**2,
    {"dq_du": lambda v: 1 / v, "dq_dv": lambda u, v: -u / v**2, "du_dx": lambda x: 2 * x, "dv_dx": 1}, sp.apart(sp.diff((x_**2 + 1) / (x_ - 3))),
)  # fmt: skip


def reciprocal(x):
    return 1 / x


here = about(reciprocal)
here.slip("sign_flipped", lambda x: 1 / x**2)
here.slip("exponent_not_lowered", lambda x: -1 / x)
here.slip("reciprocal_forgotten", lambda x: log(abs(x)))
here.slip("value", lambda x: 1 / x)
here.right(lambda x: -1 / x**2, lambda x: -(x**-2), lambda x: -1 / x / x, -1 / x_**2, lambda x: -((1 / x) ** 2))


def witch(x):
    return 1 / (1 + x**2)


here = about(witch)
here.slip("inner_dropped", lambda x: -1 / (1 + x**2) ** 2)
here.slip("sign_flipped", lambda x: 2 * x / (1 + x**2) ** 2)
here.slip("quotient_square", lambda x: -2 * x / (1 + x**2))
here.slip("quotient_denominator", lambda x: -2 * x)
here.slip("quotient_of_derivatives", lambda x: 1 / (2 * x))
here.slip("constant_lost", lambda x: -x / (1 + x**2) ** 2)
here.slip("value", lambda x: 1 / (1 + x**2))
here.right(
    lambda x: -2 * x / (1 + x**2) ** 2,
    lambda x: -2 * x * witch(x) ** 2,
    lambda x: -2 * x / (1 + 2 * x**2 + x**4),
    sp.diff(1 / (1 + x_**2)),
)


def swish(x):
    s = sigmoid(x)
    y = x * s
    return y


here = about(swish)
here.slip("path_dropped", lambda x: sigmoid(x), lambda s, x: x * s * (1 - s))
here.slip("product_of_derivatives", lambda s: s * (1 - s))
here.slip("not_differentiated", lambda s, x: s + x * s)
here.slip("factor_dropped", lambda s: s + s * (1 - s))
here.slip("sigmoid_rule", lambda s, x: s + x * (1 - s))
here.slip("sign_flipped", lambda s, x: s - x * s * (1 - s))
here.slip("paths_multiplied", lambda s, x: s * x * s * (1 - s))
here.right(
    lambda s, x: s + x * s * (1 - s),
    lambda x, y: y + sigmoid(x) * (1 - y),
    lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    {"dy_dx": lambda s: s, "dy_ds": lambda x: x, "ds_dx": lambda s: s * (1 - s)},
)


# ---------------------------------------------------------------------- logarithms and exponentials
def log_of_square(x):
    s = x**2 + 1
    y = log(s)
    return y


here = about(log_of_square)
here.slip("inner_dropped", lambda x: 1 / (x**2 + 1))
here.slip("outer_dropped", lambda x: 2 * x)
here.slip("wrong_place", lambda x: 2 * x / (2 * x), lambda x: 2 * x / x)
here.slip("log_base", lambda x: 2 * x / ((x**2 + 1) * math.log(10)))
here.slip("constant_lost", lambda x: x / (x**2 + 1))
here.slip("not_differentiated", lambda x: 2 * x * log(x**2 + 1))
here.slip("reciprocal_forgotten", lambda x: 2 * x * (x**2 + 1))
here.slip("value", lambda y: y)
here.slip("constant_kept", lambda x: (2 * x + 1) / (x**2 + 1))
here.slip("log_base", {"dy_ds": lambda s: 1 / (s * math.log(10)), "ds_dx": lambda x: 2 * x})
here.slip("reciprocal_forgotten", {"dy_ds": lambda s: s, "ds_dx": lambda x: 2 * x})
here.right(
    lambda x: 2 * x / (x**2 + 1),
    lambda x, s: 2 * x / s,
    lambda x: 2 / (x + 1 / x),
    lambda x, y: 2 * x * exp(-y),
    sp.diff(sp.log(x_**2 + 1)),
    {"dy_ds": lambda s: 1 / s, "ds_dx": lambda x: 2 * x},
)


def decimal_log(x):
    return torch.log10(x)


here = about(decimal_log)
here.slip("log_base", lambda x: 1 / x, lambda x: math.log(10) / x)
here.slip("value", lambda x: torch.log10(x), lambda x: math.log10(x))
here.slip("sign_flipped", lambda x: -1 / (x * math.log(10)))
here.right(
    lambda x: 1 / (x * math.log(10)),
    lambda x: math.log10(math.e) / x,
    lambda x: 0.4342944819032518 / x,
    1 / (x_ * sp.log(10)),
    lambda x: 0.43429448 / x,
)


def binary_log(x):
    return torch.log2(3 * x)


here = about(binary_log)
here.slip("log_base", lambda x: 1 / x)
here.slip("inner_dropped", lambda x: 1 / (3 * x * math.log(2)))
here.slip("inner_dropped+log_base", lambda x: 1 / (3 * x))
here.right(lambda x: 1 / (x * math.log(2)), lambda x: math.log2(math.e) / x)


def power_of_two(x):
    return 2**x


here = about(power_of_two)
here.slip("power_rule_on_exponential", lambda x: x * 2 ** (x - 1))
here.slip("log_base", lambda x: 2**x, lambda x: 2**x / math.log(2))
here.slip("sign_flipped", lambda x: -(2**x) * math.log(2))
here.right(
    lambda x: 2**x * math.log(2),
    lambda x: exp(x * math.log(2)) * math.log(2),
    2**x_ * sp.log(2),
    lambda x: 0.6931471805599453 * 2**x,
)


def growing(x):
    y = exp(2 * x)
    return y


here = about(growing)
here.slip("inner_dropped", lambda x: exp(2 * x), lambda y: y)
here.slip("power_rule_on_exponential", lambda x: 2 * x * exp(2 * x - 1) * 2)
here.slip("wrong_place", lambda x: 2 * exp(x), lambda x: 2 * math.e**2)
here.slip("outer_dropped", lambda x: 2.0)
here.slip("sign_flipped", lambda x: -2 * exp(2 * x))
here.slip("factor_twice", lambda x: 4 * exp(2 * x))
here.right(
    lambda x: 2 * exp(2 * x),
    lambda y: 2 * y,
    lambda x: 2 * exp(x) ** 2,
    lambda x: 2 * math.exp(2 * x),
    2 * sp.exp(2 * x_),
)


def to_itself(x):
    return x**x


here = about(to_itself, x=1.7)
here.slip("power_rule_on_exponential", lambda x: x * x ** (x - 1))
here.slip("path_dropped", lambda x: x**x * log(x))
here.slip("path_dropped", 1.7**1.7 * math.log(1.7))
here.slip("paths_multiplied", lambda x: x * x ** (x - 1) * x**x * log(x))
here.right(lambda x: x**x * (1 + log(x)), lambda x: x**x + x**x * log(x), lambda x: exp(x * log(x)) * (log(x) + 1))


def soft_plus(x):
    e = exp(x)
    y = log(1 + e)
    return y


here = about(soft_plus)
here.slip("inner_dropped", lambda e: 1 / (1 + e))
here.slip("outer_dropped", lambda x: exp(x))
here.slip("value", lambda x: log(1 + exp(x)))
here.slip("log_base", lambda e: e / ((1 + e) * math.log(10)))
here.slip("constant_kept", lambda x: (1 + exp(x)) / (1 + exp(x)))
here.slip("wrong_place", lambda x, e: e / x)
here.right(
    lambda x: sigmoid(x),
    lambda e: e / (1 + e),
    lambda x: 1 / (1 + exp(-x)),
    lambda y: 1 - exp(-y),
    lambda x: 0.5 * (1 + tanh(x / 2)),
)


# ---------------------------------------------------------------------- activations
def logistic(x):
    s = sigmoid(x)
    return s


here = about(logistic)
here.slip("value", lambda x: sigmoid(x), lambda s: s)
here.slip("sigmoid_rule", lambda s: 1 - s, lambda s: s * (1 + s), lambda s: 1 - s**2)
here.slip("value_as_input", lambda x: x * (1 - x))
here.slip("sign_flipped", lambda s: -s * (1 - s))
here.slip("sign_flipped", lambda s: s * (s - 1))
here.slip("sigmoid_rule", lambda x: exp(-x) / (1 + exp(-x)))
here.right(
    lambda s: s * (1 - s), lambda s: s - s**2, lambda x: exp(-x) / (1 + exp(-x)) ** 2, lambda x: 1 / (4 * torch.cosh(x / 2) ** 2), lambda x: sigmoid(x) * sigmoid(-x),
    lambda x: 1 / (2 + exp(x) + exp(-x)), lambda x: (1 - tanh(x / 2) ** 2) / 4, {"ds_dx": lambda s: s * (1 - s)}, sp.diff(1 / (1 + sp.exp(-x_))),
)  # fmt: skip
here = about(logistic, x=0.8)
here.slip("value", 1 / (1 + math.exp(-0.8)), 0.68997)
here.slip("sigmoid_rule", 1 - 1 / (1 + math.exp(-0.8)))
here.slip("value_as_input", 0.8 * 0.2)
here.right(0.213909, 0.21391, torch.tensor(0.2139096965), 0.21390969652029443)


def hyperbolic(x):
    u = 2 * x + 1
    t = tanh(u)
    return t


here = about(hyperbolic)
here.slip("inner_dropped", lambda t: 1 - t**2, lambda x: 1 - tanh(2 * x + 1) ** 2)
here.slip("square_missing", lambda t: 2 * (1 - t), lambda u: 2 / torch.cosh(u))
here.slip("trig_sign", lambda t: 2 * (1 + t**2))
here.slip("sigmoid_rule", lambda t: 2 * t * (1 - t))
here.slip("not_differentiated", lambda t: 2 * t)
here.slip("wrong_place", lambda x: 2 * (1 - tanh(x) ** 2))
here.slip("constant_kept", lambda t: 3 * (1 - t**2))
here.right(
    lambda t: 2 * (1 - t**2),
    lambda t: 2 - 2 * t**2,
    lambda u: 2 / torch.cosh(u) ** 2,
    lambda x: 8 * exp(4 * x + 2) / (exp(4 * x + 2) + 1) ** 2,
    lambda t: 2 * (1 - t) * (1 + t),
)


def tangent(x):
    return tan(x)


here = about(tangent, x=0.5)
here.slip("square_missing", lambda x: 1 / cos(x), lambda x: 1 / sin(x) ** 2)
here.slip("trig_sign", lambda x: 1 - tan(x) ** 2, lambda x: -1 / cos(x) ** 2)
here.slip("value", lambda x: tan(x))
here.slip("degrees", lambda x: 1 / math.cos(math.radians(x)) ** 2)
here.right(
    lambda x: 1 / cos(x) ** 2,
    lambda x: 1 + tan(x) ** 2,
    lambda x: 2 / (1 + cos(2 * x)),
    sp.tan(x_) ** 2 + 1,
    sp.sec(x_) ** 2,
)


def ramp(x):
    y = torch.relu(3 * x - 1)
    return y


here = about(ramp)
here.slip("one_branch", lambda x: 3.0, lambda x: 3 * torch.ones_like(x), lambda x: 0.0)
here.slip("inner_dropped", lambda x: (3 * x > 1).double())
here.slip("value", lambda x: torch.relu(3 * x - 1))
here.right(
    lambda x: 3.0 * (3 * x > 1),
    lambda x: 3.0 if x > 1 / 3 else 0.0,
    lambda y: 3.0 * (y > 0),
    lambda x: 1.5 * (1 + torch.sign(3 * x - 1)),
)


def distance(x):
    return abs(x - 2)


here = about(distance)
here.slip("one_branch", lambda x: 1.0, lambda x: -1.0)
here.slip("sign_flipped", lambda x: -torch.sign(x - 2))
here.slip("value", lambda x: abs(x - 2))
here.right(
    lambda x: torch.sign(x - 2),
    lambda x: (x - 2) / abs(x - 2),
    lambda x: 1.0 if x > 2 else -1.0,
    lambda x: math.copysign(1, x - 2),
)


# ---------------------------------------------------------------------- fan-out
def fan(x):
    a = x**2
    b = sin(x)
    y = a + b
    return y


here = about(fan)
here.slip("path_dropped", lambda x: 2 * x, lambda x: cos(x))
here.slip("paths_multiplied", lambda x: 2 * x * cos(x))
here.slip("constant_lost", lambda x: x + cos(x))
here.slip("trig_sign", lambda x: 2 * x - cos(x))
here.slip("exponent_not_lowered", lambda x: 2 * x**2 + cos(x))
here.slip("value", fan)
here.slip("trig_sign", {"dy_da": 1.0, "dy_db": 1.0, "da_dx": lambda x: 2 * x, "db_dx": lambda x: -cos(x)})
here.slip("chain_incomplete", {"dy_da": 1.0, "dy_db": 1.0, "da_dx": lambda x: 2 * x})
here.right(
    lambda x: 2 * x + cos(x),
    {"dy_da": 1.0, "dy_db": 1, "da_dx": lambda x: 2 * x, "db_dx": cos},
    2 * x_ + sp.cos(x_),
    lambda x: cos(x) - -2 * x,
)


def reused(x):
    a = x**2
    b = exp(a)
    y = a * b
    return y


here = about(reused)
here.slip("path_dropped", lambda x: 2 * x * exp(x**2), lambda a, b, x: a * b * 2 * x)
here.slip("inner_dropped", lambda a, b: b + a * b)
here.slip("paths_multiplied", lambda a, b, x: b * a * b * 2 * x)
here.slip("constant_lost", lambda a, b, x: (b + a * b) * x)
here.slip("factor_dropped", lambda a, b, x: (b + b) * 2 * x)
here.slip("power_rule_on_exponential", lambda a, b, x: (b + a * a * exp(a - 1)) * 2 * x)
here.slip("value", lambda y: y)
here.right(
    lambda a, b, x: 2 * x * b * (1 + a),
    lambda x: (2 * x + 2 * x**3) * exp(x**2),
    {"dy_da": lambda b: b, "dy_db": lambda a: a, "db_da": lambda b: b, "da_dx": lambda x: 2 * x},
)


def tripled(x):
    y = x * x * x
    return y


here = about(tripled)
here.slip("path_dropped", lambda x: 2 * x**2, lambda x: x**2)
here.slip("product_of_derivatives", lambda x: 1.0)
here.slip("value", lambda x: x**3)
here.right(lambda x: 3 * x**2, lambda x: 3 * x * x, lambda x, y: 3 * y / x)


# ---------------------------------------------------------------------- several inputs
def two_inputs(x, y):
    f = x**2 * y + sin(y)
    return f


here = about(two_inputs)
here.slip("constant_lost", {"x": lambda x, y: x * y})
here.slip("factor_dropped", {"x": lambda x: 2 * x})
here.slip("other_input", {"x": lambda x, y: x**2 + cos(y), "y": lambda x, y: 2 * x * y})
here.slip("path_dropped", {"y": lambda x: x**2}, {"y": lambda y: cos(y)})
here.slip("trig_sign", {"y": lambda x, y: x**2 - cos(y)})
here.slip("sign_flipped", {"x": lambda x, y: -2 * x * y})
here.slip("value", {"x": two_inputs, "y": two_inputs})
here.slip("exponent_not_lowered", (lambda x, y: 2 * x**2 * y, lambda x, y: x**2 + cos(y)))
here.right(
    {"x": lambda x, y: 2 * x * y, "y": lambda x, y: x**2 + cos(y)}, (lambda x, y: 2 * x * y, lambda x, y: x**2 + cos(y)), lambda x, y: (2 * x * y, x**2 + cos(y)),
    lambda x, y: {"x": 2 * x * y, "y": x**2 + cos(y)}, {"x": 2 * x_ * y_, "y": x_**2 + sp.cos(y_)}, {"y": lambda y, x: cos(y) + x * x}, [2 * x_ * y_, x_**2 + sp.cos(y_)],
    torch.func.grad(two_inputs, argnums=(0, 1)), {x_: 2 * x_ * y_},
)  # fmt: skip
here = about(two_inputs, x=1.5, y=0.7)
here.slip("other_input", {"x": 1.5**2 + math.cos(0.7), "y": 2.1}, (1.5**2 + math.cos(0.7), 2.1))
here.slip("path_dropped", {"y": 2.25})
here.right(
    (2.1, 1.5**2 + math.cos(0.7)),
    {"x": 2.1, "y": 3.0148},
    [2.1, 3.014842187284488],
    torch.tensor([2.1, 3.014842187284488]),
)


def gaussian(m, s, x):
    z = (x - m) / s
    loss = z**2 / 2 + log(s)
    return loss


here = about(gaussian, wrt=("m", "s"), m=0.4, s=1.3, x=2.1)
here.slip("sign_flipped", {"m": lambda m, s, x: (x - m) / s**2})
here.slip("path_dropped", {"s": lambda m, s, x: -((x - m) ** 2) / s**3}, {"s": lambda s: 1 / s})
here.slip("sign_flipped", {"s": lambda m, s, x: (x - m) ** 2 / s**3 + 1 / s})
here.slip("quotient_square", {"s": lambda m, s, x: -((x - m) ** 2) / s**2 + 1 / s})
here.slip("inner_dropped", {"m": lambda z: z})
here.slip("constant_lost", {"m": lambda z, s: -2 * z / s})
here.slip("other_input", {"m": lambda z, s: (1 - z**2) / s})
here.slip("sign_flipped", {"dloss_dz": lambda z: z, "dz_dm": lambda s: 1 / s})
here.slip("constant_lost", {"dloss_dz": lambda z: 2 * z, "dz_dm": lambda s: -1 / s})
here.right(
    {"m": lambda z, s: -z / s, "s": lambda z, s: (1 - z**2) / s}, {"m": lambda m, s, x: (m - x) / s**2, "s": lambda m, s, x: 1 / s - (x - m) ** 2 / s**3}, {"m": -1.7 / 1.3**2},
    {"dloss_dz": lambda z: z, "dz_dm": lambda s: -1 / s, "dz_ds": lambda z, s: -z / s, "dloss_ds": lambda s: 1 / s},
)  # fmt: skip


# ---------------------------------------------------------------------- losses
def unit(w, b, x):
    z = w * x + b
    p = sigmoid(z)
    return p


here = about(unit, wrt=("w", "b"), w=0.7, b=-0.4, x=1.9)
here.slip("inner_dropped", {"w": lambda p: p * (1 - p), "b": lambda p: p * (1 - p)})
here.slip("other_input", {"w": lambda p, w: p * (1 - p) * w}, {"b": lambda p, x: p * (1 - p) * x})
here.slip("not_differentiated", {"w": lambda p, x: p * x})
here.slip("value", {"b": lambda p: p})
here.slip("sigmoid_rule", {"w": lambda p, x: (1 - p) * x, "b": lambda p: 1 - p})
here.slip("value_as_input", {"w": lambda z, x: z * (1 - z) * x})
here.slip("outer_dropped", {"w": lambda x: x})
here.slip("factor_twice", {"w": lambda p, x: p * (1 - p) * x * x})
here.right(
    {"w": lambda p, x: p * (1 - p) * x, "b": lambda p: p * (1 - p)},
    {"dp_dz": lambda p: p - p * p, "dz_dw": lambda x: x, "dz_db": 1.0},
    {"dp_dz": lambda p: p - p * p, "dz_dw": 1.9, "dz_db": 1},
)


def logistic_loss(w, b, x, y):
    z = w * x + b
    y_pred = sigmoid(z)
    loss = -(y * log(y_pred) + (1 - y) * log(1 - y_pred))
    return loss


here = about(logistic_loss, wrt=("w", "b"), w=1.0, b=0.0, x=6.7, y=0.0)
here.right(
    {"w": "(y_pred - y) x", "b": "y_pred - y"}, {"w": "x*(1/(1 + exp(-z)) - y)", "b": "1/(1 + exp(-(w x + b))) - y"}
)
here.slip("inner_dropped", {"w": "y_pred - y", "b": "y_pred - y"})
here.slip("sign_flipped", {"w": "(y - y_pred) x"})
here.slip("inner_dropped", {"w": lambda y_pred, y: y_pred - y})
here.slip(
    "stopped_early",
    {"w": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred))},
)
here.slip("inner_dropped", {"b": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred))})
here.slip("sign_flipped", {"w": lambda y_pred, y, x: (y - y_pred) * x, "b": lambda y_pred, y: y - y_pred})
here.slip(
    "denominator_lost",
    {"w": lambda y_pred, y, x: (y_pred - y) * y_pred * (1 - y_pred) * x},
    {"b": lambda y_pred, y: (y_pred - y) * y_pred * (1 - y_pred)},
)
here.slip("inner_dropped", {"w": lambda y_pred, y, x: (y_pred - y) / (y_pred * (1 - y_pred)) * x})
here.slip("not_differentiated", {"w": lambda y_pred, y, x: (y_pred - y) / (1 - y_pred) * x})
here.slip("other_input", {"w": lambda y_pred, y, w: (y_pred - y) * w}, {"b": lambda y_pred, y, x: (y_pred - y) * x})
here.slip("path_dropped", {"w": lambda y_pred, y, x: -y * (1 - y_pred) * x}, {"b": lambda y_pred, y: (1 - y) * y_pred})
here.slip("value", {"w": lambda loss: loss})
here.slip("stopped_early", {"w": lambda x: x}, {"w": lambda x, y_pred: y_pred * (1 - y_pred) * x})
here.slip("accumulated", {"w": lambda y_pred, y, x: 2 * (y_pred - y) * x, "b": lambda y_pred, y: 2 * (y_pred - y)})
here.slip("inner_dropped+sign_flipped", {"w": lambda y_pred, y: y - y_pred})
here.slip(
    "chain_incomplete",
    {"dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)), "dz_dw": lambda x: x, "dz_db": 1.0},
)
here.slip(
    "denominator_lost",
    {
        "dloss_dy_pred": lambda y_pred, y: y_pred - y,
        "dy_pred_dz": lambda y_pred: y_pred * (1 - y_pred),
        "dz_dw": lambda x: x,
        "dz_db": 1.0,
    },
)
here.slip(
    "sigmoid_rule",
    {
        "dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)),
        "dy_pred_dz": lambda y_pred: 1 - y_pred,
        "dz_dw": lambda x: x,
        "dz_db": 1.0,
    },
)
here.slip(
    "value",
    {
        "dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)),
        "dy_pred_dz": lambda y_pred: y_pred,
        "dz_dw": lambda x: x,
        "dz_db": 1.0,
    },
)
here.slip(
    "other_input",
    {
        "dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)),
        "dy_pred_dz": lambda y_pred: y_pred * (1 - y_pred),
        "dz_dw": lambda w: w,
        "dz_db": 1.0,
    },
)
here.nonsense({"w": lambda y_pred, y, x: (y_pred - y) * x + 0.1})
here.right(
    {"w": lambda y_pred, y, x: (y_pred - y) * x, "b": lambda y_pred, y: y_pred - y}, {"w": lambda w, b, x, y: (sigmoid(w * x + b) - y) * x},
    {"dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)), "dy_pred_dz": lambda y_pred: y_pred * (1 - y_pred), "dz_dw": lambda x: x, "dz_db": 1.0},
    {"dloss_dy_pred": lambda y_pred, y: -y / y_pred + (1 - y) / (1 - y_pred), "dy_pred_dz": lambda z: sigmoid(z) * sigmoid(-z), "dz_dw": lambda x: x, "dz_db": 1},
    {"dloss_dz": lambda y_pred, y: y_pred - y, "dz_dw": lambda x: x, "dz_db": 1.0}, {"w": lambda y_pred, y, x: x * y_pred - x * y, "b": lambda z, y: 1 / (1 + exp(-z)) - y},
    {"w": 6.691762447357178, "b": 0.998770534992218}, {"w": 6.6918, "b": 0.9988}, (6.6917618, 0.99877), lambda y_pred, y, x: ((y_pred - y) * x, y_pred - y),
    {"w": lambda w: 6.7 * sigmoid(6.7 * w)}, {"w": lambda y_pred, y, x: (y_pred - y) * x}, {"w": (1 / (1 + sp.exp(-(w_ * x_ + b_))) - y_) * x_},
)  # fmt: skip


def logits_loss(w, b, x, y):
    z = w * x + b
    loss = F.binary_cross_entropy_with_logits(z, y)
    return loss


here = about(logits_loss, wrt=("w", "b"), w=0.8, b=0.3, x=-1.2, y=1.0)
here.slip("inner_dropped", {"w": lambda z, y: sigmoid(z) - y})
here.slip("sign_flipped", {"w": lambda z, y, x: (y - sigmoid(z)) * x})
here.slip("target_forgotten", {"w": lambda z, x: sigmoid(z) * x, "b": lambda z: sigmoid(z)})
here.slip("other_input", {"w": lambda z, y, w: (sigmoid(z) - y) * w})
here.slip("function_forgotten", {"w": lambda z, y, x: (z - y) * x, "b": lambda z, y: z - y})
here.slip("extra_slope", {"w": lambda z, y, x: (sigmoid(z) - y) * sigmoid(z) * (1 - sigmoid(z)) * x})
here.slip("value", {"b": lambda loss: loss})
here.right(
    {"w": lambda z, y, x: (sigmoid(z) - y) * x, "b": lambda z, y: sigmoid(z) - y},
    {"dloss_dz": lambda z, y: sigmoid(z) - y, "dz_dw": lambda x: x, "dz_db": 1.0},
    {"b": lambda z, y: (1 - y) - sigmoid(-z)},
)


def library_loss(z, y):
    p = sigmoid(z)
    loss = F.binary_cross_entropy(p, y)
    return loss


here = about(library_loss, wrt="z", z=0.6, y=1.0)
here.slip("inner_dropped", lambda p, y: (p - y) / (p * (1 - p)))
here.slip("sign_flipped", lambda p, y: y - p)
here.slip("denominator_lost", lambda p, y: (p - y) * p * (1 - p))
here.slip("target_forgotten", lambda p: p)
here.slip("value", lambda loss: loss)
here.slip("outer_dropped", lambda p: p * (1 - p))
here.right(
    lambda p, y: p - y,
    lambda z, y: sigmoid(z) - y,
    {"dloss_dp": lambda p, y: (p - y) / (p * (1 - p)), "dp_dz": lambda p: p * (1 - p)},
    lambda z, y: 1 / (1 + exp(-z)) - y,
)


def squared_error(w, b, x, y):
    y_pred = w * x + b
    r = y_pred - y
    loss = r**2
    return loss


here = about(squared_error, wrt=("w", "b"), w=1.5, b=0.5, x=2.3, y=1.2)
here.slip("inner_dropped", {"w": lambda r: 2 * r})
here.slip("constant_lost", {"w": lambda r, x: r * x, "b": lambda r: r})
here.slip("sign_flipped", {"w": lambda y, y_pred, x: 2 * (y - y_pred) * x, "b": lambda y, y_pred: 2 * (y - y_pred)})
here.slip("other_input", {"w": lambda r, w: 2 * r * w}, {"b": lambda r, x: 2 * r * x})
here.slip("exponent_not_lowered", {"w": lambda r, x: 2 * r**2 * x})
here.slip("value", {"w": lambda r: r**2}, {"b": lambda loss: loss})
here.slip("outer_dropped", {"w": lambda x: x}, {"b": lambda: 1.0})
here.slip("target_forgotten", {"w": lambda y_pred, x: 2 * y_pred * x})
here.slip("constant_lost+inner_dropped", {"w": lambda r: r})
here.slip("constant_lost+sign_flipped", {"w": lambda y, y_pred, x: (y - y_pred) * x})
here.slip("constant_lost", {"dloss_dr": lambda r: r, "dr_dy_pred": 1.0, "dy_pred_dw": lambda x: x, "dy_pred_db": 1.0})
here.slip(
    "sign_flipped", {"dloss_dr": lambda r: 2 * r, "dr_dy_pred": -1.0, "dy_pred_dw": lambda x: x, "dy_pred_db": 1.0}
)
here.right(
    {"w": lambda r, x: 2 * r * x, "b": lambda r: 2 * r}, {"dloss_dr": lambda r: 2 * r, "dr_dy_pred": 1.0, "dy_pred_dw": lambda x: x, "dy_pred_db": 1.0},
    {"w": lambda w, b, x, y: 2 * x * (w * x + b - y)}, {"w": 2 * (w_ * x_ + b_ - y_) * x_, "b": 2 * (w_ * x_ + b_ - y_)}, {"w": lambda w, b, x, y: 2 * w * x**2 + 2 * b * x - 2 * x * y},
)  # fmt: skip


def residual_the_other_way(w, x, y):
    r = y - w * x
    loss = r**2
    return loss


here = about(residual_the_other_way, wrt="w", w=0.9, x=1.4, y=2.0)
here.slip("sign_flipped", lambda r, x: 2 * r * x)
here.slip("inner_dropped", lambda r: -2 * r)
here.slip("constant_lost", lambda r, x: -r * x)
here.slip("exponent_not_lowered", lambda r, x: -2 * r**2 * x)
here.right(lambda r, x: -2 * r * x, lambda w, x, y: 2 * (w * x - y) * x, lambda w, x, y: 2 * w * x**2 - 2 * x * y)


def regularised(w, x, y):
    fit = (w * x - y) ** 2
    penalty = 0.1 * w**2
    loss = fit + penalty
    return loss


here = about(regularised, wrt="w", w=0.9, x=1.4, y=2.2)
here.slip("path_dropped", lambda w, x, y: 2 * (w * x - y) * x, lambda w: 0.2 * w)
here.slip(
    "constant_lost",
    lambda w, x, y: 2 * (w * x - y) * x + 0.1 * w,
    lambda w, x, y: 2 * (w * x - y) * x + 2 * w,
    lambda w, x, y: (w * x - y) * x + 0.2 * w,
)
here.slip("inner_dropped", lambda w, x, y: 2 * (w * x - y) + 0.2 * w)
here.slip("sign_flipped", lambda w, x, y: 2 * (w * x - y) * x - 0.2 * w)
here.slip("exponent_not_lowered", lambda w, x, y: 2 * (w * x - y) * x + 0.2 * w**2)
here.right(lambda w, x, y: 2 * (w * x - y) * x + 0.2 * w, lambda w, x, y: w * (2 * x**2 + 0.2) - 2 * x * y)


# ---------------------------------------------------------------------- vectors
def mean_of_squares(x):
    y = (x**2).mean()
    return y


here = about(mean_of_squares, x=[1.0, 2.0, 4.0])
here.slip("mean_forgotten", lambda x: 2 * x, [2.0, 4.0, 8.0], torch.tensor([2.0, 4.0, 8.0]))
here.slip("mean_doubled", lambda x: 2 * x / 9)
here.slip("constant_lost", lambda x: x / 3)
here.slip("exponent_not_lowered", lambda x: 2 * x**2 / 3)
here.slip("sign_flipped", lambda x: -2 * x / 3, [-2 / 3, -4 / 3, -8 / 3])
here.slip("summed", lambda x: 2 * x.mean(), lambda x: (2 * x / 3).sum())
here.slip("reordered", [8 / 3, 4 / 3, 2 / 3], lambda x: 2 * x.flip(0) / 3)
here.slip("shape", lambda x: (2 * x / 3).reshape(3, 1), [[2 / 3, 4 / 3, 8 / 3]], lambda x: 2 * x[:2] / 3)
here.slip("accumulated", lambda x: 4 * x / 3)
here.slip("base_lost", lambda x: torch.full_like(x, 2 / 3))
here.nonsense(lambda x: 2 * x / 3 + 0.5, [1.0, 7.0, 2.5])
here.right(
    lambda x: 2 * x / 3, lambda x: 2 * x / len(x), lambda x: 2 * x / x.numel(), [2 / 3, 4 / 3, 8 / 3], torch.tensor([2, 4, 8]) / 3, np.array([2, 4, 8]) / 3,
    (2 / 3, 4 / 3, 8 / 3), lambda x: [2 * v / 3 for v in x], lambda x: torch.stack([2 * v / 3 for v in x]), {"x": lambda x: x * (2 / 3)}, torch.func.grad(mean_of_squares),
    [sp.Rational(2, 3), sp.Rational(4, 3), sp.Rational(8, 3)], [2 * sp.Symbol(f"x[{i}]") / 3 for i in range(3)], lambda x: np.asarray(x) * 2 / 3,
)  # fmt: skip


def total_of_cubes(x):
    y = (x**3).sum()
    return y


here = about(total_of_cubes, x=[1.0, -2.0, 0.5, 3.0])
here.slip("mean_for_sum", lambda x: 3 * x**2 / 4, lambda x: 3 * x**2 / len(x))
here.slip("constant_lost", lambda x: x**2)
here.slip("exponent_not_lowered", lambda x: 3 * x**3)
here.slip("summed", lambda x: (3 * x**2).sum())
here.slip("reordered", lambda x: 3 * x.flip(0) ** 2, lambda x: 3 * x.roll(1) ** 2)
here.slip("base_lost", lambda x: 3 * torch.ones_like(x))
here.right(
    lambda x: 3 * x**2,
    lambda x: [3 * v * v for v in x],
    lambda x: 3 * x * x,
    [3.0, 12.0, 0.75, 27.0],
    lambda x: torch.autograd.functional.jacobian(total_of_cubes, x),
)


def batch_loss(w, b, x, y):
    y_pred = w * x + b
    loss = ((y_pred - y) ** 2).mean()
    return loss


here = about(batch_loss, wrt=("w", "b"), w=0.8, b=-0.3, x=[0.5, 1.5, 2.2, 3.1, -0.4], y=[1.0, 2.0, 2.5, 4.0, 0.1])
here.slip(
    "mean_forgotten",
    {"w": lambda y_pred, x, y: (2 * (y_pred - y) * x).sum()},
    {"b": lambda y_pred, y: (2 * (y_pred - y)).sum()},
)
here.slip(
    "constant_lost", {"w": lambda y_pred, x, y: ((y_pred - y) * x).mean(), "b": lambda y_pred, y: (y_pred - y).mean()}
)
here.slip("sign_flipped", {"w": lambda y_pred, x, y: (2 * (y - y_pred) * x).mean()})
here.slip("inner_dropped", {"w": lambda y_pred, y: (2 * (y_pred - y)).mean()})
here.slip("not_summed", {"w": lambda y_pred, x, y: 2 * (y_pred - y) * x / 5}, {"b": lambda y_pred, y: 2 * (y_pred - y)})
here.slip("mean_doubled", {"w": lambda y_pred, x, y: (2 * (y_pred - y) * x).mean() / 5})
here.slip("exponent_not_lowered", {"b": lambda y_pred, y: (2 * (y_pred - y) ** 2).mean()})
here.slip("constant_lost+mean_forgotten", {"w": lambda y_pred, x, y: ((y_pred - y) * x).sum()})
here.slip("value", {"w": lambda loss: loss})
here.right(
    {"w": lambda y_pred, x, y: 2 * ((y_pred - y) * x).mean(), "b": lambda y_pred, y: 2 * (y_pred - y).mean()},
    {"w": lambda y_pred, x, y: 2 / 5 * (y_pred - y) @ x, "b": lambda y_pred, y: sum(y_pred - y) / 2.5},
)


def library_mse(a, t):
    loss = F.mse_loss(a, t)
    return loss


here = about(library_mse, wrt="a", a=[0.5, -1.0, 2.0], t=[1.0, 0.3, 1.1])
here.slip("mean_forgotten", lambda a, t: 2 * (a - t))
here.slip("constant_lost", lambda a, t: (a - t) / 3)
here.slip("sign_flipped", lambda a, t: 2 * (t - a) / 3)
here.slip("target_forgotten", lambda a: 2 * a / 3)
here.slip("exponent_not_lowered", lambda a, t: 2 * (a - t) ** 2 / 3)
here.slip("constant_lost+mean_forgotten", lambda a, t: a - t)
here.right(lambda a, t: 2 * (a - t) / 3, lambda a, t: (a - t) / 1.5, lambda a, t: 2 * (a - t) / a.numel())


def dot_product(w, x):
    y = (w * x).sum()
    return y


here = about(dot_product, wrt="w", w=[0.5, -1.0, 2.0], x=[1.5, 0.3, 1.1])
here.slip("other_input", lambda w: w)
here.slip("mean_for_sum", lambda x: x / 3)
here.slip("factor_dropped", lambda x: torch.ones_like(x))
here.slip("reordered", lambda x: x.flip(0))
here.slip("sign_flipped", lambda x: -x)
here.right(lambda x: x, lambda w, x: x.clone(), [1.5, 0.3, 1.1], lambda x: list(x), {"w": lambda x: x})


def neighbours(x, v):
    y = x[:-1] * x[1:]
    total = (v * y).sum()
    return total


here = about(neighbours, wrt="x", x=[1.0, 2.0, 3.5], v=[10.0, 1.0])
here.slip("path_dropped", lambda x, v: torch.stack([v[0] * x[1], v[1] * x[2], torch.zeros_like(x[0])]))
here.slip("factor_dropped", lambda x: torch.stack([x[1], x[0] + x[2], x[1]]))
here.slip("paths_multiplied", lambda x, v: torch.stack([v[0] * x[1], v[0] * x[0] * v[1] * x[2], v[1] * x[1]]))
here.slip("sign_flipped", lambda x, v: -torch.stack([v[0] * x[1], v[0] * x[0] + v[1] * x[2], v[1] * x[1]]))
here.right(
    lambda x, v: torch.stack([v[0] * x[1], v[0] * x[0] + v[1] * x[2], v[1] * x[1]]),
    lambda x, v: [v[0] * x[1], v[0] * x[0] + v[1] * x[2], v[1] * x[1]],
    [20.0, 13.5, 2.0],
)


def length(x):
    s = (x**2).sum()
    r = sqrt(s)
    return r


here = about(length, x=[1.0, 2.0, -2.0])
here.slip("inner_dropped", lambda r, x: torch.ones_like(x) / (2 * r))
here.slip("constant_lost", lambda x, r: 2 * x / r)
here.slip("outer_dropped", lambda x: 2 * x)
here.slip("root_lost", lambda x, s: x / s)
here.slip("exponent_not_lowered", lambda x, r: x * r)
here.slip("sign_flipped", lambda x, r: -x / r)
here.right(
    lambda x, r: x / r,
    lambda x: x / x.norm(),
    lambda x: F.normalize(x, dim=0),
    [1 / 3, 2 / 3, -2 / 3],
    [0.333, 0.667, -0.667],
)


def layer(W, x):
    h = W @ x
    loss = (h**2).sum()
    return loss


here = about(layer, wrt=("W", "x"), W=[[0.5, -1.0, 2.0], [1.5, 0.7, -0.3]], x=[1.0, 2.0, -0.6])
here.slip("constant_lost", {"W": lambda h, x: torch.outer(h, x)}, {"x": lambda W, h: W.T @ h})
here.slip("exponent_not_lowered", {"W": lambda h, x: 2 * torch.outer(h**2, x)})
here.slip(
    "transposed", {"W": lambda h, x: torch.outer(x, 2 * h)}, {"W": lambda h, x: torch.outer(x, 2 * h).reshape(2, 3)}
)
here.slip("sign_flipped", {"x": lambda W, h: -2 * W.T @ h})
here.slip("factor_dropped", {"W": lambda h, x: (2 * h)[:, None].expand(2, 3)})
here.slip("summed", {"W": lambda h, x: (2 * torch.outer(h, x)).sum()})
here.right(
    {"W": lambda h, x: 2 * torch.outer(h, x), "x": lambda W, h: 2 * W.T @ h},
    {"W": lambda h, x: 2 * h[:, None] * x},
    {"x": lambda W, x: 2 * W.T @ W @ x},
    {"x": lambda W, h: 2 * h @ W},
)


def quadratic_form(x, A):
    y = x @ A @ x
    return y


here = about(quadratic_form, wrt="x", x=[1.0, -2.0], A=[[2.0, 0.5], [1.5, 1.0]])
here.slip("path_dropped", lambda A, x: A @ x, lambda A, x: A.T @ x)
here.slip("path_twice", lambda A, x: 2 * A @ x)
here.slip("sign_flipped", lambda A, x: -(A + A.T) @ x)
here.right(lambda A, x: (A + A.T) @ x, lambda A, x: A @ x + x @ A, lambda A, x: 2 * ((A + A.T) / 2) @ x)


def log_sum_exp(x):
    e = exp(x)
    y = log(e.sum())
    return y


here = about(log_sum_exp, x=[0.5, -1.0, 1.7])
here.slip("outer_dropped", lambda e: e)
here.slip("inner_dropped", lambda e: torch.ones_like(e) / e.sum())
here.slip("mean_for_sum", lambda e: e / e.sum() / 3)
here.slip("log_base", lambda e: e / e.sum() / math.log(10))
here.slip("not_differentiated", lambda e, y: e * y)
here.right(
    lambda x: torch.softmax(x, 0), lambda e: e / e.sum(), lambda x, y: exp(x - y), lambda x: F.softmax(x, dim=-1)
)


def class_loss(x):
    loss = -torch.log_softmax(x, 0)[1]
    return loss


here = about(class_loss, x=[0.5, -1.0, 1.7])
here.slip("sign_flipped", lambda x: torch.tensor([0.0, 1.0, 0.0]) - torch.softmax(x, 0))
here.slip("target_forgotten", lambda x: torch.softmax(x, 0))
here.slip("accumulated", lambda x: 2 * (torch.softmax(x, 0) - torch.tensor([0.0, 1.0, 0.0])))
here.right(
    lambda x: torch.softmax(x, 0) - torch.tensor([0.0, 1.0, 0.0]),
    lambda x: torch.softmax(x, 0) - F.one_hot(torch.tensor(1), 3),
)
