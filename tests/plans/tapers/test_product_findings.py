"""What a plan's products change is said: concentrations beside each other, and another release than today's."""

from dataclasses import replace
from decimal import Decimal

from fhir_taper.plans.medicines.codes import Release, Slot
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.request import Taken
from tests.plans.tapers.made_requests import liquid, planned, product, request, tablets

WEAK, STRONG = liquid("diazepam", "1", "0.5"), liquid("diazepam", "5", "0.5")
EXTENDED = product("morphine", "30", release=Release.EXTENDED)


def the(code: str, plan: TaperPlan) -> list[Finding]:
    """Findings of one code."""
    return [finding for finding in plan.findings if finding.code == code]


def test_two_concentrations_are_said_with_how_far_apart_they_are() -> None:
    taken = (Taken(WEAK.rxcui, Slot.MORNING, Decimal(8)), Taken(STRONG.rxcui, Slot.NIGHT, Decimal(4)))
    (found,) = the("two-concentrations", planned(replace(request("diazepam", "28", (WEAK, STRONG)), taken=taken)))

    assert found.severity is Severity.ACKNOWLEDGE
    assert found.message == (
        "Two concentrations of diazepam are used, 1 mg/mL and 5 mg/mL: one taken for the other is a dose 5 times too high or too low."
    )


def test_one_concentration_is_nothing_to_say() -> None:
    assert not the("two-concentrations", planned(request("diazepam", "10", (WEAK, *tablets("diazepam", "2")))))


def test_immediate_release_in_place_of_extended_release_is_said_with_its_interval() -> None:
    taken = tuple(Taken(EXTENDED.rxcui, slot, Decimal(1)) for slot in (Slot.MORNING, Slot.NIGHT))
    asked = request("morphine", "60", (EXTENDED, *tablets("oxycodone", "5", "10", "20")), strategy="substitution", params=ROTATION)
    (found,) = the("release-changes", planned(replace(asked, taken=taken)))

    assert found.severity is Severity.ACKNOWLEDGE
    assert found.message.startswith(
        "Extended-release morphine becomes immediate-release oxycodone, at 2 times a day: each dose is released at once and may not last"
    )


ROTATION = {"to": "oxycodone", "equianalgesic_mg": 60, "equianalgesic_source": "conversion chart", "new_mg": 40, "then": "linear"}


def test_other_products_of_the_same_medicine_that_release_it_otherwise_are_said() -> None:
    taken = tuple(Taken("891888", slot, Decimal(1)) for slot in (Slot.MORNING, Slot.NIGHT))  # 30 mg ER, which the plan may not use
    asked = replace(request("morphine", "60", tablets("morphine", "5", "15")), taken=taken)

    assert the("release-changes", planned(asked))
    assert not the("release-changes", planned(request("morphine", "60", tablets("morphine", "5", "15"))))
