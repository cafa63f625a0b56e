"""The same gradient by hand, by SymPy, by autograd and by finite differences, side by side."""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import mpmath
import torch

from . import manual as hand
from . import reasons, report
from .accuracy import Error, Reference, tolerance
from .derivation import Derivation
from .elements import single
from .finite_difference import FiniteDifference, finite_differences
from .frames import learners_traceback
from .inputs import Inputs, gather
from .report import TITLES
from .run import run, run_again
from .tape import Tape
from .typed import as_function, as_manual

ALL_POINTS = 1_000  # up to here the reference is computed everywhere
MOST_LISTED = 40  # inputs in a table
WORST_POINTS = 100  # above, at so many of the worst points of each pair of routes


def compare(
    function: Callable | str,
    /,
    manual: Any = None,
    *,
    inputs: Mapping[str, Any] | None = None,
    wrt: Iterable[str] | str | None = None,
    dtype: torch.dtype | None = None,
    finite_difference_step: float | None = None,
    **given: Any,
) -> Comparison:
    """Every route to the gradient at one point (or over a grid, for an elementwise function), and why they differ.

    `manual` is a function, a dict of functions or numbers by input, or a dict of chain factors
    (`{"dloss_dz": …, "dz_dw": …}`). Raises `InputError`, `ManualError`, and `OutputError` for a function without a
    scalar or elementwise output.

    >>> import torch, autograd_lessons as al
    >>> al.compare(lambda x: x**2, manual=lambda x: 2 * x, x=3.0).ok
    True
    """
    __tracebackhide__ = True
    manual = as_manual(manual, given, inputs)
    function = as_function(function, given, inputs)
    gathered = gather(function, given, inputs, wrt, dtype)
    try:
        tape = run(function, gathered)
    except Exception as error:
        raise error.with_traceback(learners_traceback(error))
    return Comparison(tape, gathered, Derivation(tape), manual, finite_difference_step)


