"""The finite difference against mpmath's derivative at 50 digits: its own bound holds, and is not idle."""

import math
import random

import mpmath
import pytest
import torch

import autograd_lessons as al
from autograd_lessons.finite_difference import finite_difference, finite_differences
from autograd_lessons.inputs import gather
from autograd_lessons.run import run

POINTS = 200
FUNCTIONS = {  # name: torch's, mpmath's, the interval that points are drawn from
    "sin(x²)": (lambda x: torch.sin(x**2), lambda x: mpmath.sin(x**2), (-5, 5)),
    "exp": (torch.exp, mpmath.exp, (-5, 5)),
    "log": (torch.log, mpmath.log, (0.1, 20)),
    "1/x": (lambda x: 1 / x, lambda x: 1 / x, (0.2, 10)),
    "tanh": (torch.tanh, mpmath.tanh, (-4, 4)),
    "sqrt": (torch.sqrt, mpmath.sqrt, (0.1, 50)),
    "x⁵": (lambda x: x**5, lambda x: x**5, (-3, 3)),
    "sigmoid": (torch.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), (-8, 8)),
    "x sin x": (lambda x: x * torch.sin(x), lambda x: x * mpmath.sin(x), (-10, 10)),
    "atan": (torch.atan, mpmath.atan, (-5, 5)),
    "gauss": (lambda x: torch.exp(-(x**2) / 2), lambda x: mpmath.exp(-(x**2) / 2), (-3, 3)),
    "log1p(exp)": (lambda x: torch.log1p(torch.exp(x)), lambda x: mpmath.log1p(mpmath.exp(x)), (-6, 6)),
    "rational": (lambda x: (x**2 - 1) / (x**2 + 1), lambda x: (x**2 - 1) / (x**2 + 1), (-6, 6)),
}


def difference(function, step=None, dtype=None, of="x", **given):
    inputs = gather(lambda **named: function(**named), given, dtype=dtype)
    return finite_difference(function, inputs, of, run(function, inputs), step)


def points(name, dtype):
    generator = random.Random(name)
    low, high = FUNCTIONS[name][2]
    return torch.tensor([generator.uniform(low, high) for _ in range(POINTS)], dtype=dtype)


def true_slopes(name, x):
    with mpmath.workdps(50):
        return [mpmath.diff(FUNCTIONS[name][1], mpmath.mpf(value)) for value in x.tolist()]


