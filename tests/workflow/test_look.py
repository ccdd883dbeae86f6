"""Where an EHR never lets care plans be read, a site may let a prescriber's own look of today stand for them: kept and audited."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.errors import LaunchRefused, NotAllowed
from fhir_taper.web.app import create_app
from fhir_taper.workflow.approve import approve_plan, work_rests_on
from fhir_taper.workflow.chosen_plan import plan_of, work_of
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.look import look_of, looked, looked_for_next
from fhir_taper.workflow.next_version import approve_next, next_version
from fhir_taper.workflow.services import Kept, Services
from fhir_taper.workflow.unread import LOOKED, unread_now
from tests.odd_ehr import between, refusing
from tests.web.running import ELDER, Stage
from tests.workflow.ended import end_running
from tests.workflow.followed import TAPERED, Followed
from tests.workflow.opened import chart_of
from tests.workflow.test_next_version import ready, seen

SAW = "two plans, for diabetes and for diet"
SAYS = "Care plans could not be read: 403: whether another plan of this medicine runs"


def lenient(services: Services) -> Services:
    """The services of a site that lets a look count."""
    (tenant,) = services.settings.tenants
    settings = replace(services.settings, tenants=(replace(tenant, approve_with_care_plans_unread=True),))
    return replace(services, settings=settings, _transports={}, said_by_ehr=Kept(), charts=Kept())


@pytest.fixture
def site(stage: Stage) -> Iterator[Stage]:
    """An app whose site lets a look count, in an EHR that lets nobody read care plans, at a patient of whom no plan runs."""
    stage.forget(ELDER)
    end_running(stage.services, chart_of(stage, ELDER))
    with ExitStack() as running:
        services = lenient(stage.services)
        running.enter_context(between(stage.demo, refusing(403, "CarePlan")))
        yield Stage(stage.demo, services, create_app(services))
    stage.forget(ELDER)


def test_a_prescriber_who_looked_in_the_ehr_today_approves_and_the_version_says_so(site: Stage) -> None:
    person, services = site.opened(ELDER), site.services
    chart = chart_of(site, ELDER)
    person.draft()
    person.ready()
    before = person.get("approve").text
    assert SAYS in before
    assert Page(before).form("/approve") is None
    shown = person.send("approve", "/look", words=SAW).text
    assert f"{SAW} (" in Page(shown).text
    assert Page(shown).form("/approve") is not None
    approved = approve_plan(services, chart, str(work_rests_on(services, chart)))
    kept = look_of(approved)
    assert kept is not None
    assert (kept.code, kept.by, kept.reason) == (LOOKED, chart.who, SAW)
    assert kept.message.startswith(SAYS)
    assert any("CarePlan" not in line for line in unread_now(load_chart(services, chart, afresh=True), approved)) is False
    lines = [one.entry for one in services.audit.entries("demo", limit=100_000, patient_id=ELDER)]
    assert ("draft-look", "done") in [(one.action, one.outcome) for one in lines]
    end_running(services, chart)


def test_a_look_of_yesterday_or_of_another_site_counts_for_nothing(site: Stage, stage: Stage) -> None:
    person, services = site.opened(ELDER), site.services
    chart = chart_of(site, ELDER)
    person.draft()
    person.ready()
    work = work_of(services, chart)
    assert work is not None
    looked(services, chart, SAW, work.revision)
    shown = str(work_rests_on(services, chart))
    with pytest.raises(NotAllowed, match=SAYS):
        approve_plan(stage.services, chart_of(stage, ELDER), shown)
    today = services.clock()
    with pytest.raises(NotAllowed, match=SAYS):
        approve_plan(replace(services, clock=lambda: today + timedelta(days=1)), chart, shown)


def test_nobody_but_a_prescriber_looks_and_never_without_words_or_where_the_plans_can_be_read(site: Stage, stage: Stage) -> None:
    person, services = site.opened(ELDER), site.services
    person.draft()
    chart = chart_of(site, ELDER)
    work = work_of(services, chart)
    assert work is not None
    with pytest.raises(LaunchRefused):
        looked(services, chart_of(site, ELDER, "pharmacist"), SAW, work.revision)
    with pytest.raises(NotAllowed, match="say what you saw"):
        looked(services, chart, " ", work.revision)
    strict = chart_of(stage, ELDER)
    with pytest.raises(NotAllowed, match="this site does not let"):
        looked(stage.services, strict, SAW, work.revision)
    stage.demo.resources.intercept = None
    services.charts.drop(chart.launch.id)
    with pytest.raises(NotAllowed, match="the care plans can be read"):
        looked(services, chart, SAW, work.revision)


def test_a_look_does_not_stand_for_a_taper_that_is_known_to_be_there(stage: Stage) -> None:
    stage.forget(TAPERED)
    services = lenient(stage.services)
    site = Stage(stage.demo, services, create_app(services))
    with between(stage.demo, refusing(403, "RequestGroup/*")):
        person, chart = site.opened(TAPERED), chart_of(site, TAPERED)
        person.draft()
        work = work_of(services, chart)
        assert work is not None
        with pytest.raises(NotAllowed, match="the care plans can be read"):
            looked(services, chart, SAW, work.revision)
    stage.forget(TAPERED)


def test_a_next_version_is_approved_by_a_look_too(followed: Followed) -> None:
    services = lenient(followed.services)
    chart = replace(followed.chart, tenant=services.settings.tenants[0])
    followed.services.charts.drop(chart.launch.id)
    with between(followed.stage.demo, refusing(403, "CarePlan")):
        ready(followed)
        with pytest.raises(NotAllowed, match=SAYS):
            approve_next(services, chart, seen(followed))
        draft = next_version(services, chart)
        assert draft is not None
        services.charts.drop(chart.launch.id)
        looked_for_next(services, chart, SAW, draft.revision)
        approved = approve_next(services, chart, seen(followed))
    followed.services.charts.drop(followed.chart.launch.id)  # the next test reads them
    version = services.plans.with_id("demo", approved.id)
    assert version is not None
    assert look_of(plan_of(version)) is not None
