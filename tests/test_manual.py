"""Hand-written gradients in every form that a learner writes them, and errors that say what to write instead."""

import math

import pytest
import torch

import autograd_lessons as al
from autograd_lessons.written import MOST_POINTS


def sine_of_square(x):
    y = x**2
    z = torch.sin(y)
    return z


def logistic(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = -(y * torch.log(y_pred) + (1 - y) * torch.log(1 - y_pred))
    return loss


AT = {"w": 1.0, "b": 0.0, "x": 2.0, "y": 0.0}
SIGMA = 1 / (1 + math.exp(-2))
CHAIN = {
    "dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)),
    "dy_pred_dz": lambda y_pred: y_pred * (1 - y_pred),
    "dz_dw": lambda x: x,
    "dz_db": 1.0,
}


def by_hand(function, manual, of="x", **given):
    """What the hand-written gradient comes to."""
    return al.compare(function, manual, **given).gradients[of]["manual"]


def refused(function, manual, **given):
    with pytest.raises(al.ManualError) as caught:
        al.compare(function, manual, **given)
    return str(caught.value)


# ---------------------------------------------------------------- one function
@pytest.mark.parametrize(
    "manual",
    [
        lambda x: 2 * x * torch.cos(x**2),
        lambda x: 2 * x * math.cos(x**2),
        lambda t: 2 * t * torch.cos(t**2),
        lambda y, x: torch.cos(y) * 2 * x,
        lambda x, /: 2 * x * torch.cos(x**2),
        lambda *, x: 2 * x * torch.cos(x**2),
        lambda x, scale=2: scale * x * torch.cos(x**2),
        {"x": lambda x: 2 * x * torch.cos(x**2)},
        {"x": 8 * math.cos(16)},
        {"x": torch.tensor(8 * math.cos(16), dtype=torch.float64)},
        8 * math.cos(16),
        {"dz_dy": lambda y: torch.cos(y), "dy_dx": lambda x: 2 * x},
        {"dz_dy": lambda y: math.cos(y), "dy_dx": 8},
    ],
)
def test_every_form_of_one_gradient_is_the_same_number(manual):
    comparison = al.compare(sine_of_square, manual, x=4.0)
    assert comparison.ok is True
    assert comparison.gradients["x"]["manual"].item() == pytest.approx(-7.661275842587077, rel=1e-15)


def test_a_named_step_is_a_parameter():
    assert by_hand(sine_of_square, lambda y, z, x: y + z + x, x=4.0).item() == pytest.approx(20 + math.sin(16))


def test_a_lone_parameter_with_a_steps_name_gets_the_step():
    assert by_hand(sine_of_square, lambda y: y, x=4.0).item() == 16.0
    assert by_hand(sine_of_square, lambda q: q, x=4.0).item() == 4.0


def test_a_name_given_twice_means_the_last():
    def f(x):
        y = x**2
        y = y + 1
        return y

    assert by_hand(f, lambda y, x: y, x=3.0).item() == 10.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_called_with_detached_tensors_of_the_runs_dtype(dtype):
    seen = []

    def manual(x, y):
        seen.append((x, y))
        return 2 * x

    answer = by_hand(sine_of_square, manual, x=1.5, dtype=dtype)
    for value in seen[0]:
        assert isinstance(value, torch.Tensor) and value.dtype == dtype
        assert not value.requires_grad and value.is_leaf
    assert answer.dtype == dtype


def test_what_it_changes_in_place_changes_nothing_else():
    comparison = al.compare(sine_of_square, lambda x: x.mul_(2) * torch.cos((x / 2) ** 2), x=4.0)
    assert comparison.ok and comparison.tape.inputs["x"].value.item() == 4.0


# ---------------------------------------------------------------- several inputs
@pytest.mark.parametrize(
    "manual",
    [
        {"w": lambda y_pred, y, x: (y_pred - y) * x, "b": lambda y_pred, y: y_pred - y},
        {"w": 2 * SIGMA, "b": lambda y_pred, y: y_pred - y},
        {"w": 2 * SIGMA, "b": SIGMA},
        lambda y_pred, y, x: {"w": (y_pred - y) * x, "b": y_pred - y},
        lambda y_pred, y, x: ((y_pred - y) * x, y_pred - y),
        (2 * SIGMA, SIGMA),
        CHAIN,
        CHAIN | {"dz_dw": 2.0},
        {"dloss_dw": 2 * SIGMA, "dloss_db": SIGMA},
    ],
)
def test_every_form_of_two_gradients(manual):
    comparison = al.compare(logistic, manual, inputs=AT, wrt=("w", "b"))
    assert comparison.ok is True, comparison
    assert comparison.gradients["w"]["manual"].item() == pytest.approx(2 * SIGMA, rel=1e-12)
    assert comparison.gradients["b"]["manual"].item() == pytest.approx(SIGMA, rel=1e-12)


def test_only_some_of_the_inputs():
    comparison = al.compare(logistic, {"b": SIGMA}, inputs=AT, wrt=("w", "b"))
    assert comparison.gradients["w"]["manual"] is None and comparison.gradients["b"]["manual"] is not None
    assert comparison.ok is True


def test_gradients_of_inputs_that_are_not_differentiated_now_are_left_alone():
    assert al.compare(logistic, CHAIN, inputs=AT, wrt="b").ok is True
    assert al.compare(logistic, {"w": 7.0, "b": SIGMA}, inputs=AT, wrt="b").ok is True


# ---------------------------------------------------------------- chain factors
@pytest.mark.parametrize("wrong", list(CHAIN))
def test_the_wrong_factor_is_named_and_the_others_are_right(wrong):
    comparison = al.compare(logistic, CHAIN | {wrong: 7.5}, inputs=AT, wrt=("w", "b"))
    assert comparison.ok is False
    texts = [reason.text for reason in comparison.reasons if "manual" in reason.routes]
    assert any(f"{wrong} is wrong" in text for text in texts), texts
    assert not any(f"{other} is wrong" in text for other in CHAIN if other != wrong for text in texts)


def test_two_wrong_factors_are_wrong_also_when_their_product_is_right():
    manual = {"dz_dy": lambda y: 2 * torch.cos(y), "dy_dx": lambda x: x}
    comparison = al.compare(sine_of_square, manual, x=4.0)
    assert comparison.gradients["x"]["manual"].item() == pytest.approx(-7.661275842587077)
    assert comparison.ok is False
    text = " ".join(reason.text for reason in comparison.reasons)
    assert "dz_dy is wrong" in text or "dy_dx is wrong" in text


def test_factors_over_a_fan_out_are_added_up():
    def f(x):
        s = torch.sin(x)
        y = x * s
        return y

    manual = {"dy_dx": lambda s: s, "dy_ds": lambda x: x, "ds_dx": lambda x: torch.cos(x)}
    assert by_hand(f, manual, x=2.0).item() == pytest.approx(math.sin(2) + 2 * math.cos(2))


def test_factors_of_an_elementwise_function_are_taken_at_every_point():
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    comparison = al.compare(sine_of_square, {"dz_dy": lambda y: torch.cos(y), "dy_dx": lambda x: 2 * x}, x=x)
    assert comparison.ok is True
    torch.testing.assert_close(comparison.gradients["x"]["manual"], 2 * x * torch.cos(x**2))


# ---------------------------------------------------------------- functions of one number
def test_math_functions_are_called_point_by_point():
    x = torch.linspace(-2, 2, 11, dtype=torch.float64)
    comparison = al.compare(sine_of_square, lambda x: 2 * x * math.cos(x**2), x=x)
    assert comparison.ok is True
    assert comparison.gradients["x"]["manual"].tolist() == [2 * p * math.cos(p**2) for p in x.tolist()]


def test_point_by_point_keeps_the_shape_and_takes_named_steps():
    x = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    found = by_hand(sine_of_square, lambda y, x: 2 * x * math.cos(y), x=x)
    assert found.shape == (2, 3) and found[1, 0].item() == pytest.approx(-7.661275842587077)


def test_if_and_else_in_a_gradient_work_point_by_point():
    comparison = al.compare(torch.abs, {"input": lambda t: 1.0 if t > 0 else -1.0}, input=[-2.0, 3.0])
    assert comparison.gradients["input"]["manual"].tolist() == [-1.0, 1.0]


def test_a_hundred_thousand_points_are_the_most():
    assert MOST_POINTS == 100_000
    x = torch.linspace(0, 1, MOST_POINTS, dtype=torch.float64)
    assert by_hand(torch.sin, lambda t: math.cos(t), of="input", input=x).shape == (MOST_POINTS,)
    text = refused(torch.sin, lambda t: math.cos(t), input=torch.linspace(0, 1, MOST_POINTS + 1))
    assert "100,001" in text and "torch.cos, not math.cos" in text


def test_one_bad_point_is_nan_and_the_others_stand():
    found = by_hand(torch.log, lambda t: 1 / float(t), of="input", input=[0.0, 2.0])
    assert math.isnan(found[0].item()) and found[1].item() == 0.5


# ---------------------------------------------------------------- errors
def test_an_unknown_key_lists_the_names():
    for key in ("q", "dz_dq", "dq_dx", "d", "dz", "_dx", ""):
        text = refused(sine_of_square, {key: 1.0}, x=4.0)
        assert repr(key) in text and "dz_dy" in text and "dy_dx" in text, text


def test_a_pair_that_is_not_directly_linked_is_said_to_be():
    text = refused(logistic, {"dy_pred_dw": 1.0}, inputs=AT, wrt=("w", "b"))
    assert "y_pred does not use w directly" in text and "dy_pred_dz" in text


def test_an_ambiguous_key_names_both_readings():
    def f(c, b_dc):
        a = 2 * b_dc
        a_db = 3 * c
        return a * a_db

    text = refused(f, {"da_db_dc": 1.0}, c=1.0, b_dc=2.0)
    assert "two ways" in text and "∂a/∂b_dc" in text and "∂a_db/∂c" in text and "Rename" in text


def test_an_unknown_parameter_lists_what_there_is():
    text = refused(sine_of_square, lambda x, q: x, x=4.0)
    assert "'q'" in text and all(name in text for name in ("x", "y", "z"))
    text = refused(logistic, {"w": lambda q: q * 0, "b": lambda u, v: u}, inputs=AT, wrt=("w", "b"))
    assert "'b'" in text and "'u'" in text and "y_pred" in text


def test_what_the_formula_raises_is_told_with_its_key():
    def broken(x):
        raise KeyError("no table")

    text = refused(sine_of_square, {"x": broken}, x=4.0)
    assert "'x'" in text and "KeyError" in text and "no table" in text


@pytest.mark.parametrize("answer", ["six", None, object(), {"a": 1}, [1.0, [2.0, 3.0]]])
def test_answers_that_are_no_number_are_refused(answer):
    assert "'x'" in refused(sine_of_square, {"x": lambda x: answer}, x=4.0)


class Odd:
    """A callable whose parameters Python cannot read, as those of torch.cos."""

    __signature__ = "no signature"

    def __call__(self, x):
        return 2 * x


def test_a_builtin_gets_the_single_input():
    assert al.compare(lambda x: torch.sin(x), torch.cos, x=1.0).ok
    assert al.compare(lambda x: x**2, Odd(), x=1.0).ok


def test_a_builtin_among_several_inputs_says_how_to_wrap_it():
    assert "lambda x:" in refused(lambda x, y: x * y, Odd(), x=4.0, y=1.0)


def test_a_builtin_as_a_factor_gets_what_the_factor_is_about():
    assert al.compare(sine_of_square, {"dz_dy": torch.cos, "dy_dx": Odd()}, x=4.0).ok


# ---------------------------------------------------------------- chains that give no number, or one for the whole way
LESSON = al.lessons.logistic_naive


def naive_logistic(manual):
    return al.compare(LESSON.function, manual, inputs=LESSON.inputs, wrt=LESSON.wrt)


def test_an_empty_manual_gradient_is_refused():
    with pytest.raises(al.ManualError, match="empty"):
        naive_logistic({})


def test_a_total_factor_stands_for_the_way_down_to_it():
    shared = {"dz_dw": lambda x: x, "dz_db": 1.0}
    assert naive_logistic({"dloss_dz": lambda y_pred, y: y_pred - y} | shared).ok
    wrong = naive_logistic({"dloss_dz": 77.0} | shared)
    assert wrong.ok is False and "dloss_dz is wrong" in wrong.verdict
    assert {reason.input for reason in wrong.reasons} == {"w", "b"}


def test_the_whole_derivative_of_a_longer_chain_is_accepted():
    def sine_of_square(x):
        y = x**2
        z = torch.sin(y)
        return z

    assert al.compare(sine_of_square, {"dz_dx": lambda x: 2 * x * torch.cos(x**2)}, x=4.0).ok


def test_a_factor_left_out_is_named_for_every_input_that_needs_it():
    chain = {key: factor for key, factor in LESSON.manual.items() if key != "dy_pred_dz"}
    comparison = naive_logistic(chain)
    assert comparison.ok is False
    assert [(r.code, r.input) for r in comparison.reasons if r.code == "missing_factor"] == [
        ("missing_factor", "w"),
        ("missing_factor", "b"),
    ]


def test_one_wrong_factor_alone_is_not_passed_over():
    comparison = naive_logistic({"dloss_dy_pred": 5.0})
    assert comparison.ok is False and "dloss_dy_pred is wrong" in comparison.verdict


def test_every_wrong_factor_is_named():
    def sine_of_square(x):
        y = x**2
        z = torch.sin(y)
        return z

    verdict = al.compare(sine_of_square, {"dz_dy": lambda y: 2 * torch.cos(y), "dy_dx": lambda x: x}, x=4.0).verdict
    assert "dz_dy is wrong" in verdict and "dy_dx is wrong" in verdict


def test_inputs_that_are_no_tensors_reach_the_manual_gradient():
    def power(x, n: int):
        y = x**n
        return y

    assert al.compare(power, lambda x, n: n * x ** (n - 1), x=2.0, n=3).ok
    assert al.compare(power, lambda x, n: n * math.pow(x, n - 1), x=[2.0, 3.0], n=3).ok


def mean_of_squares(x):
    m = x.mean()
    loss = m**2
    return loss


def weighted(w, x):
    z = w @ x
    loss = torch.sigmoid(z)
    return loss


def product_of_elements(x):
    y = x[0] * x[1]
    loss = y**2
    return loss


@pytest.mark.parametrize(
    ("function", "factors", "inputs"),
    [
        (mean_of_squares, {"dloss_dm": lambda m: 2 * m, "dm_dx": 1 / 3}, {"x": [1.0, 2.0, 3.0]}),
        (
            weighted,
            {"dloss_dz": lambda loss: loss * (1 - loss), "dz_dw": lambda x: x},
            {"w": [1.0, 2.0], "x": [0.3, 0.1]},
        ),
        (product_of_elements, {"dloss_dy": lambda y: 2 * y, "dy_dx": lambda x: x.flip(0)}, {"x": [3.0, 5.0]}),
    ],
)
def test_a_factor_through_a_sum_is_the_slope_of_its_own_step(function, factors, inputs):
    comparison = al.compare(function, factors, inputs=inputs, wrt=next(iter(inputs)))
    assert comparison.ok and comparison.wrong_factors == ()
    last = list(factors)[-1]
    wrong = al.compare(
        function,
        factors | {last: torch.ones(len(inputs[next(iter(inputs))])) * 7.0},
        inputs=inputs,
        wrt=next(iter(inputs)),
    )
    assert [factor.key for factor in wrong.wrong_factors] == [last]


@pytest.mark.parametrize(
    ("manual", "says"),
    [
        ({1: 2.0}, "have the key 1"),
        ({None: 1.0}, "have the key None"),
        (10**400, "should be a number or a tensor"),
        (torch.tensor(6 + 5j), "is a complex tensor"),
        (lambda x: torch.ones(3).to_sparse(), "is a sparse tensor"),
    ],
)
def test_what_is_no_gradient_is_refused_by_name(manual, says):
    with pytest.raises(al.ManualError, match=says):
        al.compare(lambda x: x**2, manual, x=3.0)
