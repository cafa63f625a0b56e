"""The lessons' functions: the gradients written by hand are right wherever the sliders reach, and the seed's numbers stand."""

import ast
import json
import math
import random
import re

import mpmath
import pytest
import torch

import autograd_lessons as al
from autograd_lessons import lessons

NAMES = [name for name in lessons.__all__ if isinstance(getattr(lessons, name), lessons.Lesson)]
THROUGH_THE_PROBABILITY = {"logistic_bce", "logistic_naive", "logistic_bce_loss"}


def compared(lesson, inputs=None, **options):
    return al.compare(lesson.function, lesson.manual, inputs=inputs or lesson.inputs, wrt=lesson.wrt, **options)


def sample(lesson, generator):
    """A point inside the slider ranges, a vector's elements each drawn on their own."""
    return {
        name: [generator.uniform(*lesson.ranges[name]) for _ in value]
        if isinstance(value, list)
        else generator.uniform(*lesson.ranges[name])
        for name, value in lesson.inputs.items()
    }


def points(name, count=20):
    """Without those where 1 − σ(z) has fewer than nine digits: there the losses on a probability fail, which is their lesson."""
    generator, lesson, found = random.Random(name), getattr(lessons, name), []
    while len(found) < count:
        point = sample(lesson, generator)
        if name not in THROUGH_THE_PROBABILITY or abs(point["w"] * point["x"] + point["b"]) < 12:
            found.append(point)
    return found


def jacobian(a, b, c):
    """Of (ab, bc)."""
    return mpmath.matrix([[b, a, 0], [0, c, b]])


def true_gradient(name, at):
    """From the textbook's formulas, at 50 digits."""
    sigma = lambda: 1 / (1 + mpmath.exp(-(mpmath.mpf(at["w"]) * at["x"] + at["b"])))
    with mpmath.workdps(50):
        return {
            "square": lambda: {"x": 2 * at["x"]},
            "sine_of_square": lambda: {"x": 2 * at["x"] * mpmath.cos(mpmath.mpf(at["x"]) ** 2)},
            "x_sine": lambda: {"x": mpmath.sin(at["x"]) + at["x"] * mpmath.cos(at["x"])},
            "mean_of_squares": lambda: {"x": [2 * mpmath.mpf(x) / len(at["x"]) for x in at["x"]]},
            "weighted_neighbours": lambda: {"x": list(mpmath.matrix([at["v"]]) * jacobian(*at["x"]))},
        }.get(name, lambda: {"w": (sigma() - at["y"]) * at["x"], "b": sigma() - at["y"]})()


def test_the_promised_lessons_are_there():
    assert {"square", "sine_of_square", "logistic_bce"} <= set(NAMES)
    assert al.lessons is lessons


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_starts_inside_its_sliders(name):
    lesson = getattr(lessons, name)
    assert set(lesson.ranges) == set(lesson.inputs) and set(lesson.wrt) <= set(lesson.inputs)
    for key, (low, high) in lesson.ranges.items():
        values = lesson.inputs[key] if isinstance(lesson.inputs[key], list) else [lesson.inputs[key]]
        assert all(low <= value <= high for value in values) and low < high


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NAMES)
def test_all_routes_agree_where_the_lesson_starts(name, dtype):
    comparison = compared(getattr(lessons, name), dtype=dtype)
    assert comparison.ok is True, comparison
    assert {"manual", "sympy", "autograd", "reference"} <= set(comparison.routes)
    assert not any(comparison.vacuous.values())


@pytest.mark.parametrize("name", NAMES)
def test_all_routes_agree_at_random_points_of_the_sliders(name):
    lesson = getattr(lessons, name)
    for point in points(name):
        comparison = compared(lesson, point)
        assert comparison.ok is True, f"{point}\n{comparison}"
        for of, true in true_gradient(name, point).items():
            expected = [float(t) for t in true] if isinstance(true, list) else float(true)
            for route in ("manual", "autograd"):
                got = comparison.gradients[of][route].tolist()
                assert got == pytest.approx(expected, rel=1e-9, abs=1e-9), (point, of, route)


# ---------------------------------------------------------------- the seed's numbers
def test_seed_square():
    assert compared(lessons.square).gradients["x"]["autograd"].item() == 6.0
    assert lessons.square.manual["x"](3) == 6


def test_seed_sine_of_square():
    double, single = (compared(lessons.sine_of_square, dtype=kind) for kind in (torch.float64, torch.float32))
    assert double.gradients["x"]["manual"].item() == -7.661275842587077
    assert double.gradients["x"]["autograd"].item() == pytest.approx(-7.661275842587077, abs=2e-15)
    assert round(single.gradients["x"]["autograd"].item(), 4) == -7.6613


def test_seed_logistic_bce():
    comparison = compared(lessons.logistic_bce, dtype=torch.float32)
    assert round(comparison.tape.output.value.item(), 4) == 6.7012
    assert comparison.gradients["w"]["manual"].item() == 6.691762447357178
    assert comparison.gradients["b"]["manual"].item() == 0.998770534992218
    assert round(comparison.gradients["w"]["autograd"].item(), 4) == 6.6918
    assert round(comparison.gradients["b"]["autograd"].item(), 4) == 0.9988


def test_seed_mean_of_squares():
    comparison = compared(lessons.mean_of_squares)
    assert round(comparison.tape.output.value.item(), 4) == 4.6667
    assert [round(g, 4) for g in comparison.gradients["x"]["autograd"].tolist()] == [0.6667, 1.3333, 2.0]


def test_the_four_logistic_losses_are_one_function_on_paper():
    for point in points("logistic_bce", 5):
        losses = [
            getattr(lessons, n).function(**{k: torch.tensor(v).double() for k, v in point.items()})
            for n in NAMES
            if n.startswith("logistic")
        ]
        assert len(losses) == 4
        for loss in losses:
            assert loss.item() == pytest.approx(losses[0].item(), rel=1e-7) and math.isfinite(loss)


# ---------------------------------------------------------------- what the notebooks and the README say of them
def notebook_code(project):
    for path in sorted(project.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        yield path.name, ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def definitions(cells):
    """Every function that the notebook's plain Python cells define, called by nobody yet."""
    space = {"torch": torch, "math": math, "F": torch.nn.functional}
    for cell in cells:
        if cell.lstrip().startswith("%%"):
            continue
        plain = "\n".join(line for line in cell.splitlines() if not line.startswith("%"))  # without %load_ext
        for node in ast.parse(plain).body:
            if isinstance(node, ast.FunctionDef):
                exec(compile(ast.Module([node], []), "<notebook>", "exec"), space)
    return space


def test_every_lesson_that_is_named_exists(project):
    texts = [(project / "README.md").read_text(encoding="utf-8")]
    texts += ["\n".join(cells) for _, cells in notebook_code(project)]
    named = {name for text in texts for name in re.findall(r"\blessons\.([a-z]\w*)\b(?!\.)", text)} - {"ipynb"}
    assert named and named <= set(lessons.__all__), named - set(lessons.__all__)


def test_a_function_that_a_notebook_calls_like_a_lesson_is_that_lesson(project):
    seen = set()
    for notebook, cells in notebook_code(project):
        for name, function in definitions(cells).items():
            if name not in NAMES:
                continue
            lesson = getattr(lessons, name)
            for point in points(name, 10):
                tensors = {key: torch.tensor(value, dtype=torch.float64) for key, value in point.items()}
                assert torch.equal(function(**tensors), lesson.function(**tensors)), (notebook, name, point)
            seen.add(name)
    assert {"square", "sine_of_square", "x_sine", "logistic_bce"} <= seen
