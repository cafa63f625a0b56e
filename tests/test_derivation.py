"""SymPy's side: every rule against the derivative that a table of derivatives gives, the textbook's factors, the branch taken."""

from __future__ import annotations

import math
import time

import pytest
import sympy as sp
import torch
import torch.nn.functional as F

import autograd_lessons as al
from autograd_lessons.functions import sigmoid

x, y, w, b, z = sp.symbols("x y w b z")
s = 1 / (1 + sp.exp(-x))

# the operation, its derivative as a table of derivatives has it, and points of its domain
RULES = {
    "+": (lambda x: x + 3, 1, (0.7, -2.0)),
    "−": (lambda x: 3 - x, -1, (0.7, -2.0)),
    "−, in place": (lambda x: (2 * x).sub_(x), 1, (0.7, -2.0)),
    "*": (lambda x: 3 * x, 3, (0.7, -2.0)),
    "/": (lambda x: x / 4, sp.Rational(1, 4), (0.7, -2.0)),
    "/, below": (lambda x: 4 / x, -4 / x**2, (0.7, -2.0)),
    "**": (lambda x: x**3, 3 * x**2, (0.7, -2.0, 0.0)),
    "**, a root": (lambda x: x**0.5, 1 / (2 * sp.sqrt(x)), (0.7, 9.0)),
    "**, a base": (lambda x: 2**x, 2**x * sp.log(2), (0.7, -2.0)),
    "neg": (torch.neg, -1, (0.7, -2.0)),
    "abs": (torch.abs, sp.sign(x), (0.7, -2.0)),
    "square": (torch.square, 2 * x, (0.7, -2.0)),
    "sqrt": (torch.sqrt, 1 / (2 * sp.sqrt(x)), (0.7, 9.0)),
    "rsqrt": (torch.rsqrt, -1 / (2 * x ** sp.Rational(3, 2)), (0.7, 9.0)),
    "reciprocal": (torch.reciprocal, -1 / x**2, (0.7, -2.0)),
    "exp": (torch.exp, sp.exp(x), (0.7, -2.0)),
    "log": (torch.log, 1 / x, (0.7, 9.0)),
    "log1p": (torch.log1p, 1 / (1 + x), (0.7, -0.5)),
    "expm1": (torch.expm1, sp.exp(x), (0.7, -2.0)),
    "sin": (torch.sin, sp.cos(x), (0.7, -2.0)),
    "cos": (torch.cos, -sp.sin(x), (0.7, -2.0)),
    "tan": (torch.tan, 1 / sp.cos(x) ** 2, (0.7, -2.0)),
    "sinh": (torch.sinh, sp.cosh(x), (0.7, -2.0)),
    "cosh": (torch.cosh, sp.sinh(x), (0.7, -2.0)),
    "tanh": (torch.tanh, 1 / sp.cosh(x) ** 2, (0.7, -2.0)),
    "sigmoid": (torch.sigmoid, sp.exp(-x) / (1 + sp.exp(-x)) ** 2, (0.7, -2.0)),
    "logsigmoid": (F.logsigmoid, 1 - s, (0.7, -2.0)),
    "softplus": (F.softplus, s, (0.7, -2.0)),
    "softplus, sharper": (lambda x: F.softplus(x, beta=2), 1 / (1 + sp.exp(-2 * x)), (0.7, -2.0)),
    "relu": (torch.relu, (1 + sp.sign(x)) / 2, (0.7, -2.0)),
    "clamp, inside": (lambda x: torch.clamp(x, -3, 3) * x, 2 * x, (0.7, -2.0)),
    "clip, outside": (lambda x: x.clip(-1, 1) * x, sp.sign(x), (7.0, -2.0)),
    "minimum": (lambda x: torch.minimum(x, x**2), 1, (-2.0, 3.0)),
    "maximum": (lambda x: torch.maximum(x, x**2), 2 * x, (-2.0, 3.0)),
    "where": (lambda x: torch.where(x > 0, x**2, -x), sp.Piecewise((2 * x, x > 0), (-1, True)), (0.7, -2.0)),
    "sum": (lambda x: torch.sum(torch.stack([x, x**2])), 1 + 2 * x, (0.7, -2.0)),
    "mean": (lambda x: torch.stack([x, x**2]).mean(), sp.Rational(1, 2) + x, (0.7, -2.0)),
    "dot": (lambda x: torch.dot(torch.stack([x, x**2]), torch.stack([x**2, x])), 6 * x**2, (0.7, -2.0)),
    "matmul": (lambda x: (torch.stack([x, x]) @ torch.stack([x, 3 * x])), 8 * x, (0.7, -2.0)),
    "binary_cross_entropy": (
        lambda x: F.binary_cross_entropy(x, torch.full_like(x, 0.25)), (x - sp.Rational(1, 4)) / (x * (1 - x)), (0.7, 0.1)
    ),
    "binary_cross_entropy_with_logits": (
        lambda x: F.binary_cross_entropy_with_logits(x, torch.full_like(x, 0.25)), s - sp.Rational(1, 4), (0.7, -2.0)
    ),
    "mse_loss": (lambda x: F.mse_loss(x, torch.full_like(x, 3.0)), 2 * (x - 3), (0.7, -2.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_rule_is_the_derivative_in_the_tables(name):
    function, expected, points = RULES[name]
    for point in points:
        derivation = al.derive(function, x=point)
        assert not derivation.missing
        found = derivation.gradient["x"].replace(sigmoid, lambda a: 1 / (1 + sp.exp(-a)))
        difference = (found - expected).subs(x, sp.Rational(str(point)))
        assert abs(sp.N(difference, 40)) < 1e-35


@pytest.mark.parametrize("name", RULES)
def test_numbers_are_autograds(name):
    function, _, points = RULES[name]
    for point in points:
        leaf = torch.tensor(point, dtype=torch.float64, requires_grad=True)
        function(leaf).backward()
        assert al.derive(function, x=point).numbers["x"].item() == pytest.approx(leaf.grad.item(), rel=1e-14)


def same(one, other) -> bool:
    return sp.simplify(sp.sympify(one) - other) == 0


# ---------------------------------------------------------------- textbook forms
def logistic_bce(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = -(y * torch.log(y_pred) + (1 - y) * torch.log(1 - y_pred))
    return loss


def test_the_logistic_factors_are_the_seeds():
    derivation = al.derive(logistic_bce, w=1.0, b=0.0, x=6.7, y=0.0, wrt=("w", "b"))
    y_pred = sp.Symbol("y_pred")
    (path,) = derivation.chain["w"]
    for factor, expected in zip(path, ((y_pred - y) / (y_pred * (1 - y_pred)), y_pred * (1 - y_pred), x), strict=True):
        assert same(factor, expected)
    assert same(derivation.chain["b"][0][-1], 1)
    assert derivation.text_local("loss", "y_pred") == "(y_pred - y)/(y_pred·(1 - y_pred))"
    assert derivation.text_local("y_pred", "z") == "y_pred·(1 - y_pred)"


def test_sigma_stays_sigma_also_where_it_is_spelled_out():
    for function in (torch.sigmoid, lambda x: 1 / (1 + torch.exp(-x)), lambda x: torch.reciprocal(1 + torch.exp(-x))):
        gradient = al.derive(function, x=0.3).gradient["x"]
        assert gradient.has(sigmoid) and not gradient.has(sp.exp)
        assert same(gradient, sigmoid(x) * (1 - sigmoid(x)))


def test_latex_is_written_from_our_own_table():
    derivation = al.derive(logistic_bce, w=1.0, b=0.0, x=6.7, y=0.0, wrt="w")
    assert derivation.latex_local("loss", "y_pred") == r"\frac{\hat{y} - y}{\hat{y} \cdot \left(1 - \hat{y}\right)}"

    def names(that, theta2, learning_rate):
        return that * theta2 * learning_rate

    found = al.derive(names).latex("that")
    assert r"\theta_{2}" in found and r"\mathrm{learning\_rate}" in found and "hat" not in found


# ---------------------------------------------------------------- the chain rule
def test_fan_out_is_a_sum_over_paths():
    def both(x):
        u = torch.sin(x)
        v = x**2
        y = u * v
        return y

    derivation = al.derive(both, x=0.7)
    total = sum(sp.prod(path) for path in derivation.chain["x"])
    u, v = sp.symbols("u v")
    assert len(derivation.chain["x"]) == 2
    assert same(total.subs({u: sp.sin(x), v: x**2}), x**2 * sp.cos(x) + 2 * x * sp.sin(x))
    assert same(derivation.gradient["x"], x**2 * sp.cos(x) + 2 * x * sp.sin(x))


def test_unnamed_steps_are_keyed_by_their_number():
    derivation = al.derive(lambda x: torch.sin(x**2), x=2.0)
    assert same(derivation.local["#0", "x"], 2 * x)
    assert same(derivation.local["output", "#0"], sp.cos(sp.Symbol("#0")))


def test_a_name_given_twice_belongs_to_the_last_holder():
    def again(x):
        t = x**2
        t = torch.sin(t)
        return t

    derivation = al.derive(again, x=2.0)
    assert same(derivation.local["t", "#0"], sp.cos(sp.Symbol("#0")))
    assert same(derivation.gradient["x"], 2 * x * sp.cos(x**2))


def test_a_vector_has_a_formula_for_each_element():
    gradient = al.derive(lambda x: torch.mean(x**2), x=[1.0, 2.0, 3.0]).gradient["x"]
    assert [same(g, 2 * sp.Symbol(f"x[{i}]") / 3) for i, g in enumerate(gradient)] == [True] * 3


def test_a_link_through_a_sum_or_an_element_has_the_slopes_of_its_own_elements():
    def norm(x):
        squares = x**2
        y = torch.sqrt(squares.sum())
        return y

    def of_two(x):
        y = x[0] ** 2 * x[1]
        return y

    first, second = sp.symbols("squares[0] squares[1]")
    found = al.derive(norm, x=[3.0, 4.0]).local["y", "squares"]
    assert [sp.simplify(slope - 1 / (2 * sp.sqrt(first + second))) for slope in found] == [0, 0]
    first, second = sp.symbols("x[0] x[1]")
    assert al.derive(of_two, x=[3.0, 4.0]).local["y", "x"] == [2 * first * second, first**2]


# ---------------------------------------------------------------- the branch taken
@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (torch.relu, 0.0),
        (lambda x: torch.maximum(x, torch.zeros_like(x)), 0.5),
        (lambda x: torch.clamp(x, min=0), 1.0),
        (torch.abs, 0.0),
    ],
)  # measured with torch 2.13.0
def test_at_a_kink_the_rule_is_pytorchs_convention(function, slope):
    leaf = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    function(leaf).backward()
    derivation = al.derive(function, x=0.0)
    assert leaf.grad.item() == slope == float(derivation.gradient["x"])


def test_the_condition_of_the_branch_is_kept():
    def clamped(p):
        q = torch.clamp(p, 1e-8, 1 - 1e-8)
        return torch.log(q)

    assert al.derive(clamped, p=0.3).conditions == ("1e-08 ≤ p ≤ 0.99999999",)
    assert al.derive(clamped, p=2.0).conditions == ("p > 0.99999999",)
    assert same(al.derive(clamped, p=2.0).gradient["p"], 0)
    (kink,) = al.derive(torch.relu, x=0.0).conditions
    assert "kink" in kink and "slope is 0" in kink


def test_a_condition_that_says_a_number_follows_the_number():
    def larger(x, c):
        y = torch.maximum(x, c * 2)
        return y * y

    explorer = al.explore(larger, x=3.0, c=1.0, wrt="x")
    said = []
    for c in (1.0, 1.25, 4.0, 1.0):
        explorer.set(c=c)
        said += explorer.comparison.derivation.conditions
    assert said == ["x > 2", "x > 2.5", "x < 8", "x > 2"]


def test_the_clamp_of_the_seed_does_nothing_at_the_top_in_float32():
    def top(p):
        return torch.clamp(p, 1e-8, 1 - 1e-8)

    # 1 − 1e-8 is 1.0 in float32, so that 1.0 lies on the bound and not above it
    assert same(al.derive(top, p=torch.tensor(1.0)).gradient["p"], 1)
    assert same(al.derive(top, p=torch.tensor(1.0, dtype=torch.float64)).gradient["p"], 0)


def test_a_grid_has_one_formula_for_each_branch():
    derivation = al.derive(lambda x: torch.where(x > 0, x**2, -x), x=torch.linspace(-1, 1, 101, dtype=torch.float64))
    assert {str(g) for g in derivation.gradient["x"]} == {"2*x", "-1"}
    want = torch.where(
        torch.linspace(-1, 1, 101, dtype=torch.float64) > 0, torch.linspace(-2, 2, 101, dtype=torch.float64), -1
    )
    torch.testing.assert_close(derivation.numbers["x"], want)


# ---------------------------------------------------------------- arguments in every spelling
@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (lambda x: torch.sin(input=x), math.cos(0.7)),
        (lambda x: torch.pow(input=x, exponent=3), 3 * 0.49),
        (lambda x: torch.sub(x, x**2, alpha=3), 1 - 6 * 0.7),
        (lambda x: torch.rsub(x, 3, alpha=2), -2.0),
        (lambda x: torch.clamp(x, None, 0.5) + x, 1.0),
        (lambda x: F.relu(x * 1, inplace=True), 1.0),
        (lambda x: torch.where(condition=x > 0, input=x**2, other=x), 1.4),
        (lambda x: F.mse_loss(input=x, target=x**2), 2 * (0.7 - 0.49) * (1 - 1.4)),
        (lambda x: torch.sum(torch.stack([x, x**2]).reshape(1, 2), axis=1).pow(2).sum(), 2 * 1.19 * 2.4),
        (lambda x: x.to(torch.float64).double() ** 2, 1.4),
    ],
)
def test_a_rule_knows_its_operands_by_place_and_by_name(function, slope):
    derivation = al.derive(function, x=0.7)
    assert derivation.obstacle is None
    assert derivation.numbers["x"].item() == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, b: F.linear(x, w, b),
        lambda x, w, b: F.linear(x, weight=w, bias=b),
        lambda x, w, b: F.linear(x, w),
        lambda x, w, b: F.linear(x[0], w[1], b[0]),
        lambda x, w, b: F.linear(x.reshape(2, 1, 3), w, b),
        lambda x, w, b: torch.stack([x, x**2]) @ w.t(),
        lambda x, w, b: x.reshape(2, 1, 3) @ w.reshape(2, 3, 1),
        lambda x, w, b: torch.mm(x, w.t()) + torch.mv(x, w[0]).dot(b),
    ],
)
def test_matrix_products_have_autograds_gradient(function):
    given = {"x": [[0.3, -1.0, 2.0], [0.5, 0.25, -0.75]], "w": [[1.5, 2.0, -0.5], [0.1, 0.2, 0.3]], "b": [0.7, -0.4]}
    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in given.items()}
    (function(**leaves) ** 2).sum().backward()
    derivation = al.derive(lambda x, w, b: (function(x, w, b) ** 2).sum(), inputs=given)
    assert derivation.obstacle is None
    for name, found in derivation.numbers.items():
        torch.testing.assert_close(found, leaves[name].grad, rtol=1e-13, atol=0)
        reference = torch.tensor([float(n) for n in derivation.reference(name)], dtype=torch.float64)
        torch.testing.assert_close(reference.reshape(found.shape), leaves[name].grad, rtol=1e-13, atol=0)


