"""Typed formulas: what is read, as what, what is refused, and what the errors say."""

import gc
import inspect
import json
import linecache
import math
import pickle
import re
import subprocess
import sys
import unicodedata

import mpmath
import pytest
import sympy as sp
import torch
from hypothesis import HealthCheck, given, settings

import autograd_lessons as al
from autograd_lessons.calls import is_random
from autograd_lessons.formula import read, vocabulary
from autograd_lessons.rules import LOSSES, POINTWISE

from .collections import feynman
from .formula_cases import GOOD, HOSTILE
from .formula_texts import POINT, anything, formulas

x, y = sp.symbols("x y")
POINTS = ["2.25", "1.5", "3.125", "1.75", "2.625"]  # of the inputs in their order
HINTS = ("type", "Type", "Delete", "Leave", "Add", "written as a Python function", "Give")


def refusal(text, **options):
    with pytest.raises(al.FormulaError) as caught:
        read(text, **options).expression
    return caught.value


def hostile():
    return [(group, text) for group, texts in HOSTILE.items() for text in texts]


# ---------------------------------------------------------------------- what is read
@pytest.mark.parametrize("text", GOOD)
def test_a_formula_means_what_school_means(text):
    names, meaning = GOOD[text]
    formula = read(text)
    assert formula.names == tuple(names.split())
    with mpmath.workdps(30):
        values = [
            mpmath.mpf(value) / (10 if "sin" in text and "arc" not in text else 1)
            for value in POINTS[: len(formula.names)]
        ]
        true = meaning(*values)
        substituted = formula.expression.subs({sp.Symbol(n): sp.Float(v, 30) for n, v in zip(formula.names, values)})
        assert mpmath.almosteq(mpmath.mpmathify(substituted.evalf(30)), true, 1e-25)
    got = formula.function(**{n: torch.tensor(float(v), dtype=torch.float64) for n, v in zip(formula.names, values)})
    assert math.isclose(float(got), float(true), rel_tol=1e-13, abs_tol=1e-14)


@pytest.mark.parametrize("text", GOOD)
def test_the_plain_form_reads_as_the_same_formula(text):
    formula = read(text)
    again = read(formula.read_as, formula.names)
    assert again.read_as == formula.read_as
    assert again.code == formula.code


def test_parse_gives_plain_symbols():
    assert al.parse("sin(x^2)") == sp.sin(x**2)
    assert al.parse("2x cos(x²)") == 2 * x * sp.cos(x**2)
    assert al.parse("I*S + N").free_symbols == {sp.Symbol("I"), sp.Symbol("S"), sp.Symbol("N")}
    assert al.parse("0.1*x") == x / 10
    assert al.parse("max(x, y)") == sp.Max(x, y)


def test_long_sums_and_signs_are_no_deep_formulas():
    assert al.parse("+".join(["x"] * 200)) == 200 * x
    assert al.parse("-" * 301 + "x") == -x


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(formulas())
def test_random_formulas_have_the_value_that_was_computed_beside_them(drawn):
    formula = read(drawn.text)
    point = {name: torch.tensor(POINT[name], dtype=torch.float64) for name in formula.names}
    assert math.isclose(float(formula.function(**point)), drawn.value, rel_tol=1e-6, abs_tol=1e-7), formula.read_as
    assert read(formula.read_as).read_as == formula.read_as


def test_a_published_collection_agrees_in_every_route():
    outcome = feynman.run(points=1)
    assert len(outcome.agree) >= 100 and not outcome.differ, outcome.differ


