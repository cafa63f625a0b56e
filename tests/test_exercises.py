"""The lessons' exercises: the model answer of each passes, the blank is told to be one, each typical slip is named.

Everything is read from the notebooks as they are committed and from docs/teachers/answers.toml.
"""

import json
import linecache
import re
from pathlib import Path

import nbformat
import pytest
import torch

import autograd_lessons as al
from autograd_lessons.checking.questions import Choices, Prediction, Program

from . import conftest

TEACHERS = conftest._script("teachers")
NOTEBOOKS = {path.stem: TEACHERS.read(path) for path in TEACHERS.notebooks()}
EXERCISES = {e.key: (name, e) for name, notebook in NOTEBOOKS.items() for e in TEACHERS.exercises(notebook)}
SLIPS = [
    pytest.param(key, slip, id=f"{key}:{i}") for key, (_, e) in EXERCISES.items() for i, slip in enumerate(e.slips)
]
KINDS = ["Compute", "Explain", "Repair", "Invent"]


def source(cell):
    return "".join(cell["source"])


def setup(name):
    (cell,) = [cell for cell in NOTEBOOKS[name]["cells"] if cell["id"] == "exercises-setup"]
    return source(cell)


def feedback(key, cell):
    """What the exercise's check line says after the setup cell and this cell, and nothing else of the notebook."""
    name, exercise = EXERCISES[key]
    file = f"<exercise {key}>"
    linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
    names = {}
    exec(setup(name), names)
    exec(compile(cell, file, "exec"), names)
    return eval(exercise.check, names)


def asked(key):
    """The question object of an exercise's check line, or None where it checks a derivative."""
    name, exercise = EXERCISES[key]
    names = {}
    exec(setup(name), names)
    found = re.search(r"\b(lesson_\d+\.\w+)\)$", exercise.check)
    return eval(found[1], names) if found else None


ASKED = {key: asked(key) for key in EXERCISES}
PREDICTIONS = {key: question for key, question in ASKED.items() if isinstance(question, Prediction)}


# ---------------------------------------------------------------------- answers
@pytest.mark.parametrize("key", EXERCISES)
def test_model_answer_is_right(key):
    made = feedback(key, EXERCISES[key][1].filled())
    assert made.correct, made
    made.assert_correct()


@pytest.mark.parametrize("key", EXERCISES)
def test_blank_is_told_to_be_one_and_code_to_repair_is_told_its_fault(key):
    exercise = EXERCISES[key][1]
    made = feedback(key, exercise.blank)
    assert not made.correct and made.hint
    if "Repair" in exercise.question:
        assert made.mistake not in (None, "blank", "form")
    else:
        assert repr(made).startswith("Not answered yet.") and made.mistake == "blank"
    with pytest.raises(AssertionError, match=re.escape(made.hint.splitlines()[0])):
        made.assert_correct()


@pytest.mark.parametrize("key, slip", SLIPS)
def test_slip_is_named_and_gets_its_hint(key, slip):
    made = feedback(key, EXERCISES[key][1].filled(slip["answer"]))
    assert not made.correct, made
    assert slip.keys() & {"mistake", "says"}
    assert "mistake" not in slip or slip["mistake"] in made.mistakes, made
    assert slip.get("says", "") in made.hint


@pytest.mark.parametrize("key", PREDICTIONS)
def test_every_belief_of_a_prediction_is_wrong_and_found(key):
    for belief in PREDICTIONS[key].beliefs:
        assert al.check(belief.answer, PREDICTIONS[key]).mistake == belief.identifier


# ---------------------------------------------------------------------- the notebooks
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_lesson_has_four_to_eight_exercises_in_rising_order(name):
    found = [exercise for other, exercise in EXERCISES.values() if other == name]
    assert 4 <= len(found) <= 8
    kinds = [re.match(r"### \d+\.\d+ · (\w+):", exercise.question)[1] for exercise in found]
    assert set(kinds) == set(KINDS) and kinds == sorted(kinds, key=KINDS.index)
    lesson = int(name[:2])
    assert [exercise.key for exercise in found] == [f"{lesson}.{i}" for i in range(1, len(found) + 1)]
    for exercise in found:
        assert exercise.question.startswith(f"### {exercise.key} ·")
        assert "<details><summary>Hint</summary>" in exercise.question
        assert re.fullmatch(r"al\.check\(.*\)", exercise.check)


