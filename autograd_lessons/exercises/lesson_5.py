"""Questions of lesson 5: what stands in .grad, and what a training loop needs."""

import itertools

import torch

from ..checking.questions import Belief, Choices, Prediction, Program, Property, Requirement, made, written

third_gradient = Prediction(
    Program(
        """\
x = torch.tensor(3.0, requires_grad=True)
(x**2).backward()
(x**3).backward()
x.grad = None
(5 * x).backward()
(x**2).backward()
""",
        asked="x.grad",
    ),
    because="The gradient of everything since it was last cleared: 5 + 6.",
    beliefs=(
        Belief("overwrites", 6.0, "6 is what the last pass brought. backward() adds to what is there."),
        Belief("clearing_missed", 44.0, "In the fourth line everything before it is thrown away."),
    ),
)


def _shares() -> list[float]:
    """The factors of micro-batches of four and of two samples, from the gradients themselves."""
    xs = torch.tensor([0.2, 0.5, 0.9, 1.2, 1.6, 2.0], dtype=torch.float64)
    parts = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    total = parts[0] * xs[:4].mean() * 4 + parts[1] * xs[4:].mean() * 2
    return (torch.autograd.grad(total, parts)[0] / torch.stack([xs[:4].mean(), xs[4:].mean()]) / len(xs)).tolist()


shares = Prediction(
    _shares,
    because="Each mean counts as much as it has samples: 4 of 6, and 2 of 6.",
    beliefs=(
        Belief(
            "number_of_pieces",
            [1 / 2, 1 / 2],
            "That is right for pieces of equal size. Here one piece has more samples.",
        ),
        Belief("nothing_divided", [1.0, 1.0], "Two means added are larger than the mean of all six."),
        Belief(
            "divided_by_size", [1 / 4, 1 / 2], "Each mean has divided by its own size already. What must undo that?"
        ),
        Belief("exchanged", [1 / 3, 2 / 3], "Which of the two pieces should count more?"),
    ),
)

FUNCTIONS = {"a": "x - 2", "b": "x**3", "c": "torch.sin(x)", "d": "x + x", "e": "x * 7", "f": "-x + 1"}


def _raises_twice(code: str) -> bool:
    y = written(code, "x")(torch.tensor(2.0, requires_grad=True))
    y.backward()
    try:
        y.backward()
    except RuntimeError:
        return True
    return False


raise_twice = Prediction(
    Choices(FUNCTIONS, _raises_twice),
    because="The power and the sine saved their input, the multiplication its 7. The sums saved nothing, and doubled in silence.",
    beliefs=(
        Belief("always_raises", set("abcdef"), "It raises where something was saved. What does a sum need to go back?"),
        Belief(
            "constant_not_saved",
            {"b", "c"},
            "The slope of e is 7 everywhere, and the operation keeps that 7 for the way back.",
        ),
    ),
)

CALLS = ("zero_grad", "backward", "step")
ORDERS = {letter: ", ".join(order) for letter, order in zip("abcdef", itertools.permutations(CALLS))}


def _trains(order: str) -> bool:
    """Whether fifty rounds of the three calls in this order bring the loss down."""
    w = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(50):
        calls = {
            "zero_grad": optimizer.zero_grad,
            "backward": lambda: ((w - 3) ** 2).backward(),
            "step": optimizer.step,
        }
        for name in order.split(", "):
            calls[name]()
    return abs(w.item() - 3) < 0.01


orders_that_train = Prediction(
    Choices(ORDERS, _trains),
    because="They go round in a loop, so only the cycle matters: clear, back, step. In the others each step finds nothing.",
    beliefs=(
        Belief(
            "only_the_usual",
            {"a"},
            "Write two rounds of each order one after the other. What does each step find in .grad?",
        ),
        Belief(
            "all_train",
            set("abcdef"),
            "Write two rounds of each. In some the gradients are cleared just before the step.",
        ),
        Belief(
            "by_the_first",
            {"a", "b"},
            "What comes first in a loop matters little. What stands between backward and step?",
        ),
    ),
)

XS = torch.tensor([0.2, 0.5, 0.9, 1.2, 1.6, 2.0], dtype=torch.float64)
YS = torch.tensor([0.7, 1.4, 2.8, 3.5, 4.9, 5.9], dtype=torch.float64)
BEST = ((XS * YS).sum() / (XS * XS).sum()).item()  # where the mean of (w·x − y)² is smallest


def _trained(function) -> tuple[float, str]:
    """The weight that the loop ends with, and what stopped it."""
    try:
        result = made(function, XS, YS)
    except TypeError as error:
        if "NoneType" in str(error):
            return 0.0, "no gradient"
        raise
    except RuntimeError as error:
        if "in-place" in str(error):
            return 0.0, "in place"
        if "does not require grad" in str(error):
            return 0.0, "no leaf"
        raise
    return torch.as_tensor(result).detach().item(), ""


training_loop = Property(
    _trained,
    (
        Requirement(
            "leaf_lost",
            lambda trained: trained[1] != "no gradient",
            "w.grad is None when the step needs it: either it was cleared before the step, or w = w - … made a new tensor "
            "and the leaf has lost its name.",
        ),
        Requirement(
            "no_leaf",
            lambda trained: trained[1] != "no leaf",
            "Under no_grad() the line w = w - … makes a tensor that requires no gradient. Change the number in the leaf: w -= …",
        ),
        Requirement(
            "step_recorded",
            lambda trained: trained[1] != "in place",
            "w -= … is refused as a part of the formula. The step is none: say that no notes are to be taken.",
        ),
        Requirement(
            "no_step",
            lambda trained: abs(trained[0]) > 1e-9,
            "w is still 0: was the gradient cleared before the step, or is there no step?",
        ),
        Requirement(
            "not_cleared",
            lambda trained: abs(trained[0] - BEST) < 0.01,
            "w does not settle at the bottom. Is .grad cleared in every round, and is the step still minus 0.1 times the gradient?",
        ),
    ),
    because="It settles at the stiffness of the spring, w = 2.97.",
)


def _two_passes(function) -> tuple[list[float], bool]:
    """The slopes at three points, and whether a second pass raised."""
    slopes, raised = [], False
    for at in (-1.0, 0.5, 2.0):
        x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        y = made(function, x)
        y.backward()
        slopes.append(x.grad.item())  # pyright: ignore
        try:
            y.backward()
        except RuntimeError:
            raised = True
    return slopes, raised


silent_triple = Property(
    _two_passes,
    (
        Requirement(
            "another_slope",
            lambda tried: all(abs(slope - 3) < 1e-9 for slope in tried[0]),
            "The slope is not 3 at every x.",
        ),
        Requirement(
            "raises",
            lambda tried: not tried[1],
            "The second pass raises: an operation in it saved a number. Which operations save none?",
        ),
    ),
    because="Sums save nothing: no error, and a gradient of 6 where the slope is 3.",
)
