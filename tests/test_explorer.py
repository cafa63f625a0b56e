"""The explorer without a browser: widgets moved by setting their value, and what stands on screen after it."""

import math
import re
import xml.dom.minidom

import pytest
import torch

import autograd_lessons as al
from autograd_lessons import curves, lessons


def open_lesson(lesson, **options):
    return al.explore(
        lesson.function, lesson.manual, inputs=lesson.inputs, wrt=lesson.wrt, ranges=lesson.ranges, **options
    )


def shown_adjoint(explorer):
    """The full-precision number that the page carries for the backward stage on screen."""
    found = re.search(r'data-adjoint-of="([^"]+)" data-value="([^"]+)"', explorer.html)
    return (found[1], float(found[2])) if found else None


LESSONS = [lessons.square, lessons.sine_of_square, lessons.x_sine, lessons.logistic_bce, lessons.logistic_with_logits]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.function.__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("grain", ["variables", "operations"])
def test_every_backward_number_on_screen_is_torchs(lesson, dtype, grain):
    explorer = open_lesson(lesson, dtype=dtype, grain=grain)
    inputs = {n: torch.tensor(v, dtype=dtype, requires_grad=n in lesson.wrt) for n, v in lesson.inputs.items()}
    lesson.function(**inputs).backward()
    seen = {}
    for number in range(1, explorer.count + 1):
        explorer.step = number
        assert 'aria-current="step"' in explorer.html
        found = shown_adjoint(explorer)
        if found:
            seen[found[0]] = found[1]
    for name in lesson.wrt:
        assert seen[name] == inputs[name].grad.item()


def test_moving_an_input_keeps_the_step_and_changes_the_numbers():
    explorer = open_lesson(lessons.sine_of_square)
    explorer.step = explorer.count
    explorer.set(x=1.5)
    assert explorer.step == explorer.count
    assert shown_adjoint(explorer) == ("x", pytest.approx(3 * math.cos(2.25), abs=1e-15))
    assert explorer.tape.inputs["x"].value.item() == 1.5


def test_a_slider_moved_by_hand_is_the_same_as_set():
    one, other = open_lesson(lessons.square), open_lesson(lessons.square)
    slider, box = one._sliders.pairs["x", 0]
    slider.value = 1.25
    other.set(x=1.25)
    assert box.value == 1.25
    assert one.html.replace(one._uid, "") == other.html.replace(other._uid, "")
    box.value = 77.0  # beyond the slider's end
    assert one.tape.inputs["x"].value.item() == 77.0 and slider.value == slider.max


def test_buttons_and_step_slider_go_through_all_stages():
    explorer = open_lesson(lessons.square)
    first, previous, following, last, _ = explorer.widget.children[2].children
    last.click()
    assert explorer.step == explorer.count
    following.click()
    assert explorer.step == explorer.count
    previous.click()
    assert explorer.step == explorer.count - 1
    first.click()
    previous.click()
    assert explorer.step == 1
    explorer.step = 999
    assert explorer.step == explorer.count


def test_grain_and_dtype_switches():
    explorer = open_lesson(lessons.logistic_bce, dtype=torch.float64)
    few = explorer.count
    explorer._grain.value = "operations"
    assert explorer.count > few
    explorer._dtype.value = "float32"
    assert explorer.tape.inputs["w"].value.dtype == torch.float32


def test_a_vector_has_one_slider_an_element_and_a_long_one_none():
    assert len(open_lesson(lessons.mean_of_squares)._sliders.pairs) == 3
    assert len(al.explore(lambda x: x.sum(), x=torch.ones(9))._sliders.pairs) == 0
    explorer = open_lesson(lessons.mean_of_squares)
    explorer._sliders.pairs["x", 1][0].value = 4.0
    assert explorer.tape.inputs["x"].adjoint.tolist()[1] == pytest.approx(8 / 3)


@pytest.mark.parametrize("x", [0.0, -1.0, math.inf, -math.inf, math.nan, 1e300])
@pytest.mark.parametrize(
    "function", [torch.log, lambda input: 1 / input, lambda input: torch.where(input > 0, torch.sqrt(input), input)]
)
def test_no_input_raises(function, x):
    explorer = al.explore(function, input=1.0)
    explorer.set(input=x)
    for number in range(1, explorer.count + 1):
        explorer.step = number
        assert explorer.html
    xml.dom.minidom.parseString(explorer.still())


