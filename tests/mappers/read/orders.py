"""Small orders for the tests of their reading: one product, one dosage, read by the built-in tables."""

from datetime import date
from decimal import Decimal
from typing import Any

from fhir_taper import exact_json
from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.plans.medicines.regimen import RegimenItem
from fhir_taper.plans.tables.medicine_tables import load_medicines

TODAY = date(2026, 1, 5)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
OXYCODONE_5 = ("1049621", "oxycodone hydrochloride 5 MG Oral Tablet")
DIAZEPAM_2 = ("197590", "diazepam 2 MG Oral Tablet")
TABLET = {"value": 1, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"}
EVERY_6_HOURS = {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}


def medicine(code: str = OXYCODONE_5[0], name: str = OXYCODONE_5[1]) -> dict[str, Any]:
    """A codeable concept of one product."""
    return {"coding": [{"system": RXNORM, "code": code, "display": name}]}


def request(name: str = "m1", **elements: Any) -> dict[str, Any]:
    """An active order of oxycodone 5 mg tablets of 2025-12-01 without an instruction."""
    usual: dict[str, Any] = {"status": "active", "intent": "order", "authoredOn": "2025-12-01", "medicationCodeableConcept": medicine()}
    return {"resourceType": "MedicationRequest", "id": name, "subject": {"reference": "Patient/p1"}} | usual | elements


def dosage(**elements: Any) -> dict[str, Any]:
    """One tablet every 6 hours, with these elements changed; an element that is None is left out."""
    usual: dict[str, Any] = {"timing": EVERY_6_HOURS, "doseAndRate": [{"doseQuantity": TABLET}]}
    return {key: value for key, value in (usual | elements).items() if value is not None}


def chart(*resources: dict[str, Any], complete: bool = True) -> Chart:
    """A chart of these resources, not validated: what a mapper must survive."""
    by_type: dict[str, list[Entry]] = {}
    for one in resources:
        exact = exact_json.decode(exact_json.encode(one))
        kind = one["resourceType"]
        entry = Entry(kind, str(one.get("id")), f"{kind}/{one.get('id')}", "test", exact)
        by_type.setdefault(kind, []).append(entry)
    return Chart("p1", {kind: tuple(entries) for kind, entries in by_type.items()}, complete=complete)


def read(*resources: dict[str, Any], as_of: date = TODAY) -> tuple[RegimenItem, ...]:
    """The items of these resources."""
    return read_items(chart(*resources), load_medicines(), as_of).value


def item(**elements: Any) -> RegimenItem:
    """The item of one order with these elements."""
    return read(request(**elements))[0]


def by_text(text: str, **elements: Any) -> RegimenItem:
    """The item of an order that has only a text."""
    return item(dosageInstruction=[{"text": text}], **elements)


def mg(amount: str) -> Decimal:
    return Decimal(amount)
