"""Every case of every pass; `pytest --bless` accepts what the passes make now, and the diff is read before a commit."""

from __future__ import annotations

import pytest
from pass_harness import Case, all_cases, bless, check_case, difference


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_a_pass_makes_of_the_case_what_it_says(case: Case, request: pytest.FixtureRequest) -> None:
    text = check_case(case)
    found = difference(case, text)
    if found and request.config.getoption("--bless"):
        bless(case, text)
        return
    assert not found, found
