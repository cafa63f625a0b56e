"""The routes side by side: the facts of the seed lesson, every hand-written form, and bad answers refused."""

import math
import re
import warnings
from fractions import Fraction

import mpmath
import pytest
import torch
import torch.nn.functional as F

import autograd_lessons as al


def binary_cross_entropy_loss(prediction, target):
    epsilon = 1e-8  # To prevent log(0)
    prediction = torch.clamp(prediction, epsilon, 1 - epsilon)
    return -(target * torch.log(prediction) + (1 - target) * torch.log(1 - prediction))


def clamped(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = binary_cross_entropy_loss(y_pred, y)
    return loss


def with_logits(w, b, x, y):
    z = w * x + b
    return F.binary_cross_entropy_with_logits(z, y)


def built_in(w, b, x, y):
    y_pred = torch.sigmoid(w * x + b)
    return F.binary_cross_entropy(y_pred, y)


CHAIN = {
    "dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)),
    "dy_pred_dz": lambda y_pred: y_pred * (1 - y_pred),
    "dz_dw": lambda x: x,
    "dz_db": 1,
}


def sine_of_square(x):
    y = x**2
    z = torch.sin(y)
    return z


def codes(comparison, *routes):
    return {reason.code for reason in comparison.reasons if not routes or set(routes) & set(reason.routes)}


def seed_row(x, y, function=clamped, manual=CHAIN):
    return al.compare(function, manual, w=1.0, b=0.0, x=x, y=y, wrt=("w", "b"), dtype=torch.float32)


# ---------------------------------------------------------------- the seed's numbers
def test_square():
    comparison = al.compare(lambda x: x**2, lambda x: 2 * x, x=3.0)
    assert comparison.ok and comparison.routes == ("manual", "sympy", "autograd", "finite_difference", "reference")
    assert {route: value.item() for route, value in comparison.gradients["x"].items() if route != "finite_difference"} == {
        "manual": 6.0, "sympy": 6.0, "autograd": 6.0, "reference": 6.0,
    }  # fmt: skip
    assert comparison.gradients["x"]["finite_difference"].item() == pytest.approx(6.0, abs=1e-8)


def test_sine_of_square():
    comparison = al.compare(sine_of_square, lambda x: 2 * x * math.cos(x**2), x=4.0)
    assert comparison.ok
    assert comparison.gradients["x"]["manual"].item() == -7.661275842587077
    assert comparison.error["x"]["autograd"].ulps < 2


@pytest.mark.parametrize(
    ("x", "y", "loss", "autograd", "manual", "logits", "library"),
    [  # measured with torch 2.13.0 in float32
        (6.7, 0.0, 6.7012, 6.69176197, 6.69176245, 6.69176245, 6.69176197),
        (16.0, 0.0, 15.942, 15.999998, 15.999998, 15.999998, 15.999998),
        (17.0, 0.0, math.inf, math.nan, math.nan, 17.0, 0.0),
        (-18.5, 1.0, 18.4207, -0.0, 18.5, 18.5, 18.5),
        (-104.0, 1.0, 18.4207, -0.0, math.nan, 104.0, 0.0),
    ],
)
def test_the_five_rows(x, y, loss, autograd, manual, logits, library):
    seed = seed_row(x, y)
    assert seed.tape.output.value.item() == pytest.approx(loss, abs=6e-4)
    pairs = [
        (seed.gradients["w"]["autograd"], autograd),
        (seed.gradients["w"]["manual"], manual),
        (seed_row(x, y, with_logits, None).gradients["w"]["autograd"], logits),
        (seed_row(x, y, built_in, None).gradients["w"]["autograd"], library),
    ]
    for value, expected in pairs:
        assert value.item() == pytest.approx(expected, abs=6e-7, nan_ok=True)


def test_the_seeds_gradients_by_hand_to_its_digits():
    seed = seed_row(6.7, 0.0)
    assert seed.gradients["w"]["manual"].item() == 6.691762447357178
    assert seed.gradients["b"]["manual"].item() == 0.998770534992218
    assert seed.ok and not any(seed.vacuous.values())
    assert codes(seed, "autograd") == {"rounding"}


def test_at_16_the_last_digits_are_rounding():
    seed = seed_row(16.0, 0.0)
    assert codes(seed) <= {"rounding", "saturation", "ill_conditioned", "step"}


def test_at_17_saturation_is_named():
    seed = seed_row(17.0, 0.0)
    assert seed.ok is False
    assert codes(seed, "autograd") == {"saturation"}
    assert "differs, because" in seed.verdict
    assert "y_pred" in seed.verdict and "0.99999996, and computed in float32 it comes out as 1" in seed.verdict
    assert seed.gradients["w"]["reference"].item() == pytest.approx(17.0, abs=1e-5)


def test_below_the_clamp_the_cut_is_named_and_zero_proves_nothing():
    seed = seed_row(-18.5, 1.0)
    assert seed.ok is False
    assert codes(seed, "manual") == {"clamp"}
    assert "manual 18.5 against autograd -0 differs, because" in seed.verdict and "clamp" in seed.verdict
    without = seed_row(-18.5, 1.0, manual=None)
    assert without.vacuous == {"w": True, "b": True}
    assert "proves nothing" in without.verdict


def test_far_below_the_manual_chain_has_no_number():
    seed = seed_row(-104.0, 1.0)
    assert seed.ok is False and codes(seed, "manual") == {"saturation"}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("z", "y"), [(-28.0, 1.0), (-30.0, 1.0), (-40.0, 1.0)])
