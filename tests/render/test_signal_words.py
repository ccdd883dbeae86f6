"""What was measured, in words."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.monitoring.reading import Reading
from fhir_taper.plans.tables.signal_tables import load_signals
from fhir_taper.render.signal_words import ago, change_words, reading_words, unit_words, value_words

SIGNALS = load_signals().signals
AT = datetime(2026, 3, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("signal", "value", "words"),
    [
        ("gad7", Decimal(6), "mild anxiety (6 of 21)"),
        ("peg", Fraction(16, 3), "5.3 of 10"),
        ("bwsq", Decimal(12), "12 of 40"),
        ("sleep", Decimal(330), "5 h 30 min"),
        ("sleep", Decimal(420), "7 h"),
        ("sleep", Decimal(40), "40 min"),
        ("heart-rate", Decimal(84), "84 a minute"),
        ("systolic", Decimal("131.5"), "131.5 mmHg"),
        ("oxygen-saturation", Decimal(97), "97 %"),
        ("steps", Decimal(4200), "4200 steps"),
    ],
)
def test_a_value_has_the_word_of_its_source_or_its_range_or_its_unit(signal: str, value: Exact, words: str) -> None:
    assert value_words(SIGNALS[signal], value) == words


@pytest.mark.parametrize(
    ("signal", "change", "words"),
    [
        ("gad7", Decimal(3), "3 more, worse"),
        ("gad7", Decimal(-2), "2 less, better"),
        ("sleep", Decimal(-90), "1 h 30 min less, worse"),
        ("systolic", Decimal(10), "10 mmHg more"),
        ("gad7", Decimal(0), "as at the baseline"),
    ],
)
def test_a_change_says_its_direction_and_whether_that_is_worse(signal: str, change: Exact, words: str) -> None:
    assert change_words(SIGNALS[signal], change) == words


def test_an_answer_and_an_event_are_words_too() -> None:
    answer = Reading("minimum-function", AT, AT, ("Observation/1",), answer="not-met", words="Could you do it? No")
    event = Reading("fall", AT, AT, ("Condition/1",), words="Fall at home")
    assert reading_words(SIGNALS["minimum-function"], answer) == "not met"
    assert reading_words(SIGNALS["fall"], event) == "Fall at home"


def test_how_long_ago() -> None:
    assert [ago(days) for days in (0, 1, 12)] == ["today", "yesterday", "12 days ago"]


def test_a_chart_says_the_unit_of_what_is_no_score() -> None:
    assert [unit_words(SIGNALS[name]) for name in ("gad7", "sleep", "systolic", "heart-rate")] == ["", ", hours", ", mmHg", ", a minute"]