def test_first_lessons_have_exercises_and_every_answer_belongs_to_one():
    assert [name[:2] for name in NOTEBOOKS][:6] == ["01", "02", "03", "04", "05", "06"]
    assert list(TEACHERS.answers()) == list(EXERCISES)
    assert all(len(exercise.slips) >= 2 for _, exercise in EXERCISES.values())


@pytest.mark.parametrize("key", PREDICTIONS)
def test_program_and_choices_stand_in_the_question_as_they_are_run(key):
    question, text = PREDICTIONS[key], EXERCISES[key][1].question
    if isinstance(question.happens, Program):
        assert f"```python\n{question.happens.text}```" in text
    if isinstance(question.happens, Choices):
        shown = re.findall(r"^- (\w): `(.*)`$", text, re.MULTILINE)
        assert dict(shown) == question.happens.options


# ---------------------------------------------------------------------- other forms of an answer
@pytest.mark.parametrize(
    "key, cell",
    [
        ("1.4", "passing = 'a b c e'"),
        ("1.4", "passing = {'e', 'a', 'b', 'c'}"),
        ("2.4", "import torch\narriving = torch.tensor([9.0, 9.0, 9.0])"),
        ("2.6", "import torch\nh = torch.tensor(1e-6)"),
        ("2.7", "def unmoved(t):\n    return t - t"),
        ("2.7", "unmoved = lambda x: x * x - x**2"),
        ("3.4", "import math\nsmallest = math.log(1 + math.exp(-1))"),
        ("5.2", "factors = (0.667, 0.333)"),
        ("6.2", "lost_at = ' positive '"),
        ("3.5", "def stable_loss(z, y):\n    return torch.maximum(z, 0 * z) - y * z + torch.log1p(torch.exp(-torch.abs(z)))"),
        ("3.5", "def stable_loss(z, y):\n    return F.softplus(z) - y * z"),
        ("4.6", "def line_loss(w, b, x, y):\n    y_pred = w * x + b\n    return ((y_pred - y.reshape(x.shape)) ** 2).mean()"),
    ],
)  # fmt: skip
def test_right_in_another_form(key, cell):
    assert feedback(key, cell).correct


@pytest.mark.parametrize(
    "key, cell, says",
    [
        ("1.3", "gradient_at_1 = 'five'", "The answer should be a number."),
        ("1.4", "passing = 3", "The answer should be a list of names, each as text in quotes."),
        ("2.4", "arriving = 9", "The answer should be a list of numbers."),
        ("2.4", "arriving = [9, 9]", "There are 3 numbers, and yours are 2."),
        ("2.4", "arriving = [9, 8, 9]", "Not right at place 1, counted from 0."),
        ("6.2", "lost_at = 3", "The answer should be a name, as text in quotes."),
        (
            "3.6",
            "def my_loss(y_pred):\n    return 1.0",
            "It raised RuntimeError: element 0 of tensors does not require grad",
        ),
        ("4.7", "together = 3", "It raised TypeError: 'int' object is not callable"),
        (
            "6.7",
            "def straight_through(x):\n    y = x.rond()\n    return y",
            "It raised AttributeError in line 2 of the cell:",
        ),
    ],
)
def test_answer_of_another_kind_or_code_that_raises_is_no_exception(key, cell, says):
    made = feedback(key, cell)
    assert not made.correct and made.hint.startswith(says)


def test_gradients_switched_off_in_the_notebook_change_nothing():
    with torch.no_grad():
        for key in ASKED:
            if ASKED[key] is not None:
                assert feedback(key, EXERCISES[key][1].filled()).correct


# ---------------------------------------------------------------------- the teachers' notebooks
@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teachers")
    return folder, TEACHERS.write(folder)


