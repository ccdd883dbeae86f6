from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from fhir_taper.plans.tapers.times import times_of
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
        (4, "diazepam", tuple(Slot)),
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
