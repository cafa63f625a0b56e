"""Write the teachers' notebooks into build/teachers: with the answers, without, for nbgrader and for otter-grader.

python tools/teachers.py [FOLDER]

The learner's notebooks are the only source of the exercises, docs/teachers/answers.toml the only one of the answers.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
ANSWERS = ROOT / "docs" / "teachers" / "answers.toml"
BUILD = ROOT / "build" / "teachers"
Cell = dict[str, Any]

# What nbgrader leaves in the place of a solution. Its own stub raises, and the rest of the notebook would not run.
NBGRADER_CONFIG = """\
c = get_config()
c.ClearSolutions.code_stub = {"python": "# Your answer goes above."}
c.CourseDirectory.course_id = "autograd_lessons"
"""


class Exercise(NamedTuple):
    """One exercise as it stands in a learner's notebook, with what its teacher knows."""

    key: str  # "1.3"
    question: str
    blank: str  # the learner's cell as it is handed out
    check: str
    points: int
    answer: str
    slips: list[dict[str, str]]

    def filled(self, answer: str | None = None) -> str:
        """The learner's cell with the model answer, or another one, in the place of the blank."""
        return _replaced(self.blank, self.answer if answer is None else answer)

    @property
    def given(self) -> tuple[str, str]:
        """The cell in two: what is given, and what is to be filled in."""
        start = _span(self.blank, _defined(self.answer))[0]
        lines = self.blank.splitlines()
        return "\n".join(lines[:start]).rstrip(), "\n".join(lines[start:])

    @property
    def test(self) -> str:
        return f"{self.check}.assert_correct()"


# ---------------------------------------------------------------------- reading
def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def notebooks() -> list[Path]:
    return [path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if exercise_keys(read(path))]


def exercise_keys(notebook: dict[str, Any]) -> list[str]:
    ids = (re.fullmatch(r"exercise-(\d+)-(\d+)", cell["id"]) for cell in notebook["cells"])
    return [f"{found[1]}.{found[2]}" for found in ids if found]


def answers() -> dict[str, dict[str, Any]]:
    """What docs/teachers/answers.toml says, by exercise."""
    table = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))
    return {f"{lesson}.{number}": entry for lesson, rows in table.items() for number, entry in rows.items()}


def exercises(notebook: dict[str, Any]) -> Iterator[Exercise]:
    """The exercises of a learner's notebook, in order."""
    sources = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    known = answers()
    for key in exercise_keys(notebook):
        name, entry = f"exercise-{key.replace('.', '-')}", known[key]
        yield Exercise(
            key, sources[name], sources[f"{name}-answer"], sources[f"{name}-check"],
            entry["points"], entry["answer"].strip(), entry["slips"],
        )  # fmt: skip


# ---------------------------------------------------------------------- filling in
def _defined(answer: str) -> str:
    """The one name that an answer gives: a function's, or a variable's."""
    (statement,) = ast.parse(answer).body
    return _name(statement)


def _name(statement: ast.stmt) -> str:
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    return statement.targets[0].id if isinstance(statement, ast.Assign) else ""


def _span(source: str, name: str) -> tuple[int, int]:
    """The lines that define a name."""
    for statement in ast.parse(source).body:
        if _name(statement) == name:
            return statement.lineno - 1, statement.end_lineno or statement.lineno
    raise ValueError(f"nothing in this cell defines {name}:\n{source}")


def _replaced(source: str, answer: str) -> str:
    start, end = _span(source, _defined(answer))
    lines = source.splitlines()
    return "\n".join([*lines[:start], *answer.strip().splitlines(), *lines[end:]])


# ---------------------------------------------------------------------- the versions
def without(notebook: dict[str, Any]) -> dict[str, Any]:
    """The learner's notebook, not executed."""
    return _rebuilt(notebook, lambda exercise, cells: cells)


