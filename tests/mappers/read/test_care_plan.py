from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_taper import exact_json
from fhir_taper.errors import BadInput, NotFhir
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.read.care_plan import from_bundle, is_ours, read_bundle, read_care_plans, unreadable_care_plans
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.mappers.write.degraded import to_degraded
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.plans.tapers.plan import PlanState
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, NOW

Json = dict[str, Any]
Edit = Callable[[Json, Json], object]
PLAN = replace(EXAMPLES["diazepam"], state=PlanState.ACTIVE)
OTHERS = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": {"reference": "Patient/p1"}}


def sent() -> Json:
    decoded: Json = exact_json.decode(exact_json.encode(to_bundle(PLAN, as_of=BEFORE, instant=NOW)))
    return decoded


def edited(edit: Edit) -> Json:
    bundle = sent()
    edit(bundle["entry"][0]["resource"], bundle["entry"][1]["resource"])
    return bundle


def extension(resource: Json, name: str) -> Json:
    found: Json = next(item for item in resource["extension"] if item["url"].endswith(f"/{name}"))
    return found


def part(extension: Json, url: str) -> Json:
    found: Json = next(item for item in extension["extension"] if item["url"] == url)
    return found


def test_only_care_plans_with_our_extension_or_identifier_are_ours() -> None:
    care_plan, group = (entry["resource"] for entry in sent()["entry"][:2])
    assert is_ours(care_plan)
    assert is_ours({key: value for key, value in care_plan.items() if key != "extension"})
    assert is_ours({key: value for key, value in care_plan.items() if key != "identifier"})
    assert not any(map(is_ours, (OTHERS, group, {}, None, 7, "CarePlan", {"resourceType": "CarePlan", "extension": 1, "identifier": 2})))


@pytest.mark.parametrize(
    ("edit", "place", "says"),
    [
        (lambda plan, _: plan.update(title="Slow taper"), "CarePlan.title", "says 'Slow taper'"),
        (lambda plan, _: plan.pop("description"), "CarePlan.description", "says nothing where"),
        (lambda plan, _: plan.update(status="on-hold"), "CarePlan.status", "says 'on-hold' where the plan's data say 'active'"),
        (lambda plan, _: plan["period"].update(end="2027-01-01"), "CarePlan.period", "2027-01-01"),
        (lambda plan, _: plan.update(text={"status": "generated", "div": "<div>take 5 mg</div>"}), "CarePlan.text", "narrative"),
        (lambda plan, _: plan["activity"].append({"detail": {"status": "scheduled", "description": "walk"}}), "CarePlan.activity[1].detail",
         "was added by somebody else"),
        (lambda _, group: group["action"][1].update(title="Step 1: diazepam 2 mg a day"), "RequestGroup.action[1].title", "2 mg a day"),
        (lambda _, group: group["action"][1]["timingPeriod"].update(start="2026-02-09"), "RequestGroup.action[1].title", "from 2026-02-02"),
        (lambda _, group: group["action"][1]["condition"][0]["expression"].update(expression="true"),
         "RequestGroup.action[1].condition", "'true'"),
        (lambda _, group: group["action"][1]["action"][0].update(description="Take 2 tablets"),
         "RequestGroup.action[1].action[0].description", "Take 2 tablets"),
        (lambda plan, _: part(part(extension(plan, "taper-limits"), "limit"), "fraction").update(valueDecimal=1), "CarePlan",
         "where its texts do not show it"),
        (lambda _, group: group["action"][1].pop("action"), "RequestGroup.action[1].action", "0 products"),
        (lambda _, group: group["action"].append({"title": "walk", "resource": {"display": "walk"}}), "RequestGroup.action[5]",
         "was added by somebody else"),
        (lambda _, group: group.update(status="revoked"), "RequestGroup.status", "'revoked'"),
        (lambda _, group: part(part(part(extension(group["action"][1], "taper-step"), "dose"), "product"), "take")["extension"][1]
         .update(valueDecimal=2), "RequestGroup.action[1].title", "diazepam 3 mg a day"),
    ],
)  # fmt: skip
def test_what_somebody_changed_is_told_with_its_place_and_never_taken_silently(edit: Edit, place: str, says: str) -> None:
    bundle = edited(edit)
    issues = read_bundle(bundle).issues
    assert place in {issue.source for issue in issues if issue.code == "edited"}
    assert any(says in issue.message for issue in issues if issue.source == place)
    with pytest.raises(BadInput):
        from_bundle(bundle)


