"""How urgent a filled form is by itself: what a red flag looks for, and nothing that a rule must weigh."""

import pytest

from fhir_taper.plans.monitoring.alarming import alarm_of
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.scoring import Answer, score
from fhir_taper.plans.tables.instrument_tables import load_forms

FORMS = load_forms().forms


@pytest.mark.parametrize(
    ("form", "item", "said", "level"),
    [
        ("daily", "events", "seizure", Level.EMERGENCY),
        ("daily", "events", "fall-head", Level.EMERGENCY),
        ("daily", "events", "fall-hurt", Level.URGENT),
        ("daily", "events", "fall", None),
        ("daily", "events", "none", None),
        ("daily", "events", "frightened", Level.URGENT),
        ("daily", "events", "hard-to-wake", Level.URGENT),
        ("daily", "events", "head-chest", Level.URGENT),
        ("daily", "events", "not-down", Level.URGENT),
        ("daily", "function", "cannot-care", Level.URGENT),
        ("daily", "function", "cannot-work", None),
        ("daily", "pause", "yes", None),
        ("daily", "symptoms", "10", None),
        ("aftercare", "events", "overdose", Level.EMERGENCY),
        ("aftercare", "use", "yes", None),
        ("phq9", "9", "0", None),
        ("phq9", "9", "1", Level.URGENT),
        ("cssrs", "4", "yes", Level.EMERGENCY),
        ("cssrs", "6-recent", "yes", Level.EMERGENCY),
    ],
)
def test_what_a_red_flag_or_a_rule_of_the_day_looks_for_is_urgent_by_itself(form: str, item: str, said: str, level: Level | None) -> None:
    assert alarm_of(score(FORMS[form], [Answer(item, said)])) is level


def test_the_most_urgent_answer_counts() -> None:
    both = [Answer("events", "frightened"), Answer("events", "seizure")]
    assert alarm_of(score(FORMS["daily"], both)) is Level.EMERGENCY


def test_a_screener_that_is_negative_is_not_urgent_and_a_low_one_is() -> None:
    no = [Answer(item.id, "no") for item in FORMS["cssrs"].items if item.only_if is None]
    assert alarm_of(score(FORMS["cssrs"], no)) is None
    low = [Answer("1", "yes"), Answer("2", "no"), Answer("6", "no")]
    assert alarm_of(score(FORMS["cssrs"], low)) is Level.URGENT
