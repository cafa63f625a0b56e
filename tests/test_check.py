"""`check`: right is right in every form, wrong is said to be wrong where it is, and nothing is remembered."""

import math
import re
import warnings

import pytest
import sympy as sp
import torch

import autograd_lessons as al
from autograd_lessons.checking.flow import Edit, Flow
from autograd_lessons.checking.words import Words

from .slip_cases import WRONG


def sine_of_square(x):
    y = x**2
    z = torch.sin(y)
    return z


def logistic(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = -(y * torch.log(y_pred) + (1 - y) * torch.log(1 - y_pred))
    return loss


SAMPLE = {"w": 1.0, "b": 0.0, "x": 6.7, "y": 0.0}


# ---------------------------------------------------------------------- forms
@pytest.mark.parametrize(
    "answer",
    [
        lambda x: 2 * x * torch.cos(x**2),
        lambda x: 2 * x * math.cos(x**2),
        lambda t: 2 * t * torch.cos(t**2),
        lambda y, x: 2 * x * torch.cos(y),
        {"x": lambda x, y: 2 * x * torch.cos(y)},
        {"dz_dy": lambda y: torch.cos(y), "dy_dx": lambda x: 2 * x},
        {"dz_dy": torch.cos, "dy_dx": lambda u: 2 * u},
        2 * sp.Symbol("x") * sp.cos(sp.Symbol("x") ** 2),
        "2x cos(x²)",
        {"x": "2x cos(y)"},
        {"dz_dy": "cos(y)", "dy_dx": "2x"},
    ],
)
def test_right_in_every_form(answer):
    assert al.check(answer, sine_of_square).correct
    assert al.check(answer, sine_of_square, x=4.0).correct


@pytest.mark.parametrize("answer", [-7.661275842587077, torch.tensor(-7.6612758), [-7.661275842587077], "8 cos(16)"])
def test_numbers_hold_at_the_given_point(answer):
    assert al.check(answer, sine_of_square, x=4.0).correct
    assert not al.check(answer, sine_of_square, x=3.0).correct


def test_symbolic_gradient_of_the_package_is_right():
    derived = al.derive(logistic, wrt=("w", "b"), **SAMPLE)
    assert al.check(derived.gradient, logistic, wrt=("w", "b"), **SAMPLE).correct
    vector = al.derive(lambda x: (x**3).mean(), x=[1.0, 2.0, 3.0])
    assert al.check(vector.gradient, lambda x: (x**3).mean(), x=[1.0, 2.0, 3.0]).correct


def test_function_may_be_typed():
    assert al.check("2x", "x^2").correct
    assert al.check("x", "x^2").mistake == "constant_lost"


def test_a_function_of_another_dtype_is_run_as_it_is():
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 1)
    given = {"x": torch.tensor([1.0, 2.0])}
    assert al.check(lambda x: layer.weight[0], lambda x: layer(x).sum(), **given).correct
    assert al.check(lambda x: -layer.weight[0], lambda x: layer(x).sum(), **given).mistake == "sign_flipped"


def test_rounding_is_right_and_said():
    single = al.check(lambda x: (2 * x * torch.cos(x**2)).float(), sine_of_square)
    assert (single.correct, single.mistake) == (True, "rounding")
    typed = al.check(-7.66, sine_of_square, x=4.0)
    assert (typed.correct, typed.mistake) == (True, "rounding")
    assert not al.check(-7.65, sine_of_square, x=4.0).correct


def test_data_with_its_numbers_in_the_answer_is_right():
    given = {"wrt": "w", "w": 0.4, "x": 2.5}
    assert al.check(lambda w: 2.5 * torch.cos(2.5 * w), lambda w, x: torch.sin(w * x), **given).correct


def test_a_factor_that_is_one_at_the_given_point_is_missed_nevertheless():
    given = {"wrt": "x", "x": 3.0, "y": 1.0}
    assert al.check(lambda x: 2 * x, lambda x, y: x**2 * y, **given).mistake == "factor_dropped"


