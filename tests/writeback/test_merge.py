from copy import deepcopy
from typing import Any

import pytest

from fhir_taper.writeback.merge import merge
from tests.mappers.write.example_plans import only
from tests.writeback.writing import approved, bundle_of, revised

Json = dict[str, Any]
PLAN = approved()
BASE = only(bundle_of(PLAN), "CarePlan")
OURS = only(bundle_of(revised(PLAN, reason="other words", minimum_function="walks to the shop")), "CarePlan")
STEPS = only(bundle_of(PLAN), "RequestGroup")


def edited(resource: Json, **elements: Any) -> Json:
    return deepcopy(resource) | elements


def test_what_only_we_changed_is_ours() -> None:
    merged = merge(BASE, OURS, BASE)
    assert merged.conflicts == ()
    assert {name: value for name, value in merged.resource.items() if name not in ("id", "meta")} == {
        name: value for name, value in OURS.items() if name not in ("id", "meta")
    }


@pytest.mark.parametrize(
    "added",
    [
        {"note": [{"text": "seen by the nurse"}]},
        {"careTeam": [{"reference": "CareTeam/c1"}]},
        {"encounter": {"reference": "Encounter/e1"}},
        {"goal": [*BASE["goal"], {"reference": "Goal/theirs"}]},
        {"activity": [*BASE["activity"], {"detail": {"status": "scheduled", "description": "physiotherapy"}}]},
        {"extension": [*BASE["extension"], {"url": "https://elsewhere.example/x", "valueString": "y"}]},
        {"identifier": [*BASE["identifier"], {"system": "https://ehr.example.org/ids", "value": "7"}]},
        {"title": "Taper, as discussed"},
    ],
    ids=lambda added: next(iter(added)),
)
def test_what_a_person_added_in_the_ehr_stays(added: Json) -> None:
    merged = merge(BASE, BASE, edited(BASE, **added))
    assert merged.conflicts == ()
    (name,) = added
    assert merged.kept == (name,)
    assert merged.resource[name] == added[name] or all(item in merged.resource[name] for item in added[name])


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "on-hold"},
        {"intent": "order"},
        {"subject": {"reference": "Patient/p2"}},
        {"period": {"start": "2026-02-01"}},
        {"extension": BASE["extension"][1:]},
        {"extension": []},
        {"activity": []},
    ],
    ids=str,
)
def test_a_change_of_what_carries_the_plan_is_a_conflict_and_theirs_stands(changed: Json) -> None:
    for ours in (BASE, OURS):
        merged = merge(BASE, ours, edited(BASE, **changed))
        (name,) = changed
        assert any(conflict.element.startswith(name) for conflict in merged.conflicts)
        assert merged.resource.get(name, []) == changed[name] or name in ("extension", "activity")


def test_an_element_that_both_sides_changed_is_a_conflict() -> None:
    merged = merge(edited(BASE, title="a"), edited(BASE, title="b"), edited(BASE, title="c"))
    assert [(one.element, one.base, one.ours, one.theirs) for one in merged.conflicts] == [("title", "a", "b", "c")]
    assert merged.resource["title"] == "c"


def test_the_same_change_on_both_sides_is_one() -> None:
    merged = merge(edited(BASE, status="active"), edited(BASE, status="on-hold"), edited(BASE, status="on-hold"))
    assert (merged.conflicts, merged.resource["status"]) == ((), "on-hold")


def test_a_step_that_somebody_changed_is_named_and_the_others_are_not() -> None:
    theirs = deepcopy(STEPS)
    theirs["action"][2]["timingPeriod"]["start"] = "2026-12-24"
    merged = merge(STEPS, STEPS, theirs)
    assert [one.element for one in merged.conflicts] == ["action[step 2]"]


def test_a_step_that_somebody_added_stays_and_one_that_they_removed_is_a_conflict() -> None:
    added = merge(STEPS, STEPS, edited(STEPS, action=[*STEPS["action"], {"title": "call on Friday", "resource": {"display": "x"}}]))
    assert (added.conflicts, added.resource["action"][-1]["title"]) == ((), "call on Friday")
    removed = merge(STEPS, STEPS, edited(STEPS, action=STEPS["action"][:-1]))
    assert [one.element for one in removed.conflicts] == [f"action[step {STEPS['action'][-1]['prefix']}]"]


def test_labels_and_tags_of_the_ehr_are_kept_beside_ours() -> None:
    theirs = edited(BASE, meta={"versionId": "7", "tag": [{"system": "t", "code": "1"}], "security": [{"system": "s", "code": "PSY"}]})
    meta = merge(BASE, OURS, theirs).resource["meta"]
    assert meta["tag"] == [{"system": "t", "code": "1"}]
    assert {one["code"] for one in meta["security"]} == {"N", "PSY"}
    assert "versionId" not in meta
