"""What `%%autograd` shows below a cell."""

from __future__ import annotations

from .tape import Tape


class BlockExplorer:
    """Steps through a recorded block."""

    def __init__(self, tape: Tape, grain: str):
        self.tape, self.grain = tape, grain

    def __repr__(self) -> str:
        return repr(self.tape)