# ---------------------------------------------------------------- no rule, no formula
def test_an_operation_without_a_rule_is_named_and_never_guessed():
    derivation = al.derive(lambda x: torch.linalg.matrix_exp(x.reshape(1, 1)).sum() * x, x=1.0)
    assert derivation.missing == ("linalg_matrix_exp",) and derivation.gradient == {}
    assert "no symbolic rule for torch.linalg.matrix_exp" in repr(derivation)


def test_a_way_of_calling_that_the_rule_does_not_know_has_no_rule():
    derivation = al.derive(lambda x: torch.rrelu(x, training=True) * x, x=1.0)
    assert derivation.missing == ("rrelu",) and derivation.gradient == {}


def test_a_slope_through_a_step_without_a_rule_is_left_out():
    def scaled(x, w):
        y = torch.rrelu(x, training=True) * x * w
        return y

    def of_a_vector(x):
        y = torch.rrelu(x, training=True).sum()
        return y

    derivation = al.derive(scaled, x=0.3, w=2.0)
    assert ("y", "x") not in derivation.local and derivation.chain["x"] == ((None,),)
    assert derivation.latex_local("y", "x") is None and derivation.text_local("y", "x") is None
    assert same(derivation.local["y", "w"], sp.Symbol("#0") * x), "w is not behind the step without a rule"
    assert derivation.text_value("y", "variables") is None and derivation.text_value("y") == "v1·w"
    vector = al.derive(of_a_vector, x=[0.3, 1.0])
    assert ("y", "x") not in vector.local and vector.local["y", "#0"] == [1, 1]
    assert ("#0", "x") not in vector.local and vector.gradient == {} == vector.numbers