def test_the_librarys_loss_never_divides_by_less_than_its_floor(dtype, z, y):
    def loss(z, y):
        p = torch.sigmoid(z)
        return F.binary_cross_entropy(p, y)

    comparison = al.compare(loss, z=z, y=y, wrt="z", dtype=dtype)
    # PyTorch's documented formula: (p − y) / max(p(1 − p), 1e-12), times p(1 − p)
    assert comparison.gradients["z"]["autograd"].item() == pytest.approx(-math.exp(z) / 1e-12, rel=1e-5)
    assert codes(comparison, "autograd") == {"floor"} and "never divides by less than 1e-12" in comparison.verdict
    assert al.compare(loss, z=-27.5, y=y, wrt="z", dtype=dtype).ok


def test_what_float32_could_hold_is_not_called_rounded():
    def sigmoid(z):
        y_pred = torch.sigmoid(z)
        return torch.log(y_pred)

    lost = al.compare(sigmoid, z=-89.0, dtype=torch.float32)
    assert "y_pred = torch.sigmoid(z) is 2.22736e-39, and computed in float32 it comes out as 0" in lost.verdict
    rounded = al.compare(sigmoid, z=-110.0, dtype=torch.float32)
    assert "and float32 rounds that to 0" in rounded.verdict


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_rounded_to_a_bound_is_told_from_it_at_50_digits(dtype):
    def naive(z):
        y_pred = torch.sigmoid(z)
        return -torch.log(1 - y_pred)

    # 1 − σ(40) = 4.248e-18
    verdict = al.compare(naive, z=40.0, dtype=dtype).verdict
    assert f"y_pred = torch.sigmoid(z) is 1 − 4.25e-18, and {str(dtype)[6:]} rounds that to 1" in verdict


def test_a_value_and_a_bound_that_six_digits_cannot_tell_apart_get_more():
    comparison = al.compare(lambda x: torch.clamp(x, max=1 - 1e-8), lambda x: 1.0, x=1 - 1e-12)
    assert "x = 1 lies above the bound 0.99999999," in comparison.verdict
    nearer = al.compare(lambda x: torch.clamp(x, max=1 - 1e-8), lambda x: 1.0, x=1 - 9e-9)
    assert "x = 0.999999991 lies above the bound 0.99999999," in nearer.verdict


def test_the_librarys_silent_zero_is_not_agreement():
    library = seed_row(17.0, 0.0, built_in, None)
    assert library.ok is False and codes(library, "autograd") == {"saturation"}
    assert seed_row(17.0, 0.0, with_logits, None).ok


# ---------------------------------------------------------------- hand-written forms
def test_each_factor_is_checked_on_its_own():
    wrong = CHAIN | {"dz_dw": lambda x: x**2}
    comparison = seed_row(6.7, 0.0, manual=wrong)
    assert comparison.ok is False
    (reason,) = [r for r in comparison.reasons if r.input == "w" and "manual" in r.routes]
    assert reason.code == "wrong" and "dz_dw is wrong" in reason.text
    assert "dloss_dy_pred, dy_pred_dz are right" in reason.text
    assert codes(comparison, "manual") == {"wrong"} or not [
        r for r in comparison.reasons if r.input == "b" and r.code == "wrong"
    ]


def test_a_factor_left_out_is_named():
    comparison = seed_row(6.7, 0.0, manual={k: v for k, v in CHAIN.items() if k != "dy_pred_dz"})
    assert comparison.gradients["w"]["manual"] is None or comparison.ok is False


def test_a_path_left_out_of_a_sum_is_named():
    def f(x):
        s = torch.sin(x)
        y = x * s
        return y

    good = {"dy_dx": lambda s: s, "dy_ds": lambda x: x, "ds_dx": lambda x: torch.cos(x)}
    assert al.compare(f, good, x=1.3).ok
    comparison = al.compare(f, {k: v for k, v in good.items() if k != "dy_dx"}, x=1.3)
    assert comparison.ok is False
    assert any(r.code == "missing_factor" and "dy_dx" in r.text for r in comparison.reasons)


@pytest.mark.parametrize(
    "manual",
    [
        {"w": lambda w, x: 3 * w**2 * x, "x": lambda w: w**3},
        {"w": 24.0, "x": lambda w, x: w**3},
        lambda w, x: {"w": 3 * w**2 * x, "x": w**3},
        lambda w, x: (3 * w**2 * x, w**3),
        (24.0, torch.tensor(8.0)),
        {"w": lambda v: 3 * v**2 * 2, "x": 8},
        {"doutput_dw": 24.0, "doutput_dx": 8.0},
    ],
)
def test_every_form_for_several_inputs(manual):
    assert al.compare(lambda w, x: w**3 * x, manual, w=2.0, x=2.0).ok


