from decimal import Decimal
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.plans.medicines.codes import Form, Release
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.rounding import Grid, half_even
from tests.plans.tapers.made_requests import liquid, patch, product, tablets


def grid(products: tuple[Product, ...], times: int = 1, pieces: int = 6, top: str = "20") -> Grid:
    return Grid(products, times, pieces, Decimal(top))


def mg(found: Grid, amount: int | None) -> Fraction | None:
    return None if amount is None else found.measure.mg(amount)


def of(found: Grid, amount: str) -> int:
    made = found.measure.of(Decimal(amount))
    assert made is not None
    return made


def by_hand(pieces: tuple[Fraction, ...], most: int, top: Fraction) -> list[Fraction]:
    """Every sum of at most `most` pieces, one by one."""
    sums = {sum(some, Fraction(0)) for count in range(most + 1) for some in combinations_with_replacement(pieces, count)}
    return sorted(total for total in sums if total <= top)


def test_halves_of_a_two_milligram_tablet_make_every_whole_milligram() -> None:
    assert list(grid(tablets("diazepam", "2", parts=2), times=2, top="4").doses()) == [0, 1, 2, 3, 4]


def test_a_whole_tablet_is_not_split() -> None:
    assert list(grid(tablets("diazepam", "2"), top="6").doses()) == [0, 2, 4, 6]


def test_an_extended_release_tablet_is_never_split_whatever_its_parts() -> None:
    assert list(grid((product("morphine", "15", 2, release=Release.EXTENDED),), top="30").doses()) == [0, 15, 30]


@pytest.mark.parametrize("form", [Form.CAPSULE, Form.ODT, Form.FILM])
def test_only_plain_tablets_are_split(form: Form) -> None:
    assert list(grid((product("clonazepam", "1", 4, form),), top="2").doses()) == [0, 1, 2]


def test_no_more_pieces_are_taken_at_once_than_allowed() -> None:
    assert list(grid(tablets("diazepam", "2"), times=2, pieces=2, top="20").doses()) == [0, 2, 4, 6, 8]


def test_halves_and_quarters_are_pieces_too() -> None:
    assert list(grid(tablets("diazepam", "4", parts=4), pieces=1, top="8").doses()) == [0, 1, 2, 4]


def test_mixed_strengths_make_sums_of_both() -> None:
    assert list(grid(tablets("oxycodone", "5", "15"), pieces=2, top="30").doses()) == [0, 5, 10, 15, 20, 30]


def test_a_liquid_makes_every_multiple_of_its_smallest_volume() -> None:
    doses = list(grid((liquid("diazepam", "5", "0.05"),), top="15").doses())

    assert doses == [Fraction(step, 4) for step in range(61)]


def test_a_liquid_on_top_of_tablets_fills_the_gaps_at_the_cost_of_one_piece() -> None:
    found = grid((*tablets("diazepam", "10"), liquid("diazepam", "1", "0.1")), pieces=1, top="20")

    assert list(found.doses()) == [Fraction(step, 10) for step in range(201)]


def test_patches_are_whole_and_worn_together() -> None:
    found = grid((patch("fentanyl", "0.3"), patch("fentanyl", "0.6")), pieces=3, top="1.8")

    assert list(found.doses()) == [Fraction(step, 10) for step in (0, 3, 6, 9, 12, 15, 18)]


def test_the_nearest_dose_is_taken_and_ties_go_up() -> None:
    found = grid(tablets("diazepam", "1"), top="6")

    assert [mg(found, found.nearest(of(found, ideal))) for ideal in ("2.4", "2.5", "2.6", "0", "0.5", "6")] == [2, 3, 3, 0, 1, 6]


def test_an_ideal_above_the_highest_dose_gets_the_highest() -> None:
    found = grid(tablets("diazepam", "2"), pieces=2, top="20")

    assert mg(found, found.nearest(of(found, "9"))) == 4


def test_the_lowest_dose_that_is_allowed_and_the_next_lower_one() -> None:
    found = grid(tablets("oxycodone", "5"), top="20")

    assert mg(found, found.at_least(of(found, "11"))) == 15
    assert mg(found, found.at_least(of(found, "10"))) == 10
    assert found.at_least(of(found, "21")) is None
    assert mg(found, found.below(of(found, "15"))) == 10
    assert found.below(0) is None