def test_an_exception_of_the_function_is_shown_and_the_step_kept():
    def f(x):
        if x > 2:
            raise ValueError("x is <b>too</b> big")
        y = x**2
        return y

    explorer = al.explore(f, x=1.0)
    explorer.step = 3
    explorer.set(x=3.0)
    assert "ValueError" in explorer.html and "x is &lt;b&gt;too&lt;/b&gt; big" in explorer.html
    assert explorer.tape is None and explorer.comparison is None
    assert "ValueError" in repr(explorer) and explorer._repr_mimebundle_()["text/plain"]
    explorer.set(x=1.5)
    assert explorer.step == 3 and shown_adjoint(explorer)[1] == 3.0


def test_a_manual_gradient_that_does_not_fit_is_said_not_raised():
    explorer = al.explore(lambda x: x**2, lambda q, p: q, x=1.0)
    assert "asks for" in explorer.html


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(x=1.0, grain="words"), "grain="),
        (dict(x=1.0, ranges={"q": (0, 1)}), "ranges names 'q'"),
        (dict(x=1.0, q=2.0), "no parameter 'q'"),
    ],
)
def test_bad_options_are_refused_in_words(options, words):
    with pytest.raises(al.InputError, match=words):
        al.explore(lambda x: x**2, **options)
    with pytest.raises(al.InputError, match="no input 'q'"):
        al.explore(lambda x: x**2, x=1.0).set(q=1.0)


def test_the_bundle_is_widget_picture_and_text_without_html():
    bundle = open_lesson(lessons.logistic_bce)._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "image/svg+xml", "text/plain"}
    assert "6.69176" in bundle["image/svg+xml"] and "6.69176" in bundle["text/plain"]


def test_the_still_twin_is_well_formed_and_the_same_each_time():
    one, other = open_lesson(lessons.logistic_bce), open_lesson(lessons.logistic_bce)
    assert one.still() == other.still() and repr(one) == repr(other)
    document = xml.dom.minidom.parseString(one.still())
    ids = [node.getAttribute("id") for node in document.getElementsByTagName("*") if node.getAttribute("id")]
    assert len(ids) == len(set(ids))
    assert "/" not in "".join(re.findall(r"aria-label=\"([^\"]*)\"", one.still())).replace("∂loss/∂", "")


MARKUP = "<img src=x onerror=alert(1)>"


def test_markup_never_reaches_the_page_raw():
    space = {"torch": torch}
    source = f"def f(x, mode: str):\n    y = torch.sin(x)  # {MARKUP}\n    label = '{MARKUP}'\n    return y\n"
    import linecache

    linecache.cache["<markup>"] = (len(source), None, source.splitlines(True), "<markup>")
    exec(compile(source, "<markup>", "exec"), space)
    f = space["f"]
    f.__name__ = MARKUP
    explorer = al.explore(f, lambda x: torch.cos(x), x=1.0, mode=MARKUP)
    texts = [explorer.html, explorer.still()]

    def raising(x):
        raise ValueError(MARKUP)

    broken = al.explore(raising, x=1.0)
    texts += [broken.html, al.explore(f, lambda q, p: MARKUP, x=1.0, mode="m").html]
    for text in texts:
        assert "<img" not in text
    assert any("&lt;img" in text for text in texts)


def test_two_explorers_on_a_page_do_not_share_their_class():
    one, other = open_lesson(lessons.square), open_lesson(lessons.square)
    assert one._uid != other._uid
    assert f".{one._uid}:has(" in one.html and other._uid not in one.html


def test_a_symbolless_operation_is_said_to_have_no_rule():
    explorer = al.explore(lambda x: torch.linalg.matrix_exp(x.reshape(1, 1)).sum(), x=1.0)
    explorer.step = explorer.count
    assert "no symbolic rule for torch.linalg.matrix_exp" in explorer.html


def test_a_saved_page_has_every_stage_and_one_script(tmp_path):
    explorer = open_lesson(lessons.logistic_bce)
    explorer.step = 5
    text = explorer.save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.count("<article") == explorer.count and text.count("<article hidden") == explorer.count - 1
    assert text.count("<script>") == 1 and "http://" not in text.replace("http://www.w3.org", "")
    for name in ("w", "b"):
        assert f'data-adjoint-of="{name}"' in text


