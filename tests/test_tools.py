"""tools/colab.py and tools/notebooks.py, on copies: the same bytes every time, every byte back, and each fault named."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

PLACE = ["--repo", "example/lessons"]


@pytest.fixture
def copy(project, tmp_path):
    shutil.copytree(project / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(project / "README.md", tmp_path)
    return tmp_path


@pytest.fixture
def run(colab, copy):
    colab.main(["--root", str(copy), "--undo"])  # whatever state the project itself is in
    return lambda *arguments: colab.main(["--root", str(copy), *arguments])


def everything(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.*")) if path.is_file()}


# ---------------------------------------------------------------------- make colab
def test_colab_applied_twice_gives_the_same_bytes(run, copy):
    assert run(*PLACE) == 0
    once = everything(copy)
    assert run(*PLACE) == 0
    assert everything(copy) == once
    assert run("--check") == 0


def test_colab_undo_restores_every_byte_even_after_a_move(run, copy):
    before = everything(copy)
    assert run(*PLACE) == 0
    assert run("--repo", "some-body/else.where", "--ref", "v1.0/x") == 0
    assert run("--check") == 0
    assert everything(copy) != before
    assert run("--undo") == 0
    assert everything(copy) == before
    assert run("--undo") == 0
    assert everything(copy) == before


def test_every_badge_names_an_existing_notebook_in_the_form_that_colab_opens(run, copy):
    run(*PLACE, "--ref", "v1")
    names = sorted(path.name for path in copy.glob("notebooks/*.ipynb"))
    for path in [*copy.glob("notebooks/*.ipynb"), copy / "README.md"]:
        links = re.findall(r"https://colab\.research\.google\.com/github/([^)]*)\)", path.read_text(encoding="utf-8"))
        wanted = [path.name] if path.suffix == ".ipynb" else names
        assert links == [f"example/lessons/blob/v1/notebooks/{name}" for name in wanted]


def test_an_applied_notebook_is_valid_and_opens_with_badge_and_install_line(run, copy):
    run(*PLACE)
    for path in copy.glob("notebooks/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        badge, blank, title, *_ = notebook.cells[0].source.splitlines()
        assert badge.startswith("[![Open in Colab]") and not blank and title.startswith("# ")
        code = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
        assert '%pip install -q "autograd_lessons @ git+https://github.com/example/lessons@main"' in code


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/blob/main/notebooks/01_square", "/blob/main/notebooks/01_cube"),
        ("example/lessons@main", "example/lessons@other"),
        ("%pip install -q", "%pip install -U"),
        ("[![Open in Colab]", "[![Open]"),
    ],
)
def test_colab_check_finds_what_was_tampered_with(run, copy, old, new, capsys):
    run(*PLACE)
    path = copy / "notebooks" / "01_square.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert run("--check") == 1
    assert capsys.readouterr().err


def test_colab_check_fails_before_it_was_applied_and_after_a_notebook_was_added(run, copy):
    assert run("--check") == 1
    run(*PLACE)
    assert run("--check") == 0
    shutil.copy(copy / "notebooks" / "01_square.ipynb", copy / "notebooks" / "99_new.ipynb")
    assert run("--check") == 1


def test_colab_leaves_all_files_alone_when_one_cannot_be_edited(run, copy, capsys):
    path = copy / "notebooks" / "02_chain_rule.ipynb"
    path.write_text(
        path.read_text(encoding="utf-8").replace("raise ModuleNotFoundError", "raise Exception"), encoding="utf-8"
    )
    before = everything(copy)
    assert run(*PLACE) == 1
    assert everything(copy) == before
    assert "02_chain_rule.ipynb" in capsys.readouterr().err


@pytest.mark.parametrize("repo", ["lessons", "a/b/c", "a b/c", 'a/b"', "-a/b"])
def test_colab_takes_only_owner_and_name(run, repo):
    with pytest.raises(SystemExit):
        run(f"--repo={repo}")


def test_the_first_cell_is_silent_with_the_package_and_says_how_to_get_it_without(colab):
    cell = colab.GUARD + colab.ABSENT
    there = subprocess.run([sys.executable, "-c", cell], capture_output=True, text=True)
    assert (there.returncode, there.stdout, there.stderr) == (0, "", "")
    # -I -S: no site-packages, so no package
    gone = subprocess.run([sys.executable, "-I", "-S", "-c", cell], capture_output=True, text=True, cwd="/")
    assert gone.returncode == 1
    assert "autograd_lessons is not installed here" in gone.stderr and "make lab" in gone.stderr
    assert "http" not in gone.stderr


# ---------------------------------------------------------------------- make notebooks
@pytest.fixture
def sample(colab, tmp_path):
    """A notebook as an editor leaves it: a widget view, its state, times, an editor's metadata, no ids."""
    view = "from IPython.display import display\nfrom ipywidgets import IntSlider\ndisplay(IntSlider())"
    twin = (
        "from IPython.display import display\n"
        'display({"image/svg+xml": "<svg/>", "text/plain": "1 µ"}, raw=True)\n'
        'print("a", flush=True)\nprint("b")'
    )
    notebook = nbformat.v4.new_notebook(
        metadata={
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
            "language_info": {"name": "python", "version": "3.11.7"},
            "kernelspec": {"name": "mine", "display_name": "Mine", "language": "python"},
        },
        cells=[
            nbformat.v4.new_markdown_cell("# Sample"),
            *(nbformat.v4.new_code_cell(source) for source in (colab.GUARD + colab.ABSENT, view, twin)),
        ],
    )
    notebook.cells[2].metadata = {"collapsed": True, "execution": {"iopub.execute_input": "2026"}, "tags": ["x"]}
    path = tmp_path / "sample.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.fixture