# ---------------------------------------------------------------------- what is said
def test_hint_names_their_factor():
    feedback = al.check(lambda x: torch.cos(x**2), sine_of_square)
    first, second = feedback.hint.splitlines()
    assert first == "For x, at x = 2: yours is -0.653644, autograd gives -2.61457."
    assert second == "The factor dy/dx = 2·x is missing."


def test_first_hint_does_not_give_the_number_that_is_asked_for():
    feedback = al.check(9, lambda x: x**2, x=3.0)
    assert "6" not in feedback.hint
    assert feedback.counterexample == ({"x": 3.0}, 9.0, 6.0)


def test_more_leads_further_and_is_not_remembered():
    feedback = al.check(lambda x: torch.cos(x**2), sine_of_square)
    second = feedback.more()
    assert second.hint == "Factor by factor, at x = 2: dz/dy = -0.653644, dy/dx = 4."
    assert second.more().hint == "Factor by factor: dz/dy = cos(y), dy/dx = 2·x."
    assert second.more().more().hint == second.more().hint
    assert feedback.more().hint == second.hint  # the first one is as it was
    assert feedback.hint != second.hint


def test_same_question_same_answer():
    for case in WRONG[:40:4]:
        one, other = (repr(al.check(case.answer, case.function, **case.given)) for _ in range(2))
        torch.manual_seed(99)
        assert one == other == repr(al.check(case.answer, case.function, **case.given))


def test_random_state_and_warnings_are_left_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        al.check(lambda x: x, lambda x: (x**2).sum(), x=[1.0, 2.0])
    assert torch.equal(torch.get_rng_state(), before)


def test_learners_tensors_are_left_alone():
    x = torch.tensor(2.0, requires_grad=True)
    al.check(lambda x: x, lambda x: x**2, x=x)
    assert x.grad is None and x.item() == 2.0


def test_both_are_named_where_they_cannot_be_told_apart():
    feedback = al.check(lambda x: torch.exp(-x), lambda x: torch.exp(-x))
    assert {"inner_dropped", "value", "sign_flipped"} <= set(feedback.mistakes)
    assert "On this function these give the same." in feedback.hint


def test_wrong_factor_is_named_and_the_others_called_right():
    chain = {
        "dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)),
        "dy_pred_dz": lambda y_pred: y_pred,
        "dz_dw": lambda x: x,
        "dz_db": 1.0,
    }
    feedback = al.check(chain, logistic, wrt=("w", "b"), **SAMPLE)
    assert feedback.hint.startswith("For dy_pred_dz, at w = 1, b = 0, x = 6.7, y = 0:")
    assert "dloss_dy_pred, dz_dw and dz_db are right." in feedback.hint


def test_an_input_left_out_is_asked_for():
    feedback = al.check({"w": "(y_pred - y) x"}, logistic, wrt=("w", "b"), **SAMPLE)
    assert (feedback.correct, feedback.mistake, feedback.input) == (False, "blank", "b")
    assert al.check({"w": "(y_pred - y) x"}, logistic, **SAMPLE).correct  # nobody asked for b


def test_wrong_on_one_branch_says_which():
    feedback = al.check(lambda x: 2 * x, lambda x: torch.where(x > 0, x**2, torch.sin(x)))
    assert feedback.mistake == "one_branch"
    assert "the condition is false" in feedback.hint


def test_a_branch_in_python_is_met():
    def piecewise(x):
        return x**2 if x > 0 else torch.sin(x)

    assert al.check(lambda x: 2 * x if x > 0 else torch.cos(x), piecewise).correct
    assert al.check(lambda x: 2 * x, piecewise).mistake == "one_branch"
    assert al.check(lambda x: x if x > 0 else torch.cos(x), piecewise).mistake == "constant_lost"


def test_at_a_kink_a_formula_need_not_follow_the_convention():
    assert al.check(lambda x: 1.0 if x >= 0 else 0.0, torch.nn.functional.relu, input=0.0).correct


def test_a_right_formula_that_overflows_far_out_is_right():
    naive = {"w": lambda y_pred, y, x: (y_pred - y) / (y_pred * (1 - y_pred)) * y_pred * (1 - y_pred) * x}
    assert al.check(naive, logistic, wrt="w", **(SAMPLE | {"x": 40.0})).correct


