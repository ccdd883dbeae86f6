"""A version is labelled by what it was made from, whatever became of that since; and its intake is the one of its approval."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest

from fhir_taper.errors import BadInput, RestrictedData
from fhir_taper.mappers.write.labels import Label
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY
from fhir_taper.records import Json
from fhir_taper.workflow.course import Asked, Turn, Turned, save_turn, turned
from fhir_taper.workflow.emergency_words import word_running
from fhir_taper.workflow.keep_assessment import assessment_of, save_assessment
from fhir_taper.workflow.made_from import MadeFrom, made_from_of
from fhir_taper.workflow.next_version import approve_next
from fhir_taper.workflow.own_words import typed_words
from fhir_taper.workflow.write_back import Proposal, preview_plan
from tests.mappers.charts import concept
from tests.odd_ehr import between, changing, with_more
from tests.workflow.followed import Followed
from tests.workflow.test_next_version import ready, seen

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PSYCHIATRY, HIV = Label(ACT_CODE, "PSY"), Label(ACT_CODE, "HIV")
NO_CARE_PLANS = changing("CarePlan", lambda bundle: bundle | {"entry": [], "total": 0})
RESTRICTED, NORMAL = Label(CONFIDENTIALITY, "R"), Label(CONFIDENTIALITY, "N")


def condition(*labels: Label) -> Json:
    """A diagnosis of the patient with these labels, of which no finding is made."""
    return {
        "resourceType": "Condition",
        "id": "labelled",
        "meta": {"security": [{"system": one.system, "code": one.code} for one in labels]},
        "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        "code": concept("http://snomed.info/sct", "38341003", "Hypertension"),
        "subject": {"reference": "Patient/mid-taper"},
    }


@pytest.fixture(autouse=True)
def nothing_in_the_ehr(followed: Followed) -> Iterator[None]:
    """No plan of ours stands in the EHR, where one would be in the way of a write."""
    with between(followed.stage.demo, NO_CARE_PLANS):
        yield
    followed.services.charts.drop(followed.chart.launch.id)


@contextmanager
def chart_with(followed: Followed, *labels: Label) -> Iterator[None]:
    """A chart that holds one more resource, with these labels, and that is read anew at both ends."""
    more = changing("Condition", with_more(condition(*labels)))
    demo, drop = followed.stage.demo, partial(followed.services.charts.drop, followed.chart.launch.id)
    with between(demo, lambda method, path, forward: more(method, path, lambda: NO_CARE_PLANS(method, path, forward))):
        drop()
        yield
    demo.resources.intercept = NO_CARE_PLANS
    drop()


def approved_with(followed: Followed, *labels: Label) -> None:
    """A new schedule, approved on a chart with these labels."""
    with chart_with(followed, *labels):
        ready(followed)
        approve_next(followed.services, followed.chart, seen(followed))


def held(followed: Followed) -> None:
    """The next version of the plan: the same schedule, held."""
    asked = Asked(Turn.HOLD, "a cold", days=7)
    version = followed.newest().version.id
    found = turned(followed.services, followed.chart, followed.loaded, version, asked)
    assert isinstance(found, Turned)
    save_turn(followed.services, followed.chart, version, asked, found.seen)


def preview(followed: Followed) -> Proposal:
    return preview_plan(followed.services, followed.chart, followed.newest().version.id)


def labels_written(followed: Followed) -> set[Label]:
    """What every resource that would be written carries."""
    proposal = preview(followed)
    written = [card.body for card in proposal.preview.cards if card.doing.value != "none" and card.resource_type != "Device"]
    assert written
    carried = [{Label(one["system"], one["code"]) for one in body["meta"]["security"]} for body in written]
    assert set(proposal.reading.labels) <= set.intersection(*carried)
    return set.intersection(*carried)


def kept(followed: Followed) -> MadeFrom:
    found = made_from_of(followed.newest().version)
    assert found is not None
    return found


def test_a_label_that_was_taken_off_its_source_since_the_approval_is_written_all_the_same(followed: Followed) -> None:
    approved_with(followed, PSYCHIATRY)
    with chart_with(followed):
        assert PSYCHIATRY in labels_written(followed)


def test_a_source_that_is_hidden_or_deleted_since_the_approval_leaves_its_label(followed: Followed) -> None:
    approved_with(followed, PSYCHIATRY)
    assert "Condition/labelled" not in {one.reference for one in followed.loaded.chart.of("Condition")}
    assert PSYCHIATRY in labels_written(followed)


def test_a_label_that_was_put_on_since_the_approval_counts_too(followed: Followed) -> None:
    approved_with(followed, PSYCHIATRY)
    with chart_with(followed, HIV):
        assert {PSYCHIATRY, HIV} <= labels_written(followed)
    with chart_with(followed, RESTRICTED), pytest.raises(RestrictedData, match="the chart holds data labelled R"):
        preview(followed)


def test_a_version_that_was_made_from_restricted_data_is_not_written_when_the_label_is_gone(followed: Followed) -> None:
    approved_with(followed, RESTRICTED)
    number = followed.newest().version.version
    with pytest.raises(RestrictedData, match=f"version {number} of the plan was made from data labelled R: nothing derived from it"):
        preview(followed)
    held(followed)
    with pytest.raises(RestrictedData, match=f"version {number + 1} of the plan was made from data labelled R"):
        preview(followed)


def by_a_turn(followed: Followed) -> None:
    held(followed)


def by_words(followed: Followed) -> None:
    word_running(followed.services, followed.chart, followed.newest().version.id, typed_words("call", "", ""))


@pytest.mark.parametrize("make_next", [by_a_turn, by_words])
def test_the_next_version_has_the_labels_of_the_one_it_comes_from(followed: Followed, make_next: Callable[[Followed], None]) -> None:
    approved_with(followed, PSYCHIATRY)
    make_next(followed)
    assert set(kept(followed).labels) == {NORMAL, PSYCHIATRY}
    assert PSYCHIATRY in labels_written(followed)


def test_a_turn_keeps_what_the_chart_says_on_its_day_beside_what_was_kept(followed: Followed) -> None:
    approved_with(followed, PSYCHIATRY)
    with chart_with(followed, HIV):
        held(followed)
    assert {PSYCHIATRY, HIV} <= labels_written(followed)


def test_that_no_labels_were_kept_of_an_earlier_version_is_said_as_long_as_the_plan_lasts(followed: Followed) -> None:
    assert made_from_of(followed.newest().version) is None
    assert not preview(followed).labels_were_kept
    held(followed)
    assert not kept(followed).is_whole
    assert not preview(followed).labels_were_kept
    by_words(followed)
    assert not preview(followed).labels_were_kept


def test_a_version_keeps_the_intake_of_its_approval(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    before = save_assessment(
        services, chart, replace(assessment_of(services, chart), goals="to sleep"), assessment_of(services, chart).revision
    )
    approved_with(followed)
    save_assessment(services, chart, replace(before, goals="to work"), before.revision)
    intake = kept(followed).intake
    assert intake is not None
    assert replace(intake, revision=before.revision) == before
    held(followed)
    intake = kept(followed).intake
    assert intake is not None
    assert intake.goals == "to work"


def paper(followed: Followed, version: str) -> str:
    """The plain text of a version, in one line."""
    return " ".join(followed.stage.opened("mid-taper").get(f"plan.txt?version={version}").text.split())


def test_the_paper_and_the_page_of_a_version_carry_the_intake_of_its_approval_and_never_a_later_one(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    before = assessment_of(services, chart)
    saved = save_assessment(services, chart, replace(before, goals="to sleep", minimum_function="to cook"), before.revision)
    approved_with(followed)
    save_assessment(services, chart, replace(saved, goals="to work"), saved.revision)
    version = followed.newest().version.id
    shown = followed.stage.opened("mid-taper")
    for text in (paper(followed, version), shown.get(f"versions/{version}").text, shown.get("plan").text):
        assert "to sleep" in text
        assert "to work" not in text
    held(followed)
    assert "to sleep" in paper(followed, version)
    assert "to work" in paper(followed, followed.newest().version.id)


def test_the_paper_of_a_version_without_a_kept_intake_says_so(followed: Followed) -> None:
    services, chart = followed.services, followed.chart
    before = assessment_of(services, chart)
    save_assessment(services, chart, replace(before, goals="to work"), before.revision)
    text = paper(followed, followed.kept.version.id)
    assert "Intake: not kept with this version" in text
    assert "to work" not in text
    of_the_ehr = next(one for one in services.plans.of_patient("demo", "mid-taper") if not one.plan.key.startswith("test-"))
    assert "Intake: none here: this version was taken over from the EHR" in paper(followed, of_the_ehr.id)


def test_what_this_program_did_not_keep_is_not_read(followed: Followed) -> None:
    with pytest.raises(BadInput, match="another schema"):
        made_from_of(replace(followed.kept.version, inputs=b'{"schema": 9}'))
