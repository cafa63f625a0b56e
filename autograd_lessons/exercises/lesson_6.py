"""Questions of lesson 6: what is cut and where, what was saved, and cuts that are meant."""

import torch

from ..checking.questions import Belief, Choices, Prediction, Program, Property, Requirement, made, written

both_ways = Prediction(
    Program(
        """\
x = torch.tensor(2.0, requires_grad=True)
h = x**3
y = x * h.detach() + h
y.backward()
""",
        asked="x.grad",
    ),
    because="The product brings h = 8 by its direct path alone, and the sum brings 3x² = 12.",
    beliefs=(
        Belief("cut_ignored", 44.0, "That is the slope of x⁴ + x³. One of the paths is cut."),
        Belief("h_is_cut", 8.0, "detach() cuts one use of h. The other use still goes back to x."),
        Belief("direct_forgotten", 12.0, "In x · h the constant 8 has x as its partner: that path is there."),
    ),
)

first_cut = Prediction(
    Program(
        """\
w = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
x = torch.tensor([1.0, 3.0, 2.0])
score = w * x
positive = score > 0
hits = positive.float()
loss = 1.0 - hits.mean()
""",
        asked="next(n for n, t in dict(w=w, score=score, positive=positive, hits=hits, loss=loss).items() if not t.requires_grad)",
    ),
    because="A comparison answers yes or no, and neither moves when the score does. All that follows has no history.",
    beliefs=(
        Belief(
            "last_line", "loss", "That is where the message would come. Ask each tensor before it for requires_grad."
        ),
        Belief(
            "data",
            "x",
            "x is data, and nobody asked for its slope. The cut comes after a tensor that does require one.",
        ),
        Belief("second", "hits", "hits has no history, but what was it made from?"),
    ),
)

leaves = Prediction(
    Program(
        """\
a = torch.tensor(1.0, requires_grad=True)
b = a * 2
c = b.detach()
d = b.detach().requires_grad_()
e = a.to(torch.float32)
f = a.to(torch.float64)
""",
        asked='{n for n, t in {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f}.items() if t.is_leaf}',
    ),
    because="c and d begin a new life, and e is a itself. b and f were made by an operation that was noted.",
    beliefs=(
        Belief(
            "only_the_first",
            {"a"},
            "A detached tensor has no history. Is it made by an operation, as far as PyTorch knows?",
        ),
        Belief("flag_for_leaf", {"a", "d", "e"}, "A leaf need not require a gradient: no history makes a leaf."),
        Belief("to_is_an_operation", {"a", "c", "d"}, "a is float32 already. What does to(torch.float32) return then?"),
        Belief("to_is_none", {"a", "c", "d", "e", "f"}, "For f the numbers had to be converted, and that was noted."),
    ),
)

OPERATIONS = {
    "a": "torch.tanh(h)",
    "b": "torch.sqrt(h)",
    "c": "torch.cos(h)",
    "d": "torch.log(h)",
    "e": "torch.reciprocal(h)",
}


def _output_is_needed(code: str) -> bool:
    h = torch.tensor(0.5, requires_grad=True) * 1
    y = written(code, "h")(h)
    y.mul_(2)
    try:
        y.backward()
    except RuntimeError:
        return True
    return False


output_saved = Prediction(
    Choices(OPERATIONS, _output_is_needed),
    because="Their slopes are written with the output y: 1 − y², 1/(2y) and −y². Cosine and logarithm saved their input.",
    beliefs=(
        Belief("input_for_output", {"c", "d"}, "These two need their input, and it is the output that is edited."),
        Belief(
            "always_raises",
            set("abcde"),
            "It raises where the slope is computed from the output. Write down each slope.",
        ),
        Belief("one_over_input", {"a", "b"}, "1/h has the slope −1/h². Which power of the output is that?"),
    ),
)


