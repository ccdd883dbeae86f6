"""From a draft to a plan that stands in the EHR: who may do what, what is checked again, what is written once."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.cli.demo_walk import Page
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tapers.identity import plan_id
from fhir_taper.plans.tapers.new_version import new_version
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.records import Json, WriteReceipt, WriteState
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.web.rendering import STATIC
from fhir_taper.web.write_views import json_lines, said_in_words
from tests.interop.writing_to import approved_for
from tests.odd_ehr import RESTRICTED, between, changing, each
from tests.plans.tapers.made_plans import DIAZEPAM_2, plan_of
from tests.web.running import DATABASES, ELDER, MIXED, Stage, another_app
from tests.writeback.writing import DECISION


@pytest.fixture(scope="module")
def approved(kept_in: str, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The elder's plan is approved, and not yet written, in an EHR that no other test writes to."""
    with ExitStack() as running:
        demo, services = running.enter_context(running_demo())
        stage = Stage(demo, services)
        if kept_in != DATABASES[0]:
            stage = running.enter_context(another_app(stage, request.getfixturevalue("postgresql_server").database()))
        person = stage.opened(ELDER)
        person.draft()
        person.ready()
        assert "What will be written" in person.send("approve", "/approve").text
        yield stage


def actions(stage: Stage) -> list[tuple[str, str]]:
    return [(one.entry.action, one.entry.outcome) for one in stage.services.audit.entries("demo", limit=100_000)]


def test_a_reader_sees_the_plan_and_may_change_or_approve_nothing(approved: Stage) -> None:
    reader = approved.opened(ELDER, "reader")
    assert "taper from" in reader.get("plan").text
    csrf = {"csrf": reader.form("regimen", "/refresh")["csrf"], "revision": "0"}
    posts = {
        "strategies": {"drug": "lorazepam", "start": "2026-01-05"},
        "choose": {"way": "strategy linear"},
        "safety": {"finding": "0", "reason": "x"},
        "agreement": {"who": "x"},
        "approve": {},
        "write-back": {"seen": "x"},
    }
    for action, values in posts.items():
        shown = reader.browser.post(f"{reader.here}/{action}", csrf | values)
        assert shown.status == 403, action
        assert "Your role does not allow this" in shown.text
    assert ("approve", "refused") in actions(approved)


def test_a_pharmacist_may_work_on_a_draft_and_not_approve_or_write(approved: Stage) -> None:
    pharmacist = approved.opened(ELDER, "pharmacist")
    assert Page(pharmacist.get("write-back").text).form("/write-back") is None
    csrf = {"csrf": pharmacist.form("regimen", "/refresh")["csrf"]}
    assert pharmacist.browser.post(f"{pharmacist.here}/write-back", csrf | {"seen": "x"}).status == 403
    assert pharmacist.browser.post(f"{pharmacist.here}/approve", csrf | {"revision": "1"}).status == 403


def test_only_what_was_seen_is_written_and_it_is_written_once(approved: Stage) -> None:
    person = approved.opened(ELDER)
    button = person.form("write-back", "/write-back")
    unseen = person.browser.post(f"{person.here}/write-back", button | {"seen": "0" * 64})
    assert unseen.status == 409
    assert "changed since the preview" in unseen.text
    assert not approved.services.ledger.of_patient("demo", ELDER)
    shown = person.browser.post(f"{person.here}/write-back", button)
    assert "Written, and read back with the same meaning." in shown.text
    again = person.browser.post(f"{person.here}/write-back", button)
    assert again.status == 409
    assert "There is nothing to write: the EHR holds this plan already" in person.get("write-back").text
    with between(approved.demo, changing("*MedicationRequest*", as_edited)):
        edited = Page(person.get("write-back").text).text
    assert "holds this plan already" not in edited
    assert "the EHR does not hold this plan as it is here" in edited
    assert "Changed in the EHR: MedicationRequest" in edited
    assert "dosageInstruction[0].text Take 9 tablets" in edited
    rows = approved.services.ledger.of_patient("demo", ELDER)
    assert [row.state for row in rows] == [WriteState.WRITTEN]
    assert {("launch", "opened"), ("read", "done"), ("draft-choose", "done"), ("approve", "done"), ("write", "written")} <= set(
        actions(approved)
    )


def as_edited(answer: Json) -> Json:
    """A search or a resource: proposals of ours as a clinician changed them in the EHR."""
    for one in [entry["resource"] for entry in answer.get("entry", ())] or [answer]:
        if one.get("status") == "draft":
            one["dosageInstruction"][0]["text"] = "Take 9 tablets"
    return answer


MOST = 150_000
"""Bytes of a page with its style: no page of write-back has a script."""


