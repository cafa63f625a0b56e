"""What would drift if nobody looked: versions in three files, the README's tables, and how the notebooks are saved."""

import ast
import graphlib
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import autograd_lessons

ELSEWHERE = {"torch": "pytorch", "matplotlib": "matplotlib-base"}  # PyPI's name: conda-forge's
# What `make test-colab` has in common with Colab's runtime.
COLAB = {
    "ipywidgets": "7.7.1",
    "ipython": "7.34.0",
    "ipykernel": "6.17.1",
    "traitlets": "5.7.1",
    "matplotlib": "3.10.0",
}


def read(path):
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pyproject(project):
    return tomllib.loads(read(project / "pyproject.toml"))["project"]


@pytest.fixture(scope="module")
def requirements(pyproject):
    extras = [line for lines in pyproject["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in [*pyproject["dependencies"], *extras]]


def pins(path):
    lines = [line for line in read(path).splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^=\s]+", line) for line in lines)
    return {canonicalize_name(name): pin for name, pin in (line.split("==") for line in lines)}


# ---------------------------------------------------------------------- versions
def test_environment_yml_asks_for_what_pyproject_asks_for(project, pyproject, requirements):
    lines = re.findall(r"^  - (\S+)$", read(project / "environment.yml").split("dependencies:")[1], re.MULTILINE)
    conda = {str(Requirement(line)) for line in lines if line not in ("pip", "pip:")}
    wanted = {f"{ELSEWHERE.get(r.name, r.name)}{r.specifier}" for r in requirements}
    wanted.add(f"python{pyproject['requires-python']}")
    assert conda == {str(Requirement(line)) for line in wanted}
    assert read(project / "environment.yml").rstrip().endswith("- pip:\n      - -e .")


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-colab.txt"])
def test_every_pin_satisfies_the_range(project, requirements, file):
    pinned = pins(project / file)
    outside = [str(r) for r in requirements if r.name in pinned and Version(pinned[r.name]) not in r.specifier]
    assert not outside


def test_everything_asked_for_is_pinned(project, requirements):
    pinned = pins(project / "constraints.txt")
    assert [r.name for r in requirements if canonicalize_name(r.name) not in pinned] == []


def test_the_colab_pins_are_colab_s(project):
    pinned = pins(project / "constraints-colab.txt")
    assert {name: pinned[name] for name in COLAB} == COLAB


def test_torch_and_sympy_are_pinned_alike_for_both(project):
    """So that `make test-colab` may leave out what only these two decide."""
    ours, colab = pins(project / "constraints.txt"), pins(project / "constraints-colab.txt")
    assert [ours[name] for name in ("torch", "sympy")] == [colab[name] for name in ("torch", "sympy")]


@pytest.mark.parametrize("name, on_colab", [("torch", "2.11.0"), *COLAB.items(), ("sympy", "1.14.0")])
def test_an_install_on_colab_replaces_nothing_of_colab_s(pyproject, name, on_colab):
    needs = {r.name: r.specifier for r in map(Requirement, pyproject["dependencies"])}
    assert name not in needs or on_colab in needs[name]


def test_this_environment_is_the_pinned_one(project):
    """Elsewhere (another torch, conda) there is nothing to compare with."""
    folder = os.path.basename(sys.prefix)
    if folder not in (".venv", ".venv-colab"):
        pytest.skip(f"not an environment that make set up: {folder}")
    pinned = pins(project / ("constraints.txt" if folder == ".venv" else "constraints-colab.txt"))
    names = ["torch", "sympy", "nbval", *COLAB]
    assert {n: version(n).split("+")[0] for n in names} == {n: pinned[n] for n in names}


# ---------------------------------------------------------------------- README
def section(project, title):
    return read(project / "README.md").split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_readme_lists_exactly_the_public_names(project):
    assert sorted(re.findall(r"^\| `(\w+)` \|", section(project, "Public names"), re.MULTILINE)) == sorted(
        autograd_lessons.__all__
    )


def test_the_readme_lists_exactly_the_notebooks(project):
    rows = re.findall(r"^\| \[`(.+?)`\]\(notebooks/(.+?)\) \|", section(project, "Lessons"), re.MULTILINE)
    assert [name for name, _ in rows] == sorted(path.name for path in project.glob("notebooks/*.ipynb"))
    assert all(name == link for name, link in rows)


def test_the_readme_s_examples_print_what_it_says(project, tmp_path):
    blocks = re.findall(r"```(?:python|text)\n(.*?)```", section(project, "What it does"), re.DOTALL)
    assert len(blocks) == 8
    for code, printed in zip(blocks[::2], blocks[1::2]):
        assert len(code.splitlines()) <= 12
        script = tmp_path / "example.py"  # an explanation quotes the code, so that there must be a file of it
        script.write_text(code)
        run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=project)
        lines = [line.rstrip() for line in (run.stdout or run.stderr).splitlines()]
        assert lines[-len(printed.splitlines()) :] == printed.splitlines()
        assert bool(run.returncode) == printed.startswith("RuntimeError")


def test_the_readme_names_only_targets_that_exist(project):
    targets = set(re.findall(r"^([a-z-]+):", read(project / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^    |`)make ([a-z-]+)", read(project / "README.md"), re.MULTILINE))
    assert named and named <= targets


# ---------------------------------------------------------------------- the package
def modules(project):
    """By dotted name: the file of each module; of a package, its `__init__.py`."""
    root = project / "autograd_lessons"
    return {
        ".".join(path.relative_to(project).with_suffix("").parts).removesuffix(".__init__"): path
        for path in root.rglob("*.py")
    }


def imported(name, path, known):
    """The modules of the package that are imported as soon as this one is."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for statement in ast.parse(read(path)).body:
        if isinstance(statement, ast.ImportFrom) and statement.level:
            source = ".".join(
                [*package.split(".")[: package.count(".") + 2 - statement.level], *filter(None, [statement.module])]
            )
            for alias in statement.names:
                yield f"{source}.{alias.name}" if f"{source}.{alias.name}" in known else source


def test_the_package_s_map_names_every_module_once(project):
    lines = autograd_lessons.__doc__.splitlines()
    named = [name for line in lines if line.startswith("    ") for name in line.split()]
    assert sorted(named) == sorted(name.split(".")[1] for name in modules(project) if name.count(".") == 1)


def test_no_module_imports_another_in_a_circle(project):
    known = modules(project)
    graph = {name: set(imported(name, path, known)) for name, path in known.items()}
    assert graph["autograd_lessons.run"] and set().union(*graph.values()) <= set(known)
    graphlib.TopologicalSorter(graph).prepare()


# ---------------------------------------------------------------------- notebooks
def every_notebook(project):
    return sorted(project.glob("notebooks/*.ipynb"))


def test_every_notebook_is_saved_as_make_notebooks_saves_it(project, notebooks):
    found = [f"{path.name}: {p}" for path in every_notebook(project) for p in notebooks.problems(read(path))]
    assert not found, "\n".join(found)


def test_the_first_code_cell_is_the_same_in_every_notebook(project, notebooks):
    assert len({notebooks.first_code(json.loads(read(path))) for path in every_notebook(project)}) == 1


def test_prose_leads_and_code_cells_are_short(project):
    for path in every_notebook(project):
        lines = {"markdown": 0, "code": 0}
        for cell in json.loads(read(path))["cells"]:
            count = sum(1 for line in cell["source"] if line.strip())
            lines[cell["cell_type"]] += count
            assert cell["cell_type"] != "code" or len(cell["source"]) <= 15, (path.name, cell["id"])
        assert lines["markdown"] > lines["code"], path.name


def test_a_wrong_widget_keyword_in_a_notebook_fails_on_colab_s_widgets(project, tmp_path):
    """nbval's kernels do not inherit pytest's -W; the Makefile's PYTHONWARNINGS is what reaches them."""
    if version("ipywidgets") != COLAB["ipywidgets"]:
        pytest.skip(f"ipywidgets {version('ipywidgets')} knows or refuses it otherwise; `make test-colab` runs this")
    makefile = read(project / "Makefile")
    warning = re.search(r"^UNKNOWN_KEYWORD := (.*)$", makefile, re.MULTILINE)
    assert warning and 'PYTHONWARNINGS="$(UNKNOWN_KEYWORD)"' in makefile
    results = {}
    for keyword in ("tooltip", "description"):
        code = f"import ipywidgets\nslider = ipywidgets.FloatSlider({keyword}='x')"
        cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": code}
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}
        path = tmp_path / f"{keyword}.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        results[keyword] = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "no:cacheprovider", "--rootdir", tmp_path, path],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONWARNINGS": warning[1]},
        )
    assert results["description"].returncode == 0, results["description"].stdout
    assert results["tooltip"].returncode == 1
    assert "Passing unrecognized arguments" in results["tooltip"].stdout