def test_what_no_gradient_flows_through_is_a_constant_of_the_slope():
    def cut(x):
        y = x * (x**2).detach()
        return y

    derivation = al.derive(cut, x=2.0)
    assert same(derivation.local["y", "x"], sp.Symbol("#1")) and derivation.numbers["x"].item() == 4.0


def test_each_grain_has_its_own_slope_between_two_names():
    def product(x):
        y = x * torch.sin(x)
        return y

    derivation = al.derive(product, x=2.0)
    assert same(derivation.local["y", "x"], x * sp.cos(x) + sp.sin(x))
    assert derivation.text_local("y", "x", "operations") == "v0", "the sine is a step of its own there"


def test_one_formula_for_a_grid_has_no_place_for_unnamed_numbers():
    weights = [torch.linspace(1, 2, 100, dtype=torch.float64)]
    comparison = al.compare(lambda x: x * weights[0] * x, x=torch.ones(100, dtype=torch.float64))
    assert comparison.derivation.gradient == {} and "without a name" in comparison.derivation.obstacle
    assert comparison.ok is None and "agrees within its bound" in comparison.verdict


def test_complex_numbers_have_no_rule():
    comparison = al.compare(lambda x: (x * 1j).abs() * x, x=2.0)
    assert comparison.derivation.missing == ("mul", "abs")
    assert comparison.gradients["x"]["autograd"].item() == 4.0  # x·|x|


