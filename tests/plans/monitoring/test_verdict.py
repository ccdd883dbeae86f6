"""Three answers: what is not known is never "no", and decides nothing that another answer decides alone."""

import pytest

from fhir_taper.plans.monitoring.verdict import Verdict, every, known, no, not_known, some, unknown

YES, NO, OPEN = known(is_so=True), known(is_so=False), unknown("no data")


@pytest.mark.parametrize(
    ("asked", "all_", "any_"),
    [
        ((YES, YES), True, True),
        ((YES, NO), False, True),
        ((NO, NO), False, False),
        ((YES, OPEN), None, True),
        ((NO, OPEN), False, None),
        ((OPEN, OPEN), None, None),
    ],
)
def test_every_and_some_in_three_answers(asked: tuple[Verdict, ...], all_: bool | None, any_: bool | None) -> None:
    assert (every(asked).is_so, some(asked).is_so) == (all_, any_)
    assert (every(asked[::-1]).is_so, some(asked[::-1]).is_so) == (all_, any_)


def test_not_turns_an_answer_round_and_leaves_the_unknown_unknown() -> None:
    assert [no(one).is_so for one in (YES, NO, OPEN)] == [False, True, None]


def test_that_something_is_not_known_is_known_itself_and_says_why() -> None:
    assert [not_known(one).is_so for one in (YES, NO, OPEN)] == [False, False, True]
    assert not_known(every([OPEN, unknown("403")])).values == {"unknown": "no data; 403"}


def test_the_reasons_of_what_is_not_known_are_kept_once() -> None:
    assert every([OPEN, YES, unknown("403"), OPEN]).why == ("no data", "403")
    assert some([OPEN, YES]).why == ()
