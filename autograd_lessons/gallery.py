"""Functions worth exploring, from school, from physics and from machine learning; each with what to look for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Piece:
    """One function as it is typed, its inputs, how far their sliders go, and what to look for.

    `traps` are the codes of the reasons for which the routes of `compare` differ somewhere on the sliders.
    """

    title: str
    field: str
    typed: str  # a formula, or PyTorch code that defines a function
    inputs: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    look_for: str
    traps: frozenset[str]


def _piece(title: str, field: str, typed: str, look_for: str, traps: str = "", **inputs: tuple) -> Piece:
    """Each input is (start, least, greatest)."""
    starts = {name: float(start) for name, (start, _, _) in inputs.items()}
    ends = {name: (float(low), float(high)) for name, (_, low, high) in inputs.items()}
    return Piece(title, field, typed, starts, ends, look_for, frozenset(traps.split()))


_SCHOOL = (
    _piece("parabola", "school", "x^2 - 3x + 2",
           "x is used twice, so two contributions come back to it. Where do they cancel?", x=(0, -2, 5)),
    _piece("x to the x", "school", "x^x",
           "x is base and exponent, with a rule for each. At 1/e, about 0.368, the two contributions add up to 0.",
           x=(2, 0.1, 3)),
    _piece("quotient", "school", "x/(1 + x^2)",
           "Nothing applies a quotient rule here: the paths through numerator and denominator are added. At 1 and −1 they cancel.",
           x=(2, -4, 4)),
    _piece("logarithm over x", "school", "ln(x)/x",
           "It rises up to e, about 2.718, and falls ever after. Which path wins on which side?", x=(2, 0.5, 8)),
    _piece("sine over x", "school", "sin(x)/x",
           "The limit at 0 is 1. Put 0 into the box: PyTorch was asked for 0/0 and gives nan, value and slope.",
           "nonfinite", x=(1, -10, 10)),
    _piece("a wave with three knobs", "school", "a sin(b x + c)",
           "The slope for b is x times the slope for c. At which x does turning b do nothing?",
           a=(1.5, -3, 3), b=(2, -4, 4), c=(0.5, -3, 3), x=(1, -3, 3)),
    _piece("absolute value", "school", "abs(x)",
           "Left of 0 the slope is −1, right of it 1. At the kink no number is right, and PyTorch picks one.",
           "kink", x=(1, -2, 2)),
    _piece("square root by Newton", "school",
           "def root(x):\n    y = x\n    for _ in range(5):\n        y = (y + x / y) / 2\n    return y",
           "Autograd differentiates the loop, round by round. Compare value and slope with those of sqrt(x).",
           x=(2, 0.5, 9)),
)  # fmt: skip

_PHYSICS = (
    _piece("kinetic energy", "physics", "m v^2/2",
           "The slope for v is the momentum m v. The slope for m does not ask how large m is.", m=(2, 0, 5), v=(3, -5, 5)),
    _piece("gravity", "physics", "G m_1 m_2/r^2",
           "Double r: the force falls to a quarter, its slope for r to an eighth.",
           G=(1, 0, 2), m_1=(3, 0, 5), m_2=(2, 0, 5), r=(1, 0.5, 4)),
    _piece("pendulum", "physics", "2π sqrt(l/g)",
           "One percent more length gives half a percent more time. Read it off the slope: l/T times dT/dl is ½ everywhere.",
           l=(1, 0.1, 4), g=(9.81, 1, 20)),
    _piece("throw", "physics", "v_0 t - g t^2/2",
           "The slope for t is the speed. At the top of the throw the two contributions cancel.",
           v_0=(10, 0, 20), t=(0.5, 0, 2), g=(9.81, 1, 20)),
    _piece("damped oscillation", "physics", "A e^(-γ t) cos(ω t)",
           "The slope for ω grows with t at first: an error in the frequency adds up. Then the damping wins.",
           A=(2, 0, 3), γ=(0.3, 0, 2), ω=(3, 0, 6), t=(1, 0, 8)),
    _piece("Lennard-Jones", "physics", "4*ε*((s/r)^12 - (s/r)^6)",
           "The slope for r is 0 at 1.122 s, where two atoms rest. A little nearer and it is enormous: one path has the power 12.",
           ε=(1, 0.1, 2), s=(1, 0.8, 1.2), r=(1.3, 0.9, 3)),
    _piece("fast mass", "physics", "m/sqrt(1 - v^2/c^2)",
           "The slope for v explodes as v comes near c, which is 1 here. Beyond c there is no real number, and PyTorch says nan.",
           "nonfinite", m=(1, 0.1, 3), v=(0.5, 0, 1.1), c=(1, 0.9, 1.2)),
    _piece("photons in a mode", "physics", "1/(e^x - 1)",
           "Go near 0: e^x − 1 keeps fewer and fewer right digits. expm1(x) keeps them all.", x=(1, 0.05, 5)),
)  # fmt: skip

_LEARNING = (
    _piece("logistic function", "machine learning", "1/(1 + e^(-z))",
           "The slope is ¼ at 0 and never more. At 10 and at −10 almost nothing is left of it.", z=(1, -12, 12)),
    _piece("logistic loss", "machine learning", "-y ln(sigmoid(w x + b)) - (1 - y) ln(1 - sigmoid(w x + b))",
           "The slope for b is sigmoid(z) − y, that for w is x times it. Follow the two paths from z, and see what cancels.",
           w=(1, -3, 3), b=(0, -3, 3), x=(2, -3, 3), y=(1, 0, 1)),
    _piece("softplus", "machine learning", "ln(1 + e^z)",
           "A smooth relu. Its slope is the logistic function. Switch to float32 and put 89 into the box.",
           "nonfinite saturation", z=(1, -10, 10)),
    _piece("a unit that can die", "machine learning", "relu(w x + b)",
           "Where w x + b is negative all three slopes are 0, and no step of a training can bring the unit back.",
           "kink", w=(1, -3, 3), b=(0.5, -3, 3), x=(1, -3, 3)),
    _piece("GELU", "machine learning", "x*(1 + erf(x/sqrt(2)))/2",
           "It looks like relu and dips below 0. The slope is 0 near −0.75, and above 1 near 1.4.", x=(1, -4, 4)),
    _piece("SiLU", "machine learning", "x*sigmoid(x)",
           "Two paths meet at x. Where is their sum 0, and why does relu have no such point?", x=(1, -8, 8)),
    _piece("entropy", "machine learning", "-p ln(p) - (1 - p) ln(1 - p)",
           "Largest at ½, where the slope is 0. Towards 0 and 1 the value goes to 0 and the slope to infinity.",
           p=(0.3, 0.01, 0.99)),
    _piece("banana valley", "machine learning", "(1 - x)^2 + 100(y - x^2)^2",
           "The loss that optimizers are tried on. On the curve y = x² the second path carries 0, and only a gentle slope is left.",
           x=(-1, -2, 2), y=(1, -1, 3)),
    _piece("Huber loss", "machine learning",
           "def huber(prediction, target):\n    error = prediction - target\n"
           "    small = abs(error) < 1\n    return torch.where(small, error**2 / 2, abs(error) - 0.5)",
           "A parabola inside, straight lines outside. Move the error over 1: another branch, the same slope there.",
           "kink", prediction=(0.5, -3, 3), target=(0, -3, 3)),
    _piece("two layers", "machine learning",
           "def network(x, w1, w2):\n    hidden = torch.tanh(w1 * x)\n    output = w2 * hidden\n    loss = (output - 1) ** 2\n    return loss",
           "The slope for w1 has the factor w2 in it. Put 0 for w2: the first layer learns nothing.",
           x=(1, -2, 2), w1=(0.5, -3, 3), w2=(0.8, -3, 3)),
)  # fmt: skip

PIECES = _SCHOOL + _PHYSICS + _LEARNING


class Table:
    """The gallery as a table: field, title, function, what to look for."""

    def __repr__(self) -> str:
        lines = []
        for piece in PIECES:
            typed = piece.typed if "\n" not in piece.typed else f"code: {piece.typed.splitlines()[0]}"
            lines += [f"{piece.title} ({piece.field}): {typed}", f"    {piece.look_for}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        left = ' style="text-align:left"'  # notebooks set tables to the right
        heads = "".join(f"<th{left}>{head}</th>" for head in ("from", "name", "type this", "look for"))
        rows = "".join(
            f"<tr><td{left}>{escape(piece.field)}</td><td{left}>{escape(piece.title)}</td>"
            f'<td{left}><code style="white-space:pre-wrap">{escape(piece.typed)}</code></td>'
            f'<td style="text-align:left;min-width:12em">{escape(piece.look_for)}</td></tr>'
            for piece in PIECES
        )
        return f"<table><tr>{heads}</tr>{rows}</table>"
