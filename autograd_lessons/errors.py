"""The errors that the package raises itself; each says what was wrong, where, and what to type instead."""


class LessonError(Exception):
    """What every error of this package is; an error of the learner's own function is never turned into one."""


class InputError(LessonError, ValueError):
    """An input is missing, unknown, or cannot be differentiated."""


class OutputError(LessonError, ValueError):
    """The function returned something that has no single gradient."""


class ManualError(LessonError, ValueError):
    """A hand-written gradient cannot be matched to the recorded run."""
