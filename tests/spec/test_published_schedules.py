from collections.abc import Callable

import pytest

from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import StepKind, TaperPlan
from tests.spec.published import Schedule, days_of, schedules, slots_of

SCHEDULES = schedules()
by_id: Callable[[Schedule], str] = lambda schedule: schedule.id  # noqa: E731 - a name for pytest


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load()


def made(schedule: Schedule, tables: Tables) -> TaperPlan:
    plan = schedule.made(tables)
    assert not isinstance(plan, Infeasible), plan
    return plan


@pytest.mark.parametrize("schedule", SCHEDULES, ids=by_id)
def test_a_protocol_makes_its_published_schedule_to_the_dose_and_to_the_day(schedule: Schedule, tables: Tables) -> None:
    plan = made(schedule, tables)

    assert tuple(step.mg_per_day(plan.ingredient) for step in plan.steps) == schedule.doses
    assert days_of(plan) == schedule.days


@pytest.mark.parametrize("schedule", [one for one in SCHEDULES if one.slots], ids=by_id)
def test_a_protocol_divides_the_day_as_its_source_prints_it(schedule: Schedule, tables: Tables) -> None:
    plan = made(schedule, tables)

    found = tuple(slots_of(step, plan.ingredient, schedule.times) for step in plan.steps[: len(schedule.slots)])

    assert found == schedule.slots


@pytest.mark.parametrize("schedule", SCHEDULES, ids=by_id)
def test_an_unedited_protocol_runs_under_its_own_row_without_being_limited(schedule: Schedule, tables: Tables) -> None:
    plan = made(schedule, tables)

    assert plan.limits.row == tables.limits.protocols[schedule.protocol].limits
    assert plan.limits.is_published
    assert {step.kind for step in plan.steps} <= {StepKind.BASELINE, StepKind.REDUCTION, StepKind.STOP}
    assert check(plan) == ()


def test_every_published_limits_row_has_a_schedule_that_runs_under_it(tables: Tables) -> None:
    published = {row.limits for row in tables.limits.protocols.values() if row.limits != "default"} - {"cdc-weekly"}

    assert {tables.limits.protocols[schedule.protocol].limits for schedule in SCHEDULES} == published
