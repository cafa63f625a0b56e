"""Random programs as a learner would write them: source text, a point, and the same text run by torch or by mpmath.

A program is drawn statement by statement. Each is evaluated by torch as it is drawn, and one that leaves its domain, comes
close to a kink or grows huge is replaced, so that nearly every program has a gradient that means something.
"""

from __future__ import annotations

import linecache
import operator
from dataclasses import dataclass
from types import SimpleNamespace

import mpmath
import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

DIGITS = 50
FAR = 1e-3  # from a kink
HUGE = 1e4
MADE = {"count": 0}


@dataclass(frozen=True)
class Program:
    """`source` defines `program(**point)`; the point holds a float or a list of floats for each input."""

    source: str
    point: dict[str, float | list[float]]

    def function(self):
        """The program as torch runs it, with its source where `inspect` finds it."""
        MADE["count"] += 1
        file = f"<random program {MADE['count']}>"
        linecache.cache[file] = (len(self.source), None, self.source.splitlines(True), file)
        return _defined(self.source, file, torch, F)

    def inputs(self, requires_grad: bool = False) -> dict[str, torch.Tensor]:
        return {
            name: torch.tensor(value, dtype=torch.float64, requires_grad=requires_grad)
            for name, value in self.point.items()
        }

    def gradient(self, name: str) -> list[mpmath.mpf]:
        """50-digit values from mpmath's own differentiation of the same text; nothing of torch, SymPy or ours has a part in it."""
        function = _defined(self.source, "<the same in mpmath>", _TORCH, _FUNCTIONAL)
        given = {key: np.vectorize(mpmath.mpf, otypes=[object])(value) for key, value in self.point.items()}

        def along(element: int):
            def moved(t):
                there = given[name].copy()
                there.reshape(-1)[element] = t
                return function(**{key: Number(v) for key, v in (given | {name: there}).items()}).value.item()

            return mpmath.diff(moved, given[name].reshape(-1)[element])

        with mpmath.workdps(DIGITS):
            return [along(element) for element in range(given[name].size)]


