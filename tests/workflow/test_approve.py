"""Approval is a prescriber's, on the chart of now, and once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.workflow.approve import approve_plan
from fhir_taper.workflow.chosen_plan import work_of
from tests.odd_ehr import between, changing, each
from tests.web.running import ELDER, Stage
from tests.workflow.opened import chart_of

PATIENT = ELDER


@pytest.fixture
def revision(stage: Stage) -> Iterator[int]:
    """A draft with everything that approval asks for."""
    stage.forget(PATIENT)
    person = stage.opened(PATIENT)
    person.draft()
    person.ready()
    work = work_of(stage.services, chart_of(stage, PATIENT))
    assert work is not None
    yield work.revision
    stage.forget(PATIENT)


def test_whoever_is_no_prescriber_approves_nothing(stage: Stage, revision: int) -> None:
    for user in ("pharmacist", "reader"):
        with pytest.raises(LaunchRefused) as refused:
            approve_plan(stage.services, chart_of(stage, PATIENT, user), revision)
        assert refused.value.reason == "role"
    assert work_of(stage.services, chart_of(stage, PATIENT)) is not None


def test_a_draft_that_somebody_changed_is_not_approved(stage: Stage, revision: int) -> None:
    with pytest.raises(StoreConflict):
        approve_plan(stage.services, chart_of(stage, PATIENT), revision - 1)


def test_a_draft_is_not_approved_once_the_orders_behind_it_changed(stage: Stage, revision: int) -> None:
    chart = chart_of(stage, PATIENT)

    stopped = changing("MedicationRequest", each(lambda order: order.update(status="stopped")))
    with between(stage.demo, stopped), pytest.raises(NotAllowed, match="the chart changed since this draft was made"):
        approve_plan(stage.services, chart, revision)
    work = work_of(stage.services, chart)
    assert work is not None
    assert work.plan is not None
    assert work.plan.state is PlanState.DRAFT


def test_a_draft_whose_first_day_is_past_is_not_approved_because_later_orders_are_not_in_it(stage: Stage, revision: int) -> None:
    chart = chart_of(stage, PATIENT)
    today = stage.services.clock()
    tomorrow = replace(stage.services, clock=lambda: today + timedelta(days=1))
    with pytest.raises(NotAllowed, match="is past, and what was ordered since is not in it"):
        approve_plan(tomorrow, chart, revision)
