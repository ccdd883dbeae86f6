"""Which forms a patient is asked to fill in on a day: how often by risk tier, phase and the patient's own choice, and which each time.

The tier says how often at least while a dose is tapered (tables/tiers.csv); the patient may choose to be asked more often. After the last
step the rhythm is the patient's. How often each form comes again stands in tables/instruments.toml and check_ins.toml; no number is here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.aftercare import is_followed
from fhir_taper.plans.monitoring.contact_quantities import due_days
from fhir_taper.plans.monitoring.timeline import CheckInSchedule
from fhir_taper.plans.tables.form_rows import Form, Forms
from fhir_taper.plans.tables.safety_tables import SafetyTables
from fhir_taper.plans.tapers.plan import Phase, TaperPlan, Tier
from fhir_taper.plans.tapers.reductions import reduction_days

BY_TIER: Final = "the risk tier"
BY_PATIENT: Final = "the patient"


@dataclass(frozen=True, slots=True)
class DueForm:
    """One form that is due on a day, and why, in words for the patient."""

    form: Form
    why: str


def schedule_of(plan: TaperPlan, tables: SafetyTables, start: date, chosen_days: int | None = None) -> CheckInSchedule:
    """How often a patient is asked from `start` on. `chosen_days` is the patient's own choice: every so many days.

    While a dose is tapered, a choice that is rarer than the tier asks for is not taken; a plan without a tier counts as the highest.
    Raises WrongUsage for a choice that is no number of days.
    """
    if chosen_days is not None and chosen_days < 1:
        raise WrongUsage(f"check-ins every {chosen_days} days: not a rhythm")
    meaning = tables.meaning(plan.tier or Tier.HIGH)
    is_after = plan.phase is Phase.AFTERCARE
    is_taken = chosen_days is not None and (is_after or chosen_days <= meaning.check_in_days)
    every = chosen_days if is_taken and chosen_days is not None else meaning.check_in_days
    return CheckInSchedule(start, every, 0 if is_after else meaning.daily_check_ins, BY_PATIENT if is_taken else BY_TIER)


def rechosen(before: CheckInSchedule, plan: TaperPlan, tables: SafetyTables, start: date, chosen_days: int) -> CheckInSchedule:
    """The rhythm that a patient chose from `start` on, after the one before: nothing of that is forgotten.

    Of two choices of one day the later one counts. Raises WrongUsage as `schedule_of`.
    """
    earlier = tuple(one for one in (*before.earlier, replace(before, earlier=())) if one.start < start)
    return replace(schedule_of(plan, tables, start, chosen_days), earlier=earlier)


def due_forms(
    plan: TaperPlan, schedule: CheckInSchedule, forms: Forms, day: date, filled: Mapping[str, date] | None = None
) -> tuple[DueForm, ...]:
    """The forms that are due on a day, our own check-in first.

    `filled` says on which day a form, by id, was last filled in: what was filled in on the day itself, or not so long ago that it comes
    again, is not due. Nothing is due of a plan that nobody follows. Forms that a person of the clinic must ask are never among them.
    """
    if not is_followed(plan) or day not in due_days(schedule, reduction_days(plan), day):
        return ()
    last = filled or {}
    fitting = [form for form in forms.forms.values() if form.is_for(plan.drug_class, plan.phase) and not form.needs_person]
    return tuple(sorted(_due(fitting, schedule, day, last), key=lambda one: not one.form.event))


def _due(forms: list[Form], schedule: CheckInSchedule, day: date, last: Mapping[str, date]) -> Iterator[DueForm]:
    for form in forms:
        before = last.get(form.id)
        if form.every_days is None or (before is not None and _is_recent(form, before, day)):
            continue
        if form.event:
            yield DueForm(form, _rhythm(schedule, day))
        else:
            yield DueForm(form, f"asked every {form.every_days} days")


def _is_recent(form: Form, before: date, day: date) -> bool:
    """Whether a form was filled in so lately that it is not asked on a day: our own once a day, an instrument after its days."""
    days = 1 if form.event else form.every_days or 1
    return (day - before).days < days


def _rhythm(schedule: CheckInSchedule, day: date) -> str:
    if (day - schedule.start).days % schedule.every_days:
        return "asked every day after a step down"
    return f"asked every {schedule.every_days} days, as chosen by {schedule.chosen_by or BY_TIER}"