# ---------------------------------------------------------------------- drawing one
UNARY = {  # text, and where it may be used
    "-{a}": None,
    "abs({a})": lambda a: a.abs() > FAR,
    "torch.abs({a})": lambda a: a.abs() > FAR,
    "torch.square({a})": None,
    "{a}**2": None,
    "{a}**3": None,
    "{a}**0.5": lambda a: a > FAR,
    "2**{a}": lambda a: a < 6,
    "torch.sqrt({a})": lambda a: a > FAR,
    "torch.rsqrt({a})": lambda a: a > FAR,
    "torch.reciprocal({a})": lambda a: a.abs() > FAR,
    "1 / {a}": lambda a: a.abs() > FAR,
    "torch.exp({a})": lambda a: a < 6,
    "{a}.exp()": lambda a: a < 6,
    "torch.log({a})": lambda a: a > FAR,
    "torch.log1p({a})": lambda a: a > FAR - 1,
    "torch.expm1({a})": lambda a: a < 6,
    "torch.sin({a})": None,
    "{a}.cos()": None,
    "torch.tan({a})": lambda a: a.cos().abs() > 0.05,
    "torch.sinh({a})": lambda a: a.abs() < 6,
    "torch.cosh({a})": lambda a: a.abs() < 6,
    "torch.tanh({a})": None,
    "torch.sigmoid({a})": None,
    "1 / (1 + torch.exp(-{a}))": lambda a: a.abs() < 6,
    "F.logsigmoid({a})": None,
    "F.softplus({a})": None,
    "torch.relu({a})": lambda a: a.abs() > FAR,
    "F.relu({a})": lambda a: a.abs() > FAR,
    "torch.clamp({a}, -1, 1)": lambda a: ((a + 1).abs() > FAR) & ((a - 1).abs() > FAR),
    "{a}.clip(min=0.25)": lambda a: (a - 0.25).abs() > FAR,
    "torch.erf({a})": None,
    "torch.asinh({a})": None,
    "torch.atan({a})": None,
    "F.silu({a})": None,
    "F.gelu({a})": lambda a: a.abs() < 6,
    "F.softsign({a})": None,
    "F.elu({a})": lambda a: a.abs() > FAR,
    "torch.lgamma({a})": lambda a: a > 0.1,
    "3 * {a} + 0.5": None,
    "2 - {a}": None,
}
BINARY = {
    "{a} + {b}": None,
    "{a} - {b}": None,
    "{a} * {b}": None,
    "{a} / {b}": lambda a, b: b.abs() > FAR,
    "torch.mul({a}, {b}) - {a}": None,
    "torch.maximum({a}, {b})": lambda a, b: (a - b).abs() > FAR,
    "torch.minimum({a}, {b})": lambda a, b: (a - b).abs() > FAR,
    "torch.hypot({a}, {b})": lambda a, b: (a.abs() > FAR) & (b.abs() > FAR),
    "torch.atan2({a}, {b})": lambda a, b: (a.abs() > FAR) & (b.abs() > FAR),
    "torch.logaddexp({a}, {b})": None,
    "torch.where({a} > {b}, {a} * {b}, {b})": lambda a, b: (a - b).abs() > FAR,
    "torch.exp({a}) ** {b}": lambda a, b: (a * b) < 6,
    "F.mse_loss({a}, {b})": None,
    "F.mse_loss({a}, {b}, reduction='sum')": None,
    "F.binary_cross_entropy(torch.sigmoid({a}), torch.sigmoid({b}))": lambda a, b: a.abs() < 12,
    "F.binary_cross_entropy_with_logits({a}, torch.sigmoid({b}))": None,
    "F.binary_cross_entropy_with_logits({a}, torch.sigmoid({b}), reduction='none')": None,
}
SAME_SHAPE = ("F.mse_loss", "F.binary_cross_entropy")
FOLD = {
    "torch.sum({a})": None,
    "{a}.mean()": None,
    "torch.dot({a}, {a})": None,
    "{a} @ {a}": None,
    "torch.sum({a} * torch.sin({a}))": None,
}
FOLD |= {
    "{a}.norm()": lambda a: a.norm() > FAR,
    "torch.std({a})": lambda a: a.std() > FAR,
    "torch.var({a}, unbiased=False)": None,
    "{a}.prod()": None,
    "torch.logsumexp({a}, 0)": None,
    "torch.max({a})": lambda a: a.sort().values.diff().min() > FAR,
    "{a}[-1]": None,
}
WITHIN_ROW = {
    "torch.softmax({a}, dim=0)": None,
    "{a}.log_softmax(0)": None,
    "torch.cumsum({a}, 0)": None,
    "{a}.flip(0)": None,
    "torch.roll({a}, 1)": None,
}
FOLD_TWO = {"torch.dot({a}, {b})": None, "torch.matmul({a}, {b})": None, "({a} * {b}).sum()": None}
HELPERS = (
    "def helper(a, b):\n    c = a * b\n    return torch.sin(c) + a\n",
    "def helper(a, b):\n    a = torch.sigmoid(a - b)\n    b = inner(a) * b\n    return b\n\n\ndef inner(a):\n    return a * torch.tanh(a)\n",
    "def helper(a, b):\n    total = 0.0\n    for factor in [a, b, a]:\n        total = total + factor * a\n    return total\n",
)
NUMBERS = st.floats(-3, 3, allow_nan=False).map(lambda v: round(v, 3)).filter(lambda v: abs(v) > 0.01)


