"""From answers to a decision: filled forms as resources in a chart, its timeline (fhir_taper.workflow.timeline), and what the rules say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from fhir_taper.exact_json import encode
from fhir_taper.mappers.write.check_in import FilledForm, to_observations, to_response
from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.assessment import Assessment
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.scoring import Answer, score
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.timeline import timeline_of_chart
from tests.mappers.charts import PATIENT, bundle
from tests.plans.monitoring.watched import plan

ZONE = timezone(timedelta(hours=1))
NOON = datetime(2026, 3, 14, 12, tzinfo=ZONE)
PLAN = replace(plan(), zone="Europe/Berlin")
NO_RISK = {"1": "no", "2": "no", "6": "no"}


def filled(form: str, answers: Mapping[str, str], hours: int = 0) -> FilledForm:
    """A form of the patient, so many hours after noon."""
    known = load_forms().forms[form]
    said = [Answer(item, text) for item, text in answers.items()]
    return FilledForm(known, score(known, said), "p1", NOON + timedelta(hours=hours))


def decided(*forms: FilledForm, hours: int = 30, of: TaperPlan = PLAN) -> Assessment:
    """What is decided so many hours after noon, of the responses and all that was written of them."""
    written = []
    for one in forms:
        response = to_response(one)
        written += [response, *to_observations(one, f"QuestionnaireResponse/{response['id']}")]
    as_of = NOON + timedelta(hours=hours)
    seen = timeline_of_chart(read_chart_bytes(encode(bundle(PATIENT, *written)), "chart"), of, as_of).value
    return assess(of, seen, DEFAULT_POLICY, NOTHING_BEFORE, as_of)


def hits(found: Assessment) -> set[tuple[str, Level]]:
    """Rules that hit, but for those about what did not come."""
    return {(hit.rule, hit.level) for hit in found.hits if hit.rule not in {"B19", "B20", "B26", "B30"}}


@pytest.mark.feature("F23")
def test_a_thought_of_suicide_asks_for_the_screener_and_a_negative_one_answers_it() -> None:
    thought = filled("phq9", {"9": "1"})
    assert thought.scored.next_form == "cssrs"
    assert ("B04", Level.URGENT) in hits(decided(thought))
    assert "B04" not in {rule for rule, _ in hits(decided(thought, filled("cssrs", NO_RISK, 1)))}


def test_a_screener_that_is_high_is_an_emergency_whatever_else_was_left_out() -> None:
    assert ("B03", Level.EMERGENCY) in hits(decided(filled("phq9", {"9": "3"}), filled("cssrs", {"4": "yes"}, 1)))


@pytest.mark.feature("F99")
def test_after_the_last_step_a_screener_that_is_high_is_the_same_emergency() -> None:
    over = replace(PLAN, state=PlanState.COMPLETED, phase=Phase.AFTERCARE)
    found = decided(filled("phq9", {"9": "3"}), filled("cssrs", {"4": "yes"}, 1), of=over)
    assert ("B03", Level.EMERGENCY) in hits(found)
    assert "hold" not in found.actions


def test_a_screener_that_was_not_finished_answers_nothing() -> None:
    unfinished = filled("cssrs", {"1": "no", "2": "no"}, 1)
    assert ("B04", Level.URGENT) in hits(decided(filled("phq9", {"9": "2"}), unfinished))


@pytest.mark.feature("F22")
def test_severe_anxiety_is_seen() -> None:
    before = filled("gad7", {str(number): "0" for number in range(1, 8)}, -24 * 90)
    severe = filled("gad7", {str(number): "3" for number in range(1, 8)})
    assert ("B14", Level.URGENT) in hits(decided(before, severe))


@pytest.mark.parametrize(
    ("answers", "rule", "level"),
    [
        ({"pause": "yes"}, "B35", Level.HOLD),
        ({"events": "seizure"}, "B01", Level.EMERGENCY),
        ({"events": "confused"}, "B02", Level.EMERGENCY),
        ({"events": "frightened"}, "B36", Level.URGENT),
        ({"function": "cannot-care"}, "B09", Level.URGENT),
        ({"symptoms": "7"}, "B07", Level.HOLD),
    ],
)
@pytest.mark.feature("F16")
def test_an_answer_of_the_daily_check_in_reaches_its_rule(answers: dict[str, str], rule: str, level: Level) -> None:
    assert (rule, level) in hits(decided(filled("daily", answers)))


def test_a_check_in_without_trouble_says_nothing() -> None:
    quiet = filled("daily", {"doses": "all", "symptoms": "2", "function": "met", "events": "none", "pause": "no", "sleep-hours": "7"})
    assert hits(decided(quiet)) == set()
