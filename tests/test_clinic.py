"""The clinic explains every case of the corpus, says nothing of the correct cells, and changes nothing that the learner sees."""

import contextlib
import functools
import itertools
import linecache
import timeit
import warnings
from textwrap import dedent, indent

import pytest
import torch

import autograd_lessons as al
from autograd_lessons import lessons
from autograd_lessons.blocks import BlockExplorer
from autograd_lessons.clinic import findings
from autograd_lessons.clinic.diagnosis import SILENT, diagnose
from autograd_lessons.clinic.evidence import Evidence

from .clinic_cases import CASES, CORRECT, run_plain

HEAD = "import autograd_lessons as al\nwith al.recording() as tape:\n"
SHIFT = HEAD.count("\n")  # a recorded cell's lines stand so much further down

CELLS = [(case.name, case.code) for case in CASES] + list(CORRECT)

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_correct = pytest.mark.parametrize("code", [code for _, code in CORRECT], ids=[name for name, _ in CORRECT])
each_cell = pytest.mark.parametrize("code", [code for _, code in CELLS], ids=[name for name, _ in CELLS])


plain = functools.cache(run_plain)


@functools.cache
def recorded(code):
    plain(code)  # first: what PyTorch says only once in a process, it says there
    return run_plain(HEAD + indent(code, "    "))


def tape_of(code):
    return recorded(dedent(code).strip("\n") + "\n").namespace["tape"]


def only(tape):
    [finding] = diagnose(tape)
    return finding


# ---------------------------------------------------------------- the corpus
@each_case
def test_first_finding_names_cause_line_and_tensor(case):
    first, *_ = diagnose(recorded(case.code).namespace["tape"])
    assert first.cause == case.cause
    assert first.line == case.line + SHIFT
    assert case.tensor in (None, first.name)
    assert first.raised == (case.raises is not None)


@each_case
def test_text_is_short_and_ends_with_what_to_change(case):
    for finding in diagnose(recorded(case.code).namespace["tape"]):
        assert 2 <= len(finding.lines) <= 5
        assert max(map(len, finding.lines)) <= 100
        assert finding.lines[0].startswith(f"line {finding.line}: ")
        assert finding.lines[-1].startswith("Change: ")
        assert "unnamed" not in finding.text and "!" not in finding.text and "None'" not in finding.text


@each_correct
def test_correct_cell_gets_no_finding(code):
    assert diagnose(recorded(code).namespace["tape"]) == ()


@each_cell
def test_a_detector_finds_nothing_where_none_of_its_signs_is_on_the_tape(code):
    evidence = Evidence(recorded(code).namespace["tape"])
    for detector, needed in SILENT.items():
        if not evidence.raised and evidence.signs.isdisjoint(needed):
            assert list(detector(evidence)) == []


@each_case
def test_text_is_the_same_from_run_to_run(case):
    again = run_plain(HEAD + indent(case.code, "    ")).namespace["tape"]
    assert [f.text for f in diagnose(again)] == [f.text for f in diagnose(recorded(case.code).namespace["tape"])]


# ---------------------------------------------------------------- what the learner sees is what plain PyTorch shows
def shown(outcome, shift=0):
    return [
        (w.category, str(w.message), w.lineno - shift if w.filename.startswith("<clinic") else (w.filename, w.lineno))
        for w in outcome.shown
        if not issubclass(w.category, DeprecationWarning)  # of imports, shown to whoever comes first
    ]


@each_cell
def test_recording_changes_no_error_no_warning_no_output(code):
    mine, theirs = recorded(code), plain(code)
    assert type(mine.error) is type(theirs.error)
    assert str(mine.error) == str(theirs.error)
    assert shown(mine, SHIFT) == shown(theirs)
    assert mine.stdout == theirs.stdout


SHORT = 12  # steps: drawing a whole training takes a second, and tests/browser draws some


@each_cell
@pytest.mark.filterwarnings("ignore:Using a target size")  # what the recorded cell has warned of already
def test_what_stands_below_a_short_cell_can_be_drawn(code):
    tape = recorded(code).namespace["tape"]
    if 0 < len(tape.steps) <= SHORT:
        explorer = BlockExplorer(tape, "variables")
        assert repr(explorer) and "al-panel" in explorer.html


@each_cell
def test_recording_changes_no_value_and_no_gradient(code):
    mine, theirs = recorded(code).namespace, plain(code).namespace
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # .grad of what is no leaf
        for name, value in theirs.items():
            if isinstance(value, torch.Tensor):
                same(mine[name], value)
            if isinstance(value, torch.nn.Module):
                for one, other in zip(mine[name].parameters(), value.parameters()):
                    same(one, other)


def same(mine, theirs):
    assert (mine.requires_grad, mine.is_leaf, mine.dtype) == (theirs.requires_grad, theirs.is_leaf, theirs.dtype)
    torch.testing.assert_close(mine.detach(), theirs.detach(), rtol=0, atol=0, equal_nan=True)
    assert (mine.grad is None) == (theirs.grad is None)
    if theirs.grad is not None:
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=0, atol=0, equal_nan=True)


