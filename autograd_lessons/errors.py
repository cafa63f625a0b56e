"""The errors that the package raises itself; each says what was wrong, where, and what to type instead."""


class LessonError(Exception):
    """What every error of this package is; an error of the learner's own function is never turned into one."""


class InputError(LessonError, ValueError):
    """An input is missing, unknown, or cannot be differentiated."""


class OutputError(LessonError, ValueError):
    """The function returned something that has no single gradient."""


class ManualError(LessonError, ValueError):
    """A hand-written gradient cannot be matched to the recorded run."""


class FormulaError(LessonError, ValueError):
    """A typed formula cannot be read, or can be read in two ways.

    `.text` is what was typed, `.start` and `.end` are the columns that are at fault, `.wrong` says what is wrong,
    and `.instead` holds what to type instead; where there are two readings, each of them.
    """

    def __init__(self, text: str, start: int, end: int, wrong: str, instead: tuple[str, ...] = ()):
        super().__init__(text, start, end, wrong, instead)
        self.text, self.start, self.end, self.wrong, self.instead = text, start, end, wrong, instead

    def __str__(self) -> str:
        from .formula.pointing import pointed

        said = self.wrong
        if self.instead:
            verb = "" if said.endswith(":") else " Type" if said.endswith((".", "?")) else " type"
            said += f"{verb} {' or '.join(self.instead)}"
        return f"{pointed(self.text, self.start, self.end)}\n{said}"
