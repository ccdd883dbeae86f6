"""A plan that is followed, ten weeks into its taper, for tests that turn it: a new one for each test, in a demo of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from uuid import uuid4

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.lifecycle import revoke
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.workflow.adopt import adopt, standing_in_ehr
from fhir_taper.workflow.course import running_plans
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import Kept
from fhir_taper.workflow.watching import Watch, answer_hit, shown_of, watch
from tests.web.running import Stage, another_app
from tests.workflow.opened import chart_of

TAPERED = "mid-taper"
_numbers = count(1)


@pytest.fixture(scope="session")
def ward_on_sqlite() -> Iterator[Stage]:
    """A demo of its own: what is approved in it runs."""
    with running_demo() as (demo, services):
        yield Stage(demo, services)


@pytest.fixture(scope="session")
def ward_on_postgresql(request: pytest.FixtureRequest, ward_on_sqlite: Stage) -> Iterator[Stage]:
    """The same EHR, in which nothing is written, and an app over PostgreSQL."""
    with another_app(ward_on_sqlite, request.getfixturevalue("postgresql_server").database()) as made:
        yield made


@pytest.fixture(scope="session")
def ward(request: pytest.FixtureRequest, kept_in: str) -> Stage:
    """The one of the database that the test is about."""
    return request.getfixturevalue(f"ward_on_{kept_in}")  # type: ignore[no-any-return]  # by name


def shown(seen: Watch, rule: str) -> str:
    """What goes back with an answer to the hit of a rule; "" where it has none."""
    return next((shown_of(hit) for hit in seen.assessment.hits if hit.rule == rule), "")


@dataclass
class Followed:
    """A chart with one running plan, at version 4: 9 mg of diazepam a day by now, after 9.5 and 10."""

    stage: Stage
    services: Services
    chart: OpenChart
    kept: Kept

    @property
    def plan(self) -> TaperPlan:
        return self.kept.plan

    @property
    def loaded(self) -> Loaded:
        return load_chart(self.services, self.chart)

    def later(self, days: int) -> Services:
        """The same services some days later."""
        return replace(self.services, clock=lambda: self.services.clock() + timedelta(days=days))

    def as_user(self, user: str) -> OpenChart:
        """The same chart, as somebody else opened it."""
        return _chart(self.stage, user)

    def newest(self) -> Kept:
        (one,) = running_plans(self.services, self.chart)
        return one

    def watched(self) -> Watch:
        """The plan as it is watched now."""
        return watch(self.services, self.chart, self.loaded, self.newest())

    def answer_alerts(self) -> None:
        """Answer every alert that is open: the chart of the demo is older than the plan, and nobody filled anything in."""
        seen = self.watched()
        for hit in seen.open_hits:
            answer_hit(self.services, self.chart, seen, hit.rule, "called", "talked with the patient", shown_of(hit))

    def actions(self) -> list[tuple[str, str]]:
        """Action and outcome of every line of the patient's audit."""
        return [(one.entry.action, one.entry.outcome) for one in self.services.audit.entries("demo", limit=5000)]


@cache
def _charts(_: int) -> dict[str, OpenChart]:
    """Charts of one demo by user: opening one takes longer than most tests."""
    return {}


def _chart(stage: Stage, user: str = "prescriber") -> OpenChart:
    opened = _charts(id(stage))
    if user not in opened:
        opened[user] = chart_of(stage, TAPERED, user)
    return opened[user]


@pytest.fixture
def followed(ward: Stage) -> Followed:
    """A running plan that no test has touched."""
    services = ward.services
    chart = _chart(ward)
    loaded = load_chart(services, chart)
    (standing,) = standing_in_ehr(services, chart, loaded)
    if standing.may_adopt:  # once: so that the EHR's plan is known here, and no rival
        adopt(services, chart, standing.reference, standing.seen, edits_are_seen=False)
    for one in running_plans(services, chart):
        day = max(chart.day(services.clock()), one.plan.revisions[-1].on)  # a test may have gone on to a later day
        _keep(services, chart, one.version.plan, revoke(one.plan, Decision("Dr. A", day, "the test is over")))
    ward.forget(TAPERED)
    fresh = replace(standing.plan, key=f"test-{next(_numbers)}", id=str(uuid4()))
    version = _version(chart, PlanName("demo", TAPERED, fresh.ingredient, fresh.key), fresh, services.clock())
    services.plans.adopt(version, expected_version=0)
    return Followed(ward, services, chart, Kept(version, fresh))


def _keep(services: Services, chart: OpenChart, name: PlanName, plan: TaperPlan) -> None:
    services.plans.append(_version(chart, name, plan, services.clock()), expected_version=plan.version - 1)


def _version(chart: OpenChart, name: PlanName, plan: TaperPlan, at: datetime) -> PlanVersion:
    return PlanVersion(plan.id, name, plan.version, plan.state, encode(to_document(plan)), chart.launch.user, at)
