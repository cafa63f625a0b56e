"""Hand-written gradients, in any of the forms that a learner writes them, evaluated at the recorded run.

One function; a dict of functions or numbers by input; or the factors of the chain rule by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from .errors import ManualError
from .grains import Link, links, nodes
from .inputs import Inputs
from .slopes import carried_back
from .tape import Tape
from .values import Step, Value
from .written import answer_of, named_value, number_of


class Factor(NamedTuple):
    """One factor of a hand-written chain: ∂output/∂input as the learner gave it, beside the recorded one."""

    key: str
    output: str
    input: str
    given: torch.Tensor
    true: torch.Tensor | None
    local: bool  # whether it is one link of the chain, not a derivative over several


@dataclass
class Manual:
    """What a learner's gradients come to at this run, by input."""

    gradients: dict[str, torch.Tensor] = field(default_factory=dict)
    factors: list[Factor] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=dict)  # by input: factors on a path that were not given
    notes: dict[str, str] = field(default_factory=dict)  # by input: the arithmetic error that the formula raised


def evaluate(manual: Any, tape: Tape, inputs: Inputs) -> Manual:
    """Evaluate hand-written gradients. Raises `ManualError` for a key or a parameter that fits nothing on the tape."""
    result, wrt = Manual(), inputs.wrt
    if not isinstance(manual, Mapping):
        manual = {wrt[0]: manual} if len(wrt) == 1 else _split(manual, tape, inputs, result)
    if not manual:
        raise ManualError(
            f"The manual gradient is empty. Give one for {' or '.join(wrt)}, or the factors of the chain."
        )
    chain = {}
    for key, given in manual.items():
        if key in wrt:
            result.gradients[key] = number_of(given, tape, inputs, key, tape.inputs[key], result.notes)
        elif key not in tape.inputs:  # a gradient for an input that is not differentiated now is left alone
            chain[key] = given
    if chain:
        _chain(chain, tape, inputs, result)
    return result


def _split(manual: Any, tape: Tape, inputs: Inputs, result: Manual) -> Mapping:
    """One function for several inputs must give a dict, or a tuple in their order."""
    wrt = inputs.wrt
    answer = answer_of(manual, tape, inputs, "manual", result.notes) if callable(manual) else manual
    if isinstance(answer, Mapping):
        return answer
    if isinstance(answer, (tuple, list)) and len(answer) == len(wrt):
        return dict(zip(wrt, answer))
    example = ", ".join(f'"{name}": …' for name in wrt)
    raise ManualError(
        f"There are {len(wrt)} gradients to check ({', '.join(wrt)}), and one was given. Write {{{example}}}."
    )


# ---------------------------------------------------------------------- the chain, factor by factor
def _chain(chain: Mapping[str, Any], tape: Tape, inputs: Inputs, result: Manual) -> None:
    edges = {(link.output.label, link.input.label): link for link in links(tape, "variables")}
    target = tape.output
    assert isinstance(target, Value)
    given: dict[tuple[str, str], torch.Tensor] = {}
    for key, value in chain.items():
        pair = tape.plan.keep(("pair", key), lambda key=key: _pair(key, edges, tape, target.label))
        if not named_value(tape, pair[1]).requires_grad:  # a factor towards an input that is not differentiated now
            continue
        link = edges.get(pair)
        shape_of = named_value(tape, pair[1]) if link is None or link.local is None else link.output
        given[pair] = number_of(value, tape, inputs, key, shape_of, result.notes, spread=True, own=pair[1])
        true = _true_factor(link, tape) if link is not None else named_value(tape, pair[1]).adjoint
        result.factors.append(Factor(key, *pair, given[pair], true, link is not None))
    totals, missing = _back_through(edges, given, tape, target)
    for name in inputs.wrt:
        if name in totals and name not in result.gradients:
            result.gradients[name] = totals[name]
        if missing.get(name) and any(leads(tape, factor.input, name) for factor in result.factors):
            result.missing[name] = missing[name]


