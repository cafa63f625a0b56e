"""The gallery's functions do what their sentences say, and nothing that is typed into the playground raises."""

import math

import pytest
import torch

import autograd_lessons as al
from autograd_lessons import gallery
from autograd_lessons.errors import LessonError
from autograd_lessons.playground import _function, playground

BY_TITLE = {piece.title: piece for piece in gallery.PIECES}
each_piece = pytest.mark.parametrize("piece", gallery.PIECES, ids=lambda piece: piece.title.replace(" ", "_"))


def compared(piece, **moved):
    return al.compare(_function(piece.typed)[0], inputs={**piece.inputs, **moved}, dtype=torch.float64)


def slope(title, name, **moved):
    return compared(BY_TITLE[title], **moved).gradients[name]["autograd"].item()


def test_there_are_enough_and_no_two_are_called_alike():
    assert len(gallery.PIECES) == len(BY_TITLE) >= 20
    assert {piece.field for piece in gallery.PIECES} == {"school", "physics", "machine learning"}


@each_piece
def test_routes_agree_all_along_the_sliders_or_say_why_not(piece):
    assert compared(piece).ok
    for name, (low, high) in piece.ranges.items():
        assert low <= piece.inputs[name] <= high
        for part in range(7):
            comparison = compared(piece, **{name: low + (high - low) * part / 6})
            if comparison.ok is not True:
                assert {reason.code for reason in comparison.reasons} & piece.traps, (name, comparison.verdict)


def test_the_sentences_are_true():
    """Numbers from the sentences, and where they come from: calculus, not this package."""
    zero = pytest.approx(0, abs=1e-12)
    assert slope("parabola", "x", x=1.5) == zero
    assert slope("x to the x", "x", x=1 / math.e) == zero
    assert slope("quotient", "x", x=1.0) == slope("quotient", "x", x=-1.0) == zero
    assert slope("logarithm over x", "x", x=math.e) == zero
    assert math.isnan(slope("sine over x", "x", x=0.0))
    assert slope("a wave with three knobs", "b") == pytest.approx(slope("a wave with three knobs", "c") * 1.0)
    assert slope("a wave with three knobs", "b", x=0.0) == zero
    assert slope("square root by Newton", "x", x=2.0) == pytest.approx(1 / (2 * math.sqrt(2)), rel=1e-6)
    assert slope("kinetic energy", "v") == 2.0 * 3.0
    assert slope("gravity", "r", r=2.0) == pytest.approx(slope("gravity", "r", r=1.0) / 8)
    assert slope("pendulum", "l") / (2 * math.pi * math.sqrt(1 / 9.81)) == pytest.approx(0.5)
    assert slope("throw", "t", t=10 / 9.81) == zero
    assert slope("Lennard-Jones", "r", r=2 ** (1 / 6)) == pytest.approx(0, abs=1e-9)
    assert math.isnan(slope("fast mass", "v", v=1.05))
    assert slope("logistic function", "z", z=0.0) == 0.25
    assert slope("logistic loss", "w") == pytest.approx(2.0 * slope("logistic loss", "b"))
    assert slope("a unit that can die", "w", x=-3.0) == slope("a unit that can die", "b", x=-3.0) == 0
    assert slope("GELU", "x", x=-0.7518) == pytest.approx(0, abs=1e-4)
    assert slope("GELU", "x", x=1.4) > 1
    assert slope("entropy", "p", p=0.5) == zero
    assert slope("banana valley", "y") == zero  # it starts on y = x²
    assert (
        slope("Huber loss", "prediction", prediction=1 - 1e-9)
        == pytest.approx(1)
        == slope("Huber loss", "prediction", prediction=2.0)
    )
    assert slope("two layers", "w1", w2=0.0) == zero


def test_softplus_breaks_in_float32_where_its_sentence_says():
    comparison = al.compare(BY_TITLE["softplus"].typed, z=89.0, dtype=torch.float32)
    assert math.isnan(comparison.gradients["z"]["autograd"].item()) and comparison.ok is False


def test_the_table_lists_every_piece_escaped():
    html, text = gallery.Table()._repr_html_(), repr(gallery.Table())
    assert all(piece.title in html and piece.title in text and piece.look_for in text for piece in gallery.PIECES)
    assert "abs(error) &lt; 1" in html


# ---------------------------------------------------------------- the playground
def test_typing_reads_records_and_keeps_the_numbers_of_names_that_stay():
    play = playground("x^2", x=3.0)
    assert play.explorer.tape.inputs["x"].adjoint.item() == 6.0
    play.type("x^2 + a x")
    assert {n: v.value.item() for n, v in play.explorer.tape.inputs.items()} == {"x": 3.0, "a": 1.0}
    assert play.message == "read as x^2 + a*x, a function of x, a"


@pytest.mark.parametrize(
    "code, expected",
    [
        ("def f(x):\n    y = x**3\n    return y", 12.0),
        ("lambda x: x**3", 12.0),
        ("import math\ndef inner(t):\n    return t**2\ndef f(x):\n    return inner(x) * 3", 12.0),
        ("f = lambda x: torch.sin(x) * 0 + 12 * x", 12.0),
    ],
)
def test_pasted_code_is_explored(code, expected):
    play = playground(code, x=2.0)
    assert play.explorer.tape.inputs["x"].adjoint.item() == pytest.approx(expected)


@pytest.mark.parametrize(
    "typed, says",
    [
        ("xy", "Type x*y or x_y"),
        ("3", "This is a number"),
        ("", ""),
        ("<b>x", ""),
        ("def f(x:\n    return x", "is not Python"),
        ("def f(x):\n    return", "returned nothing"),
        ("y = 3\nx = 2", "defines no function"),
        ("def f(x):\n    return undefined", "undefined"),
        ("x = 1\nraise ValueError('no')", "ValueError: no"),
        ("9**9**9**9", ""),
    ],
)
def test_nothing_that_is_typed_raises(typed, says):
    play = playground("x", x=2.0).type(typed)
    assert says in f"{play.message}\n{play!r}"
    assert "<b>" not in play._said.value
    assert play.type("x^2").explorer.tape.inputs["x"].adjoint.item() == 4.0  # and the next thing typed works again


def test_the_widgets_do_what_the_methods_do():
    play = playground()
    play._line.value = "x^3"
    assert play.typed == "x^3" and play.explorer.tape.inputs["x"].adjoint.item() == 3.0
    play._choice.value = "entropy"
    assert play._line.value == BY_TITLE["entropy"].typed and BY_TITLE["entropy"].look_for in play.message
    play._choice.value = "Huber loss"
    assert play._code.value == BY_TITLE["Huber loss"].typed and play._line.value == ""
    play._line.value = "x^2"
    assert play._choice.value == "your own" and play._code.value == ""
    with pytest.raises(LessonError, match="The gallery has no 'nothing'"):
        play.pick("nothing")


def test_it_leaves_a_still_twin():
    bundle = playground("sin(x^2)", x=4.0)._repr_mimebundle_()
    assert "-7.66128" in bundle["text/plain"].replace("−", "-") and bundle["image/svg+xml"].startswith("<svg")
