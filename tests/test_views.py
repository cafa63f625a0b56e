"""Views are pure functions: layout without collisions, spans that nest, ticks that are round, text that says the numbers."""

import html
import itertools
import math
import re

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import sampled_from

import autograd_lessons as al
from autograd_lessons import lessons
from autograd_lessons.comparison import Comparison
from autograd_lessons.curves import Curve, Line
from autograd_lessons.derivation import Derivation
from autograd_lessons.grains import GRAINS
from autograd_lessons.inputs import gather
from autograd_lessons.run import run
from autograd_lessons.views import code, graph, layout, ledger, plot, terms
from autograd_lessons.views.numbers import short
from autograd_lessons.views.stages import Scene, stages

from .programs import programs


def scene_of(function, at=0, grain="operations", **given):
    inputs = gather(function, given)
    tape = run(function, inputs)
    derivation = Derivation(tape)
    return Scene(tape, derivation, Comparison(tape, inputs, derivation), grain, stages(tape, grain), at)


def logistic(w, b, x, y):
    return lessons.logistic_bce.function(w, b, x, y)


def wide(a, b, c, d):
    p = a * b + c * d
    q = a * c - b * d
    r = torch.sin(p) * torch.cos(q) + a
    s = r * p * q + d
    return s


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (logistic, dict(w=1.0, b=0.0, x=6.7, y=0.0)),
        (wide, dict(a=1.0, b=2.0, c=3.0, d=4.0)),
        (lambda x: x * torch.sin(x), dict(x=1.0)),
    ],
)
def test_no_nodes_overlap_and_no_edge_runs_through_a_node(function, given):
    drawn = graph.drawing(scene_of(function, **given))
    boxes = {n["key"]: (n["x"], n["y"], n["x"] + n["width"], n["y"] + n["height"]) for n in drawn["nodes"]}
    for (_, a), (_, b) in itertools.combinations(boxes.items(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for x0, y0, x1, y1 in boxes.values():
        assert x0 >= 0 and y0 >= 0 and x1 <= drawn["width"] and y1 <= drawn["height"]
    for edge in drawn["edges"]:
        points = [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", edge["path"])]
        straight = [(a, b) for a, b in itertools.pairwise(points) if a[0] == b[0]]
        for (x, y0), (_, y1) in straight:
            for left, top, right, bottom in boxes.values():
                assert not (left < x < right and top < (y0 + y1) / 2 < bottom)


@pytest.mark.parametrize("function", [wide, lambda a, b, c, d: a * b + torch.sin(a * b) * b * torch.exp(a) + c * d])
def test_no_factor_lies_over_another(function):
    given = dict(a=1.2345, b=2.3456, c=3.4567, d=4.5678)
    drawn = graph.drawing(scene_of(function, len(scene_of(function, **given).stages) - 1, **given))
    factors = zip(drawn["edges"], drawn["factors"])
    labels = [(edge["x"], edge["y"], len(factor) * 6.7) for edge, factor in factors if factor]
    assert len(labels) >= 8
    for (x, y, wide), (other_x, other_y, other_wide) in itertools.combinations(labels, 2):
        across = min(x + wide, other_x + other_wide) - max(x, other_x)
        assert across <= 2 or abs(y - other_y) > 8


def test_layout_of_nothing():
    assert layout.arrange([], []).place == {}


def test_values_and_gradients_appear_when_their_stage_comes():
    last = len(scene_of(wide, a=1.0, b=2.0, c=3.0, d=4.0).stages) - 1
    first = graph.drawing(scene_of(wide, 0, a=1.0, b=2.0, c=3.0, d=4.0))
    end = graph.drawing(scene_of(wide, last, a=1.0, b=2.0, c=3.0, d=4.0))
    assert sum(map(bool, first["values"])) == 5  # four inputs and the first step
    assert not any(first["grads"])
    assert all(end["grads"])


def test_backward_stages_are_in_the_engines_order():
    scene = scene_of(logistic, w=1.0, b=0.0, x=6.7, y=0.0)
    back = [
        stage.value.index for stage in scene.stages if stage.direction == "backward" and hasattr(stage.value, "index")
    ]
    assert tuple(back) == scene.tape.engine_order


def test_the_code_shows_helpers_and_lights_the_running_expression():
    scene = scene_of(logistic, at=3, w=1.0, b=0.0, x=6.7, y=0.0)
    shown = code.lines(scene)
    text = "\n".join(line["text"] for line in shown)
    assert "def clamped_loss" in text and "def binary_cross_entropy_loss" in text
    (lit,) = [line for line in shown if line["lit"]]
    assert "torch.clamp" in lit["text"] and "al-now" in lit["html"]
    for line in shown:
        bare = html.unescape(re.sub(r"<[^>]+>", "", line["html"]))
        assert bare.strip("\xa0") == line["text"], "marks change no character"


def test_the_ledger_says_every_stage():
    lines = ledger.lines(scene_of(lessons.sine_of_square.function, grain="variables", x=4.0))
    assert lines == [
        "value  y = 4^2 = 16",
        "value  z = sin(16) = −0.287903",
        "grad   ∂z/∂z = 1",
        "grad   ∂z/∂y = 1 × (−0.95766) = −0.957659",
        "grad   ∂z/∂x = (−0.95766) × 8 = −7.66128",
    ]


def test_a_sum_over_paths_lists_its_terms():
    scene = scene_of(lessons.x_sine.function, at=4, grain="variables", x=2.0)
    term = terms.explained(scene)
    assert [use["through"] for use in term["uses"]] == ["y", "s"] and term["check"] is True
    assert term["total"] == "0.0770038"


# ---------------------------------------------------------------- the terms against what autograd delivered
def checks(function, inputs):
    """By grain and value: the check of every backward stage that has one."""
    tape = run(function, inputs)
    derivation = Derivation(tape)
    for grain in GRAINS:
        found = stages(tape, grain)
        for at, stage in enumerate(found):
            if stage.direction == "backward":
                term = terms.explained(Scene(tape, derivation, None, grain, found, at))
                if term["uses"]:
                    yield grain, stage.value.label, term


def edited_result(x):
    y = torch.sigmoid(x)
    z = y * y + 1
    y.data.fill_(3.0)
    return z


def edited_and_read_again(x):
    y = x**2
    z = torch.exp(y)
    y.data += 1
    w = z * y
    return w


def edited_vector(x):
    y = (x**2).sum()
    x.data.fill_(7.0)
    return y


def hooked(x):
    y = x**2
    y.register_hook(lambda g: 2 * g)
    z = torch.exp(y)
    return z


@pytest.mark.parametrize("grain", GRAINS)
def test_an_edit_through_data_makes_the_terms_differ_from_what_autograd_delivered(grain):
    found = {label: term for g, label, term in checks(edited_result, gather(edited_result, dict(x=2.0))) if g == grain}
    # by hand: y = σ(2), y(1 − y) = 0.104994; the engine took 3 for y: 3 + 3 = 6 and 6·3·(1 − 3) = −36
    assert [found[name]["check"] for name in "yx"] == [False, False]
    assert [(found[name]["total"], found[name]["autograd"]) for name in "yx"] == [("1.76159", "6"), ("0.629962", "−36")]
    (use,) = found["y"]["uses"]
    assert (use["adjoint"], use["local"], use["product"]) == ("1", "1.7616", "1.76159")
    assert "y.data.fill_(3.0) changes y without PyTorch noticing" in found["y"]["remarks"][0]
    assert "= 1 × 1.7616 = 1.76159, but autograd delivered 6" in "\n".join(
        ledger.lines(scene_of(edited_result, grain=grain, x=2.0))
    )


def test_an_edit_shows_also_where_there_is_no_single_slope():
    inputs = gather(edited_vector, dict(x=[1.0, 2.0]))
    found = {(grain, label): term for grain, label, term in checks(edited_vector, inputs)}
    term = found["variables", "x"]
    assert (term["total"], term["autograd"], term["check"]) == ("[2, 4]", "[14, 14]", False)


def test_an_edited_value_has_the_gradient_of_its_own_uses():
    tape = run(edited_and_read_again, gather(edited_and_read_again, dict(x=2.0)))
    # w = exp(y)·(y + 1) with the 1 added out of sight: ∂w/∂(y + 1) = e⁴, ∂w/∂y = 5e⁴ + e⁴
    assert tape["y"].adjoint.item() == pytest.approx(math.exp(4))
    assert tape.steps[0].adjoint.item() == pytest.approx(6 * math.exp(4))
    inputs = gather(edited_and_read_again, dict(x=2.0))
    assert all(term["check"] for _, _, term in checks(edited_and_read_again, inputs))


def test_a_hook_that_changes_a_gradient_is_named():
    found = {label: term for _, label, term in checks(hooked, gather(hooked, dict(x=1.0)))}
    assert found["y"]["check"] is None and found["x"]["check"] is True
    assert "of which a hook made" in found["y"]["remarks"][0]


def test_terms_without_a_finite_product_are_no_edit():
    def cut(x):
        y = torch.relu(x)
        z = torch.sqrt(y)
        return z

    found = {label: term for _, label, term in checks(cut, gather(cut, dict(x=0.0)))}
    # the engine does not multiply at a relu: it passes the infinite slope of the root on, or it does not
    assert found["x"]["check"] is None and found["x"]["total"] == "nan" and found["x"]["autograd"] == "0"
    assert "Floating point makes nan of these numbers" in found["x"]["remarks"][0]


@pytest.mark.parametrize("name", [name for name in lessons.__all__ if name != "Lesson"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_lesson_has_terms_that_differ(name, dtype):
    lesson, random = getattr(lessons, name), torch.Generator().manual_seed(1)

    def anywhere(key, given):
        low, high = lesson.ranges[key]
        size = len(given) if isinstance(given, list) else ()
        place = torch.rand(size, generator=random, dtype=torch.float64)
        return low + (high - low) * (place * 100).round() / 100  # as a slider goes: zeros and bounds are among them

    for _ in range(40):
        point = {key: anywhere(key, given).tolist() for key, given in lesson.inputs.items()}
        inputs = gather(lesson.function, {}, point, lesson.wrt, dtype)
        for grain, label, term in checks(lesson.function, inputs):
            assert term["check"], f"{grain}, {label} at {point}: {term['total']} against {term['autograd']}"


def test_no_random_program_has_terms_that_differ():
    @seed(20261125)
    @settings(max_examples=150, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(programs(), sampled_from([torch.float32, torch.float64]))
    def check(program, dtype):
        function = program.function()
        for grain, label, term in checks(function, gather(function, {}, program.point, None, dtype)):
            finite = "inf" not in term["autograd"] and "nan" not in term["total"]
            assert term["check"] or term["check"] is None and not finite, (
                f"{grain}, {label}: {term['total']} against {term['autograd']}\n{program.source}{program.point}"
            )

    check()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.5, "0.5"),
        (-1e-9, "−1e−9"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (1234567.0, "1.23457e6"),
        (3, "3"),
        (None, "none"),
    ],
)
def test_numbers_are_short(number, text):
    assert short(number) == text


def test_a_curve_with_gaps_and_a_point_outside():
    drawn = plot.drawing(
        Curve(Line("x", [0.0, 1.0, 2.0, 3.0], [1.0, math.nan, 2.0, math.inf]), (1.0, math.nan), None), "y"
    )
    assert len(drawn["pieces"]) == 2 and drawn["point"] is None and drawn["tangent"] is None
    flat = plot.drawing(Curve(Line("x", [0.0, 1.0], [2.0, 2.0]), (0.5, 2.0), 0.0), "y")
    assert flat["tangent"] is not None
    nothing = plot.drawing(Curve(Line("x", [0.0, 1.0], [math.nan] * 2), (0.5, math.nan), math.nan), "y")
    assert nothing["pieces"] == []


@pytest.mark.parametrize("height", [2.0, 1e30, -1e300, 1e308])
def test_a_flat_curve_runs_across_the_middle_of_the_frame(height):
    drawn = plot.drawing(Curve(Line("x", [0.0, 1.0], [height, height]), (0.5, height), 0.0), "y")
    assert drawn["point"][1] == pytest.approx((drawn["top"] + drawn["bottom"]) / 2, abs=0.1)


def test_a_steep_tangent_stays_inside_the_frame():
    drawn = plot.drawing(Curve(Line("x", [0.0, 1.0], [0.0, 1.0]), (0.5, 0.5), 1e6), "y")
    x0, y0, x1, y1 = drawn["tangent"]
    assert drawn["left"] <= min(x0, x1) and max(x0, x1) <= drawn["right"] + 10
    assert drawn["top"] - 1 <= min(y0, y1) and max(y0, y1) <= drawn["bottom"] + 1


def test_a_long_program_draws_what_fits_and_says_so():
    def long(x):
        for _ in range(100):
            x = torch.sin(x)
        return x

    explorer = al.explore(long, x=1.0, grain="operations")
    assert "loop, line 2: 100 rounds" in explorer.html


def test_two_functions_of_one_shape_keep_their_own_names():
    """What is kept from tick to tick belongs to a program; two helpers that differ in a name only must not share it."""

    def one(x):
        def helper(a):
            inner = torch.sin(a)
            return inner * a

        y = helper(x)
        return y

    def other(x):
        def helper(a):
            wave = torch.sin(a)
            return wave * a

        y = helper(x)
        return y

    pictures = [al.explore(function, x=1.0, grain="operations").html for function in (one, other)]
    assert "inner" in pictures[0] and "wave" not in pictures[0]
    assert "wave" in pictures[1] and "inner" not in pictures[1]


# ---------------------------------------------------------------- a slope inside a product
def curved(x):
    y = x[0] ** 2 * x[1] + x[1] ** 3
    return y


@pytest.mark.parametrize(
    ("function", "given", "bracketed"),
    [
        (lambda x: x**2 / 4 + x, dict(x=1.0), True),  # slope x/2 + 1
        (lambda x: torch.log(x) - x, dict(x=1.0), True),  # 1/x − 1
        (lambda x: torch.log(1 + x), dict(x=1.0), False),  # 1/(1 + x)
        (curved, dict(x=[1.0, 2.0]), False),  # a list has brackets of its own
    ],
)
def test_only_a_sum_is_bracketed_in_a_product(function, given, bracketed):
    backward = terms.explained(scene_of(function, at=2, grain="variables", **given))
    slope = str(backward["rows"][1]["right"])
    assert ("&#x00028;" in slope or ">(<" in slope) == bracketed, slope


def test_the_factor_of_a_vector_stands_in_its_drawing():
    def squares(x):
        y = x**2
        total = y.sum()
        return total

    scene = scene_of(squares, at=4, grain="variables", x=[1.0, 2.0, 3.0])
    assert graph.drawing(scene)["factors"] == ["×[2, 4, 6]", "vᵀJ"]
    long = scene_of(squares, at=4, grain="variables", x=[1.25, 2.25, 3.25])
    assert max(map(len, graph.drawing(long)["factors"])) <= 10
