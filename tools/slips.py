"""Write docs/slips.md: every slip that `check` knows, and what it says of the answers that were written by hand.

python tools/slips.py           write the page
python tools/slips.py --check   exit 1 if the page is not what would be written
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "slips.md"
sys.path.insert(0, str(ROOT))

from tools.pages import cell, write_or_check  # noqa: E402

INTRODUCTION = """# The slips

`al.check(answer, function)` tries a hand-made derivative at many points. Where it is wrong, `.mistake` is the slip behind
it, found by making every slip on the recorded run's own chain rule and comparing numbers; `.hint` says it with the
learner's own names. Two slips made together are joined by a plus sign, and named only where both are common. `.mistakes`
lists all that give the same numbers on this function: these cannot be told apart. An answer that no likely slip explains
has the mistake `None`, and `.hint` says so.

This page is made by `make docs` from answers that were written by hand, the way a learner writes them; the tests hold its
figures.

## How often the name is right
"""

COLLECTIONS = """
A figure says what to expect on other answers only where the program was not tuned on them: at **first sight**, when it
was tried on a collection that once. *Now* is after that, when the slips had been improved on the collection, too: it says
what is known.

* **open**: `tests/slip_cases.py` and `tests/more_slip_cases.py`. The slips were improved on these from the beginning.
* **held out**: `tests/held_out_cases.py`, other functions, worked out on paper from the table of slips below before the
  program was tried on them.
* **set aside**: `tests/sealed_cases.py`, every fifth function of those written together with the held-out ones. First sight
  was after the improvements on these.
* **set aside again**: `tests/sealed_again_cases.py`, other functions, written down before the slips were improved on the
  set aside, though by the same hand. First sight was after that, and no slip was changed for what it showed. **This is what
  to expect: {first} have the right name first, {unnamed} none, {misnamed} only another one.**

Two descriptions may give the same formula. Of the held-out answers {held_out}, and of those set aside {sealed}, had been
expected with one of two such names; the rows with *the other name* count both as right. Those set aside again were written
down with both from the first, so that they compare with these rows. One of the right answers refused at first sight had
been calculated wrong.

