"""What was given as an event: naloxone, or another medicine that reverses an opioid (group "opioid-reversal" of ingredients.csv).

Only that it was given counts (MedicationAdministration): a prescription, or a kit that was handed over, is a precaution. FHIR R4,
medicationadministration.html.
"""

from typing import Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.medicine_names import medicine_concept, medicine_ingredients
from fhir_taper.mappers.read.signals.gathered import Gathered, word_in
from fhir_taper.mappers.systems import words_of
from fhir_taper.plans.medicines.products import ProductCatalogue

NALOXONE: Final = "naloxone-given"
_REVERSAL: Final = "opioid-reversal"
_NAMELESS: Final = "which medicine was given cannot be read"
_GIVEN: Final = frozenset({"completed", "in-progress", "stopped"})


def read_given(gathered: Gathered, catalogue: ProductCatalogue) -> None:
    """Put down each medicine given of which all ingredients reverse an opioid: buprenorphine with naloxone is no such medicine."""
    for entry in gathered.chart.of("MedicationAdministration"):
        if word_in(entry.resource, "status") not in _GIVEN:
            continue
        concept = medicine_concept(gathered.chart, entry)
        ingredients = medicine_ingredients(concept, catalogue)
        if not ingredients and not words_of(concept):
            gathered.set_aside(gathered.own(NALOXONE), entry, _NAMELESS, _written(entry))
            continue
        if not ingredients or not all(_REVERSAL in one.groups for one in ingredients):
            continue
        when = gathered.clock.read(_written(entry))
        if isinstance(when, str):
            gathered.set_aside(gathered.own(NALOXONE), entry, when, _written(entry), words_of(concept))
        else:
            gathered.happened(NALOXONE, when, entry, words=words_of(concept))


def _written(entry: Entry) -> object:
    """When it was given, as written: where that took a while, when it began."""
    period = entry.resource.get("effectivePeriod")
    return period.get("start") if isinstance(period, dict) else entry.resource.get("effectiveDateTime")
