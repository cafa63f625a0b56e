"""Questions of lesson 3: where the logistic loss breaks, and losses of one's own."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

from ..checking.questions import Belief, Choices, Prediction, Property, Requirement, made
from ..figures import LOSSES, loss_and_slope

WRITTEN = dict(zip("abcd", LOSSES))


def _is_right(name: str) -> bool:
    """Whether a loss and its slope are right for a model that is sure and right: z = 20 and label 1, in float32."""
    loss, slope = loss_and_slope(LOSSES[name], 20.0, 1, torch.float32)
    return math.isfinite(loss) and abs(slope) < 1e-6


right_and_sure = Prediction(
    Choices(WRITTEN, _is_right),
    because="0 · log 0 is nan, although the term with the 0 in front should not count. The other two never compute it.",
    beliefs=(
        Belief("nothing_breaks", set("abcd"), "Put ŷ = 1 into the second term, (1 − y) log(1 − ŷ). What is 0 · (−∞)?"),
        Belief("clamp_trusted", {"b", "c", "d"}, "What is the upper bound of the clamp in float32?"),
        Belief("only_logits", {"d"}, "BCELoss never lets the logarithm fall below −100. What is 0 · (−100)?"),
    ),
)


def _smallest() -> float:
    y_pred = torch.sigmoid(torch.tensor(60.0, dtype=torch.float64))
    return F.binary_cross_entropy_with_logits(y_pred, torch.ones_like(y_pred)).item()


smallest_loss = Prediction(
    _smallest,
    because="The prediction is at most 1, and as a logit 1 means the probability 0.731: −log 0.731 = 0.3133.",
    beliefs=(
        Belief("no_second_sigmoid", 0.0, "A perfect prediction is ŷ = 1. But this loss takes the 1 for a logit."),
        Belief("wrong_end", math.log(2), "That is the loss at ŷ = 0, the worst prediction. The best one is ŷ = 1."),
        Belief("other_label", math.log(1 + math.e), "That is the loss of ŷ = 1 if the truth is 0. Here it is 1."),
    ),
)

POINTS = [(z, y) for z in (-104.0, -30.0, -2.0, 0.0, 0.5, 6.7, 17.0, 104.0) for y in (0.0, 1.0)]


class At(NamedTuple):
    """A point: loss and slope of the function in float32 there, and both as they should be."""

    z: float
    loss: float
    slope: float
    true_loss: float
    true_slope: float

    @property
    def right(self) -> bool:
        return _near(self.loss, self.true_loss) and _near(self.slope, self.true_slope)


def _at_points(function) -> list[At]:
    rows = []
    for at, label in POINTS:
        z, y = torch.tensor(at, requires_grad=True), torch.tensor(label)
        loss = made(function, z, y)
        slope = torch.autograd.grad(loss.sum(), z)[0].item()
        true = max(at, 0.0) - label * at + math.log1p(math.exp(-abs(at)))
        rows.append(At(at, loss.item(), slope, true, 1 / (1 + math.exp(-at)) - label))
    return rows


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-6)


stable_loss = Property(
    _at_points,
    (
        Requirement(
            "not_finite",
            lambda rows: all(math.isfinite(row.loss) and math.isfinite(row.slope) for row in rows),
            "Somewhere between z = −104 and 104 the loss or its slope is inf or nan.",
        ),
        Requirement(
            "sigmoid_twice",
            lambda rows: max(row.loss for row in rows) > 1.5,
            "The loss never gets above 1.32, however wrong the model is. How often is the sigmoid in it?",
        ),
        Requirement(
            "gradient_cut",
            lambda rows: all(row.slope != 0 or abs(row.true_slope) < 1e-3 or row.z == 0 for row in rows),
            "All is finite, but where the model is surely wrong the slope is 0 and should be 1 or −1.",
        ),
        Requirement(
            "another_function",
            lambda rows: all(row.right for row in rows if row.z != 0),
            "It is finite everywhere, but it is another function: compare it with the formula at z = 0.5.",
        ),
        Requirement(
            "kink",
            lambda rows: all(row.right for row in rows),
            "Right everywhere but at z = 0, where the slope should be ½ or −½: each of max(z, 0) and |z| has a kink "
            "there, and the slopes that PyTorch takes for the two do not fit together. F.softplus has no kink, nor has "
            "PyTorch's own loss.",
        ),
    ),
    because="Right from −104 to 104 for both labels: the slope is ŷ − y everywhere.",
)


def _curve(function) -> list[tuple[float, float, float]]:
    """At several logits: z, the slope by the prediction, and the slope by z."""
    rows = []
    for at in (-3.0, -1.0, 0.0, 1.0, 3.0, 10.0):
        z = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        y_pred = torch.sigmoid(z)
        loss = made(function, y_pred)
        rows.append((at, *(slope.item() for slope in torch.autograd.grad(loss, (y_pred, z)))))
    return rows


def _is_cross_entropy(rows: list[tuple[float, float, float]]) -> bool:
    ratios = [by_prediction * (1 - 1 / (1 + math.exp(-z))) for z, by_prediction, _ in rows]
    return all(math.isclose(ratio, ratios[0], rel_tol=1e-6) for ratio in ratios)


unsaturated_loss = Property(
    _curve,
    (
        Requirement(
            "wrong_way",
            lambda rows: all(by_prediction > 0 for _, by_prediction, _ in rows),
            "The truth is 0, so the loss must grow with y_pred wherever it is.",
        ),
        Requirement(
            "saturated",
            lambda rows: rows[-1][2] >= 0.5,
            "At z = 10 the slope by z is less than 0.5: the sigmoid's σ′ is left over. What undoes 1 − y_pred?",
        ),
        Requirement(
            "cross_entropy",
            lambda rows: not _is_cross_entropy(rows),
            "That is the cross-entropy, perhaps times a number. Look for another one.",
        ),
    ),
    because="It is steep where the sigmoid is flat, so a surely wrong model learns.",
)
