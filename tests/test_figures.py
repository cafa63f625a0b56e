"""The lessons' still figures: every plotted number holds against mpmath at 50 digits, and pyplot is left alone."""

import math
import re
import struct
import subprocess
import sys
import textwrap

import mpmath
import numpy
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from autograd_lessons import figures

X = 4.0
TRUE = -7.661275842587077  # 2·4·cos 16
HALVED = [2.0**-step for step in range(40)]


def sine_of_square(x):
    y = x**2
    z = torch.sin(y)
    return z


@pytest.fixture(scope="module")
def made():
    return {
        "finite_difference_error": figures.finite_difference_error(sine_of_square, x=X, derivative=TRUE),
        "saturation": figures.saturation(),
        "loss_curves": figures.loss_curves(y=0),
        "loss_by_step": figures.loss_by_step(halved=HALVED, level=[3.0] * 40),
    }


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


def exact(x):
    return mpmath.sin(mpmath.mpf(x) ** 2)


def sigma(z):
    return 1 / (1 + mpmath.exp(-mpmath.mpf(z)))


def nearest(columns, key, value):
    return min(range(len(columns[key])), key=lambda i: abs(columns[key][i] - value))


# ---------------------------------------------------------------- every maker
def test_every_public_maker_is_tried_here(made):
    assert set(figures.__all__) - {"Figure"} == set(made)


@pytest.mark.parametrize("name", sorted(set(figures.__all__) - {"Figure"}))
def test_a_notebook_gets_a_picture_and_its_numbers_as_text(made, name):
    data, _ = DisplayFormatter().format(made[name])
    assert set(data) == {"image/png", "text/plain"}
    picture = data["image/png"]
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert 300 < width < 1200 and 200 < height < 900
    assert data["text/plain"] == repr(made[name]) and len(data["text/plain"].splitlines()) > 5


@pytest.mark.parametrize("name", sorted(set(figures.__all__) - {"Figure"}))
def test_the_curves_are_the_columns(made, name):
    figure = made[name]
    abscissa, *columns = figure.columns.values()
    drawn = [line for axes in figure.figure.axes for line in axes.lines]
    for column in columns:
        found = [line for line in drawn if numpy.array_equal(line.get_ydata(), column, equal_nan=True)]
        assert any(numpy.array_equal(line.get_xdata(), abscissa) for line in found)
    for line in drawn:
        if len(line.get_ydata()) == len(abscissa):
            assert any(numpy.array_equal(line.get_ydata(), column, equal_nan=True) for column in columns)