def test_a_page_that_rounds_a_slider_to_its_grid_moves_no_input():
    explorer = al.explore(lambda x: x**2, x=math.pi, ranges={"x": (-5, 5)})
    slider, box = explorer._sliders.pairs["x", 0]
    slider.value = (
        round(math.pi / slider.step) * slider.step
    )  # what JupyterLab sends back as soon as it shows the slider
    assert explorer.tape.inputs["x"].value.item() == math.pi == box.value
    slider.value += slider.step
    assert explorer.tape.inputs["x"].value.item() == pytest.approx(slider.value)


@pytest.mark.parametrize("name", al.lessons.__all__[1:])
def test_a_lesson_starts_on_the_grid_of_its_sliders(name):
    lesson = getattr(al.lessons, name)
    explorer = al.explore(lesson.function, inputs=lesson.inputs, wrt=lesson.wrt, ranges=lesson.ranges)
    for slider, box in explorer._sliders.pairs.values():
        steps = (slider.value - slider.min) / slider.step
        assert steps == pytest.approx(round(steps), abs=1e-6) and slider.value == box.value


def test_a_slider_gives_numbers_that_read_as_typed():
    explorer = al.explore(lambda x: x**2, x=4.0, ranges={"x": (-5, 5)})
    slider, box = explorer._sliders.pairs["x", 0]
    slider.value = 4.1 + 1e-15
    assert box.value == 4.1 and "4.1" in repr(explorer)


def test_what_is_no_function_is_refused_with_a_hint():
    with pytest.raises(al.InputError, match=r"lesson\.function"):
        al.explore(al.lessons.square)
    with pytest.raises(al.InputError, match="not its result"):
        al.explore(torch.ones(3))


@pytest.mark.parametrize(
    "ends", [(1, 1), (3, -3), (0, math.inf), (math.nan, 1), 5, (0,), ("a", "b"), (-1e308, 1e308), (0, 1e-320)]
)
def test_a_slider_without_width_is_refused(ends):
    with pytest.raises(al.InputError, match="the smaller one first"):
        al.explore(lambda x: x**2, x=1.0, ranges={"x": ends})


def test_a_huge_input_gets_a_slider_and_a_bad_step_is_refused_at_once():
    assert "1e+308" in repr(al.explore(lambda x: x / 2, x=1e308))
    with pytest.raises(al.InputError, match="finite_difference_step=0"):
        al.explore(lambda x: x**2, x=1.0, finite_difference_step=0)


@pytest.mark.parametrize("value", ["a", [1.0, 2.0, 3.0], None, [10**400, 1]])
def test_set_refuses_what_does_not_fit_and_keeps_the_run(value):
    explorer = al.explore(lambda x: (x**2).sum(), x=[1.0, 2.0])
    before = explorer.html
    with pytest.raises(al.InputError, match="x"):
        explorer.set(x=value)
    assert explorer.html == before


def test_a_float32_input_reads_as_typed():
    assert repr(al.explore(lambda x: x**2, x=torch.tensor(6.7))).startswith("inputs: x = 6.7\n")


# ---------------------------------------------------------------- the clinic
def test_a_function_that_raises_is_explained_beside_pytorchs_message():
    def broken(x):
        y = x.detach() ** 2
        y.backward()
        return y

    explorer = al.explore(broken, x=3.0)
    assert "does not require grad" in explorer.html and "why this raised" in explorer.html
    assert ".detach() gives the numbers without a graph" in explorer.html
    assert "Change: leave out .detach()" in repr(explorer)


def test_what_goes_wrong_in_silence_is_told_and_goes_when_it_is_over():
    def twice(z):
        p = torch.sigmoid(z)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(p, torch.ones((), dtype=p.dtype))
        return loss

    def once(z):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.ones((), dtype=z.dtype))
        return loss

    explorer = al.explore(twice, z=0.5)
    told = explorer.tape.findings[0]
    assert told.cause == "sigmoid_twice" and told.lines[0].split(": ")[0] in explorer.html
    assert told.lines[-1] in repr(explorer) and "Change:" in explorer.still()
    assert al.explore(once, z=0.5).tape.findings == ()


