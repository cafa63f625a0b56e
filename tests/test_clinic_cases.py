"""The clinic's corpus is true of plain PyTorch: every case does what it says, and every correct cell runs."""

import pytest

from .clinic_cases import CASES, run_plain


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plain_pytorch_does_what_the_case_says(case):
    outcome = run_plain(case.code)
    assert (type(outcome.error).__name__ if outcome.error else None) == case.raises, outcome.error
    for message in outcome.warnings:
        assert message.startswith(case.warns), message
    for beginning in case.warns:
        assert any(message.startswith(beginning) for message in outcome.warnings), beginning
    assert bool(case.gives) == (case.raises is None)
    if case.gives:
        assert eval(case.gives, outcome.namespace) is True
