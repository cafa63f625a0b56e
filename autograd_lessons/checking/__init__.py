"""`check`: is this hand-made derivative right, and if not, which slip made it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from ..frames import learners_traceback
from ..inputs import gather
from ..typed import as_function
from . import answers
from .feedback import Counterexample, Feedback, blank
from .points import choose
from .questions import Question
from .trial import Trial

__all__ = ["Counterexample", "Feedback", "check"]


def check(
    answer: Any,
    function: Callable | str | Question,
    /,
    wrt: Iterable[str] | str | None = None,
    *,
    inputs: Mapping[str, Any] | None = None,
    dtype: torch.dtype | None = None,
    **given: Any,
) -> Feedback:
    """Is `answer` the derivative of `function`, and if not, which slip made it?

    `function` is a Python function or a formula as text. The answer is a Python function, a formula as text, a number, a list, a tensor, a SymPy expression, a dict of these
    by input, or the chain's factors by name. Inputs that are left out are chosen: many points, always the same, inside
    the function's domain. In the place of the function an exercise's `Question` may stand: it judges answers that are no
    derivative. Nothing is remembered between calls. Raises `InputError` for unsuitable inputs and
    `ManualError` for an answer that names what the run does not have.

    >>> import torch, autograd_lessons as al
    >>> al.check(lambda x: torch.cos(x**2), lambda x: torch.sin(x**2)).mistake
    'inner_dropped'
    """
    __tracebackhide__ = True
    if isinstance(function, Question):
        return function.judge(answer)
    named = {**given, **(inputs or {})}
    function = as_function(function, given, inputs, complete=False)
    gathered = gather(function, named, None, wrt, dtype, missing=1.0)
    try:
        prepared = answers.prepared(answer, gathered.wrt, frozenset(gathered.arguments))
        fixed = answers.held(prepared, gathered, frozenset(named))
        try:
            points = choose(function, gathered, frozenset(named), fixed)
        except Exception as error:
            raise error.with_traceback(learners_traceback(error))
        return Trial(prepared, points, gathered.wrt, () if wrt is None else gathered.wrt).feedback()
    except answers.Blank as open_parts:
        return blank(*open_parts.args)
