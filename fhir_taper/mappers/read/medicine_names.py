"""Which ingredients a medication resource names, for warnings: more is better than less here, and no dose depends on it.

Codes first (product with its companions, ingredient, NDC), the words only where no code is known. The regimen identifies its medicines
by stricter rules, with conflicts (`medication`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.references import resolve
from fhir_taper.mappers.systems import NDC, RXNORM, codings, words_of
from fhir_taper.plans.medicines.products import Ingredient, ProductCatalogue


def medicine_concept(chart: Chart, entry: Entry) -> Mapping[str, Any]:
    """The CodeableConcept of the medicine of a request, statement, dispense or Medication; {} where there is none to be had."""
    resource = entry.resource
    own = resource.get("code" if entry.resource_type == "Medication" else "medicationCodeableConcept")
    if isinstance(own, dict):
        return own
    reference = resource.get("medicationReference")
    if not isinstance(reference, dict):
        return {}
    medication = resolve(chart, entry, reference)
    found = medication.resource.get("code") if medication else None
    return found if isinstance(found, dict) else {"text": reference.get("display")}


def medicine_ingredients(concept: Mapping[str, Any], catalogue: ProductCatalogue) -> tuple[Ingredient, ...]:
    """The ingredients, each once; () for a medicine that the catalogue does not know."""
    found = {one.name: one for one in _by_code(concept, catalogue)}
    if not found:
        said = " ; ".join([words_of(concept), *(coding.display for coding in codings(concept))])
        found = {one.name: one for one in catalogue.ingredients_in(said)}
    return tuple(found.values())


def _by_code(concept: Mapping[str, Any], catalogue: ProductCatalogue) -> Iterator[Ingredient]:
    for coding in codings(concept):
        product = catalogue.product(coding.code) if coding.system == RXNORM else None
        product = catalogue.product_by_ndc(coding.code) if coding.system == NDC else product
        if product is not None:
            names: Iterable[str] = (product.ingredient, *(companion.ingredient for companion in product.companions))
            yield from (one for name in names if (one := catalogue.ingredient_named(name)) is not None)
        elif coding.system == RXNORM and (ingredient := catalogue.ingredient(coding.code)) is not None:
            yield ingredient
