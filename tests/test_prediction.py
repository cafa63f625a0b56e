"""Predict, then reveal: what is asked, what is right, what is said of a wrong answer, and that nothing gives the number away."""

import math
import re

import mpmath
import pytest
import torch

import autograd_lessons as al
from autograd_lessons.blocks import BlockExplorer
from autograd_lessons.checking.entries import entry
from autograd_lessons.prediction import TALLY
from autograd_lessons.prediction.tally import AT_ONCE, SHOWN, WITH_HINTS, concept_of

W = float(torch.tensor(6.7))


@pytest.fixture(autouse=True)
def fresh_tally():
    TALLY.reset()


def square(x):
    y = x**2
    return y


def sine_of_square(x):
    inner = x**2
    y = torch.sin(inner)
    return y


def logistic(w, b):
    x, target = torch.tensor(6.7), torch.tensor(0.0)
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = -(target * torch.log(y_pred) + (1 - target) * torch.log(1 - y_pred))
    return loss


def product(x):
    a = torch.sin(x)
    y = x * a
    return y


def mean_of_squares(x):
    squares = x**2
    m = squares.mean()
    return m


def saturated(z):
    p = torch.sigmoid(z)
    loss = -torch.log(1 - p)
    return loss


class Learner:
    """Somebody at the keyboard: what the widgets show, and what typing into them does."""

    def __init__(self, explorer, kind="the number"):
        self.explorer, self.panel = explorer, explorer._prediction
        self.panel._by_factor.value = kind == "the factor"
        self.panel.switch.value = True

    @property
    def asked(self):
        return self.panel._box.description.removesuffix(" =")

    @property
    def said(self):
        return re.sub(r"<[^>]*>", "\n", self.panel._said.value).strip().replace("&#x27;", "'")

    def type(self, text):
        self.panel._box.value = text
        return self

    def hint(self):
        self.panel._hint.click()
        return self

    def show(self):
        self.panel._show.click()
        return self

    def pictures(self):
        """All that can be seen without a further answer."""
        style = re.compile(r"<style>.*?</style>", re.DOTALL)
        explorer = self.explorer
        stages = [explorer.draw(at) for at in range(explorer.count)]
        return "\n".join([style.sub("", explorer.html), *map(style.sub, [""] * len(stages), stages), repr(explorer), style.sub("", explorer.still())])  # fmt: skip


# ---------------------------------------------------------------------- the lessons, from the first step back to the last
def sigma(z):
    return 1 / (1 + mpmath.exp(-mpmath.mpf(z)))


LESSONS = {
    "square": (square, {"x": 3.0}, ["1", "6"]),
    "sine": (sine_of_square, {"x": 4.0}, ["1", mpmath.cos(16), 8 * mpmath.cos(16)]),
    "logistic": (logistic, {"w": 1.0, "b": 0.0}, ["1", 1 / (1 - sigma(W)), sigma(W), W * sigma(W), sigma(W)]),
    "product": (product, {"x": 2.0}, ["1", 2, mpmath.sin(2) + 2 * mpmath.cos(2)]),
}


@pytest.mark.parametrize("function, inputs, answers", LESSONS.values(), ids=LESSONS)
def test_every_step_back_is_asked_and_shown_when_its_number_was_given(function, inputs, answers):
    learner = Learner(al.explore(function, **inputs))
    explorer = learner.explorer
    forward = sum(stage.direction == "forward" for stage in explorer._stages)
    for place, answer in enumerate(answers):
        typed = answer if isinstance(answer, str) else mpmath.nstr(mpmath.mpf(answer), 6)
        assert explorer.count == forward + place + 1  # the one that is asked, and nothing after it
        assert "Shown when the last step back has been predicted." in explorer.html
        learner.type(typed)
        assert learner.said.startswith("Right: ∂")
        assert explorer.step == forward + place + 1
        assert not explorer.scene().is_asked
    assert explorer.tally.rows and all(row[AT_ONCE] == sum(row.values()) for row in TALLY.rows.values())
    assert "autograd" in explorer.html and "Shown when the last step" not in explorer.html
    assert learner.panel._box.disabled and learner.asked == ""


