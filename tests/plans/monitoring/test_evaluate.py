"""What each condition of the rule language answers: so, not so, or not known."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.condition import (
    Answered,
    Compare,
    Condition,
    Earlier,
    Enters,
    Every,
    Happened,
    Less,
    Match,
    Missing,
    No,
    NotKnown,
    Of,
    Op,
    Patient,
    Persist,
    Quantity,
    Takes,
)
from fhir_taper.plans.monitoring.evaluate import evaluate, persists
from fhir_taper.plans.monitoring.history import Episode, History
from fhir_taper.plans.monitoring.reading import DAY, Raw
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.timeline import Ordered, Record, Unread
from fhir_taper.plans.monitoring.verdict import Verdict
from fhir_taper.plans.tapers.plan import PlanState, RevisionNote
from tests.plans.monitoring.watched import HOUR, NOW, moment, plan, raw, rule, timeline, whole_day

MINUTE = timedelta(minutes=1)
ABOVE_100 = Compare("heart-rate", Op.ABOVE, Decimal(100))
STALE = (("heart-rate", Span(48, "h")),)


def asked(condition: Condition, raws: list[Raw], **rest: object) -> Verdict:
    """The answer of a condition to what was seen."""
    return evaluate(condition, moment(timeline(raws, **rest), rule(condition, stale=STALE)))


def test_the_latest_reading_is_compared() -> None:
    assert asked(ABOVE_100, [raw("heart-rate", 120, 5 * HOUR), raw("heart-rate", 100)]).is_so is False
    assert asked(ABOVE_100, [raw("heart-rate", 90, 5 * HOUR), raw("heart-rate", 101)]).is_so is True


def test_a_newer_value_that_was_set_aside_leaves_open_what_an_older_one_denies() -> None:
    low = Compare("oxygen-saturation", Op.BELOW, Decimal(90))
    older, unusable = raw("oxygen-saturation", 97, 2 * HOUR), raw("oxygen-saturation", 101)
    assert asked(low, [older, unusable]).why[0].startswith("Oxygen saturation: the newest value was set aside (implausible")
    assert asked(low, [older, raw("oxygen-saturation", 85, comparator="<")]).is_so is True
    assert asked(low, [older, raw("oxygen-saturation", 95, comparator="<")]).is_so is None
    assert asked(low, [raw("oxygen-saturation", 88, 2 * HOUR), unusable]).is_so is True
    assert asked(low, [raw("oxygen-saturation", 101, 3 * HOUR), older]).is_so is False


def test_a_newer_reading_from_home_without_consent_leaves_open_what_an_older_one_denies() -> None:
    clinic, home = raw("heart-rate", 90, 2 * HOUR), raw("heart-rate", 130, is_remote=True)
    why = "Resting heart rate: a newer reading from home was not looked at (no consent to vital-signs measures)"
    assert asked(ABOVE_100, [clinic, home], permits=()).why == (why,)
    assert asked(ABOVE_100, [clinic, home]).is_so is True
    assert asked(ABOVE_100, [raw("heart-rate", 101, 2 * HOUR), home], permits=()).is_so is True
    assert asked(ABOVE_100, [raw("heart-rate", 130, 3 * HOUR, is_remote=True), clinic], permits=()).is_so is False
    assert asked(Enters("heart-rate", Decimal(100)), [clinic, home], permits=()).why == (why,)
    seen = moment(timeline([clinic, home], permits=()), rule(ABOVE_100, stale=STALE))
    assert persists(ABOVE_100, Persist("heart-rate"), seen).why == (why,)


def test_what_is_counted_is_open_while_a_value_of_its_window_could_not_be_used() -> None:
    short = Compare("sleep", Op.AT_LEAST, Decimal(1), of=Of.COUNT, over=Span(7, "d"), matching=Match(Op.BELOW, Decimal(240)))
    in_a_visit, at_home = whole_day("sleep", 420, 1), whole_day("sleep", 120, 3, is_remote=True)
    why = "Sleep in a night: a reading from home was not looked at (no consent to sleep measures)"
    assert asked(short, [in_a_visit, at_home], permits=()).why == (why,)
    assert asked(short, [in_a_visit, whole_day("sleep", 120, 8, is_remote=True)], permits=()).is_so is False
    assert asked(short, [in_a_visit, whole_day("sleep", 9999, 3)]).why[0].startswith("Sleep in a night: a value was set aside (implausible")
    assert asked(short, [in_a_visit, whole_day("sleep", 9999, 8)]).is_so is False


def test_of_two_readings_of_one_instant_the_worse_counts() -> None:
    assert asked(ABOVE_100, [raw("heart-rate", 101), raw("heart-rate", 90)]).is_so is True
    low = Compare("oxygen-saturation", Op.BELOW, Decimal(90))
    assert asked(low, [raw("oxygen-saturation", 97), raw("oxygen-saturation", 88)]).is_so is True


@pytest.mark.parametrize(
    ("raws", "rest", "why"),
    [
        ([], {}, "Resting heart rate: no data"),
        ([raw("heart-rate", 130, 48 * HOUR + MINUTE)], {}, "Resting heart rate: stale, the last reading is of 2026-03-13 11:59+01:00"),
        ([raw("heart-rate", 600)], {}, "Resting heart rate: set aside (implausible: 600"),
        ([raw("heart-rate", 130, unit="kg")], {}, "Resting heart rate: set aside (unit 'kg'"),
        ([raw("heart-rate", 130, is_remote=True)], {"permits": ()}, "no consent to vital-signs measures"),
        ([], {"unread": (Unread(Record.OBSERVATION, "403"),)}, "Resting heart rate: not read (403)"),
    ],
)
def test_what_cannot_be_judged_is_not_known_and_says_why(raws: list[Raw], rest: dict[str, object], why: str) -> None:
    verdict = asked(ABOVE_100, raws, **rest)
    assert verdict.is_so is None
    assert verdict.why[0].startswith(why)


def test_a_reading_of_the_last_hour_that_counts_is_judged() -> None:
    assert asked(ABOVE_100, [raw("heart-rate", 130, 48 * HOUR)]).is_so is True


def test_what_a_clinic_measured_needs_no_consent() -> None:
    assert asked(ABOVE_100, [raw("heart-rate", 130)], permits=()).is_so is True


def test_a_change_is_from_the_patients_own_baseline_before_the_first_reduction() -> None:
    rise = Compare("heart-rate", Op.AT_LEAST, Decimal(20), less=Less.BASELINE)
    before = [raw("heart-rate", 78, 60 * DAY), raw("heart-rate", 82, 50 * DAY)]  # the first reduction was 41 days ago
    after = raw("heart-rate", 140, 10 * DAY)
    assert asked(rise, [*before, after, raw("heart-rate", 100)]).is_so is True
    assert asked(rise, [*before, after, raw("heart-rate", 99)]).is_so is False
    assert asked(rise, [after, raw("heart-rate", 130)]).why == (
        "Resting heart rate: no baseline (0 of 1 readings before the first reduction)",
    )


def test_a_rise_in_percent_and_points_over_the_score_before_the_step() -> None:
    half = Compare("bwsq", Op.AT_LEAST, Decimal(50), less=Less.PRE_STEP, percent=True)
    points = Compare("bwsq", Op.AT_LEAST, Decimal(5), less=Less.PRE_STEP)
    before = raw("bwsq", 10, 15 * DAY)  # the step of 2026-03-02 began 13 days ago
    assert asked(Every((half, points)), [before, raw("bwsq", 15)]).is_so is True
    assert asked(Every((half, points)), [before, raw("bwsq", 14)]).is_so is False
    assert asked(Every((half, points)), [raw("bwsq", 4, 15 * DAY), raw("bwsq", 8)]).is_so is False  # twice as much, and 4 points
    assert asked(half, [raw("bwsq", 0, 15 * DAY), raw("bwsq", 1)]).is_so is True  # from nothing
    assert asked(half, [raw("bwsq", 15)]).is_so is None


def test_the_mean_of_a_week_needs_enough_nights() -> None:
    short = Compare("sleep", Op.BELOW, Decimal(360), of=Of.MEAN, over=Span(7, "d"), readings=4)
    nights = [whole_day("sleep", minutes, days) for days, minutes in enumerate((300, 350, 360, 420), start=1)]
    assert asked(short, nights).is_so is True  # 357.5
    assert asked(short, nights[:3]).why == ("Sleep in a night: 3 of 4 readings that are needed",)


def test_a_count_in_a_window() -> None:
    bad = Compare("sleep", Op.AT_LEAST, Decimal(3), of=Of.COUNT, over=Span(7, "d"), readings=7, matching=Match(Op.BELOW, Decimal(240)))
    nights = [whole_day("sleep", minutes, days) for days, minutes in enumerate((200, 239, 240, 500, 100), start=1)]
    assert asked(bad, nights).is_so is True
    assert asked(bad, nights[:4]).is_so is None  # two of four nights: the other three are not known
    assert asked(bad, [whole_day("sleep", 400, days) for days in range(7)]).is_so is False


@pytest.mark.parametrize(
    ("scores", "is_so"),
    [((14, 15), True), ((15, 16), False), ((10, 14), False), ((16,), True)],
)
def test_a_band_is_entered_from_below_once(scores: tuple[int, ...], is_so: bool) -> None:
    raws = [raw("gad7", score, (len(scores) - place) * DAY) for place, score in enumerate(scores)]
    assert asked(Enters("gad7", Decimal(15)), raws).is_so is is_so


def test_an_event_counts_within_its_window_only() -> None:
    within = Happened("seizure", Span(14, "d"))
    assert asked(within, [raw("seizure", None, 14 * DAY)]).is_so is True
    assert asked(within, [raw("seizure", None, 14 * DAY + MINUTE)]).is_so is False
    assert asked(within, [whole_day("seizure", None, 14)]).is_so is True  # a day counts until its end


def test_that_nothing_happened_is_known_only_where_somebody_looked() -> None:
    within = Happened("seizure", Span(14, "d"))
    assert asked(within, [], unread=(Unread(Record.CONDITION, "403"),)).why == ("Seizure: not read (403)",)
    assert asked(within, [], read=frozenset()).why == ("Seizure: no condition or observation or form was read",)
    assert asked(within, [raw("seizure")], unread=(Unread(Record.CONDITION, "403"),)).is_so is True


def test_what_was_set_aside_leaves_open_only_the_time_that_it_may_be_of() -> None:
    within = Happened("fall", Span(14, "d"))
    assert asked(within, [raw("fall", None, 14 * DAY, answer="sideways")]).is_so is None
    assert asked(within, [raw("fall", None, 14 * DAY + MINUTE, answer="sideways")]).is_so is False
    assert asked(Happened("fall", None), [raw("fall", None, 900 * DAY, answer="sideways")]).is_so is None


def test_an_answer_is_compared_with_the_words_that_count() -> None:
    is_pregnant = Answered("pregnancy-status", ("pregnant",))
    assert asked(is_pregnant, [raw("pregnancy-status", answer="pregnant")]).is_so is True
    assert (
        asked(is_pregnant, [raw("pregnancy-status", answer="pregnant", ago=DAY), raw("pregnancy-status", answer="not-pregnant")]).is_so
        is False
    )
    assert asked(is_pregnant, []).is_so is None


def test_a_form_that_did_not_follow_another_is_missing() -> None:
    unanswered = Missing("cssrs", "phq9-item9")
    item9, later = raw("phq9-item9", 1, 30 * HOUR), raw("cssrs", answer="negative", ago=29 * HOUR)
    assert asked(unanswered, [item9]).is_so is True
    assert asked(unanswered, [item9, later]).is_so is False
    assert asked(unanswered, [item9, raw("cssrs", answer="negative", ago=31 * HOUR)]).is_so is True
    assert asked(Missing("cssrs", "phq9-item9", Span(31, "h")), [item9]).is_so is False
    assert asked(Missing("cssrs", "phq9-item9", Span(30, "h")), [item9]).is_so is True


def test_what_was_not_read_answers_no_form() -> None:
    unanswered = Missing("cssrs", "phq9-item9", matching=Match(Op.AT_LEAST, Decimal(1)))
    item9 = raw("phq9-item9", 1, 30 * HOUR)
    assert asked(unanswered, [item9], unread=(Unread(Record.FORM, "403"),)).is_so is True
    assert asked(unanswered, [item9, raw("phq9-item9", 0)]).is_so is True  # the earlier one was never asked about
    assert asked(unanswered, [raw("phq9-item9", 0)]).is_so is False
    assert asked(unanswered, []).is_so is None
    assert asked(unanswered, [item9, whole_day("cssrs", None, 1, answer="negative")]).is_so is True  # perhaps of before it
    assert asked(unanswered, [whole_day("phq9-item9", 1, 1), whole_day("cssrs", None, 1, answer="negative")]).is_so is False


def test_a_medicine_that_is_ordered_today() -> None:
    clonidine = Ordered("clonidine", DrugClass.OTHER, NOW.date() - 9 * DAY, None, "MedicationRequest/1", "clonidine 0.1 mg")
    assert asked(Takes("clonidine"), [], orders=(clonidine,)).is_so is True
    assert asked(Takes("clonidine", begun_within=Span(7, "d")), [], orders=(clonidine,)).is_so is False
    assert asked(Takes("clonidine"), [], unread=(Unread(Record.ORDER, "403"),)).is_so is None
    assert asked(Takes("clonidine"), [], read=frozenset({Record.OBSERVATION})).is_so is None


def test_not_turns_round_what_is_known() -> None:
    assert asked(No(ABOVE_100), [raw("heart-rate", 90)]).is_so is True
    assert asked(No(ABOVE_100), []).is_so is None


def test_what_is_not_known_can_be_asked_for_and_says_why() -> None:
    seen = asked(NotKnown(Takes("clonidine")), [], unread=(Unread(Record.ORDER, "403"),))
    assert (seen.is_so, seen.values) == (True, {"unknown": "orders were not read (403)"})
    assert asked(NotKnown(Takes("clonidine")), []).is_so is False


def test_a_derived_number_that_there_is_not_is_not_so() -> None:
    held = Quantity("hold-days", Op.AT_LEAST, Decimal(28))
    assert evaluate(held, moment(timeline(), rule(held), of=plan())).is_so is False


@pytest.mark.parametrize(
    ("raws", "is_so"),
    [
        ([raw("heart-rate", 101, 2 * HOUR), raw("heart-rate", 101, HOUR)], True),
        ([raw("heart-rate", 101, HOUR + 50 * MINUTE), raw("heart-rate", 101, HOUR)], False),
        ([raw("heart-rate", 100, 2 * HOUR), raw("heart-rate", 101, HOUR)], False),
        ([raw("heart-rate", 101, 3 * HOUR), raw("heart-rate", 90, 2 * HOUR), raw("heart-rate", 101, HOUR)], False),
        ([raw("heart-rate", 101, 25 * HOUR + MINUTE), raw("heart-rate", 101, HOUR)], False),
        ([raw("heart-rate", 101, 25 * HOUR), raw("heart-rate", 101, HOUR)], True),
        ([raw("heart-rate", 101, 40 * HOUR), raw("heart-rate", 101, 20 * HOUR)], True),
        ([whole_day("heart-rate", 101, 1), whole_day("heart-rate", 101, 1, answer="")], False),
    ],
)
def test_what_must_persist_holds_at_each_of_the_last_readings_far_enough_apart(raws: list[Raw], is_so: bool) -> None:
    persist = Persist("heart-rate", 2, Span(1, "h"), Span(24, "h"))
    assert persists(ABOVE_100, persist, moment(timeline(raws), rule(ABOVE_100, stale=STALE))).is_so is is_so


def test_what_must_persist_is_not_known_without_a_recent_reading() -> None:
    persist = Persist("heart-rate", 2, Span(1, "h"), Span(24, "h"))
    seen = moment(timeline([raw("heart-rate", 120, 49 * HOUR)]), rule(ABOVE_100, stale=STALE))
    assert persists(ABOVE_100, persist, seen).is_so is None


def test_what_is_asked_at_the_time_of_its_reading_counts_although_it_came_late() -> None:
    """The step of 2026-03-02 began 13 days ago: a report of the first day after it is one of that day, whenever it is seen."""
    within_a_day = Every((Compare("symptoms", Op.AT_LEAST, Decimal(7)), Quantity("days-since-step", Op.AT_MOST, Decimal(1))))
    seen = moment(timeline([raw("symptoms", 8, 12 * DAY)]), rule(within_a_day))
    assert evaluate(within_a_day, seen).is_so is False
    assert persists(within_a_day, Persist("symptoms"), seen).is_so is True


def test_an_event_may_have_to_be_a_while_ago() -> None:
    past = Happened("appointment", Span(14, "d"), answers=("booked",), ago=Span(24, "h"))
    assert asked(past, [raw("appointment", None, 24 * HOUR, answer="booked")]).is_so is True
    assert asked(past, [raw("appointment", None, 23 * HOUR, answer="booked")]).is_so is False


@pytest.mark.parametrize(("sex", "is_so"), [("female", True), ("male", False), ("unknown", None), ("other", None), ("", None)])
def test_a_sex_that_is_not_known_is_not_guessed(sex: str, is_so: bool | None) -> None:
    assert asked(Patient("sex", "female"), [], sex=sex).is_so is is_so


def test_a_renewal_begins_nothing() -> None:
    start = NOW.date()
    first = Ordered("buprenorphine", DrugClass.OPIOID, start - 60 * DAY, start - 3 * DAY, "MedicationRequest/1", "buprenorphine")
    renewed = Ordered("buprenorphine", DrugClass.OPIOID, start - 2 * DAY, None, "MedicationRequest/2", "buprenorphine")
    begun = Takes("buprenorphine", begun_within=Span(7, "d"))
    assert asked(begun, [], orders=(first, renewed)).is_so is False
    assert asked(begun, [], orders=(renewed,)).is_so is True


@pytest.mark.parametrize(("gap", "has_begun"), [(7, False), (8, True)])
def test_a_renewal_that_comes_up_to_a_week_late_begins_nothing(gap: int, has_begun: bool) -> None:
    start = NOW.date() - 2 * DAY
    first = Ordered("buprenorphine", DrugClass.OPIOID, start - 60 * DAY, start - (gap + 1) * DAY, "MedicationRequest/1", "buprenorphine")
    renewed = Ordered("buprenorphine", DrugClass.OPIOID, start, None, "MedicationRequest/2", "buprenorphine")
    assert asked(Takes("buprenorphine", begun_within=Span(7, "d")), [], orders=(first, renewed)).is_so is has_begun


def test_a_course_that_goes_on_under_a_new_question_has_not_ended() -> None:
    def one(began: int, ended: int | None) -> Episode:
        end = None if ended is None else NOW - ended * DAY
        return Episode("T1", 1, Level.HOLD, NOW - began * DAY, end or NOW, (), end)

    earlier = Earlier()
    asked_again = moment(timeline(), rule(earlier), History((one(30, 15), one(15, None))))
    another = moment(timeline(), rule(earlier), History((one(30, 16), one(15, None))))
    assert (evaluate(earlier, asked_again).is_so, evaluate(earlier, another).is_so) == (False, True)


def test_a_reduction_that_is_held_is_no_step_to_compare_with() -> None:
    """On hold since 2026-02-20, so that the reduction of 2026-03-02 did not take place: the score before that of 2026-02-02 counts."""
    hold = RevisionNote("hold", 2, NOW.date().replace(month=2, day=20), "Dr. A", "", "")
    held = plan(revisions=(hold,))
    raws = [raw("bwsq", 4, 45 * DAY), raw("bwsq", 12, 15 * DAY), raw("bwsq", 12)]
    rise = Compare("bwsq", Op.AT_LEAST, Decimal(5), less=Less.PRE_STEP)
    on_hold = replace(held, state=PlanState.ON_HOLD)
    assert evaluate(rise, moment(timeline(raws), rule(rise))).is_so is False
    assert evaluate(rise, moment(timeline(raws), rule(rise), of=on_hold)).is_so is True