def test_what_is_not_a_sum_of_pieces_is_not_a_dose() -> None:
    found = grid(tablets("diazepam", "5", parts=2), top="20")

    assert of(found, "7.5") in found
    assert of(found, "7") not in found
    assert "7.5" not in found


def test_arithmetic_is_exact_for_strengths_that_binary_fractions_are_not() -> None:
    found = grid(tablets("alprazolam", "0.1", "0.3"), pieces=3, top="1")

    assert of(found, "0.7") in found
    assert found.measure.mg(of(found, "0.7")) == Fraction(7, 10)


def test_a_dose_is_made_of_the_fewest_pieces_and_the_largest_come_first() -> None:
    found = grid(tablets("diazepam", "2", "5", "10", parts=2), top="20")
    amount = of(found, "17.5") // found.quantum

    assert found.intakes.fewest(amount) == 3
    assert found.intakes.made_of(amount) == ((1, Decimal("1.5")), (2, Decimal(1)))


def test_a_whole_tablet_is_taken_rather_than_the_half_of_a_larger_one() -> None:
    found = grid(tablets("diazepam", "10", "5", parts=2), top="10")

    assert found.intakes.made_of(of(found, "5") // found.quantum) == ((1, Decimal(1)),)


def test_a_liquid_is_measured_in_millilitres() -> None:
    found = grid((*tablets("diazepam", "2"), liquid("diazepam", "5", "0.05")), top="10")

    assert found.intakes.made_of(of(found, "4.75") // found.quantum) == ((1, Decimal("0.95")),)


def test_a_tablet_is_taken_rather_than_a_volume_that_is_one_piece_too() -> None:
    found = grid((*tablets("diazepam", "2"), liquid("diazepam", "5", "0.05")), top="10")

    assert found.intakes.made_of(of(found, "2") // found.quantum) == ((0, Decimal(1)),)


def test_a_fine_liquid_over_four_times_is_one_number_and_not_thousands() -> None:
    found = grid((*tablets("morphine", "15", "30"), liquid("morphine", "20", "0.01")), times=4, top="400")

    assert sum(1 for _ in found.doses()) == 2001
    assert mg(found, found.nearest(of(found, "123.45"))) == Fraction("123.4")


@pytest.mark.parametrize(("above", "below", "expected"), [(5, 2, 2), (7, 2, 4), (10, 4, 2), (11, 4, 3), (9, 4, 2), (0, 3, 0)])
def test_halves_are_rounded_to_the_even_number(above: int, below: int, expected: int) -> None:
    assert half_even(above, below) == expected


@given(
    strengths=st.lists(st.sampled_from(["0.25", "0.5", "1", "2", "2.5", "5", "7.5"]), min_size=1, max_size=3, unique=True),
    parts=st.sampled_from([1, 2, 4]),
    times=st.integers(1, 2),
    pieces=st.integers(1, 2),
)
def test_the_grid_is_the_set_of_all_sums_of_pieces(strengths: list[str], parts: int, times: int, pieces: int) -> None:
    singles = tuple({Fraction(mg) / part for mg in strengths for part in (1, 2, 4) if part <= parts})
    top = Fraction(12)

    assert list(grid(tablets("diazepam", *strengths, parts=parts), times, pieces, "12").doses()) == by_hand(singles, times * pieces, top)


@given(strengths=st.lists(st.sampled_from(["0.5", "1", "2", "5"]), min_size=1, max_size=3, unique=True), ideal=st.integers(0, 12_000))
def test_nearest_agrees_with_looking_at_every_dose(strengths: list[str], ideal: int) -> None:
    found = grid(tablets("diazepam", *strengths, parts=2), times=2, top="12")
    wanted = Fraction(ideal, 1000)
    expected = min(found.doses(), key=lambda dose: (abs(dose - wanted), -dose))

    assert mg(found, found.nearest(int(wanted * found.measure.per_mg))) == expected