def _penalised(w: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return (torch.sigmoid((w * x).sum()) - 1.0) ** 2, torch.sqrt((w**2).sum())


def _penalty_gradients(function) -> dict[str, torch.Tensor]:
    """The function's value and gradient, those that are meant, and the gradient of its first term."""
    w, x = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([0.5, -1.0])
    loss = made(function, w, x)
    error, penalty = _penalised(w, x)
    meant = error + 0.1 * penalty
    none = torch.zeros(2)
    return {
        "value": loss.detach(),
        "mine": torch.autograd.grad(loss, w)[0] if loss.requires_grad else none,
        "meant value": meant.detach(),
        "error alone": torch.autograd.grad(error, w, retain_graph=True)[0],
        "meant": torch.autograd.grad(meant, w)[0],
    }


whole_penalty = Property(
    _penalty_gradients,
    (
        Requirement(
            "no_graph",
            lambda found: bool(found["mine"].any()),
            "No gradient gets back to w at all.",
        ),
        Requirement(
            "penalty_cut",
            lambda found: not torch.allclose(found["mine"], found["error alone"]),
            "The gradient is that of the first term alone. Which line takes the number out of a tensor?",
        ),
        Requirement(
            "another_loss",
            lambda found: (
                torch.allclose(found["mine"], found["meant"]) and torch.allclose(found["value"], found["meant value"])
            ),
            "The loss is to keep its value, (σ(w·x) − 1)² + 0.1·|w|, and have the gradient of both terms.",
        ),
    ),
    because="Both terms pull at w now.",
)


def _layers(function) -> dict[str, bool]:
    """Which of two layers got a gradient, and whether the loss is that of both."""
    body, head = torch.nn.Linear(1, 2), torch.nn.Linear(2, 1)
    with torch.no_grad():
        for layer, start in ((body, 0.3), (head, -0.2)):
            for parameter in layer.parameters():
                parameter.copy_(torch.linspace(start, 1.0, parameter.numel()).reshape(parameter.shape))
    x, target = torch.tensor([1.5]), torch.tensor([1.0])
    true = ((head(torch.tanh(body(x))) - target) ** 2).sum().item()
    loss = made(function, body, head, x, target)
    if loss.requires_grad:
        loss.backward()
    return {
        "body": all(p.grad is not None and bool(p.grad.any()) for p in body.parameters()),
        "head": any(p.grad is not None for p in head.parameters()),
        "value": abs(loss.item() - true) < 1e-6,
    }


frozen_head = Property(
    _layers,
    (
        Requirement("another_loss", lambda got: got["value"], "The loss has changed its value."),
        Requirement(
            "body_cut",
            lambda got: got["body"],
            "The body gets no gradient: between it and the loss the way back is cut, by no_grad() or by detach().",
        ),
        Requirement(
            "head_learns",
            lambda got: not got["head"],
            "The body gets its gradient, but so does the head. Lower the flag of its parameters.",
        ),
    ),
    because="The gradient passes through the frozen head and reaches the body.",
)


def _rounded(function) -> list[tuple[float, float, float]]:
    """At some points: the value, the rounded number, and the slope."""
    rows = []
    for at in (-1.7, 0.2, 0.8, 2.4):
        x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        y = made(function, x)
        slope = torch.autograd.grad(y, x)[0].item() if y.requires_grad else 0.0
        rows.append((y.item(), float(round(at)), slope))
    return rows


straight_through = Property(
    _rounded,
    (
        Requirement(
            "another_value",
            lambda rows: all(abs(value - rounded) < 1e-9 for value, rounded, _ in rows),
            "The value is not that of x.round().",
        ),
        Requirement(
            "slope_zero",
            lambda rows: all(slope != 0 for *_, slope in rows),
            "The value is right, and the slope is 0. It should come from x itself, along a path of its own.",
        ),
        Requirement(
            "another_slope",
            lambda rows: all(abs(slope - 1) < 1e-9 for *_, slope in rows),
            "The value is right, but the slope is not 1.",
        ),
    ),
    because="Forward the steps of a staircase, backward the slope of a straight line.",
)
