"""Write docs/slips.md: every slip that `check` knows, and what it says of the answers that were written by hand.

python tools/slips.py           write the page
python tools/slips.py --check   exit 1 if the page is not what would be written
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "slips.md"
sys.path.insert(0, str(ROOT))

from tools.pages import cell, write_or_check  # noqa: E402

INTRODUCTION = """# The slips

`al.check(answer, function)` tries a hand-made derivative at many points. Where it is wrong, `.mistake` is the slip behind
it, found by making every slip on the recorded run's own chain rule and comparing numbers; `.hint` says it with the
learner's own names. Two slips made together are joined by a plus sign. `.mistakes` lists all that give the same numbers
on this function: these cannot be told apart. An answer that no slip explains has the mistake `None`, and `.hint` says so.

This page is made by `make docs` from the answers in `tests/slip_cases.py` and `tests/more_slip_cases.py`, which were written
by hand, the way a learner writes them. The tests hold its figures.
"""


def page() -> str:
    from autograd_lessons.checking.slips import SLIPS
    from tests import slip_results
    from tests.slip_cases import RIGHT

    results = slip_results.wrong()
    parts = [INTRODUCTION, *summary(results, len(RIGHT), len(slip_results.refused()))]
    parts += ["", "## Slips", "", "| slip | what it is | answers | named first |", "| --- | --- | ---: | ---: |"]
    met = Counter(slip for r in results if r.case.slip for slip in r.case.slip.split("+"))
    first = Counter(slip for r in results if r.verdict == "first" and r.case.slip for slip in r.case.slip.split("+"))
    parts += [f"| `{slip}` | {meaning} | {met[slip]} | {first[slip]} |" for slip, meaning in SLIPS.items()]
    parts += ["", "## Functions", "", "| function | answers | first | beside another | unnamed | misnamed |"]
    parts += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    for function in dict.fromkeys(r.case.function for r in results):
        own = Counter(r.verdict for r in results if r.case.function is function)
        counts = " | ".join(str(own[kind]) for kind in ("first", "beside", "unnamed", "misnamed"))
        parts.append(f"| `{_body(function)}` | {own.total()} | {counts} |")
    parts += ["", "## Examples", "", "The first answer with each slip, and the last line of what is said of it.", ""]
    parts += ["| slip | function | answer | hint |", "| --- | --- | --- | --- |"]
    for slip in SLIPS:
        one = next((r for r in results if r.case.slip == slip and r.verdict == "first"), None)
        if one is not None:
            hint = one.said.hint.splitlines()[1] if "\n" in one.said.hint else one.said.hint
            parts.append(f"| `{slip}` | `{_body(one.case.function)}` | {_answer(one.case.answer)} | {cell(hint)} |")
    return "\n".join(parts) + "\n"


def summary(results: Iterable[Any], right: int, refused: int) -> list[str]:
    """The figures that were asked for."""
    results = list(results)
    named = [r for r in results if r.case.slip is not None]
    nameless = [r for r in results if r.case.slip is None]
    count = Counter(r.verdict for r in named)
    functions = len({r.case.function for r in results})

    def share(kind: str) -> str:
        return f"{count[kind]} ({100 * count[kind] / len(named):.1f} %)"

    return [
        f"| {functions} functions, {len(named)} wrong answers with a slip | |",
        "| --- | ---: |",
        f"| the slip that was made is named first | {share('first')} |",
        f"| it is named beside another one that gives the same | {share('beside')} |",
        f"| no slip is named | {share('unnamed')} |",
        f"| only other slips are named, or the answer passes | {share('misnamed')} |",
        f"| of {len(nameless)} wrong answers without a slip get a name | {sum(r.said.mistake is not None for r in nameless)} |",
        f"| of {right} right answers in unusual forms are refused | {refused} |",
    ]


def _body(function: Callable) -> str:
    """A function in one line: `y = x**2; z = sin(y); return z`."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()[1:]
    return cell("; ".join(line.strip() for line in lines))


def _answer(answer: Any) -> str:
    if isinstance(answer, dict):
        return ", ".join(f"{key}: {_answer(part)}" for key, part in answer.items())
    if isinstance(answer, tuple):
        return ", ".join(map(_answer, answer))
    return f"`{cell(_expression(answer) if callable(answer) else str(answer))}`"


def _expression(function: Callable) -> str:
    """The body of a lambda, from where its code says that it stands."""
    code = getattr(function, "__code__", None)
    if code is None or function.__name__ != "<lambda>":
        return getattr(function, "__name__", repr(function))
    lines, _ = inspect.findsource(function)
    places = [
        place for place in code.co_positions() if None not in place and place[3] > place[2] or place[0] != place[1]
    ]
    places = [place for place in places if None not in place and place[3] > 0]
    start = min((row, column) for row, _, column, _ in places)  # pyright: ignore
    end = max((row, column) for _, row, _, column in places)  # pyright: ignore
    text = "".join(lines[start[0] - 1 : end[0]]).encode()
    last = sum(len(line.encode()) for line in lines[start[0] - 1 : end[0] - 1]) + end[1]
    return " ".join(text[start[1] : last].decode().split())


def main() -> int:
    return write_or_check(page(), PAGE, __doc__)


if __name__ == "__main__":
    raise SystemExit(main())
