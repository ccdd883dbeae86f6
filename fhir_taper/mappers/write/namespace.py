"""The names under which we publish: one base address, and from it every system, profile and extension of ours.

What it must not do: be spelled anywhere else. A resource written years ago is recognised by these names, so they never change.
"""

from typing import Any, Final

Json = dict[str, Any]

BASE: Final = "https://fhir-taper.org/fhir"
"""The stable root of our canonical addresses. It is a name: nothing is ever fetched from it."""

PLAN_SYSTEM: Final = f"{BASE}/plan"
"""Identifier of one version of one plan: TaperPlan.id. On the CarePlan and on the RequestGroup that belongs to it."""

WRITE_SYSTEM: Final = f"{BASE}/write"
"""Identifier of one resource that we wrote: its deterministic id. If-None-Exist, and the search after a lost answer, go by it."""

TAPER_SYSTEM: Final = f"{BASE}/taper"
"""Identifier of the taper of one ingredient of one patient, the same in every version: at most one may be active."""

WINDOW_SYSTEM: Final = f"{BASE}/window"
"""Identifier shared by the prescriptions of one window."""

PATIENT_SYSTEM: Final = f"{BASE}/patient"
"""Identifier for a patient whose id cannot stand in a reference."""

TABLE_SYSTEM: Final = f"{BASE}/table"
"""Identifier of one edition of one table of clinical numbers."""

PROTOCOL_ROOT: Final = f"{BASE}/PlanDefinition/"

CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
US_CORE_CARE_PLAN: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-careplan"
US_CORE_CATEGORY: Final = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"


def structure_definition(name: str) -> str:
    """The canonical address of one of our extensions."""
    return f"{BASE}/StructureDefinition/{name}"


def code_system(name: str) -> str:
    """The address of one of our code systems."""
    return f"{BASE}/CodeSystem/{name}"


def value_set(name: str) -> str:
    """The address of the value set that holds all of one of our code systems."""
    return f"{BASE}/ValueSet/{name}"


def identifier(system: str, value: str, use: str = "official") -> Json:
    """An Identifier in one of our systems."""
    return {"use": use, "system": system, "value": value}


def concept(system: str, code: str, display: str = "", text: str = "") -> Json:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})