def test_an_edited_plan_is_read_as_the_record_says_now() -> None:
    assert read_bundle(edited(lambda plan, _: plan.update(status="on-hold"))).value == replace(PLAN, state=PlanState.ON_HOLD)


def test_a_long_edit_is_shortened_in_the_message() -> None:
    (issue,) = read_bundle(edited(lambda plan, _: plan.update(title="x" * 5000))).issues
    assert len(issue.message) < 400


def test_a_changed_detail_of_the_lesser_form_is_told_too() -> None:
    bundle = to_degraded(sent(), PLAN, DegradedForm.DETAIL, BEFORE)
    bundle["entry"][0]["resource"]["activity"][1]["detail"]["description"] = "take less"
    (issue,) = read_bundle(bundle).issues
    assert issue.source == "CarePlan.activity[1].detail.description"


def test_texts_of_another_program_version_are_not_compared_and_that_is_said() -> None:
    def other_version(plan: Json, _: Json) -> None:
        part(extension(plan, "taper"), "writtenBy")["valueString"] = "9.9"
        plan["title"] = "worded otherwise"

    bundle = edited(other_version)
    (issue,) = read_bundle(bundle).issues
    assert (issue.severity, issue.code) == ("information", "other-version")
    assert from_bundle(bundle) == PLAN


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda plan, _: plan.pop("extension"), "CarePlan.extension(taper): is missing"),
        (lambda plan, _: plan["extension"].remove(extension(plan, "taper-baseline")), "CarePlan.extension(taper-baseline): is missing"),
        (lambda plan, _: plan["extension"].append(extension(plan, "taper-baseline")), "CarePlan.extension(taper-baseline): is given twice"),
        (lambda plan, _: part(extension(plan, "taper-baseline"), "mg").update(valueDecimal="4"),
         "CarePlan.extension(taper-baseline).mg: '4' is no decimal"),
        (lambda plan, _: part(extension(plan, "taper"), "schema").update(valueInteger=2),
         "CarePlan.extension(taper): is version 2 of these extensions, and this program reads 1"),
        (lambda plan, _: plan.pop("subject"), "CarePlan.subject: is not a reference to a patient"),
        (lambda plan, _: plan.update(status="unknown"), "CarePlan.status: 'unknown' is not one of draft, active"),
        (lambda plan, _: plan.pop("created"), "CarePlan.created: None is no whole day"),
        (lambda plan, _: plan.update(identifier=[]), "CarePlan.identifier: has 0 plan identifiers"),
        (lambda plan, _: plan.update(supportingInfo=7), "CarePlan.supportingInfo: must be a list"),
        (lambda plan, _: plan.update(supportingInfo=[{}]), "CarePlan.supportingInfo[0]: is neither a reference nor a display"),
        (lambda plan, _: plan.update(replaces=[{"reference": "CarePlan/1"}]), "CarePlan.replaces[0]: does not carry our plan identifier"),
        (lambda plan, _: plan.update(activity="none"), "CarePlan.activity: must be a list"),
        (lambda plan, _: plan.update(activity=[3]), "CarePlan.activity[0]: is not an activity"),
        (lambda plan, _: plan.pop("activity"), "CarePlan.activity: has 0 steps, and was written with 5"),
        (lambda plan, _: plan.update(activity=[{"reference": {"reference": "RequestGroup/404"}}]),
         "CarePlan.activity[0].reference: refers to a RequestGroup that is not here"),
        (lambda _, group: group.update(identifier=[]), "CarePlan.activity[0].reference: refers to a RequestGroup of another plan"),
        (lambda _, group: group.update(subject={"reference": "Patient/somebody-else"}),
         "CarePlan.activity[0].reference: refers to a RequestGroup of another patient"),
        (lambda _, group: group.update(action={}), "CarePlan.activity[0].reference: does not refer to a RequestGroup with a list"),
        (lambda _, group: group["action"].pop(), "CarePlan.activity: has 4 steps, and was written with 5"),
        (lambda _, group: group["action"][2].pop("timingPeriod"), "RequestGroup.action[2].timingPeriod: is missing"),
        (lambda _, group: group["action"][2]["timingPeriod"].update(end="soon"), "RequestGroup.action[2].timingPeriod.end: 'soon' is no"),
        (lambda _, group: group["action"][2].pop("code"), "RequestGroup.action[2].code: has 0 codes of"),
        (lambda _, group: group["action"][2]["code"][0]["coding"][0].update(code="leap"),
         "RequestGroup.action[2].code: 'leap' is not one of"),
    ],
)  # fmt: skip
def test_a_damaged_plan_is_refused_with_the_place_of_the_damage(edit: Edit, message: str) -> None:
    with pytest.raises(BadInput) as refusal:
        from_bundle(edited(edit))
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize("thing", [None, 7, [], "Bundle", {}, {"resourceType": "CarePlan"}])
def test_what_is_no_bundle_is_refused(thing: object) -> None:
    with pytest.raises(NotFhir, match="is not a Bundle"):
        from_bundle(thing)


