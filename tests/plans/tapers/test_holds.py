"""The holds of a plan, by the notes of its versions."""

from dataclasses import replace
from datetime import date

from fhir_taper.plans.tapers.holds import days_on_hold, holds_of
from fhir_taper.plans.tapers.plan import Phase, PlanState, RevisionNote, TaperPlan
from tests.plans.tapers.made_plans import active, diazepam_plan

TODAY = date(2026, 3, 15)


def of(*notes: tuple[str, date], state: PlanState = PlanState.ACTIVE, phase: Phase = Phase.TAPER) -> TaperPlan:
    revisions = tuple(RevisionNote(kind, number + 2, on, "Dr. A", "agreed", kind) for number, (kind, on) in enumerate(notes))
    return replace(active(diazepam_plan()), revisions=revisions, state=state, phase=phase)


def test_a_hold_lasts_until_the_plan_is_resumed_and_one_that_was_made_longer_is_one() -> None:
    plan = of(("hold", date(2026, 2, 1)), ("hold", date(2026, 2, 5)), ("review", date(2026, 2, 6)), ("resume", date(2026, 2, 11)))
    assert holds_of(plan, TODAY) == ((date(2026, 2, 1), date(2026, 2, 11)),)
    assert days_on_hold(plan, TODAY) == 10


def test_the_hold_that_lasts_ends_today() -> None:
    assert days_on_hold(of(("hold", date(2026, 3, 10)), state=PlanState.ON_HOLD), TODAY) == 5


def test_a_later_end_says_nothing_of_today() -> None:
    plan = of(("hold", date(2026, 3, 10)), ("resume", date(2026, 3, 20)), state=PlanState.ON_HOLD)
    assert holds_of(plan, TODAY) == ((date(2026, 3, 10), TODAY),)


def test_a_stop_at_todays_dose_ends_a_hold_and_one_at_a_later_dose_does_not() -> None:
    notes = (("hold", date(2026, 3, 1)), ("stop-at", date(2026, 3, 5)))
    assert days_on_hold(of(*notes, phase=Phase.MAINTENANCE), TODAY) == 4
    assert days_on_hold(of(*notes, state=PlanState.ON_HOLD), TODAY) == 14