def test_a_printed_derivation_has_one_notation_for_unnamed_steps():
    lines = str(al.derive(lambda x: torch.sin(x**2) + x, x=2.0)).splitlines()
    assert "∂v1/∂v0 = cos(v0)" in lines and not any("#" in line for line in lines)


def test_why_there_is_no_formula_is_said():
    matrix = torch.ones(40, 40, dtype=torch.float64)
    large = al.derive(lambda x: (matrix @ x).sum(), x=torch.ones(40, dtype=torch.float64))
    assert "more than 36 elements" in large.obstacle

    def long(x):
        for _ in range(20):
            x = x * torch.sin(x) + x
        return x

    assert "too long" in al.derive(long, x=0.5).obstacle
    assert al.compare(long, x=0.5).ok  # the reference goes step by step


# ---------------------------------------------------------------- the same program again
def test_formulas_are_derived_once_for_a_program_and_a_branch():
    def costly(x, y):
        u = torch.exp(x * y) / (1 + torch.sin(x) ** 2)
        v = torch.log(1 + u**2) * torch.tanh(y)
        return v

    def seconds(**at):
        start = time.perf_counter()
        derivation = al.derive(costly, **at)
        derivation.latex("x"), derivation.numbers, derivation.gradient
        return time.perf_counter() - start

    first = seconds(x=0.3, y=0.4)
    again = min(seconds(x=0.3 + i / 100, y=0.4) for i in range(1, 6))
    assert again < first / 5