@pytest.mark.parametrize("kind", ["the number", "the factor"])
@pytest.mark.parametrize("grain", ["variables", "operations"])
@pytest.mark.parametrize("function, inputs, answers", LESSONS.values(), ids=LESSONS)
def test_nothing_on_screen_gives_a_hidden_number_away(function, inputs, answers, grain, kind):
    inputs = {name: value + 0.3717 for name, value in inputs.items()}  # so that no two numbers are alike by chance
    learner = Learner(al.explore(function, grain=grain, **inputs), kind)
    plain = al.explore(function, grain=grain, **inputs)
    plain.step = plain.count
    while learner.panel._questions:
        scene, seen = learner.explorer.scene(), learner.pictures()
        known = [value.value for value in scene.tape.values]
        known += [stage.run.adjoints[stage.value] for stage in scene.stages[: scene.seen] if stage.run]
        for stage in scene.stages[scene.seen :]:
            hidden = stage.run.adjoints[stage.value].item()
            if float(hidden).is_integer() or any(
                math.isclose(abs(hidden), abs(one.item()), rel_tol=1e-4) for one in known
            ):
                continue
            for number in (f"{hidden:.5g}".replace("-", "−"), f"{hidden:.6g}".replace("-", "−")):
                assert number in plain.html + repr(plain)  # what would give it away
                assert number not in seen, stage
        learner.show()
    assert repr(learner.explorer) == repr(plain)


def test_a_page_saved_in_between_holds_what_may_be_seen(tmp_path):
    learner = Learner(al.explore(sine_of_square, x=4.0))
    learner.type("1")
    page = learner.explorer.save(tmp_path / "page.html").read_text()
    assert "0.957659" not in page and "7.66128" not in page and "∂y/∂inner" in page


def test_off_is_as_if_it_had_never_been():
    learner, never = Learner(al.explore(logistic, w=1.0, b=0.0)), al.explore(logistic, w=1.0, b=0.0)
    learner.type("1")
    learner.panel.switch.value = False
    assert repr(learner.explorer).replace(">", " ") == repr(never).replace(">", " ")
    assert learner.explorer.count == never.count == 10
    assert learner.panel.widget.layout.display == "none"


# ---------------------------------------------------------------------- right
@pytest.mark.parametrize("typed", ["-7.66", "−7.66128", "-7.6613", "2*x*cos(inner)", "2x cos(x^2)", "-0.957659*8", "∂y/∂inner * 2x", "dy/dinner*8", "8*cos(16)"])  # fmt: skip
def test_a_number_arithmetic_or_a_formula(typed):
    learner = Learner(al.explore(sine_of_square, x=4.0)).type("1").type("-0.957659")
    assert learner.asked == "∂y/∂x"
    learner.type(typed)
    assert learner.said == "Right: ∂y/∂x = −7.66128."


@pytest.mark.parametrize("typed", ["y_pred*(1-y_pred)", "ŷ*(1-ŷ)", "y_pred - y_pred^2", "σ(z)·(1 − σ(z))", "exp(-z)/(1+exp(-z))^2", "1/(2+exp(z)+exp(-z))"])  # fmt: skip
def test_a_factor_in_any_form(typed):
    learner = Learner(al.explore(logistic, w=1.0, b=0.0), "the factor").type("1").show()
    assert learner.asked == "∂y_pred/∂z"
    learner.type(typed)
    assert learner.said == "Right: ∂y_pred/∂z = y_pred·(1 - y_pred), here 0.00122789."


def test_the_factors_of_a_value_that_is_used_twice_are_asked_one_after_the_other():
    learner = Learner(al.explore(product, x=2.0), "the factor").type("1").type("x")
    assert learner.asked == "∂y/∂x"
    learner.type("a")
    assert learner.asked == "∂a/∂x" and learner.explorer.scene().is_asked
    learner.type("cos(x)")
    assert learner.explorer.scene().is_whole


def test_a_vector_takes_a_list_or_a_formula():
    for typed in ("[0.667, 1.333, 2]", ".667, 1.333, 2.00", "2*x/3", "(2/3) x"):
        learner = Learner(al.explore(mean_of_squares, x=[1.0, 2.0, 3.0])).type("1").type("[0.333, 0.333, 0.333]")
        assert learner.asked == "∂m/∂x"
        assert learner.type(typed).said == "Right: ∂m/∂x = [0.6667, 1.333, 2]."


@pytest.mark.parametrize("kind", ["the number", "the factor"])
@pytest.mark.parametrize("typed", ["2", "0.333", "[1, 2]", "[]", "x", "1/3", "nan", "q"])
@pytest.mark.parametrize("x", [[1.0, 2.0, 3.0], [[1.0, 2.0]], [1.0], []])
def test_any_answer_for_any_shape(x, typed, kind):
    learner = Learner(al.explore(lambda x: torch.sin(x), x=x), kind)
    for _ in range(2):
        learner.panel._answer(typed)
    learner.show()