def test_a_lone_parameter_of_another_name_gets_the_single_input():
    assert al.compare(lambda x: x**3, lambda t: 3 * t**2, x=2.0).ok


def test_point_by_point_for_functions_of_one_number():
    comparison = al.compare(lambda x: torch.sin(x).sum(), lambda x: math.cos(x), x=torch.linspace(0, 1, 5))
    assert comparison.ok
    with pytest.raises(al.ManualError, match="torch.cos"):
        al.compare(torch.sin, lambda input: math.cos(input), input=torch.linspace(0, 1, 100_001))


def test_a_plain_number_stands_for_every_point_of_an_elementwise_function():
    assert al.compare(lambda x: 2 * x, lambda x: 2, x=torch.linspace(0, 1, 7)).ok


@pytest.mark.parametrize(
    ("manual", "words"),
    [
        ({"dy_dq": 1.0}, "no factor of this chain"),
        ({"z": 1.0}, "no factor"),
        (lambda q, p: q, "asks for 'q'"),
        (lambda x: "six", "'six'"),
        (lambda x: undefined_name, "NameError"),  # noqa: F821
        (lambda x: None, "None"),
    ],
)
def test_bad_manual_gradients_are_refused_in_words(manual, words):
    with pytest.raises(al.ManualError, match=words):
        al.compare(sine_of_square, manual, x=1.0)


def test_one_gradient_for_several_inputs_is_refused():
    with pytest.raises(al.ManualError, match="2 gradients"):
        al.compare(lambda a, b: a * b, lambda a, b: b, a=1.0, b=2.0)


def test_an_arithmetic_error_of_the_formula_is_nan_not_a_traceback():
    comparison = al.compare(lambda x: x**2, lambda x: 1 / float(x), x=0.0)
    assert math.isnan(comparison.gradients["x"]["manual"].item())
    assert codes(comparison, "manual") == {"nonfinite"} and "ZeroDivisionError" in comparison.verdict


# ---------------------------------------------------------------- wrong answers
def test_a_missing_factor_is_named():
    comparison = al.compare(sine_of_square, lambda x: torch.cos(x**2), x=1.2)
    assert comparison.ok is False
    (reason,) = [r for r in comparison.reasons if "manual" in r.routes]
    assert reason.code == "missing_factor" and "∂y/∂x" in reason.text


def test_a_plainly_wrong_answer_is_wrong():
    comparison = al.compare(sine_of_square, lambda x: 2 * x * torch.cos(x), x=1.2)
    assert codes(comparison, "manual") == {"wrong"}
    assert comparison.assert_ok.__doc__
    with pytest.raises(AssertionError, match="manual"):
        comparison.assert_ok()


@pytest.mark.parametrize("answer", [torch.ones(3, 1), torch.ones(1), torch.tensor(1.0), 1.0, torch.ones(3, 3)])
def test_a_shape_that_broadcasts_is_never_accepted(answer):
    comparison = al.compare(lambda x: x.sum(), {"x": answer}, x=[1.0, 2.0, 3.0])
    assert comparison.ok is False and codes(comparison, "manual") == {"shape"}


def test_agreement_of_zeros_is_flagged():
    comparison = al.compare(lambda x: x**2, lambda x: x, x=0.0)
    assert comparison.ok and comparison.vacuous == {"x": True} and "proves nothing" in comparison.verdict
    assert al.compare(lambda x: x**2, lambda x: 2 * x, x=1.0).vacuous == {"x": False}


# ---------------------------------------------------------------- kinks, edges, infinities
@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (lambda x: torch.relu(x), 0.0),
        (lambda x: torch.maximum(x, torch.zeros_like(x)), 0.5),
        (lambda x: torch.clamp(x, min=0), 1.0),
        (lambda x: torch.abs(x), 0.0),
    ],
)
def test_conventions_at_kinks(function, slope):
    comparison = al.compare(function, lambda x: 0.25, x=0.0)
    assert comparison.gradients["x"]["autograd"].item() == comparison.gradients["x"]["sympy"].item() == slope
    assert codes(comparison, "manual") == {"kink"} and "convention" in comparison.verdict


def test_where_does_not_protect_from_nan():
    comparison = al.compare(lambda x: torch.where(x > 0, torch.sqrt(x), x), x=-1.0)
    assert comparison.ok is False
    assert math.isnan(comparison.gradients["x"]["autograd"].item()) and comparison.gradients["x"]["sympy"].item() == 1.0
    assert codes(comparison, "autograd") == {"nonfinite"} and "sqrt" in comparison.verdict


@pytest.mark.parametrize("x", [0.0, math.inf, -math.inf, math.nan])
def test_infinities_and_nan_are_reported(x):
    comparison = al.compare(lambda x: torch.log(x), lambda x: 1 / x, x=x)
    assert comparison.ok is False or math.isinf(x)
    assert isinstance(comparison.verdict, str) and repr(comparison)