def test_values_left_out_are_one():
    assert al.derive(lambda x, y: x * y).numbers["x"].item() == 1.0


def test_what_the_function_raises_reaches_the_learner_without_our_frames():
    def wrong(x):
        return x.nonsense()

    with pytest.raises(AttributeError) as caught:
        al.derive(wrong, x=1.0)
    assert "autograd_lessons" not in str(caught.traceback[-1].path)


def test_elements_chosen_by_a_tensor_are_those_of_this_run():
    for chosen, expected in ([1], [0.0, 4.0]), ([0, 0], [4.0, 0.0]):
        comparison = al.compare(lambda x, i: (x[i] ** 2).sum(), x=[1.0, 2.0], i=torch.tensor(chosen))
        assert comparison.ok and comparison.gradients["x"]["sympy"].tolist() == expected


@pytest.mark.parametrize("rounds", [60, 500])
def test_a_long_loop_is_compared_and_explored(rounds):
    def horner(x, n: int):
        y = x
        for _ in range(n):
            y = y * x + 1
        return y

    comparison = al.compare(horner, x=0.5, n=rounds)
    assert comparison.ok and "reference" in comparison.routes
    # y = x^(n+1) + (x^n − 1)/(x − 1), at ½, where the powers are lost: y′ = 1/(1 − x)²
    assert comparison.gradients["x"]["reference"].item() == pytest.approx(4.0)
    explorer = al.explore(horner, x=0.5, n=rounds)
    explorer.set(x=0.25)
    assert explorer.tape.inputs["x"].adjoint.item() == pytest.approx(1 / 0.75**2)


def test_paths_are_listed_up_to_a_limit():
    def doubling(x):
        for _ in range(40):
            y = x * 2
            x = x + y
        return x

    assert len(al.derive(doubling, x=1.0).chain["x"]) <= 64
