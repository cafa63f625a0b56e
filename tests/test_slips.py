"""The slips behind answers written by hand: how many are named, and that no right answer is refused."""

import importlib.util
import inspect
import itertools
from collections import Counter

import pytest

from autograd_lessons.checking.slips import SLIPS

from . import slip_results
from .slip_cases import RIGHT, WRONG


@pytest.fixture(scope="module")
def results():
    """What is said now of the answers that the slips were improved on."""
    return tuple(result for name in ("open", "held_out", "sealed") for result in slip_results.wrong(name))


def told(result):
    function, answer = result.case.function, result.case.answer
    where = answer.__code__.co_firstlineno if hasattr(answer, "__code__") else answer
    named = getattr(function, "__name__", function)
    return f"{named}, {where}: {result.case.slip}, and {result.mistakes} was named"


def test_the_collections_are_large_enough():
    assert len({case.function for case in WRONG}) >= 30
    assert sum(case.slip is not None for case in WRONG) >= 250
    assert len(RIGHT) >= 200
    for name, functions, wrong, right in (
        ("held_out", 40, 250, 60),
        ("sealed", 12, 100, 25),
        ("sealed_again", 25, 150, 40),
    ):
        collection = slip_results.COLLECTIONS[name]
        assert len({case.function for case in collection.wrong}) >= functions
        assert sum(case.slip is not None for case in collection.wrong) >= wrong
        assert len(collection.right) >= right


def test_no_function_stands_in_two_collections():
    of_each = [{_body(case.function) for case in one.wrong} for one in slip_results.COLLECTIONS.values()]
    for one, other in itertools.combinations(of_each, 2):
        assert not one & other


def _body(function):
    return function if isinstance(function, str) else inspect.getsource(function).split(":", 1)[1].strip()


@pytest.mark.parametrize("name", ["held_out", "sealed", "sealed_again"])
def test_the_record_of_first_sight_fits_its_collection(name):
    then, now = slip_results.at_first_sight(name), slip_results.COLLECTIONS[name]
    assert [result.case.function for result in then.results] == [case.function for case in now.wrong]
    # what was expected is only added to
    assert all(set(old.case.expected) <= set(case.expected) for old, case in zip(then.results, now.wrong))


def test_the_record_of_first_sight_is_not_written_again():
    with pytest.raises(SystemExit, match="written already"):
        slip_results.write_down("sealed")


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
            assert not result.mistakes and not result.correct, told(result)
            assert "No slip that is known" in result.hint
            assert result.has_counterexample


@pytest.mark.parametrize("name", ["open", "held_out", "sealed"])
def test_no_right_answer_is_refused(name):
    refused = slip_results.refused(name)
    assert not refused, "\n".join(f"{case.function}: {said}" for case, said in refused)


def test_every_slip_is_met_and_every_name_is_known(results):
    met = {slip for case in WRONG if case.slip for slip in case.slip.split("+")}
    assert met <= set(SLIPS)
    assert set(SLIPS) - met == {"rounding"}  # which is right
    named = {slip for result in results for one in result.mistakes for slip in one.split("+")}
    assert named <= set(SLIPS)


def test_the_page_is_what_would_be_written(project):
    spec = importlib.util.spec_from_file_location("slips", project / "tools" / "slips.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    written = (project / "docs" / "slips.md").read_text(encoding="utf-8")
    assert tool.page() == written, "make docs"


def test_answers_are_not_made_by_the_package():
    """A collection is an oracle only if it does not use what it tests."""
    from . import held_out_cases, more_slip_cases, sealed_again_cases, sealed_cases, slip_cases

    for module in (slip_cases, more_slip_cases, held_out_cases, sealed_cases, sealed_again_cases):
        assert "autograd_lessons" not in inspect.getsource(module)


def test_answers_are_written_once():
    for one in slip_results.COLLECTIONS.values():
        counts = Counter((case.function, case.slip, repr(case.answer), repr(case.given)) for case in one.wrong)
        assert max(counts.values()) == 1
