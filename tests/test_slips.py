"""The slips behind answers written by hand: how many are named, and that no right answer is refused."""

import importlib.util
import inspect
from collections import Counter

import pytest

from autograd_lessons.checking.slips import SLIPS

from . import slip_results
from .slip_cases import RIGHT, WRONG


@pytest.fixture(scope="module")
def results():
    return slip_results.wrong()


def told(result):
    answer = result.case.answer
    where = answer.__code__.co_firstlineno if hasattr(answer, "__code__") else answer
    return f"{result.case.function.__name__}, {where}: {result.case.slip}, and {result.said.mistakes} was named"


def test_the_corpus_is_large_enough():
    assert len({case.function for case in WRONG}) >= 30
    assert sum(case.slip is not None for case in WRONG) >= 250
    assert len(RIGHT) >= 200


def test_the_slip_that_was_made_is_named_first(results):
    named = [result for result in results if result.case.slip is not None]
    others = [told(result) for result in named if result.verdict != "first"]
    assert len(others) <= 0.02 * len(named), "\n".join(others)


def test_no_other_slip_is_named_alone(results):
    wrong = [told(r) for r in results if r.case.slip is not None and r.verdict == "misnamed"]
    assert not wrong, "\n".join(wrong)


def test_nonsense_gets_no_name_and_a_counterexample(results):
    for result in results:
        if result.case.slip is None:
            assert result.said.mistake is None, told(result)
            assert "No slip that is known" in result.said.hint
            assert result.said.counterexample is not None


def test_no_right_answer_is_refused():
    refused = slip_results.refused()
    assert not refused, "\n".join(f"{case.function.__name__}: {said}" for case, said in refused)


def test_every_slip_is_met_and_every_name_is_known(results):
    met = {slip for case in WRONG if case.slip for slip in case.slip.split("+")}
    assert met <= set(SLIPS)
    assert set(SLIPS) - met == {"rounding"}  # which is right
    named = {slip for result in results for one in result.said.mistakes for slip in one.split("+")}
    assert named <= set(SLIPS)


def test_the_page_is_what_would_be_written(project):
    spec = importlib.util.spec_from_file_location("slips", project / "tools" / "slips.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    written = (project / "docs" / "slips.md").read_text(encoding="utf-8")
    assert tool.page() == written, "make docs"


def test_answers_are_not_made_by_the_package():
    """The corpus is an oracle only if it does not use what it tests."""
    from . import more_slip_cases, slip_cases

    for module in (slip_cases, more_slip_cases):
        assert "autograd_lessons" not in inspect.getsource(module)


def test_answers_are_written_once():
    counts = Counter((case.function, case.slip, repr(case.answer), repr(case.given)) for case in WRONG)
    assert max(counts.values()) == 1