# ---------------------------------------------------------------------- what is refused
def test_hostile_texts_do_nothing_but_be_refused():
    """Each in a process of its own: none is executed, none hangs or takes memory."""
    texts = [text for _, text in hostile()]
    run = subprocess.run(
        [sys.executable, "-m", "tests.formula_processes"], input=json.dumps(texts), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    reports = json.loads(run.stdout)
    assert len(reports) == len(texts) >= 300
    for text, report in zip(texts, reports):
        where = f"{text[:80]!r}: {report}"
        assert report["marker"] == [], where
        assert report["outcome"] == "refused" or text == "^".join(["x"] * 41), where
        assert report["seconds"] < 1, where
        assert report["megabytes"] < 100, where


@pytest.mark.parametrize("group", HOSTILE)
def test_every_refusal_shows_the_place_and_says_what_to_type(group):
    for text in HOSTILE[group]:
        if text == "^".join(["x"] * 41):
            continue
        error = refusal(text)
        shown, carets, said = str(error).split("\n", 2)
        assert carets.strip(" ").strip("^") == "" and "^" in carets, text
        assert len(shown) < 100 and shown.isprintable(), text
        assert any(hint in said for hint in HINTS) or error.instead, (text, said)
        assert "invalid syntax" not in said and "Error" not in said and "Traceback" not in said


def test_whatever_an_error_offers_can_be_read():
    for _, text in hostile():
        if text != "^".join(["x"] * 41):
            for offer in refusal(text).instead:
                read(offer)


@pytest.mark.parametrize(
    "text, offers",
    [
        ("xy" * 20, ("*".join("xy" * 20),)),  # x_yxy… would be a name of 41 letters
        ("|\u200bx|", ()), ("|x", ()), ("|x + 1|", ("abs(x + 1)",)),
        ("x(ｘ + 1)", ("x*(x)",)), ("x(y + 1)", ("x*(y + 1)",)), ("x(yz)", ("x*(x)",)),
        ("sin x³ⁿ", ("sin(x^(3n))", "sin(x)^(3n)")), ("√x²", ("sqrt(x^2)", "sqrt(x)^2")), ("√x⁻¹", ("sqrt(x^(-1))", "sqrt(x)^(-1)")),
        ("√x^" + "9" * 61, ("sqrt(x^n)", "sqrt(x)^n")), ("√x^(yz)", ("sqrt(x^(x))", "sqrt(x)^(x)")),
        ("sin^-n(x)", ("sin(x)^(-n)",)), ("sin^yz(x)", ("sin(x)^n",)), ("ln²(x(x + 1))", ("ln(x)^2", "ln(ln(x))")),
        ("x 9999", ("x*9999",)), ("dy/dж", ()), ("sin x/0", ()), ("x.sin(2)", ("sin(x)",)), ("xy.sin(2)", ()),
        ("y = x(x)", ()), ("lambda x: xy", ()), ("(x/0", ()), ("(x", ("(x)",)), ("[xy]", ()), ("2.if", ()), ("2.x", ("2*x",)),
    ],
)  # fmt: skip
def test_an_offer_that_could_not_be_read_is_not_made(text, offers):
    error = refusal(text)
    assert error.instead == offers
    assert offers or re.search(r"\. |\.$", error.wrong) and not error.wrong.endswith((":", ","))


@pytest.mark.parametrize(
    "text, offers",
    [
        ("xy", {"x*y", "x_y"}), ("sin⁻¹(x)", {"asin(x)", "1/sin(x)"}), ("sinx", {"sin(x)", "sin_x"}),
        ("1/2x", {"(1/2)*x", "1/(2*x)"}), ("sin x^2", {"sin(x^2)", "sin(x)^2"}), ("e^2x", {"(e^2)*x", "e^(2*x)"}),
        ("sin x/2", {"sin(x/2)", "sin(x)/2"}), ("√2x", {"sqrt(2*x)", "sqrt(2)*x"}), ("ln²x", {"ln(x)^2", "ln(ln(x))"}),
        ("х + 1", {"x", "x_cyrillic"}), ("2½", {"2 + 1/2", "2*1/2"}), ("lg(x)", {"log10(x)", "log2(x)"}),
        ("3x4", {"3*4", "3*x_4"}), ("σ(x)", {"sigmoid(x)", "σ*(x)"}), ("x 2", {"x*2", "x^2"}),
    ],
)  # fmt: skip
def test_two_readings_are_both_offered(text, offers):
    assert set(refusal(text).instead) == offers


@pytest.mark.parametrize(
    "text, offer",
    [
        ("x(x+1)", "x*(x+1)"), ("|x + 1|", "abs(x + 1)"), ("y = x^2", "x^2"), ("lambda x: x**2", "x**2"), ("sine(x)", "sin(x)"),
        ("lambda", "lambda_"), ("(x + 1", "(x + 1)"), ("[x+1]*2", "(x+1)*2"), ("tg(x)", "tan(x)"), ("log(x, 2)", "log(x)/log(2)"),
        ("x.sin()", "sin(x)"), ("xsin(x)", "x*sin(x)"), ("sgrt(x)", "sqrt(x)"),
    ],
)  # fmt: skip
def test_what_to_type_instead(text, offer):
    assert offer in refusal(text).instead


@pytest.mark.parametrize(
    "text, line, carets",
    [
        ("1 + xy", "1 + xy", "    ^^"),
        ("x² + 2½", "x² + 2½", "     ^^"),
        ("变 + x", "变 + x", "^^"),
        ("x + 1 +\n y z", "x + 1 +\N{REPLACEMENT CHARACTER} y z", "       ^"),
        ("x + " * 60 + "xy", None, None),
    ],
)
def test_carets_stand_under_the_place(text, line, carets):
    shown, under, *_ = str(refusal(text)).split("\n")
    if line is None:
        at = under.index("^")
        assert shown.startswith("… ") and shown[at : at + 2] == "xy"
    else:
        assert (shown, under) == (line, carets)


def test_an_error_can_be_pickled_and_is_a_lesson_error():
    error = refusal("1/2x")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert isinstance(error, al.LessonError) and isinstance(error, ValueError)


@pytest.mark.parametrize("given_", [None, 5, b"x", ["x"], sp.Symbol("x")])
def test_what_is_no_text_is_refused_too(given_):
    with pytest.raises(al.FormulaError, match="text"):
        al.parse(given_)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything())
