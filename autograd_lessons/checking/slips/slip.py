"""What a slip is: an identifier that stays, what it makes of the chain rule, and a sentence with the learner's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from ..flow import Edit

TOGETHER = 8  # two slips are less likely than one by so many ranks


@dataclass(frozen=True)
class Slip:
    """One way to go wrong on this run: an `edit` of its chain rule, or, where it is none, the whole answers by input."""

    identifier: str
    says: Callable[[], str]  # asked only when the slip was found: a formula takes SymPy a while
    edit: Edit | None = None
    answers: Mapping[int, torch.Tensor] | None = None  # by input's index, one entry for each point
    after: Callable[[torch.Tensor], torch.Tensor] | None = None  # what is done to the answer in the end
    rank: float = 0  # of two slips that give the same, the likelier has the smaller rank
    kind: str = ""  # slips of one kind that give the same are the same slip in other words
    general: bool = False  # said only where no slip of this kind at a certain place gives the same