# ---------------------------------------------------------------- the curve, traced only where it changes
FACTOR = {"now": 2.0}


def scaled_by_what_stands_outside(x, b):
    y = torch.sin(x) * FACTOR["now"] + b
    return y


def test_a_curve_is_traced_again_only_where_it_is_another(monkeypatch):
    traced = []
    monkeypatch.setattr(curves, "trace", lambda *args, trace=curves.trace: traced.append(args) or trace(*args))
    explorer = al.explore(scaled_by_what_stands_outside, x=1.0, b=0.0, ranges={"x": (-3, 3)})

    def ends_of_curve():
        curve = explorer._curve
        return curve.line.y[0], curve.line.y[-1], curve.point[1], curve.slope

    low, high = math.sin(-3), math.sin(3)
    assert ends_of_curve() == pytest.approx((2 * low, 2 * high, 2 * math.sin(1), 2 * math.cos(1)))
    explorer.set(x=0.5)
    assert len(traced) == 1  # the point moves along it
    assert ends_of_curve() == pytest.approx((2 * low, 2 * high, 2 * math.sin(0.5), 2 * math.cos(0.5)))
    explorer.set(b=1.0)
    assert len(traced) == 2
    assert ends_of_curve() == pytest.approx((2 * low + 1, 2 * high + 1, 2 * math.sin(0.5) + 1, 2 * math.cos(0.5)))
    monkeypatch.setitem(FACTOR, "now", 3.0)
    explorer.set(x=0.25)
    assert len(traced) == 3
    assert ends_of_curve() == pytest.approx((3 * low + 1, 3 * high + 1, 3 * math.sin(0.25) + 1, 3 * math.cos(0.25)))
    explorer.set(x=5.0)  # beyond the slider's end: the curve goes there too
    assert len(traced) == 4
    assert ends_of_curve()[1] == pytest.approx(3 * math.sin(5) + 1)


def test_a_vectors_curve_is_another_where_another_element_moves():
    explorer = al.explore(lambda x: (x**2).sum(), x=[1.0, 2.0], ranges={"x": (-3, 3)})
    assert explorer._curve.line.name == "x[0]"
    assert (explorer._curve.line.y[0], explorer._curve.point) == (13, (1, 5))
    explorer.set(x=[2.0, 2.0])
    assert (explorer._curve.line.y[0], explorer._curve.point) == (13, (2, 8))
    explorer.set(x=[2.0, 0.0])
    assert (explorer._curve.line.y[0], explorer._curve.point) == (9, (2, 4))


def test_a_random_functions_curve_is_never_kept():
    explorer = al.explore(lambda x: x * torch.rand(()), x=1.0)
    before = explorer._curve.line.y
    explorer.set(x=0.5)
    assert explorer._curve.line.y != before


def test_a_transposed_input_has_sliders_and_a_curve_like_any_other():
    explorer = al.explore(lambda x: (x**2).sum(), x=torch.arange(6.0).reshape(2, 3).T)
    assert explorer._curve.point == (0, 55)
    explorer._sliders.pairs["x", 1][0].value = 2.0
    assert explorer.tape.inputs["x"].value.tolist() == [[0, 2], [1, 4], [2, 5]]
    assert explorer.tape.target.value.item() == 50


@pytest.mark.parametrize("x", [1.0, [1.0, 2.0]])
def test_a_number_that_float32_does_not_have_is_infinite_as_in_torch(x):
    explorer = al.explore(lambda x: (x**2).sum(), x=x, dtype=torch.float32)
    explorer._sliders.pairs["x", 0][1].value = 1e39
    assert explorer.tape.inputs["x"].value.reshape(-1)[0].item() == math.inf
    assert "inf" in explorer.html


def test_a_tensor_that_was_set_stays_the_learners_own():
    explorer, own = al.explore(lambda x: (x**2).sum(), x=[1.0, 2.0]), torch.tensor([3.0, 4.0], requires_grad=True)
    explorer.set(x=own)
    with torch.no_grad():
        own[0] = 100.0
    explorer._sliders.pairs["x", 1][1].value = 5.0
    assert explorer.tape.inputs["x"].value.tolist() == [3.0, 5.0] and own.tolist() == [100.0, 4.0]
