"""Extended-release and immediate-release products in one plan: each falls on the doses that its own products make."""

from collections.abc import Sequence
from decimal import Decimal

from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from tests.plans.tapers.made_requests import mg, own, planned, refused, request

EXTENDED_15, EXTENDED_30, PLAIN_15 = own("891881"), own("891888"), own("892582")


def mixed(baseline: str, products: Sequence[Product], **fields: str) -> PlanRequest:
    """Morphine ER 15 mg three times a day beside plain 15 mg twice a day: 75 mg."""
    taken = [Taken(EXTENDED_15.rxcui, slot, Decimal(1)) for slot in (Slot.MORNING, Slot.NOON, Slot.NIGHT)]
    taken += [Taken(PLAIN_15.rxcui, slot, Decimal(1)) for slot in (Slot.MORNING, Slot.NIGHT)]
    return request("morphine", baseline, tuple(products), taken=tuple(taken), params={"percent": 10, "interval_days": 28}, **fields)


def test_two_releases_fall_one_after_the_other_from_what_is_taken() -> None:
    plan = planned(mixed("75", (EXTENDED_15, PLAIN_15)))

    assert mg(plan)[0] == 75
    assert mg(plan)[-1] == 0


def test_a_share_of_one_release_that_its_products_cannot_make_is_refused() -> None:
    no = refused(mixed("75", (EXTENDED_30, PLAIN_15), target_mg="45"))

    assert (no.reason, no.at_mg, no.next_mg) == ("baseline-not-on-grid", Decimal(75), Decimal(0))  # no 30 mg at once where 15 are taken


def test_a_target_within_a_share_that_cannot_be_made_is_refused_too() -> None:
    no = refused(mixed("75", (EXTENDED_30, PLAIN_15), target_mg="30"))

    assert no.reason == "baseline-not-on-grid"