# ---------------------------------------------------------------- where the explanation stands
def test_explanation_is_a_note_beside_the_exception():
    error = recorded("import torch\nx = torch.tensor(3.0)\ny = x**2\ny.backward()\n").error
    [note] = error.__notes__
    assert note.startswith("line 4: x = torch.tensor(3.0)\n")
    assert note.splitlines()[-1].startswith("Change: ")


def test_silent_finding_is_no_note_but_stands_on_the_tape():
    outcome = recorded("import torch\nx = torch.tensor(0.0, requires_grad=True)\ntorch.relu(x).backward()\n")
    [finding] = outcome.namespace["tape"].findings
    assert (outcome.error, finding.cause) == (None, "kink")


def test_printed_tape_ends_with_what_is_wrong():
    tape = tape_of("import torch\nx = torch.tensor(0.0, requires_grad=True)\ntorch.relu(x).backward()\n")
    assert repr(tape).endswith("\n\n" + tape.findings[0].text)


def detached(w):
    h = torch.tanh(w).detach()
    return (h**2).backward()


def indexed(w):
    position = w.argmax()
    position.float().backward()


def square_root(x):
    return torch.sqrt(x)


@pytest.mark.parametrize(
    ("function", "inputs", "cause", "line", "name"),
    [
        (detached, {"w": 0.5}, "cut_by_detach", 1, "h"),
        (indexed, {"w": torch.tensor([1.0, 2.0])}, "not_differentiable", 1, "position"),
    ],
)
def test_recorded_function_that_raises_is_explained_in_a_note(function, inputs, cause, line, name):
    with pytest.raises(RuntimeError, match="does not require grad") as caught:
        al.record(function, **inputs)
    [note] = caught.value.__notes__
    assert note.startswith(f"line {function.__code__.co_firstlineno + line}: ")
    assert name in note


def test_recorded_function_that_goes_wrong_in_silence_is_explained_on_its_tape():
    finding = only(al.record(square_root, x=0.0))
    assert (finding.cause, finding.name) == ("sqrt_at_zero", "x")
    assert finding.line == square_root.__code__.co_firstlineno + 1


@pytest.mark.parametrize("function", [square_root, lambda x: x**2, lambda x: torch.sin(x) * torch.exp(-x)])
def test_recorded_function_without_a_mistake_gets_no_finding(function):
    assert diagnose(al.record(function, x=1.5)) == ()


# ---------------------------------------------------------------- from one recorded block to the next
def test_graph_cut_in_one_block_and_missed_in_the_next():
    with al.recording():
        w = torch.tensor(2.0, requires_grad=True)
        h = torch.tanh(w).detach()
        loss = (h - 1) ** 2
    with pytest.raises(RuntimeError) as caught, al.recording():
        loss.backward()
    assert "h = torch.tanh(w).detach()" in caught.value.__notes__[0]


def test_graph_freed_in_one_block_and_gone_through_again_in_the_next():
    with al.recording():
        w = torch.tensor(2.0, requires_grad=True)
        loss = torch.tanh(w)
        loss.backward()
    with pytest.raises(RuntimeError) as caught, al.recording() as tape:
        loss.backward()
    assert only(tape).cause == "freed"
    assert "an earlier cell" in caught.value.__notes__[0]


def in_cells(*cells):
    """The tape of the last of several recorded cells that share their names."""
    namespace = {"torch": torch, "al": al}
    for cell in cells:
        file = f"<cell {next(_counter)}>"
        text = "with al.recording() as tape:\n" + indent(dedent(cell).strip("\n"), "    ") + "\n"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, file, "exec"), namespace)
    return namespace["tape"]


_counter = itertools.count(1)


@pytest.mark.parametrize(
    ("cells", "cause", "line", "begins"),
    [
        (("x = torch.tensor(2.0)", "y = x**2", "y.backward()"), "never_required", 2, "line 2 of an earlier cell: x ="),
        (
            ("w = torch.tensor(2.0, requires_grad=True)\nw.requires_grad_(False)", "(w**2).backward()"),
            "turned_off", 2, "line 3 of an earlier cell: w.requires_grad_(False)",
        ),
        (
            ("w = torch.tensor(2.0, requires_grad=True)\nwith torch.no_grad():\n    h = 2 * w", "h.backward()"),
            "cut_by_no_grad", 2, "line 3 of an earlier cell: with torch.no_grad():",
        ),
        (
            ("x = torch.tensor(2.0, requires_grad=True)\ng, = torch.autograd.grad(x**3, x)", "torch.autograd.grad(g, x)"),
            "no_create_graph", 2, "line 2: torch.autograd.grad(g, x)",
        ),
        (
            ("x = torch.tensor(2.0, requires_grad=True)", "x = x * 1", "(x**2).backward()", "print(x.grad)"),
            "leaf_lost", 2, "line 2 of an earlier cell: x = x * 1",
        ),
        (
            ("w = torch.tensor(2.0, requires_grad=True)\nh = 2 * w\nh.backward()", "print(h.grad)"),
            "nonleaf_grad", 2, "line 2: print(h.grad) asks h for its gradient.",
        ),
    ],
)  # fmt: skip
def test_cause_in_an_earlier_cell_is_named_with_the_code_of_that_cell(cells, cause, line, begins):
    finding = only(in_cells(*cells))
    assert (finding.cause, finding.line) == (cause, line)
    assert finding.text.startswith(begins)