class Comparison:
    """The routes side by side. `print(comparison)` is a table; the attributes are described in their docstrings."""

    def __init__(
        self,
        tape: Tape,
        inputs: Inputs,
        derivation: Derivation,
        manual: Any = None,
        finite_difference_step: float | None = None,
    ):
        tape.target  # noqa: B018 (raises OutputError where there is no single tensor)
        self.tape = tape
        self.derivation = derivation
        self.dtype = inputs.dtype
        self.inputs = inputs
        self.hand = hand.evaluate(manual, tape, inputs) if manual is not None else hand.Manual()
        self.manual = manual
        self.step_was_given = finite_difference_step is not None
        #: by input, then by route: a tensor of the input's shape, or None where the route has no answer
        self.gradients: dict[str, dict[str, torch.Tensor | None]] = {}
        #: by input: the finite difference with its bound
        self.differences: dict[str, FiniteDifference | None] = finite_differences(
            tape.function, inputs, inputs.wrt, tape, finite_difference_step
        )
        self._tolerance = tolerance(self.dtype)  # relative, absolute
        self._exact: dict[str, dict[int, Reference]] = {}
        self._apart: dict[tuple[str, str, str], bool | None] = {}
        for name in inputs.wrt:
            self._collect(name)
        present = {route for row in self.gradients.values() for route, value in row.items() if value is not None}
        #: the routes that gave an answer for some input
        self.routes = tuple(route for route in TITLES if route in present)

    def _collect(self, name: str) -> None:
        difference = self.differences[name]
        row = {
            "manual": self.hand.gradients.get(name),
            "sympy": self.derivation.numbers.get(name),
            "autograd": self.tape.inputs[name].adjoint,
            "finite_difference": None if difference is None else difference.value,
        }
        row["reference"] = self._reference(name, row)
        self.gradients[name] = {
            route: value for route, value in row.items() if route != "manual" or self.manual is not None
        }

    def _reference(self, name: str, row: Mapping[str, torch.Tensor | None]) -> torch.Tensor | None:
        """The 50-digit values rounded to the dtype; on a big grid nan at the points where it was not computed."""
        like = self.tape.inputs[name].value
        where = range(like.numel()) if like.numel() <= ALL_POINTS else _worst_points(row, like)
        exact = self._settled(name, list(where), row["autograd"])
        if exact is None:
            return None
        self._exact[name] = dict(zip(where, exact))
        if like.numel() == 1:
            return single(self._exact[name][0].rounded, like)
        rounded = [math.nan] * like.numel()
        for i, value in self._exact[name].items():
            rounded[i] = value.rounded
        return torch.tensor(rounded, dtype=like.dtype).view(like.shape)

    def _settled(self, name: str, where: list[int], autograd: torch.Tensor | None) -> list[Reference] | None:
        """The exact values. Where they are not what autograd has, terms may have cancelled: then with more digits, until they stay."""
        exact = self._exactly(name, where)
        if exact is None or autograd is None or autograd.is_complex():
            return exact
        got = [autograd.item()] if autograd.numel() == 1 else autograd.reshape(-1)[where].tolist()
        while any([self._are_apart(true.rounded, number) for true, number in zip(exact, got)]):
            if not self.derivation.sharpen():
                break
            before, exact = exact, self._exactly(name, where)
            if exact is None or all([now.is_still(then) for then, now in zip(before, exact)]):
                break
        return exact

    def _exactly(self, name: str, where: list[int]) -> list[Reference] | None:
        exact = self.derivation.reference(name, where)
        return None if exact is None else [Reference(value, self.dtype) for value in exact]

    def elsewhere(self, inputs: Inputs) -> Comparison | None:
        """The same comparison for other inputs; None where the function or the hand-written formula has no value there."""
        try:
            tape = run_again(self.tape.function, inputs)
            return Comparison(tape, inputs, Derivation(tape), self.manual)
        except Exception:
            return None

    @cached_property
    def in_double(self) -> Comparison | None:
        """The same comparison in float64; None where the function insists on its dtype."""
        return self.elsewhere(self.inputs.to(torch.float64))

    # ------------------------------------------------------------------ judging
    @cached_property
    def _numbers(self) -> dict[str, dict[str, Any]]:
        """By input and route, of an input that is a number: a slider asks at every tick, and a tensor answers slowly."""
        found = {}
        for name, row in self.gradients.items():
            shape = self.tape.inputs[name].value.shape
            like = {} if shape.numel() != 1 else {r: v for r, v in row.items() if v is not None and v.shape == shape}
            found[name] = {route: value.item() for route, value in like.items()}
        return found

    @cached_property
    def error(self) -> dict[str, dict[str, Error | None]]:
        """By input and route: how far from the 50-digit value; None where there is no such value."""
        return {name: {route: self.error_of(name, route) for route in row} for name, row in self.gradients.items()}

    def error_of(self, name: str, route: str) -> Error | None:
        """One entry of `error`."""
        worst = self._worst(name, route)
        return worst and worst[1]

    def worst_element(self, name: str, route: str) -> int:
        """The flat index at which a route is farthest from the 50-digit value, in ulps."""
        worst = self._worst(name, route)
        return 0 if worst is None else worst[0]

    def _worst(self, name: str, route: str) -> tuple[int, Error] | None:
        exact, value = self._exact.get(name), self.gradients[name][route]
        if exact and route in self._numbers[name]:
            return 0, exact[0].error_of(self._numbers[name][route])
        if value is None or not exact or value.shape != self.tape.inputs[name].value.shape:
            return None
        flat = value.reshape(-1)
        numbers = (flat if flat.numel() == len(exact) else flat[list(exact)]).tolist()
        errors = [(i, true.error_of(found)) for (i, true), found in zip(exact.items(), numbers)]
        return max(errors, key=lambda pair: (pair[1].ulps != pair[1].ulps, pair[1].ulps))

    def judged(self, name: str) -> dict[str, torch.Tensor]:
        """The routes that must agree: all that have an answer, but not the finite difference."""
        row = self.gradients[name]
        return {r: v for r, v in row.items() if v is not None and r != "finite_difference"}

    def differ(self, name: str, one: str, other: str) -> bool | None:
        """Whether two routes differ beyond the dtype's tolerance anywhere; None if their shapes differ."""
        numbers = self._numbers[name]
        if one in numbers and other in numbers:
            return self._are_apart(numbers[one], numbers[other])
        if (name, one, other) not in self._apart:
            a, b = self.gradients[name][one], self.gradients[name][other]
            is_there = a is not None and b is not None and a.shape == b.shape
            self._apart[name, one, other] = bool(self.where_they_differ(name, one, other).any()) if is_there else None
        return self._apart[name, one, other]

    def where_they_differ(self, name: str, one: str, other: str) -> torch.Tensor:
        """The elements at which two routes of the same shape differ."""
        a, b = self.gradients[name][one], self.gradients[name][other]
        assert a is not None and b is not None
        apart = self._where_apart(a, b)
        return apart & self._computed(name) if "reference" in (one, other) else apart

    def _where_apart(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        if a.numel() == 1:
            return torch.full(a.shape, self._are_apart(a.item(), b.item()))
        relative, absolute = self._tolerance
        return ~torch.isclose(a, b.to(a.dtype), rtol=relative, atol=absolute, equal_nan=False)

    def _are_apart(self, x: float, y: float) -> bool:
        """For two numbers, the slider's case: without the overhead of tensor operations."""
        relative, absolute = self._tolerance
        close = x == y or (cmath.isfinite(x) and cmath.isfinite(y) and abs(x - y) <= absolute + relative * abs(y))
        return not close

    def _computed(self, name: str) -> torch.Tensor:
        """Where the reference was computed."""
        if len(self._exact[name]) == self.tape.inputs[name].value.numel():
            return torch.ones_like(self.tape.inputs[name].value, dtype=torch.bool)
        mask = torch.zeros(self.tape.inputs[name].value.numel(), dtype=torch.bool)
        mask[list(self._exact[name])] = True
        return mask.reshape(self.tape.inputs[name].value.shape)

    def is_off_bound(self, name: str) -> bool | None:
        """Whether the finite difference is anywhere farther from the best other route than its own bound allows."""
        difference, best, numbers = self.differences[name], self.best(name), self._numbers[name]
        if difference is None or best is None:
            return None
        if best not in numbers:
            return bool(self.off_bound(name).any())  # pyright: ignore
        (relative, absolute), got, want = self._tolerance, numbers["finite_difference"], numbers[best]
        return not abs(got - want) <= difference.bound.item() + absolute + relative * abs(want)

    def off_bound(self, name: str) -> torch.Tensor | None:
        """At which elements it is."""
        difference, best = self.differences[name], self.best(name)
        if difference is None or best is None:
            return None
        value = self.gradients[name][best]
        assert value is not None
        if best in self._numbers[name]:
            return torch.full(value.shape, bool(self.is_off_bound(name)))
        relative, absolute = self._tolerance
        allowed = difference.bound + absolute + relative * value.abs()
        return ~((difference.value - value).abs() <= allowed)

    def best(self, name: str) -> str | None:
        """The route to hold the others against: the reference, else SymPy, else autograd."""
        row = self.gradients[name]
        small = self.tape.inputs[name].value.numel() <= ALL_POINTS
        order = ("reference", "sympy", "autograd") if small else ("sympy", "autograd")
        return next((route for route in order if row.get(route) is not None), None)

    def elements_with_reference(self, name: str) -> int:
        """At how many elements the 50-digit value was computed."""
        return len(self._exact[name])

    def exact_gradient(self, name: str, at: int) -> mpmath.mpf | None:
        """The 50-digit value of one element, if it was computed and is finite."""
        exact = self._exact.get(name, {}).get(at)
        return exact.value if exact is not None and exact.finite else None

    def _differs(self, factor: hand.Factor) -> bool:
        if factor.true is None or factor.given.shape != factor.true.shape:
            return factor.true is not None
        if factor.true.numel() == 1:
            return self._are_apart(factor.given.item(), factor.true.item())
        return bool(self._where_apart(factor.given, factor.true).any())

    @cached_property
    def wrong_factors(self) -> tuple[hand.Factor, ...]:
        """The hand-written chain factors that are not the recorded ones."""
        return tuple(factor for factor in self.hand.factors if self._differs(factor))

    @cached_property
    def ok(self) -> bool | None:
        """Whether all routes but the finite difference are finite and agree; None if there is only one."""
        answers = self.agreement.values()
        if False in answers:
            return False
        return True if any(answers) else None

    @cached_property
    def agreement(self) -> dict[str, bool | None]:
        """By input, what `ok` is for all."""
        return {name: self._agree(name) for name in self.gradients}

    def _agree(self, name: str) -> bool | None:
        routes = list(self.judged(name))
        if self.hand.missing.get(name):
            return False
        if not all([self._is_finite(name, route) for route in routes]):
            return False
        if any([self.differ(name, *pair) is not False for pair in itertools.combinations(routes, 2)]):
            return False
        if any(hand.leads(self.tape, factor.input, name) for factor in self.wrong_factors):
            return False
        return True if len(routes) > 1 else None

    def _is_finite(self, name: str, route: str) -> bool:
        """Whether a route has a finite number everywhere; the reference, everywhere it was computed."""
        if route in self._numbers[name]:
            return cmath.isfinite(self._numbers[name][route])
        value = self.gradients[name][route]
        assert value is not None
        finite = value.isfinite()
        return bool((finite | ~self._computed(name) if route == "reference" else finite).all())

    @cached_property
    def vacuous(self) -> dict[str, bool]:
        """By input: whether the routes agree on zero (within the absolute tolerance) everywhere, which proves nothing."""
        return {name: all([self._is_zero(name, route) for route in self.judged(name)]) for name in self.gradients}

    def _is_zero(self, name: str, route: str) -> bool:
        (_, absolute), single = self._tolerance, self._numbers[name].get(route)
        if single is not None:
            return abs(single) <= absolute or (route == "reference" and single != single)
        value = self.gradients[name][route]
        assert value is not None
        value = value.nan_to_num(0.0) if route == "reference" else value
        return bool(value.abs().le(absolute).all())

    @cached_property
    def reasons(self) -> tuple[reasons.Reason, ...]:
        """Why routes differ, each a (code, input, routes, text); the codes stand in `reasons`."""
        return reasons.find(self)

    @cached_property
    def told(self) -> tuple[reasons.Reason, ...]:
        """The reasons with each text once for an input: several routes may be off for the same one."""
        once: dict[tuple[str, str], reasons.Reason] = {}
        for reason in self.reasons:
            once.setdefault((reason.input, reason.text), reason)
        return tuple(once.values())

    @cached_property
    def verdict(self) -> str:
        """One sentence: do they agree, and if not, which two differ and why."""
        return report.verdict(self)

    def assert_ok(self) -> None:
        """Raise AssertionError with the verdict unless `ok`."""
        if not self.ok:
            raise AssertionError(f"{self.verdict}\n{self}")

    # ------------------------------------------------------------------ showing
    @property
    def listed(self) -> tuple[str, ...]:
        """The inputs that a table shows: all, or of very many those that need a look, and the first."""
        need = [name for name, agrees in self.agreement.items() if agrees is False]
        are_many = len(self.gradients) > MOST_LISTED
        return tuple(dict.fromkeys([*need, *self.gradients]))[:MOST_LISTED] if are_many else tuple(self.gradients)

    @property
    def remarks(self) -> list[str]:
        """What a table does not show: the inputs that it leaves out, and those that no finite difference was taken of."""
        return report.remarks(self)

    def __repr__(self) -> str:
        return report.table(self)


def _worst_points(row: Mapping[str, torch.Tensor | None], like: torch.Tensor) -> list[int]:
    """The flat indices where each pair of routes is farthest apart, and the first of each non-finite kind."""
    values = [v.reshape(-1).double() for v in row.values() if v is not None and v.shape == like.shape]
    picked: dict[int, None] = {}
    for i, one in enumerate(values):
        for kind in (one.isnan(), one == torch.inf, one == -torch.inf):
            picked |= dict.fromkeys(kind.nonzero()[:1].flatten().tolist())
        for other in values[i + 1 :]:
            apart = ((one - other).abs() / torch.maximum(one.abs(), other.abs()).clamp(min=1e-300)).nan_to_num(
                -1.0, -1.0
            )
            picked |= dict.fromkeys(apart.topk(min(WORST_POINTS, apart.numel())).indices.tolist())
    return sorted(picked) or list(range(min(WORST_POINTS, like.numel())))
