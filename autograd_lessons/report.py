"""A comparison in words: the verdict in one sentence, and the table as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from .accuracy import number, show_tensor
from .finite_difference import MOST_CALLS, MOST_ELEMENTS
from .reasons import disagreement

if TYPE_CHECKING:
    from .comparison import Comparison

#: by route, in the order of the table
TITLES = {
    "manual": "manual", "sympy": "SymPy", "autograd": "autograd",
    "finite_difference": "finite difference", "reference": "reference",
}  # fmt: skip


def verdict(comparison: Comparison) -> str:
    """One sentence: do they agree, and if not, which two differ and why."""
    serious = [r for r in comparison.told if comparison.agreement[r.input] is False or r.code == "backward"]
    serious = [reason for reason in serious if "finite_difference" not in reason.routes] or serious
    if serious:
        first, others = serious[0], len(serious) - 1
        more = f" ({others} more: see .reasons)" if others else ""
        if comparison.differ(first.input, *first.routes) is False or _have_no_number(
            comparison, first.input, first.routes
        ):
            return f"{first.input}: there is no finite gradient, because {first.text}{more}"
        return f"{_sides(comparison, first.input, *first.routes)} differs, because {first.text}{more}"
    empty = [name for name, zero in comparison.vacuous.items() if zero]
    if comparison.ok is None:
        return _alone(comparison)
    told = [TITLES[route] for route in comparison.routes if route != "finite_difference"]
    agree = f"{', '.join(told[:-1])} and {told[-1]} agree."
    if empty:
        agree += f" For {', '.join(empty)} they agree on zero, which proves nothing: try another point."
    return agree


def _alone(comparison: Comparison) -> str:
    """The verdict where only one route could be exact: what the finite difference says of it."""
    if "autograd" not in comparison.routes:
        changed = [v for v in comparison.tape.inputs.values() if v.origin == "updated" and v.adjoint is not None]
        if changed:
            return (
                f"{changed[0].leaf.name} was changed in place, out of autograd's sight. PyTorch's gradient is that of the "
                f"changed one, {changed[0].name}; to compare, give that to a function that does not change it."
            )
        return "No gradient flows from the output back to an input: there is nothing to compare."
    why = f" ({comparison.derivation.obstacle})" if comparison.derivation.obstacle else ""
    off = {comparison.is_off_bound(name) for name in comparison.gradients}
    tested = ", and nothing to hold it against"
    if True in off:
        tested = ", and the finite difference is off from it by more than its bound"
    elif off == {False}:
        tested = ", and the finite difference agrees within its bound"
    return f"There is only autograd{why}{tested}."


def _have_no_number(comparison: Comparison, name: str, routes: tuple[str, str]) -> bool:
    """Whether both routes are infinite or nan, for an input that is a single number."""
    values = [comparison.gradients[name].get(route) for route in routes]
    return all(v is not None and v.numel() == 1 and not bool(v.isfinite()) for v in values)


def _sides(comparison: Comparison, name: str, one: str, other: str) -> str:
    """`w[1]: manual -9.3 against autograd -6.7`: two routes where they are farthest apart, or as a whole if their shapes differ."""
    like = comparison.tape.inputs[name].value
    worst = disagreement.find(comparison, name, one, other) if like.numel() > 1 else None
    at = None if worst is None else worst.at
    sides = " against ".join(f"{TITLES[route]} {_shown(comparison, name, route, at)}" for route in (one, other))
    if at is None:
        return f"{name}: {sides}"
    place = torch.unravel_index(torch.tensor(at), like.shape)
    return f"{name}[{', '.join(str(int(index)) for index in place)}]: {sides}"


def _shown(comparison: Comparison, name: str, route: str, at: int | None) -> str:
    value = comparison.gradients[name].get(route)
    if value is None:
        return "(no answer)"
    if at is not None or value.numel() == 1:
        return number(value.reshape(-1)[at or 0].item(), comparison.dtype)
    return f"of shape {tuple(value.shape)}"


def remarks(comparison: Comparison) -> list[str]:
    """What a table does not show: the inputs that it leaves out, and those that no finite difference was taken of."""
    told = []
    if len(comparison.listed) < len(comparison.gradients):
        agree = sum(agrees is not False for agrees in comparison.agreement.values())
        told.append(
            f"{len(comparison.gradients):,} inputs, {len(comparison.listed)} of them listed; {agree:,} show no disagreement."
        )
    lacking = [name for name, difference in comparison.differences.items() if difference is None]
    lacking = [name for name in lacking if 0 < comparison.inputs.arguments[name].numel() <= MOST_ELEMENTS]
    if lacking and len(comparison.tape.steps) > 1_000:
        names = f"{', '.join(lacking[:3])}{', …' if len(lacking) > 3 else ''}"
        told.append(
            f"No finite difference for {names}: over {MOST_CALLS:,} calls of PyTorch. With wrt=… of fewer inputs there is one."
        )
    return told


def table(comparison: Comparison) -> str:
    """A row for each input and route; below it what the finite differences may be off by, the reasons, and the verdict."""
    listed = comparison.listed
    rows = [("input", "route", "gradient", "absolute error", "relative", "ulps")]
    rows += [_row(comparison, name, route) for name in listed for route in comparison.gradients[name]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines += comparison.remarks
    for name, difference in [(name, comparison.differences[name]) for name in listed]:
        if difference is not None:
            h, bound = _largest(difference.step), _largest(difference.bound)
            lines.append(f"finite difference for {name}: h = {h}, may be off by {bound}")
    if comparison.derivation.obstacle:
        lines.append(f"SymPy: {comparison.derivation.obstacle}")
    lines += [f"{reason.input}: [{reason.code}] {reason.text}" for reason in comparison.told]
    return "\n".join([*lines, comparison.verdict])


def _row(comparison: Comparison, name: str, route: str) -> tuple[str, str, str, str, str, str]:
    value = comparison.gradients[name][route]
    if value is None:
        return name, TITLES[route], "no answer", "", "", ""
    shown = show_tensor(value, comparison.dtype)
    if route == "reference":
        count = comparison.elements_with_reference(name)
        if count < value.numel():
            shown = f"at {count:,} of {value.numel():,} elements: the worst"
        return name, TITLES[route], shown, "", "", ""
    error = comparison.error_of(name, route)
    absolute, relative, ulps = ("", "", "") if error is None else (f"{part:.2g}" for part in error)
    return name, TITLES[route], shown, absolute, relative, ulps


def _largest(value: torch.Tensor) -> str:
    return f"{value.max().item():.2g}" if value.numel() else "–"