def test_pyplot_is_not_needed_and_not_touched():
    code = """
        import sys, math, torch
        from autograd_lessons import figures
        f = figures.finite_difference_error(torch.sin, x=1.0, derivative=math.cos(1.0))
        for figure in (f, figures.saturation(), figures.loss_curves()):
            figure._repr_png_()
        assert "matplotlib.figure" in sys.modules and "matplotlib.pyplot" not in sys.modules
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_open_pyplot_figures_stay_as_they_were():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before, backend = pyplot.get_fignums(), pyplot.get_backend()
    figures.saturation()._repr_png_()
    assert pyplot.get_fignums() == before and pyplot.get_backend() == backend


# ---------------------------------------------------------------- error against h
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-3), ("float64", 1e-9)])
@pytest.mark.parametrize("h", [1.0, 0.1, 0.01])
def test_with_a_large_h_the_error_is_the_truncation(made, dtype, tolerance, h):
    columns = made["finite_difference_error"].columns
    i = nearest(columns, "h", h)
    assert columns["h"][i] == pytest.approx(h, rel=1e-12)
    step = torch.tensor(columns["h"][i], dtype=getattr(torch, dtype)).item()
    slope = (exact(X + mpmath.mpf(step)) - exact(X - mpmath.mpf(step))) / (2 * mpmath.mpf(step))
    error = abs(slope - TRUE) / abs(TRUE)
    assert columns[dtype][i] == pytest.approx(float(error), abs=tolerance * max(1, 1e-2 / h))


@pytest.mark.parametrize(("dtype", "epsilon"), [("float32", 2.0**-23), ("float64", 2.0**-52)])
def test_with_a_small_h_the_error_keeps_within_the_rounding(made, dtype, epsilon):
    columns = made["finite_difference_error"].columns
    largest = 0.0
    for h, error in zip(columns["h"], columns[dtype]):
        if h < 1e-4 and 4 + h / 4 > 4 + epsilon:  # x ± h is still another number
            rounding = 4 * epsilon * (abs(TRUE) * 4 + 16) / h / abs(TRUE)
            assert error <= rounding + 64 * h**2 * 100
            largest = max(largest, error)
    assert largest > (1e-2 if dtype == "float32" else 1e-6)  # and it is there


def test_where_h_is_lost_the_error_is_one(made):
    columns = made["finite_difference_error"].columns
    lost = [error for h, error in zip(columns["h"], columns["float32"]) if h < 1e-7]
    assert lost and all(error == pytest.approx(1.0, abs=1e-12) for error in lost)


def test_the_theory_is_truncation_plus_rounding(made):
    figure = made["finite_difference_error"]
    third = abs(mpmath.diff(exact, X, 3))
    size = abs(16 * mpmath.cos(16)) + abs(mpmath.sin(16)) + abs(X * 8 * mpmath.cos(16))
    best = {}
    for dtype, epsilon in (("float32", 2.0**-23), ("float64", 2.0**-52)):
        for i in (0, 8, 24, 48):
            h = figure.columns["h"][i]
            expected = (third * h**2 / 6 + epsilon * size / h) / abs(TRUE)
            assert figure.columns[f"{dtype} theory"][i] == pytest.approx(float(expected), rel=1e-9)
        best[dtype] = float((3 * epsilon * size / third) ** (mpmath.mpf(1) / 3))
    text = ", ".join(f"{dtype} {h:.0e}" for dtype, h in best.items())
    assert repr(figure).endswith(f"best h by theory: {text}")


def test_the_table_shows_the_nearest_power_of_ten(made):
    figure = made["finite_difference_error"]
    for line in repr(figure).splitlines()[2:-1]:
        h, single, double = line.split()
        i = nearest(figure.columns, "h", float(h))
        for shown, dtype in ((single, "float32"), (double, "float64")):
            assert abs(math.log10(float(shown)) - math.log10(figure.columns[dtype][i])) <= 0.5 + 1e-9


# ---------------------------------------------------------------- the logistic loss
@pytest.mark.parametrize("z", [-10.0, -6.7, -2.5, 0.0, 1.0, 6.7, 10.0])
def test_saturation_is_the_textbooks(made, z):
    columns = made["saturation"].columns
    i = nearest(columns, "z", z)
    p = sigma(columns["z"][i])
    expected = {
        "sigmoid": p, "its slope": p * (1 - p), "dL/dz cross-entropy": p, "dL/dz squared error": 2 * p * p * (1 - p),
    }  # fmt: skip
    for name, value in expected.items():
        assert columns[name][i] == pytest.approx(float(value), rel=1e-10)
    for line in repr(made["saturation"]).splitlines()[1:]:
        z, *numbers = map(float, line.split())
        p = sigma(z)
        assert numbers == pytest.approx([float(v) for v in (p, p * (1 - p), p, 2 * p * p * (1 - p))], abs=6e-6)


@pytest.mark.parametrize("y", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_curves_are_right_where_the_loss_is(y, dtype):
    columns = figures.loss_curves(y, dtype).columns
    for z in (-10.0, -2.5, 0.0, 1.0, 8.0):
        i = columns["z"].index(z)
        loss, slope = mpmath.log(1 + mpmath.exp(z)) - y * mpmath.mpf(z), sigma(z) - y
        for title in figures.LOSSES:
            assert columns[f"{title}: loss"][i] == pytest.approx(
                float(loss), rel=1e-5 if dtype.itemsize == 8 else 5e-3, abs=1e-6
            )
            assert columns[f"{title}: dL/dz"][i] == pytest.approx(float(slope), rel=5e-3, abs=1e-7)
    for i, z in enumerate(columns["z"]):
        assert columns["with logits: dL/dz"][i] == pytest.approx(float(sigma(z) - y), abs=2e-7)


def test_loss_curves_break_where_torch_breaks():
    zero, one = figures.loss_curves(0).columns, figures.loss_curves(1).columns
    high, low = zero["z"].index(17.0), one["z"].index(-18.5)
    assert zero["naive formula: loss"][high] == zero["clamped formula: loss"][high] == math.inf
    assert math.isnan(zero["clamped formula: dL/dz"][high])
    assert (zero["BCELoss: loss"][high], zero["BCELoss: dL/dz"][high]) == (100.0, 0.0)
    assert one["clamped formula: loss"][low] == pytest.approx(18.4207, abs=1e-4)
    assert one["clamped formula: dL/dz"][low] == 0.0


# ---------------------------------------------------------------- training
def test_losses_stand_at_their_step_under_their_name(made):
    figure = made["loss_by_step"]
    assert figure.columns == {"step": [float(step) for step in range(40)], "halved": HALVED, "level": [3.0] * 40}
    (axes,) = figure.figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["halved", "level"]
    assert len({line.get_marker() for line in axes.lines}) == len({line.get_color() for line in axes.lines}) == 2


def test_the_table_of_losses_has_at_most_sixteen_rows(made):
    title, head, *rows = repr(made["loss_by_step"]).splitlines()
    assert head.split() == ["step", "halved", "level"] and len(rows) <= 16
    for row in rows:
        step, halved, level = row.split()
        assert float(halved) == pytest.approx(2.0 ** -int(step), rel=5e-3) and level == "3"


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ({}, "none"),
        ({"a": []}, "{'a': 0}"),
        ({"a": [1.0], "b": [1.0, 2.0]}, "{'a': 1, 'b': 2}"),
        (dict.fromkeys("abcde", [1.0]), "one to four runs"),
    ],
)
def test_runs_that_cannot_be_drawn_together_are_refused(runs, said):
    with pytest.raises(figures.InputError, match=re.escape(said)):
        figures.loss_by_step(**runs)