@pytest.mark.parametrize("entries", [[], [{}], [{"resource": 7}], [None], [{"resource": OTHERS}]])
def test_a_bundle_without_a_plan_of_ours_is_refused(entries: list[object]) -> None:
    with pytest.raises(BadInput, match=r"^Bundle: holds 0 CarePlans written by fhir-taper"):
        from_bundle({"resourceType": "Bundle", "type": "collection", "entry": entries})


def test_two_plans_in_one_bundle_are_not_guessed_between() -> None:
    bundle = sent()
    bundle["entry"] += sent()["entry"]
    with pytest.raises(BadInput, match=r"^Bundle: holds 2 CarePlans"):
        from_bundle(bundle)


def test_a_chart_gives_the_readable_plans_and_names_the_damaged_ones() -> None:
    bundle = edited(lambda plan, _: plan.pop("created"))
    bundle["entry"] += [{"resource": OTHERS | {"id": "theirs"}}, {"resource": {"resourceType": "Patient", "id": "p1"}}]
    chart = decode_chart([("chart.json", exact_json.encode(bundle))])
    assert read_care_plans(chart) == ()
    (issue,) = unreadable_care_plans(chart)
    assert (issue.severity, issue.code) == ("error", "damaged-plan")
    assert "CarePlan.created: None is no whole day" in issue.message


def _paths(node: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for key, value in inner for found in _paths(value, (*path, key)))]


SENT = {"resourceType": "Bundle", "type": "collection", "entry": sent()["entry"][:2]}
PATHS = [path for path in _paths(SENT) if len(path) > 2]
ODD: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    "x",
    -1,
    0,
    True,
    Decimal("1e30"),
    [None],
    [[]],
    {"extension": 1},
    {"coding": [1]},
    {"reference": 7},
    "2026-13-01",
)


@settings(max_examples=400)
@given(st.sampled_from(PATHS), st.sampled_from(ODD) | st.just("remove"))
def test_whatever_stands_anywhere_reading_gives_the_plan_or_says_what_changed_or_refuses(path: tuple[Any, ...], odd: object) -> None:
    bundle: Any = deepcopy(SENT)
    parent: Any = bundle
    for key in path[:-1]:
        parent = parent[key]
    if odd == "remove":
        del parent[path[-1]]
    else:
        parent[path[-1]] = odd
    place = ""
    try:
        mapped = read_bundle(bundle)
    except BadInput as refusal:
        place = refusal.place
    assert place or mapped.issues or mapped.value == PLAN