def with_answers(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same with every answer filled in."""
    return _rebuilt(
        notebook, lambda exercise, cells: [cells[0], _like(cells[1], exercise.filled()), _like(cells[2], exercise.test)]
    )


def nbgrader(notebook: dict[str, Any]) -> dict[str, Any]:
    """An nbgrader assignment: solution cells with the answer between marks, locked test cells with points."""

    def marked(exercise: Exercise, cells: list[Cell]) -> list[Cell]:
        name = f"exercise_{exercise.key.replace('.', '_')}"
        solution = f"{exercise.blank}\n### BEGIN SOLUTION\n{exercise.answer}\n### END SOLUTION"
        answer, test = _like(cells[1], solution), _like(cells[2], exercise.test)
        answer["metadata"]["nbgrader"] = _nbgrader(f"{name}_answer", solution=True)
        test["metadata"]["nbgrader"] = _nbgrader(f"{name}_check", grade=True, locked=True, points=exercise.points)
        return [cells[0], answer, test]

    return _rebuilt(notebook, marked)


def _nbgrader(name: str, grade: bool = False, solution: bool = False, locked: bool = False, points: int | None = None):
    made: dict[str, Any] = {"schema_version": 3, "grade_id": name, "cell_type": "code", "task": False}
    made |= {"grade": grade, "solution": solution, "locked": locked}
    return made if points is None else made | {"points": points}


def otter(notebook: dict[str, Any]) -> dict[str, Any]:
    """An otter-grader master notebook: questions between raw cells, the blank as prompt, the check as test."""

    def marked(exercise: Exercise, cells: list[Cell]) -> list[Cell]:
        name = f"q{exercise.key.replace('.', '_')}"
        given, prompt = exercise.given
        prompted = f'""" # BEGIN PROMPT\n{prompt}\n""" # END PROMPT\n'
        solution = f"{prompted}# BEGIN SOLUTION NO PROMPT\n{exercise.answer}\n# END SOLUTION"
        return [
            _raw(f"{name}-begin", f"# BEGIN QUESTION\nname: {name}\npoints: {exercise.points}"),
            cells[0],
            _raw(f"{name}-solution", "# BEGIN SOLUTION"),
            _like(cells[1], f"{given}\n\n{solution}" if given else solution),
            _raw(f"{name}-solution-end", "# END SOLUTION"),
            _raw(f"{name}-tests", "# BEGIN TESTS"),
            _like(cells[2], exercise.test),
            _raw(f"{name}-tests-end", "# END TESTS"),
            _raw(f"{name}-end", "# END QUESTION"),
        ]

    made = _rebuilt(notebook, marked)
    made["cells"].insert(0, _raw("assignment", "# ASSIGNMENT CONFIG\nexport_cell: false\nsolutions_pdf: false"))
    return made


def _rebuilt(notebook: dict[str, Any], change: Callable[[Exercise, list[Cell]], list[Cell]]) -> dict[str, Any]:
    """A copy without outputs in which the three cells of every exercise are changed."""
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
    place = {cell["id"]: number for number, cell in enumerate(made["cells"])}
    for exercise in reversed(list(exercises(notebook))):
        start = place[f"exercise-{exercise.key.replace('.', '-')}"]
        made["cells"][start : start + 3] = change(exercise, made["cells"][start : start + 3])
    return made


def _like(cell: Cell, source: str) -> Cell:
    return copy.deepcopy(cell) | {"source": source.splitlines(keepends=True)}


def _raw(identity: str, source: str) -> Cell:
    return {"cell_type": "raw", "id": identity, "metadata": {}, "source": source.splitlines(keepends=True)}


# ---------------------------------------------------------------------- writing
def write(folder: Path) -> list[Path]:
    """Every version of every notebook; returns the files."""
    written = []
    for path in notebooks():
        notebook, name = read(path), path.stem
        for place, version in (
            (f"with_answers/{name}", with_answers),
            (f"without_answers/{name}", without),
            (f"nbgrader/source/{name}/{name}", nbgrader),
            (f"otter/{name}/{name}", otter),
        ):
            file = folder / f"{place}.ipynb"
            file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(version(notebook), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
            file.write_text(text, encoding="utf-8")
            written.append(file)
    config = folder / "nbgrader" / "nbgrader_config.py"
    config.write_text(NBGRADER_CONFIG, encoding="utf-8")
    return [*written, config]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=BUILD)
    folder = parser.parse_args(arguments).folder
    print(f"{len(write(folder))} files in {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
