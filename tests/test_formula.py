"""Typed formulas: what is read, as what, and what the errors say."""

import pytest
import sympy as sp

import autograd_lessons as al

x, y = sp.symbols("x y")


def test_parse_gives_plain_symbols():
    assert al.parse("sin(x^2)") - sp.sin(x**2) == 0
    assert al.parse("2x cos(x²)") - 2 * x * sp.cos(x**2) == 0


def test_an_error_shows_the_text_with_carets():
    with pytest.raises(al.FormulaError) as caught:
        al.parse("1 + xy")
    assert str(caught.value).splitlines()[:2] == ["1 + xy", "    ^^"]
    assert caught.value.instead == ("x*y", "x_y")
