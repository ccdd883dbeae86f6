import pytest

from fhir_taper.plans.listed import listed


@pytest.mark.parametrize(("words", "said"), [(["1"], "1"), (["1", "2"], "1 and 2"), (["1", "2", "3"], "1, 2 and 3")])
def test_words_are_parted_by_commas_and_the_last_one_by_and(words: list[str], said: str) -> None:
    assert listed(words) == said