@pytest.mark.parametrize("typed, state", [("nan", True), ("0", False), ("inf", False), ("1e8", False)])
def test_numbers_that_are_none(typed, state):
    learner = Learner(al.explore(saturated, z=17.0, dtype=torch.float32)).type("1")
    assert not learner.type("1e8").said.startswith("Right")  # infinity is no number
    assert learner.type("inf").said == "Right: ∂loss/∂p = inf."
    assert learner.asked == "∂loss/∂z"
    assert learner.type(typed).said.startswith("Right") is state


def test_a_right_formula_where_float32_makes_another_number():
    learner = Learner(al.explore(saturated, z=17.0, dtype=torch.float32)).type("1").type("inf")
    assert "The formula is right at other points." in learner.type("sigmoid(z)").said


# ---------------------------------------------------------------------- wrong
WRONG = [
    (sine_of_square, {"x": 4.0}, ["1"], "0.957659", "The derivative of sin is cos, without a minus."),
    (sine_of_square, {"x": 4.0}, ["1", "-0.957659"], "-0.957659", "The factor dinner/dx = 2·x is missing."),
    (sine_of_square, {"x": 4.0}, ["1", "-0.957659"], "8", "The factor dy/dinner = cos(inner) is missing."),
    (logistic, {"w": 1.0, "b": 0.0}, ["1"], "0.99877", "has a denominator"),
    (
        logistic,
        {"w": 1.0, "b": 0.0},
        ["1", "813.406"],
        "813.406",
        "The factor dy_pred/dz = y_pred·(1 - y_pred) is missing.",
    ),
    (logistic, {"w": 1.0, "b": 0.0}, ["1", "813.406", "0.99877"], "0.99877", "= x is missing."),
    (product, {"x": 2.0}, ["1", "2"], "0.909", "x is used twice, and the path through a is missing."),
    (product, {"x": 2.0}, ["1", "2"], "sin(x)*x*cos(x)", "here it is multiplied"),
]


@pytest.mark.parametrize("function, inputs, before, wrong, told", WRONG)
def test_a_wrong_number_gets_the_slip_and_shows_nothing(function, inputs, before, wrong, told):
    learner = Learner(al.explore(function, **inputs))
    for answer in before:
        learner.type(answer)
    asked, count = learner.asked, learner.explorer.count
    learner.type(wrong)
    assert learner.said.startswith(f"{wrong} is not {asked}.") and told in learner.said
    assert (learner.asked, learner.explorer.count) == (asked, count)
    assert f"{asked} = ?" in repr(learner.explorer)


def test_a_wrong_factor_gets_the_slip():
    learner = Learner(al.explore(logistic, w=1.0, b=0.0), "the factor").type("1").show().type("z*(1-z)")
    assert learner.said.startswith("z*(1-z) is not ∂y_pred/∂z.")
    assert learner.panel._feedback.mistake == "value_as_input"
    learner.type("y_pred")
    assert learner.panel._feedback.mistake in ("not_differentiated", "value")


def test_the_slip_in_a_factor_does_not_give_the_factor_away():
    learner = Learner(al.explore(sine_of_square, x=4.0), "the factor").type("1")
    assert learner.asked == "∂y/∂inner"
    assert "not a derivative" in learner.type("sin(inner)").said and "cos" not in learner.said


def test_a_factor_must_hold_elsewhere_too():
    learner = Learner(al.explore(square, x=2.0), "the factor").type("1").type("x^2")  # 4, as 2x is at 2
    assert learner.asked == "∂y/∂x" and learner.said.startswith("x^2 is not ∂y/∂x.")


def test_of_a_vector_a_list_is_asked_and_the_last_hint_says_what_its_elements_are():
    learner = Learner(al.explore(mean_of_squares, x=[1.0, 2.0, 3.0])).type("1")
    assert "a list of 3 numbers" in learner.panel._asked.value
    assert learner.hint().hint().said == "For each element of squares: how fast it moves m, times ∂m/∂m."


