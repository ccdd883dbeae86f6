"""What goes on after a taper, as a CarePlan and back."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fhir_taper.errors import BadInput, RestrictedData
from fhir_taper.exact_json import decode, encode
from fhir_taper.mappers.read.aftercare import from_aftercare, is_aftercare
from fhir_taper.mappers.read.care_plan import is_ours
from fhir_taper.mappers.write.aftercare import AFTERCARE_SYSTEM, to_aftercare
from fhir_taper.mappers.write.labels import Label
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.aftercare import Activity, AftercarePlan
from tests.mappers.write.extension_check import problems

Gate = Callable[[Mapping[str, Any]], list[str]]
PLAN = AftercarePlan(
    id="5f0c6f6e-8f0b-5c1e-9d0a-2a6f7d0f9b11",
    patient="p1",
    ingredient="oxycodone",
    drug="oxycodone <fast>",
    drug_class=DrugClass.OPIOID,
    based_on="taper-version-9",
    replaces="taper-version-9",
    start=date(2026, 5, 4),
    every_days=7,
    activities=(Activity("check-ins", "Check-ins go on."), Activity("peers", "Peer support is offered.", "461481000124109")),
    hard_days="r1",
    author="Practitioner/dr1",
)
LATER = replace(PLAN, id="0b1d6a51-2f3e-5d59-9f3f-111111111111", replaces=PLAN.id, every_days=1, hard_days="", author="")


@pytest.mark.parametrize("plan", [PLAN, LATER], ids=["first", "later"])
def test_an_aftercare_plan_comes_back_as_it_was_and_passes_the_validator_gate(plan: AftercarePlan, validator_gate: Gate) -> None:
    written = to_aftercare(plan)
    assert validator_gate(written) == []
    assert problems(written) == []
    assert from_aftercare(decode(encode(written))) == plan


def test_it_is_based_on_the_completed_taper_and_takes_its_place() -> None:
    taper = {"type": "CarePlan", "identifier": {"system": "https://fhir-taper.org/fhir/plan", "value": "taper-version-9"}}
    written = to_aftercare(PLAN)
    assert (written["basedOn"], written["replaces"]) == ([taper], [taper])
    assert to_aftercare(LATER)["replaces"] == [{"type": "CarePlan", "identifier": {"system": AFTERCARE_SYSTEM, "value": PLAN.id}}]
    assert [coding["code"] for one in written["category"] for coding in one["coding"]] == ["assess-plan", "aftercare"]


def test_check_ins_carry_the_patients_rhythm_and_a_code_stands_where_one_is_known() -> None:
    checks, peers = (one["detail"] for one in to_aftercare(PLAN)["activity"])
    assert checks["scheduledTiming"] == {"repeat": {"frequency": 1, "period": 7, "periodUnit": "d"}}
    assert peers["code"]["coding"] == [{"system": "http://snomed.info/sct", "code": "461481000124109"}]
    assert "scheduledTiming" not in peers


def test_it_is_never_read_as_a_taper_of_ours() -> None:
    written = to_aftercare(PLAN)
    assert is_aftercare(written)
    assert not is_ours(written)
    assert not is_aftercare({"resourceType": "CarePlan"})


def test_restricted_data_is_not_written() -> None:
    with pytest.raises(RestrictedData):
        to_aftercare(PLAN, (Label(CONFIDENTIALITY, "R"),))


@pytest.mark.parametrize(
    ("element", "value", "says"),
    [
        ("extension", [], "taper-aftercare"),
        ("identifier", [], "CarePlan.identifier"),
        ("identifier", [{"system": AFTERCARE_SYSTEM, "value": 1}], "CarePlan.identifier"),
        ("basedOn", [{"reference": "CarePlan/1"}], "CarePlan.basedOn"),
        ("replaces", "x", "CarePlan.replaces"),
        ("subject", {}, "CarePlan.subject"),
        ("period", {"start": "2026"}, "CarePlan.period.start"),
        ("period", None, "CarePlan.period.start"),
    ],
)
def test_what_is_missing_or_odd_is_named(element: str, value: object, says: str) -> None:
    with pytest.raises(BadInput, match=says.replace(".", r"\.")):
        from_aftercare(to_aftercare(PLAN) | {element: value})
