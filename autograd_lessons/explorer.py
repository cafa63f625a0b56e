"""The explorer: sliders and buttons around one recorded run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as widgets
import torch

from .checking.points import Point, choose
from .clinic import Finding, explain
from .comparison import Comparison
from .curves import Curve, Tracer
from .derivation import Derivation
from .elements import changed_at, copy_of
from .errors import InputError, LessonError
from .finite_difference import checked_step
from .grains import GRAINS
from .inputs import Inputs, gather, shortened
from .run import attempt
from .sliders import Sliders, are_ends, classed, show
from .stepper import WRAP, Stepper, choice
from .tape import Tape
from .typed import as_function, as_manual
from .views import ledger, picture
from .views.stages import Scene, stages

FEW_TRIES = 12  # to find other points for a predicted formula: a learner waits
MOST_COMPARED = 2_000  # steps that are compared again at each move of a slider: of more when it is asked for
_DTYPES = {"float32": torch.float32, "float64": torch.float64}


def explore(
    function: Callable | str,
    /,
    manual: Any = None,
    *,
    inputs: Mapping[str, Any] | None = None,
    wrt: Iterable[str] | str | None = None,
    dtype: torch.dtype | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    grain: str = "variables",
    finite_difference_step: float | None = None,
    **given: Any,
) -> Explorer:
    """Sliders for every input of `function`, and linked views of what PyTorch does at the point that they choose.

    `ranges={"x": (-3, 3)}` sets a slider's ends; `grain` is "variables" or "operations"; the other options are those of
    `compare`. Raises `InputError` for unsuitable inputs; once it stands, moving an input raises nothing.
    """
    manual = as_manual(manual, given, inputs)
    function = as_function(function, given, inputs, complete=False)
    gathered = gather(function, given, inputs, wrt, dtype, missing=1.0)
    if grain not in GRAINS:
        raise InputError(f"grain={grain!r}: it is one of {', '.join(GRAINS)}")
    unknown = [name for name in ranges or {} if name not in gathered.arguments]
    if unknown:
        raise InputError(
            f"ranges names {unknown[0]!r}, which is no input. The inputs are: {', '.join(gathered.arguments)}."
        )
    for name, ends in (ranges or {}).items():
        if not are_ends(ends):
            raise InputError(f"ranges[{name!r}] is {ends}: it takes two finite numbers, the smaller one first.")
    if finite_difference_step is not None:
        checked_step(finite_difference_step, gathered)
    return Explorer(function, manual, gathered, dict(ranges or {}), grain, finite_difference_step)


class Explorer(Stepper):
    """An explorer of one function. `.set(x=2.0)` moves inputs; `.step`, `.html` and `.save` are those of every explorer."""

    def __init__(
        self,
        function: Callable,
        manual: Any,
        inputs: Inputs,
        ranges: Mapping,
        grain: str,
        finite_difference_step: float | None,
    ):
        super().__init__(grain)
        self.function, self.manual = function, manual
        self._inputs, self._ranges, self._h = inputs, ranges, finite_difference_step
        self._tracer = Tracer(function)
        self._tape: Tape | None = None
        self._derivation: Derivation | None = None
        self._comparison: Comparison | None = None
        self._curve: Curve | None = None
        self._trouble = ""
        self._error: BaseException | None = None
        self._findings: tuple[Finding, ...] = ()
        self._build()
        self._recompute()

    # ------------------------------------------------------------------ what code may ask for
    @property
    def tape(self) -> Tape | None:
        """The run on screen; None where the function raised."""
        return self._tape

    @property
    def comparison(self) -> Comparison | None:
        """The routes of the run on screen; None where the function raised or the manual gradient does not fit."""
        if self._comparison is None and self._waits:
            self._compare()
            show(self._compare_button, False)
            self._draw()
        return self._comparison

    def set(self, **inputs: float) -> Explorer:
        """Move inputs by name (a vector's element by number list); the stage stays. Raises `InputError` for an unknown name."""
        arguments = dict(self._inputs.arguments)
        for name, value in inputs.items():
            if name not in arguments:
                raise InputError(f"There is no input {name!r}. The inputs are: {', '.join(arguments)}.")
            old = arguments[name]
            if isinstance(old, torch.Tensor):
                try:
                    value = copy_of(torch.as_tensor(value, dtype=old.dtype))
                except (TypeError, ValueError, RuntimeError, OverflowError):
                    raise InputError(f"{name}={shortened(value)}: it takes a number or a list of numbers.") from None
                if value.shape != old.shape:
                    raise InputError(
                        f"{name} has the shape {tuple(value.shape)} and had {tuple(old.shape)}. A new shape needs a new explore."
                    )
            arguments[name] = value
        self._inputs = Inputs(arguments, self._inputs.wrt, self._inputs.dtype)
        self._sliders.show(self._inputs)
        self._recompute()
        return self

    @property
    def title(self) -> str:
        """What the exported page is called."""
        return f"{getattr(self.function, '__name__', 'function')}, forward and backward"

    @property
    def given(self) -> str:
        """The inputs on screen in one line."""
        return ledger.listed(self._inputs.arguments)

    def scene(self, at: int | None = None) -> Scene | None:
        """The run at a stage (default: the one on screen), for the views; None where the function raised."""
        if self._tape is None or self._derivation is None or not self._stages:
            return None
        at = self.step - 1 if at is None else at
        return Scene(
            self._tape,
            self._derivation,
            self._comparison,
            self._sight(self._tape),
            self._stages,
            min(at, len(self._stages) - 1),
            self._prediction.seen(self._stages),
        )

    def draw(self, at: int | None = None) -> str:
        """The picture at a stage as HTML."""
        scene = self.scene(at)
        if scene is None:
            error = self._error or RuntimeError("nothing was recorded")
            return picture.trouble(_source(self.function), self.given, error, self._findings, self._uid)
        return picture.html(scene, self._curve, self._uid, self._trouble)

    # ------------------------------------------------------------------ computing
    def _recompute(self) -> None:
        self._error, self._trouble, self._findings, self._waits = None, "", (), False
        try:
            self._tape = tape = attempt(self.function, self._inputs)
            explain(tape)
            self._findings = tape.findings
            if tape.error is not None:
                raise tape.error
            tape.target  # noqa: B018 (raises OutputError where there is no single tensor)
            self._derivation = Derivation(self._tape)
            found = stages(self._tape, self._sight(self._tape))
        except Exception as error:  # whatever the learner's function raises is shown, not raised
            self._tape = self._derivation = self._comparison = None
            self._error, found = error, self._stages
        else:
            self._comparison, self._waits = None, len(tape.steps) > MOST_COMPARED
            if self._waits:
                self._trouble = f"To compare {len(tape.steps):,} steps takes some seconds: press Compare."
            else:
                self._compare()
            self._curve = self._trace()
        show(self._compare_button, self._waits)
        self._show_folds(self._tape)
        self._show(found)

    def _compare(self) -> None:
        self._waits, self._trouble = False, ""
        assert self._tape is not None and self._derivation is not None
        try:
            self._comparison = Comparison(self._tape, self._inputs, self._derivation, self.manual, self._h)
        except LessonError as error:
            self._comparison, self._trouble = None, str(error)
        except Exception as error:  # a learner moves a slider: nothing may raise then
            self._comparison, self._trouble = None, f"No comparison here: {type(error).__name__}: {error}"

    def _trace(self) -> Curve | None:
        chosen = self._wrt.value
        if chosen is None or self._tape is None or self._derivation is None:
            return None
        name, element = chosen
        program, ends = self._derivation.kept, self._sliders.ends(name, element or 0)
        return self._tracer.curve(self._tape, program, self._inputs, name, element, ends)

    def _elsewhere(self) -> list[Point]:
        """Points like those at which `check` tries an answer, chosen once for a run."""
        assert self._tape is not None
        if "elsewhere" not in self._tape.cache:
            names = frozenset(self._inputs.arguments)
            try:
                chosen = choose(self.function, self._inputs, names, frozenset(), FEW_TRIES)
            except Exception:  # a function that cannot be run elsewhere is asked about here only
                chosen = []
            self._tape.cache["elsewhere"] = [point for point in chosen if not point.given]
        return self._tape.cache["elsewhere"]

    # ------------------------------------------------------------------ widgets
    def _build(self) -> None:
        self._sliders = Sliders(self._inputs, self._ranges, self._moved)
        choices = self._sliders.choices
        dtype = next(
            key for key, kind in {**_DTYPES, "as given": self._inputs.dtype}.items() if kind == self._inputs.dtype
        )
        self._dtype = classed(choice("dtype", [*_DTYPES, *([] if dtype in _DTYPES else [dtype])], dtype), "al-dtype")
        differentiated = [each for each in choices if each[1][0] in self._inputs.wrt] or choices
        self._wrt = classed(
            choice("curve over", differentiated, differentiated[0][1] if differentiated else None), "al-wrt"
        )
        self._compare_button = classed(widgets.Button(description="Compare"), "al-compare")
        self._compare_button.on_click(lambda _: self.comparison)
        self._dtype.observe(lambda change: self._change_dtype(change["new"]), "value")
        self._wrt.observe(lambda _: self._change_curve(), "value")
        rows = [
            classed(widgets.Box(self._sliders.rows, layout=WRAP), "al-inputs"),
            widgets.Box(
                [
                    self._dtype,
                    self._grain,
                    self._wrt,
                    self._prediction.switch,
                    self._folds.widget,
                    self._compare_button,
                ],
                layout=WRAP,
            ),
            self.controls,
            self._prediction.widget,
            self.picture,
        ]
        self.widget = classed(widgets.VBox(rows, layout=widgets.Layout(width="100%")), "al-explorer")

    def _moved(self, name: str, element: int, value: float) -> None:
        tensor = changed_at(self._inputs.arguments[name], element, value)
        self._inputs = Inputs(self._inputs.arguments | {name: tensor}, self._inputs.wrt, self._inputs.dtype)
        self._sliders.show(self._inputs)
        self._recompute()

    def _change_dtype(self, name: str) -> None:
        if name in _DTYPES:
            self._inputs = self._inputs.to(_DTYPES[name])
            self._sliders.show(self._inputs)
            self._recompute()

    def _change_curve(self) -> None:
        self._curve = self._trace()
        self._draw()

    # ------------------------------------------------------------------ showing
    def still(self) -> str:
        """The picture as one SVG that needs no kernel."""
        scene = self.scene()
        if scene is None:
            return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>'
        return picture.still(scene, self._curve)

    def __repr__(self) -> str:
        scene = self.scene()
        if scene is None:
            told = [line for finding in self._findings for line in finding.lines]
            return "\n".join([f"{type(self._error).__name__}: {self._error}", *told])
        return ledger.text(scene)


def _source(function: Callable) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""
