"""A question may be asked again after its plan ended, wherever that is known from."""

from dataclasses import replace
from pathlib import Path

import pytest

from fhir_taper.mappers.write.degraded import to_degraded
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import Json
from fhir_taper.workflow.approve import approve_plan, work_rests_on
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.plan import plan_bundle
from fhir_taper.workflow.write_back import preview_plan
from tests.odd_ehr import between, changing, with_more
from tests.web.running import DATABASES, ELDER, Stage, another_app
from tests.workflow.opened import Drafting


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == DATABASES[0]:
        return f"sqlite:///{tmp_path / 'taper.db'}"
    return str(request.getfixturevalue("postgresql_server").database())


def ended_in_ehr(drafting: Drafting, state: PlanState) -> Json:
    """The drafted plan as another installation approved and ended it: a care plan with its steps inside."""
    decision = Decision("Dr. A", drafting.plan.created, "done")
    running = new_version(replace(drafting.plan, state=PlanState.ACTIVE), drafting.plan, decision, "approve", "approved")
    ended = new_version(replace(running, state=state), running, decision, "revoke", "ended")
    services, chart, day = drafting.services, drafting.chart, ended.steps[0].start
    reading = load_chart(services, chart).reading(day)
    bundle = plan_bundle(ended, reading, as_of=day, instant=services.clock(), tenant=chart.tenant.id)
    entries = to_degraded(bundle, ended, DegradedForm.CONTAINED, day)["entry"]
    plan: Json = next(one["resource"] for one in entries if one["resource"]["resourceType"] == "CarePlan")
    return plan | {"id": "ended-elsewhere", "meta": {"versionId": "1"}}


@pytest.mark.parametrize("state", [PlanState.REVOKED, PlanState.COMPLETED])
def test_the_question_of_a_plan_that_ended_in_the_ehr_alone_makes_a_plan_of_its_own(served: Stage, address: str, state: PlanState) -> None:
    with another_app(served, address) as stage:
        drafting = Drafting(stage, ELDER)
        drafting.person.draft()
        before = drafting.plan
        standing = ended_in_ehr(drafting, state)
        with between(stage.demo, changing("CarePlan", with_more(standing))):
            drafting.person.send("regimen", "/refresh")
            drafting.services.charts.drop(drafting.chart.launch.id)
            drafting.person.draft()
            drafting.person.ready()
            again = work_of(drafting.services, drafting.chart)
            assert again is not None
            assert again.plan is not None
            assert (again.plan.key, again.plan.id == before.id) == (f"{before.key}-2", False)
            approved = approve_plan(drafting.services, drafting.chart, str(work_rests_on(drafting.services, drafting.chart)))
            assert approved.state is PlanState.ACTIVE
            cards = preview_plan(drafting.services, drafting.chart).preview.cards
            assert [(card.doing.value, card.gone) for card in cards if card.resource_type == "CarePlan"] == [("create", None)]
