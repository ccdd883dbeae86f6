from decimal import Decimal
from fractions import Fraction
from itertools import product as every
from operator import gt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import BrokenPlan
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.rounding import Grid
from fhir_taper.plans.medicines.split import Split, Splitter, preference
from tests.plans.tapers.made_requests import liquid, tablets

FIFTH = Fraction(1, 5)
DAY = {1: ("night",), 2: ("morning", "night"), 3: ("morning", "noon", "night"), 4: ("morning", "noon", "evening", "night")}


class Bench:
    """A grid over some times, asked and answered in mg by time of day."""

    def __init__(self, products: tuple[Product, ...], *times: str, even: bool = False, avoid_night: bool = False, top: str = "400") -> None:
        self.grid = Grid(products, len(times), 6, Decimal(top))
        self.slots = preference([Slot(time) for time in times], avoid_night)
        self.splitter = Splitter(self.grid.intakes, self.slots, FIFTH, even)

    def quanta(self, mg: str | Fraction) -> int:
        return int(Fraction(mg) * self.grid.measure.per_mg) // self.grid.quantum

    def split(self, dose: str, **before: str) -> Split:
        state = tuple(self.quanta(before[slot]) for slot in self.slots) if before else None
        amount = self.quanta(dose) * self.grid.quantum
        return self.splitter.split(amount // self.grid.quantum, state, (amount - (self.grid.below(amount) or 0)) // self.grid.quantum)

    def mg(self, dose: str, **before: str) -> dict[str, Fraction]:
        found = self.split(dose, **before)
        return {str(slot): self.grid.measure.mg(part * self.grid.quantum) for slot, part in zip(self.slots, found.amounts, strict=True)}


def test_larger_doses_go_to_the_night_then_the_morning_then_the_evening_and_noon_is_last() -> None:
    assert preference(list(Slot), avoid_night=False) == (
        *(Slot.NIGHT, Slot.MORNING, Slot.EVENING, Slot.NOON),
        *(Slot.AFTERNOON, Slot.OVERNIGHT),
    )


def test_the_night_comes_last_where_it_must_not_be_the_larger() -> None:
    assert preference(list(Slot), avoid_night=True) == (
        *(Slot.MORNING, Slot.EVENING, Slot.NOON, Slot.AFTERNOON),
        *(Slot.NIGHT, Slot.OVERNIGHT),
    )
    assert Bench(tablets("diazepam", "2", parts=2), "morning", "night", avoid_night=True).mg("3") == {"morning": 2, "night": 1}


def test_three_milligrams_on_two_times_put_the_larger_dose_at_night() -> None:
    assert Bench(tablets("diazepam", "2", parts=2), "morning", "night").mg("3", morning="2", night="2") == {"morning": 1, "night": 2}


def test_no_time_rises_although_an_evener_split_exists() -> None:
    assert Bench(tablets("diazepam", "1"), "morning", "night").mg("4", morning="0", night="5") == {"morning": 0, "night": 4}


def test_the_larger_dose_stays_where_the_patient_takes_it_when_the_night_has_no_room() -> None:
    assert Bench(tablets("diazepam", "1"), "morning", "night").mg("5", morning="4", night="2") == {"morning": 3, "night": 2}


def test_spread_within_a_fifth_of_the_day_is_given_for_fewer_pieces() -> None:
    bench = Bench(tablets("oxycodone", "5", "10", "20"), "morning", "night")

    assert bench.mg("50") == {"morning": 20, "night": 30}  # 20 and 10+20: three pieces; 25 and 25 would be four


def test_even_puts_the_least_spread_before_the_fewest_pieces() -> None:
    bench = Bench(tablets("oxycodone", "5", "10", "20"), "morning", "night", even=True)

    assert bench.mg("50") == {"morning": 25, "night": 25}


def test_beyond_a_fifth_of_the_day_the_least_spread_is_taken() -> None:
    assert Bench(tablets("oxycodone", "20"), "morning", "night").mg("60") == {"morning": 20, "night": 40}


def test_one_notch_of_spread_is_always_allowed() -> None:
    assert Bench(tablets("morphine", "15"), "morning", "noon", "night").mg("30") == {"morning": 15, "noon": 0, "night": 15}


def test_noon_is_cut_first_then_the_morning_then_the_night() -> None:
    bench = Bench(tablets("morphine", "15", "30", "60"), "morning", "noon", "night", even=True)

    assert bench.mg("255", morning="90", noon="90", night="90") == {"morning": 90, "noon": 75, "night": 90}
    assert bench.mg("240", morning="90", noon="75", night="90") == {"morning": 75, "noon": 75, "night": 90}
    assert bench.mg("225", morning="75", noon="75", night="90") == {"morning": 75, "noon": 75, "night": 75}


def test_a_rise_that_cannot_be_avoided_is_marked_and_is_the_smallest() -> None:
    bench = Bench(tablets("diazepam", "2", "5"), "morning", "noon", "night")

    found = bench.split("5", morning="2", noon="2", night="2")

    assert found.rises
    assert bench.mg("5", morning="2", noon="2", night="2") == {"morning": 0, "noon": 0, "night": 5}


def test_where_times_must_rise_they_rise_by_the_least_in_all_and_not_by_what_the_evenest_split_takes() -> None:
    bench = Bench(tablets("diazepam", "2", "5", "10", parts=2), *DAY[4])

    found = bench.mg("4.5", morning="1", noon="1", evening="1", night="2")

    assert found == {"morning": 1, "noon": 0, "evening": 1, "night": Fraction("2.5")}  # one time by 0.5 mg; 2 and 2.5 would be two by 1.5


def test_a_split_that_keeps_under_what_was_taken_is_no_rise() -> None:
    assert not Bench(tablets("diazepam", "2"), "morning", "night").split("4", morning="4", night="2").rises


def test_a_liquid_is_divided_evenly() -> None:
    assert Bench((liquid("diazepam", "1", "0.1"),), "morning", "noon", "night").mg("10") == {
        "morning": Fraction("3.3"),
        "noon": Fraction("3.3"),
        "night": Fraction("3.4"),
    }


def test_a_fine_liquid_beside_combination_tablets_still_finds_a_split() -> None:
    bench = Bench((*tablets("tramadol", "37.5", parts=2), liquid("tramadol", "1", "0.1")), *DAY[4], top="300")

    assert sum(bench.mg("281.25").values()) == Fraction("281.25")


def brute_force(bench: Bench, dose: int, before: tuple[int, ...], notch: int, even: bool) -> tuple[int, ...]:
    """The best split by looking at every one of them, in the words of the design; where a time must rise, the least rises in all."""
    amounts = [amount for amount in range(dose + 1) if bench.grid.intakes.reachable >> amount & 1]
    found = [one for one in every(amounts, repeat=len(before)) if sum(one) == dose]
    allowed = max(notch, dose // 5)

    def order(one: tuple[int, ...]) -> tuple[object, ...]:
        rises = [part - cap for part, cap in zip(one, before, strict=True) if part > cap]
        spread, pieces = max(one) - min(one), sum(bench.grid.intakes.fewest(part) for part in one)
        too_wide = max(0, spread - allowed)
        counted = (spread, pieces) if even or too_wide else (pieces, spread)
        return (sum(rises), len(rises), too_wide > 0, *counted, tuple(-part for part in one))

    return min(found, key=order)


@given(data=st.data())
def test_the_search_finds_what_looking_at_every_split_finds(data: st.DataObject) -> None:
    strengths = data.draw(st.lists(st.sampled_from(["1", "2", "3", "5"]), min_size=1, max_size=3, unique=True))
    even = data.draw(st.booleans())
    bench = Bench(
        tablets("diazepam", *strengths, parts=data.draw(st.sampled_from([1, 2]))), *DAY[data.draw(st.integers(1, 3))], even=even, top="16"
    )
    doses = [int(dose * bench.grid.measure.per_mg) for dose in bench.grid.doses() if dose]
    earlier, dose = data.draw(st.sampled_from(doses)), data.draw(st.sampled_from(doses))
    quantum = bench.grid.quantum
    before = bench.splitter.split(earlier // quantum, None, 1).amounts
    notch = (dose - (bench.grid.below(dose) or 0)) // quantum
    found = bench.splitter.split(dose // quantum, before, notch)

    assert found.amounts == brute_force(bench, dose // quantum, before, notch, even)
    assert found.rises == any(map(gt, found.amounts, before))


def test_a_dose_that_no_pieces_make_is_an_error_and_never_another_dose() -> None:
    bench = Bench(tablets("morphine", "30"), "morning", top="120")

    with pytest.raises(BrokenPlan):
        bench.splitter.split(bench.quanta("120") + 1, None, 1)
