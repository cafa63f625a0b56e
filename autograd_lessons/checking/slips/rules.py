"""Wrong derivatives of single operations: the table of what people take for the slope of a power, an exponential, a sine.

Each entry gets the operands and the result at every point and gives the slope that the slip would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

from ..flow import Edge, Edit
from .sight import Sight
from .slip import TOGETHER, Slip

_DEGREE = math.pi / 180
_LN10, _LN2 = math.log(10), math.log(2)


class Wrong(NamedTuple):
    """`slope(operand, other, result)`: what is taken for the derivative; `says` has {f} and {op} for the function, {u} for its operand."""

    identifier: str
    slope: Callable
    says: str
    rank: float = 10
    kind: str = ""


def _degrees(true: Callable) -> list[Wrong]:
    says = "{op} is taken in degrees; in calculus, and in torch, angles are in radians."
    return [
        Wrong("degrees", lambda u, n, y: true(u * _DEGREE), says, 30),
        Wrong("degrees", lambda u, n, y: true(u) * _DEGREE, says, 30),
        Wrong("degrees", lambda u, n, y: true(u * _DEGREE) * _DEGREE, says, 30),
        Wrong("degrees", lambda u, n, y: true(u / _DEGREE), says, 31),
    ]


_POWER_ASEXPONENT = "The power rule is for x^n. Here the variable stands in the exponent: {f} keeps its power, whole."
_BASE = "The logarithm's base is missing: 1/u is the derivative of ln u, and this is {f}."

# by operation, for the operand at position 0
UNARY: dict[str, list[Wrong]] = {
    "acos":    [Wrong("trig_sign", lambda u, n, y: 1 / torch.sqrt(1 - u**2), "The derivative of arccos is negative.", kind="sign of the function"),
                Wrong("square_missing", lambda u, n, y: -1 / torch.sqrt(1 - u), "The square in √(1 − u²) is missing."),
                Wrong("root_lost", lambda u, n, y: -1 / (1 - u**2), "The root in 1/√(1 − u²) is missing.")],
    "asin":    [Wrong("square_missing", lambda u, n, y: 1 / torch.sqrt(1 - u), "The square in √(1 − u²) is missing."),
                Wrong("root_lost", lambda u, n, y: 1 / (1 - u**2), "The root in 1/√(1 − u²) is missing.")],
    "atan":    [Wrong("square_missing", lambda u, n, y: 1 / (1 + u), "The square in 1/(1 + u²) is missing.")],
    "cos":     [Wrong("trig_sign", lambda u, n, y: torch.sin(u), "The derivative of cos is −sin: the sign is missing.", kind="sign of the function"),
                *_degrees(lambda u: -torch.sin(u))],
    "cosh":    [Wrong("trig_sign", lambda u, n, y: -torch.sinh(u), "The derivative of cosh is sinh, without a minus.", kind="sign of the function")],
    "exp":     [Wrong("function_forgotten", lambda u, n, y: u, "{f} is forgotten: its operand stands there itself.", 19),
                Wrong("power_rule_on_exponential", lambda u, n, y: u * torch.exp(u - 1), _POWER_ASEXPONENT)],
    "exp2":    [Wrong("power_rule_on_exponential", lambda u, n, y: u * 2 ** (u - 1), _POWER_ASEXPONENT),
                Wrong("log_base", lambda u, n, y: y, "The factor ln 2 is missing: only e^u is its own derivative.")],
    "log":     [Wrong("log_base", lambda u, n, y: 1 / (u * _LN10), "torch.log is the natural logarithm: the factor 1/ln 10 belongs to log10."),
                Wrong("log_base", lambda u, n, y: 1 / (u * _LN2), "torch.log is the natural logarithm: the factor 1/ln 2 belongs to log2."),
                Wrong("log_base", lambda u, n, y: _LN10 / u, "torch.log is the natural logarithm: no factor ln 10."),
                Wrong("reciprocal_forgotten", lambda u, n, y: u, "The derivative of ln u is 1/u, not u.", 28)],
    "log10":   [Wrong("log_base", lambda u, n, y: 1 / u, _BASE),
                Wrong("log_base", lambda u, n, y: _LN10 / u, "ln 10 belongs below: the derivative of log10 u is 1/(u·ln 10).")],
    "log1p":   [Wrong("log1p_as_log", lambda u, n, y: 1 / u, "log1p is ln(1 + u): its derivative is 1/(1 + u).", 11),
                Wrong("log_base", lambda u, n, y: 1 / ((1 + u) * _LN10), "log1p is a natural logarithm: the factor 1/ln 10 belongs to log10.")],
    "log2":    [Wrong("log_base", lambda u, n, y: 1 / u, _BASE),
                Wrong("log_base", lambda u, n, y: _LN2 / u, "ln 2 belongs below: the derivative of log2 u is 1/(u·ln 2).")],
    "logsigmoid": [Wrong("sigmoid_rule", lambda u, n, y: torch.sigmoid(u), "The derivative of ln σ(u) is 1 − σ(u), not σ(u).")],
    "reciprocal": [Wrong("sign_flipped", lambda u, n, y: 1 / u**2, "The derivative of 1/u is −1/u²: the sign is missing.", kind="sign of the function"),
                   Wrong("square_missing", lambda u, n, y: -1 / u, "The square in −1/u² is missing."),
                   Wrong("reciprocal_forgotten", lambda u, n, y: torch.log(u.abs()), "ln u has the derivative 1/u; that of 1/u is −1/u².", 28)],
    "rsqrt":   [Wrong("constant_lost", lambda u, n, y: -(u**-1.5), "The factor ½ from the exponent −½ is missing."),
                Wrong("exponent_not_lowered", lambda u, n, y: -0.5 * u**-0.5, "The exponent −½ becomes −3/2."),
                Wrong("exponent_not_lowered", lambda u, n, y: -0.5 * u**0.5, "The exponent −½ becomes −3/2: it is lowered by 1, not raised.")],
    "sigmoid": [Wrong("sigmoid_rule", lambda u, n, y: 1 - y, "The derivative of σ is σ(1 − σ): the factor σ is missing."),
                Wrong("sigmoid_rule", lambda u, n, y: y * (1 + y), "The derivative of σ is σ(1 − σ), with a minus."),
                Wrong("sigmoid_rule", lambda u, n, y: 1 - y**2, "1 − y² is the derivative of tanh; that of σ is σ(1 − σ)."),
                Wrong("function_forgotten", lambda u, n, y: u, "{f} is forgotten: its operand stands there itself.", 24),
                Wrong("value_as_input", lambda u, n, y: u * (1 - u), "σ(1 − σ) wants σ's value twice, not its operand {u}.")],
    "sin":     [Wrong("trig_sign", lambda u, n, y: -torch.cos(u), "The derivative of sin is cos, without a minus.", kind="sign of the function"),
                *_degrees(torch.cos)],
    "sinh":    [Wrong("trig_sign", lambda u, n, y: -torch.cosh(u), "The derivative of sinh is cosh, without a minus.", kind="sign of the function")],
    "softplus": [Wrong("square_missing", lambda u, n, y: torch.sigmoid(u) * (1 - torch.sigmoid(u)), "The derivative of softplus is σ, and this is σ′.")],
    "sqrt":    [Wrong("constant_lost", lambda u, n, y: 1 / torch.sqrt(u), "The factor ½ from the exponent ½ is missing."),
                Wrong("exponent_not_lowered", lambda u, n, y: 0.5 * torch.sqrt(u), "The exponent ½ becomes −½: √u goes below."),
                Wrong("constant_lost", lambda u, n, y: 2 / torch.sqrt(u), "The 2 belongs below: 1/(2√u).", 13),
                Wrong("root_lost", lambda u, n, y: 0.5 / u, "The root in 1/(2√u) is missing.")],
    "tan":     [Wrong("square_missing", lambda u, n, y: 1 / torch.cos(u), "The square in 1/cos² is missing."),
                Wrong("trig_sign", lambda u, n, y: -1 / torch.cos(u) ** 2, "The derivative of tan is positive: 1/cos².", kind="sign of the function"),
                Wrong("trig_sign", lambda u, n, y: 1 - y**2, "The derivative of tan is 1 + tan², with a plus.", kind="sign of the function"),
                Wrong("square_missing", lambda u, n, y: 1 / torch.sin(u) ** 2, "1/sin² belongs to cot; the derivative of tan is 1/cos²."),
                *_degrees(lambda u: 1 / torch.cos(u) ** 2)],
    "tanh":    [Wrong("square_missing", lambda u, n, y: 1 - y, "The square in 1 − tanh² is missing."),
                Wrong("sigmoid_rule", lambda u, n, y: y * (1 - y), "y(1 − y) is the derivative of σ; that of tanh is 1 − tanh²."),
                Wrong("trig_sign", lambda u, n, y: 1 + y**2, "The derivative of tanh is 1 − tanh², with a minus.", kind="sign of the function"),
                Wrong("square_missing", lambda u, n, y: 1 / torch.cosh(u), "The square in 1/cosh² is missing.")],
}  # fmt: skip

EXPONENT = "The exponent is lowered by 1 when it comes in front: n·u^(n−1)."
_IN_FRONT = "The exponent comes in front as a factor: n·u^(n−1)."

# u^n with a number n
POWER: list[Wrong] = [
    Wrong("exponent_not_lowered", lambda u, n, y: n * u**n, EXPONENT),
    Wrong("constant_lost", lambda u, n, y: u ** (n - 1), _IN_FRONT),
    Wrong("constant_lost", lambda u, n, y: (n - 1) * u ** (n - 1), "The factor in front is the old exponent, not the new one: n·u^(n−1)."),
    Wrong("exponent_not_lowered", lambda u, n, y: n * u ** (n + 1), "The exponent is lowered by 1, not raised: n·u^(n−1)."),
    Wrong("exponent_not_lowered", lambda u, n, y: n * u ** (n - 2), "The exponent is lowered by 1, not by 2: n·u^(n−1).", 14, "power"),
    Wrong("base_lost", lambda u, n, y: torch.zeros_like(u) + n, "The power of {u} is missing: n·u^(n−1).", 13, "power"),
    Wrong("log_base", lambda u, n, y: y * torch.log(u.abs()), "u^n·ln u is for a variable exponent; here the exponent is a number: n·u^(n−1).", 24),
    Wrong("integrated", lambda u, n, y: u ** (n + 1) / (n + 1), "This is the integral: the derivative lowers the exponent.", 24),
]  # fmt: skip

# a^u with a number a: the operand is the exponent
EXPONENTIAL: list[Wrong] = [
    Wrong("power_rule_on_exponential", lambda u, a, y: u * a ** (u - 1), _POWER_ASEXPONENT),
    Wrong("log_base", lambda u, a, y: y, "The factor ln a of the base is missing: only e^u is its own derivative."),
    Wrong("log_base", lambda u, a, y: y / torch.log(a), "The factor ln a of the base is multiplied, not divided by."),
    Wrong("log_base", lambda u, a, y: y * a, "The factor is ln a, not the base itself.", 14),
]

# u^v where both vary: by position
BOTH: tuple[list[Wrong], list[Wrong]] = ([POWER[0]], EXPONENTIAL[1:3])

# 1/v, c/v: as POWER with n = −1 where the numerator is a number
RECIPROCAL: list[Wrong] = [
    Wrong(
        "sign_flipped",
        lambda u, c, y: c / u**2,
        "The derivative of 1/u is −1/u²: the sign is missing.",
        9.5,
        "sign of the power",
    ),
    Wrong("exponent_not_lowered", lambda u, c, y: -c / u, "The exponent −1 becomes −2: −c/u²."),
    Wrong(
        "reciprocal_forgotten",
        lambda u, c, y: c * torch.log(u.abs()),
        "ln u has the derivative 1/u; that of 1/u is −1/u².",
        28,
    ),
]


def wrong_rules(sight: Sight) -> Iterator[Slip]:
    """For every step on the way, what the table knows of its operation."""
    flow = sight.flow
    places: dict[str, list[Slip]] = {}
    for edge in sight.edges:
        node, position = edge
        operands = flow.called_with(node)
        if operands is None or flow.slope(edge) is None:
            continue
        shape = flow.slopes(node)[position].shape
        tensors = [
            o if isinstance(o, torch.Tensor) else torch.full(shape, float(o), dtype=torch.float64) for o in operands
        ]
        result = flow.values(node)
        for wrong, other in _table(sight, edge, tensors):
            slope = wrong.slope(tensors[position].double(), other, result)
            if not bool(slope.isfinite().any()):
                continue
            true = flow.slopes(node)[position]
            turned = bool(torch.isclose(slope, -true, rtol=1e-12, atol=0.0).all())
            made = Slip(
                wrong.identifier,
                lambda w=wrong, e=edge: _said(sight, w, e),
                Edit(scales={edge: -1.0}) if turned else Edit(slopes={edge: slope}),  # so that it can go with others
                rank=wrong.rank,
                kind=wrong.kind,
            )
            places.setdefault(wrong.says, []).append(made)
            yield made
    for slips in places.values():
        if len(slips) > 2 and len({slip.identifier for slip in slips}) == 1:
            yield _everywhere(slips)


def _everywhere(slips: list[Slip]) -> Slip:
    """A wrong rule is used wherever it can be."""
    edit = Edit()
    for slip in slips:
        edit |= slip.edit or Edit()
    rank = max(slip.rank for slip in slips) + TOGETHER
    return Slip(slips[0].identifier, lambda: f"{slips[0].says()} It is so in {len(slips)} places.", edit, rank=rank)


def _said(sight: Sight, wrong: Wrong, edge: Edge) -> str:
    node, words = edge[0], sight.words
    text = wrong.says.format(f=words.name(node), op=words.call(node), u=words.name(sight.used(edge)))
    return f"{text} Look at {words.partial(node, sight.used(edge))}."


def _table(sight: Sight, edge: Edge, tensors: list[torch.Tensor]) -> Iterator[tuple[Wrong, torch.Tensor]]:
    node, position = edge
    op = sight.op(node)
    if op in ("pow", "square"):
        other = tensors[1 - position].double() if op == "pow" else torch.full_like(tensors[0], 2.0)
        both = (
            op == "pow"
            and all(sight.depends(used) for _, used in sight.flow.operands(node))
            and len(sight.flow.operands(node)) == 2
        )
        for wrong in BOTH[position] if both else POWER if position == 0 else EXPONENTIAL:
            yield wrong, other
    elif op == "div" and position == 1:
        plain = sight.is_number(node, 0) and not sight.flow.is_step(sight.used(edge))
        for wrong in RECIPROCAL:
            yield wrong if plain or wrong.kind else wrong._replace(rank=wrong.rank + 4), tensors[0].double()
    elif position == 0:
        for wrong in UNARY.get(op, ()):
            yield wrong, tensors[0]