def test_every_version_is_a_valid_notebook_without_outputs(built):
    folder, files = built
    assert len(files) == 4 * len(NOTEBOOKS) + 1
    for file in files:
        if file.suffix == ".ipynb":
            nbformat.validate(nbformat.read(file, as_version=4))
            assert not any(cell.get("outputs") for cell in json.loads(file.read_text())["cells"])


def test_with_and_without_differ_in_the_exercises_only(built):
    folder, _ = built
    for name in NOTEBOOKS:
        with_, without = (read(folder / kind / f"{name}.ipynb") for kind in ("with_answers", "without_answers"))
        learners = [(cell["id"], source(cell)) for cell in NOTEBOOKS[name]["cells"]]
        assert [(cell["id"], source(cell)) for cell in without["cells"]] == learners
        changed = [a["id"] for a, b in zip(with_["cells"], without["cells"]) if source(a) != source(b)]
        keys = [key.replace(".", "-") for key, (other, _) in EXERCISES.items() if other == name]
        assert changed == [f"exercise-{key}-{part}" for key in keys for part in ("answer", "check")]


NBGRADER = {"schema_version", "grade_id", "cell_type", "task", "grade", "solution", "locked"}  # version 3 of its schema


def test_nbgrader_metadata_is_that_of_its_schema(built):
    folder, _ = built
    for name in NOTEBOOKS:
        cells = read(folder / "nbgrader" / "source" / name / f"{name}.ipynb")["cells"]
        marked = [cell for cell in cells if "nbgrader" in cell["metadata"]]
        data = [cell["metadata"]["nbgrader"] for cell in marked]
        assert len({one["grade_id"] for one in data}) == len(data) == 2 * sum(n == name for n, _ in EXERCISES.values())
        for cell, one in zip(marked, data):
            assert one["schema_version"] == 3 and one["cell_type"] == cell["cell_type"] == "code" and not one["task"]
            assert one["grade"] == one["locked"] == (not one["solution"])
            assert set(one) == (NBGRADER | {"points"} if one["grade"] else NBGRADER)
            assert re.fullmatch(r"[a-zA-Z0-9_-]+", one["grade_id"])
            text = source(cell)
            assert (text.count("### BEGIN SOLUTION"), text.count("### END SOLUTION")) == (
                (1, 1) if one["solution"] else (0, 0)
            )
            assert one["solution"] or text.endswith(".assert_correct()")


def test_otter_questions_are_opened_and_closed_in_order(built):
    folder, _ = built
    for name in NOTEBOOKS:
        cells = read(folder / "otter" / name / f"{name}.ipynb")["cells"]
        raw = [source(cell).splitlines()[0] for cell in cells if cell["cell_type"] == "raw"]
        one = [
            "# BEGIN QUESTION",
            "# BEGIN SOLUTION",
            "# END SOLUTION",
            "# BEGIN TESTS",
            "# END TESTS",
            "# END QUESTION",
        ]
        assert raw == ["# ASSIGNMENT CONFIG", *one * sum(n == name for n, _ in EXERCISES.values())]


@pytest.mark.parametrize("key", EXERCISES)
def test_cells_for_graders_hold_the_blank_and_the_answer(built, key):
    """nbgrader cuts out what stands between its marks; otter turns the prompt into the cell."""
    folder, _ = built
    name, exercise = EXERCISES[key]
    identity = f"exercise-{key.replace('.', '-')}-answer"
    for file, cut in (
        (folder / "nbgrader" / "source" / name / f"{name}.ipynb", r"\n### BEGIN SOLUTION\n(.*)\n### END SOLUTION"),
        (folder / "otter" / name / f"{name}.ipynb", r"# BEGIN SOLUTION NO PROMPT\n(.*)\n# END SOLUTION"),
    ):
        (cell,) = [source(cell) for cell in read(file)["cells"] if cell["id"] == identity]
        assert re.search(cut, cell, re.DOTALL)[1] == exercise.answer
        assert feedback(key, cell).correct
        rest = re.sub(cut, "", cell, flags=re.DOTALL)
        rest = re.sub(r'""" # (BEGIN|END) PROMPT\n?', "", rest)
        assert rest.split() == exercise.blank.split()


def read(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))
