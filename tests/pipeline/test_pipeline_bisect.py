from __future__ import annotations

import pytest
from wasmlathe.pipeline.bisect import NothingToFind, first_bad


@pytest.mark.parametrize("culprit", [1, 2, 57, 99, 100])
def test_the_culprit_is_found_in_few_steps(culprit: int) -> None:
    asked: list[int] = []

    def is_good(applications: int) -> bool:
        asked.append(applications)
        return applications < culprit

    assert first_bad(is_good, 100) == culprit
    assert len(asked) <= 9


def test_a_right_program_has_no_culprit() -> None:
    with pytest.raises(NothingToFind, match="passes after all 7"):
        first_bad(lambda n: True, 7)


def test_a_program_that_is_wrong_without_passes_has_no_culprit() -> None:
    with pytest.raises(NothingToFind, match="without any pass"):
        first_bad(lambda n: False, 7)
