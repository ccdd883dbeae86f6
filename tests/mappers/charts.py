"""Small charts for tests: resources as JSON in, a decoded chart out; and a catalogue of a few medicines."""

import json
from collections.abc import Iterable
from typing import Any

from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.chart import Chart
from fhir_taper.plans.medicines.codes import DrugClass, RxNormCode, SourceState
from fhir_taper.plans.medicines.products import Ingredient, Product, Source
from fhir_taper.plans.tables.rows import Concept

SOURCE = Source("test", "1", "2026", SourceState.DEFAULT)
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1970-03-01"}
OXYCODONE = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "7804", "display": "oxycodone"}]}
TWICE_DAILY = {
    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
    "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
}


def resource(kind: str, name: Any, **elements: Any) -> dict[str, Any]:
    """A resource of the test patient; an element that is `...` is left out."""
    whose = {"patient" if kind == "AllergyIntolerance" else "subject": {"reference": "Patient/p1"}}
    made = {"resourceType": kind, "id": name, **whose, **elements}
    return {key: value for key, value in made.items() if value is not ...}


def order(name: Any = "m1", **elements: Any) -> dict[str, Any]:
    """An active order of oxycodone, one tablet twice daily."""
    usual = {"status": "active", "intent": "order", "medicationCodeableConcept": OXYCODONE, "dosageInstruction": [TWICE_DAILY]}
    return resource("MedicationRequest", name, **{**usual, **elements})


def concept(system: str, code: str, display: str = "") -> dict[str, Any]:
    """A CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code, "display": display}]}


def bundle(*resources: Any, kind: str = "collection", **elements: Any) -> dict[str, Any]:
    """A Bundle of resources."""
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources], **elements}


def chart_of(*documents: Any) -> Chart:
    """The chart in these JSON documents, each a file of its own (a.json, b.json, …)."""
    return decode_chart([(f"{chr(ord('a') + number)}.json", as_bytes(document)) for number, document in enumerate(documents)])


def as_bytes(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def meaning(name: str, system: str, code: str, match: str = "exact") -> Concept:
    """A row of concepts.csv."""
    return Concept(name, system, code, match, name, SOURCE)


class SmallCatalogue:
    """A catalogue of a few ingredients by name, code and whole words; it has no products."""

    def __init__(self) -> None:
        self._ingredients = {
            name: Ingredient(RxNormCode(code), name, drug_class, names, None, SOURCE, groups=groups)
            for name, code, drug_class, names, groups in (
                ("oxycodone", "7804", DrugClass.OPIOID, ("percocet",), ()),
                ("diazepam", "3322", DrugClass.BENZODIAZEPINE, ("valium",), ()),
                ("gabapentin", "25480", DrugClass.GABAPENTINOID, ("neurontin",), ()),
                ("naloxone", "7242", DrugClass.OTHER, ("narcan",), ("opioid-reversal",)),
                ("lisinopril", "29046", DrugClass.OTHER, (), ()),
            )
        }

    def product(self, rxcui: str) -> Product | None:  # noqa: ARG002 — the catalogue's signature
        return None

    def product_by_ndc(self, ndc: str) -> Product | None:  # noqa: ARG002 — the catalogue's signature
        return None

    def products_of(self, ingredient: str) -> Iterable[Product]:  # noqa: ARG002 — the catalogue's signature
        return ()

    def ingredient(self, rxcui: str) -> Ingredient | None:
        return next((one for one in self._ingredients.values() if one.rxcui == rxcui), None)

    def ingredient_named(self, word: str) -> Ingredient | None:
        return next((one for one in self._ingredients.values() if word.lower() in (one.name, *one.names)), None)

    def ingredients_in(self, text: str) -> tuple[Ingredient, ...]:
        words = text.lower().split()
        return tuple(one for one in self._ingredients.values() if any(name in words for name in (one.name, *one.names)))