def test_running_total_that_the_next_block_goes_back_through_is_no_mistake():
    with al.recording() as first:
        w, total = torch.tensor(2.0, requires_grad=True), 0.0
        for x in (1.0, 2.0, 3.0):
            total = total + (w * x - 1) ** 2
    with al.recording() as second:
        total.backward()
    assert (diagnose(first), diagnose(second)) == ((), ())


# ---------------------------------------------------------------- errors that are none of autograd's
@pytest.mark.parametrize(
    "code",
    [
        "import torch\nw = torch.ones(3, requires_grad=True)\nw + torch.ones(2)\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nw @ torch.ones(2, 2)\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nw[5]\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nw.no_such_thing\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nprint(w.grad)\n{}['missing']\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nprint(w.grad)\nnothing = None\nnothing + 1\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nw.sum().backward()\nraise RuntimeError('my own')\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nwith torch.no_grad():\n    w += torch.ones(2)\n",
        "import torch\ny = torch.ones(3).sum().item()\ny.forward()\n",
        "import torch\nw = torch.ones(3, requires_grad=True)\nw.register_hook(lambda g: 1 / 0)\nw.sum().backward()\n",
    ],
)
def test_error_that_is_not_autograds_gets_no_explanation(code):
    outcome = recorded(code)
    assert outcome.error is not None
    assert not hasattr(outcome.error, "__notes__")
    assert diagnose(outcome.namespace["tape"]) == ()


def test_error_that_the_learner_caught_is_not_explained():
    tape = tape_of("""
        import torch
        x = torch.tensor(3.0)
        try:
            x.backward()
        except RuntimeError:
            pass
        """)
    assert diagnose(tape) == ()


BY_CAUSE = [
    case
    for case in CASES
    if case.raises in ("RuntimeError", "AttributeError", "ValueError", "GradcheckError")
    and case.cause
    not in ("integer_dtype", "inplace_on_leaf", "inference_tensor")  # one call raises these for other reasons too
]


@pytest.mark.parametrize("case", BY_CAUSE, ids=lambda case: case.name)
def test_message_in_other_words_gets_the_same_explanation(case):
    tape = recorded(case.code).namespace["tape"]
    words, tape.error.args = tape.error.args, ("worded otherwise",)
    try:
        assert only(tape).cause == case.cause
    finally:
        tape.error.args = words


def test_defect_of_the_clinic_never_reaches_the_learner(monkeypatch):
    def broken(evidence):
        raise ZeroDivisionError

    monkeypatch.setattr("autograd_lessons.clinic.raised.explain", broken)
    with pytest.raises(RuntimeError, match="does not require grad"), al.recording() as tape:
        torch.tensor(3.0).backward()
    assert findings(tape) == ()


# ---------------------------------------------------------------- cost
@pytest.mark.parametrize("lesson", [lessons.square, lessons.sine_of_square, lessons.logistic_bce])
def test_lesson_is_looked_through_in_a_tenth_of_a_millisecond(lesson):
    tape = al.record(lesson.function, inputs=lesson.inputs, wrt=lesson.wrt)
    best = min(timeit.repeat(lambda: diagnose(tape), number=50, repeat=20)) / 50
    assert best < 2e-4  # twice what it takes, for a machine that is busy


@pytest.mark.parametrize(
    ("code", "x", "values", "slopes"),
    [
        ("torch.where(x > 0, torch.sqrt({}), torch.zeros_like(x))", [-1.0, 4.0], [0.0, 2.0], [0.0, 0.25]),
        ("torch.where(x > 20, x, torch.log1p(torch.exp({})))", [-2.0, 1000.0], [0.126928, 1000.0], [0.119203, 1.0]),
        (
            "torch.where(x == 0, torch.ones_like(x), torch.sin({0}) / {0})",
            [0.0, 2.0],
            [1.0, 0.454649],
            [0.0, -0.435398],
        ),
    ],
)
def test_the_change_that_is_proposed_for_a_where_mends_it(code, x, values, slopes):
    """The numbers are those of √x, log(1 + eˣ) and sin(x)/x, with 0 where the branch is constant."""
    cell = f"import torch\nx = torch.tensor({x}, requires_grad=True)\ny = {code.format('x')}\ny.sum().backward()\n"
    (found,) = [finding for finding in tape_of(cell).findings if finding.cause == "nan_where"]
    leaf = torch.tensor(x, requires_grad=True)
    names = {"torch": torch, "x": leaf}
    names["safe"] = eval(found.lines[-1].split("safe = ")[1], names)
    y = eval(code.format("safe"), names)
    y.sum().backward()
    assert y.tolist() == pytest.approx(values, abs=1e-6) and leaf.grad.tolist() == pytest.approx(slopes, abs=1e-6)
