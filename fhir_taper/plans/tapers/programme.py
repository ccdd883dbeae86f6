"""A programme: several tapers of one patient in order, which first and why, and how far apart their reductions lie (domain §5, I13).

The order is a proposal with reasons; a clinician decides. Treatment of opioid use disorder is never in it. Whether reductions collide is
computed over real dates, because holds move plans. Sources are the findings' own rows; the number of days is plan_life.csv's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import Regimen, RegimenItem
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tables.safety_tables import SafetyTables
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_days
from fhir_taper.plans.tapers.signs.case import is_current

_SEDATIVES = frozenset({DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG})
_ENDED = frozenset({PlanState.COMPLETED, PlanState.REVOKED, PlanState.ENTERED_IN_ERROR})
_RANKS = {DrugClass.OPIOID: 0, DrugClass.BENZODIAZEPINE: 1, DrugClass.Z_DRUG: 2}
_SOURCE_ROW = "opioid-with-sedative"
_MISUSE = ("overdose-history", "substance-use-disorder")


@dataclass(frozen=True, slots=True)
class Turn:
    """One medicine's place in the order, 1 first, and why."""

    place: int
    ingredient: str
    drug_class: DrugClass
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Order:
    """A proposed order. `before` is what to offer before any taper; `ask` what may turn the order round and only a person knows."""

    turns: tuple[Turn, ...]
    before: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Programme:
    """The tapers of one patient in the order that was chosen. `reason` and `by` are the clinician's."""

    patient: str
    plans: tuple[TaperPlan, ...]
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Collision:
    """Two plans that may not run as they are: reductions too close (`days`: the two first days), or one ingredient twice (no days)."""

    first: str
    second: str
    days: tuple[date, date] | None
    says: str


def order_of(regimen: Regimen, facts: ChartFacts, tables: SafetyTables) -> Order:
    """Which medicine first and why: the opioid, but for a benzodiazepine or z-drug that is taken only as needed."""
    items = tuple(item for item in regimen.items if item.taper_candidate and is_current(item) and item.drug_class in _RANKS)
    by_ingredient: dict[str, list[RegimenItem]] = {}
    for item in items:
        by_ingredient.setdefault(item.ingredient, []).append(item)
    is_mixed = _mixes({item.drug_class for item in items})
    ranked = sorted(by_ingredient.items(), key=lambda pair: _rank(pair[1], is_mixed=is_mixed))
    source = str(tables.rule(_SOURCE_ROW).source)
    turns = tuple(
        Turn(place, ingredient, of[0].drug_class, _why(of, place, is_mixed=is_mixed), source)
        for place, (ingredient, of) in enumerate(ranked, 1)
    )
    return Order(turns, _before(facts, items), _ask(facts, is_mixed=is_mixed))


def collisions(plans: Iterable[TaperPlan], rules: LifeRules) -> tuple[Collision, ...]:
    """Every pair of unfinished plans that break I13: one ingredient twice, or an opioid and a sedative reduced too close together."""
    running = [plan for plan in plans if plan.state not in _ENDED]
    pairs = [(one, other) for index, one in enumerate(running) for other in running[index + 1 :]]
    return tuple(found for one, other in pairs for found in _collide(one, other, rules))


def days_to_wait(plan: TaperPlan, others: Iterable[TaperPlan], rules: LifeRules) -> int:
    """By how many days the reductions of `plan` must move later, none of them changed, so that they collide with none of `others`."""
    own = reduction_days(plan)
    cuts = [day for other in others if _mixes({plan.drug_class, other.drug_class}) for day in reduction_days(other)]
    if not own or not cuts:
        return 0
    apart = rules.reductions_apart_days
    clear_of_all = max(0, (max(cuts) - own[0]).days + apart)
    for wait in range(clear_of_all):
        if all(abs((day - cut).days + wait) >= apart for day in own for cut in cuts):
            return wait
    return clear_of_all


def _collide(one: TaperPlan, other: TaperPlan, rules: LifeRules) -> tuple[Collision, ...]:
    if one.ingredient == other.ingredient:
        says = f"two plans taper {one.ingredient}: only one may be active"
        return (Collision(one.id, other.id, None, says),)
    return tuple(
        Collision(
            one.id,
            other.id,
            days,
            f"{one.drug} is reduced on {days[0].isoformat()} and {other.drug} on {days[1].isoformat()}:"
            f" they must lie {rules.reductions_apart_days} days apart",
        )
        for days in _too_close(one, other, rules)
    )


def _too_close(one: TaperPlan, other: TaperPlan, rules: LifeRules) -> tuple[tuple[date, date], ...]:
    """Pairs of reduction days of an opioid and a sedative that lie too close together."""
    if not _mixes({one.drug_class, other.drug_class}):
        return ()
    apart = timedelta(days=rules.reductions_apart_days)
    return tuple((day, near) for day in reduction_days(one) for near in reduction_days(other) if abs(day - near) < apart)


def _mixes(classes: set[DrugClass]) -> bool:
    return DrugClass.OPIOID in classes and bool(classes & _SEDATIVES)


def _rank(items: list[RegimenItem], *, is_mixed: bool) -> tuple[int, str]:
    if is_mixed and _is_intermittent(items):
        return -1, items[0].ingredient
    return _RANKS[items[0].drug_class], items[0].ingredient


def _is_intermittent(items: list[RegimenItem]) -> bool:
    return items[0].drug_class in _SEDATIVES and all(item.as_needed for item in items)


def _why(items: list[RegimenItem], place: int, *, is_mixed: bool) -> str:
    if not is_mixed:
        return "the only class that is tapered"
    if _is_intermittent(items):
        return "taken only as needed: it may go first while the opioid stays"
    if items[0].drug_class is DrugClass.OPIOID:
        return "usually safer and more practical first" if place == 1 else "after the medicine that is taken only as needed"
    return "after the opioid, never both reduced at once"


def _before(facts: ChartFacts, items: tuple[RegimenItem, ...]) -> tuple[str, ...]:
    takes_opioid = any(item.drug_class is DrugClass.OPIOID for item in items)
    disorder = facts.having("opioid-use-disorder")
    if not takes_opioid or not disorder:
        return ()
    return (f"offer medication for opioid use disorder first ({disorder[0].says})",)


def _ask(facts: ChartFacts, *, is_mixed: bool) -> tuple[str, ...]:
    known = [fact for concept in _MISUSE for fact in facts.having(concept)]
    if not is_mixed or not known:
        return ()
    said = ", ".join(dict.fromkeys(fact.says for fact in known))
    return (f"was it misuse of, or overdose on, the benzodiazepine or z-drug ({said})? Then that one goes first",)
