"""`recording`: write down what PyTorch does in any block of code, and say what went wrong in it."""

from __future__ import annotations

import ast
import linecache
import sys
import types

from .clinic import explain
from .frames import learners_traceback
from .recorder import Recorder
from .session import Session
from .source import Block
from .tape import Tape

#: shared by every recorded block of this process: a tensor made in an earlier one keeps its name and its history
session = Session()


class recording:
    """Record a block of code: `with al.recording() as tape:`. When the block has ended, `tape` holds what it did.

    The code runs as it would without us. An exception goes on its way unchanged, with the clinic's explanation as a note.

    >>> import torch, autograd_lessons as al
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> with al.recording() as tape:
    ...     y = x**2
    ...     y.backward()
    >>> [change.kind for change in tape.lives[0].changes], x.grad
    (['filled'], tensor(6.))
    """

    def __enter__(self) -> Tape:
        frame = sys._getframe(1)
        self._recorder = Recorder(frame, session)
        self._recorder.tape.block = _with_statement(frame)
        self._recorder.__enter__()
        return self._recorder.tape

    def __exit__(self, kind, error, traceback) -> None:
        self._recorder.__exit__(kind, error, traceback)
        tape = self._recorder.finish(error=error)
        self._recorder.let_go()
        explain(tape)
        if error is not None:
            error.with_traceback(learners_traceback(error))


def _with_statement(frame: types.FrameType) -> Block | None:
    """The lines of the `with` block that a frame is entering; None for code without source."""
    file, line = frame.f_code.co_filename, frame.f_lineno
    try:
        tree = ast.parse("".join(linecache.getlines(file, frame.f_globals)))
    except SyntaxError:
        return None
    around = [
        (node.body[0].lineno, node.end_lineno or line)
        for node in ast.walk(tree)
        if isinstance(node, ast.With) and node.lineno <= line <= node.body[0].lineno
    ]
    return Block(file, *max(around)) if around else None
