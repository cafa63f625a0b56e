"""The gradient by hand, by SymPy and by autograd: the same number, step by step, and why when it is not."""

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