@st.composite
def programs(draw) -> Program:
    """A function of one to three inputs, numbers or vectors of one length, with fan-out, reused names and a nested helper."""
    length = draw(st.integers(2, 3))
    vector = st.lists(NUMBERS, min_size=length, max_size=length)
    names = ["x", "w", "b"][: draw(st.integers(1, 3))]
    point = {name: draw(st.one_of(NUMBERS, NUMBERS, vector)) for name in names}
    helper = draw(st.sampled_from(HELPERS))
    known = {"torch": torch, "F": F}
    exec(helper, known)
    values = {name: torch.tensor(value, dtype=torch.float64) for name, value in point.items()}
    lines = []
    for number in range(draw(st.integers(2, 6))):
        expression, value = _drawn(draw, values, known)
        target = draw(st.sampled_from([f"t{number}", f"t{number}", *values]))
        lines.append(f"{target} = {expression}")
        values[target] = value
    last = lines[-1].split(" = ")[0]
    others = [name for name in values if name != last and values[name].shape == values[last].shape]
    if others and draw(st.booleans()):
        lines.append(f"{last} = {last} * {draw(st.sampled_from(others))}")
        values[last] = eval(lines[-1].split(" = ")[1], known, values)
    if values[last].ndim:
        form = draw(st.sampled_from([form for form, allowed in FOLD.items() if allowed is None]))
        lines.append(f"{last} = {form.format(a=last)}")
    body = "\n".join(f"    {line}" for line in [*lines, f"return {last}"])
    return Program(f"{helper}\n\ndef program({', '.join(names)}):\n{body}\n", point)


def _drawn(draw, values: dict, known: dict) -> tuple[str, torch.Tensor]:
    for _ in range(3):
        a, b = draw(st.sampled_from(list(values))), draw(st.sampled_from(list(values)))
        tables: list[dict] = [UNARY, UNARY, BINARY, BINARY, {"helper({a}, {b})": None}]
        if values[a].ndim:
            tables += [FOLD, WITHIN_ROW, FOLD_TWO] if values[b].ndim else [FOLD, WITHIN_ROW]
        table = draw(st.sampled_from(tables))
        form = draw(st.sampled_from(list(table)))
        if form.startswith(SAME_SHAPE) and values[a].shape != values[b].shape:
            continue
        allowed = table[form]
        if allowed and not bool(
            torch.as_tensor(allowed(values[a], values[b]) if "{b}" in form else allowed(values[a])).all()
        ):
            continue
        expression = form.format(a=a, b=b)
        value = eval(expression, known, values)
        if bool(value.isfinite().all()) and bool(value.abs().max() < HUGE):
            return expression, value
    name = draw(st.sampled_from(list(values)))
    return f"torch.tanh({name})", torch.tanh(values[name])


# ---------------------------------------------------------------------- the same text in mpmath
def _defined(source: str, file: str, torch_, functional):
    namespace = {"torch": torch_, "F": functional}
    exec(compile(source, file, "exec"), namespace)
    return namespace["program"]


class Number:
    """A number or a vector in mpmath, with the operators and methods that the programs use on a tensor."""

    def __init__(self, value):
        self.value = np.asarray(value, dtype=object)

    def __getattr__(self, name):
        return lambda *args, **kwargs: getattr(_TORCH, name)(self, *args, **kwargs)

    def __neg__(self):
        return Number(-self.value)

    def __getitem__(self, index):
        return Number(self.value[index])

    def __abs__(self):
        return _TORCH.abs(self)


def _operator(name: str):
    def operate(self, other):
        return Number(getattr(operator, name)(self.value, _array(other)))

    def reflected(self, other):
        return Number(getattr(operator, name)(_array(other), self.value))

    return operate, reflected


def _array(value) -> np.ndarray:
    return value.value if isinstance(value, Number) else np.asarray(mpmath.mpf(value), dtype=object)


for name in ("add", "sub", "mul", "truediv", "pow", "gt", "matmul"):
    operate, reflected = _operator(name)
    setattr(Number, f"__{name}__", operate)
    setattr(Number, f"__r{name}__", reflected)


def _each(function):
    many = np.frompyfunc(function, 1, 1)
    return lambda a, *_: Number(many(a.value))


def _pairs(function):
    many = np.frompyfunc(function, 2, 1)
    return lambda a, b, **_: Number(many(a.value, b.value))


def _fold(function):
    return lambda *args: Number(function(*(a.value for a in args)))


