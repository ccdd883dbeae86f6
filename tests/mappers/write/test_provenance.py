from dataclasses import replace
from datetime import date, datetime

import pytest

from fhir_taper import __version__
from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.tapers.plan import PharmacistReview, PlanState, RevisionNote
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, only, written

PLAN = EXAMPLES["diazepam"]


def roles(state: PlanState, author: str = "Practitioner/dr1") -> list[str]:
    provenance = only(written(replace(PLAN, state=state, author=author)), "Provenance")
    return [agent["type"]["coding"][0]["code"] for agent in provenance["agent"]]


def test_the_clinician_is_the_author_only_after_sign_off() -> None:
    assert roles(PlanState.DRAFT) == ["assembler"]
    assert roles(PlanState.REVOKED) == ["assembler"]
    assert roles(PlanState.ACTIVE) == ["author", "assembler"]
    assert roles(PlanState.ACTIVE, author="") == ["assembler"]


def test_the_assembler_is_this_program_in_its_version() -> None:
    bundle = written(PLAN)
    device = only(bundle, "Device")
    assert only(bundle, "Provenance")["agent"][-1]["who"] == {"reference": f"urn:uuid:{device['id']}"}
    assert device["deviceName"] == [{"name": "fhir-taper", "type": "user-friendly-name"}]
    assert device["version"] == [{"value": __version__}]


def test_it_speaks_of_every_resource_that_was_written_for_the_plan() -> None:
    bundle = written(PLAN)
    about = {entry["fullUrl"] for entry in bundle["entry"] if entry["resource"]["resourceType"] not in {"Device", "Provenance"}}
    assert {target["reference"] for target in only(bundle, "Provenance")["target"]} == about


@pytest.mark.feature("F05")
def test_inputs_with_versions_tables_with_editions_and_the_previous_version_are_named() -> None:
    plan = replace(PLAN, sources=("MedicationRequest/m1/_history/3",), replaces="old-id")
    source, table, before = only(written(plan), "Provenance")["entity"]
    assert source == {"role": "source", "what": {"reference": "MedicationRequest/m1/_history/3"}}
    assert table["what"]["identifier"]["value"] == f"limits.csv|2026-11|{'0' * 64}"
    assert (before["role"], before["what"]["identifier"]["value"]) == ("revision", "old-id")


def test_the_reason_of_this_version_and_the_pharmacist_are_named() -> None:
    note = RevisionNote("hold", 2, date(2026, 2, 1), "Practitioner/dr1", "sleep is poor", "reductions paused")
    review = PharmacistReview("Pharmacist J. Roe", date(2026, 1, 3), "accepted")
    provenance = only(written(replace(PLAN, version=2, revisions=(replace(note, version=1), note), pharmacist_review=review)), "Provenance")
    assert provenance["reason"] == [{"text": "sleep is poor"}]
    assert provenance["agent"][0]["who"] == {"display": "Pharmacist J. Roe"}


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(WrongUsage, match="a time without a zone"):
        to_bundle(PLAN, as_of=BEFORE, instant=datetime(2026, 1, 4))  # noqa: DTZ001 (what is refused)
