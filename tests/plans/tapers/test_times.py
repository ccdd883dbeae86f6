from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tapers.infeasible import WayOut
from fhir_taper.plans.tapers.request import AtMost, PlanRequest, Taken
from fhir_taper.plans.tapers.times import times_of, too_often
from tests.plans.tapers.made_requests import liquid, patch, product, request, tablets

TABLET = tablets("diazepam", "2", parts=2)


def intakes(*pairs: tuple[Slot | None, str]) -> tuple[Intake, ...]:
    return tuple(Intake(slot, Decimal(units)) for slot, units in pairs)


def asked(*pairs: tuple[Slot | None, str], drug: str = "diazepam", baseline: str = "4", **fields: object) -> PlanRequest:
    return replace(request(drug, baseline, TABLET), intakes=intakes(*pairs), **fields)  # type: ignore[arg-type]


def test_the_patients_own_times_are_kept_with_what_is_taken_at_each() -> None:
    times = times_of(asked((Slot.NIGHT, "1.5"), (Slot.MORNING, "0.5")), TABLET)

    assert times.slots == (Slot.MORNING, Slot.NIGHT)
    assert times.mg == {Slot.MORNING: Fraction(1), Slot.NIGHT: Fraction(3)}
    assert not times.assumed


def test_amounts_that_do_not_make_the_baseline_are_not_used() -> None:
    times = times_of(asked((Slot.NIGHT, "1"), (Slot.MORNING, "1"), baseline="6"), TABLET)

    assert times.slots == (Slot.MORNING, Slot.NIGHT)
    assert times.mg is None


@pytest.mark.parametrize(
    ("count", "drug", "slots"),
    [
        (1, "diazepam", (Slot.NIGHT,)),
        (1, "oxycodone", (Slot.MORNING,)),
        (2, "diazepam", (Slot.MORNING, Slot.NIGHT)),
        (3, "diazepam", (Slot.MORNING, Slot.NOON, Slot.NIGHT)),
        (4, "diazepam", (Slot.MORNING, Slot.NOON, Slot.EVENING, Slot.NIGHT)),
        (5, "diazepam", (Slot.MORNING, Slot.NOON, Slot.AFTERNOON, Slot.EVENING, Slot.NIGHT)),
        (6, "diazepam", tuple(Slot)),
    ],
)
def test_orders_that_do_not_say_when_get_the_usual_times(count: int, drug: str, slots: tuple[Slot, ...]) -> None:
    made = (product(drug, "2"),)
    one = replace(request(drug, "4", made), intakes=intakes(*[(None, "1")] * count))

    assert times_of(one, made).slots == slots


def test_one_intake_is_not_put_at_night_where_that_is_unsafe() -> None:
    assert times_of(asked((None, "2"), avoid_night=True), TABLET).slots == (Slot.MORNING,)


def test_stated_times_come_first_and_the_others_take_what_is_free() -> None:
    assert times_of(asked((None, "1"), (Slot.MORNING, "1")), TABLET).slots == (Slot.MORNING, Slot.NIGHT)


def test_no_times_at_all_are_assumed() -> None:
    assert times_of(asked(), TABLET).assumed
    assert times_of(asked(drug="zolpidem"), tablets("zolpidem", "5")).slots == (Slot.NIGHT,)


def test_what_is_taken_by_product_is_used_before_the_intakes() -> None:
    taken = (Taken(TABLET[0].rxcui, Slot.NOON, Decimal(2)),)

    assert times_of(asked((Slot.NIGHT, "2"), taken=taken), TABLET).mg == {Slot.NOON: Fraction(4)}


def test_the_most_pieces_at_one_time_are_counted_over_all_intakes_of_that_time() -> None:
    assert times_of(asked((Slot.NIGHT, "1.5"), (Slot.NIGHT, "2"), baseline="7"), TABLET).pieces == 4


def test_millilitres_are_not_pieces() -> None:
    assert times_of(asked((Slot.NIGHT, "10"), baseline="10"), (liquid("diazepam", "1", "0.1"),)).pieces == 0


def test_patches_are_worn_together_at_one_time() -> None:
    made = (patch("fentanyl", "0.3"),)
    times = times_of(replace(request("fentanyl", "0.9", made), intakes=intakes((Slot.MORNING, "1"), (Slot.NIGHT, "2"))), made)

    assert times.slots == (Slot.MORNING,)
    assert times.pieces == 3


def test_what_may_be_taken_at_one_time_bounds_every_intake() -> None:
    at_most = tuple(AtMost(None, Decimal(5)) for _ in range(6))
    made = (product("oxycodone", "5"),)
    times = times_of(replace(request("oxycodone", "20", made), intakes=(), at_most=at_most), made)

    assert (times.slots, times.most_mg, times.assumed) == (tuple(Slot), Fraction(5), False)


def test_pieces_at_one_time_are_those_of_the_intakes_although_the_orders_say_the_most_in_mg() -> None:
    at_most = (AtMost(None, Decimal(130)), AtMost(None, Decimal(50)))
    made = (product("oxycodone", "10"),)
    thirteen = replace(request("oxycodone", "180", made), intakes=intakes((Slot.NOON, "12.5"), (Slot.NIGHT, "5")), at_most=at_most)

    assert times_of(thirteen, made).pieces == 13


def test_what_is_taken_bounds_every_intake_by_the_largest_of_them() -> None:
    taken = (Taken(TABLET[0].rxcui, Slot.NOON, Decimal(2)), Taken(TABLET[0].rxcui, Slot.NIGHT, Decimal(1)))

    assert times_of(asked(taken=taken), TABLET).most_mg == 4


def test_a_product_taken_more_often_than_a_day_has_times_is_refused() -> None:
    eight = tuple(Taken(TABLET[0].rxcui, None, Decimal(1)) for _ in range(8))
    no = too_often(asked(taken=eight, baseline="16"), TABLET)

    assert no is not None
    assert (no.reason, no.ways_out) == ("state-what-is-taken", (WayOut.STATE_WHAT_IS_TAKEN,))
    assert too_often(asked(taken=eight[:6], baseline="12"), TABLET) is None


def test_two_products_with_more_intakes_than_the_day_has_times_are_taken_together() -> None:
    made = tablets("diazepam", "2", "5")
    taken = tuple(Taken(one.rxcui, None, Decimal(1)) for one in made for _ in range(4))
    times = times_of(replace(request("diazepam", "28", made), taken=taken, intakes=()), made)

    assert times.mg == dict.fromkeys((Slot.MORNING, Slot.NOON, Slot.EVENING, Slot.NIGHT), Fraction(7))
    assert too_often(replace(request("diazepam", "28", made), taken=taken), made) is None