def test_hints_lead_from_the_slip_to_the_chain_to_the_factors():
    learner = Learner(al.explore(logistic, w=1.0, b=0.0)).type("1").type("813.406").type("5")
    assert "No slip that is known here gives these numbers." in learner.said
    assert learner.hint().said == "∂loss/∂z = ∂loss/∂y_pred · ∂y_pred/∂z; there is ∂loss/∂y_pred = 813.406 already."
    assert learner.hint().said == learner.hint().said == "∂y_pred/∂z = y_pred·(1 - y_pred)"
    assert learner.type("0.999").said == "Right: ∂loss/∂z = 0.998771."
    assert TALLY.rows["sigmoid and its relatives"] == {AT_ONCE: 0, WITH_HINTS: 1, SHOWN: 0}


@pytest.mark.parametrize(
    "typed, told",
    [
        ("7", "It begins like this. Type at least three digits."),
        ("6.7", "It begins like this."),
        ("q*x", "There is no q to compute with. There are: "),
        ("2*", "After * something is missing"),
        ("x + loss/", "something is missing"),
        ("[1, 2]", "∂loss/∂w is one number."),
        ("1/0", "This divides by zero."),
        ("10^400", "This number is too large"),
    ],
)
def test_what_cannot_be_judged_is_no_mistake(typed, told):
    learner = Learner(al.explore(logistic, w=1.0, b=0.0)).type("1").type("813.406").type("0.998771")
    asked = learner.asked
    assert asked == "∂loss/∂w" and told in learner.type(typed).said
    assert learner.type("6.69").said.startswith("Right")
    assert TALLY.rows["products"][AT_ONCE] == 1


ODD = ["", " ", "x", "-", "∂", "1e999", "[", "[]", ",", "1,,2", "0^(-1)", "sin", "σ", "x.grad", "__import__('os')", "loss", "∂loss/∂", "1" * 400, "w'", "\x00"]  # fmt: skip


@pytest.mark.parametrize("kind", ["the number", "the factor"])
@pytest.mark.parametrize("typed", ODD)
def test_whatever_is_typed_raises_nothing(typed, kind):
    learner = Learner(al.explore(logistic, w=1.0, b=0.0), kind).type("1")
    for _ in range(3):
        learner.panel._answer(typed)
        learner.show()


# ---------------------------------------------------------------------- going on, giving up, moving
def test_show_tells_and_goes_on():
    learner = Learner(al.explore(sine_of_square, x=4.0)).show()
    assert learner.said == "∂y/∂y = 1." and learner.asked == "∂y/∂inner"
    assert TALLY.rows == {"start of the pass": {AT_ONCE: 0, WITH_HINTS: 0, SHOWN: 1}}


def test_the_step_that_is_asked_can_be_looked_at_and_none_after_it():
    learner = Learner(al.explore(sine_of_square, x=4.0)).type("1")
    explorer = learner.explorer
    explorer.step = 99
    assert explorer.step == explorer.count == 4
    assert "grad ?" in explorer.html and "∂y/∂inner = ?" in repr(explorer)
    explorer.step = 1
    assert learner.type("-0.957659").explorer.step == 4  # wherever one stands, the answer is shown


def test_what_was_answered_stays_answered_factor_by_factor():
    learner = Learner(al.explore(sine_of_square, x=4.0)).type("1").type("-0.957659")
    learner.panel._by_factor.value = True
    assert learner.asked == "∂inner/∂x"
    assert learner.type("2x").explorer.scene().is_whole


def test_an_input_that_moves_makes_new_numbers_to_predict():
    learner = Learner(al.explore(sine_of_square, x=4.0)).type("1").type("-0.957659")
    explorer = learner.explorer
    explorer.set(x=1.0)
    assert learner.asked == "∂y/∂y" and explorer.count == 3
    learner.type("7")
    explorer.set(x=0.0)
    assert learner.asked == "∂y/∂y" and learner.panel._box.value == ""  # what was typed was for other numbers
    explorer.set(x=1.0)
    assert "0.540302" not in learner.pictures()
    assert learner.type("1").type("0.540302").said.startswith("Right: ∂y/∂inner = 0.540302")


def test_what_was_answered_stays_answered_at_the_other_grain():
    learner = Learner(al.explore(sine_of_square, x=4.0)).type("1").type("-0.957659")
    learner.explorer._grain.value = "operations"
    assert learner.asked == "∂y/∂x"