def worst(patient: str) -> tuple[TaperPlan, TaperPlan]:
    """A plan of sixty steps with three doses a day, drafted and approved."""
    amounts = (str(Decimal(15) - Decimal("0.25") * number) for number in range(59))
    doses = [dict.fromkeys((Slot.MORNING, Slot.NOON, Slot.NIGHT), amount) for amount in amounts]
    made = plan_of(DIAZEPAM_2, [*doses, {}], DrugClass.BENZODIAZEPINE, 14)
    draft = replace(made, patient=patient, author="Practitioner/prescriber", id=plan_id("demo", patient, made.ingredient, made.key, 1))
    return draft, new_version(replace(draft, state=PlanState.ACTIVE), draft, DECISION, "approve", "approved")


@pytest.fixture
def elsewhere(served: Stage, tmp_path: Path) -> Iterator[Stage]:
    """The same EHR with an app in which nothing was approved yet."""
    with another_app(served, f"sqlite:///{tmp_path / 'taper.db'}") as made:
        yield made


def keep(stage: Stage, patient: str, *versions: TaperPlan) -> TaperPlan:
    name = PlanName("demo", patient, versions[0].ingredient, versions[0].key)
    at = stage.services.clock()
    kept = [PlanVersion(one.id, name, one.version, one.state, encode(to_document(one)), "Practitioner/prescriber", at) for one in versions]
    stage.services.plans.append(*kept, expected_version=0)
    return versions[-1]


def test_the_preview_of_sixty_steps_and_each_resource_of_it_stay_below_150_kb(elsewhere: Stage) -> None:
    plan = keep(elsewhere, ELDER, *worst(ELDER))
    person = elsewhere.opened(ELDER)
    shown = person.get("write-back")
    assert f"version {plan.version}" in shown.text
    style = len(next(one.body for one in STATIC if one.media_type == "text/css"))
    pages = [unescape(one) for one in re.findall(r'href="([^"]*/write-back/resource[^"]*)"', shown.text)]
    resources = [person.browser.get(one) for one in pages]
    assert [one.status for one in resources] == [200] * len(preview_plan_cards(shown.text))
    assert max(len(one.text.encode()) + style for one in (shown, *resources)) < MOST
    steps = next(one.text for one in resources if "<h1>RequestGroup" in one.text)
    assert steps.count("taper-step") == len(plan.steps)
    gone = person.browser.get(pages[0].replace("seen=", "seen=0"))
    assert gone.status == 409


def preview_plan_cards(text: str) -> list[str]:
    """The cards of a preview."""
    return re.findall(r'<section class="card (?:create|update|none)"', text)


def test_a_second_plan_is_named_on_the_preview_and_on_the_receipt_and_is_written_by_its_name(elsewhere: Stage) -> None:
    first = keep(elsewhere, MIXED, *worst(MIXED))
    second = keep(elsewhere, MIXED, *approved_for(MIXED, "oxycodone", "demo"))
    person = elsewhere.opened(MIXED)
    shown = person.get(f"write-back?plan={first.id}")
    assert "it is approved and not written to the EHR" in shown.text
    assert f"/write-back?plan={second.id}" in shown.text
    assert person.form(f"write-back?plan={second.id}", "/write-back")["plan"] == second.id
    assert person.get("write-back?plan=no-such-plan").status == 422
    assert f"/write-back?plan={first.id}" in person.get("receipt").text


def test_where_the_labels_of_one_plan_forbid_its_write_the_way_to_the_others_stays_open(elsewhere: Stage) -> None:
    first = keep(elsewhere, MIXED, *worst(MIXED))
    second = keep(elsewhere, MIXED, *approved_for(MIXED, "oxycodone", "demo"))
    with between(elsewhere.demo, changing("Condition", each(lambda one: one.update(meta=RESTRICTED)))):
        person = elsewhere.opened(MIXED)
        shown = person.get(f"write-back?plan={first.id}")
    assert shown.status == 409
    assert "labelled R" in shown.text
    assert "Print the plan" in shown.text
    assert 'aria-label="Patient"' in shown.text
    assert f"/write-back?plan={second.id}" in shown.text


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ("written, and read back", "Written, and read back."),
        ("", "Written."),
        ("Nothing is written: print it.", "Nothing is written: print it."),
    ],
)
def test_what_came_of_a_write_is_said_in_one_sentence(says: str, shown: str) -> None:
    assert said_in_words(WriteReceipt("plan", "transaction", WriteState.WRITTEN, says=says)) == shown


def test_a_resource_as_json_is_whole_and_says_nothing_to_a_browser() -> None:
    resource = {"resourceType": "Goal", "note": [{"text": '<b>"a" & b</b>'}, {"text": "c"}], "value": Decimal("0.50"), "codes": ["a"]}
    lines = json_lines(resource)
    assert "<b>" not in lines
    assert decode(unescape(str(lines)).encode()) == resource
    assert len(lines.splitlines()) == 8