def errors(found, true):
    return torch.tensor(
        [abs(float(mpmath.mpf(v) - t)) for v, t in zip(found.value.tolist(), true)], dtype=torch.float64
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_bound_holds_and_is_not_idle(name, dtype):
    x = points(name, dtype)
    function = FUNCTIONS[name][0]
    found = difference(lambda x: function(x), x=x)
    assert found.value.shape == found.bound.shape == found.step.shape == x.shape
    assert found.value.dtype == dtype
    error = errors(found, true_slopes(name, x))
    held = (error <= found.bound.double()).double().mean().item()
    assert held >= 0.99, f"the bound holds at {held:.1%} of the points"
    if dtype == torch.float64:
        assert found.bound.median().item() <= 1e3 * error.median().item()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_point_at_a_time_the_bound_holds_too(name, dtype):
    x = points(name, dtype)[:10]
    function = FUNCTIONS[name][0]
    for value, true in zip(x, true_slopes(name, x)):
        found = difference(lambda x: function(x), x=value)
        assert found.value.shape == ()
        assert abs(float(found.value.item() - true)) <= found.bound.item()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_parts_of_the_bound_are_not_negative_and_add_up(dtype):
    found = difference(lambda x: torch.sin(x), x=torch.linspace(-3, 3, 50, dtype=dtype))
    assert (found.truncation >= 0).all() and (found.rounding > 0).all()
    assert (found.bound >= found.truncation + found.rounding).all()


# ---------------------------------------------------------------- the step
@pytest.mark.parametrize("h", [1e-1, 1e-3, 2.0**-20])
def test_a_given_step_is_used(h):
    found = difference(lambda x: torch.exp(x), step=h, x=1.5)
    assert found.step.item() == h
    assert found.value.item() == (math.exp(1.5 + h) - math.exp(1.5 - h)) / (2 * h)
    assert al.compare(lambda x: torch.exp(x), x=1.5, finite_difference_step=h).differences["x"].step.item() == h


def test_without_one_it_is_a_power_of_two_near_the_theorys():
    for x in (0.3, 1.0, 1000.0):
        mantissa, exponent = math.frexp(difference(lambda x: torch.sin(x), x=x).step.item())
        assert mantissa == 0.5
        assert 2.0**-25 * max(1, x) < 2.0 ** (exponent - 1) < 2.0**-15 * max(1, x)


@pytest.mark.parametrize(("h", "value", "off"), [(1e-2, 85, 1), (1e-6, 1873.503, 1e-3), (1e-12, 1963, 1)])
def test_sine_of_square_at_1000_for_three_steps(h, value, off):
    found = difference(lambda x: torch.sin(x**2), step=h, x=1000.0)
    assert found.value.item() == pytest.approx(value, abs=off)
    with mpmath.workdps(50):
        true = float(2000 * mpmath.cos(mpmath.mpf(10) ** 6))
    assert true == pytest.approx(1873.504, abs=1e-3)
    if h != 1e-2:  # that one is a whole period wide: no estimate from two widths can know
        assert abs(found.value.item() - true) <= found.bound.item()


# ---------------------------------------------------------------- several inputs in one call of the function
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_of_several_numbers_each_has_its_own_slope_within_its_own_bound(dtype):
    def function(a, b, c):
        return torch.sin(a) * torch.exp(b) / c

    given = {"a": 0.7, "b": -0.4, "c": 2.5}
    inputs = gather(function, given, dtype=dtype)
    found = finite_differences(function, inputs, tuple(given), run(function, inputs))
    a, b, c = (mpmath.mpf(value.item()) for value in inputs.arguments.values())
    true = {
        "a": mpmath.cos(a) * mpmath.exp(b) / c,
        "b": mpmath.sin(a) * mpmath.exp(b) / c,
        "c": -mpmath.sin(a) * mpmath.exp(b) / c**2,
    }
    for name, slope in true.items():
        assert abs(found[name].value.item() - slope) <= found[name].bound.item() < 1e-2 * abs(slope)


def test_the_function_is_called_once_for_all_of_them():
    calls = []

    def function(a, b):
        calls.append((a, b))
        return a * b

    inputs = gather(function, {"a": 3.0, "b": -0.0})
    tape = run(function, inputs)
    calls.clear()
    found = finite_differences(function, inputs, ("a", "b"), tape)
    assert len(calls) == 1
    assert (found["a"].value.item(), found["b"].value.item()) == (0, 3)
    assert all(math.copysign(1, value) == -1 for value in calls[0][1][: len(calls[0][1]) // 2].tolist())  # −0 stays −0


def test_numbers_of_two_dtypes_and_vectors_among_them_are_taken_apart():
    def function(a, b, v):
        return (a.double() * b * v).sum()

    given = {"a": torch.tensor(2.0), "b": torch.tensor(3.0, dtype=torch.float64), "v": torch.tensor([1.0, 4.0])}
    inputs = gather(function, given)
    found = finite_differences(function, inputs, tuple(given), run(function, inputs))
    assert found["a"].value.item() == pytest.approx(15, abs=found["a"].bound.item())
    assert found["b"].value.item() == pytest.approx(10, abs=found["b"].bound.item())
    assert found["v"].value.tolist() == pytest.approx([6, 6], abs=found["v"].bound.max().item())


# ---------------------------------------------------------------- odd points
@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_infinity_and_nan_give_no_number_and_no_error(x):
    found = difference(lambda x: x**2, x=x)
    assert not math.isfinite(found.value.item())


def test_a_point_outside_the_domain_of_a_function_that_raises_is_nan():
    def picky(x):
        if x < 1:
            raise ValueError("outside")
        return x**2

    assert math.isnan(difference(picky, x=1.0).value.item())


def test_an_empty_tensor_has_none():
    assert difference(lambda x: (x * 2).sum(), x=torch.zeros(0, dtype=torch.float64)) is None


# ---------------------------------------------------------------- vectors
def test_a_vector_is_shifted_element_by_element():
    weights = torch.tensor([[1.0, -2.0], [3.0, 0.5]], dtype=torch.float64)
    found = difference(lambda x: (weights * x**3).sum(), x=[[1.0, 2.0], [-1.0, 0.0]])
    torch.testing.assert_close(found.value, torch.tensor([[3.0, -24.0], [9.0, 0.0]]).double(), rtol=0, atol=1e-7)


def test_each_of_two_inputs_has_its_own():
    f = lambda a, b: torch.sin(a) * b**2
    assert difference(f, of="a", a=1.0, b=3.0).value.item() == pytest.approx(9 * math.cos(1), abs=1e-8)
    assert difference(f, of="b", a=1.0, b=3.0).value.item() == pytest.approx(6 * math.sin(1), abs=1e-8)


def test_of_more_than_2000_elements_only_elementwise_functions_have_one():
    many = torch.linspace(0, 1, 2_001, dtype=torch.float64)
    assert difference(lambda x: (x**2).sum(), x=many) is None
    assert difference(lambda x: (x**2).sum(), x=many[1:]) is not None
    torch.testing.assert_close(difference(lambda x: x**2, x=many).value, 2 * many, rtol=0, atol=1e-8)


def test_random_functions_are_repeated_with_the_same_numbers():
    torch.manual_seed(0)
    expected = torch.rand(3, dtype=torch.float64)
    after = torch.rand(1)
    torch.manual_seed(0)
    found = difference(lambda x: (x**2 * torch.rand(3, dtype=torch.float64)).sum(), x=[1.0, 2.0, 3.0])
    assert found.value.tolist() == pytest.approx((2 * torch.tensor([1.0, 2.0, 3.0]) * expected).tolist(), abs=1e-8)
    assert torch.equal(torch.rand(1), after), "the generator stands where one plain run leaves it"


def test_the_learners_tensor_is_not_shifted():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    difference(lambda x: (x**2).sum(), x=x)
    assert x.tolist() == [1.0, 2.0] and x._version == 0 and x.grad is None


def test_a_bound_beyond_float32_is_infinite():
    found = difference(lambda x: x * 1e38, step=1e-30, dtype=torch.float32, x=3.0)
    assert found.bound.item() == math.inf
