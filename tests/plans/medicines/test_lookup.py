"""A set of whole numbers answers as looking at every member would."""

from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.plans.medicines.lookup import Lookup, members, runs, sums

SETS = st.sets(st.integers(0, 300))
NUMBERS = st.integers(0, 320)


def bits_of(numbers: set[int]) -> int:
    """The set as the bits of one integer."""
    return sum(1 << number for number in numbers)


@given(SETS, NUMBERS)
def test_the_next_member_below_is_found(numbers: set[int], number: int) -> None:
    assert Lookup(bits_of(numbers)).at_most(number) == max((one for one in numbers if one <= number), default=None)


@given(SETS, NUMBERS)
def test_the_next_member_above_is_found(numbers: set[int], number: int) -> None:
    assert Lookup(bits_of(numbers)).at_least(number) == min((one for one in numbers if one >= number), default=None)


@given(SETS, st.integers(-5, 320))
def test_membership_is_that_of_the_set(numbers: set[int], number: int) -> None:
    assert (number in Lookup(bits_of(numbers))) is (number in numbers)


@given(SETS, NUMBERS, NUMBERS)
def test_the_members_of_a_range_come_rising(numbers: set[int], low: int, high: int) -> None:
    assert list(members(bits_of(numbers), low, high)) == sorted(one for one in numbers if low <= one <= high)


def test_a_set_without_members_has_no_next_one() -> None:
    assert Lookup(0).at_most(7) is None
    assert Lookup(0).at_least(0) is None
    assert list(members(0, 0, 9)) == []


@given(SETS, SETS, st.integers(1, 9), st.integers(0, 600))
def test_sums_of_two_sets_are_those_of_every_pair(numbers: set[int], others: set[int], step: int, top: int) -> None:
    found = sums(bits_of(numbers), bits_of(others), step, (1 << top) - 1)

    assert found == bits_of({one + other for one in numbers for other in others if one + other < top})


@given(st.integers(0, 40), st.integers(1, 30), st.integers(1, 9))
def test_members_at_equal_distances_are_one_run(first: int, count: int, step: int) -> None:
    assert runs(bits_of(set(range(first, first + count * step, step))), step) == 1
