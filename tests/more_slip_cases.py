"""More answers written by hand, on functions of physics, statistics and deep learning; see `slip_cases`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import cos, exp, log, relu, sigmoid, sin, sqrt, tan, tanh

from .slip_cases import about


# ---------------------------------------------------------------------- calculus
def arctangent(x):
    y = torch.atan(x**2)
    return y


here = about(arctangent)
here.slip("inner_dropped", lambda x: 1 / (1 + x**4))
here.slip("square_missing", lambda x: 2 * x / (1 + x**2))
here.slip("constant_lost", lambda x: x / (1 + x**4))
here.slip("not_differentiated", lambda x: 2 * x * torch.atan(x**2))
here.slip("sign_flipped", lambda x: -2 * x / (1 + x**4))
here.slip("outer_dropped", lambda x: 2 * x)
here.right(lambda x: 2 * x / (1 + x**4), lambda x: 2 / (1 / x + x**3), lambda y, x: 2 * x * cos(y) ** 2)


def arcsine(x):
    return torch.asin(x / 2)


here = about(arcsine)
here.slip("inner_dropped", lambda x: 1 / sqrt(1 - (x / 2) ** 2))
here.slip("wrong_place", lambda x: 0.5 / sqrt(1 - x**2) if abs(x) < 1 else 0.5 / sqrt(x**2 * 0 - 1))
here.slip("sign_flipped", lambda x: -0.5 / sqrt(1 - (x / 2) ** 2))
here.right(lambda x: 1 / sqrt(4 - x**2), lambda x: 0.5 / sqrt(1 - x**2 / 4), lambda x: (4 - x * x) ** -0.5)


def x_log_x(x):
    y = x * log(x)
    return y


here = about(x_log_x)
here.slip("path_dropped", lambda x: log(x), lambda x: x / x)
here.slip("product_of_derivatives", lambda x: 1 / x)
here.slip("factor_dropped", lambda x: log(x) + 1 / x)
here.slip("sign_flipped", lambda x: log(x) - 1)
here.slip("value", lambda x: x * log(x))
here.slip("log_base", lambda x: log(x) + 1 / math.log(10))
here.right(lambda x: log(x) + 1, lambda x: log(x * math.e), lambda x, y: y / x + 1)


def log_over_x(x):
    return log(x) / x


here = about(log_over_x)
here.slip("quotient_of_derivatives", lambda x: 1 / x)
here.slip("quotient_sign", lambda x: (1 + log(x)) / x**2)
here.slip("quotient_square", lambda x: (1 - log(x)) / x)
here.slip("quotient_denominator", lambda x: 1 - log(x))
here.slip("sign_flipped", lambda x: (log(x) - 1) / x**2)
here.slip("path_dropped", lambda x: 1 / x**2, lambda x: -log(x) / x**2)
here.right(lambda x: (1 - log(x)) / x**2, lambda x: log(math.e / x) / x**2, lambda x: 1 / x**2 - log(x) / x / x)


def exp_of_sine(x):
    y = exp(sin(x))
    return y


here = about(exp_of_sine)
here.slip("inner_dropped", lambda x: exp(sin(x)))
here.slip("outer_dropped", lambda x: cos(x))
here.slip("wrong_place", lambda x: exp(x) * cos(x), lambda x: exp(cos(x)) * cos(x))
here.slip("trig_sign", lambda x: -exp(sin(x)) * cos(x))
here.slip("power_rule_on_exponential", lambda x: sin(x) * exp(sin(x) - 1) * cos(x))
here.slip("swapped", lambda x: cos(exp(x)) * exp(x))
here.slip("degrees", lambda x: exp(sin(x)) * cos(x * math.pi / 180))
here.right(lambda x: exp(sin(x)) * cos(x), lambda x, y: y * cos(x), lambda x: cos(x) / exp(-sin(x)))


def power_times_x(x):
    u = x**2 + 1
    y = u**3 * x
    return y


here = about(power_times_x)
here.slip("path_dropped", lambda u: u**3, lambda u, x: 6 * x**2 * u**2)
here.slip("inner_dropped", lambda u, x: u**3 + 3 * u**2 * x)
here.slip("product_of_derivatives", lambda u, x: 6 * x * u**2)
here.slip("exponent_not_lowered", lambda u, x: u**3 + 6 * x**2 * u**3)
here.slip("constant_lost", lambda u, x: u**3 + 2 * x**2 * u**2, lambda u, x: u**3 + 3 * x**2 * u**2)
here.slip("constant_kept", lambda u, x: u**3 + 3 * u**2 * (2 * x + 1) * x)
here.right(lambda u, x: u**3 + 6 * x**2 * u**2, lambda u, x: u**2 * (7 * x**2 + 1))


def root_times_cosine(x):
    return sqrt(x) * cos(x)


here = about(root_times_cosine)
here.slip("path_dropped", lambda x: cos(x) / (2 * sqrt(x)), lambda x: -sqrt(x) * sin(x))
here.slip("trig_sign", lambda x: cos(x) / (2 * sqrt(x)) + sqrt(x) * sin(x))
here.slip("product_of_derivatives", lambda x: -sin(x) / (2 * sqrt(x)))
here.slip("constant_lost", lambda x: cos(x) / sqrt(x) - sqrt(x) * sin(x))
here.slip("exponent_not_lowered", lambda x: cos(x) * 0.5 * sqrt(x) - sqrt(x) * sin(x))
here.right(lambda x: cos(x) / (2 * sqrt(x)) - sqrt(x) * sin(x), lambda x: (cos(x) - 2 * x * sin(x)) / (2 * sqrt(x)))


def sine_of_reciprocal(x):
    u = 1 / x
    y = sin(u)
    return y


here = about(sine_of_reciprocal)
here.slip("inner_dropped", lambda x: cos(1 / x))
here.slip("sign_flipped", lambda x: cos(1 / x) / x**2)
here.slip("wrong_place", lambda x: -cos(x) / x**2, lambda x: -cos(-1 / x**2) / x**2)
here.slip("outer_dropped", lambda x: -1 / x**2)
here.slip("exponent_not_lowered", lambda x: -cos(1 / x) / x)
here.slip("reciprocal_forgotten", lambda x: cos(1 / x) * log(x.abs()))
here.right(lambda x: -cos(1 / x) / x**2, lambda u: -(u**2) * cos(u))


def saturating(x):
    return x / (x + 1)


here = about(saturating)
here.slip("quotient_of_derivatives", lambda x: 1.0)
here.slip("quotient_sign", lambda x: (2 * x + 1) / (x + 1) ** 2)
here.slip("quotient_square", lambda x: 1 / (x + 1))
here.slip("path_dropped", lambda x: -x / (x + 1) ** 2)
here.slip("sign_flipped", lambda x: -1 / (x + 1) ** 2)
here.right(
    lambda x: 1 / (x + 1) ** 2, lambda x: (1 + x - x) / (1 + 2 * x + x**2), lambda x: 1 / (x + 1) - x / (x + 1) ** 2
)


def logistic_by_hand(x):
    e = exp(-x)
    s = 1 / (1 + e)
    return s


here = about(logistic_by_hand)
here.slip("sign_flipped", lambda s: -s * (1 - s), lambda e: -e / (1 + e) ** 2)
here.slip("quotient_square", lambda e: e / (1 + e))
here.slip("inner_dropped", lambda e: -1 / (1 + e) ** 2)
here.slip("value", lambda s: s)
here.right(
    lambda s: s * (1 - s),
    lambda e: e / (1 + e) ** 2,
    lambda x: sigmoid(x) * sigmoid(-x),
    {"ds_de": lambda e: -1 / (1 + e) ** 2, "de_dx": lambda e: -e},
)


def log_of_sine(x):
    return log(sin(x))


here = about(log_of_sine, x=1.1)
here.slip("inner_dropped", lambda x: 1 / sin(x))
here.slip("outer_dropped", lambda x: cos(x))
here.slip("trig_sign", lambda x: -cos(x) / sin(x))
here.slip("wrong_place", lambda x: cos(x) / x, lambda x: cos(x) / cos(x))
here.slip("reciprocal_forgotten", lambda x: sin(x) * cos(x))
here.right(lambda x: cos(x) / sin(x), lambda x: 1 / tan(x), lambda x: tan(math.pi / 2 - x))


def horner(x):
    return (2 * x - 3) * x + 5


here = about(horner)
here.slip("path_dropped", lambda x: 2 * x - 3, lambda x: 2 * x)
here.slip("product_of_derivatives", lambda x: 2.0)
here.slip("constant_kept", lambda x: 4 * x - 3 + 5)
here.slip("sign_flipped", lambda x: -4 * x + 3)
here.right(lambda x: 4 * x - 3, lambda x: 2 * x + 2 * x - 3)


# ---------------------------------------------------------------------- physics and money
def kinetic(m, v):
    energy = 0.5 * m * v**2
    return energy


here = about(kinetic, m=1.3, v=2.4)
here.slip("constant_lost", {"v": lambda m, v: 0.5 * m * v}, {"m": lambda v: v**2})
here.slip("factor_dropped", {"v": lambda v: v})
here.slip("exponent_not_lowered", {"v": lambda m, v: m * v**2})
here.slip("accumulated", {"v": lambda m, v: 2 * m * v})
here.slip("other_input", {"m": lambda m, v: m * v}, {"v": lambda v: 0.5 * v**2})
here.slip("value", {"m": lambda energy: energy})
here.right({"m": lambda v: v**2 / 2, "v": lambda m, v: m * v}, {"v": lambda energy, v: 2 * energy / v}, (2.88, 3.12))


def pressure(n, T, V):
    p = n * 8.314 * T / V
    return p


here = about(pressure, n=1.5, T=2.9, V=1.7)
here.slip("constant_lost", {"n": lambda T, V: T / V})
here.slip("factor_dropped", {"n": lambda V: 8.314 / V}, {"n": lambda T: 8.314 * T})
here.slip("sign_flipped", {"V": lambda p, V: p / V})
here.slip("quotient_square", {"V": lambda p: -p})
here.slip("other_input", {"T": lambda T, V: 8.314 * T / V}, {"n": lambda p, T: p / T})
here.right(
    {"n": lambda p, n: p / n, "T": lambda p, T: p / T, "V": lambda p, V: -p / V},
    {"V": lambda n, T, V: -n * 8.314 * T / V**2},
)


def interest(r):
    capital = 100 * (1 + r) ** 10
    return capital


here = about(interest, r=0.05)
here.slip("exponent_not_lowered", lambda r: 1000 * (1 + r) ** 10, 1628.894627)
here.slip("constant_lost", lambda r: 100 * (1 + r) ** 9, lambda r: 10 * (1 + r) ** 9)
here.slip("wrong_place", lambda r: 1000 * r**9)
here.slip("value", 162.8894627)
here.right(lambda r: 1000 * (1 + r) ** 9, 1551.328216, 1551.33)


def range_of_point(x, y):
    d = sqrt((x - 1) ** 2 + (y + 2) ** 2)
    return d


here = about(range_of_point, x=3.0, y=0.5)
here.slip("inner_dropped", {"x": lambda d: 1 / (2 * d)})
here.slip("constant_lost", {"x": lambda x, d: 2 * (x - 1) / d})
here.slip("other_input", {"x": lambda y, d: (y + 2) / d})
here.slip("root_lost", {"y": lambda y, d: (y + 2) / d**2})
here.slip("sign_flipped", {"x": lambda x, d: (1 - x) / d})
here.right(
    {"x": lambda x, d: (x - 1) / d, "y": lambda y, d: (y + 2) / d},
    {"x": lambda x, y: (x - 1) / torch.hypot(x - 1, y + 2)},
)


# ---------------------------------------------------------------------- losses and small networks
def squared_hinge(w, x, y):
    margin = 1 - y * w * x
    loss = relu(margin) ** 2
    return loss


here = about(squared_hinge, wrt="w", w=0.3, x=1.2, y=-1.0)
here.slip("inner_dropped", lambda margin: 2 * relu(margin))
here.slip("sign_flipped", lambda margin, x, y: 2 * relu(margin) * y * x)
here.slip("factor_dropped", lambda margin, x: -2 * relu(margin) * x, lambda margin, y: -2 * relu(margin) * y)
here.slip("constant_lost", lambda margin, x, y: -relu(margin) * x * y)
here.slip("one_branch", lambda margin, x, y: -2 * margin * x * y)
here.right(lambda margin, x, y: -2 * relu(margin) * y * x, lambda w, x, y: -2 * y * x * max(0, 1 - y * w * x))


def poisson(w, x, y):
    z = w * x
    rate = exp(z)
    loss = rate - y * z
    return loss


here = about(poisson, wrt="w", w=0.4, x=1.3, y=2.0)
here.slip("inner_dropped", lambda rate, y: rate - y)
here.slip("sign_flipped", lambda rate, y, x: (y - rate) * x)
here.slip("path_dropped", lambda rate, x: rate * x, lambda x, y: -y * x)
here.slip("function_forgotten", lambda z, y, x: (z - y) * x)
here.slip("other_input", lambda rate, y, w: (rate - y) * w)
here.right(lambda rate, y, x: (rate - y) * x, lambda w, x, y: x * exp(w * x) - x * y)


def two_layers(w1, w2, x):
    h = tanh(w1 * x)
    out = w2 * h
    return out


here = about(two_layers, wrt=("w1", "w2"), w1=0.6, w2=-1.2, x=0.9)
here.slip("inner_dropped", {"w1": lambda w2, h: w2 * (1 - h**2)})
here.slip("factor_dropped", {"w1": lambda h, x: (1 - h**2) * x})
here.slip("square_missing", {"w1": lambda w2, h, x: w2 * (1 - h) * x})
here.slip("not_differentiated", {"w1": lambda w2, h, x: w2 * h * x})
here.slip("outer_dropped", {"w1": lambda w2, x: w2 * x})
here.slip("other_input", {"w2": lambda w2: w2}, {"w1": lambda h: h})
here.slip("value", {"w2": lambda out: out})
here.right(
    {"w1": lambda w2, h, x: w2 * (1 - h**2) * x, "w2": lambda h: h},
    {"dout_dh": lambda w2: w2, "dh_dw1": lambda h, x: (1 - h * h) * x, "dout_dw2": lambda h: h},
)


def residual_block(x):
    h = 2 * x
    out = h + tanh(h)
    return out


here = about(residual_block)
here.slip("path_dropped", lambda h: 2 * (1 - tanh(h) ** 2), lambda x: 2.0)
here.slip("inner_dropped", lambda h: 1 + 1 - tanh(h) ** 2)
here.slip("square_missing", lambda h: 2 * (1 + 1 - tanh(h)))
here.slip("paths_multiplied", lambda h: (1 - tanh(h) ** 2) * 2 * 1)
here.right(lambda h: 2 * (2 - tanh(h) ** 2), lambda h: 2 + 2 / torch.cosh(h) ** 2)


def absolute_error(a, t):
    loss = (a - t).abs().mean()
    return loss


here = about(absolute_error, wrt="a", a=[0.5, -1.0, 2.0], t=[1.0, -1.3, 1.1])
here.slip("mean_forgotten", lambda a, t: torch.sign(a - t), [-1.0, 1.0, 1.0])
here.slip("sign_flipped", lambda a, t: torch.sign(t - a) / 3)
here.slip("one_branch", lambda a: torch.ones_like(a) / 3)
here.slip("summed", lambda a, t: torch.sign(a - t).sum() / 3)
here.right(lambda a, t: torch.sign(a - t) / 3, [-1 / 3, 1 / 3, 1 / 3], [-0.333, 0.333, 0.333])


def variance(x):
    m = x.mean()
    v = ((x - m) ** 2).mean()
    return v


here = about(variance, x=[1.0, 2.5, 4.0, -1.0])
here.slip("mean_forgotten", lambda x, m: 2 * (x - m))
here.slip("constant_lost", lambda x, m: (x - m) / 4)
here.slip("exponent_not_lowered+inner_dropped", lambda x, m: 2 * (x - m) ** 2 / 4)
here.slip("sign_flipped", lambda x, m: 2 * (m - x) / 4)
here.right(lambda x, m: (x - m) / 2, lambda x: 2 * (x - x.mean()) / len(x))


def bernoulli(w, X, y):
    z = X @ w
    p = sigmoid(z)
    loss = -(y * log(p) + (1 - y) * log(1 - p)).mean()
    return loss


here = about(bernoulli, wrt="w", w=[0.5, -0.3], X=[[1.0, 2.0], [0.5, -1.0], [-1.5, 0.7]], y=[1.0, 0.0, 1.0])
here.slip("mean_forgotten", lambda X, p, y: X.T @ (p - y))
here.slip("sign_flipped", lambda X, p, y: X.T @ (y - p) / 3)
here.slip("denominator_lost", lambda X, p, y: X.T @ ((p - y) * p * (1 - p)) / 3)
here.slip("inner_dropped", lambda X, p, y: X.T @ ((p - y) / (p * (1 - p))) / 3)
here.slip("reordered", lambda X, p, y: (X.T @ (p - y) / 3).flip(0))
here.right(
    lambda X, p, y: X.T @ (p - y) / 3,
    lambda X, p, y: ((p - y)[:, None] * X).mean(0),
    lambda X, p, y: (p - y) @ X / len(y),
)


def relu_layer(W, x, v):
    h = relu(W @ x)
    out = v @ h
    return out


here = about(relu_layer, wrt=("W", "v"), W=[[0.5, -1.0], [1.5, 0.7], [-0.4, 0.9]], x=[1.0, -0.6], v=[0.3, -1.1, 0.8])
here.slip("one_branch", {"W": lambda v, x: torch.outer(v, x)})
here.slip("factor_dropped", {"W": lambda W, x: torch.outer((W @ x > 0).double(), x)})
here.slip("transposed", {"W": lambda W, v, x: torch.outer(x, v * (W @ x > 0))})
here.slip("other_input", {"v": lambda v: v})
here.right(
    {"W": lambda W, v, x: torch.outer(v * (W @ x > 0), x), "v": lambda h: h},
    {"W": lambda v, h, x: (v * (h > 0))[:, None] * x},
)


def product_of_all(x):
    y = x.prod()
    return y


here = about(product_of_all, x=[1.5, -2.0, 0.7])
here.slip("value", lambda x, y: y * torch.ones_like(x))
here.slip("sign_flipped", lambda x, y: -y / x)
here.slip("summed", lambda x, y: (y / x).sum())
here.right(lambda x, y: y / x, [-1.4, 1.05, -3.0], lambda x: torch.stack([x[1] * x[2], x[0] * x[2], x[0] * x[1]]))


def matrix_fit(P, T):
    loss = F.mse_loss(P, T, reduction="sum")
    return loss


here = about(matrix_fit, wrt="P", P=[[0.5, 1.0], [2.0, -1.0]], T=[[1.0, 0.2], [0.3, 0.6]])
here.slip("constant_lost", lambda P, T: P - T)
here.slip("mean_for_sum", lambda P, T: 2 * (P - T) / 4)
here.slip("transposed", lambda P, T: 2 * (P - T).T)
here.slip("sign_flipped", lambda P, T: 2 * (T - P))
here.right(lambda P, T: 2 * (P - T), lambda P, T: 2 * P - 2 * T)


# ---------------------------------------------------------------------- mixed
def damped(t):
    decay = exp(-t / 2)
    wave = cos(3 * t)
    s = decay * wave
    return s


here = about(damped)
here.slip("path_dropped", lambda decay, t: -3 * decay * sin(3 * t), lambda decay, wave: -0.5 * decay * wave)
here.slip("trig_sign", lambda decay, wave, t: -0.5 * decay * wave + 3 * decay * sin(3 * t))
here.slip("product_of_derivatives", lambda decay, t: 1.5 * decay * sin(3 * t))
here.slip("sign_flipped", lambda decay, wave, t: 0.5 * decay * wave - 3 * decay * sin(3 * t))
here.slip(
    "inner_dropped",
    lambda decay, wave, t: -0.5 * decay * wave - decay * sin(3 * t),
    lambda decay, wave, t: decay * wave - 3 * decay * sin(3 * t),
)
here.right(lambda decay, wave, t: -decay * (wave / 2 + 3 * sin(3 * t)), "-decay*(wave/2 + 3 sin(3t))")


def lens(g, f):
    b = 1 / (1 / f - 1 / g)
    return b


here = about(lens, g=5.0, f=2.0)
here.slip("sign_flipped", {"g": lambda b, g: b**2 / g**2})
here.slip("inner_dropped", {"f": lambda b: -(b**2)})
here.right({"g": lambda b, g: -(b**2) / g**2, "f": lambda b, f: b**2 / f**2}, {"f": lambda g, f: (g / (g - f)) ** 2})


def normal_density(x):
    z = -(x**2) / 2
    p = exp(z) / math.sqrt(2 * math.pi)
    return p


here = about(normal_density)
here.slip("inner_dropped", lambda p: p)
here.slip("sign_flipped", lambda x, p: x * p)
here.slip("constant_lost", lambda x, p: -2 * x * p, lambda x, z: -x * exp(z), lambda x, p: -x * p / 2)
here.slip("outer_dropped", lambda x: -x)
here.slip("power_rule_on_exponential", lambda x, z: z * exp(z - 1) * -x / math.sqrt(2 * math.pi))
here.right(lambda x, p: -x * p, lambda x: -x * exp(-(x**2) / 2) / math.sqrt(2 * math.pi), "-x p")


def odds(p):
    logit = log(p / (1 - p))
    return logit


here = about(odds, p=0.3)
here.slip("outer_dropped", lambda p: 1 / (1 - p) ** 2)
here.slip("inner_dropped", lambda p: (1 - p) / p)
here.slip("quotient_sign", lambda p: (1 - p) / p * (1 - 2 * p) / (1 - p) ** 2)
here.slip("log_base", lambda p: 1 / (p * (1 - p) * math.log(10)))
here.slip("path_dropped", lambda p: 1 / p, lambda p: 1 / (1 - p))
here.right(lambda p: 1 / (p * (1 - p)), lambda p: 1 / p + 1 / (1 - p), 4.761904762, "1/(p - p^2)")


def focal(p):
    loss = -((1 - p) ** 2) * log(p)
    return loss


here = about(focal, p=0.6)
here.slip("path_dropped", lambda p: -((1 - p) ** 2) / p, lambda p: 2 * (1 - p) * log(p))
here.slip("sign_flipped", lambda p: -2 * (1 - p) * log(p) - (1 - p) ** 2 / p)
here.slip("product_of_derivatives", lambda p: 2 * (1 - p) / p)
here.slip("constant_lost", lambda p: (1 - p) * log(p) - (1 - p) ** 2 / p)
here.slip("exponent_not_lowered", lambda p: 2 * (1 - p) ** 2 * log(p) - (1 - p) ** 2 / p)
here.right(lambda p: 2 * (1 - p) * log(p) - (1 - p) ** 2 / p)


def recurrent(w, x):
    h1 = tanh(w * x)
    h2 = tanh(w * h1)
    return h2


here = about(recurrent, wrt="w", w=0.8, x=1.1)
here.slip("path_dropped", lambda h1, h2: (1 - h2**2) * h1, lambda w, x, h1, h2: (1 - h2**2) * w * (1 - h1**2) * x)
here.slip("paths_multiplied", lambda w, x, h1, h2: (1 - h2**2) * h1 * (1 - h2**2) * w * (1 - h1**2) * x)
here.slip("square_missing", lambda w, x, h1, h2: (1 - h2) * (h1 + w * (1 - h1**2) * x))
here.slip("factor_dropped", lambda x, h1, h2: (1 - h2**2) * (h1 + (1 - h1**2) * x))
here.right(lambda w, x, h1, h2: (1 - h2**2) * (h1 + w * (1 - h1**2) * x))


def skip_loss(w, x, y):
    out = x + w * x
    loss = 0.5 * (out - y) ** 2
    return loss


here = about(skip_loss, wrt="w", w=0.8, x=1.7, y=-0.4)
here.slip("constant_lost", lambda out, x, y: 2 * (out - y) * x)
here.slip("inner_dropped", lambda out, y: out - y)
here.slip("sign_flipped", lambda out, x, y: (y - out) * x)
here.slip("target_forgotten", lambda out, x: out * x)
here.slip("constant_lost", lambda out, x, y: 0.5 * (out - y) * x)
here.right(lambda out, x, y: (out - y) * x, lambda w, x, y: x * (x + w * x - y))


def ridge(w, X, y):
    r = X @ w - y
    loss = (r**2).sum() + 0.3 * (w**2).sum()
    return loss


here = about(ridge, wrt="w", w=[0.5, -0.3], X=[[1.0, 2.0], [0.5, -1.0], [-1.5, 0.7]], y=[1.0, 0.4, -1.0])
here.slip("path_dropped", lambda X, r: 2 * X.T @ r, lambda w: 0.6 * w)
here.slip(
    "constant_lost",
    lambda X, r, w: X.T @ r + 0.6 * w,
    lambda X, r, w: 2 * X.T @ r + 0.3 * w,
    lambda X, r, w: 2 * X.T @ r + 2 * w,
)
here.slip("mean_for_sum", lambda X, r, w: 2 * X.T @ r / 3 + 0.6 * w)
here.slip("sign_flipped", lambda X, r, w: 2 * X.T @ r - 0.6 * w)
here.right(lambda X, r, w: 2 * X.T @ r + 0.6 * w, lambda X, r, w: 2 * (r @ X) + 0.6 * w)


def geometric_mean(x):
    m = exp(log(x).mean())
    return m


here = about(geometric_mean, x=[1.5, 2.0, 0.7])
here.slip("mean_forgotten", lambda m, x: m / x)
here.slip("inner_dropped", lambda m, x: m * torch.ones_like(x) / 3)
here.slip("outer_dropped", lambda x: 1 / (3 * x))
here.slip("sign_flipped", lambda m, x: -m / (3 * x))
here.right(lambda m, x: m / (3 * x), lambda m, x: m / (len(x) * x))


def cosine(a, b):
    c = (a @ b) / (a.norm() * b.norm())
    return c


here = about(cosine, wrt="a", a=[1.0, 2.0, -0.5], b=[0.3, 1.0, 2.0])
here.slip("path_dropped", lambda a, b: b / (a.norm() * b.norm()))
here.slip("sign_flipped", lambda a, b, c: c * a / a.norm() ** 2 - b / (a.norm() * b.norm()))
here.right(lambda a, b, c: b / (a.norm() * b.norm()) - c * a / a.norm() ** 2)


def attention(q, k, v):
    a = torch.softmax(k @ q, 0)
    out = a @ v
    return out


here = about(attention, wrt="v", q=[1.0, -0.5], k=[[0.3, 1.0], [1.2, 0.1], [-0.4, 0.8]], v=[0.5, -1.0, 2.0])
here.slip("other_input", lambda v: v)
here.slip("reordered", lambda a: a.flip(0))
here.slip("factor_dropped", lambda a: torch.ones_like(a))
here.right(lambda a: a, lambda q, k: torch.softmax(k @ q, 0))


def smooth_l1(a, t):
    return F.smooth_l1_loss(a, t)


here = about(smooth_l1, wrt="a", a=[0.5, -1.0, 3.0], t=[1.0, 0.3, 1.1])
here.slip("mean_forgotten", lambda a, t: (a - t).clamp(-1, 1))
here.slip("sign_flipped", lambda a, t: (t - a).clamp(-1, 1) / 3)
here.right(lambda a, t: (a - t).clamp(-1, 1) / 3)


def stretched(x):
    return sqrt(x) * sigmoid(2 * x)


here = about(stretched, x=1.3)
here.slip("path_dropped", sigmoid(torch.tensor(2.6)).item() / (2 * math.sqrt(1.3)))
here.slip("inner_dropped", lambda x: sigmoid(2 * x) / (2 * sqrt(x)) + sqrt(x) * sigmoid(2 * x) * (1 - sigmoid(2 * x)))
here.slip("not_differentiated", lambda x: sigmoid(2 * x) / (2 * sqrt(x)) + 2 * sqrt(x) * sigmoid(2 * x))
here.slip("constant_lost", lambda x: sigmoid(2 * x) / sqrt(x) + 2 * sqrt(x) * sigmoid(2 * x) * (1 - sigmoid(2 * x)))
here.right(lambda x: sigmoid(2 * x) / (2 * sqrt(x)) + 2 * sqrt(x) * sigmoid(2 * x) * sigmoid(-2 * x))


# ---------------------------------------------------------------------- other points, cuts, shapes
def cubic(x):
    y = x**3 - 2 * x
    return y


here = about(cubic, x=1.5)
here.slip("another_point", 3 * 2.5**2 - 2, 3 * 0.5**2 - 2)
here.slip("another_point", lambda x: 3 * (2 * x) ** 2 - 2, lambda x: 3 * (x + 1) ** 2 - 2)
here.slip("given_point_only", lambda x: 4.75 + 0 * x, lambda x: 4.75 * x / 1.5)
here.slip("value", lambda x: x**3 - 2 * x, 0.375)
here.slip("not_finite", lambda x: x / 0.0, lambda x: math.sqrt(-1 - x**2), float("nan"))
here.slip("blank", lambda x: None, None, ..., "", {"x": None}, {})
here.right(4.75, lambda x: 3 * x**2 - 2, "3x^2 - 2", 4.750000001)


def partly_detached(x):
    a = (x**2).detach()
    y = a * x
    return y


here = about(partly_detached)
here.slip("graph_cut", lambda x: 3 * x**2)
here.right(lambda x: x**2, lambda a: a)


def column_against_row(w, x, y):
    prediction = w * x
    loss = ((prediction - y) ** 2).mean()
    return loss


here = about(column_against_row, wrt="w", w=0.5, x=[[1.0], [2.0], [4.0]], y=[1.5, 0.3, 2.2])
here.slip("shapes_paired", lambda w, x, y: (2 * (w * x.flatten() - y) * x.flatten()).mean())
here.right(lambda prediction, x, y: (2 * (prediction - y) * x).mean())


def log_sigmoid_loss(w, x):
    z = w * x
    loss = -F.logsigmoid(z)
    return loss


here = about(log_sigmoid_loss, wrt="w", w=0.5, x=1.8)
here.slip("sigmoid_rule", lambda z, x: -sigmoid(z) * x)
here.slip("inner_dropped", lambda z: sigmoid(z) - 1)
here.right(lambda z, x: (sigmoid(z) - 1) * x, lambda w, x: -x / (1 + exp(w * x)))


def shifted_log(x):
    return torch.log1p(x)


here = about(shifted_log)
here.slip("log1p_as_log", lambda x: 1 / x)
here.slip("log_base", lambda x: 1 / ((1 + x) * math.log(10)))
here.right(lambda x: 1 / (1 + x), lambda x: exp(-torch.log1p(x)))


def library_product(w, b, x):
    loss = F.binary_cross_entropy_with_logits(x @ w + b, torch.tensor([1.0, 0.0], dtype=w.dtype))
    return loss


here = about(library_product, wrt=("w", "b"), w=[0.5, -0.2], b=0.1, x=[[1.0, 2.0], [-0.5, 1.4]])
here.slip("not_summed", {"b": lambda w, b, x: sigmoid(x @ w + b) - torch.tensor([1.0, 0.0])})
here.slip("mean_forgotten", {"b": lambda w, b, x: (sigmoid(x @ w + b) - torch.tensor([1.0, 0.0])).sum()})
here.right({"b": lambda w, b, x: (sigmoid(x @ w + b) - torch.tensor([1.0, 0.0])).mean()})


def library_classes(x):
    loss = F.cross_entropy(x, torch.tensor([1, 0]))
    return loss


here = about(library_classes, x=[[0.5, -1.0, 1.7], [0.2, 0.9, -0.4]])
here.slip("target_forgotten", lambda x: torch.softmax(x, 1) / 2)
here.slip("mean_forgotten", lambda x: torch.softmax(x, 1) - F.one_hot(torch.tensor([1, 0]), 3))
here.right(lambda x: (torch.softmax(x, 1) - F.one_hot(torch.tensor([1, 0]), 3)) / 2)
