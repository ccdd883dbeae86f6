"""One patient on one day, as the findings and the risk tier look at it, and what a sign saw.

Values only. Totals are the maximum ones: risk is judged by what may be taken, not by what is scheduled (domain: equivalence).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.regimen import ItemState, Reason, Regimen, RegimenItem
from fhir_taper.plans.tables.safety_tables import Condition, FindingRule
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from fhir_taper.plans.tapers.plan import TaperPlan

_STILL_IN_THE_BODY = (Reason.PARENTERAL, Reason.DEPOT)


@dataclass(frozen=True, slots=True)
class DoseTotals:
    """Maximum mg a day in morphine and in diazepam equivalents (cautious end).

    None where something is taken and nothing of it could be counted; "at least" where a part could not.
    """

    mme: Exact | None = None
    mme_at_least: bool = False
    diazepam_mg: Exact | None = None
    diazepam_at_least: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sign saw: in words for the message, and the references behind it."""

    says: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartCase:
    """The patient on one day, whatever is tapered. `groups` are what an ingredient counts as ("barbiturate", "cyp3a4-inhibitor", …;
    ingredients.csv); `names` are what people call a concept that is measured.

    What a sign saw is remembered: every candidate taper asks the same of the same chart.
    """

    regimen: Regimen
    facts: ChartFacts
    as_of: date
    totals: DoseTotals = field(default_factory=DoseTotals)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    _current: tuple[RegimenItem, ...] = field(init=False, repr=False, compare=False)
    """Most of a long chart's orders are over, and every rule asks for the others."""
    _seen: dict[Condition, Seen | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    _fired: dict[FindingRule, tuple[Seen, ...] | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_current", tuple(item for item in self.regimen.items if is_current(item)))

    def current(self) -> tuple[RegimenItem, ...]:
        """Items that the patient has on board today: computed, not computable, and injections and depots that no total counts."""
        return self._current

    def look_once(self, sign: "Callable[[ChartCase, Condition], Seen | None]", condition: Condition) -> Seen | None:
        """What the sign of this condition sees here, looked for the first time and remembered after that."""
        if condition not in self._seen:
            self._seen[condition] = sign(self, condition)
        return self._seen[condition]

    def fires_once(self, rule: FindingRule, judge: "Callable[[], tuple[Seen, ...] | None]") -> tuple[Seen, ...] | None:
        """What a rule that asks the chart alone saw here, judged the first time and remembered after that."""
        if rule not in self._fired:
            self._fired[rule] = judge()
        return self._fired[rule]


@dataclass(frozen=True, slots=True)
class Case:
    """A taper of this patient, planned or thought of: `subject` are the ingredients that are (to be) tapered and `classes` theirs.

    `use` is "<1m" | "1m-1y" | ">=1y" or empty; `failed_tapers` is None where nobody said. `confirmed_mg` is what a person confirmed to be
    taken of the one ingredient a day, None where nobody did.
    """

    chart: ChartCase
    subject: frozenset[str] = frozenset()
    classes: frozenset[DrugClass] = frozenset()
    plan: TaperPlan | None = None
    use: str = ""
    failed_tapers: int | None = None
    confirmed_mg: Exact | None = None

    @property
    def regimen(self) -> Regimen:
        return self.chart.regimen

    @property
    def facts(self) -> ChartFacts:
        return self.chart.facts

    @property
    def as_of(self) -> date:
        return self.chart.as_of

    @property
    def totals(self) -> DoseTotals:
        return self.chart.totals

    def current(self) -> tuple[RegimenItem, ...]:
        """What is on board today, as in `ChartCase`."""
        return self.chart.current()

    def subject_items(self) -> tuple[RegimenItem, ...]:
        """What is on board of the ingredients that are (to be) tapered."""
        return tuple(item for item in self.current() if item.ingredient in self.subject)


def is_current(item: RegimenItem) -> bool:
    """True for what is taken today, whether or not its dose is known."""
    return item.state is not ItemState.EXCLUDED or item.reason in _STILL_IN_THE_BODY


def seen_items(items: tuple[RegimenItem, ...]) -> Seen | None:
    """The items by name, each once, with their sources; None where there are none."""
    if not items:
        return None
    names = dict.fromkeys(item.drug for item in items)
    return Seen(", ".join(names), tuple(source for item in items for source in item.sources))
