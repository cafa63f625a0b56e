"""The operations on whole arrays as docs/operations.md shows them: how each is called, and small arrays that show its branches.

That they are right in every way of calling is tested by test_array_operations.py and test_loss_operations.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

ROW, TWO, SQUARE = [1.0, 2.0], [1.0, 4.0], [[1.0, 2.0], [3.0, 4.0]]


class Shown(NamedTuple):
    """A call of one operation, and for each row of the page the arrays that it is called with."""

    code: str
    points: tuple[dict[str, Any], ...]
    wrt: tuple[str, ...] = ()  # of the operands; empty: all


def _of(code: str, *points: Any) -> Shown:
    return Shown(code, tuple({"x": point} for point in points))


def _pair(code: str, a: Any, b: Any, *others: tuple[Any, Any], wrt: tuple[str, ...] = ()) -> Shown:
    return Shown(code, tuple({"a": one, "b": other} for one, other in ((a, b), *others)), wrt)


REDUCTIONS = [
    _of("torch.sum(x)", ROW), _of("torch.mean(x)", ROW), _of("torch.prod(x)", [1.0, 2.0, 3.0]), _of("torch.cumsum(x, 0)", ROW),
    _of("torch.cumprod(x, 0)", ROW), _of("torch.diff(x)", ROW), _of("torch.var(x)", TWO), _of("torch.std(x)", [1.0, 2.0, 4.0], [1.0, 1.0, 1.0]),
    _of("torch.logsumexp(x, 0)", ROW), _of("torch.softmax(x, 0)[0]", ROW), _of("torch.log_softmax(x, 0)[0]", ROW),
    _of("F.softmin(x, 0)[0]", ROW), _of("torch.logcumsumexp(x, 0)", ROW), _of("F.rms_norm(x, (2,), eps=0.001)[0]", ROW),
]  # fmt: skip
ORDERS = [
    _of("torch.max(x)", ROW, [1.0, 1.0]), _of("torch.max(x, 0)[0]", ROW, [1.0, 1.0]), _of("torch.min(x)", ROW, [1.0, 1.0]),
    _of("torch.min(x, 0)[0]", ROW, [1.0, 1.0]), _of("torch.amax(x, 0)", ROW, [1.0, 1.0]), _of("torch.amin(x, 0)", ROW, [1.0, 1.0]),
    _of("torch.median(x)", [1.0, 3.0, 2.0], [1.0, 1.0, 2.0]), _of("torch.median(x, 0)[0]", [1.0, 3.0, 2.0]), _of("torch.mode(x)[0]", ROW),
    _of("torch.kthvalue(x, 2)[0]", ROW), _of("torch.sort(x)[0]", TWO), _of("torch.topk(x, 1)[0]", TWO), _of("torch.cummax(x, 0)[0]", TWO),
    _of("torch.cummin(x, 0)[0]", TWO), _of("torch.quantile(x, 0.25)", TWO),
]  # fmt: skip
NORMS = [
    _of("torch.linalg.vector_norm(x)", ROW, [0.0, 0.0]), _of("torch.linalg.vector_norm(x, 1)", [1.0, -2.0], [0.0, 2.0]),
    _of("torch.linalg.vector_norm(x, torch.inf)", [1.0, -2.0], [1.0, -1.0]), _of("torch.linalg.vector_norm(x, 3)", ROW, [0.0, 1.0]),
    _of("torch.linalg.matrix_norm(x)", SQUARE), _of("torch.linalg.matrix_norm(x, 1)", SQUARE), _of("F.normalize(x, dim=0)", ROW),
    _pair("torch.dist(a, b)", ROW, [3.0, 5.0], (ROW, ROW), wrt=("a",)), _pair("torch.cosine_similarity(a, b, 0)", ROW, TWO, wrt=("a",)),
]  # fmt: skip
PRODUCTS = [
    _pair("torch.dot(a, b)", ROW, TWO), _pair("torch.outer(a, b)", ROW, TWO, wrt=("a",)), _pair("torch.mv(a, b)", SQUARE, ROW, wrt=("b",)),
    _pair("torch.matmul(a, b)", [ROW], [[1.0], [2.0]]), _pair("torch.cross(a, b, dim=0)", [1.0, 2.0, 3.0], [2.0, 0.0, 1.0], wrt=("a",)),
    _pair("torch.einsum('i,j->j', a, b)", ROW, TWO, wrt=("a",)), _of("torch.trace(x)", SQUARE), _of("torch.det(x)", SQUARE),
    _of("torch.linalg.slogdet(x)[1]", SQUARE, [[3.0, 2.0], [1.0, 4.0]]), _of("torch.linalg.inv(x)", [[2.0]]), _of("torch.linalg.inv(x)[0, 0]", SQUARE),
    _pair("torch.linalg.solve(a, b)", SQUARE, ROW, wrt=("b",)), _of("torch.linalg.matrix_power(x, 2)[0, 0]", SQUARE), _of("torch.linalg.cholesky(x)[1, 0]", [[2.0, 1.0], [1.0, 2.0]]),
]  # fmt: skip
LOSSES = [
    _pair("F.mse_loss(a, b)", ROW, TWO, wrt=("a",)), _pair("F.l1_loss(a, b)", 1.0, 2.0, (1.0, 1.0), (2.0, 1.0), wrt=("a",)),
    _pair("F.smooth_l1_loss(a, b)", 1.0, 3.0, (1.0, 1.5), (3.0, 1.0), wrt=("a",)), _pair("F.huber_loss(a, b)", 1.0, 3.0, (1.0, 1.5), (3.0, 1.0), wrt=("a",)),
    _pair("F.binary_cross_entropy(a, b)", 0.3, 0.6, wrt=("a",)), _pair("F.binary_cross_entropy_with_logits(a, b)", 0.3, 0.6, wrt=("a",)),
    _of("F.cross_entropy(x, torch.tensor(1))", ROW), _of("F.cross_entropy(x, torch.tensor([0.25, 0.75], dtype=torch.float64))", ROW), _of("F.nll_loss(x, torch.tensor(1))", ROW),
    _pair("F.kl_div(a, b, reduction='sum')", ROW, [0.5, 0.5], wrt=("a",)), _pair("F.soft_margin_loss(a, b)", 0.5, 1.0, wrt=("a",)),
    _pair("F.hinge_embedding_loss(a, b)", 0.5, 1.0, (0.5, -1.0), (2.0, -1.0), wrt=("a",)), _pair("F.poisson_nll_loss(a, b)", 0.5, 1.0, wrt=("a",)),
    _pair("F.gaussian_nll_loss(a, a * 0, b)", 0.5, 2.0, wrt=("b",)),
]  # fmt: skip

SECTIONS = {
    "Sums, spreads, shares": REDUCTIONS,
    "Chosen by size": ORDERS,
    "Lengths": NORMS,
    "Products, and one small matrix": PRODUCTS,
    "Losses": LOSSES,
}
