"""When each medicine of a chart was taken, as far as orders, reports and supplies say: one span of days per resource.

For facts about what is taken beside the taper, and for how long a controlled medicine has been taken without a gap. Doses are not
read here. A proposal, a draft, a cancelled order and an order not to give are nothing that was taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.dates import first_day_of, last_day_of
from fhir_taper.mappers.read.medicine_names import medicine_concept, medicine_ingredients
from fhir_taper.mappers.systems import words_of
from fhir_taper.plans.medicines.products import Ingredient, ProductCatalogue

_NEVER_TAKEN: Final = frozenset({"entered-in-error", "draft", "cancelled", "not-taken", "declined", "intended", "preparation"})
_STILL: Final = frozenset({"active", "in-progress"})
_ORDERS: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", ""})
_FIRST: Final = date(1900, 1, 1)
_LAST: Final = date(2199, 12, 31)
_HOME_INTENTS: Final = frozenset({"plan"})
"""A plan that is reported is a home medication (one large vendor writes them so)."""


@dataclass(frozen=True, slots=True)
class Span:
    """One resource's days of use. `end` None: not known to have ended. `is_open`: the resource says that it goes on.

    `written` is when an order was written: a validity that was renewed does not make a long use short.
    """

    entry: Entry
    ingredients: tuple[Ingredient, ...]
    says: str
    start: date | None
    end: date | None
    is_open: bool
    written: date | None = None

    def is_current(self, as_of: date) -> bool:
        """Whether the medicine is taken on the day, as far as this resource says."""
        has_begun = self.start is None or self.start <= as_of
        return has_begun and (self.is_open if self.end is None else self.end >= as_of and (self.is_open or self.is_supply))

    @property
    def is_supply(self) -> bool:
        """Whether this is a dispense: completed when handed over, and taken after."""
        return self.entry.resource_type == "MedicationDispense"


def medicine_spans(chart: Chart, catalogue: ProductCatalogue, supply_days: int) -> tuple[Span, ...]:
    """The spans of all medicines that the catalogue knows; `supply_days` is for a dispense that does not say how long it lasts."""
    return tuple(span for span in all_spans(chart, catalogue, supply_days) if span.ingredients)


def all_spans(chart: Chart, catalogue: ProductCatalogue, supply_days: int) -> tuple[Span, ...]:
    """The spans of all requests, statements and dispenses, whether or not the catalogue knows the medicine."""
    known: dict[str, tuple[Ingredient, ...]] = {}
    return tuple(
        _span(chart, entry, catalogue, supply_days, known)
        for entry in chart.of("MedicationRequest", "MedicationStatement", "MedicationDispense")
        if _was_taken(entry)
    )


def _span(chart: Chart, entry: Entry, catalogue: ProductCatalogue, supply_days: int, known: dict[str, tuple[Ingredient, ...]]) -> Span:
    """The span of one resource. Charts repeat their medicines: which ingredients a concept has, word for word, is remembered in `known`."""
    concept = medicine_concept(chart, entry)
    said = repr(concept)
    ingredients = known.get(said)
    if ingredients is None:
        ingredients = known[said] = medicine_ingredients(concept, catalogue)
    if entry.resource_type == "MedicationDispense":
        start, end = _supplied(entry.resource, supply_days)
    elif entry.resource_type == "MedicationStatement":
        start = first_day_of(entry.resource, "effectivePeriod.start", "effectiveDateTime", "dateAsserted")
        end = last_day_of(entry.resource, "effectivePeriod.end")
    else:
        start, end = _ordered(entry.resource)
    written = first_day_of(entry.resource, "authoredOn")
    is_open = _status(entry.resource) in _STILL
    return Span(entry, ingredients, words_of(concept), _within_reach(start), _or_no_end(end), is_open, _within_reach(written))


def _within_reach(day: date | None) -> date | None:
    """A day that can be counted with: what lies beyond any life is as far away as that."""
    return None if day is None else min(max(day, _FIRST), _LAST)


def _or_no_end(day: date | None) -> date | None:
    """An end that nobody will see is none (many systems write 9999-12-31)."""
    return None if day is None or day > _LAST else max(day, _FIRST)


def _was_taken(entry: Entry) -> bool:
    resource = entry.resource
    if _status(resource) in _NEVER_TAKEN or resource.get("doNotPerform") is True:
        return False
    if entry.resource_type != "MedicationRequest":
        return True
    intent = resource.get("intent")
    word = intent if isinstance(intent, str) else ""
    is_reported = resource.get("reportedBoolean") is True or isinstance(resource.get("reportedReference"), dict)
    return word in _ORDERS or (word in _HOME_INTENTS and is_reported)


def _ordered(resource: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """From the earliest bound (else the validity, else the day it was written) to the latest bound. Validity ends supply, not therapy."""
    bounds = list(_bounds(resource))
    starts = [day for start, _ in bounds if (day := start) is not None]
    ends = [end for _, end in bounds]
    start = min(starts, default=None) or first_day_of(resource, "dispenseRequest.validityPeriod.start", "authoredOn")
    known = [end for end in ends if end is not None]
    end = max(known) if known and len(known) == len(ends) else None
    if end is None and _status(resource) not in _STILL:
        end = last_day_of(resource, "dispenseRequest.validityPeriod.end")
    return start, end


def _bounds(resource: Mapping[str, Any]) -> Iterator[tuple[date | None, date | None]]:
    listed = resource.get("dosageInstruction")
    for dosage in listed if isinstance(listed, list) else ():
        if isinstance(dosage, dict):
            timing = dosage.get("timing")
            repeat = timing.get("repeat") if isinstance(timing, dict) else None
            period = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
            yield (first_day_of(period, "start"), last_day_of(period, "end")) if isinstance(period, dict) else (None, None)


def _supplied(resource: Mapping[str, Any], supply_days: int) -> tuple[date | None, date | None]:
    start = first_day_of(resource, "whenHandedOver", "whenPrepared")
    supply = resource.get("daysSupply")
    days = supply.get("value") if isinstance(supply, dict) else None
    known = isinstance(days, (int, Decimal)) and not isinstance(days, bool) and 0 < days < 10 * supply_days
    lasting = int(days) if known and days is not None else supply_days
    return start, min(max(start, _FIRST), _LAST) + timedelta(days=lasting - 1) if start else None


def _status(resource: Mapping[str, Any]) -> str:
    status = resource.get("status")
    return status if isinstance(status, str) else ""
