"""External charts under a plan of a year, assessed day by day: nothing raises, nothing is raised, and what could not be judged is said."""

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from fhir_taper.plans.monitoring.assess import CONTINUE, assess
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.reading import DAY
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.read_chart import read_chart
from fhir_taper.workflow.timeline import timeline_of_chart
from tests.property.generated_patients import DAYS, year_of_tapering

LONGEST = ("Morton_Romaguera_02d0fd76", "Glenn_Homenick_72ab313f", "Joaquin_Ledner_c9ad683e", "Jacob_DuBuque_3190bd3b")
"""The charts with the most observations of the sample: 250 each, over decades."""


def in_the_last_year_of(plan: TaperPlan, last: datetime, patient: str) -> TaperPlan:
    """The plan, moved so that its year ends with the chart's last observation."""
    shift = last.date() - (plan.steps[0].start + DAYS * DAY)
    steps = tuple(replace(one, start=one.start + shift, end=one.end + shift if one.end else None) for one in plan.steps)
    gates = tuple(replace(one, due=one.due + shift) for one in plan.gates)
    return replace(plan, patient=patient, steps=steps, gates=gates, created=plan.created + shift)


@pytest.mark.parametrize("name", LONGEST)
def test_a_year_of_an_external_chart_is_assessed_day_by_day(shared_data: Path, name: str) -> None:
    chart = read_chart(str(shared_data / "data" / "tietai_synthea" / f"{name}.json"))
    first = timeline_of_chart(chart, replace(year_of_tapering(), patient=chart.patient), datetime(2026, 11, 22, tzinfo=UTC)).value
    plan = in_the_last_year_of(year_of_tapering(), first.readings[-1].start, chart.patient)
    timeline = timeline_of_chart(chart, plan, datetime(2026, 11, 22, tzinfo=UTC)).value
    history, told, seen = NOTHING_BEFORE, 0, 0
    for number in range(DAYS):
        found = assess(plan, timeline, DEFAULT_POLICY, history, datetime.combine(plan.steps[0].start + number * DAY, time(18), UTC))
        history = remember(history, found)
        told += sum(hit.is_new for hit in found.hits)
        seen += len(found.hits)
        assert set(found.actions) <= {*load_actions(), CONTINUE}
        assert all(one.why for one in found.coverage if not one.evaluable)
    assert 0 < told < seen
    assert told == len(history.episodes)