def _reduced(loss):
    def reduced(a, b, reduction="mean"):
        losses = np.frompyfunc(loss, 2, 1)(a.value, b.value)
        total = np.sum(losses)
        return Number({"none": losses, "sum": total, "mean": total / np.size(losses)}[reduction])

    return reduced


def _sigmoid(a):
    return 1 / (1 + mpmath.exp(-a))


def _clip(a, min=-mpmath.inf, max=mpmath.inf):
    low, high = mpmath.mpf(min), mpmath.mpf(max)
    return Number(np.frompyfunc(lambda v: low if v < low else high if v > high else v, 1, 1)(a.value))


def _squares(a):
    return np.sum((a - np.sum(a) / a.size) ** 2)


def _shares(a):
    """e^a of each element, and their sum."""
    powers = np.frompyfunc(mpmath.exp, 1, 1)(a)
    return powers, np.sum(powers)


_TORCH = SimpleNamespace(
    **{
        name: _each(getattr(mpmath, name))
        for name in [
            "asinh",
            "atan",
            "erf",
            "exp",
            "log",
            "expm1",
            "log1p",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "sqrt",
        ]
    },
    abs=_each(abs),
    square=_each(lambda a: a * a),
    rsqrt=_each(lambda a: a ** mpmath.mpf("-0.5")),
    reciprocal=_each(lambda a: 1 / a),
    sigmoid=_each(_sigmoid),
    relu=_each(lambda a: a if a > 0 else mpmath.mpf(0)),
    clamp=_clip,
    clip=_clip,
    maximum=_pairs(max),
    minimum=_pairs(min),
    where=lambda c, a, b: Number(np.where(c.value.astype(bool), a.value, b.value)),
    lgamma=_each(mpmath.loggamma),
    hypot=_pairs(mpmath.hypot),
    atan2=_pairs(mpmath.atan2),
    logaddexp=_pairs(lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b))),
    mul=lambda a, b: a * b,
    sum=_fold(np.sum),
    mean=_fold(lambda a: np.sum(a) / a.size),
    dot=_fold(np.dot),
    matmul=_fold(np.dot),
)
_TORCH.norm = _fold(lambda a: mpmath.sqrt(np.sum(a * a)))
_TORCH.prod = _fold(np.prod)
_TORCH.max = _fold(max)
_TORCH.var = lambda a, unbiased=True: Number(_squares(a.value) / (a.value.size - unbiased))
_TORCH.std = _fold(lambda a: mpmath.sqrt(_squares(a) / (a.size - 1)))
_TORCH.logsumexp = lambda a, dim: Number(mpmath.log(_shares(a.value)[1]))
_TORCH.softmax = lambda a, dim: Number(np.divide(*_shares(a.value)))
_TORCH.log_softmax = lambda a, dim: a - Number(mpmath.log(_shares(a.value)[1]))
_TORCH.cumsum = lambda a, dim: Number(np.cumsum(a.value))
_TORCH.flip = lambda a, dim: Number(a.value[::-1])
_TORCH.roll = lambda a, places: Number(np.roll(a.value, places))
_FUNCTIONAL = SimpleNamespace(
    relu=_TORCH.relu,
    logsigmoid=_each(lambda a: mpmath.log(_sigmoid(a))),
    silu=_each(lambda a: a * _sigmoid(a)),
    gelu=_each(lambda a: a * mpmath.ncdf(a)),
    softsign=_each(lambda a: a / (1 + abs(a))),
    elu=_each(lambda a: a if a > 0 else mpmath.expm1(a)),
    softplus=_each(lambda a: mpmath.log1p(mpmath.exp(a)) if a <= 20 else a),
    mse_loss=_reduced(lambda a, b: (a - b) ** 2),
    binary_cross_entropy=_reduced(lambda p, y: -(y * mpmath.log(p) + (1 - y) * mpmath.log(1 - p))),
    binary_cross_entropy_with_logits=_reduced(
        lambda z, y: -(y * mpmath.log(_sigmoid(z)) + (1 - y) * mpmath.log(_sigmoid(-z)))
    ),
)
