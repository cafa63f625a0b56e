"""Gradient descent on two weights: every step is the one that the formula gives, and the map shows the ground that it is on."""

import math
import re
import xml.dom.minidom

import mpmath
import pytest
import torch
import torch.nn.functional as F
from IPython.core.formatters import DisplayFormatter

from autograd_lessons import descent
from autograd_lessons.errors import InputError, OutputError
from autograd_lessons.views import descent as view
from autograd_lessons.views.chart import Chart

XS, YS = [0.7, 1.9, -0.7, 1.7, 2.5, 1.0], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
DATA = torch.tensor(XS, dtype=torch.float64), torch.tensor(YS, dtype=torch.float64)
RANGES = {"w": (-1.0, 4.0), "b": (-5.0, 1.0)}


def model(w, b, x):
    return torch.sigmoid(w * x + b)


def entropy(w, b, xs, ys):
    return F.binary_cross_entropy_with_logits(w * xs + b, ys)


def squared(w, b, xs, ys):
    return ((model(w, b, xs) - ys) ** 2).mean()


def bowl(w, b, xs, ys):
    return (w - 1) ** 2 + 4 * (b + 2) ** 2


def by_hand(w, b, samples=(0, 1, 2, 3, 4, 5)):
    """Loss of all samples, and the slopes of these samples, from the textbook."""

    def said(x):
        return 1 / (1 + mpmath.exp(-(w * x + b)))

    loss = -sum(mpmath.log(said(x) if y else 1 - said(x)) for x, y in zip(XS, YS)) / len(XS)
    mistakes = [(said(XS[i]) - YS[i], XS[i]) for i in samples]
    return loss, sum(m * x for m, x in mistakes) / len(mistakes), sum(m for m, _ in mistakes) / len(mistakes)


def lab(**options):
    return descent.descent_lab(entropy, *DATA, model=model, ranges=RANGES, **options)


# ---------------------------------------------------------------------- the walk
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_each_step_is_the_formulas(momentum):
    path = descent.descend(entropy, *DATA, w=0.5, b=-1.0, rate=0.7, steps=12, momentum=momentum)
    w, b, vw, vb = mpmath.mpf(0.5), mpmath.mpf(-1), 0, 0
    for step in range(13):
        loss, dw, db = by_hand(w, b)
        shown = (path.w[step], path.b[step], path.loss[step], path.dw[step], path.db[step])
        assert shown == pytest.approx([float(v) for v in (w, b, loss, dw, db)], rel=1e-12)
        vw, vb = momentum * vw + dw, momentum * vb + db
        w, b = w - 0.7 * vw, b - 0.7 * vb
    assert path.sample == [None] * 13 and list(path) == list(zip(path.w, path.b)) and len(path) == 13


def test_one_at_a_time_every_sample_has_one_turn_in_each_round():
    path = descent.descend(entropy, *DATA, rate=0.3, steps=17, one_at_a_time=True)
    rounds = [path.sample[start : start + 6] for start in (0, 6, 12)]
    assert all(sorted(turn) == list(range(6)) for turn in rounds) and rounds[0] != rounds[1]
    for step in range(17):
        loss, dw, db = by_hand(path.w[step], path.b[step], [path.sample[step]])
        assert (path.loss[step], path.dw[step], path.db[step]) == pytest.approx([float(v) for v in (loss, dw, db)])
        assert path.w[step + 1] == pytest.approx(path.w[step] - 0.3 * path.dw[step])
    assert path == descent.descend(entropy, *DATA, rate=0.3, steps=17, one_at_a_time=True)


def test_a_walk_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    descent.descend(entropy, *DATA, rate=0.3, steps=3, one_at_a_time=True)
    assert torch.equal(before, torch.get_rng_state())


def test_a_parabola_settles_below_two_over_its_curvature_only():
    """8 is the larger curvature of the bowl."""
    settles, swings, flies = (descent.descend(bowl, *DATA, rate=rate, steps=300) for rate in (0.24, 0.25, 3.0))
    assert settles.loss[-1] < 1e-15
    assert swings.b[-2:] == pytest.approx([-4.0, 0.0]) or swings.b[-2:] == pytest.approx([0.0, -4.0])
    assert not math.isfinite(flies.loss[-1])


def test_a_weight_that_the_loss_does_not_use_stays():
    path = descent.descend(lambda w, b, xs, ys: w**2, *DATA, w=1.0, b=3.0, rate=0.1, steps=2)
    assert path.w == pytest.approx([1.0, 0.8, 0.64]) and path.b == [3.0] * 3 and path.db == [0.0] * 3


