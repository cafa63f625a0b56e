"""The tape that lesson 9 writes: short enough, as long as the lesson says, and right on more than the lesson tries."""

import json
import random
import re

import pytest
import torch

TAG = "tape"
MOST_LINES = 60


@pytest.fixture(scope="module")
def lesson(project):
    return json.loads((project / "notebooks" / "09_build_your_own_backward.ipynb").read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def source(lesson):
    pieces = ["".join(cell["source"]) for cell in lesson if TAG in cell["metadata"].get("tags", [])]
    return "\n".join(pieces)


@pytest.fixture
def own(source):
    """What the pieces define, in one namespace."""
    names = {}
    exec("import math\n" + source, names)
    return names


def ours(own, f, *values):
    own["tape"].clear()
    numbers = [own["Number"](value) for value in values]
    result = f(*numbers)
    own["backward"](result)
    return result.value, [number.grad for number in numbers]


def theirs(f, *values):
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]
    result = f(*leaves)
    result.backward()
    return result.item(), [0.0 if leaf.grad is None else leaf.grad.item() for leaf in leaves]


def test_it_has_at_most_sixty_lines_and_as_many_as_the_lesson_says(lesson, source):
    count = sum(1 for line in source.splitlines() if line.strip())
    assert count <= MOST_LINES
    prose = " ".join("".join(cell["source"]) for cell in lesson if cell["cell_type"] == "markdown")
    assert {int(said) for said in re.findall(r"there are (\d+) lines", prose)} == {count}
    assert "Forty-one lines" in prose and count == 41


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, lambda x, y: x / y, lambda x, y: -x + y * 0.0,
        lambda x, y: 2 + x, lambda x, y: 2 * x, lambda x, y: 2 - x, lambda x, y: x - 2, lambda x, y: x / 2,
        lambda x, y: x**3, lambda x, y: y**-2, lambda x, y: x**0.5, lambda x, y: x.sin(), lambda x, y: x.exp(),
        lambda x, y: x.log(), lambda x, y: x.sigmoid(), lambda x, y: x * x * x + x, lambda x, y: (x * y).sin() / (x + y) ** 2,
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [(0.3, 1.7), (2.5, -0.4), (1.0, 1.0)])
def test_every_rule_is_torchs(own, f, at):
    value, slopes = ours(own, f, *at)
    true, gradient = theirs(f, *at)
    assert value == pytest.approx(true, rel=1e-14) and slopes == pytest.approx(gradient, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("seed", range(25))
def test_random_programs_with_much_fan_out_come_out_as_torchs(own, seed):
    def program(x, y):
        chance, values = random.Random(seed), [x, y]
        for _ in range(12):
            a, b = chance.choice(values), chance.choice(values)
            values.append(
                chance.choice([
                    lambda a, b: a + b, lambda a, b: (a * b).sigmoid(), lambda a, b: a - b, lambda a, b: a.sin() * b,
                    lambda a, b: a.sigmoid().log(), lambda a, b: (a.sin()).exp(), lambda a, b: a / (b**2 + 1),
                ])(a, b)
            )  # fmt: skip
        return values[-1] + values[-2] * values[-3]

    value, slopes = ours(own, program, 0.7, -1.2)
    true, gradient = theirs(program, 0.7, -1.2)
    assert value == pytest.approx(true, rel=1e-12) and slopes == pytest.approx(gradient, rel=1e-10, abs=1e-12)
