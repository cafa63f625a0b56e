"""Questions of lesson 2: which values keep a gradient, the paths that meet, and the step of a finite difference."""

import inspect
import math

import torch

from ..checking.questions import Belief, Prediction, Program, Property, Requirement, made
from ..run import record

with_a_gradient = Prediction(
    Program(
        """\
x = torch.tensor(2.0, requires_grad=True)
c = torch.tensor(3.0)
y = c * x
y.retain_grad()
s = torch.sin(y)
z = s**2
z.backward()
""",
        asked='{n for n, t in {"x": x, "c": c, "y": y, "s": s, "z": z}.items() if t.requires_grad and (t.is_leaf or t.retains_grad)}',
    ),
    because="x is a leaf, and y was asked before backward(). The adjoints of s and z were computed and let go.",
    beliefs=(
        Belief("all_keep", {"x", "y", "s", "z"}, "The engine computed all of these. Which did it keep?"),
        Belief("retained_forgotten", {"x"}, "Read the fourth line again."),
        Belief("every_leaf", {"x", "c", "y"}, "c was made by you, but did anyone ask for slopes with respect to it?"),
    ),
)


arrivals = Prediction(
    Program(
        """\
def cube(x):
    a = x * x
    y = a * x
    return y
""",
        asked="[part.product.item() for part in record(cube, x=3.0).inputs['x'].contributions]",
    ),
    because="Three uses of x, three contributions of x² each: 27 in all, which is 3x².",
    beliefs=(
        Belief(
            "already_added", [27.0], "27 is their sum. How many uses of x are there, and what comes back from each?"
        ),
        Belief("one_step_one_path", [9.0, 18.0], "a = x * x uses x twice: that makes two contributions."),
        Belief("one_step_one_path", [18.0, 9.0], "a = x * x uses x twice: that makes two contributions."),
        Belief("adjoint_forgotten", [3.0, 3.0, 9.0], "3 is the local derivative of a. Times which adjoint?"),
    ),
)


def _error(h) -> tuple[float, float]:
    """The relative error of a central difference of sin(x²) at 1000, and the step."""
    if isinstance(h, torch.Tensor):
        h = h.item()
    h = float(h)
    points = torch.tensor([1000 + h, 1000 - h], dtype=torch.float64)
    high, low = torch.sin(points**2)
    true = 2000 * math.cos(1000**2)
    slope = ((high - low) / (2 * h)).item() if h else math.inf
    return abs(slope - true) / abs(true), abs(h)


good_step = Property(
    _error,
    (
        Requirement(
            "truncation",
            lambda tried: tried[0] <= 1e-5 or tried[1] < 1e-7,
            "Too large: the neighbours stand too far apart on a wave that is only 0.003 long.",
        ),
        Requirement(
            "rounding",
            lambda tried: tried[0] <= 1e-5,
            "Too small: the difference of the two values is mostly rounding.",
        ),
    ),
    because="Five digits are right: small enough for the wave, and large enough for the digits that are stored.",
)


def _paths(function) -> list[tuple[float, list[float]]]:
    """The gradient at some points, and what came back along each path."""
    name = next(iter(inspect.signature(function).parameters))
    found = []
    for at in (-1.3, 0.4, 2.0):
        made(function, torch.tensor(at, dtype=torch.float64))
        x = record(function, inputs={name: at}).inputs[name]
        parts = [part.product.item() for part in x.contributions]
        found.append((0.0 if x.adjoint is None else x.adjoint.item(), parts))
    return found


paths_that_cancel = Property(
    _paths,
    (
        Requirement(
            "one_path",
            lambda found: all(len(parts) > 1 for _, parts in found),
            "x is used only once, so there is one path. Use it twice.",
        ),
        Requirement(
            "slope_not_zero",
            lambda found: all(abs(slope) < 1e-9 for slope, _ in found),
            "The slope is not 0 everywhere: what comes back along one path must undo what comes back along the others.",
        ),
        Requirement(
            "nothing_flows",
            lambda found: all(any(abs(part) > 1e-9 for part in parts) for _, parts in found),
            "Each path brings 0, so nothing cancels. Each is to bring something.",
        ),
    ),
    because="Every path brings something, and together they bring nothing: the paths add.",
)