def test_a_number_without_a_point_is_asked_for_one():
    assert "Say where: x=…" in al.check(6, lambda x: x**2).hint
    assert al.check(3, lambda x: 3 * x).correct


def test_zero_everywhere_proves_little():
    feedback = al.check(0.0, torch.sign, input=1.0)
    assert feedback.correct and "proves little" in feedback.hint


def test_a_right_formula_may_hold_for_the_signs_that_were_given_only():
    def period(L, g):
        return torch.sqrt(L / g)

    assert al.check({"L": "1/(2 sqrt(g L))"}, period, wrt="L", L=1.2, g=9.81).correct


def test_a_target_that_adds_up_to_one_does_so_at_every_point():
    def loss(z, t):
        return -(t * torch.log_softmax(z, 0)).sum()

    assert al.check(lambda z, t: torch.softmax(z, 0) - t, loss, wrt="z", z=[0.5, -1.0, 1.2], t=[0.0, 1.0, 0.0]).correct


def test_rounding_is_measured_at_its_own_point():
    """Elsewhere the derivative is larger by far."""
    assert not al.check("x^9 + 0.01", "x^10/10").correct


def test_wrong_by_a_factor_is_not_right_on_the_branch_where_all_is_zero():
    assert al.check(lambda x: 5.1 * (3 * x > 1), lambda x: torch.relu(3 * x - 1)).mistake is None


def test_a_number_of_two_digits_is_not_held_against_two_slips():
    found = [al.check(number / 10, "x^2*sin(x)", x=1.3).mistakes for number in range(30, 50)]
    assert not [one for one in found if any("+" in name for name in one)]


def test_two_slips_are_named_only_where_both_are_common():
    assert al.check("2x cos(2x)", "x^2 sin(2x)").mistake == "inner_dropped+product_of_derivatives"
    # a kept constant beside a lost path; a lost factor beside sin for cos would give the same
    assert al.check("(2x + 1) sin(x)", "(x^2 + 1) sin(x)").mistake is None


def test_a_slip_may_be_made_at_every_place():
    said = al.check("4x^4 + 3x^3 - 2x^2", "x^4 + x^3 - x^2")
    assert said.mistake == "exponent_not_lowered" and "in 3 places" in said.hint


def test_a_product_of_equal_factors_is_a_power():
    assert al.check("3x^3", lambda x: x * x * x).mistake == "exponent_not_lowered"
    assert al.check("5x^5", lambda x: x * x * x * x * x).mistake == "exponent_not_lowered"


def test_a_long_run_is_recorded_at_few_points():
    runs = []

    def long(x):
        runs.append(x)
        for _ in range(500):
            x = torch.sin(x) * 1.01 + 0.1
        return x

    said = al.check(lambda x: 0.123 * x, long)
    assert said.mistake is None and "No slip that is known" in said.hint
    assert len(runs) < 10


def test_a_long_product_is_taken_apart_to_a_small_depth():
    def power(x):
        y = x
        for _ in range(1200):
            y = y * x
        return y

    assert al.check("7x^3", power).mistake is None


def test_assert_correct():
    al.check("2x", "x^2").assert_correct()
    with pytest.raises(AssertionError, match="The exponent comes in front"):
        al.check("x", "x^2").assert_correct()


# ---------------------------------------------------------------------- what is shown
def test_text_form_is_complete():
    assert repr(al.check("cos(x^2)", "sin(x^2)")) == (
        "Not right yet: inner_dropped.\n"
        "For x, at x = 2: yours is -0.653644, autograd gives -2.61457.\n"
        "The factor d(x**2)/dx = 2·x is missing.\n"
        ".more() says a little more."
    )
    assert repr(al.check("2x cos(x^2)", "sin(x^2)")).startswith("Right.\nIt agrees with autograd at ")


