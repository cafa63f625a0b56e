"""The comparison as a table: a row for each input, a column for each route, the verdict and the reasons below."""

from __future__ import annotations

from ..comparison import Comparison
from ..report import TITLES
from .numbers import short


def rows(comparison: Comparison) -> dict:
    """Column titles, rows of shown numbers with a mark where they differ, verdict and reasons."""
    routes = [route for route in TITLES if any(route in row for row in comparison.gradients.values())]
    off = {(reason.input, reason.routes[0]) for reason in comparison.reasons if reason.code != "rounding"}
    return {
        "titles": [TITLES[route] for route in routes],
        "rows": [
            {
                "input": name,
                "cells": [_cell(comparison, name, route) for route in routes],
                "off": [(name, route) in off for route in routes],
            }
            for name in comparison.listed
        ],
        "ok": comparison.ok,
        "verdict": comparison.verdict,
        "remarks": comparison.remarks,
        "obstacle": comparison.derivation.obstacle,
        "reasons": [reason._asdict() for reason in comparison.told if reason.text not in comparison.verdict],
    }


def _cell(comparison: Comparison, name: str, route: str) -> str:
    """The route's answer; the finite difference with the bound by which it is judged."""
    value, difference = comparison.gradients[name].get(route), comparison.differences[name]
    if value is None:
        return "–"
    if route == "finite_difference" and difference is not None and value.numel() == 1:
        return f"{short(value, 7)} ± {short(difference.bound, 1)}"
    return short(value, 7)
