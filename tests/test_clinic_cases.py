"""The clinic's corpus is true of plain PyTorch: every case does what it says, and every correct cell runs."""

import ast
import functools
import inspect
import linecache
import warnings
from collections import Counter, defaultdict

import pytest
import torch

from .clinic_cases import BROADCAST, CASES, CAUSES, COPIED, CORRECT, MARK, NON_LEAF, TO_SCALAR, run_plain

ran = functools.cache(run_plain)  # importing and training take most of the time

CELLS = [(case.name, case.code) for case in CASES] + list(CORRECT)

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_correct = pytest.mark.parametrize("code", [code for _, code in CORRECT], ids=[name for name, _ in CORRECT])
each_cell = pytest.mark.parametrize("code", [code for _, code in CELLS], ids=[name for name, _ in CELLS])


@functools.cache
def warns_of_scalars():
    return ran("import torch\nw = torch.tensor(2.0, requires_grad=True)\nfloat(w)\n").warnings != ()


# ---------------------------------------------------------------- what plain PyTorch does
@each_case
def test_plain_pytorch_does_what_the_case_says(case):
    outcome = ran(case.code)
    assert (type(outcome.error).__name__ if outcome.error else None) == case.raises, outcome.error
    for message in outcome.warnings:
        assert message.startswith(case.warns), message
    for beginning in case.warns:
        if beginning == TO_SCALAR and not warns_of_scalars():
            continue  # an older PyTorch
        assert any(message.startswith(beginning) for message in outcome.warnings), beginning
    assert bool(case.gives) == (case.raises is None)
    if case.gives:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # reading a non-leaf's .grad is what some of these are about
            assert eval(case.gives, outcome.namespace) is True


@each_correct
def test_correct_cell_runs_without_error_or_a_warning_of_autograd(code):
    outcome = ran(code)
    assert outcome.error is None
    assert not any(message.startswith((BROADCAST, COPIED, NON_LEAF, TO_SCALAR)) for message in outcome.warnings)


@each_cell
def test_cell_gives_the_same_whatever_the_random_state_before_it(code):
    first = ran(code)
    torch.manual_seed(20)
    second = run_plain(code)
    assert first.stdout == second.stdout
    for name, value in first.namespace.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(torch.nan_to_num(value.detach()), torch.nan_to_num(second.namespace[name].detach())), (
                name
            )


# ---------------------------------------------------------------- the corpus as a whole
def test_names_and_cells_are_unique():
    assert len({name for name, _ in CELLS}) == len(CELLS)
    assert len({code for _, code in CELLS}) == len(CELLS)


def test_every_cause_is_met_at_least_twice():
    met = Counter(case.cause for case in CASES)
    assert set(met) == set(CAUSES)
    assert min(met.values()) >= 2


def test_corpus_is_large_enough():
    assert len(CASES) >= 95
    assert len(CORRECT) >= 70


def test_one_message_has_several_causes():
    causes = defaultdict(set)
    for case in CASES:
        if case.raises:
            causes[str(ran(case.code).error)[:60]].add(case.cause)
    assert sum(len(met) > 1 for met in causes.values()) >= 5


@each_cell
def test_cell_is_short_and_starts_with_its_imports(code):
    lines, [first, *_] = code.splitlines(), ast.parse(code).body
    assert isinstance(first, ast.Import | ast.ImportFrom)
    assert 3 <= len(lines) <= 14
    assert max(map(len, lines)) <= 110
    assert MARK not in code


@each_case
def test_tensor_is_a_name_in_the_code(case):
    nodes = list(ast.walk(ast.parse(case.code)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.arg for node in nodes if isinstance(node, ast.arg)
    }
    assert case.tensor is None or case.tensor in names


# ---------------------------------------------------------------- how a cell is run
def test_source_of_a_cell_is_found():
    outcome = run_plain("def double(x):\n    return 2 * x\n")
    double = outcome.namespace["double"]
    assert inspect.getsource(double) == "def double(x):\n    return 2 * x\n"
    assert linecache.getline(double.__code__.co_filename, 2) == "    return 2 * x\n"


def test_two_runs_share_neither_names_nor_files():
    first, second = run_plain("def f(): pass\n"), run_plain("def g(): pass\n")
    assert "f" not in second.namespace
    assert first.namespace["f"].__code__.co_filename != second.namespace["g"].__code__.co_filename


def test_run_gives_back_what_was_printed_warned_and_raised():
    outcome = run_plain("import warnings\nwarnings.warn('careful')\nprint('before')\n1 / 0\n")
    assert (outcome.stdout, outcome.warnings, type(outcome.error)) == ("before\n", ("careful",), ZeroDivisionError)
    assert outcome.error.__traceback__.tb_next.tb_lineno == 4


def test_run_leaves_grad_mode_as_it_was():
    assert run_plain("import torch\ntorch.set_grad_enabled(False)\n").error is None
    assert run_plain("import torch\nassert torch.is_grad_enabled()\n").error is None