def saved(notebooks, sample):
    assert notebooks.main([str(sample)]) == 0
    return sample


def test_a_notebook_is_saved_executed_and_without_volatile_parts(saved):
    text = saved.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert "widget" not in json.dumps(notebook["metadata"]) and "version" not in notebook["metadata"]["language_info"]
    assert [c["execution_count"] for c in notebook["cells"] if c["cell_type"] == "code"] == [1, 2, 3]
    assert notebook["cells"][2]["metadata"] == {"tags": ["x"]}
    assert "widget-view" not in text
    shown, printed = notebook["cells"][3]["outputs"]
    assert shown["data"] == {"image/svg+xml": ["<svg/>"], "text/plain": ["1 µ"]}
    assert printed["text"] == ["a\n", "b\n"]
    assert text.endswith("}\n") and "µ" in text and text.startswith('{\n "cells"')
    nbformat.validate(nbformat.reads(text, as_version=4))


def test_saving_a_notebook_again_changes_no_byte(notebooks, saved):
    once = saved.read_bytes()
    assert notebooks.main(["--check", str(saved)]) == 0
    assert notebooks.main([str(saved)]) == 0
    assert saved.read_bytes() == once


def test_a_cell_that_fails_is_reported_and_the_file_left_as_it_was(notebooks, saved, capsys):
    notebook = json.loads(saved.read_text(encoding="utf-8"))
    notebook["cells"][2]["source"] = ["1 / 0"]
    text = notebooks.written(notebook)
    saved.write_text(text, encoding="utf-8")
    assert notebooks.main([str(saved)]) == 1
    assert saved.read_text(encoding="utf-8") == text
    assert "ZeroDivisionError" in capsys.readouterr().err


def no_count(notebook):
    notebook["cells"][2]["execution_count"] = None


def counts_out_of_order(notebook):
    notebook["cells"][2]["execution_count"] = 7


def a_view(notebook):
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": ["x"]}
    notebook["cells"][3]["outputs"][0]["data"] = view


def widget_state(notebook):
    notebook["metadata"]["widgets"] = {}


def an_error(notebook):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    notebook["cells"][3]["outputs"] = [error]


def another_first_cell(notebook):
    notebook["cells"][1]["source"] = ["import autograd_lessons"]


def another_form(notebook):
    notebook["metadata"]["language_info"]["version"] = "3.11.7"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (no_count, "cell 2: execution count None"),
        (counts_out_of_order, "cell 2: execution count 7"),
        (a_view, "cell 3: a widget view"),
        (widget_state, "metadata.widgets"),
        (an_error, "cell 3: ValueError: no"),
        (another_first_cell, "the first code cell is not the agreed one"),
        (another_form, "canonical form"),
    ],
)
def test_check_says_what_is_wrong_and_changes_nothing(notebooks, saved, spoil, said, capsys):
    notebook = json.loads(saved.read_text(encoding="utf-8"))
    spoil(notebook)
    text = notebooks.written(notebook)
    saved.write_text(text, encoding="utf-8")
    assert notebooks.main(["--check", str(saved)]) == 1
    assert said in capsys.readouterr().err
    assert saved.read_text(encoding="utf-8") == text


def test_an_error_that_a_lesson_provokes_is_allowed(notebooks, saved):
    notebook = json.loads(saved.read_text(encoding="utf-8"))
    an_error(notebook)
    notebook["cells"][3]["metadata"]["tags"] = ["raises-exception"]
    saved.write_text(notebooks.written(notebook), encoding="utf-8")
    assert notebooks.main(["--check", str(saved)]) == 0


# ---------------------------------------------------------------- tools/setup.py
@pytest.mark.parametrize("answers", [True, False])
def test_the_cpu_index_is_asked_for_torch_only_when_it_answers(setup, project, tmp_path, monkeypatch, answers):
    ran = []
    monkeypatch.chdir(project)
    monkeypatch.setattr(setup, "cpu_wheels_answer", lambda: answers)
    monkeypatch.setattr(setup.subprocess, "run", lambda command, check: ran.append(command))
    monkeypatch.setattr(setup.venv, "create", lambda folder, with_pip: Path(folder).mkdir())
    setup.main(str(tmp_path / "venv"), "constraints.txt", "test")
    first, second = ran
    assert first[-1].startswith("torch==") and (setup.CPU_WHEELS in first) is answers
    assert second[-2:] == ["-e", ".[test]"] and "--extra-index-url" not in second
    assert (tmp_path / "venv" / ".set-up").exists()


def test_an_index_that_does_not_answer_is_not_waited_for(setup, monkeypatch):
    def unreachable(url, timeout):
        assert timeout <= 5
        raise OSError("no route to host")

    monkeypatch.setattr(setup.urllib.request, "urlopen", unreachable)
    assert setup.cpu_wheels_answer() is False


# ---------------------------------------------------------------- the clinic's page
def test_the_clinics_page_is_what_the_corpus_and_the_clinic_say(project):
    run = subprocess.run(
        [sys.executable, str(project / "tools" / "clinic.py"), "--check"], capture_output=True, text=True, cwd=project
    )
    assert run.returncode == 0, run.stdout + run.stderr


# ---------------------------------------------------------------------- benchmarks, which no other test runs
def test_the_benchmark_of_check_finds_all_that_the_package_keeps(project, monkeypatch):
    benchmarks = project / "tests" / "benchmarks"
    monkeypatch.syspath_prepend(benchmarks)
    benchmark = runpy.run_path(str(benchmarks / "check.py"))
    benchmark["forget"]()
    assert not benchmark["plan"]._plans and not benchmark["programs"]._programs