@pytest.mark.parametrize(
    ("function", "inputs", "names"),
    [
        (lambda x: 1 / x, {"x": 0.0}, "1 / x is inf: the function has no finite value there"),
        (lambda x: x**-2, {"x": [0.0, 1.0]}, "x**-2 is inf"),
        (torch.exp, {"input": 800.0}, "exp(input) is 2.72637e+347, and float64 rounds that to inf"),  # mpmath: e⁸⁰⁰
        (lambda x: 1 / x, {"x": 1e-310}, "rounds that to inf"),
        (lambda x, y: y / torch.relu(x), {"x": -1.0, "y": 1.0}, "y / torch.relu(x) is inf"),
        (lambda x, y: y * torch.log(torch.relu(x)), {"x": -1.0, "y": 2.0}, "torch.log(torch.relu(x)) is -inf"),
    ],
)
def test_agreement_on_infinity_is_no_agreement_and_its_origin_is_named(function, inputs, names):
    comparison = al.compare(function, inputs=inputs)
    assert comparison.ok is False
    assert "there is no finite gradient, because" in comparison.verdict and names in comparison.verdict
    assert "nan units" not in repr(comparison) and "zoo" not in repr(comparison)


@pytest.mark.parametrize(
    ("function", "x", "names"),
    [
        (lambda x: torch.relu(torch.log(x)), -1.0, "torch.log(x) is nan"),
        (lambda x: torch.abs(x), math.nan, "the input x is nan"),
        (lambda x: torch.clamp(x, 0, 1), math.nan, "the input x is nan"),
        (lambda x: torch.minimum(x, 2 * x), math.nan, "the input x is nan"),
        (lambda x: torch.sin(torch.atan2(torch.sqrt(x), x) ** 2), -0.5, "torch.sqrt(x) is nan"),
        (lambda x: F.gelu(torch.log(x)), -1.0, "torch.log(x) is nan"),
        (lambda x: (x / x.abs().sum()).sum(), [0.0, 0.0], "x / x.abs().sum() is nan"),
    ],
)
def test_where_the_function_is_nan_no_route_is_called_wrong(function, x, names):
    comparison = al.compare(function, x=x)
    assert comparison.ok is False and "wrong" not in codes(comparison)
    assert names in comparison.verdict and not re.search(r"nan against \w+ nan|inf against \w+ inf", comparison.verdict)


def test_a_formula_that_divides_by_zero_on_its_branch_is_no_formula():
    derivation = al.derive(lambda x, y: y / torch.relu(x), x=-1.0, y=1.0)
    assert "divided by 0" in derivation.obstacle and "zoo" not in repr(derivation)
    screen = repr(al.explore(lambda x, y: y / torch.relu(x), x=-1.0, y=1.0))
    assert "zoo" not in screen and "No comparison" not in screen


@pytest.mark.parametrize(
    ("function", "x", "true"),
    [
        (lambda x: torch.log(1 - torch.sigmoid(x)), 120.0, -1.0),
        (lambda x: F.binary_cross_entropy(torch.sigmoid(x), torch.zeros_like(x)), 800.0, 1.0),
        (lambda x: (1 - torch.cos(x)) / x**2, 1e-20, -1e-20 / 12),
    ],
)
def test_the_reference_takes_more_digits_where_fifty_cancel(function, x, true):
    comparison = al.compare(function, x=x)
    assert comparison.gradients["x"]["reference"].item() == pytest.approx(true, rel=1e-12)
    assert codes(comparison, "autograd") == {"saturation"}


def test_the_reference_takes_pi_for_the_double_that_it_is():
    # 50 digits of mpmath at the double math.pi / 2: its tangent is 1.633e16, the slope (1 + tan²) · π/2
    with mpmath.workdps(50):
        half = mpmath.mpf(math.pi) / 2
        true = float((1 + mpmath.tan(half) ** 2) * half)
    comparison = al.compare(lambda x: torch.tan(x * math.pi / 2), x=1.0)
    assert comparison.gradients["x"]["reference"].item() == pytest.approx(true, rel=1e-13)
    assert codes(comparison) == {"ill_conditioned", "step"}


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda x: torch.sin(torch.exp(x)), 25.0),
        (lambda x: torch.sin(torch.exp(x)), 30.0),
        (lambda x: torch.sin(x * x), 1e16),
    ],
)
def test_what_loses_all_digits_is_called_ill_conditioned(function, x):
    assert codes(al.compare(function, x=x), "autograd") == {"ill_conditioned"}


def test_a_hook_is_named_and_a_pass_inside_is_a_cut():
    def hooked(x):
        y = x * x
        y.register_hook(lambda gradient: gradient.clamp(-1, 1))
        return 5 * y

    comparison = al.compare(hooked, x=3.0)
    assert codes(comparison) == {"hook"} and "without it autograd would give 30" in comparison.verdict

    def two_passes(x):
        y = x**2
        y.backward()
        return x.grad * x

    comparison = al.compare(two_passes, x=3.0)
    assert codes(comparison) == {"cut"} and "x.grad is a number" in repr(comparison)
    assert "x.grad" in repr(al.explore(two_passes, x=3.0))