def test_any_text_is_read_or_refused(text):
    try:
        formula = read(text)
        formula.expression, formula.code
    except al.FormulaError as error:
        assert str(error)
        for offer in error.instead:
            read(offer)
    else:
        assert all(name.isidentifier() and unicodedata.normalize("NFKC", name) == name for name in formula.names)


def test_every_letter_of_a_name_stays_what_it_is_in_python():
    for code in range(0x10000):
        character = chr(code)
        try:
            names = read(f"{character}_1").names
        except al.FormulaError:
            continue
        assert [unicodedata.normalize("NFKC", name) for name in names] == list(names), hex(code)
        assert all(name.isidentifier() for name in names), hex(code)


# ---------------------------------------------------------------------- functions
def test_every_function_with_a_rule_can_be_typed():
    rows = {op.split(".")[-1].removeprefix("special_") for op in {**POINTWISE, **LOSSES}}
    copies = {"bfloat16", "clone", "contiguous", "double", "float", "half", "to", "type", "type_as"}
    elsewhere = {"frexp", "masked_fill", "rsub", "where"}  # two results, a condition, an order
    random = {row for row in rows if is_random(row)}
    assert {row for row in rows - copies - elsewhere - random if vocabulary.called(row) is None} == set()


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("name", sorted(vocabulary.functions()))
def test_sympy_and_torch_mean_the_same_function(name):
    function = vocabulary.functions()[name]
    formula = read(function.shown)
    point = dict(zip(formula.names, [1.5, 1.25, 1.125] if name in ("acosh", "zeta") else [0.3, 1.0, 0.6]))
    got = float(formula.function(**{n: torch.tensor(v, dtype=torch.float64) for n, v in point.items()}))
    true = complex(
        formula.expression.subs({sp.Symbol(n): sp.Rational(str(v)) for n, v in point.items()}).evalf(20)
    ).real
    assert math.isclose(got, true, rel_tol=1e-9, abs_tol=1e-12)


def test_constants_are_computed_without_tensors():
    formula = read("sqrt(2)*x + sigmoid(2) + sec(1) + max(2, 3)*10^300*10^-300")
    got = float(formula.function(torch.tensor(1.0, dtype=torch.float64)))
    assert math.isclose(got, math.sqrt(2) + 1 / (1 + math.exp(-2)) + 1 / math.cos(1) + 3, rel_tol=1e-14)
    tape = al.record("max(x, 0.1) + atan(2)*x", x=0.0)
    assert tape.output.value.item() == 0.1  # as a float64, not as a float32


def test_whole_numbers_that_torch_cannot_take_are_written_with_a_point():
    assert al.record("10^20*x", x=2.0).output.value.item() == 2e20


# ---------------------------------------------------------------------- the function that runs
def test_the_function_is_code_that_can_be_looked_up():
    formula = read("2x cos(x²) + b")
    assert inspect.getsource(formula.function) == "def formula(x, b):\n    return 2*x*torch.cos(x**2) + b\n"
    assert list(inspect.signature(formula.function).parameters) == ["x", "b"]
    assert read("2*x*cos(x^2) + b").function is formula.function


def test_a_function_that_nobody_holds_leaves_nothing_behind():
    file = read("x^7 + 0.123456").function.__code__.co_filename
    gc.collect()
    assert file not in linecache.cache


def test_a_tape_quotes_the_code():
    tape = al.record("sin(x^2)", x=4)
    assert [step.source.text for step in tape.steps] == ["x**2", "torch.sin(x**2)"]
    assert tape.inputs["x"].adjoint.item() == -7.661275842587077


# ---------------------------------------------------------------------- in the verbs
def test_text_is_taken_wherever_a_function_is():
    assert al.derive("sin(x^2)").gradient["x"] == 2 * x * sp.cos(x**2)
    comparison = al.compare("sin(x^2)", "2x cos(x²)", x=4.0)
    assert comparison.ok and comparison.gradients["x"]["manual"].item() == -7.661275842587077
    assert al.compare("w*x + b", {"w": "x", "b": "1", "x": "w"}, w=2, x=3, b=1).ok
    assert al.compare(lambda w, x: w * x, {"w": "x", "x": "w"}, w=2.0, x=3.0).ok
    explorer = al.explore("a*sin(x)", {"x": "a*cos(x)", "a": "sin(x)"}, a=2)
    assert explorer.comparison.ok and list(explorer.tape.inputs) == ["a", "x"]
    assert "torch.sin" in explorer.html
    explorer.set(x=0.5)
    assert math.isclose(explorer.tape.output.value.item(), 2 * math.sin(0.5))


