"""The gradient by hand, by SymPy and by autograd: the same number, step by step, and why when it is not.

Where to find what; each module's first line says its idea, and none imports another in a circle.

What was said wrong
    errors
Ordinary PyTorch code is recorded
    run recording recorder writer inputs modules returned calls replay frames source naming trail session engine earlier
What a record holds, and how much of it is shown
    tape values elements life plan grains slopes sections loops statements
What an operation is in SymPy
    rules functions lookup branches moves forms
The gradient by SymPy: formulas, their numbers, 50 digits
    derivation program programs translation formulas local_formulas evaluation exact exact_run tidying notation
A formula as text
    formula typed
Routes side by side, and why they differ
    comparison manual written finite_difference accuracy reasons report
A learner's answer, and the slip behind a wrong one
    checking exercises prediction
Why code raised, or went wrong in silence
    clinic
Pictures, as HTML and SVG
    views curves figures
Sliders, buttons and cell magic around them
    explorer stepper sliders folds blocks magic playground stability descent twin export
What the lessons are about
    lessons gallery
"""

import importlib
from typing import TYPE_CHECKING

from .errors import FormulaError, InputError, LessonError, ManualError, OutputError
from .recording import recording
from .run import record

if TYPE_CHECKING:
    from . import lessons
    from .checking import check
    from .comparison import compare
    from .derivation import derive
    from .explorer import explore
    from .formula import parse

__all__ = [
    "FormulaError",
    "InputError",
    "LessonError",
    "ManualError",
    "OutputError",
    "check",
    "compare",
    "derive",
    "explore",
    "lessons",
    "parse",
    "record",
    "recording",
]

_LATER = {
    "check": "checking",
    "compare": "comparison",
    "derive": "derivation",
    "explore": "explorer",
    "parse": "formula",
}  # SymPy and ipywidgets wait until then


def __getattr__(name: str):
    if name == "lessons":
        return importlib.import_module(".lessons", __name__)
    if name in _LATER:
        return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell) -> None:
    """`%load_ext autograd_lessons` brings the cell magic `%%autograd`."""
    from .magic import Magic

    shell.register_magics(Magic)


def __dir__() -> list[str]:
    return __all__
