"""Losses with every reduction, as functions and as modules: autograd, SymPy's numbers and the 50-digit reference agree."""

from __future__ import annotations

import warnings

import mpmath
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import autograd_lessons as al
from autograd_lessons import calls, rules

from .test_array_operations import agree, numbers, weighed

X, Y = numbers((2, 3), (2, 3), seed=5)
SIGNS = torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]], dtype=torch.float64)
P, Q = torch.sigmoid(X), torch.sigmoid(Y)
WEIGHT = torch.tensor([0.5, 1.0, 2.5], dtype=torch.float64)

# by loss: the function of its operands and options, the operands, the options that are tried
LOSSES = {
    "mse_loss": (F.mse_loss, (X, Y), [{}]),
    "l1_loss": (F.l1_loss, (X, Y), [{}]),
    "smooth_l1_loss": (F.smooth_l1_loss, (X, Y), [{}, {"beta": 0.4}, {"beta": 0.0}]),
    "huber_loss": (F.huber_loss, (X, Y), [{}, {"delta": 0.4}]),
    "binary_cross_entropy": (F.binary_cross_entropy, (P, Q), [{}, {"weight": WEIGHT}]),
    "binary_cross_entropy_with_logits": (
        F.binary_cross_entropy_with_logits, (X, Q), [{}, {"weight": WEIGHT}, {"pos_weight": WEIGHT}, {"weight": WEIGHT, "pos_weight": WEIGHT}],
    ),
    "soft_margin_loss": (lambda a, **options: F.soft_margin_loss(a, SIGNS, **options), (X,), [{}]),
    "hinge_embedding_loss": (lambda a, **options: F.hinge_embedding_loss(a, SIGNS, **options), (X,), [{}, {"margin": 0.5}]),
    "margin_ranking_loss": (lambda a, b, **options: F.margin_ranking_loss(a, b, SIGNS, **options), (X, Y), [{}, {"margin": 0.5}]),
    "kl_div": (F.kl_div, (X, Q), [{}, {"log_target": True}, {"reduction": "batchmean"}]),
    "gaussian_nll_loss": (F.gaussian_nll_loss, (X, Y, Q), [{}, {"full": True}]),
    "poisson_nll_loss": (F.poisson_nll_loss, (X, Y.abs()), [{}, {"full": True}]),
    "poisson_nll_loss, a mean": (lambda a, b, **options: F.poisson_nll_loss(a, b, log_input=False, **options), (P, Y.abs()), [{}]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("name", LOSSES)
def test_elementwise_losses_agree_with_each_reduction(name):
    loss, operands, variants = LOSSES[name]
    for options in variants:
        for reduction in [options["reduction"]] if "reduction" in options else ["mean", "sum", "none"]:
            given = options | {"reduction": reduction}
            agree(lambda *xs, given=given: weighed(loss(*xs, **given)), *operands)
    one = [operand[0, 0] for operand in operands]
    if name not in ("soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss", "gaussian_nll_loss"):
        agree(lambda *xs: loss(*xs), *one)


CLASSES = torch.tensor([2, 0])
SHARES = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]], dtype=torch.float64)
PIXELS = torch.tensor([[0, 2], [1, 0]])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    "options", [{}, {"weight": WEIGHT}, {"ignore_index": 0}, {"weight": WEIGHT, "ignore_index": 2}]
)
def test_losses_of_a_class_agree(options, reduction):
    given = options | {"reduction": reduction}
    agree(lambda a: weighed(F.cross_entropy(a, CLASSES, **given)), X)
    agree(lambda a: weighed(F.nll_loss(a, CLASSES, **given)), X)
    agree(lambda a: weighed(F.cross_entropy(a, CLASSES, label_smoothing=0.1, **given)), X)
    if "ignore_index" not in options:
        agree(lambda a: weighed(F.cross_entropy(a, SHARES, label_smoothing=0.25, **given)), X)


def test_losses_of_a_class_take_one_row_and_grids_and_probabilities_that_are_differentiated():
    agree(lambda a: F.cross_entropy(a, torch.tensor(1)), X[0])
    agree(lambda a, b: F.cross_entropy(a, b.softmax(1)), X, Y)
    agree(lambda a: F.cross_entropy(a, PIXELS), *numbers((2, 3, 2), seed=3))
    agree(lambda a: F.nll_loss(a.log_softmax(-1), CLASSES), X)


