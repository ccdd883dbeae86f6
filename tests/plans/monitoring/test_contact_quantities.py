"""Check-ins that did not come, doses that were not taken, and silence."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.monitoring.condition import Op, Quantity
from fhir_taper.plans.monitoring.contact_quantities import due_days
from fhir_taper.plans.monitoring.derived import Derived
from fhir_taper.plans.monitoring.evaluate import evaluate
from fhir_taper.plans.monitoring.quantities import QUANTITIES
from fhir_taper.plans.monitoring.reading import DAY, INSTANT, Raw
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, Ordered, Record, Supplied, Unread
from fhir_taper.plans.tapers.plan import Dose, PlanState, RevisionNote, TaperPlan
from tests.plans.monitoring.watched import HOUR, NOW, moment, plan, raw, rule, timeline, whole_day
from tests.plans.tapers.made_plans import DIAZEPAM_2, units

TODAY = NOW.date()
WEEKLY = CheckInSchedule(TODAY - 21 * DAY, 7)
STALE = (("dose-taken", Span(72, "h")),)


def worked(
    name: str, raws: list[Raw] | None = None, of: TaperPlan | None = None, within: Span | None = None, at: datetime = NOW, **rest: object
) -> Derived:
    asked = Quantity(name, Op.AT_LEAST, Decimal(0), within=within)
    return QUANTITIES[name](replace(moment(timeline(raws or [], **rest), rule(asked, stale=STALE), of=of), as_of=at), asked)


def value(name: str, raws: list[Raw] | None = None, **rest: object) -> Exact | None:
    return worked(name, raws, **rest).value  # type: ignore[arg-type]


def came(*days: int) -> list[Raw]:
    return [raw("check-in", None, ago * DAY) for ago in days]


def said(*answers: tuple[int, str]) -> list[Raw]:
    return [raw("dose-taken", None, ago * DAY, answer=answer) for ago, answer in answers]


def test_check_ins_are_due_regularly_and_daily_after_a_reduction() -> None:
    schedule = CheckInSchedule(date(2026, 3, 1), 7, 3)
    assert due_days(schedule, (date(2026, 2, 27), date(2026, 3, 9)), date(2026, 3, 10)) == (
        date(2026, 3, 1),
        date(2026, 3, 8),
        date(2026, 3, 9),
        date(2026, 3, 10),
    )


@pytest.mark.parametrize(
    ("days", "missed"),
    [
        ((), 3),
        ((21, 14, 7), 0),
        ((21, 14), 1),
        ((21, 14, 1), 0),  # six days late, and before the next was due
        ((14,), 1),
        ((21, 7), 0),  # the one between was missed, and it is over
        ((22, 30), 3),
        ((0,), 0),  # the one of today, after three that did not come
    ],
)
def test_check_ins_missed_in_a_row(days: tuple[int, ...], missed: int) -> None:
    assert value("check-ins-missed", came(*days), check_ins=WEEKLY) == missed


def test_a_new_rhythm_forgets_nothing_that_was_missed_before_it() -> None:
    chosen = CheckInSchedule(TODAY, 2, earlier=(WEEKLY,))
    assert due_days(chosen, (), TODAY + 2 * DAY) == (*(TODAY - ago * DAY for ago in (21, 14, 7)), TODAY, TODAY + 2 * DAY)
    assert value("check-ins-missed", came(21), check_ins=chosen) == 2


def test_the_check_in_of_today_is_not_missed_before_the_day_is_over() -> None:
    assert value("check-ins-missed", check_ins=CheckInSchedule(TODAY, 7)) == 0
    assert value("check-ins-missed", check_ins=CheckInSchedule(TODAY - DAY, 7)) == 1
    assert value("check-ins-missed", check_ins=CheckInSchedule(TODAY + DAY, 7)) == 0


def test_check_ins_that_nobody_arranged_or_read_are_not_missed() -> None:
    assert worked("check-ins-missed").why == "no check-ins are arranged"
    unread = (Unread(Record.FORM, "403"),)
    assert worked("check-ins-missed", check_ins=WEEKLY, unread=unread).why == "check-ins were not read (403)"
    nothing = worked("check-ins-missed", check_ins=WEEKLY, read=frozenset())
    assert nothing.why == "check-ins were not read (no form was there, nor asked for)"
    assert worked("check-ins-missed-daily").why == "no check-ins are arranged"


def test_check_ins_missed_among_the_daily_ones_after_a_step() -> None:
    """The step began on 2026-03-02, 13 days ago."""
    daily = CheckInSchedule(TODAY - 13 * DAY, 7, 14)
    assert value("check-ins-missed-daily", check_ins=daily) == 13
    assert value("check-ins-missed-daily", came(*range(3, 14)), check_ins=daily) == 2
    assert value("check-ins-missed-daily", check_ins=replace(daily, daily_days=13)) == 13
    assert value("check-ins-missed-daily", check_ins=replace(daily, daily_days=12)) is None
    assert value("check-ins-missed-daily", check_ins=replace(daily, daily_days=0)) is None


def test_a_step_that_is_held_back_asks_for_no_daily_check_ins() -> None:
    hold = RevisionNote("hold", 2, date(2026, 2, 20), "Dr. A", "", "")
    of = replace(plan(revisions=(hold,)), state=PlanState.ON_HOLD)
    daily = CheckInSchedule(TODAY - 14 * DAY, 14, 14)
    assert value("check-ins-missed", came(14), of=of, check_ins=daily) == 0
    assert value("check-ins-missed-daily", came(14), of=of, check_ins=daily) is None


@pytest.mark.parametrize(
    ("answers", "missed"),
    [
        (((1, "all"),), 0),
        (((1, "some"),), 1),
        (((1, "none"),), 2),  # morning and night
        (((8, "none"), (1, "all")), 0),
        (((6, "some"), (1, "some")), 2),
    ],
)
def test_doses_missed_within_a_week(answers: tuple[tuple[int, str], ...], missed: int) -> None:
    assert value("doses-missed", said(*answers), within=Span(7, "d")) == missed


def test_the_last_answer_of_a_day_is_that_of_the_day() -> None:
    changed = [raw("dose-taken", None, 5 * HOUR, answer="none"), raw("dose-taken", None, HOUR, answer="all")]
    assert value("doses-missed", changed, within=Span(48, "h")) == 0


def test_doses_of_which_nothing_was_said_are_not_known() -> None:
    assert worked("doses-missed", within=Span(7, "d")).why == "Doses taken on a day: no data"
    assert worked("doses-missed", said((4, "all")), within=Span(7, "d")).why.startswith("whether doses are taken: stale")
    assert worked("doses-missed", said((2, "all")), within=Span(24, "h")).why == "whether doses are taken was not said of this time"


@pytest.mark.parametrize(
    ("answers", "days"),
    [
        (((1, "all"),), 0),
        (((2, "none"), (1, "none")), 2),
        (((3, "none"), (2, "none"), (1, "none")), 3),
        (((3, "none"), (1, "none")), 3),  # the day between was not said
        (((4, "none"), (3, "some"), (2, "none"), (1, "none")), 2),
    ],
)
def test_days_without_a_dose(answers: tuple[tuple[int, str], ...], days: int) -> None:
    assert value("days-without-dose", said(*answers)) == days


def test_where_nothing_is_to_be_taken_nothing_is_missed() -> None:
    after = replace(plan(), steps=(*plan().steps[:4], replace(plan().steps[4], start=date(2026, 3, 10))))
    assert worked("doses-missed", said((1, "none")), of=after, within=Span(7, "d")) == Derived()
    assert worked("days-without-dose", said((1, "none")), of=after) == Derived()


def test_a_day_between_the_doses_of_alternate_days_is_no_missed_dose() -> None:
    """Taken on 2026-03-02 and every third day after it: on the 11th and the 14th, the day before the question."""
    step = replace(plan().steps[2], every_days=3, doses=(Dose("diazepam", units(DIAZEPAM_2, {Slot.NIGHT: "1"})),))
    of = replace(plan(), steps=(*plan().steps[:2], step, *plan().steps[3:]))
    between = said((3, "none"), (2, "none"), (1, "all"))
    assert value("doses-missed", between, of=of, within=Span(7, "d")) == 0
    assert value("doses-missed", said((4, "none"), (3, "none"), (1, "all")), of=of, within=Span(7, "d")) == 1
    assert value("days-without-dose", said((4, "all"), (3, "none"), (2, "none")), of=of) == 0
    assert value("days-without-dose", said((4, "none"), (3, "none"), (2, "none"), (1, "none")), of=of) == 4


def test_silence_is_counted_from_the_latest_record_of_any_kind() -> None:
    order = Ordered("diazepam", DrugClass.BENZODIAZEPINE, TODAY, None, "MedicationRequest/1", "diazepam", written=NOW - 11 * DAY)
    supply = Supplied("diazepam", TODAY - 12 * DAY, 28, "MedicationDispense/1")
    assert value("silent-days", [raw("heart-rate", 80, 14 * DAY)]) == 14
    assert value("silent-days", [raw("heart-rate", 80, 14 * DAY)], supplies=(supply,)) == 12
    assert value("silent-days", supplies=(supply,), orders=(order,)) == 11
    assert value("silent-days", orders=(replace(order, written=NOW + HOUR), replace(order, written=None))) == 69
    assert value("silent-days", [whole_day("heart-rate", 80, 0)]) == 0
    assert value("silent-days", [raw("heart-rate", 80, -HOUR)]) == 69  # the plan began on 2026-01-05


@pytest.mark.parametrize(("answer", "days"), [("fulfilled", 3), ("noshow", 20), ("cancelled", 20), ("booked", 20)])
def test_only_an_appointment_that_was_kept_breaks_a_silence(answer: str, days: int) -> None:
    appointment = Raw("appointment", NOW - 3 * DAY, NOW - 3 * DAY, "Appointment/1", answer=answer)
    assert value("silent-days", [raw("heart-rate", 80, 20 * DAY), appointment]) == days


def test_silence_is_not_known_where_what_is_heard_was_not_read() -> None:
    asked = Quantity("silent-days", Op.AT_LEAST, Decimal(14))
    forms, visits = (Unread(Record.FORM, "503"),), (Unread(Record.APPOINTMENT, "404"),)

    def verdict(raws: list[Raw], unread: tuple[Unread, ...]) -> bool | None:
        return evaluate(asked, moment(timeline(raws, unread=unread), rule(asked))).is_so

    assert verdict([raw("heart-rate", 80, 14 * DAY)], forms) is None
    assert verdict([raw("heart-rate", 80, 13 * DAY)], forms) is False
    assert verdict([raw("heart-rate", 80, 14 * DAY)], visits) is True


def test_a_whole_day_of_today_is_not_in_the_future() -> None:
    start = NOW.replace(hour=0)
    today = Raw("check-in", start, start + timedelta(days=1) - INSTANT, "QuestionnaireResponse/1")
    assert value("silent-days", [today]) == 0
    assert value("check-ins-missed", [today], check_ins=WEEKLY) == 0
