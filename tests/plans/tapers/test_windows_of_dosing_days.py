"""Windows where a dose is taken every n-th day: whoever has nothing to take is prescribed nothing."""

from dataclasses import replace
from datetime import timedelta

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.dispensing import SupplyKind, next_window
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.plans.tapers.windows import windows, windows_from
from tests.plans.tapers.made_plans import OXYCODONE_5, START, active, decided, plan_of

LIFE = load().safety.life


def every_third_day() -> TaperPlan:
    """5 mg a day for 28 days, then every third day for 30 days, then none."""
    plan = plan_of(OXYCODONE_5, ({Slot.MORNING: "1"}, {Slot.MORNING: "1"}, {}), DrugClass.OPIOID, (28, 30, 28))
    return active(replace(plan, gates=(), steps=(plan.steps[0], replace(plan.steps[1], every_days=3), plan.steps[2])))


def test_days_without_a_dose_are_no_window() -> None:
    made = windows(every_third_day(), LIFE)
    assert [((window.start - START).days, window.quantity) for window in made] == [(0, 28), (28, 5), (43, 5)]
    assert not list(windows_from(every_third_day(), LIFE, START + timedelta(days=56)))


def test_a_window_that_starts_between_two_dosing_days_says_when_the_first_dose_is_due() -> None:
    later = next(windows_from(every_third_day(), LIFE, START + timedelta(days=29)))[0]  # dosing days are 28, 31, 34, …
    line = later.lines[0]

    assert (line.first, line.dosing_days) == (START + timedelta(days=31), 5)
    assert later.sig == f"Take 1 tablet in the morning, every third day, first dose on {line.first.isoformat()}"
    on_a_dosing_day = next(windows_from(every_third_day(), LIFE, START + timedelta(days=28)))[0]
    assert "first dose" not in on_a_dosing_day.sig


def test_a_hold_over_days_without_a_dose_prescribes_nothing_for_them() -> None:
    plan = every_third_day()
    day = START + timedelta(days=57)  # the hold adds days 58 and 59: a dosing day, which is supplied, and one without
    supply = next_window(hold(plan, decided(day), 2), day, LIFE, supplied_until=day + timedelta(days=1))
    assert supply.kind is SupplyKind.CONTINUATION
    assert not supply.windows