@pytest.mark.parametrize("function", [lambda x: x.data.add_(1) * 0 + x * x, None])
def test_an_input_changed_in_place_is_said_to_be(function):
    def inside(x):
        with torch.no_grad():
            x += 1
        return x * x

    comparison = al.compare(function or inside, x=3.0)
    assert comparison.ok is None and "x was changed in place" in comparison.verdict and "x_2" in comparison.verdict


# ---------------------------------------------------------------- finite differences
@pytest.mark.parametrize(
    ("function", "true"),
    [
        (lambda x: (x - 1) ** 2 / x.numel(), 4.0),
        (lambda x: x**2 if x.ndim == 0 else x**3, 6.0),
        (lambda x: x**2 if x.shape == () else x**3, 6.0),
        (lambda x: x**2 if len(x.size()) == 0 else x**3, 6.0),
        (lambda x: x**2 if x.requires_grad else x**3, 6.0),
    ],
)
def test_a_function_that_looks_at_the_shape_gets_one_point_at_a_time(function, true):
    comparison = al.compare(function, x=3.0)
    assert comparison.gradients["x"]["finite_difference"].item() == pytest.approx(true) and comparison.reasons == ()


def test_a_function_that_needs_a_graph_gets_one_in_its_finite_difference():
    def retaining(x):
        y = x * x
        y.retain_grad()
        return y

    comparison = al.compare(retaining, x=3.0)
    assert comparison.gradients["x"]["finite_difference"].item() == pytest.approx(6.0) and comparison.reasons == ()


def test_what_the_function_prints_is_printed_once(capsys):
    def printing(x):
        print(f"x is {x:.1f}")
        return x**2

    al.compare(printing, lambda x: 3 * x, x=3.0)
    assert capsys.readouterr().out == "x is 3.0\n"
    al.explore(printing, x=3.0)
    assert capsys.readouterr().out == "x is 3.0\n"


@pytest.mark.parametrize(("h", "value"), [(1e-2, 85), (1e-6, 1873.503), (1e-12, 1963)])
def test_sine_of_square_at_1000(h, value):
    comparison = al.compare(sine_of_square, x=1000.0, finite_difference_step=h)
    assert comparison.gradients["x"]["finite_difference"].item() == pytest.approx(
        value, rel=1e-2 if value == 85 else 1e-3
    )
    assert comparison.gradients["x"]["autograd"].item() == pytest.approx(1873.504, abs=1e-3)
    assert comparison.ok, "the finite difference never makes ok false by itself"
    expected = set() if h == 1e-6 else {"step"}
    assert codes(comparison, "finite_difference") == expected


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("x", [0.1, 1.0, 7.0, 100.0])
def test_the_finite_difference_keeps_within_its_bound(dtype, x):
    comparison = al.compare(lambda x: torch.sin(x) * torch.exp(-x / 50) + x.sqrt(), x=x, dtype=dtype)
    assert comparison.off_bound("x").item() is False


