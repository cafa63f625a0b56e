"""Operations on whole arrays: at random points of several shapes autograd, SymPy's numbers and the 50-digit reference agree."""

from __future__ import annotations

import math
import time

import mpmath
import pytest
import torch
import torch.nn.functional as F
from torch import linalg

import autograd_lessons as al

WITHIN = 1e-9
V, W, M, N, S, T, B = (4,), (3,), (3, 2), (2, 3), (3, 3), (2, 2, 2), (1, 3)


def numbers(*shapes: tuple[int, ...], seed: int = 0, low: float = -2.0) -> list[torch.Tensor]:
    """Random tensors, away from the kinks at 0: every element is at least 0.05 in size."""
    generator = torch.Generator().manual_seed(seed)
    made = [low + (2 - low) * torch.rand(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    return [torch.where(x.abs() < 0.05, x + 0.1, x) for x in made]


def weighed(y: torch.Tensor) -> torch.Tensor:
    """A number in which every element has a share of its own."""
    return (y * torch.cos(torch.arange(y.numel(), dtype=y.dtype) + 1).reshape(y.shape)).sum()


def agree(function, *tensors: torch.Tensor, within: float = WITHIN) -> al.derivation.Derivation:
    """Autograd on the plain run, SymPy's numbers and the reference are one; returns the derivation."""
    names = "abcd"[: len(tensors)]
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    called = {1: lambda a: function(a), 2: lambda a, b: function(a, b), 3: lambda a, b, c: function(a, b, c)}[
        len(tensors)
    ]
    output = function(*leaves)
    gradients = torch.autograd.grad(output, leaves, allow_unused=True)
    derivation = al.derive(called, inputs=dict(zip(names, tensors)))
    assert derivation.obstacle is None
    assert float(derivation.exact(derivation.tape.target)[0]) == pytest.approx(output.item(), rel=within, abs=1e-12)
    for name, gradient in zip(names, gradients):
        if gradient is None:
            assert name not in derivation.numbers
            continue
        reference = torch.tensor([float(n) for n in derivation.reference(name)], dtype=torch.float64)
        for found in (derivation.numbers[name], reference.reshape(gradient.shape)):
            torch.testing.assert_close(found, gradient, rtol=within, atol=1e-12)
    return derivation


# each operation in the ways in which it is called, and the shapes that it is tried on
OPERATIONS = {
    # ------------------------------------------------------------ sums, means, spreads, products
    "sum": ([lambda x: x.sum(), lambda x: torch.sum(x, 0), lambda x: x.sum(dim=-1, keepdim=True), lambda x: x.sum(axis=(0, 1))], [M, N]),
    "nansum": ([lambda x: x.nansum()], [M]),
    "mean": ([lambda x: x.mean(), lambda x: torch.mean(x, dim=1), lambda x: x.mean((0, 1), keepdim=True)], [M, N]),
    "nanmean": ([lambda x: x.nanmean(0)], [M]),
    "prod": ([lambda x: x.prod(), lambda x: torch.prod(x, 0), lambda x: x.prod(dim=1, keepdim=True)], [M]),
    "var": ([lambda x: x.var(), lambda x: torch.var(x, False), lambda x: x.var(0, unbiased=False),
             lambda x: torch.var(x, dim=0, correction=0), lambda x: x.var(0, True, True)], [M]),
    "std": ([lambda x: x.std(), lambda x: torch.std(x, unbiased=False), lambda x: x.std(0, keepdim=True),
             lambda x: torch.std(x, dim=(0, 1), correction=2)], [M]),
    "var_mean": ([lambda x: torch.stack(torch.var_mean(x)), lambda x: torch.var_mean(x, dim=0)[1]], [M]),
    "std_mean": ([lambda x: torch.stack(torch.std_mean(x)), lambda x: torch.std_mean(x, 0, unbiased=False)[0]], [M]),
    "cumsum": ([lambda x: x.cumsum(0), lambda x: torch.cumsum(x, dim=-1)], [V, M]),
    "cumprod": ([lambda x: x.cumprod(0), lambda x: torch.cumprod(x, dim=-1)], [V, M]),
    "diff": ([lambda x: x.diff(), lambda x: torch.diff(x, n=2, dim=0)], [S]),
    # ------------------------------------------------------------ shares
    "softmax": ([lambda x: x.softmax(0), lambda x: torch.softmax(x, dim=-1), lambda x: F.softmax(x, dim=-1)], [V, M]),
    "log_softmax": ([lambda x: x.log_softmax(0), lambda x: F.log_softmax(x, dim=-1)], [V, M]),
    "softmin": ([lambda x: F.softmin(x, dim=0)], [W]),
    "logsumexp": ([lambda x: x.logsumexp(0), lambda x: torch.logsumexp(x, dim=-1, keepdim=True), lambda x: x.logsumexp(dim=(0, -1))], [M]),
    "logcumsumexp": ([lambda x: x.logcumsumexp(0)], [V]),
    "layer_norm": ([lambda x: F.layer_norm(x, (3,)), lambda x: F.layer_norm(x, x.shape)], [N]),
    "rms_norm": ([lambda x: F.rms_norm(x, (3,)), lambda x: F.rms_norm(x, (3,), eps=1e-3)], [N]),
    # ------------------------------------------------------------ chosen by size
    "max": ([lambda x: x.max(), lambda x: torch.max(x, 0)[0], lambda x: x.max(dim=-1, keepdim=True).values], [V, M]),
    "min": ([lambda x: x.min(), lambda x: torch.min(x, 0).values, lambda x: x.min(dim=-1, keepdim=True)[0]], [V, M]),
    "amax": ([lambda x: x.amax(), lambda x: torch.amax(x, 0), lambda x: x.amax(dim=(0, -1), keepdim=True)], [M]),
    "amin": ([lambda x: x.amin(), lambda x: torch.amin(x, -1)], [V, M]),
    "aminmax": ([lambda x: torch.stack(x.aminmax()), lambda x: torch.stack(torch.aminmax(x, dim=0))], [M]),
    "median": ([lambda x: x.median(), lambda x: x.median(0).values], [V, M]),
    "nanmedian": ([lambda x: x.nanmedian(), lambda x: x.nanmedian(dim=0)[0]], [M]),
    "mode": ([lambda x: x.mode().values], [M]),
    "kthvalue": ([lambda x: x.kthvalue(2).values, lambda x: torch.kthvalue(x, k=1, dim=0, keepdim=True)[0]], [M]),
    "sort": ([lambda x: x.sort().values, lambda x: torch.sort(x, dim=0, descending=True)[0]], [V, M]),
    "msort": ([lambda x: x.msort()], [V, M]),
    "topk": ([lambda x: x.topk(2).values, lambda x: torch.topk(x, 1, dim=0, largest=False)[0]], [V, M]),
    "cummax": ([lambda x: x.cummax(0).values], [V, M]),
    "cummin": ([lambda x: torch.cummin(x, dim=0)[0]], [V, M]),
    "quantile": ([lambda x: x.quantile(0.3), lambda x: torch.quantile(x, 0.75, dim=0, keepdim=True),
                  lambda x: x.quantile(0.5, 0, interpolation="lower")], [V, M]),
    # ------------------------------------------------------------ lengths
    "norm": ([lambda x: x.norm(), lambda x: torch.norm(x, 1), lambda x: x.norm(p=3, dim=0), lambda x: x.norm(math.inf), lambda x: x.norm(2, 0, True)], [V, M]),
    "vector_norm": ([lambda x: linalg.vector_norm(x), lambda x: linalg.vector_norm(x, 1, dim=0), lambda x: linalg.vector_norm(x, 2.5),
                     lambda x: linalg.vector_norm(x, ord=math.inf, dim=-1, keepdim=True), lambda x: linalg.vector_norm(x, -math.inf),
                     lambda x: linalg.vector_norm(x, 0.5)], [V, M]),
    "linalg.norm": ([lambda x: linalg.norm(x), lambda x: linalg.norm(x, 1), lambda x: linalg.norm(x, math.inf), lambda x: linalg.norm(x, -1),
                     lambda x: linalg.norm(x, "fro"), lambda x: linalg.norm(x, 3, dim=0)], [M, S]),
    "matrix_norm": ([lambda x: linalg.matrix_norm(x), lambda x: linalg.matrix_norm(x, ord=1, dim=(0, 1))], [M]),
    "normalize": ([lambda x: F.normalize(x, dim=0), lambda x: F.normalize(x, p=1, dim=-1)], [V, M]),
    "dist": ([lambda a, b: torch.dist(a, b), lambda a, b: a.dist(b, p=1)], [(M, M), (V, V)]),
    "cdist": ([lambda a, b: torch.cdist(a, b), lambda a, b: torch.cdist(a, b, p=1.0)], [(M, (2, 2))]),
    "pairwise_distance": ([lambda a, b: F.pairwise_distance(a, b), lambda a, b: F.pairwise_distance(a, b, p=1, keepdim=True)], [(M, M)]),
    "cosine_similarity": ([lambda a, b: F.cosine_similarity(a, b), lambda a, b: torch.cosine_similarity(a, b, dim=0)], [(M, M)]),
    # ------------------------------------------------------------ products
    "matmul": ([lambda a, b: a @ b, lambda a, b: torch.matmul(a, b), lambda a, b: a.matmul(other=b), lambda a, b: a.mm(b)], [(M, N), (S, S)]),
    "matmul, broadcast": ([lambda a, b: a @ b], [(T, (2,)), ((2,), T), (T, (2, 1))]),
    "mv": ([lambda a, b: a.mv(b), lambda a, b: torch.mv(a, vec=b)], [(N, W)]),
    "bmm": ([lambda a, b: torch.bmm(a, b)], [(T, T)]),
    "dot": ([lambda a, b: a.dot(b), lambda a, b: torch.vdot(a, b), lambda a, b: torch.inner(a, b), lambda a, b: linalg.vecdot(a, b)], [(V, V)]),
    "inner": ([lambda a, b: torch.inner(a, b)], [(N, N)]),
    "outer": ([lambda a, b: torch.outer(a, b), lambda a, b: a.ger(b)], [(V, W)]),
    "kron": ([lambda a, b: torch.kron(a, b)], [((2, 2), N)]),
    "einsum": ([lambda a, b: torch.einsum("ij,jk->ik", a, b), lambda a, b: torch.einsum("ij, jk -> k", [a, b])], [(M, N)]),
    "tensordot": ([lambda a, b: torch.tensordot(a, b, dims=1), lambda a, b: torch.tensordot(a, b, dims=([1, 0], [0, 1]))], [(M, N)]),
    "cross": ([lambda a, b: torch.cross(a, b, dim=-1), lambda a, b: linalg.cross(a, b)], [(N, N), (W, W)]),
    "addmm": ([lambda a, b, c: torch.addmm(a, b, c), lambda a, b, c: torch.addmm(a, b, c, beta=0.5, alpha=2)], [((2, 2), N, M)]),
    "addmv": ([lambda a, b, c: torch.addmv(a, b, c)], [((2,), N, W)]),
    "addr": ([lambda a, b, c: torch.addr(a, b, c)], [(N, (2,), W)]),
    "baddbmm": ([lambda a, b, c: torch.baddbmm(a, b, c), lambda a, b, c: torch.addbmm(a[0], b, c)], [(T, T, T)]),
    "linear": ([lambda a, b, c: F.linear(a, b, c), lambda a, b, c: F.linear(a, b, bias=c)], [(N, N, (2,))]),
    "bilinear": ([lambda a, b, c: F.bilinear(a, b, c)], [((2, 2), (2, 3), (2, 2, 3))]),
    "multi_dot": ([lambda a, b, c: linalg.multi_dot([a, b, c])], [((2,), N, W)]),
    # ------------------------------------------------------------ one matrix
    "trace": ([lambda x: x.trace(), lambda x: torch.trace(x)], [M, S]),
    "det": ([lambda x: x.det(), lambda x: linalg.det(x)], [(2, 2), S, T]),
    "slogdet": ([lambda x: x.slogdet()[1], lambda x: linalg.slogdet(x).logabsdet], [(2, 2), S]),
    "inv": ([lambda x: x.inverse(), lambda x: linalg.inv(x)], [(2, 2)]),
    "inv of three rows": ([lambda x: linalg.inv(x)[1]], [S]),
    "matrix_power": ([lambda x: x.matrix_power(3), lambda x: linalg.matrix_power(x, -2), lambda x: torch.matrix_power(x, 0) * x], [(2, 2)]),
    "solve": ([lambda a, b: linalg.solve(a, b)], [((2, 2), (2,)), (S, W), ((2, 2), N), (T, (2, 2))]),
    "solve, right": ([lambda a, b: linalg.solve(a, b, left=False)], [((2, 2), M)]),
    "solve_triangular": ([lambda a, b: linalg.solve_triangular(a, b, upper=True), lambda a, b: linalg.solve_triangular(a, b, upper=False)], [((2, 2), N)]),
    # ------------------------------------------------------------ shapes
    "reshape": ([lambda x: x.reshape(-1), lambda x: x.reshape(3, 2), lambda x: torch.reshape(x, (6,)), lambda x: x.view(3, -1), lambda x: x.view_as(torch.empty(3, 2)),
                 lambda x: x.flatten(), lambda x: torch.flatten(x, start_dim=0), lambda x: x.ravel(), lambda x: x.unflatten(1, (3, 1))], [N]),
    "transpose": ([lambda x: x.T, lambda x: x.mT, lambda x: x.t(), lambda x: x.transpose(0, 1), lambda x: torch.transpose(x, dim0=0, dim1=-1), lambda x: x.swapaxes(0, 1),
                   lambda x: torch.swapdims(x, 0, 1), lambda x: x.permute(1, 0), lambda x: torch.permute(x, dims=(1, 0)), lambda x: x.movedim(0, 1), lambda x: x.adjoint()], [N]),
    "squeeze": ([lambda x: x.squeeze(), lambda x: torch.squeeze(x, dim=0), lambda x: x.unsqueeze(-1), lambda x: x.squeeze((0,))], [B]),
    "expand": ([lambda x: x.expand(2, 3), lambda x: x.expand(2, 2, -1), lambda x: x.expand_as(torch.empty(2, 3)), lambda x: x.broadcast_to((4, 3)), lambda x: x.repeat(2, 1),
                lambda x: x.tile((2,)), lambda x: x.repeat_interleave(2), lambda x: torch.repeat_interleave(x, 2, dim=0)], [B]),
    "flip": ([lambda x: x.flip(0), lambda x: torch.flip(x, dims=(0, 1)), lambda x: x.fliplr(), lambda x: x.flipud(), lambda x: x.roll(1), lambda x: x.roll((1,), dims=(1,)), lambda x: x.rot90()], [N]),
    "diagonal": ([lambda x: x.diagonal(), lambda x: torch.diag(x), lambda x: x.diag(1), lambda x: x.diagonal(offset=-1), lambda x: x.diagonal().diag_embed(), lambda x: torch.diagflat(x[0])], [S]),
    "tril": ([lambda x: x.tril(), lambda x: torch.triu(x), lambda x: x.triu(diagonal=1)], [S]),
    "index": ([lambda x: x[0], lambda x: x[-1, 1], lambda x: x[:, 1], lambda x: x[None, 0, ..., ::2], lambda x: x[x > 0], lambda x: x[torch.tensor([0, 1, 0])],
               lambda x: x[[0, 1], [2, 0]], lambda x: x[:, torch.tensor([True, False, True])], lambda x: x[x[:, 0].argmax()], lambda x: x[..., None]], [N, S]),
    "select": ([lambda x: x.select(0, 1), lambda x: x.narrow(1, 1, 2), lambda x: x.index_select(1, torch.tensor([2, 0])), lambda x: torch.take(x, torch.tensor([4, 0])),
                lambda x: x.gather(1, torch.tensor([[0, 2], [1, 1]])), lambda x: torch.take_along_dim(x, x.argsort(1), dim=1), lambda x: x.masked_select(x < 1)], [N]),
    "masked_fill": ([lambda x: x.masked_fill(x > 0, 0.5), lambda x: x.masked_fill(mask=x < 0, value=-1e3), lambda x: x.index_fill(1, torch.tensor([0]), 2.0)], [N]),
    "split": ([lambda x: x.split(2, dim=1)[1], lambda x: torch.chunk(x, 3, dim=1)[0], lambda x: x.unbind(0)[1], lambda x: torch.tensor_split(x, 2)[0], lambda x: x.split([1, 2], 1)[1],
               lambda x: x.hsplit([1])[1], lambda x: sum(row for row in x)], [N]),
    "pad": ([lambda x: F.pad(x, (1, 0)), lambda x: F.pad(x, (1, 1), value=3.0), lambda x: F.pad(x, (1, 1), mode="circular"), lambda x: x.unfold(1, 2, 1)], [N]),
    "cat": ([lambda a, b: torch.cat([a, b]), lambda a, b: torch.cat((a, b), dim=-1), lambda a, b: torch.concat([a, b, a]), lambda a, b: torch.hstack([a, b]), lambda a, b: torch.vstack([a, b]),
             lambda a, b: torch.stack([a, b]), lambda a, b: torch.stack((a, b), dim=1), lambda a, b: torch.dstack([a, b]), lambda a, b: torch.column_stack([a, b])], [(N, N)]),
    "scatter": ([lambda a, b: a.scatter(1, torch.tensor([[0, 1], [2, 0]]), b), lambda a, b: a.masked_scatter(a > 1, b), lambda a, b: a.slice_scatter(b, dim=1, end=2),
                 lambda a, b: a.index_copy(1, torch.tensor([2, 0]), b), lambda a, b: torch.select_scatter(a, b[:, 0], 1, 0)], [(N, (2, 2))]),
    "block_diag": ([lambda a, b: torch.block_diag(a, b), lambda a, b: torch.meshgrid(a[0], b[0], indexing="ij")[0] * b[0]], [((1, 2), (1, 3))]),
    "embedding": ([lambda x: F.embedding(torch.tensor([2, 0, 2]), x)], [M]),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_all_routes_agree(name):
    if name == "aminmax" and torch.__version__.startswith("2.6."):
        pytest.skip("PyTorch 2.6 has no derivative for aminmax")
    functions, shapes = OPERATIONS[name]
    for number, shape in enumerate(shapes):
        several = shape if isinstance(shape[0], tuple) else (shape,)
        for function in functions:
            agree(lambda *xs, f=function: weighed(f(*xs)), *numbers(*several, seed=number))


# ---------------------------------------------------------------- kinks and ties, as measured with torch 2.13.0
TIED, ROWS = [1.0, 3.0, 3.0, 2.0, 3.0], [[1.0, 1.0], [0.0, 2.0]]
SHARE = [0.0, 1 / 3, 1 / 3, 0.0, 1 / 3]
EACH, ONE, FLAT = (
    "a tie: PyTorch gives each an equal share",
    "a tie: PyTorch takes this one",
    "a kink: PyTorch's slope is 0",
)
KINKS = {
    "max": (lambda x: x.max(), TIED, SHARE, f"the largest of x: x[1], x[2], x[4], {EACH}"),
    "min": (lambda x: x.min(), [1.0, 1.0, 2.0], [0.5, 0.5, 0.0], f"the smallest of x: x[0], x[1], {EACH}"),
    "max of a dimension": (lambda x: x.max(0).values, TIED, [0.0, 1.0, 0.0, 0.0, 0.0], f"the largest of x: x[1], {ONE}"),
    "max of rows": (lambda x: x.max(1).values.sum(), ROWS, [1.0, 0.0, 0.0, 1.0], f"the largest of x along dimension 1: x[0, 0], x[1, 1], {ONE}"),
    "amax": (lambda x: x.amax(0), TIED, SHARE, f"the largest of x along dimension 0: x[1], x[2], x[4], {EACH}"),
    "amin": (lambda x: x.amin(), [0.0, 2.0, 0.0], [0.5, 0.0, 0.5], f"the smallest of x: x[0], x[2], {EACH}"),
    "median": (lambda x: x.median(), TIED, SHARE, f"the median of x: x[1], x[2], x[4], {EACH}"),
    "median of a dimension": (lambda x: x.median(0).values, TIED, [0.0, 1.0, 0.0, 0.0, 0.0], f"the median of x: x[1], {ONE}"),
    "cummax": (lambda x: x.cummax(0).values.sum(), [1.0, 3.0, 2.0], [1.0, 2.0, 0.0], "the largest so far of x: x[0], x[1]"),
    "norm": (lambda x: x.norm(), [0.0, 0.0], [0.0, 0.0], f"the length of x is 0, {FLAT}"),
    "norm, p = 1": (lambda x: x.norm(1), [0.0, 2.0, -1.0], [0.0, 1.0, -1.0], f"x[1] > 0; x[2] < 0; x[0] = 0, {FLAT}"),
    "norm, p = inf": (lambda x: x.norm(math.inf), [2.0, 0.5, -2.0], [0.5, 0.0, -0.5], f"largest in size of x: x[0], x[2], {EACH}; x[0] > 0; x[2] < 0"),
    "norm, p = 3": (lambda x: linalg.vector_norm(x, 3), [0.0, 0.0], [0.0, 0.0], f"x[0], x[1] = 0, {FLAT}"),
    "matrix norm": (lambda x: linalg.matrix_norm(x, 1), [[1.0, -3.0], [2.0, 0.0]], [0.5, -0.5, 0.5, 0.0],
                    f"largest in size of x: x[0, 0], x[0, 1], x[1, 0], x[1, 1], {EACH}; x[0, 0], x[1, 0] > 0; x[0, 1] < 0; x[1, 1] = 0, {FLAT}"),
    "std": (lambda x: x.std(), [2.0, 2.0], [0.0, 0.0], f"the standard deviation of x is 0, {FLAT}"),
    "dist": (lambda x: torch.dist(x, x.detach() * 1), [2.0, 1.0], [0.0, 0.0], f"the length of the difference is 0, {FLAT}"),
    "prod": (lambda x: x.prod(), [0.0, 2.0, 3.0], [6.0, 0.0, 0.0], ""),
    "slogdet": (lambda x: x.slogdet()[1], [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0, 1.0, 0.0], "det x < 0"),
    "sort": (lambda x: (x.sort().values * torch.tensor([1.0, 2.0])).sum(), [3.0, 1.0], [2.0, 1.0], "the order of x: x[1], x[0]"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_or_a_tie_has_pytorchs_slope_and_says_so(name):
    function, point, slopes, said = KINKS[name]
    leaf = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    function(leaf).backward()
    assert leaf.grad.reshape(-1).tolist() == pytest.approx(slopes)
    derivation = al.derive(lambda x: function(x), x=point)
    assert derivation.numbers["x"].reshape(-1).tolist() == pytest.approx(slopes)
    assert [float(n) for n in derivation.reference("x")] == pytest.approx(slopes)
    assert "; ".join(derivation.conditions) == said


def test_another_choice_is_another_formula():
    explorer = al.explore(lambda x: x.max() * x[0], x=[1.0, 3.0])
    assert explorer.comparison.derivation.conditions == ("the largest of x: x[1]",)
    explorer.set(x=[4.0, 3.0])
    assert explorer.comparison.ok and explorer.comparison.derivation.conditions == ("the largest of x: x[0]",)


# ---------------------------------------------------------------- formulas that a textbook has
@pytest.mark.parametrize(
    ("function", "point", "shown"),
    [
        (lambda x: x.norm(), [3.0, 4.0], "[x[0]/sqrt(x[0]^2 + x[1]^2), x[1]/sqrt(x[0]^2 + x[1]^2)]"),
        (lambda x: x.det(), [[1.0, 2.0], [3.0, 4.0]], "[[x[1, 1], -x[1, 0]], [-x[0, 1], x[0, 0]]]"),
        (lambda x: x.prod(), [1.0, 2.0, 3.0], "[x[1]·x[2], x[0]·x[2], x[0]·x[1]]"),
        (lambda x: x.logsumexp(0), [1.0, 2.0], "[softmax(x[0], x[1])[0], softmax(x[0], x[1])[1]]"),
        (lambda x: x.trace(), [[1.0, 2.0], [3.0, 4.0]], "[[1, 0], [0, 1]]"),
        (lambda x: x.var(), [1.0, 4.0], "[x[0] - x[1], x[1] - x[0]]"),
        (lambda x: x.flip(0)[0] ** 2, [1.0, 2.0], "[0, 2·x[1]]"),
    ],
)
def test_gradients_are_written_as_in_a_textbook(function, point, shown):
    assert al.derive(lambda x: function(x), x=point).text("x") == shown


def test_values_are_those_of_mpmath():
    """50-digit values of whole calls against mpmath's own functions."""
    matrix = [[0.3, 1.2, -0.4], [0.7, -1.1, 0.2], [1.5, 0.6, 0.9]]
    with mpmath.workdps(50):
        there = mpmath.matrix([[mpmath.mpf(v) for v in row] for row in matrix])
        expected = {
            "det": (lambda x: x.det(), mpmath.det(there)),
            "inverse": (lambda x: x.inverse()[1, 2], (there**-1)[1, 2]),
            "solve": (lambda x: linalg.solve(x, x[0])[2], mpmath.lu_solve(there, there[0, :].T)[2]),
            "norm": (lambda x: linalg.vector_norm(x, 3), mpmath.norm(list(there), 3)),
            "1-norm": (lambda x: linalg.norm(x, 1), mpmath.mnorm(there, 1)),
            "power": (lambda x: x.matrix_power(-2)[0, 0], (there**-2)[0, 0]),
        }
        for name, (function, value) in expected.items():
            derivation = al.derive(lambda x, f=function: f(x), inputs={"x": matrix})
            assert abs(derivation.exact(derivation.tape.target)[0] - value) < mpmath.mpf(10) ** -45, name


# ---------------------------------------------------------------- whole functions
def test_a_small_net_with_softmax_and_cross_entropy():
    def net(w, v, x):
        hidden = torch.tanh(x @ w)
        scores = hidden @ v
        loss = F.cross_entropy(scores, torch.tensor([1, 0]))
        return loss

    w, v, x = numbers((2, 2), (2, 3), (2, 2), seed=8)
    comparison = al.compare(net, inputs={"w": w, "v": v, "x": x}, wrt=("w", "v"))
    assert comparison.ok and set(comparison.routes) == {"sympy", "autograd", "finite_difference", "reference"}
    assert {reason.code for reason in comparison.reasons} <= {"rounding"}


def test_layer_norm_by_hand_is_layer_norm():
    def by_hand(x, gain):
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + 1e-5)
        return weighed(scaled * gain)

    x, gain = numbers(N, W, seed=4)
    comparison = al.compare(by_hand, inputs={"x": x, "gain": gain})
    leaf = x.clone().requires_grad_()
    weighed(F.layer_norm(leaf, (3,), gain)).backward()
    assert comparison.ok and {reason.code for reason in comparison.reasons} <= {"rounding"}
    torch.testing.assert_close(comparison.gradients["x"]["reference"], leaf.grad, rtol=1e-9, atol=1e-12)


def test_a_gaussian_log_likelihood():
    def likelihood(mean, root):
        covariance = root @ root.T + 0.5 * torch.eye(2, dtype=torch.float64)
        away = torch.tensor([0.3, -1.0], dtype=torch.float64) - mean
        return -0.5 * (torch.logdet(covariance) + away @ torch.linalg.solve(covariance, away))

    mean, root = numbers((2,), (2, 2), seed=6)
    comparison = al.compare(likelihood, inputs={"mean": mean, "root": root})
    assert comparison.ok and {reason.code for reason in comparison.reasons} <= {"rounding"}
    leaves = mean.clone().requires_grad_(), root.clone().requires_grad_()
    normal = torch.distributions.MultivariateNormal(leaves[0], leaves[1] @ leaves[1].T + 0.5 * torch.eye(2))
    torch.autograd.backward(normal.log_prob(torch.tensor([0.3, -1.0], dtype=torch.float64)))
    for name, leaf in zip(("mean", "root"), leaves):
        torch.testing.assert_close(comparison.gradients[name]["sympy"], leaf.grad, rtol=1e-9, atol=1e-12)


def test_least_squares_by_the_normal_equations():
    def fitted(a, b):
        solution = torch.linalg.solve(a.T @ a, a.T @ b)
        return ((a @ solution - b) ** 2).sum()

    a, b = numbers(M, W, seed=2)
    comparison = al.compare(fitted, inputs={"a": a, "b": b})
    assert comparison.ok and {reason.code for reason in comparison.reasons} <= {"rounding"}
    rest = b - a @ torch.linalg.lstsq(a, b[:, None]).solution[:, 0]  # ∂/∂b of the smallest square is 2·(b − ax)
    torch.testing.assert_close(comparison.gradients["b"]["reference"], 2 * rest, rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------- no rule, and no wait
@pytest.mark.parametrize(
    ("function", "shape", "name"),
    [
        (lambda x: linalg.eigvalsh(x).sum(), S, "torch.linalg.eigvalsh"),
        (lambda x: linalg.svdvals(x).sum(), S, "torch.linalg.svdvals"),
        (lambda x: linalg.norm(x, 2), S, "torch.linalg.norm"),
        (lambda x: linalg.inv(x).sum(), (4, 4), "torch.linalg.inv"),
        (lambda x: x.det(), (6, 6), "torch.det"),
        (lambda x: F.cosine_similarity(x, x * 0, dim=0).sum(), S, "torch.cosine_similarity"),
    ],
)
def test_what_has_no_rule_is_said_plainly_and_compared_all_the_same(function, shape, name):
    (x,) = numbers(shape, seed=1)
    comparison = al.compare(lambda x: function(x), x=x)
    assert name.removeprefix("torch.") in str(comparison.derivation.obstacle)
    assert comparison.derivation.gradient == {} and comparison.gradients["x"]["autograd"] is not None


def test_large_constants_are_taken_as_they_are():
    data = torch.linspace(0, 1, 5000, dtype=torch.float64)

    def scaled(x, data):
        spread = data.std()
        return (x * spread).sum() + data.max()

    start = time.perf_counter()
    comparison = al.compare(scaled, x=[1.0, 2.0], data=data, wrt="x")
    assert comparison.ok and time.perf_counter() - start < 40
