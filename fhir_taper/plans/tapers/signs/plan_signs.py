"""Signs of the plan and of how long and how well it went before: strategy, baseline, duration of use, earlier tapers, pain against dose."""

from collections.abc import Callable
from datetime import timedelta

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.baseline import above_chart, below_chart, why_unconfirmed
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.plans.tapers.reductions import reduction_days
from fhir_taper.plans.tapers.signs.case import Case, Seen
from fhir_taper.plans.tapers.signs.chart_signs import measurements


def strategy(case: Case, condition: Condition) -> Seen | None:
    """The plan uses one of these strategies."""
    return Seen(case.plan.strategy) if case.plan is not None and case.plan.strategy in condition.of else None


def baseline_unconfirmed(case: Case, _condition: Condition) -> Seen | None:
    """The chart leaves open what is really taken, and nobody confirmed the plan's baseline."""
    if case.plan is None or case.plan.baseline.confirmed_by:
        return None
    why = why_unconfirmed(case.regimen, case.plan.ingredient)
    return Seen(why) if why else None


def baseline_above_chart(case: Case, _condition: Condition) -> Seen | None:
    """The plan's baseline is more than the orders allow."""
    says = "" if case.plan is None else above_chart(case.plan.baseline, case.regimen, case.plan.ingredient)
    return Seen(says) if says else None


def baseline_below_chart(case: Case, _condition: Condition) -> Seen | None:
    """The plan's baseline is less than the orders schedule."""
    says = "" if case.plan is None else below_chart(case.plan.baseline, case.regimen, case.plan.ingredient)
    return Seen(says) if says else None


def days_of_use(case: Case, condition: Condition) -> Seen | None:
    """Whole days since the earliest continuous order of what is tapered, today included, within the bounds."""
    starts = [day for ingredient, day in case.facts.first_use if ingredient in case.subject]
    if not starts:
        return None
    days = (case.as_of - min(starts)).days + 1
    return Seen(f"{days} {'day' if days == 1 else 'days'}") if condition.holds_for(days) else None


def use(case: Case, condition: Condition) -> Seen | None:
    """The duration of use is one of `of`."""
    return Seen("") if case.use in condition.of else None  # whoever asks says it in words


def failed_tapers(case: Case, condition: Condition) -> Seen | None:
    """The number of earlier tapers that did not succeed, as told or as facts of the chart, within the bounds."""
    on_record = case.facts.having("failed-taper")
    count = max(case.failed_tapers or 0, len(on_record))
    return Seen(f"{count} on record", tuple(one.source for one in on_record)) if condition.holds_for(count) else None


def risen_on_unreduced_opioid(case: Case, condition: Condition) -> Seen | None:
    """A score rose by the bound between two readings `after_days` or more apart while no opioid dose is known to have fallen.

    The newest reading is within `within_days`, and every opioid taken was started before the earlier one.
    """
    for concept in condition.of:
        readings = [one for one in measurements(case.chart, concept) if one.on is not None]
        newest = next(iter(readings), None)
        if newest is None:
            continue
        risen = [earlier for earlier in readings[1:] if _is_rise(earlier, newest, case, condition) and _opioids_unreduced(case, earlier)]
        if risen:
            earlier = risen[-1]
            return Seen(f"{_reading(earlier)}, {_reading(newest)}", (earlier.source, newest.source))
    return None


def _is_rise(earlier: Fact, newest: Fact, case: Case, condition: Condition) -> bool:
    if earlier.on is None or newest.on is None or earlier.value is None or newest.value is None:
        return False
    apart = newest.on - earlier.on
    is_recent = condition.within_days is None or case.as_of - earlier.on <= timedelta(days=condition.within_days)
    return is_recent and apart >= timedelta(days=condition.after_days or 0) and condition.holds_for(newest.value - earlier.value)


def _opioids_unreduced(case: Case, earlier: Fact) -> bool:
    """Every opioid taken today was started before the earlier reading, and no plan of ours has reduced one since."""
    opioids = [item for item in case.current() if item.drug_class is DrugClass.OPIOID]
    first_use = dict(case.facts.first_use)
    starts = [item.start or first_use.get(item.ingredient) for item in opioids]
    if earlier.on is None or not opioids or any(start is None or start > earlier.on for start in starts):
        return False
    is_running = case.plan is not None and case.plan.state is not PlanState.DRAFT
    reduced = case.plan is not None and is_running and any(earlier.on <= day <= case.as_of for day in reduction_days(case.plan))
    return not reduced


def _reading(one: Fact) -> str:
    value = "" if one.value is None else plain(one.value)
    return f"{one.concept} {value} on {one.on}"


TAPER_SIGNS: dict[str, Callable[[Case, Condition], Seen | None]] = {
    "strategy": strategy,
    "baseline-unconfirmed": baseline_unconfirmed,
    "baseline-above-chart": baseline_above_chart,
    "baseline-below-chart": baseline_below_chart,
    "days-of-use": days_of_use,
    "use": use,
    "failed-tapers": failed_tapers,
    "risen-on-unreduced-opioid": risen_on_unreduced_opioid,
}