What was said at first sight stands in `tests/collections/`, and is not written again.
"""


def page() -> str:
    from autograd_lessons.checking.slips import SLIPS
    from tests import slip_results as said

    columns = {
        "open: now": said.now("open"),
        "held out: first sight": said.at_first_sight("held_out"),
        "held out: now": said.now("held_out"),
        "set aside: first sight": said.at_first_sight("sealed"),
        "set aside: now": said.now("sealed"),
        "set aside again: first sight": said.at_first_sight("sealed_again"),
    }
    results = columns["open: now"].results
    quoted = dict(_figures(columns["set aside again: first sight"]))
    parts = [INTRODUCTION, *summary(columns)]
    corrected = {name: said.corrections(name) for name in ("held_out", "sealed")}
    parts.append(
        COLLECTIONS.format(first=quoted[FIRST], unnamed=quoted[UNNAMED], misnamed=quoted[MISNAMED], **corrected)
    )
    parts += ["## Slips", "", "| slip | what it is | open answers | named first |", "| --- | --- | ---: | ---: |"]
    met = Counter(slip for r in results if r.case.slip for slip in r.case.slip.split("+"))
    first = Counter(slip for r in results if r.verdict == "first" and r.case.slip for slip in r.case.slip.split("+"))
    parts += [f"| `{slip}` | {meaning} | {met[slip]} | {first[slip]} |" for slip, meaning in SLIPS.items()]
    parts += ["", "## Not named first at first sight", "", "With what was expected then.", ""]
    parts += ["| function | answer | slip | named |", "| --- | --- | --- | --- |"]
    first_sights = [seen for name, seen in columns.items() if name.endswith("first sight")]
    parts += [_missed(r) for seen in first_sights for r in seen.results if r.case.slip and r.verdict != "first"]
    parts += ["", "## Functions", "", "| function | answers | first | beside another | unnamed | misnamed |"]
    parts += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name in ("open: now", "held out: now", "set aside: now"):
        parts += _by_function(columns[name].results)
    parts += ["", "## Examples", "", "The first answer with each slip, and the last line of what is said of it.", ""]
    parts += ["| slip | function | answer | hint |", "| --- | --- | --- | --- |"]
    for slip in SLIPS:
        one = next((r for r in results if r.case.slip == slip and r.verdict == "first"), None)
        if one is not None:
            hint = one.hint.splitlines()[1] if "\n" in one.hint else one.hint
            parts.append(f"| `{slip}` | `{_body(one.case.function)}` | {_answer(one.case.answer)} | {cell(hint)} |")
    return "\n".join(parts) + "\n"


FIRST = "the slip that was made is named first"
UNNAMED = "no slip is named"
MISNAMED = "only other slips are named, or the answer passes"


def summary(columns: Mapping[str, Any]) -> list[str]:
    """The figures that were asked for, one column for each collection at one time."""
    rows = [_figures(seen) for seen in columns.values()]
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    return lines + [f"| {cells[0][0]} | {' | '.join(figure for _, figure in cells)} |" for cells in zip(*rows)]


def _figures(seen: Any) -> list[tuple[str, str]]:
    named = [r for r in seen.results if r.case.slip is not None]
    nameless = [r for r in seen.results if r.case.slip is None]
    count = Counter(r.verdict for r in named)
    either = Counter(r.verdict for r in seen.either if r.case.slip is not None)

    def share(kind: str, counted: Counter = count) -> str:
        return f"{counted[kind]} ({100 * counted[kind] / len(named):.1f} %)"

    return [
        ("functions", str(len({r.case.function for r in seen.results}))),
        ("wrong answers with a slip", str(len(named))),
        (FIRST, share("first")),
        ("… or the other name for the same formula", share("first", either)),
        ("it is named beside another one that gives the same", share("beside")),
        (UNNAMED, share("unnamed")),
        (MISNAMED, share("misnamed")),
        ("… and not the other name for the same formula", share("misnamed", either)),
        (
            "wrong answers without a slip that get a name",
            f"{sum(bool(r.mistakes) for r in nameless)} of {len(nameless)}",
        ),
        ("right answers in unusual forms that are refused", f"{seen.refused} of {seen.right}"),
    ]


def _missed(result: Any) -> str:
    made = " or ".join(f"`{slip}`" for slip in result.case.expected)
    named = ", ".join(f"`{slip}`" for slip in result.mistakes) or ("passes" if result.correct else "–")
    return f"| `{_body(result.case.function)}` | {_answer(result.case.answer)} | {made} | {named} |"


def _by_function(results: Iterable[Any]) -> Iterator[str]:
    counts: dict[Callable | str, Counter] = {}
    for r in results:
        counts.setdefault(r.case.function, Counter())[r.verdict if r.case.slip else "nameless"] += 1
    for function, own in counts.items():
        cells = " | ".join(str(own[kind]) for kind in ("first", "beside", "unnamed", "misnamed"))
        yield f"| `{_body(function)}` | {own.total() - own['nameless']} | {cells} |"


def _body(function: Callable | str) -> str:
    """A function in one line: `y = x**2; z = sin(y); return z`; a typed formula as it is."""
    if isinstance(function, str):
        return cell(function)
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()[1:]
    return cell("; ".join(line.strip() for line in lines))


def _answer(answer: Any) -> str:
    if isinstance(answer, dict):
        return ", ".join(f"{key}: {_answer(part)}" for key, part in answer.items())
    if isinstance(answer, tuple):
        return ", ".join(map(_answer, answer))
    return f"`{cell(_expression(answer) if callable(answer) else str(answer))}`"


def _expression(function: Callable) -> str:
    """The body of a lambda as it was typed."""
    code = getattr(function, "__code__", None)
    if code is None or function.__name__ != "<lambda>":
        return getattr(function, "__name__", repr(function))
    source, lambdas = _lambdas(inspect.getsourcefile(function) or "")
    here = [node.body for node in lambdas if node.lineno == code.co_firstlineno]
    places = [(row, column) for row, _, column, end in code.co_positions() if end]
    inside = [body for body in here if any(_start(body) <= place < _end(body) for place in places)]
    if not inside:  # Python 3.12 gives a constant no place
        inside = [body for body in here if compile(ast.Expression(body), "", "eval").co_consts == code.co_consts[-1:]]
    return " ".join((ast.get_source_segment(source, inside[0]) or "").split())


@functools.cache
def _lambdas(file: str) -> tuple[str, list[ast.Lambda]]:
    source = Path(file).read_text(encoding="utf-8")
    return source, [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Lambda)]


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def main() -> int:
    return write_or_check(page(), PAGE, __doc__)


if __name__ == "__main__":
    raise SystemExit(main())
