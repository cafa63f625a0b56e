"""Questions of lesson 4: shapes that broadcast, the slope of the slope."""

import ast

import torch

from ..checking.questions import Belief, Choices, Prediction, Program, Property, Requirement, made

PAIRS = {
    "a": "(5, 1), (5,)",
    "b": "(5,), (5,)",
    "c": "(5, 1), (5, 1)",
    "d": "(1, 5), (5, 1)",
    "e": "(5,), (1,)",
    "f": "(5, 2), (5,)",
}


def _grows(pair: str) -> bool:
    """Whether the difference of two tensors of these shapes has more elements than either."""
    first, second = (torch.zeros(shape) for shape in ast.literal_eval(pair))
    try:
        return (first - second).numel() > max(first.numel(), second.numel())
    except RuntimeError:
        return False


silent_squares = Prediction(
    Choices(PAIRS, _grows),
    because="A column against a row, and a list counts as a row. The pair (5, 2) and (5,) raises, which is the lucky case.",
    beliefs=(
        Belief("list_as_column", {"d"}, "(5,) is aligned at the right end: it counts as (1, 5), a row."),
        Belief("raises_taken_for_silent", {"a", "d", "f"}, "Shapes are aligned at the right end: f puts 2 against 5."),
        Belief(
            "one_stretched",
            {"a", "d", "e"},
            "In e the single number is used five times. Is the result larger than (5,)?",
        ),
    ),
)

twice_back = Prediction(
    Program(
        """\
x = torch.tensor(2.0, requires_grad=True)
y = x**4
slope = torch.autograd.grad(y, x, create_graph=True)[0]
y.backward(retain_graph=True)
slope.backward()
""",
        asked="x.grad",
    ),
    because="grad() leaves x.grad alone; the two calls of backward() add 4x³ = 32 and 12x² = 48.",
    beliefs=(
        Belief("overwrites", 48.0, "48 is the second derivative. What had the first backward() left in x.grad?"),
        Belief("first_only", 32.0, "32 is the slope. What does slope.backward() differentiate?"),
        Belief("grad_counted", 112.0, "torch.autograd.grad returns its gradient and leaves x.grad alone."),
        Belief("slope_twice", 64.0, "slope is a function of x itself, and its own derivative is added."),
    ),
)

XS = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
YS = torch.tensor([1.0, 3.0, 4.0, 8.0], dtype=torch.float64)


def _fits(function) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """For a column or a list of x: loss, and gradient by w and b, of the function; then as meant, as squared, as a sum."""
    found = []
    for x in (XS[:, None], XS):
        w, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.5, 0.5))
        error = w * XS + b - YS
        losses = (
            made(function, w, b, x, YS),
            (error**2).mean(),
            ((w * XS[:, None] + b - YS) ** 2).mean(),
            (error**2).sum(),
        )
        found.append([_loss_and_gradient(loss, w, b) for loss in losses])
    return found


def _loss_and_gradient(loss: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    gradients = torch.autograd.grad(loss, (w, b), retain_graph=True, allow_unused=True)
    return torch.stack([loss.detach(), *(torch.zeros_like(w) if g is None else g for g in gradients)])


mended_loss = Property(
    _fits,
    (
        Requirement(
            "still_a_square",
            lambda found: not torch.allclose(found[0][0], found[0][2]),
            "With x as a column every prediction is still held against every truth. Print the shape of the difference.",
        ),
        Requirement(
            "sum_for_mean",
            lambda found: not any(torch.allclose(mine, total) for mine, _, _, total in found),
            "The shapes fit now, but the loss is the sum and not the mean.",
        ),
        Requirement(
            "another_loss",
            lambda found: all(torch.allclose(mine, meant) for mine, meant, *_ in found),
            "The loss, or one of its gradients, is not that of the mean of (w·x + b − y)² over the four samples.",
        ),
    ),
    because="Four predictions, four truths, four differences, for a column and for a list.",
)


def _hessians(function) -> torch.Tensor:
    """The Hessian at three points."""
    return torch.stack([_hessian(function, point) for point in ([0.7, -1.2], [1.5, 2.0], [-0.4, 0.3])])


def _hessian(function, point: list[float]) -> torch.Tensor:
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(made(function, x), x, create_graph=True)
    if not gradient.requires_grad:  # the function is a straight line
        return torch.zeros(2, 2, dtype=torch.float64)
    return torch.stack([torch.autograd.grad(gradient, x, row, retain_graph=True)[0] for row in torch.eye(2).double()])


only_together = Property(
    _hessians,
    (
        Requirement(
            "own_curvature",
            lambda tables: bool((tables.diagonal(dim1=1, dim2=2).abs() < 1e-9).all()),
            "A diagonal entry is not 0: an element of the gradient still changes with its own x.",
        ),
        Requirement(
            "no_curvature",
            lambda tables: bool((tables[:, 0, 1].abs() > 1e-9).all()),
            "The whole table is 0 somewhere: there the gradient's element 0 does not change with x[1].",
        ),
    ),
    because="The diagonal is 0 and the rest is not: each input changes only the other one's slope.",
)
