"""`check`: right is right in every form, and wrong is explained by the slip that made it."""

import math

import pytest
import sympy as sp
import torch

import autograd_lessons as al


def sine_of_square(x):
    y = x**2
    z = torch.sin(y)
    return z


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: 2 * x * torch.cos(x**2),
        lambda x: 2 * x * math.cos(x**2),
        lambda t: 2 * t * torch.cos(t**2),
        {"x": lambda x, y: 2 * x * torch.cos(y)},
        {"dz_dy": lambda y: torch.cos(y), "dy_dx": lambda x: 2 * x},
        2 * sp.Symbol("x") * sp.cos(sp.Symbol("x") ** 2),
    ],
)
def test_right_in_every_form(answer):
    assert al.check(answer, sine_of_square).correct
    assert al.check(answer, sine_of_square, x=4.0).correct


@pytest.mark.parametrize(
    "mistake, answer",
    [
        ("inner_dropped", lambda x: torch.cos(x**2)),
        ("wrong_place", lambda x: 2 * x * torch.cos(x)),
        ("wrong_place", lambda x: 2 * x * torch.cos(2 * x)),
        ("outer_dropped", lambda x: 2 * x),
        ("swapped", lambda x: 2 * torch.sin(x) * torch.cos(x)),
        ("trig_sign", lambda x: -2 * x * torch.cos(x**2)),
        ("inner_dropped+trig_sign", lambda x: -torch.cos(x**2)),
    ],
)
def test_slip_is_named(mistake, answer):
    feedback = al.check(answer, sine_of_square)
    assert (feedback.correct, feedback.mistake) == (False, mistake)


def test_hint_names_their_factor():
    assert "The factor dy/dx = 2·x is missing." in al.check(lambda x: torch.cos(x**2), sine_of_square).hint