def test_vectors_and_dtypes_are_those_of_the_inputs():
    tape = al.record("max(x, 0.1)^2", x=[1.0, 2.0, 3.0], dtype=torch.float32)
    assert tape.inputs["x"].adjoint.tolist() == [2.0, 4.0, 6.0] and tape.output.value.dtype is torch.float32


@pytest.mark.parametrize("verb", [al.record, al.compare])
def test_names_are_told_before_anything_runs(verb):
    with pytest.raises(al.InputError, match=r"^a\*x\^2 reads as a function of a and x: give a=…, x=…$"):
        verb("a*x^2")
    with pytest.raises(al.InputError, match=r"reads as a function of a, x and b\. Give x=… and b=… too\.$"):
        verb("a*x + b", a=1)
    with pytest.raises(al.InputError, match=r"reads as a function of x: there is no y in it"):
        verb("x^2", y=1)


@pytest.mark.parametrize("verb", [al.record, al.derive, al.compare, al.explore])
def test_a_number_is_no_function(verb):
    with pytest.raises(al.FormulaError, match="no input"):
        verb("2 + 3")
    with pytest.raises(al.FormulaError, match="one name, or the product"):
        verb("xy", x=1, y=2)


def test_an_input_that_is_given_is_a_name_for_certain():
    assert al.record("xy + 1", xy=2.0).output.value.item() == 3
    assert al.derive("cost^2", cost=1.0).gradient["cost"] == 2 * sp.Symbol("cost")
    assert read("max*x", known=["max"]).names == ("max", "x")


@pytest.mark.parametrize("name, number", [("e", "exp(1)"), ("E", "exp(1)"), ("pi", "pi")])
def test_a_constant_that_is_given_as_an_input_is_not_guessed(name, number):
    error = refusal(f"x*{name}", known=["x", name])
    assert set(error.instead) == {number, f"{name}_1"}


def test_a_typed_gradient_has_the_names_that_it_says():
    with pytest.raises(al.ManualError, match="asks for 't'"):
        al.compare("x^2", "2t", x=1)
    with pytest.raises(al.FormulaError):
        al.compare("x^2", {"x": "2xx"}, x=1)


@pytest.mark.parametrize(
    "text", ["exp(exp(exp(exp(x))))", "x^x^x^x^x^x", "sin(exp(exp(exp(x))))", "exp(" * 30 + "x" + ")" * 30]
)
def test_towers_that_no_float_holds_keep_nobody_waiting(text):
    comparison = al.compare(text, x=9.0)
    assert comparison.gradients["x"]["reference"] is None
    assert not comparison.gradients["x"]["autograd"].isfinite()


def test_a_name_that_python_has_taken_keeps_its_underscore():
    assert list(al.record("lambda_*x", lambda_=2, x=3).inputs) == ["lambda_", "x"]
    assert al.derive("lambda_*x^2").latex("lambda_") == "x^{2}"
    assert r"\lambda" in al.derive("lambda_*x^2").latex("x")


# ---------------------------------------------------------------------- what is shown
def test_no_text_of_a_learner_s_is_markup():
    """Names are identifiers, so that only they and our own code reach a view; everything else is an error's text."""
    for text in ("<b>x</b>", "x<script>", "x&lt;", "\\text{x}", "x'\"><img src=x onerror=alert(1)>"):
        refusal(text)
    explorer = al.explore("größe*α_1 + x_1", größe=1.0)
    for shown in (explorer.html, explorer.still(), explorer.draw(2)):
        assert "<script" not in shown
    assert "größe" in explorer.html and r"\alpha" not in explorer.html
    with pytest.raises(al.InputError, match="there is no <b> in it"):
        al.explore("x", inputs={"x": 1, "<b>": 2})


# ---------------------------------------------------------------------- docs/formulas.md
def rows(project, title):
    text = (project / "docs" / "formulas.md").read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_says_how_formulas_are_read(project):
    for typed, (read_as,) in rows(project, "What is read"):
        for text in typed:
            assert read(text).read_as == read_as, text


def test_the_page_says_what_has_two_readings(project):
    for (typed,), (one,), (other,) in rows(project, "What has two readings"):
        assert refusal(typed).instead == (one, other)
