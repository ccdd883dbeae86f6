"""Outcomes as rows: numbers in words, what is not known with why, a lower dose that goes on as a goal."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.plans.monitoring.outcomes import Function, Load, Measured, Outcomes, Pace
from fhir_taper.plans.monitoring.retention import Retention, Share
from fhir_taper.plans.tables.signal_tables import load_signals
from fhir_taper.render.outcome_words import OutcomeRow, PaceRow, outcome_rows, outcome_sentences, pace_rows, unknown_outcomes

SIGNALS = load_signals().signals
TODAY = date(2026, 3, 15)
FOUND = Outcomes(
    "plan",
    TODAY,
    (Load("diazepam", (Decimal(10), Decimal(10)), (Decimal(4), Decimal(4)), (Decimal(4), Decimal(4))),),
    (Pace(14, Decimal(5), Decimal("2.5")), Pace(70, None, Fraction(10, 3), 28, "orders were not read (403)")),
    (Measured(SIGNALS["pain"], None, None, why_no_baseline="Pain from 0 to 10: no baseline", why_not_now="Pain from 0 to 10: no data"),),
    Function(3, 5, "walks the dog"),
    (Measured(SIGNALS["gad7"], Decimal(6), Decimal(12), date(2026, 3, 13)),),
    (Measured(SIGNALS["sleep"], Decimal(420), Decimal(330), TODAY, 4),),
    10,
    69,
    None,
    is_completed=False,
    retention=Retention(Share(6, 8), Share(5, 7)),
)


def test_rows_say_at_first_now_and_by_how_much() -> None:
    load, gad7, sleep, function, _ = outcome_rows(FOUND)
    assert load == OutcomeRow("Diazepam ordered", "10 mg a day", "4 mg a day", "60 % less")
    assert gad7 == OutcomeRow("GAD-7", "mild anxiety (6 of 21)", "moderate anxiety (12 of 21)", "6 more, worse", "2 days ago")
    assert sleep == OutcomeRow("Sleep in a night", "7 h", "5 h 30 min", "1 h 30 min less, worse", "mean of 4 readings")
    assert function == OutcomeRow("Minimum function (walks the dog)", "", "met on 3 of 5 check-ins")


@pytest.mark.feature("F98")
def test_how_many_check_ins_came_is_said_of_four_weeks_beside_the_four_before_or_is_not_known() -> None:
    assert outcome_rows(FOUND)[-1] == OutcomeRow(
        "Check-ins that came", "", "6 of 8 in the last 4 weeks", "", "5 of 7 in the 4 weeks before"
    )
    early = replace(FOUND, retention=Retention(Share(0, 0), Share(0, 0)))
    assert outcome_rows(early)[-1].now == "none was due in the last 4 weeks"
    unread = replace(FOUND, retention=Retention(Share(0, 0), Share(0, 0), "check-ins were not read (403)"))
    assert unknown_outcomes(unread)[-1] == "Check-ins that came (check-ins were not read (403))"


def test_what_nothing_is_known_of_is_named_with_why() -> None:
    assert unknown_outcomes(FOUND) == ("Pain from 0 to 10 (no data)",)


def test_a_load_that_is_not_as_planned_says_what_the_plan_says_and_an_unknown_one_why() -> None:
    more = Load("diazepam_mg", (Decimal(10), Decimal(20)), (Decimal(6), Decimal(12)), (Decimal(4), Decimal(8)))
    unclear = Load("mme", (Decimal(60), Decimal(60)), None, (Decimal(30), Decimal(30)), "as needed, no maximum")
    first, second, *_ = outcome_rows(replace(FOUND, loads=(more, unclear)))
    assert first == OutcomeRow("Diazepam equivalent ordered", "10–20 mg a day", "6–12 mg a day", "40 % less", "the plan says 4–8 mg a day")
    assert second == OutcomeRow("MME of the plan's opioid ordered", "60 a day", "not known", "not known", "as needed, no maximum")


def test_a_load_that_rose_or_stayed_is_said_so() -> None:
    rose = Load("diazepam", (Decimal(4), Decimal(4)), (Decimal(5), Decimal(5)))
    same = replace(rose, now=rose.before)
    assert [row.change for row in outcome_rows(replace(FOUND, loads=(rose, same)))[:2]] == ["25 % more", "as at first"]


def test_a_pace_stands_beside_the_planned_one() -> None:
    assert pace_rows(FOUND) == (
        PaceRow("Last 14 days", "2.5 %", "5 %"),
        PaceRow("Whole course (70 days), per 28 days", "3.3 %", "not known", "orders were not read (403)"),
    )
    assert pace_rows(replace(FOUND, paces=(Pace(14, Decimal(-5), Decimal(0)),)))[0].ordered == "−5 %"


def test_a_lower_dose_that_goes_on_is_a_goal_that_was_reached() -> None:
    assert outcome_sentences(FOUND) == ("Reductions were paused on 10 days of 69.",)
    kept = outcome_sentences(replace(FOUND, kept_mg=Decimal("2.5"), days_on_hold=1))
    assert kept == (
        "The taper ended at a lower dose that goes on, 2.5 mg a day: a goal that was reached.",
        "Reductions were paused on 1 day of 69.",
    )
    assert outcome_sentences(replace(FOUND, is_completed=True))[0] == "The taper is completed: a goal that was reached."