MODULES = {
    "MSELoss": (nn.MSELoss(reduction="sum"), Y), "L1Loss": (nn.L1Loss(), Y), "SmoothL1Loss": (nn.SmoothL1Loss(beta=0.5), Y),
    "HuberLoss": (nn.HuberLoss(delta=0.5), Y), "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss(pos_weight=WEIGHT), Q),
    "CrossEntropyLoss": (nn.CrossEntropyLoss(label_smoothing=0.1), CLASSES), "NLLLoss": (nn.NLLLoss(weight=WEIGHT), CLASSES),
    "KLDivLoss": (nn.KLDivLoss(reduction="batchmean"), Q), "SoftMarginLoss": (nn.SoftMarginLoss(), SIGNS),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss(), SIGNS), "PoissonNLLLoss": (nn.PoissonNLLLoss(), Q),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_losses_as_modules_agree(name):
    module, target = MODULES[name]
    agree(lambda a: module(a, target), X)


def test_loss_of_probabilities_as_a_module():
    agree(lambda a: nn.BCELoss(weight=WEIGHT)(a, Q), P)


# ---------------------------------------------------------------- what a textbook says
def test_the_gradient_of_cross_entropy_is_softmax_minus_the_class():
    derivation = al.derive(lambda z: F.cross_entropy(z, torch.tensor(1)), z=[0.3, -1.0, 2.0])
    assert [derivation.text("z")] == [
        "[softmax(z[0], z[1], z[2])[0], softmax(z[0], z[1], z[2])[1] - 1, softmax(z[0], z[1], z[2])[2]]"
    ]
    total = sum(mpmath.exp(v) for v in (0.3, -1.0, 2.0))
    wanted = [mpmath.exp(v) / total - (i == 1) for i, v in enumerate((0.3, -1.0, 2.0))]
    assert derivation.numbers["z"].tolist() == pytest.approx([float(w) for w in wanted], rel=1e-15)


def test_the_slopes_of_softmax_are_those_of_the_textbook_in_its_own_name():
    def shares(z):
        p = torch.softmax(z, dim=0)
        loss = -torch.log(p[0])
        return loss

    slopes = al.derive(shares, z=[0.3, -1.0]).local["p", "z"]
    assert str(slopes) == "[[p[0]*(1 - p[0]), -p[0]*p[1]], [-p[0]*p[1], p[1]*(1 - p[1])]]"


# ---------------------------------------------------------------- elementwise without a reduction
def test_a_loss_that_is_not_reduced_is_elementwise():
    x = torch.linspace(-3, 3, 101, dtype=torch.float64)
    comparison = al.compare(lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), reduction="none"), x=x)
    assert comparison.ok and comparison.tape.summed
    assert comparison.derivation.conditions == ("0 − x ≥ 1", "x − 0 ≥ 1", "|x − 0| < 1")
    assert set(rules.LOSSES) == calls._LOSSES


@pytest.mark.parametrize(
    ("loss", "point", "slope", "said"),
    [
        (lambda x, y: F.l1_loss(x, y), 0.0, 0.0, "x = 0, a kink: PyTorch's slope is 0"),
        (lambda x, y: F.smooth_l1_loss(x, y, beta=0.0), 0.0, 0.0, "x = 0, a kink: PyTorch's slope is 0"),
        (lambda x, y: F.smooth_l1_loss(x, y), 1.0, 1.0, "x − 0 ≥ 1"),
        (lambda x, y: F.huber_loss(x, y, delta=2.0), 2.0, 2.0, "|x − 0| ≤ 2"),
        (lambda x, y: F.hinge_embedding_loss(x, y - 1), 1.0, -1.0, "-1 = −1 and x ≤ 1"),
        (lambda x, y: F.margin_ranking_loss(x, y, y + 1), 0.0, -1.0, "−1·(x − 0) + 0 ≥ 0"),
    ],
)  # measured with torch 2.13.0
def test_the_kinks_of_losses_are_pytorchs(loss, point, slope, said):
    leaf = torch.tensor([point], dtype=torch.float64, requires_grad=True)
    loss(leaf, torch.zeros(1, dtype=torch.float64)).backward()
    assert leaf.grad.item() == slope
    derivation = al.derive(lambda x: loss(x, torch.zeros_like(x)), x=[point])
    assert derivation.numbers["x"].item() == slope
    assert derivation.conditions == (said,)


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: F.ctc_loss(x.log_softmax(-1).reshape(3, 1, 2), torch.tensor([[1]]), (3,), (1,)),
        lambda x: F.mse_loss(x, torch.zeros_like(x), size_average=False),
        lambda x: F.gaussian_nll_loss(x, torch.zeros_like(x), torch.full_like(x, 1e-9)),
    ],
)
def test_a_loss_without_a_rule_says_so(loss):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        derivation = al.derive(loss, x=[0.3, -1.0, 2.0, 0.1, 0.2, 0.4])
    assert derivation.gradient == {} and "no symbolic rule for torch." in derivation.obstacle
