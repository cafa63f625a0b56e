"""The gradient by hand, by SymPy and by autograd: the same number, step by step, and why when it is not."""

from .errors import InputError, LessonError, ManualError, OutputError
from .run import record

__all__ = ["InputError", "LessonError", "ManualError", "OutputError", "record"]
