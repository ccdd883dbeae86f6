"""Allergies and intolerances as facts: "allergy:<ingredient>" for every ingredient that is named, and the concepts that the codes mean.

Refuted and entered-in-error ones are no facts; inactive and resolved ones are history. FHIR R4: allergyintolerance-clinical, -verification.
"""

from collections.abc import Iterator

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.condition import NOT_A_FACT, OVER, status_word
from fhir_taper.mappers.read.dates import first_day_of
from fhir_taper.mappers.systems import codings, words_of
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.tapers.chart_facts import Fact


def allergy_facts(entry: Entry, index: ConceptIndex, catalogue: ProductCatalogue) -> Iterator[Fact]:
    """The facts of one AllergyIntolerance."""
    resource = entry.resource
    if status_word(resource, "verificationStatus") in NOT_A_FACT:
        return
    concept = resource.get("code")
    named = catalogue.ingredients_in(" ; ".join([words_of(concept), *(coding.display for coding in codings(concept))]))
    is_active = status_word(resource, "clinicalStatus") not in OVER
    day = first_day_of(resource, "onsetDateTime", "recordedDate")
    for name in dict.fromkeys([*(f"allergy:{one.name}" for one in named), *index.concepts_of(concept)]):
        yield Fact(name, entry.reference, words_of(concept), is_active=is_active, on=day)
