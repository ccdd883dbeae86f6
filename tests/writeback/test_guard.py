import ast
import inspect
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import fhir_taper
from fhir_taper.errors import WriteRefused
from fhir_taper.mappers.write.degraded import to_degraded
from fhir_taper.mappers.write.labels import NORMAL, Label
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.plan import Dose, TaperPlan, Units
from fhir_taper.records import Fetched
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback.guard import Draft, WriteGuard
from fhir_taper.writeback.negotiate import SiteSwitches
from fhir_taper.writeback.ours import Ours
from fhir_taper.writeback.overlay import load_overlay
from tests.mappers.write.example_plans import BEFORE, EXAMPLES
from tests.writeback.fake_ehr import BASE, PATIENT, FakeAnswer, FakeEhr
from tests.writeback.writing import DECISION, Scene, approved, bundle_of, revised, single_only

PLAN = approved()
OVERLAY = load_overlay("fhir-platform")
GUARD = WriteGuard(PATIENT, BASE, OVERLAY, (NORMAL,), PLAN, DECISION)
PACKAGE = Path(fhir_taper.__file__).parent
Json = dict[str, Any]


@cache
def sent(plan: TaperPlan = PLAN, *, one_by_one: bool = False) -> list[Permitted]:
    """Return every request that writing a plan makes."""
    scene = Scene(switches=single_only() if one_by_one else SiteSwitches())
    scene.write(plan)
    return scene.ehr.requests


def draft(kind: str = "MedicationRequest", **changes: Any) -> Draft:
    """Return the create of one resource of the plan, with elements changed."""
    (permitted,) = [one for one in sent(one_by_one=True) if one.path == kind][:1]
    return Draft(permitted.method, permitted.path, deepcopy(permitted.body) | changes, permitted.headers, BASE)


def transaction() -> Draft:
    (permitted,) = sent()
    return Draft(permitted.method, permitted.path, deepcopy(permitted.body), permitted.headers, BASE)


def reasons(one: Draft, guard: WriteGuard = GUARD) -> str:
    with pytest.raises(WriteRefused) as refusal:
        guard.permit(one)
    return "; ".join(refusal.value.reasons)


