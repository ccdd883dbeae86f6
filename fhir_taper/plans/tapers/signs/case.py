"""One patient on one day, as the findings and the risk tier look at it, and what a sign saw.

Values only. Totals are the maximum ones: risk is judged by what may be taken, not by what is scheduled (domain: equivalence).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.regimen import ItemState, Reason, Regimen, RegimenItem
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
class Case:
    """What may be looked at. `subject` are the ingredients that are (to be) tapered and `classes` theirs.

    `use` is "<1m" | "1m-1y" | ">=1y" or empty; `failed_tapers` is None where nobody said; `groups` are what an ingredient counts as
    ("barbiturate", "cyp3a4-inhibitor", …; ingredients.csv).
    """

    regimen: Regimen
    facts: ChartFacts
    as_of: date
    subject: frozenset[str] = frozenset()
    classes: frozenset[DrugClass] = frozenset()
    plan: TaperPlan | None = None
    totals: DoseTotals = field(default_factory=DoseTotals)
    use: str = ""
    failed_tapers: int | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _current: tuple[RegimenItem, ...] = field(init=False, repr=False, compare=False)
    """Most of a long chart's orders are over, and every rule asks for the others."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_current", tuple(item for item in self.regimen.items if is_current(item)))

    def current(self) -> tuple[RegimenItem, ...]:
        """Items that the patient has on board today: computed, not computable, and injections and depots that no total counts."""
        return self._current

    def subject_items(self) -> tuple[RegimenItem, ...]:
        return tuple(item for item in self.current() if item.ingredient in self.subject)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sign saw: in words for the message, and the references behind it."""

    says: str = ""
    evidence: tuple[str, ...] = ()


def is_current(item: RegimenItem) -> bool:
    """True for what is taken today, whether or not its dose is known."""
    return item.state is not ItemState.EXCLUDED or item.reason in _STILL_IN_THE_BODY


def seen_items(items: tuple[RegimenItem, ...]) -> Seen | None:
    """The items by name, each once, with their sources; None where there are none."""
    if not items:
        return None
    names = dict.fromkeys(item.drug for item in items)
    return Seen(", ".join(names), tuple(source for item in items for source in item.sources))
