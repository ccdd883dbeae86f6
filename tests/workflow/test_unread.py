"""While something that a plan rests on cannot be read, it is not written, and nothing lets its reductions go on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.errors import BadInput, NotAllowed, WriteRefused
from fhir_taper.mappers.write.namespace import TAPER_SYSTEM
from fhir_taper.plans.tapers.finding import Acknowledgement
from fhir_taper.records import Json
from fhir_taper.workflow.approve import approve_plan, work_rests_on
from fhir_taper.workflow.course import Asked, Turn, save_turn, turned
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.unread import unread_now, unread_tapers
from fhir_taper.workflow.write_back import Proposal, preview_plan, write_plan
from tests.mappers.charts import concept
from tests.odd_ehr import RESTRICTED, between, changing, each, refusing, with_more
from tests.web.running import ELDER, Person, Stage, another_app
from tests.workflow.followed import TAPERED, Followed
from tests.workflow.opened import chart_of
from tests.workflow.test_course import HOLD, save

EPILEPSY: Json = {
    "resourceType": "Condition",
    "id": "epilepsy",
    "subject": {"reference": f"Patient/{ELDER}"},
    "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
    "code": concept("http://hl7.org/fhir/sid/icd-10-cm", "G40.909", "Epilepsy"),
}
SAID = "Diagnoses could not be read: 500"


@dataclass(frozen=True)
class Approved:
    """A plan that was approved and not written, and who has it open."""

    stage: Stage
    chart: OpenChart
    person: Person

    def preview(self) -> Proposal:
        return preview_plan(self.stage.services, self.chart)

    def write(self, seen: str) -> None:
        write_plan(self.stage.services, self.chart, seen)


@pytest.fixture
def approved(served: Stage, tmp_path: Path) -> Iterator[Approved]:
    """The elder's plan in an app of one test alone, in an EHR to which it is not written."""
    with another_app(served, f"sqlite:///{tmp_path / 'taper.db'}") as own:
        person, chart = own.opened(ELDER), chart_of(own, ELDER)
        person.draft()
        person.ready()
        assert "What will be written" in person.send("approve", "/approve").text
        yield Approved(own, chart, person)


def test_what_may_not_be_written_where_it_is_read_is_not_written_where_it_is_not(approved: Approved) -> None:
    demo, seen = approved.stage.demo, approved.preview().seen
    with between(demo, changing("Condition", each(lambda one: one.update(meta=RESTRICTED)))), pytest.raises(BadInput, match="labelled R"):
        approved.preview()
    with between(demo, refusing(500, "Condition")):
        for refused in (approved.preview, lambda: approved.write(seen)):
            with pytest.raises(WriteRefused, match=SAID):
                refused()
        last = approved.stage.services.audit.entries("demo", limit=100_000)[-1].entry
        assert (last.action, last.outcome, last.detail["unread"]) == ("preview", "refused", ["Condition"])
        shown = approved.person.get("write-back")
    assert (shown.status, SAID in shown.text, Page(shown.text).form("/write-back")) == (409, True, None)


@pytest.mark.parametrize("kind", ["MedicationRequest", "Condition", "Observation", "CarePlan"])
def test_no_reduction_goes_on_while_what_could_stop_it_is_unread(followed: Followed, kind: str) -> None:
    services, chart = followed.services, followed.chart
    followed.answer_alerts()
    review = Asked(Turn.REVIEW, "slept well", step=3, is_override=True)
    found = turned(services, chart, load_chart(services, chart, afresh=True), followed.kept.version.id, review)
    with between(followed.stage.demo, refusing(500, kind)):
        with pytest.raises(NotAllowed, match="could not be read: 500: whether something stops a reduction is not known"):
            save_turn(services, chart, followed.kept.version.id, review, found.seen)  # type: ignore[union-attr]
        turned(services, chart, load_chart(services, chart, afresh=True), followed.kept.version.id, HOLD)
    services.charts.drop(chart.launch.id)
    save(followed, HOLD)
    with between(followed.stage.demo, refusing(500, kind)):
        loaded = load_chart(services, chart, afresh=True)
    with pytest.raises(NotAllowed, match="could not be read"):
        turned(services, chart, loaded, followed.newest().version.id, Asked(Turn.RESUME, "better"))
    services.charts.drop(chart.launch.id)


