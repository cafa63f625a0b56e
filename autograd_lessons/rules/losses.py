"""The losses before their reduction, element by element."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from ..functions import sigmoid

LOSSES: dict[str, Callable | tuple[Callable, ...]] = {
    # on paper: the cap of PyTorch's logarithms at −100 and its floor of 1e-12 under p(1 − p) are no part of the loss
    "binary_cross_entropy": lambda p, y: -(y * sp.log(p) + (1 - y) * sp.log(1 - p)),
    "binary_cross_entropy_with_logits": lambda z, y: (1 - y) * z - sp.log(sigmoid(z)),
    "mse_loss": lambda a, b: (a - b) ** 2,
}
