"""Whatever the order in which versions are written and clinicians edit: nothing of theirs is lost, nothing of ours is there twice."""

import pytest

from tests.fuzz.courses import course


@pytest.mark.parametrize("seed", range(60))
def test_no_order_of_versions_and_edits_loses_or_doubles_anything(seed: int) -> None:
    assert list(course(seed)) == []