def test_rich_form_says_the_same_and_is_escaped():
    feedback = al.check(lambda x: x, lambda x: (lambda a: a**2)(x) if "<b>" else x)
    shown = feedback._repr_mimebundle_()
    assert shown["text/plain"] == repr(feedback)
    assert "<b>" not in shown["text/html"]
    words = re.sub(r"<[^>]+>", "\n", shown["text/html"])
    for line in repr(feedback).splitlines():
        assert line.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;") in words


# ---------------------------------------------------------------------- what cannot be used
@pytest.mark.parametrize("answer", [None, ..., "", {}, {"x": None}, lambda x: None, lambda x: ..., NotImplemented])
def test_a_blank_is_called_one(answer):
    assert al.check(answer, sine_of_square).mistake == "blank"


def test_a_function_still_to_be_written_is_a_blank():
    def answer(x):
        raise NotImplementedError

    assert al.check(answer, sine_of_square, x=1.0).mistake == "blank"


@pytest.mark.parametrize(
    "error, text, answer",
    [
        (al.ManualError, "asks for 'q'", lambda x, q: q),
        (al.ManualError, "asks for 'q'", "2 q"),
        (al.ManualError, "raised AttributeError", lambda x: x.foo),
        (al.ManualError, "no factor of this chain", {"q": 1}),
        (al.ManualError, "The answer is True", True),
        (al.ManualError, "should be a number or a tensor", [[1], [2, 3]]),
        (al.FormulaError, "something is missing", "2x cos("),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error_that_says_why(error, text, answer):
    with pytest.raises(error, match=re.escape(text)):
        al.check(answer, sine_of_square, x=1.0)


def test_a_domain_that_cannot_be_found_is_asked_for():
    with pytest.raises(al.InputError, match="Give one of its domain: x="):
        al.check(lambda x: x, lambda x: torch.log(-1 - x * x))
    with pytest.raises(al.OutputError):
        al.check(lambda x: x, lambda x: torch.stack([x, x**2]))


def test_an_error_of_the_function_comes_through():
    def broken(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        al.check(lambda x: x, broken, x=1.0)


# ---------------------------------------------------------------------- the chain rule at many points
FUNCTIONS = list({case.function: case for case in WRONG}.values())


@pytest.mark.parametrize("case", FUNCTIONS, ids=lambda case: case.function.__name__)
def test_chain_rule_without_a_slip_is_autograd(case):
    given = {name: value for name, value in case.given.items() if name != "wrt"}
    given = given or dict.fromkeys(case.function.__code__.co_varnames[: case.function.__code__.co_argcount], 0.7)
    tape = al.record(case.function, wrt=case.given.get("wrt"), **given)
    flow = Flow([tape, tape])
    rows = flow.gradients([Edit(), Edit()])
    for value in tape.inputs.values():
        if value.adjoint is not None:
            made = rows[flow.index(value)]
            torch.testing.assert_close(made, value.adjoint.double().expand_as(made))


OF_SINGLE_NUMBERS = [case for case in FUNCTIONS if not any(isinstance(v, list) for v in case.given.values())]


@pytest.mark.parametrize("case", OF_SINGLE_NUMBERS, ids=lambda case: case.function.__name__)
def test_formulas_of_factors_are_true(case):
    """Whatever stands behind `dy/dx =` in a sentence has the value of the recorded derivative."""
    given = {name: value for name, value in case.given.items() if name != "wrt"}
    given = given or dict.fromkeys(case.function.__code__.co_varnames[: case.function.__code__.co_argcount], 0.7)
    flow = Flow([al.record(case.function, wrt=case.given.get("wrt"), **given)])
    words = Words(flow)
    numbers = {words.name(i).replace("(", "").replace(")", ""): flow.values(i).item() for i in range(len(flow.nodes))}
    for root in flow.steps:
        for leaf in flow.below(root) - {root}:
            made, true = words._slope(root, leaf), flow.derivative(root, leaf)
            if made is None or true is None:
                continue
            values = {s: numbers[s.name.replace("(", "").replace(")", "")] for s in made.free_symbols}
            assert abs(complex(made.subs(values).evalf()) - true.item()) <= 1e-9 * (1 + abs(true.item()))
