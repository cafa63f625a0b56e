"""What a notebook is given of an explorer: the live widget, and beside it the still picture and the text that stay when it is saved."""

from __future__ import annotations

from typing import Any


class Twinned:
    """A subclass has a `widget`, draws the same as one SVG in `still()`, and says the same as text in its `repr`."""

    widget: Any

    def still(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        return {
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2, "version_minor": 0, "model_id": self.widget.model_id,
            },
            "image/svg+xml": self.still(),
            "text/plain": repr(self),
        }  # fmt: skip
