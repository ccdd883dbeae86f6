"""Two tapers of one patient beside each other: one ingredient twice, or an opioid and a sedative reduced too close together (domain I13).

Computed over real dates, because holds move plans. Two opioids, or two sedatives, may be reduced on one day: domain.md keeps only the two
classes apart. The number of days is plan_life.csv's. Which medicine goes first is `programme`'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.gates import is_waiting
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.reductions import ingredients_of, reduction_days, reduction_numbers

RUNNING = frozenset({PlanState.ACTIVE, PlanState.ON_HOLD})
ENDED = frozenset({PlanState.COMPLETED, PlanState.REVOKED, PlanState.ENTERED_IN_ERROR})
_SEDATIVES = frozenset({DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG})


@dataclass(frozen=True, slots=True)
class Collision:
    """Two plans that may not run as they are: reductions too close (`days`: the two first days), or one ingredient twice (no days)."""

    first: str
    second: str
    days: tuple[date, date] | None
    says: str


def collisions(plans: Iterable[TaperPlan], rules: LifeRules) -> tuple[Collision, ...]:
    """Every pair of unfinished plans that break I13: one ingredient twice, or an opioid and a sedative reduced too close together."""
    running = [plan for plan in plans if plan.state not in ENDED]
    pairs = [(one, other) for index, one in enumerate(running) for other in running[index + 1 :]]
    return tuple(found for one, other in pairs for found in _collide(one, other, rules))


def days_to_wait(plan: TaperPlan, others: Iterable[TaperPlan], rules: LifeRules) -> int:
    """By how many days the reductions of `plan` must move later, none of them changed, so that they collide with none of `others`."""
    cuts = [day for other in others if mixes({plan.drug_class, other.drug_class}) for day in reduction_days(other)]
    return _wait(reduction_days(plan), cuts, rules.reductions_apart_days)


def rivals(plan: TaperPlan, others: Iterable[TaperPlan]) -> tuple[TaperPlan, ...]:
    """Running plans of the patient for an ingredient that this plan doses; the version that it replaces is none."""
    doses = {name for step in plan.steps for name in ingredients_of(step)} | {plan.ingredient}
    return tuple(one for one in beside(plan, others) if one.state in RUNNING and one.ingredient in doses)


def too_close(plan: TaperPlan, others: Iterable[TaperPlan], rules: LifeRules, days: Iterable[date]) -> tuple[str, ...]:
    """Why `plan` may not be reduced on `days`: a sentence for each of the patient's other plans that is, or was, reduced near one of them.

    The reductions of `others` that count are those of a running plan, planned or taken, and those that an ended one really took.
    """
    own = tuple(days)
    return tuple(
        _sentence(plan, other, near, _wait(own, cuts, rules.reductions_apart_days), rules)
        for other in beside(plan, others)
        if mixes({plan.drug_class, other.drug_class})
        and (near := _near(own, cuts := _reductions_that_count(other), rules.reductions_apart_days))
    )


def collision_findings(plan: TaperPlan, others: Iterable[TaperPlan], rules: LifeRules) -> tuple[Finding, ...]:
    """What `too_close` says of all reductions of a draft, as Stops: it cannot be approved as it is."""
    listed = tuple(others)
    if not listed:
        return ()  # most patients have one taper, and every candidate is asked
    source, clears = str(dict(rules.sources)["reductions_apart_days"]), "A later start, or the other taper held or ended first."
    return tuple(
        Finding(Severity.STOP, "reductions-too-close", says, source, rule="reductions_apart_days", clears=clears)
        for says in too_close(plan, listed, rules, reduction_days(plan))
    )


def beside(plan: TaperPlan, others: Iterable[TaperPlan]) -> tuple[TaperPlan, ...]:
    """The newest versions of the same patient's other plans."""
    listed = tuple(others)
    before = {one.id: one.replaces for one in listed}
    older = {plan.id}
    for replaced in (plan.replaces, *(one.replaces for one in listed if one.state is not PlanState.DRAFT)):
        link = replaced
        while link is not None and link not in older:
            older.add(link)
            link = before.get(link)
    return tuple(one for one in listed if one.patient == plan.patient and one.id not in older)


def mixes(classes: set[DrugClass]) -> bool:
    """True where an opioid and a sedative are among the classes."""
    return DrugClass.OPIOID in classes and bool(classes & _SEDATIVES)


def _reductions_that_count(plan: TaperPlan) -> tuple[date, ...]:
    """Days on which the dose falls, or really fell: nothing of a draft, and of a plan that was ended only what had been taken by then."""
    if plan.state in {PlanState.DRAFT, PlanState.ENTERED_IN_ERROR}:
        return ()
    if plan.state is not PlanState.REVOKED:
        return reduction_days(plan)
    ended = max((note.on for note in plan.revisions if note.kind == "revoke"), default=date.max)
    starts = ((number, plan.steps[number].start) for number in reduction_numbers(plan))
    return tuple(start for number, start in starts if start <= ended and not is_waiting(plan, number))


def _sentence(plan: TaperPlan, other: TaperPlan, near: list[tuple[date, date]], wait: int, rules: LifeRules) -> str:
    day, cut = near[0]
    more = f", and {len(near) - 1} more such pairs" if len(near) > 1 else ""
    return (
        f"{plan.drug} would be reduced on {day.isoformat()} and {other.drug} on {cut.isoformat()}{more}: an opioid and a benzodiazepine or "
        f"z-drug are reduced at least {rules.reductions_apart_days} days apart; reducing {plan.drug} {wait} days later would keep them so"
    )


def _collide(one: TaperPlan, other: TaperPlan, rules: LifeRules) -> tuple[Collision, ...]:
    if one.ingredient == other.ingredient:
        says = f"two plans taper {one.ingredient}: only one may be active"
        return (Collision(one.id, other.id, None, says),)
    if not mixes({one.drug_class, other.drug_class}):
        return ()
    return tuple(
        Collision(
            one.id,
            other.id,
            days,
            f"{one.drug} is reduced on {days[0].isoformat()} and {other.drug} on {days[1].isoformat()}:"
            f" they must lie {rules.reductions_apart_days} days apart",
        )
        for days in _near(reduction_days(one), reduction_days(other), rules.reductions_apart_days)
    )


def _near(own: Iterable[date], cuts: Iterable[date], apart: int) -> list[tuple[date, date]]:
    """Pairs of days that lie too close together."""
    there = tuple(cuts)
    return [(day, cut) for day in own for cut in there if abs(day - cut) < timedelta(days=apart)]


def _wait(own: tuple[date, ...], cuts: Iterable[date], apart: int) -> int:
    """The fewest days by which all of `own` must move later to lie `apart` days from every one of `cuts`."""
    there = tuple(cuts)
    if not own or not there:
        return 0
    clear_of_all = max(0, (max(there) - own[0]).days + apart)
    for wait in range(clear_of_all):
        if all(abs((day - cut).days + wait) >= apart for day in own for cut in there):
            return wait
    return clear_of_all