@pytest.mark.parametrize(
    ("loss", "xs", "ys", "kind", "said"),
    [
        (entropy, [1.0, 2.0], DATA[1], InputError, r"\(2,\) and \(6,\)"),
        (entropy, torch.ones(6, 1), torch.ones(6, 1), InputError, r"\(6, 1\)"),
        (lambda w, b, xs, ys: w * xs + b - ys, *DATA, OutputError, r"gives \(6,\); end it with .mean"),
        (lambda w, b, xs, ys: 1.0, *DATA, OutputError, "gives float"),
        (lambda w, b, xs, ys: (xs - ys).mean(), *DATA, OutputError, "without a graph"),
    ],
)
def test_what_cannot_be_walked_on_is_refused(loss, xs, ys, kind, said):
    with pytest.raises(kind, match=said):
        descent.descend(loss, xs, ys, rate=0.1, steps=1)


# ---------------------------------------------------------------------- the ground
def test_the_lowest_point_is_where_both_slopes_are_zero():
    w, b, loss = descent.surface(entropy, *DATA, RANGES["w"], RANGES["b"]).lowest
    true = mpmath.findroot(lambda w, b: by_hand(w, b)[1:], (2, -2))
    assert (w, b) == pytest.approx([float(v) for v in true], abs=1e-6)
    assert loss == pytest.approx(float(by_hand(*true)[0]), abs=1e-12)


def test_without_a_lowest_point_inside_there_is_none():
    """Where a threshold separates the samples, w grows without end."""
    apart = torch.tensor([-1.0, -2.0, 1.0, 2.0]), torch.tensor([0.0, 0.0, 1.0, 1.0])
    assert descent.surface(entropy, *apart, (-1, 4), (-5, 1)).lowest is None
    assert "no lowest point" in repr(descent.loss_surface(entropy, *apart, w=(-1, 4), b=(-5, 1)))


def test_heights_and_contour_lines_are_the_losses():
    ground = descent.surface(entropy, *DATA, RANGES["w"], RANGES["b"])
    for i, j in ((0, 0), (10, 30), (-1, -1)):
        assert ground.height[i][j] == pytest.approx(float(by_hand(ground.w[j], ground.b[i])[0]), rel=1e-12)
    levels = ground.levels()
    assert 8 <= len(levels) <= 11 and levels == sorted(levels)
    for level in levels:
        places = [place for line in ground.lines(level) for place in line]
        assert places
        for w, b in places[::20]:  # between two points of the grid the line is straight, the ground nearly
            assert float(by_hand(w, b)[0]) == pytest.approx(level, abs=0.02)


def test_ground_that_is_not_finite_everywhere_is_drawn_where_it_is():
    ground = descent.surface(lambda w, b, xs, ys: torch.log(w) ** 2 + b**2, *DATA, (-1, 3), (-2, 2))
    assert ground.lowest == pytest.approx((1.0, 0.0, 0.0), abs=1e-6)
    assert all(math.isfinite(level) and ground.lines(level) for level in ground.levels())


def test_the_still_map_has_the_paths_and_their_numbers():
    path = descent.descend(entropy, *DATA, rate=1.0, steps=40)
    shown = descent.loss_surface(entropy, *DATA, **RANGES, walk=path, two=[(0.0, 0.0), (1.0, -1.0)])
    (axes,) = shown.figure.axes
    drawn = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}
    assert drawn["walk"] == (path.w, path.b) == (shown.columns["walk: w"], shown.columns["walk: b"])
    assert drawn["two"] == ([0.0, 1.0], [0.0, -1.0])
    text = repr(shown)
    assert text.splitlines()[2].split() == ["0", "(0,", "0)", "(0,", "0)"] and len(text.splitlines()) <= 18
    assert f"({path.w[39]:.3g}, {path.b[39]:.3g})" in text
    assert set(DisplayFormatter().format(shown)[0]) == {"image/png", "text/plain"}


@pytest.mark.parametrize("paths", [dict.fromkeys("pqrst", [(0.0, 0.0)]), {"empty": []}])
def test_too_many_or_empty_paths_are_refused(paths):
    with pytest.raises(InputError, match="up to four paths"):
        descent.loss_surface(entropy, *DATA, **RANGES, **paths)