def names_of(path: Path) -> set[str]:
    """Return the names under which a module calls, subclasses, copies or hands on anything named Permitted."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            given = {argument.id for argument in node.args if isinstance(argument, ast.Name)}
            if name == "Permitted" or "Permitted" in given:
                found.add(name)
        if isinstance(node, ast.ImportFrom | ast.Import) and any(alias.name == "Permitted" and alias.asname for alias in node.names):
            found.add("renamed")
        if isinstance(node, ast.ClassDef) and any(isinstance(one, ast.Name) and one.id == "Permitted" for one in node.bases):
            found.add("subclassed")
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute) and "Permitted" in ast.dump(node.value):
            found.add("aliased")
    return found


def test_only_the_guard_constructs_what_the_write_methods_accept() -> None:
    makers = {path.relative_to(PACKAGE).as_posix(): names for path in PACKAGE.rglob("*.py") if (names := names_of(path))}
    assert makers == {"writeback/guard.py": {"Permitted"}}


@pytest.mark.parametrize(
    "line",
    ["Permitted()", "x.Permitted()", "replace(p, Permitted)", "P = Permitted", "from a import Permitted as P", "class P(Permitted): 1"],
)
def test_the_test_over_the_syntax_tree_finds_each_way_around_it(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.py").write_text(line)
    assert names_of(tmp_path / "a.py")


def test_no_module_copies_a_permitted_request_with_changes() -> None:
    copied = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if "permitted" in path.read_text() and ("replace(permitted" in path.read_text() or "__setattr__(permitted" in path.read_text())
    ]
    assert copied == []


def test_what_is_permitted_is_not_changed_by_what_happens_to_the_draft() -> None:
    one = draft()
    permitted = GUARD.permit(one)
    one.body["status"] = "active"
    assert permitted.body["status"] == "draft"


WAYS = sorted(
    name
    for name, method in inspect.getmembers(FhirClient, inspect.isfunction)
    if not name.startswith("_") and Permitted in inspect.get_annotations(method, eval_str=True).values()
)
"""Every way in which the client lets a resource out."""


@cache
def emitted(name: str) -> dict[str, list[Permitted]]:
    """Return what leaves by each way when an example plan is written and its next version after it, whole and one by one."""
    left: dict[str, list[Permitted]] = {way: [] for way in WAYS}

    def noting(way: str, send: Callable[..., FakeAnswer]) -> Callable[..., FakeAnswer]:
        def noted(permitted: Permitted, /, *leaving: Callable[[], None]) -> FakeAnswer:
            left[way].append(permitted)
            return send(permitted, *leaving)

        return noted

    plan = approved(name)
    for switches in (SiteSwitches(), single_only()):
        scene = Scene(switches=switches)
        scene.ehr.operations = {"validate"}
        for way in WAYS:
            setattr(scene.ehr, way, noting(way, getattr(scene.ehr, way)))
        scene.write(plan)
        scene.write(revised(plan, reason="other words"), base=plan)
    return left


def medication_requests(value: Any) -> list[Json]:
    if isinstance(value, dict):
        here = [value] if value.get("resourceType") == "MedicationRequest" else []
        return here + [found for item in value.values() for found in medication_requests(item)]
    return [found for item in value for found in medication_requests(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_no_way_out_emits_a_medication_request_that_is_active_or_an_order(way: str, name: str) -> None:
    sent_so = emitted(name)[way]
    assert sent_so
    found = [one for permitted in sent_so for one in medication_requests(permitted.body)]
    assert found or way == "update"  # a proposal is made anew: of what stands, only its plan is brought up to date
    assert {(one["status"], one["intent"]) for one in found} <= {("draft", "proposal")}


SPOILT = [
    *({"status": status} for status in ("active", "on-hold", "completed", "stopped", "cancelled", "unknown", "DRAFT", None, ["draft"])),
    *({"intent": intent} for intent in ("order", "original-order", "instance-order", "option", "Proposal", None)),
    {"intent": ["proposal"]},
    {"reportedBoolean": True},
]


def places(request: Json) -> dict[str, Draft]:
    """Return every way out of the program in which a MedicationRequest could hide."""
    whole, single = transaction(), draft("CarePlan")
    entry = next(one for one in whole.body["entry"] if one["resource"]["resourceType"] == "MedicationRequest")
    entry["resource"] = request
    return {
        "create": replace(draft(), body=request),
        "update": Draft("PUT", "MedicationRequest/7", request | {"id": "7"}, (("If-Match", 'W/"1"'),), BASE),
        "entry": whole,
        "contained": replace(single, body=single.body | {"contained": [request]}),
        "contained in an entry": replace(
            transaction(),
            body={**whole.body, "entry": [{**one, "resource": one["resource"] | {"contained": [request]}} for one in whole.body["entry"]]},
        ),
        "inside an extension": replace(single, body=single.body | {"extension": [*single.body["extension"], {"resource": request}]}),
        "nested deep": replace(
            single, body=single.body | {"contained": [{"resourceType": "RequestGroup", "contained": [{"x": [request]}]}]}
        ),
        "a bundle in a bundle": replace(whole, body=whole.body | {"entry": [{"resource": {"resourceType": "Bundle", "entry": [request]}}]}),
    }


@pytest.mark.parametrize("spoilt", SPOILT, ids=str)
def test_a_medication_request_that_is_more_than_a_proposal_is_refused_wherever_it_stands(spoilt: Json) -> None:
    request = draft().body | spoilt
    for place, one in places(request).items():
        said = reasons(one)
        assert "only a draft may go out" in said or "only a proposal may go out" in said or "reported" in said, place


@pytest.mark.parametrize(
    "one",
    [
        Draft("PATCH", "MedicationRequest/7", {"resourceType": "Parameters", "parameter": []}, (), BASE),
        Draft("PATCH", "MedicationRequest/7", {"op": "replace", "path": "/status", "value": "active"}, (), BASE),
        Draft("DELETE", "MedicationRequest/7", {}, (), BASE),
        Draft("POST", "MedicationRequest/$submit", {"resourceType": "MedicationRequest"}, (), BASE),
        Draft("POST", "MedicationStatement", {"resourceType": "MedicationStatement", "status": "active"}, (), BASE),
        Draft("POST", "Binary", {"resourceType": "Binary", "data": "e30="}, (), BASE),
        Draft("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": []}, (), BASE),
        Draft("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "DELETE"}}]}, (), BASE),
    ],
    ids=lambda one: f"{one.method} {one.path}",
)
def test_patches_deletes_operations_and_other_types_do_not_leave(one: Draft) -> None:
    assert reasons(one)


@pytest.mark.parametrize("kind", ["ServiceRequest", "medicationrequest", "MedicationRequest ", "", None, 3, ["MedicationRequest"]])
def test_a_resource_that_hides_its_type_is_refused(kind: Any) -> None:
    care_plan = draft("CarePlan")
    assert "may not go out" in reasons(
        replace(care_plan, body=care_plan.body | {"contained": [{"resourceType": kind, "status": "active"}]})
    )


def test_a_member_that_only_looks_like_a_type_is_refused() -> None:
    care_plan = draft("CarePlan")
    assert "may not go out" in reasons(replace(care_plan, body=care_plan.body | {"contained": [{"ResourceType": "MedicationRequest"}]}))


def test_a_care_plan_that_is_an_order_is_refused() -> None:
    assert "only proposals and plans" in reasons(draft("CarePlan", intent="order"))


OTHERS: list[Json] = [
    {"subject": {"reference": "Patient/p2"}},
    {"subject": {"reference": f"{BASE}/Patient/p1"}},
    {"subject": {"reference": "Patient/p1/../p2"}},
    {"subject": {"reference": "patient/p2"}},
    {"subject": {"display": "somebody"}},
    {"subject": {"type": "Patient", "identifier": {"system": "x", "value": "p2"}}},
    {"subject": None},
    {"supportingInfo": [{"reference": "Patient/p2"}]},
    {"supportingInfo": [{"reference": "Patient/p2/_history/1"}]},
    {"contained": [{"resourceType": "RequestGroup", "subject": {"reference": "Patient/p2"}}]},
    {"contained": [{"resourceType": "Patient", "id": "p1"}]},
    {"extension": [{"url": "x", "valueReference": {"reference": "Patient/p2"}}]},
    {"extension": [{"url": "https://elsewhere.example/Patient/p2"}]},
    {"note": [{"authorReference": {"type": "Patient", "identifier": {"value": "p2"}}}]},
]


@pytest.mark.parametrize("other", OTHERS, ids=json.dumps)
@pytest.mark.parametrize("kind", ["CarePlan", "MedicationRequest", "RequestGroup", "Goal"])
def test_another_patient_anywhere_in_the_body_is_refused(other: Json, kind: str) -> None:
    said = reasons(draft(kind, **other))
    assert any(word in said for word in ("patient", "Patient", "not about"))


def test_a_plan_of_another_patient_is_refused() -> None:
    assert "another patient's" in reasons(draft(), replace(GUARD, plan=replace(PLAN, patient="p2")))


def test_another_patient_in_an_entry_of_a_transaction_is_refused() -> None:
    for index in range(len(transaction().body["entry"])):
        one = transaction()
        if "subject" in one.body["entry"][index]["resource"]:
            one.body["entry"][index]["resource"]["subject"] = {"reference": "Patient/p2"}
            assert "this is Patient/p1" in reasons(one)


def rising() -> TaperPlan:
    """Return a plan whose third step is above its second."""
    steps = list(PLAN.steps)
    steps[2] = replace(steps[2], doses=steps[0].doses)
    return replace(PLAN, steps=tuple(steps))


def test_a_dose_is_raised_only_with_a_recorded_decision() -> None:
    plan = rising()
    one = replace(draft("Goal"), body=draft("Goal").body)
    overlay = replace(OVERLAY, rows={key: replace(row, sign_off="none") for key, row in OVERLAY.rows.items()})
    guard = replace(GUARD, plan=plan, overlay=overlay)
    assert guard.permit(one).path == "Goal"
    assert "raises a dose" in reasons(one, replace(guard, decision=None))
    assert replace(guard, plan=PLAN, decision=None).permit(one).path == "Goal"


def test_nothing_that_waits_for_sign_off_leaves_without_a_decision() -> None:
    assert "waits for a clinician's decision" in reasons(draft("CarePlan"), replace(GUARD, decision=None))


@pytest.mark.parametrize("kind", ["RequestGroup", "MedicationRequest"])
def test_doses_that_are_not_the_plans_are_refused(kind: str) -> None:
    more = Units(PLAN.products[0].rxcui, PLAN.products[0].mg, ((Slot.NIGHT, Decimal(3)),))
    other = replace(PLAN, steps=tuple(replace(step, doses=(Dose(PLAN.ingredient, (more,)),)) for step in PLAN.steps))
    said = reasons(draft(kind), replace(GUARD, plan=other))
    assert "has other doses than the plan" in said or "and the plan" in said


@pytest.mark.parametrize("form", list(DegradedForm))
def test_steps_inside_a_care_plan_are_compared_too(form: DegradedForm) -> None:
    body = next(
        one["resource"]
        for one in to_degraded(bundle_of(PLAN), PLAN, form, BEFORE)["entry"]
        if one["resource"]["resourceType"] == "CarePlan"
    )
    one = Draft("POST", "CarePlan", {name: value for name, value in body.items() if name != "id"}, (), BASE)
    assert GUARD.permit(one).path == "CarePlan"
    assert "has other doses than the plan" in reasons(one, replace(GUARD, plan=rising()))


@pytest.mark.parametrize(
    "changed",
    [
        {"doseAndRate": [{"doseQuantity": {"value": Decimal(9)}}]},
        {"doseAndRate": []},
        {"timing": {}},
        {"asNeededBoolean": True},
        {"doseAndRate": [{"doseRange": {"high": {"value": 9}}}]},
    ],
    ids=str,
)
def test_directions_that_say_another_dose_or_none_are_refused(changed: Json) -> None:
    request = draft()
    dosage = [one | changed for one in request.body["dosageInstruction"]]
    assert reasons(replace(request, body=request.body | {"dosageInstruction": dosage}))


def test_a_prescription_of_another_medicine_or_without_directions_is_refused() -> None:
    assert "no product of the plan" in reasons(draft(medicationCodeableConcept={"text": "morphine"}))
    assert "no directions" in reasons(draft(dosageInstruction=[]))


SUD = Label("http://terminology.hl7.org/CodeSystem/v3-ActCode", "SUD")
SENSITIVE = Label("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PSY")


def test_labels_weaker_than_the_inputs_are_refused() -> None:
    assert "labelled weaker" in reasons(draft(), replace(GUARD, labels=(NORMAL, SENSITIVE)))
    assert "labelled weaker" in reasons(draft(meta={}))
    assert "labelled weaker" in reasons(draft(meta={"security": [{"system": CONFIDENTIALITY, "code": "L"}]}))
    assert (
        GUARD.permit(
            draft(meta={"security": [{"system": CONFIDENTIALITY, "code": "N"}, {"system": SENSITIVE.system, "code": "PSY"}]})
        ).method
        == "POST"
    )


@pytest.mark.parametrize(
    "label", [Label(CONFIDENTIALITY, "R"), Label(CONFIDENTIALITY, "V"), SUD, replace(SUD, code="ETH"), replace(SUD, code="42CFRPart2")]
)
def test_restricted_data_are_not_written(label: Label) -> None:
    meta = {"security": [{"system": CONFIDENTIALITY, "code": "N"}, {"system": label.system, "code": label.code}]}
    assert "without a consent" in reasons(draft(meta=meta), replace(GUARD, labels=(NORMAL, label)))
    assert "without a consent" in reasons(draft(meta=meta))


def test_the_only_recipient_is_the_ehr_of_the_launch() -> None:
    assert "only recipient" in reasons(replace(draft(), recipient="https://ehr.example.org.evil.example/fhir"))
    assert "only recipient" in reasons(draft("CarePlan", recipient=[{"reference": "RelatedPerson/r1"}]))


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/MedicationRequest",
        "//elsewhere.example/MedicationRequest",
        "MedicationRequest?x=1",
        "MedicationRequest#x",
        "../MedicationRequest",
        "/MedicationRequest",
        "MedicationRequest/",
        "MedicationRequest/..",
        "MedicationRequest/%2e%2e",
        "MedicationRequest\\x",
        "MedicationRequest\n",
        "metadata",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_addresses_that_are_not_plain_are_refused(path: str, method: str) -> None:
    assert reasons(replace(draft(), path=path, method=method))
    one = transaction()
    one.body["entry"][0]["request"]["url"] = path
    assert reasons(one)


@pytest.mark.parametrize(
    "reference",
    ["https://elsewhere.example/Goal/1", "//x/Goal/1", "Goal/..", "Goal/1?x", "Goal?identifier=1", "urn:oid:1.2", "javascript:1"],
)
def test_references_that_are_not_plain_are_refused(reference: str) -> None:
    assert "not a plain reference" in reasons(draft("CarePlan", goal=[{"reference": reference}]))


@pytest.mark.parametrize(
    "header",
    [
        ("Authorization", "Bearer x"),
        ("If-None-Exist", "identifier=x|1"),
        ("If-None-Exist", "patient=p2"),
        ("If-Match", "*"),
        ("If-Match", 'W/"1"\r\nX: 1'),
        ("Prefer", "respond-async"),
        ("prefer", "return=representation"),
    ],
)
def test_headers_that_are_not_ours_are_refused(header: tuple[str, str]) -> None:
    assert "may not leave like that" in reasons(replace(draft(), headers=(header,)))


def test_an_update_without_the_version_that_was_read_is_refused() -> None:
    scene = Scene(switches=single_only())
    scene.write(PLAN)
    ours = scene.ours(PLAN)
    scene.write(revised(PLAN, reason="other words"), base=PLAN)
    put = next(one for one in scene.ehr.requests if one.method == "PUT" and one.path.startswith("CarePlan"))
    guard = replace(GUARD, plan=revised(PLAN, reason="other words"), ours=ours)
    there = {put.path: Fetched(scene.ehr.stored[put.path][0], "", dict(put.headers)["If-Match"])}
    assert guard.permit(Draft(put.method, put.path, put.body, put.headers, BASE, there)).path == put.path
    assert "is not known" in reasons(Draft(put.method, put.path, put.body, put.headers, BASE), guard)
    assert "is not of this plan" in reasons(Draft(put.method, put.path, put.body, put.headers, BASE, there), replace(guard, ours=Ours()))
    assert "whatever its version" in reasons(Draft(put.method, put.path, put.body, (), BASE), guard)
    assert "not the resource that is sent" in reasons(Draft(put.method, "CarePlan/other", put.body, put.headers, BASE), guard)


def test_a_type_that_the_overlay_does_not_allow_is_refused() -> None:
    guard = replace(GUARD, overlay=load_overlay("generic"))
    assert "not allowed on generic" in reasons(draft(), guard)
    assert "not allowed on generic" in reasons(transaction(), guard)


def test_every_reason_is_given_at_once() -> None:
    with pytest.raises(WriteRefused) as refusal:
        GUARD.permit(draft(status="active", intent="order", subject={"reference": "Patient/p2"}))
    assert len(refusal.value.reasons) >= 4


def test_nothing_reaches_the_ehr_or_the_ledger_where_the_guard_refuses() -> None:
    scene = Scene(ehr=FakeEhr())
    prepared = scene.prepare(PLAN)
    with pytest.raises(WriteRefused):
        scene.send(prepared, replace(PLAN, patient="p2"))
    assert (scene.ehr.requests, scene.ledger.rows) == ([], {})


def _put(there: Json, said: Json, guard: WriteGuard) -> str:
    """Why an update of what stands may not leave; "" where it may."""
    path = f"{there['resourceType']}/{there['id']}"
    meta = {name: said["meta"][name] for name in ("profile", "security") if name in said["meta"]}
    one = Draft("PUT", path, said | {"meta": meta}, (("If-Match", 'W/"9"'),), BASE, {path: Fetched(there, "", 'W/"9"')})
    try:
        guard.permit(one)
    except WriteRefused as refusal:
        return "; ".join(refusal.reasons)
    return ""


def test_a_goal_of_a_clinician_is_never_ended_and_one_of_ours_that_somebody_ended_neither() -> None:
    scene = Scene()
    scene.write(PLAN)
    guard, goal = scene.guard(PLAN), scene.ehr.of("Goal")[0]
    assert _put(goal, goal | {"lifecycleStatus": "cancelled"}, guard) == ""
    foreign = {name: value for name, value in goal.items() if name != "identifier"} | {"id": "of-the-clinic"}
    assert "Goal/of-the-clinic is not of this plan" in _put(foreign, foreign | {"lifecycleStatus": "cancelled"}, guard)
    assert _put(goal | {"lifecycleStatus": "completed"}, goal | {"lifecycleStatus": "cancelled"}, guard)


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        ({"note": [{"text": "do not reduce in May"}]}, "CarePlan.note leaves out"),
        ({"careTeam": [{"reference": "CareTeam/1"}]}, "CarePlan.careTeam leaves out"),
        ({"title": "edited by a clinician"}, "CarePlan.title is written over"),
    ],
)
def test_an_update_that_leaves_out_what_somebody_else_put_there_is_refused(theirs: Json, says: str) -> None:
    scene = Scene()
    scene.write(PLAN)
    guard, plan = scene.guard(PLAN), scene.ehr.only("CarePlan")
    assert _put(plan, plan, guard) == ""
    assert says in _put(plan | theirs, plan, guard)