class Cubed(torch.autograd.Function):
    """x³ with the backward of 2x in place of 3x²."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.saved_tensors[0]


class Rounded(torch.autograd.Function):
    """A straight-through estimator: it rounds, and passes the gradient on as if it did not."""

    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def of_cubed(x):
    y = Cubed.apply(x)
    return torch.sin(y) + x


@pytest.mark.parametrize(
    ("function", "x", "autograd", "true", "name"),
    [
        (of_cubed, 2.0, math.cos(8) * 4 + 1, math.cos(8) * 12 + 1, "Cubed"),
        (lambda x: Cubed.apply(torch.exp(x)) * x, 0.5, None, math.exp(1.5) * 2.5, "Cubed"),
        (lambda x: Rounded.apply(x) ** 2, 2.25, 4.0, 0.0, "Rounded"),
    ],
)
def test_a_wrong_backward_of_a_custom_function_is_what_differs(function, x, autograd, true, name):
    alone = al.compare(function, x=x)
    by_hand = al.compare(function, lambda x: true, x=x)
    wrong = al.compare(function, lambda x: true + 1, x=x)
    for comparison, against in ((alone, "finite difference"), (by_hand, "manual")):
        assert comparison.ok is not True
        assert codes(comparison) == {"backward"}
        assert re.match(
            rf"x: autograd \S+ against {against} \S+ differs, because the backward of {name}", comparison.verdict
        )
        assert comparison.gradients["x"]["finite_difference"].item() == pytest.approx(true, rel=1e-6)
    assert autograd is None or alone.gradients["x"]["autograd"].item() == pytest.approx(autograd)
    assert codes(wrong) == {"backward", "wrong"}
    assert f"should be {true:.9g}"[:14] in next(reason.text for reason in wrong.reasons if reason.code == "wrong")


def test_a_right_backward_is_no_reason_and_a_function_without_one_is_told_by_its_name():
    def function(x):
        return torch.sqrt(Rounded.apply(x) + x**2)

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, gradient):
            return 2 * gradient

    comparison = al.compare(lambda x: Double.apply(x) ** 2, x=torch.tensor([1.0, 2.0], dtype=torch.float64))
    assert comparison.reasons == () and "agrees within its bound" in comparison.verdict
    assert "torch.autograd.Function Double" in comparison.derivation.obstacle
    wrong_formula = al.compare(lambda x: Double.apply(x) ** 2, lambda x: 4 * x, x=1.0)
    assert codes(wrong_formula) == {"wrong"} and "manual 4.0 against autograd 8.0" in wrong_formula.verdict
    assert codes(al.compare(function, x=1.4)) == {"backward"}


def test_a_function_that_is_another_at_each_call_is_named():
    calls = []

    def counting(x):
        calls.append(x)
        return x * len(calls)

    assert codes(al.compare(counting, x=2.0)) == {"unsteady"}
    assert codes(al.compare(lambda x: x * torch.rand(()), x=2.0)) == set()


# ---------------------------------------------------------------- vectors: where, and in which shape
def test_the_verdict_on_a_vector_names_the_worst_element_and_both_numbers():
    comparison = al.compare(lambda w: (w**3).sum(), {"w": torch.tensor([3.0, -9.25, 27.5])}, w=[1.0, -2.0, 3.0])
    assert comparison.verdict.startswith("w[1]: manual -9.25 against autograd 12.0 differs, because it is -9.25")
    matrix = al.compare(
        lambda w: (w**2).sum(), {"w": torch.tensor([[2.0, 4.0], [7.0, 8.0]])}, w=[[1.0, 2.0], [3.0, 4.0]]
    )
    assert matrix.verdict.startswith("w[1, 0]: manual 7.0 against autograd 6.0 differs")


def test_the_same_reason_is_printed_once():
    comparison = al.compare(torch.log, lambda input: 1 / input, input=math.nan)
    assert len(comparison.reasons) > 1
    assert str(comparison).count("[nonfinite] the input input is nan") == 1 and "more:" not in comparison.verdict


def column_against_row(w, x, y):
    y_pred = x * w
    loss = ((y_pred - y) ** 2).mean()
    return loss


COLUMN = {"w": 0.5, "x": [[1.0], [2.0], [3.0]], "y": [1.0, 3.0, 2.0]}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    ("function", "text"),
    [
        (column_against_row, "y_pred - y"),
        (lambda w, x, y: F.mse_loss(x * w, y), "F.mse_loss(x * w, y)"),
    ],
)
def test_a_column_against_a_row_is_why_the_right_formula_differs(function, text):
    # 2/3 · Σ (w·x − y)·x of the three pairs that were meant
    meant = 2 / 3 * sum((0.5 * x - y) * x for x, y in ((1, 1), (2, 3), (3, 2)))
    comparison = al.compare(function, {"w": meant}, inputs=COLUMN, wrt="w")
    (reason,) = [reason for reason in comparison.reasons if "manual" in reason.routes]
    assert reason.code == "shape" and f"{text} pairs (3, 1) with (3,) and makes (3, 3)" in reason.text
    assert codes(al.compare(function, {"w": 2 * meant + 1}, inputs=COLUMN, wrt="w"), "manual") == {"wrong"}


# ---------------------------------------------------------------- a cut of the graph
def detached(x):
    return x * (x**2).detach()


def under_no_grad(x):
    with torch.no_grad():
        factor = x**2
    return x * factor


@torch.no_grad()
def squared_out_of_sight(x):
    return x**2


def as_a_number(x):
    return x * (x**2).item()


def through_numpy(x):
    return x * torch.from_numpy((x**2).detach().numpy())


def through_a_gradient(x):
    (slope,) = torch.autograd.grad(x**3 / 3, x)
    return x * slope


def through_data(x):
    y = x**2
    y.data.mul_(x.item())
    return y


CUTS = {
    detached: "(x**2).detach() cuts the graph",
    under_no_grad: "factor = x**2 ran under no_grad",
    lambda x: x * squared_out_of_sight(x): "x**2 ran under no_grad",
    lambda x: x * torch.tensor(x**2): "torch.tensor(x**2) cuts the graph",
    as_a_number: "(x**2).item() leaves the graph",
    lambda x: x * float(x) ** 2: "float(x) leaves the graph",
    through_numpy: "numpy() leaves the graph",
    through_a_gradient: "torch.autograd.grad(x**3 / 3, x) leaves the graph",
}


@pytest.mark.filterwarnings("ignore:To copy construct", "ignore:Converting a tensor")
@pytest.mark.parametrize("function", CUTS)
def test_a_cut_is_why_a_finite_difference_sees_more_than_autograd(function):
    comparison = al.compare(function, x=2.0)  # d(x·x²) = 3x² = 12; with x² held fast 4
    assert comparison.gradients["x"]["autograd"].item() == 4.0 and comparison.ok
    assert comparison.gradients["x"]["finite_difference"].item() == pytest.approx(12.0)
    (reason,) = comparison.reasons
    assert reason.code == "cut" and CUTS[function] in reason.text and "a finite difference lets it move" in reason.text


@pytest.mark.parametrize("function", [detached, under_no_grad, as_a_number])
def test_a_formula_that_differentiates_through_the_cut_is_told_so(function):
    comparison = al.compare(function, lambda x: 3 * x**2, x=2.0)
    assert codes(comparison, "manual") == {"cut"} and "the hand-written formula lets it move" in comparison.verdict
    assert codes(al.compare(function, lambda x: 5 * x, x=2.0), "manual") == {"wrong"}, "the cut does not explain this"


def test_an_edit_out_of_sight_is_a_cut():
    comparison = al.compare(through_data, x=2.0)
    (reason,) = comparison.reasons
    assert reason.code == "cut" and "edit of y through .data" in reason.text


def test_a_cut_in_a_vector():
    comparison = al.compare(lambda x: (x / x.exp().sum().detach()).sum(), x=[1.0, 2.0])
    assert codes(comparison) == {"cut"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.relu(x) + x + 0 * (x**2).detach(),  # the cut value takes no part
        lambda x: (torch.relu(x) + x, (x**2).item())[0],  # the number is looked at only
        lambda x: torch.relu(x) + torch.where(x.detach() < 5, x, -x),
    ],
)
def test_a_cut_that_moves_nothing_is_no_reason(function):
    assert codes(al.compare(function, x=1e-9)) == {"kink"}


# ---------------------------------------------------------------- float32, grids, vectors
def test_float32_rounding_is_told_from_a_wrong_answer():
    comparison = al.compare(lambda x: ((1 + x) - 1) ** 2, lambda x: 2 * x, x=1e-4, dtype=torch.float32)
    assert codes(comparison, "autograd") & {"rounding", "ill_conditioned"}
    assert "wrong" not in codes(comparison)


def test_a_million_points():
    comparison = al.compare(
        sine_of_square, lambda x: 2 * x * torch.cos(x**2), x=torch.linspace(-3, 3, 1_000_000, dtype=torch.float64)
    )
    assert comparison.ok and comparison.tape.summed
    assert comparison.gradients["x"]["sympy"].shape == (1_000_000,)
    assert 0 < comparison.error["x"]["autograd"].absolute < 1e-14


def test_a_grid_with_one_bad_point_reports_the_worst_point():
    x = torch.linspace(0.5, 3, 5_000, dtype=torch.float64)
    truth = 1 / x
    truth[1234] += 0.5
    comparison = al.compare(torch.log, {"input": truth}, input=x)
    assert comparison.ok is False
    (reason,) = [r for r in comparison.reasons if "manual" in r.routes]
    assert reason.code == "wrong" and "element 1234" in reason.text


def test_a_vector_with_a_scalar_result():
    comparison = al.compare(lambda x: (x**2).mean(), lambda x: 2 * x / 3, x=[1.0, 2.0, 3.0])
    assert comparison.ok
    torch.testing.assert_close(comparison.gradients["x"]["sympy"], torch.tensor([2, 4, 6]).double() / 3)


def test_the_functions_own_warnings_are_shown_once(recwarn):
    def f(x):
        y = x * 2
        y.grad
        return y

    al.compare(f, x=1.0)
    assert len([w for w in recwarn if "non-leaf" in str(w.message) or "not a leaf" in str(w.message)]) == 1


@pytest.mark.parametrize("function", [lambda x: (x, x), lambda x: None, lambda x: x.item()])
def test_outputs_without_a_gradient_are_refused(function):
    with pytest.raises(al.OutputError):
        al.compare(function, x=1.0)


def test_only_one_route_is_nothing_to_compare():
    comparison = al.compare(lambda x: torch.linalg.matrix_exp(x.reshape(1, 1)).sum(), x=1.0)
    assert comparison.ok is None
    assert "no symbolic rule for torch.linalg.matrix_exp" in comparison.verdict
    assert "finite difference agrees within its bound" in comparison.verdict


def test_the_text_form_names_routes_and_verdict():
    text = repr(seed_row(-18.5, 1.0))
    for part in ("manual", "SymPy", "autograd", "finite difference", "reference", "18.5", "clamp"):
        assert part in text


@pytest.mark.parametrize("step", [0, -1e-3, math.inf, math.nan, 10**400, "small"])
def test_a_step_that_is_no_step_is_refused(step):
    with pytest.raises(al.InputError, match="positive"):
        al.compare(lambda x: x**2, x=1.0, finite_difference_step=step)


def test_a_step_may_be_any_kind_of_real_number():
    found = [al.compare(lambda x: x**3, x=1.0, finite_difference_step=h) for h in (Fraction(1, 8), 0.125)]
    assert [comparison.differences["x"].value.item() for comparison in found] == [3 + 1 / 64] * 2  # (x + h)³ − (x − h)³


@pytest.mark.parametrize(("step", "is_there"), [(1e-50, "0"), (1e300, "inf")])
def test_a_step_that_float32_does_not_have_is_refused(step, is_there):
    with pytest.raises(al.InputError, match=f"is {is_there} in the dtype of x, torch.float32"):
        al.compare(lambda x: x**2, x=1.0, dtype=torch.float32, finite_difference_step=step)
    assert al.compare(lambda x: x**2, x=1.0, dtype=torch.float64, finite_difference_step=step).ok


def test_a_finite_difference_over_a_kink_is_told_so():
    comparison = al.compare(lambda x: torch.relu(x) * x + torch.clamp(x, -1, 1), x=torch.linspace(-3, 3, 100_001))
    assert comparison.ok and codes(comparison, "finite_difference") == {"kink"}


def test_a_small_gradient_on_a_grid_is_ill_conditioned_and_still_ok():
    comparison = al.compare(
        lambda x: torch.sin(x**2), lambda x: 2 * x * torch.cos(x**2), x=torch.linspace(-3, 3, 100_001)
    )
    assert comparison.ok and "agree" in comparison.verdict
    assert comparison.error["x"]["autograd"].ulps > 1_000 and codes(comparison, "autograd", "manual") == {
        "ill_conditioned"
    }


def test_no_gradient_back_to_an_input_is_said():
    comparison = al.compare(lambda x: x.detach() * 2, x=1.0)
    assert comparison.ok is None and "No gradient flows" in comparison.verdict


def test_the_gradient_of_a_small_matrix_stands_row_by_row():
    text = str(al.compare(lambda w: (w**2).sum(), lambda w: 2 * w, w=[[1.0, 2.0], [3.0, 4.0]]))
    assert text.count("[[2, 4], [6, 8]]") == 5


@pytest.mark.parametrize(
    ("function", "at_zero", "slope"),
    [
        (torch.sqrt, 0.0, math.inf),
        (torch.log, -math.inf, math.inf),
        (lambda x: 1 / x, math.inf, -math.inf),
        (lambda x: x**1.5, 0.0, 0.0),
    ],
)
def test_at_the_edge_of_a_domain_the_reference_is_the_limit(function, at_zero, slope):
    comparison = al.compare(function, x=0.0)
    assert comparison.gradients["x"]["reference"].item() == slope
    assert [float(number) for number in comparison.derivation.exact(comparison.tape.steps[-1], [0])] == [at_zero]


def test_the_length_of_nothing_has_an_infinite_slope_and_no_rounded_value():
    comparison = al.compare(lambda x: torch.sqrt((x**2).sum()), x=[0.0, 0.0])
    assert {reason.code for reason in comparison.reasons} == {"nonfinite"}
    assert "has the slope inf" in comparison.verdict


def test_a_warning_of_the_function_is_shown_once_however_often_we_call_it():
    """(n, 1) against (n,) in a loss: PyTorch warns, and routes, replays and reasons call the function again and again."""

    def trap(w):
        prediction = w * torch.ones(3, 1, dtype=torch.float64)
        return torch.nn.functional.mse_loss(prediction, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        comparison = al.compare(trap, manual=lambda w: w, w=1.0)
        assert comparison.ok is False and comparison.reasons and repr(comparison)
    assert len(caught) == 1 and "broadcasting" in str(caught[0].message)


def logistic_in_one(w, b, x, y):
    return F.binary_cross_entropy_with_logits(w * x + b, y)


@pytest.mark.parametrize(
    ("function", "manual", "inputs"),
    [
        (lambda x: x**2, lambda x: 5 * x, {"x": 2.0}),
        (lambda x: x**2, lambda x: x + 3, {"x": [-3.0, 0.5, 1.5]}),
        (lambda x: 3 / x, lambda x: 3 / x**2, {"x": 2.0}),
        (sine_of_square, lambda x: 2 * x * torch.sin(x**2), {"x": 1000.0}),  # ill-conditioned, and wrong all the same
        (
            logistic_in_one,
            {"b": lambda w, b, x, y: torch.sigmoid(w * x + b) + 1},
            {"w": 1.0, "b": 0.0, "x": 2.0, "y": 1.0},
        ),
    ],
)
def test_a_wrong_formula_is_not_excused_by_float32(function, manual, inputs):
    comparison = al.compare(function, manual, inputs=inputs, dtype=torch.float32)
    assert comparison.ok is False and "wrong" in codes(comparison, "manual")
    assert not codes(comparison, "manual") & {"rounding", "ill_conditioned"}


def test_a_right_formula_that_loses_digits_in_float32_is_excused():
    comparison = al.compare(
        lambda x: x**2, lambda x: ((x + 1e4) ** 2 - x**2 - 1e8) / 1e4, x=1.2345, dtype=torch.float32
    )
    assert codes(comparison, "manual") == {"rounding"} and "in float64 the two agree" in comparison.verdict


# ---------------------------------------------------------------- digits lost to cancellation
@pytest.mark.parametrize("x", [1e-5, 1e-4])
def test_cancellation_is_named_where_it_explains_the_error(x):
    """(1 − cos x)/x² has the slope −x/12 + x³/180: the two contributions are 10¹⁰ times as large."""
    comparison = al.compare("(1 - cos(x))/x^2", x=x)
    assert comparison.gradients["x"]["reference"].item() == pytest.approx(-x / 12 + x**3 / 180, rel=1e-12)
    (told,) = [reason for reason in comparison.reasons if reason.routes[0] == "autograd"]
    assert told.code == "rounding"
    assert (
        "1 - torch.cos(x) subtracts nearly equal numbers" in told.text and "the contributions to x cancel" in told.text
    )


def test_a_wrong_slope_is_not_excused_by_a_small_cancellation():
    comparison = al.compare("(1 - cos(x))/x^2", manual="-x/6", x=0.5)
    assert [reason.code for reason in comparison.reasons if reason.routes[0] == "manual"] == ["wrong"]