# ---------------------------------------------------------------------- the lab
def test_the_widgets_move_the_walk():
    one = lab(rate=1.0)
    assert one.at == 60 and one.path == descent.descend(entropy, *DATA, rate=1.0, steps=60)
    one._step.value = 5
    assert one.at == 5 and f'data-value="{one.path.w[5]!r}"' in one.html
    one._slider.value = 10**0.3
    assert one.settings["rate"] == 2.0 and one._number.value == 2.0
    one._number.value = 0.0001  # the box does not go below its least number
    assert one.settings["rate"] == 0.001 and one._slider.value == pytest.approx(0.01)
    one._choices["momentum"].value = 0.5
    one._choices["one_at_a_time"].value = True
    one._choices["w"].value = -3.0
    assert one.path == descent.descend(entropy, *DATA, rate=0.001, steps=60, momentum=0.5, one_at_a_time=True, w=-3.0)
    assert "that of sample" in one.html and one.surface.w[0] < -3.0


def test_the_numbers_of_a_step_are_shown_in_full():
    one = lab(rate=0.7).set(at=3)
    for name in ("w", "b"):
        found = re.search(rf'data-name="{name}" data-value="([^"]+)" data-gradient="([^"]+)"', one.html)
        values, slopes = getattr(one.path, name), getattr(one.path, f"d{name}")
        assert found and (float(found[1]), float(found[2])) == (values[3], slopes[3])
    assert "moves = −0.7 × gradient" in one.html


def test_several_losses_are_offered_by_name():
    one = descent.descent_lab({"squared error": squared, "cross-entropy": entropy}, *DATA, ranges=RANGES)
    assert one.path.loss[0] == pytest.approx(0.25) and repr(one).startswith("squared error")
    one._choices["loss"].value = "cross-entropy"
    assert one.path.loss[0] == pytest.approx(math.log(2)) and "the model at this step" not in one.html


def test_a_walk_that_flies_off_is_drawn_as_far_as_it_goes():
    one = descent.descent_lab(bowl, *DATA, rate=1000.0, steps=200)
    for at in (0, 1, 2, 100, 200):
        one.set(at=at)
        assert repr(one) and not re.search(r'(?:points|cx|cy)="[^"]*(?:nan|inf)', one.html)
    assert "beyond what the dtype holds" in one.html
    assert "outside the map" in one.set(at=2).html


@pytest.mark.parametrize("settings", [{"rate": math.nan}, {"w": math.inf}])
def test_numbers_that_are_none_are_refused(settings):
    one = lab()
    with pytest.raises(InputError, match="must be a finite number"):
        one.set(**settings)
    assert one.settings["rate"] == 0.1 and one.settings["w"] == 0.0


def test_an_unknown_setting_is_named():
    with pytest.raises(TypeError, match="speed: the lab has rate"):
        lab().set(speed=3)


def test_the_still_twin_is_well_formed_and_the_same_each_time():
    one, other = (lab(rate=1.0).set(at=7)._repr_mimebundle_() for _ in range(2))
    assert one["image/svg+xml"] == other["image/svg+xml"] and one["text/plain"] == other["text/plain"]
    xml.dom.minidom.parseString(one["image/svg+xml"])
    assert "text/html" not in one
    assert len(one["text/plain"].splitlines()) <= 17


def test_text_that_is_given_is_escaped():
    one = descent.descent_lab({"<b>&": entropy}, *DATA)
    assert "<b>&" not in one.html and "&lt;b&gt;&amp;" in one.html and "<b>&" not in one.still()


def test_heights_on_the_map_do_not_cover_each_other():
    for loss in (entropy, squared, bowl):
        ground = view._ground(descent.surface(loss, *DATA, (-7, 4), (-5, 7)))
        words = ground.words
        assert len(words) >= 5
        assert not [
            (a, b)
            for a in words
            for b in words
            if a is not b and abs(a["x"] - b["x"]) < 30 and abs(a["y"] - b["y"]) < 12
        ]


def test_a_chart_keeps_far_places_within_numbers_a_browser_can_draw():
    chart = Chart(200, 100, (0.0, 1.0), (0.0, 1.0), "x", "y", "far")
    chart.line("al-walk", [(0.0, 0.0), (1e300, -1e300), (math.nan, 1.0)])
    chart.dot("al-place", (math.inf, 0.0), 2)
    assert chart.shapes == [{"kind": "al-walk", "points": "0.0,46.0 100000.0,100000.0"}]
