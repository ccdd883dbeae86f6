"""A programme: several tapers of one patient in order, which first and why (domain §5).

The order is a proposal with reasons; a clinician decides. Treatment of opioid use disorder is never in it. Sources are the findings' own
rows. How far apart the reductions of two plans lie is `collisions`.
"""

from dataclasses import dataclass

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import Regimen, RegimenItem
from fhir_taper.plans.tables.safety_tables import SafetyTables
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from fhir_taper.plans.tapers.collisions import mixes
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.signs.case import is_current

_SEDATIVES = frozenset({DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG})
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


def order_of(regimen: Regimen, facts: ChartFacts, tables: SafetyTables) -> Order:
    """Which medicine first and why: the opioid, but for a benzodiazepine or z-drug that is taken only as needed."""
    items = tuple(item for item in regimen.items if item.taper_candidate and is_current(item) and item.drug_class in _RANKS)
    by_ingredient: dict[str, list[RegimenItem]] = {}
    for item in items:
        by_ingredient.setdefault(item.ingredient, []).append(item)
    is_mixed = mixes({item.drug_class for item in items})
    ranked = sorted(by_ingredient.items(), key=lambda pair: _rank(pair[1], is_mixed=is_mixed))
    source = str(tables.rule(_SOURCE_ROW).source)
    turns = tuple(
        Turn(place, ingredient, of[0].drug_class, _why(of, place, is_mixed=is_mixed), source)
        for place, (ingredient, of) in enumerate(ranked, 1)
    )
    return Order(turns, _before(facts, items), _ask(facts, is_mixed=is_mixed))


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