def leads(tape: Tape, below: str, name: str) -> bool:
    """Whether the value called `below` was computed from `name`, or is it: a factor down to it is on the way to `name`."""

    def find() -> bool:
        reached = {below}
        for link in links(tape, "variables"):  # the last output comes first
            if link.output.label in reached:
                reached.add(link.input.label)
        return name in reached

    return tape.plan.keep(("leads", below, name), find)


def _back_through(edges: Mapping, given: Mapping, tape: Tape, target: Value) -> tuple[dict, dict[str, list[str]]]:
    """Chain-rule sums of the given factors, last value first, and by value the factors that no one gave."""
    totals: dict[str, torch.Tensor] = {target.label: torch.ones_like(target.value)}
    missing: dict[str, list[str]] = {target.label: []}
    for name, users in tape.plan.keep("users of each", lambda: _users_of_each(tape, edges)):
        if (target.label, name) in given and (target.label, name) not in edges:
            totals[name], missing[name] = given[target.label, name], []  # given as a whole: σ − y for ∂loss/∂z
        elif users and name not in missing:
            lacking = []
            for output in users:
                lacking += missing.get(output, [])
                if (output, name) not in given:
                    lacking.append(f"d{output}_d{name}")
                elif output in totals:
                    part = _back(totals[output] * given[output, name], edges[output, name])
                    totals[name] = totals[name] + part if name in totals else part
            missing[name] = list(dict.fromkeys(lacking))
    return totals, missing


def _users_of_each(tape: Tape, edges: Mapping) -> list[tuple[str, list[str]]]:
    """What used each value of the variables grain, the last value first and the inputs last."""
    shown = sorted(nodes(tape, "variables"), key=lambda value: getattr(value, "index", -1), reverse=True)
    names = [value.label for value in shown]
    return [(name, [output for output, used in edges if used == name]) for name in names]


def _true_factor(link: Link, tape: Tape) -> torch.Tensor | None:
    """∂output/∂input of a link: its slope, or of a single number the whole gradient; None for a Jacobian."""
    if link.local is not None or link.output.value.numel() != 1:
        return link.local
    shown = set(nodes(tape, "variables"))
    return carried_back(link.output, torch.ones_like(link.output.value), shown, Step.pull_back).get(link.input)


def _back(product: torch.Tensor, link: Link) -> torch.Tensor:
    """What a broadcast spread out is added up again on the way back."""
    shape = link.input.value.shape
    return (
        product
        if product.shape == shape
        else product.expand(torch.broadcast_shapes(product.shape, shape)).sum_to_size(shape)
    )


def _pair(key: str, edges: Mapping, tape: Tape, target: str) -> tuple[str, str]:
    """Which two recorded names `dloss_dy_pred` means."""
    if not isinstance(key, str):
        raise ManualError(
            f"The manual gradients have the key {key!r}. A key is an input or a factor as text: 'x', 'dy_dx'."
        )
    names = [value.label for value in nodes(tape, "variables")]
    splits = [key[1:i] for i in range(1, len(key)) if key.startswith("_d", i)] if key.startswith("d") else []
    found = [(out, key[len(out) + 3 :]) for out in splits if out in names and key[len(out) + 3 :] in names]
    fitting = [p for p in found if p in edges or p[0] == target or not named_value(tape, p[1]).requires_grad]
    if len(fitting) == 1:
        return fitting[0]
    possible = ", ".join(f"d{output}_d{name}" for output, name in edges)
    if len(fitting) > 1:
        raise ManualError(
            f"{key!r} can be read in two ways: {' and '.join(f'∂{o}/∂{i}' for o, i in fitting)}. Rename a variable."
        )
    if found:
        raise ManualError(
            f"{key!r}: {found[0][0]} does not use {found[0][1]} directly. The chain's factors are: {possible}."
        )
    raise ManualError(f"{key!r} is no differentiated input and no factor of this chain. The factors are: {possible}.")
