"""Questions of lesson 1: the program that ran, and what agreement proves."""

import torch

from .. import lessons
from ..checking.questions import Belief, Choices, Prediction, Program, Property, Requirement, made, written
from ..comparison import compare

bent_at_one = Prediction(
    Program(
        """\
def bent(x):
    if x > 1:
        y = x**2
    else:
        y = 5 * x
    return y

x = torch.tensor(1.0, requires_grad=True)
bent(x).backward()
""",
        asked="x.grad",
    ),
    because="1 > 1 is false, so the multiplication ran, and it alone is on the tape.",
    beliefs=(
        Belief("other_line", 2.0, "That is the slope of the other line. Which of the two ran at 1?"),
        Belief("average", 3.5, "The tape holds one run, and one of the two lines. Nothing is averaged."),
        Belief("value", 1.0, "That is a value; a slope is asked for."),
    ),
)

FORMULAS = {"a": "2 * x", "b": "x + 2", "c": "x**2", "d": "3 * x", "e": "8 / x"}

pass_at_two = Prediction(
    Choices(FORMULAS, lambda text: compare(lessons.square.function, written(text, "x"), x=2.0).ok is True),
    because="Four formulas, of which three are wrong, and at this one point they cannot be told apart.",
    beliefs=(
        Belief("only_the_right_one", {"a"}, "What is asked is not which formula is right. Put 2 into each."),
        Belief("all_pass", set(FORMULAS), "Put 2 into each, the fourth one too."),
    ),
)

CROSSINGS = (-1.0, 0.0, 1.0)
ELSEWHERE = (-2.0, -0.5, 0.5, 2.0, 3.0)


def _gaps(formula) -> dict[float, float]:
    """How far the formula is from 2x at each point."""
    points = [torch.tensor(x, dtype=torch.float64) for x in (*CROSSINGS, *ELSEWHERE)]
    return {x.item(): abs(float(made(formula, x)) - 2 * x.item()) for x in points}


impostor = Property(
    _gaps,
    (
        Requirement(
            "caught",
            lambda gaps: all(gaps[x] < 1e-9 for x in CROSSINGS),
            "The comparison catches it: at −1, 0 or 1 it is not 2x. Add to 2x something that is 0 at all three.",
        ),
        Requirement(
            "is_the_slope",
            lambda gaps: any(gaps[x] > 1e-6 for x in ELSEWHERE),
            "It is right elsewhere too. An impostor is to be wrong at other points.",
        ),
    ),
    because="It passes at three points and is wrong elsewhere. Points are evidence, never proof.",
)
