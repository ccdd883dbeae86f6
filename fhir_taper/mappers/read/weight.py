"""The latest dated body weight of a chart, for doses per kg. A weight without a date is no weight (domain rule 4).

LOINC 29463-7 (body weight) and its narrower codes for measured and stated weight; kg, g and avoirdupois pounds by UCUM ([lb_av] is
453.59237 g exactly).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.elements import amount, child, first_day, words
from fhir_taper.mappers.systems import LOINC, codes_of
from fhir_taper.plans.medicines.dose import canonical

_BODY_WEIGHT: Final = frozenset({"29463-7", "3141-9", "3142-7", "8341-0"})
_CURRENT: Final = frozenset({"final", "amended", "corrected"})
_KG_PER: Final[Mapping[str, Decimal]] = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "[lb_av]": Decimal("0.45359237"),
    "lb": Decimal("0.45359237"),
    "lbs": Decimal("0.45359237"),
}


@dataclass(frozen=True, slots=True)
class Weight:
    """A body weight in kg, the day it was taken, and where it stands."""

    kg: Decimal
    on: date
    source: str


def latest_weight(chart: Chart, as_of: date) -> Weight | None:
    """The latest weight up to this day, or None. What cannot be read is passed over."""
    found = [weight for entry in chart.of("Observation") if (weight := _weight(entry)) is not None and weight.on <= as_of]
    return max(found, key=lambda weight: weight.on, default=None)


def _weight(entry: Entry) -> Weight | None:
    resource = entry.resource
    if resource.get("status") not in _CURRENT or not _BODY_WEIGHT.intersection(codes_of(resource.get("code"), LOINC)):
        return None
    try:
        quantity = child(resource, "valueQuantity")
        value = amount(quantity, "value")
        factor = _KG_PER.get(words(quantity, "code") or words(quantity, "unit"))
        on = first_day(resource, "effectiveDateTime")
    except BadInput:
        return None
    if not value or factor is None or on is None:
        return None
    return Weight(value if factor == 1 else canonical(value * factor), on, entry.reference)
