"""The inverse hyperbolic cosine with the textbook's derivative."""

from __future__ import annotations

import sympy


class acosh(sympy.acosh):
    """arcosh(x); SymPy's own derivative has two roots for the sake of complex numbers."""

    def fdiff(self, argindex=1):
        return 1 / sympy.sqrt(self.args[0] ** 2 - 1)
