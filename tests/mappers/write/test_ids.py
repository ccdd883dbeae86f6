from dataclasses import replace
from uuid import UUID

import pytest

from fhir_taper.mappers.write.ids import CARE_PLAN, Ids, active_taper_query
from tests.mappers.write.example_plans import EXAMPLES, written

PLAN = EXAMPLES["diazepam"]


def test_the_same_plan_gets_the_same_ids_everywhere() -> None:
    ids = [entry["fullUrl"] for entry in written(PLAN)["entry"]]
    assert ids == [entry["fullUrl"] for entry in written(replace(PLAN))["entry"]]
    assert len(set(ids)) == len(ids)


def test_every_full_url_is_the_urn_of_the_resource_id() -> None:
    assert all(entry["fullUrl"] == f"urn:uuid:{UUID(entry['resource']['id'])}" for entry in written(PLAN)["entry"])


@pytest.mark.parametrize("change", [{"patient": "p2"}, {"ingredient": "lorazepam"}, {"key": "other"}, {"version": 2}])
def test_another_patient_ingredient_key_or_version_gets_other_ids(change: dict[str, object]) -> None:
    other = replace(PLAN, **change)  # type: ignore[arg-type]
    assert Ids(other).of("RequestGroup") != Ids(PLAN).of("RequestGroup")


def test_another_tenant_gets_other_ids() -> None:
    assert Ids(PLAN, "general").of("RequestGroup") != Ids(PLAN).of("RequestGroup")


def test_the_care_plan_keeps_the_id_of_the_plan() -> None:
    assert Ids(PLAN).of(CARE_PLAN) == PLAN.id


def test_a_plan_id_that_is_no_uuid_still_gives_a_resource_id() -> None:
    found = Ids(replace(PLAN, id="plan one")).of(CARE_PLAN)
    assert str(UUID(found)) == found


@pytest.mark.feature("F84")
def test_all_versions_and_keys_of_one_ingredient_are_found_by_one_query_for_active_tapers() -> None:
    query = active_taper_query(PLAN)
    assert query == active_taper_query(replace(PLAN, version=7, key="other", id="x"))
    assert query != active_taper_query(replace(PLAN, ingredient="lorazepam"))
    assert query.endswith("&status=active,on-hold")
    system, _, value = query.removeprefix("identifier=").removesuffix("&status=active,on-hold").partition("|")
    identifiers = written(PLAN)["entry"][0]["resource"]["identifier"]
    assert {"use": "secondary", "system": system, "value": value} in identifiers
