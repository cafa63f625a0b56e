"""What is kept from one tick to the next depends on no number: a moved explorer shows what a new one shows."""

from __future__ import annotations

import math
import re

import pytest
import torch

import autograd_lessons as al
from autograd_lessons import plan, programs


def branching(x):
    if x > 0:
        y = torch.sin(x)
        z = y * 2
    else:
        z = torch.sin(x) * 2
    return z


def rounds(x):
    y = x
    for _ in range(6):
        if y > 10:
            break
        y = y * 1.5 + 1
    return y


def chosen(x):
    f = torch.sin if x > 0 else torch.cos
    y = f(x)
    return y * y


def named_or_not(x):
    y = x * 2
    if x > 1:
        y = y + x
        return y
    return y + x


def in_single(x):
    y = x.float() if x > 0 else x
    return y * y


def with_a_number(x):
    k = x.item()
    return x * k + torch.tensor(k, dtype=x.dtype)


def cut(x):
    y = x * x
    y = y.detach() if x > 1 else y
    return y * x


def clamped(x):
    return torch.clamp(x, -1, 1) * x


def changing(x):
    y = x * 2
    y += x
    return y.mul_(x)


NUMBERS = (0.3, 2.0, -1.2, 0.0, 1.0, 1e5, math.nan, 2.5)
FUNCTIONS = (branching, rounds, chosen, named_or_not, in_single, with_a_number, cut, clamped, changing)


def shown(explorer) -> list[str]:
    """Every stage of both grains, the comparison and the text, without what tells one explorer from another."""
    pages = []
    for grain in ("variables", "operations"):
        explorer._grain.value = grain
        pages += [explorer.draw(at) for at in range(explorer.count)]
    explorer.step = 1
    pages += [repr(explorer.comparison), repr(explorer)]
    return [re.sub(r"\bal-\d+\b", "al-0", page) for page in pages]


@pytest.fixture
def forget(monkeypatch):
    """A way to forget all that was kept."""

    def now():
        plan._plans.clear()
        programs._programs.clear()

    now()
    yield now
    now()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_moved_explorer_shows_what_a_new_one_shows(function, dtype, forget):
    ranges = {"x": (-3.0, 3.0)}
    moved = al.explore(function, dtype=dtype, ranges=ranges, x=1.5)
    after_moves = [shown(moved.set(x=x)) for x in NUMBERS]
    for x, pages in zip(NUMBERS, after_moves):
        forget()
        assert pages == shown(al.explore(function, dtype=dtype, ranges=ranges, x=x)), f"at x = {x}"


def test_numbers_that_decide_whether_there_is_a_rule_are_looked_at_each_time(forget):
    """`nansum` has a formula where nothing is nan."""

    def function(x):
        return torch.nansum(x * x)

    ranges = {"x": (-3.0, 3.0)}
    numbers = ([1.0, 2.0], [math.nan, 1.0], [2.0, -1.0])
    moved = al.explore(function, ranges=ranges, x=[0.5, 0.5])
    after_moves = [shown(moved.set(x=x)) for x in numbers]
    for x, pages in zip(numbers, after_moves):
        forget()
        assert pages == shown(al.explore(function, ranges=ranges, x=x)), f"at x = {x}"


def test_an_explorer_of_another_dtype_shows_its_own_steps(forget):
    """`x.float()` is a step for float64 and none for float32; the two programs are the same."""
    al.explore(in_single, dtype=torch.float64, x=2.0)
    here = shown(al.explore(in_single, dtype=torch.float32, x=2.0))
    forget()
    assert here == shown(al.explore(in_single, dtype=torch.float32, x=2.0))


def test_runs_that_take_the_same_way_have_one_plan():
    assert al.record(branching, x=2.0).plan is al.record(branching, x=3.0).plan
    assert al.record(branching, x=2.0).plan is not al.record(branching, x=-2.0).plan
    assert al.record(rounds, x=2.0).plan is not al.record(rounds, x=9.0).plan
    assert al.record(chosen, x=2.0).plan is not al.record(chosen, x=2.0, dtype=torch.float32).plan


def test_what_is_kept_is_made_once():
    made = []
    for x in (2.0, 3.0):
        al.record(cut, x=x).plan.keep("a test's own", lambda: made.append(1))
    assert made == [1]


def test_plans_are_forgotten_at_last(monkeypatch, forget):
    monkeypatch.setattr(plan, "MOST_PLANS", 3)
    for x in range(5):
        assert al.record(with_a_number, x=float(x)).plan is not None
    assert len(plan._plans) == 3
