"""The lessons' functions, each with its gradient written by hand, the point it starts at, and its sliders' ranges.

The functions are written as a learner would write them: their source is what the explorer shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

__all__ = [
    "Lesson",
    "logistic_bce",
    "logistic_bce_loss",
    "logistic_naive",
    "logistic_with_logits",
    "mean_of_squares",
    "sine_of_square",
    "square",
    "weighted_neighbours",
    "x_sine",
]


@dataclass(frozen=True)
class Lesson:
    """What a lesson is about. `compare` and `explore` take it apart: `explore(l.function, l.manual, inputs=l.inputs, wrt=l.wrt)`.

    >>> import autograd_lessons as al
    >>> lesson = al.lessons.square
    >>> al.compare(lesson.function, lesson.manual, inputs=lesson.inputs, wrt=lesson.wrt).ok
    True
    """

    function: Callable[..., torch.Tensor]
    manual: Mapping[str, Any]  # by input, or the chain rule's factors by name
    inputs: Mapping[str, Any]  # where the lesson starts
    wrt: tuple[str, ...]  # the inputs that are differentiated
    ranges: Mapping[str, tuple[float, float]]  # least and greatest value on each slider


# ---------------------------------------------------------------------- one number
def squared(x):
    y = x**2
    return y


def sine_of_squared(x):
    y = x**2
    z = torch.sin(y)
    return z


def x_times_sine(x):
    s = torch.sin(x)
    y = x * s
    return y


# ---------------------------------------------------------------------- a vector
def mean_squared(x):
    y = (x**2).mean()
    return y


def weighted_products(x, v):
    y = x[:-1] * x[1:]
    total = (v * y).sum()  # v is the adjoint of y
    return total


# ---------------------------------------------------------------------- one sample through a logistic unit
def binary_cross_entropy_loss(prediction, target):
    epsilon = 1e-8  # To prevent log(0)
    prediction = torch.clamp(prediction, epsilon, 1 - epsilon)
    return -(target * torch.log(prediction) + (1 - target) * torch.log(1 - prediction))


def clamped_loss(w, b, x, y):
    z = w * x + b  # Weighted sum (linear part)
    y_pred = torch.sigmoid(z)  # Predicted probability
    loss = binary_cross_entropy_loss(y_pred, y)
    return loss


def naive_loss(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = -(y * torch.log(y_pred) + (1 - y) * torch.log(1 - y_pred))
    return loss


def library_loss(w, b, x, y):
    z = w * x + b
    y_pred = torch.sigmoid(z)
    loss = F.binary_cross_entropy(y_pred, y)
    return loss


def logits_loss(w, b, x, y):
    z = w * x + b
    loss = F.binary_cross_entropy_with_logits(z, y)
    return loss


# ---------------------------------------------------------------------- the lessons
square = Lesson(
    squared,
    manual={"x": lambda x: 2 * x},
    inputs={"x": 3.0},
    wrt=("x",),
    ranges={"x": (-5.0, 5.0)},
)

sine_of_square = Lesson(
    sine_of_squared,
    manual={"dz_dy": lambda y: torch.cos(y), "dy_dx": lambda x: 2 * x},
    inputs={"x": 4.0},
    wrt=("x",),
    ranges={"x": (-5.0, 5.0)},
)

x_sine = Lesson(
    x_times_sine,
    manual={"x": lambda x: torch.sin(x) + x * torch.cos(x)},
    inputs={"x": 2.0},
    wrt=("x",),
    ranges={"x": (-7.0, 7.0)},
)

mean_of_squares = Lesson(
    mean_squared,
    manual={"x": lambda x: 2 * x / x.numel()},
    inputs={"x": [1.0, 2.0, 3.0]},
    wrt=("x",),
    ranges={"x": (-5.0, 5.0)},
)

weighted_neighbours = Lesson(
    weighted_products,
    manual={"x": lambda x, v: torch.stack([v[0] * x[1], v[0] * x[0] + v[1] * x[2], v[1] * x[1]])},
    inputs={"x": [1.0, 2.0, 3.0], "v": [10.0, 1.0]},
    wrt=("x",),
    ranges={"x": (-5.0, 5.0), "v": (-10.0, 10.0)},
)

_one_sample = {"w": 1.0, "b": 0.0, "x": 6.7, "y": 0.0}
_sample_ranges = {"w": (-3.0, 3.0), "b": (-3.0, 3.0), "x": (-20.0, 20.0), "y": (0.0, 1.0)}
_through_the_probability = {
    "dloss_dy_pred": lambda y_pred, y: (y_pred - y) / (y_pred * (1 - y_pred)),
    "dy_pred_dz": lambda y_pred: y_pred * (1 - y_pred),
    "dz_dw": lambda x: x,
    "dz_db": 1.0,
}
_past_the_probability = {
    "dloss_dz": lambda z, y: torch.sigmoid(z) - y,
    "dz_dw": lambda x: x,
    "dz_db": 1.0,
}

logistic_bce = Lesson(clamped_loss, _through_the_probability, _one_sample, ("w", "b"), _sample_ranges)
logistic_naive = Lesson(naive_loss, _through_the_probability, _one_sample, ("w", "b"), _sample_ranges)
logistic_bce_loss = Lesson(library_loss, _through_the_probability, _one_sample, ("w", "b"), _sample_ranges)
logistic_with_logits = Lesson(logits_loss, _past_the_probability, _one_sample, ("w", "b"), _sample_ranges)