def test_what_was_accepted_as_unread_stays_accepted_unless_the_plan_rests_on_it(followed: Followed) -> None:
    with between(followed.stage.demo, refusing(403, "Observation")):
        loaded = load_chart(followed.services, followed.chart, afresh=True)
    followed.services.charts.drop(followed.chart.launch.id)
    says = "Observations could not be read: 403"
    on = Acknowledgement("chart-incomplete", "", f"The chart could not be read in full ({says}).", "Dr. A", date(2026, 1, 5), "as ever")
    bare = replace(followed.plan, sources=(), acknowledgements=())
    assert unread_now(loaded, bare) == (says,)
    assert unread_now(loaded, replace(bare, acknowledgements=(on,))) == ()
    assert unread_now(loaded, replace(bare, acknowledgements=(on,), sources=("Observation/o1",))) == (says,)


def test_a_stop_that_came_after_the_approval_is_said_above_the_course_and_the_write(approved: Approved) -> None:
    before = approved.preview()
    assert before.stops == ()
    with between(approved.stage.demo, changing("Condition", with_more(EPILEPSY))):
        approved.person.send("regimen", "/refresh")
        for screen in ("course", "write-back", "plan", "safety"):
            text = Page(approved.person.get(screen).text).text
            assert "Today’s chart stops a reduction: A seizure disorder is on record (Epilepsy)" in text, screen
        with pytest.raises(WriteRefused, match="changed since the preview"):
            approved.write(before.seen)


def test_no_plan_is_approved_beside_a_care_plan_of_ours_whose_steps_cannot_be_read(stage: Stage) -> None:
    stage.forget(TAPERED)
    person, chart = stage.opened(TAPERED), chart_of(stage, TAPERED)
    with between(stage.demo, refusing(403, "RequestGroup/*")):
        person.send("regimen", "/refresh")
        person.draft()
        person.ready()  # that the chart is not whole is accepted with a reason
        with pytest.raises(NotAllowed, match=r"CarePlan/[^,]+, active: .*whether a taper of this medicine runs"):
            approve_plan(stage.services, chart, str(work_rests_on(stage.services, chart)))
        assert "whether a taper of this medicine runs" in person.get("approve").text
    stage.forget(TAPERED)


def test_a_plan_is_not_written_beside_a_care_plan_of_ours_that_lost_what_says_which_it_is(approved: Approved) -> None:
    stripped: Json = {
        "resourceType": "CarePlan",
        "id": "stripped",
        "meta": {"versionId": "1"},
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{ELDER}"},
        "identifier": [{"system": TAPER_SYSTEM, "value": "of a taper that is not this one"}],
    }
    demo = approved.stage.demo
    with between(demo, changing("CarePlan", with_more(stripped))), pytest.raises(WriteRefused, match="CarePlan/stripped, active"):
        approved.preview()
    ended = stripped | {"status": "revoked"}
    diet = {name: value for name, value in stripped.items() if name != "identifier"} | {
        "activity": [{"reference": {"reference": "RequestGroup/closed"}}]
    }
    for harmless in (ended, diet):
        with between(demo, changing("CarePlan", with_more(harmless))):
            assert approved.preview().preview.may_write


def test_a_plan_that_is_kept_here_is_known_though_its_steps_in_the_ehr_are_closed(followed: Followed) -> None:
    with between(followed.stage.demo, refusing(403, "RequestGroup/*")):
        loaded = load_chart(followed.services, followed.chart, afresh=True)
    followed.services.charts.drop(followed.chart.launch.id)
    assert unread_tapers(followed.services, followed.chart, loaded) == ()
    elsewhere = replace(followed.chart, launch=replace(followed.chart.launch, patient_id="another"))
    assert len(unread_tapers(followed.services, elsewhere, loaded)) == 1
