"""Write docs/clinic.md: every case of the clinic's corpus, what PyTorch does with it, and what the clinic says.

python tools/clinic.py           write the page
python tools/clinic.py --check   exit 1 if the page is not what would be written
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "clinic.md"
sys.path.insert(0, str(ROOT))

from tools.pages import cell, code, write_or_check  # noqa: E402

INTRODUCTION = """# The clinic

When code that is recorded (`%%autograd`, `al.recording()`, `al.record`, `al.explore`) raises, or does something wrong in
silence, the clinic says which line and which tensor it was, why, and the smallest change that mends it. It finds the
cause on the tape of what really happened; PyTorch's own message stays as it is.

This page is made by `make docs` from the corpus in `tests/clinic_cases.py`. The tests run each case on plain PyTorch
and recorded: same values, warnings and errors, and the right cause, line and tensor. They also run {correct} correct cells,
of which the clinic says nothing.

In code: `tape.findings` is a tuple, and each finding has `.cause`, `.raised`, `.line`, `.name`, `.lines` and `.text`.
"""


def finding_of(shell: Any, code: str) -> Any:
    """What the clinic says first of a cell, run as it stands under the magic."""
    import torch

    there = set(shell.user_ns)
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with quiet[0], quiet[1], warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shell.run_cell(f"%%autograd -q tape\n{code}")
        found = shell.user_ns["tape"].findings[0]
    for name in set(shell.user_ns) - there:  # as %reset does, which collects garbage twice and so takes half a second
        del shell.user_ns[name]
    torch.set_grad_enabled(True)  # a case may have left it off
    return found


def page() -> str:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from tests.clinic_cases import CASES, CAUSES, CORRECT

    shell = InteractiveShell.instance(config=Config(HistoryManager=Config(enabled=False)))
    shell.run_line_magic("load_ext", "autograd_lessons")
    parts = [INTRODUCTION.format(correct=len(CORRECT)), "| cause | what it is | cases |", "| --- | --- | --- |"]
    for cause, meaning in CAUSES.items():
        count = sum(case.cause == cause for case in CASES)
        parts.append(f"| [`{cause}`](#{cause}) | {meaning} | {count} |")
    for cause, meaning in CAUSES.items():
        cases = [case for case in CASES if case.cause == cause]
        said = {case: finding_of(shell, case.code) for case in cases}
        first = cases[0]
        parts += [
            "",
            f"## {cause}",
            "",
            f"{meaning[0].upper()}{meaning[1:]}.",
            "",
            "```python",
            first.code.rstrip(),
            "```",
        ]
        parts += ["", f"PyTorch: {_does(first)}", "", "```text", said[first].text, "```", ""]
        parts += ["| case | PyTorch | the clinic points at | and says |", "| --- | --- | --- | --- |"]
        for case in cases:
            line = case.code.splitlines()[case.line - 1].strip()
            mend = said[case].lines[-1]
            parts.append(f"| {case.name.replace('_', ' ')} | {_does(case)} | {code(line)} | {cell(mend)} |")
    return "\n".join(parts) + "\n"


def _does(case: Any) -> str:
    if case.raises:
        return f"raises {case.raises}"
    warned = f"warns: {cell(case.warns[0])}…" if case.warns else "is silent"
    return f"{warned}, and {code(case.gives)}" if case.gives else warned


def main() -> int:
    return write_or_check(page(), PAGE, __doc__)


if __name__ == "__main__":
    raise SystemExit(main())