def test_a_function_that_raises_asks_nothing():
    def raising(x):
        if x > 1:
            raise ValueError("too large")
        return x * 2

    learner = Learner(al.explore(raising, x=0.5))
    learner.explorer.set(x=2.0)
    assert learner.panel._box.disabled and "too large" in learner.explorer.html
    assert "nothing to predict" in learner.panel._asked.value
    learner.explorer.set(x=0.0)
    assert learner.asked == "∂output/∂output" and not learner.panel._box.disabled


def test_a_function_that_cannot_run_elsewhere_is_asked_about_here():
    def only_here(x):
        if x != 2.0:
            raise ValueError("only 2")
        return x**2

    learner = Learner(al.explore(only_here, x=2.0), "the factor").type("1")
    assert learner.type("2*x").said.startswith("Right")


# ---------------------------------------------------------------------- a recorded cell
def training():
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with al.recording() as tape:
        for _ in range(2):
            optimizer.zero_grad()
            loss = (w - 3.3) ** 2
            loss.backward()
            optimizer.step()
    return tape


def test_in_a_cell_the_life_of_grad_is_hidden_from_the_asked_pass_on():
    learner = Learner(BlockExplorer(training(), "variables"))
    explorer = learner.explorer
    assert explorer.step == explorer.count  # it had stood at the end
    for number in ("−4.6", "1.46", "3.68"):  # the two gradients, and w in between
        assert number not in learner.pictures().replace("-4.6", "−4.6").replace("-3.68", "−3.68")
    learner.type("1").type("-4.6")
    assert learner.said == "Right: ∂loss/∂w = −4.6."
    assert "−4.6" in learner.pictures() and "3.68" not in learner.pictures()
    learner.type("1").type("2*(w - 3.3)")
    assert learner.said == "Right: ∂loss/∂w = −3.68." and explorer.scene().is_whole


def test_a_cell_that_begins_with_a_pass_shows_nothing_of_it():
    x = torch.tensor(1 + 0.234, requires_grad=True)
    with al.recording():
        y = x**3
    with al.recording() as tape:
        y.backward()
    learner = Learner(BlockExplorer(tape, "variables"))
    assert learner.explorer.count == 1 and str(4 + 0.568)[:5] not in learner.pictures()
    assert learner.type("1").type("3*x^2").explorer.scene().is_whole
    assert str(4 + 0.568)[:5] in learner.pictures()


# ---------------------------------------------------------------------- the parts
@pytest.mark.parametrize(
    "typed, numbers, precision",
    [
        ("6.70", [6.7], [(3, 0.005)]),
        ("-0.0123", [-0.0123], [(3, 0.00005)]),
        ("−813", [-813.0], [(3, 0.5)]),
        ("1.5e-3", [0.0015], [(2, 0.00005)]),
        ("[1.25, .333]", [1.25, 0.333], [(3, 0.005), (3, 0.0005)]),
        ("[[1, 2], [3, 4]]", [1.0, 2.0, 3.0, 4.0], [(1, 0.5)] * 4),
        ("1/3", [1 / 3], []),
        ("-inf", [-math.inf], []),
    ],
)
def test_entries(typed, numbers, precision):
    made = entry(typed, (), {})
    assert made.at({}).reshape(-1).tolist() == pytest.approx(numbers)
    assert [digits for digits, _ in made.precision] == [digits for digits, _ in precision]
    assert [unit for _, unit in made.precision] == pytest.approx([unit for _, unit in precision])


@pytest.mark.parametrize(
    "operations, concept",
    [
        (["mul"], "products"), (["mul", "add"], "products"), (["add"], "sums and means"), (["pow"], "powers and roots"),
        (["log", "mul"], "several steps at once"), (["relu"], "kinks and branches"), (["sigmoid"], "sigmoid and its relatives"),
        (["binary_cross_entropy"], "losses"), (["matmul"], "matrix products"), (["transpose"], "sums and means"),
        (["torch_has_no_such"], "other functions"), (["max"], "kinks and branches"), (["huber_loss"], "losses"),
    ],
)  # fmt: skip
def test_concepts(operations, concept):
    assert concept_of(operations) == concept


def test_the_tally_is_one_for_the_kernel_and_can_be_read():
    Learner(al.explore(square, x=3.0)).type("1").type("5").type("6")
    Learner(al.explore(product, x=2.0)).type("1").show()
    assert repr(TALLY).splitlines() == [
        "concept            at once  after a hint  shown",
        "start of the pass        2             0      0",
        "powers and roots         0             1      0",
        "products                 0             0      1",
    ]
    assert al.explore(square, x=1.0).tally is TALLY
