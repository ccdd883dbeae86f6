"""A plan of ours that stands in the EHR alone is shown, with what was changed there, and taken over by a prescriber's click."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict, WrongUsage
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import Json
from fhir_taper.sandbox.resource_server import Intercept
from fhir_taper.workflow.adopt import StandsInEhr, adopt, standing_in_ehr
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.versions import newest_of_each
from tests.odd_ehr import between, changing, each
from tests.web.running import Stage
from tests.workflow.followed import TAPERED
from tests.workflow.opened import chart_of


@pytest.fixture(scope="module")
def stands(stage: Stage) -> tuple[Stage, OpenChart]:
    """A chart in which a plan of ours stands that this installation does not keep: nobody takes it over in the demo of all tests."""
    return stage, chart_of(stage, TAPERED)


def shown(stage: Stage, chart: OpenChart, *, afresh: bool = False) -> StandsInEhr:
    (one,) = standing_in_ehr(stage.services, chart, load_chart(stage.services, chart, afresh=afresh))
    return one


@contextmanager
def read_as(stage: Stage, chart: OpenChart, change: Intercept) -> Iterator[None]:
    """The EHR's answers are changed for the length of a block; the chart is not kept as it was read in it."""
    try:
        with between(stage.demo, change):
            yield
    finally:
        stage.services.charts.drop(chart.launch.id)


def test_a_plan_that_is_not_kept_here_is_shown_with_its_version_and_may_be_taken_over(stands: tuple[Stage, OpenChart]) -> None:
    stage, chart = stands
    one = shown(stage, chart)
    assert (one.plan.version, one.plan.state, one.kept_version, one.edits, one.may_adopt) == (4, PlanState.ACTIVE, None, (), True)


def test_whoever_is_no_prescriber_takes_nothing_over(stands: tuple[Stage, OpenChart]) -> None:
    stage, chart = stands
    one = shown(stage, chart)
    for user in ("pharmacist", "reader"):
        with pytest.raises(LaunchRefused, match="only a prescriber"):
            adopt(stage.services, chart_of(stage, TAPERED, user), one.reference, one.seen, edits_are_seen=True)


def test_what_was_changed_in_the_ehr_is_said_and_taken_over_only_by_whoever_has_seen_it(stands: tuple[Stage, OpenChart]) -> None:
    stage, chart = stands
    before = shown(stage, chart).seen
    with read_as(stage, chart, changing("CarePlan", each(lambda plan: plan.update(title="Stop it all at once")))):
        one = shown(stage, chart, afresh=True)
        assert [issue.source for issue in one.edits] == ["CarePlan.title"]
        assert one.may_adopt
        with pytest.raises(StoreConflict, match="changed since it was shown"):
            adopt(stage.services, chart, one.reference, before, edits_are_seen=True)
        with pytest.raises(NotAllowed, match="say that you have seen"):
            adopt(stage.services, chart, one.reference, one.seen, edits_are_seen=False)
    assert newest_of_each(stage.services, chart) == ()


def test_a_plan_with_a_dose_that_breaks_its_limits_is_not_taken_over(stands: tuple[Stage, OpenChart]) -> None:
    stage, chart = stands

    def cut_deeper(group: Json) -> Json:
        """7.5 mg a day becomes 4.5: two tablets of 2 mg at night become half a tablet."""
        (step,) = group["action"][5]["extension"]
        (dose,) = (part for part in step["extension"] if part["url"] == "dose")
        night = dose["extension"][1]["extension"][-1]["extension"]
        assert night == [{"url": "slot", "valueCode": "night"}, {"url": "units", "valueDecimal": Decimal(2)}]
        night[1]["valueDecimal"] = Decimal("0.5")
        return group

    with read_as(stage, chart, changing("RequestGroup*", cut_deeper)):
        one = shown(stage, chart, afresh=True)
        assert any(reason.startswith("step 5 breaks a limit: ") for reason in one.against)
        with pytest.raises(NotAllowed, match="step 5 breaks a limit"):
            adopt(stage.services, chart, one.reference, one.seen, edits_are_seen=True)
    assert newest_of_each(stage.services, chart) == ()


def test_half_a_plan_is_no_plan_and_is_named_as_damaged(stands: tuple[Stage, OpenChart]) -> None:
    stage, chart = stands

    def halved(group: Json) -> Json:
        del group["action"][4:17]
        for number, action in enumerate(group["action"]):
            for part in action["extension"][0]["extension"]:
                if part["url"] == "number":
                    part["valueInteger"] = number
        return group

    with read_as(stage, chart, changing("RequestGroup*", halved)):
        loaded = load_chart(stage.services, chart, afresh=True)
    assert standing_in_ehr(stage.services, chart, loaded) == ()
    said = [issue.message for issue in loaded.reading(chart.day(stage.services.clock())).regimen.issues]
    assert any("cannot be read: CarePlan.activity: has 6 steps, and was written with 19" in one for one in said)


def test_a_plan_under_another_tenants_name_is_not_taken_over(stands: tuple[Stage, OpenChart]) -> None:
    stage, chart = stands
    other = replace(chart, tenant=replace(chart.tenant, id="elsewhere"))
    one = shown(stage, other)
    assert not one.may_adopt
    with pytest.raises(NotAllowed, match="another tenant's name"):
        adopt(stage.services, other, one.reference, one.seen, edits_are_seen=True)


def test_a_plan_that_does_not_stand_there_is_not_taken_over(stands: tuple[Stage, OpenChart]) -> None:
    stage, chart = stands
    with pytest.raises(WrongUsage, match="does not stand"):
        adopt(stage.services, chart, "CarePlan/nothing", "x", edits_are_seen=True)


def test_a_plan_that_was_taken_over_is_kept_with_its_version_and_is_not_taken_over_twice(ward: Stage) -> None:
    chart = chart_of(ward, TAPERED)
    one = shown(ward, chart, afresh=True)
    if one.may_adopt:
        adopt(ward.services, chart, one.reference, one.seen, edits_are_seen=False)
    kept = {(found.plan.key, found.version) for found in newest_of_each(ward.services, chart)}
    assert any(key == one.plan.key and version >= 4 for key, version in kept)
    again = shown(ward, chart)
    assert again.is_kept
    with pytest.raises(NotAllowed, match="is kept here already"):
        adopt(ward.services, chart, again.reference, again.seen, edits_are_seen=True)
    assert ("adopt", "done") in [(line.entry.action, line.entry.outcome) for line in ward.services.audit.entries("demo", limit=5000)]
