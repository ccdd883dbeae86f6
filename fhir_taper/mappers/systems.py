"""Code systems by their URI, every spelling that charts use, and how to walk the codings of a concept of unchecked shape.

Sources: HL7 Terminology (THO) for URIs, HL7 OID registry for the urn:oid spellings. No clinical codes here: those are
tables/concepts.csv.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10: Final = "http://hl7.org/fhir/sid/icd-10"
ICD_9_CM: Final = "http://hl7.org/fhir/sid/icd-9-cm"
NDC: Final = "http://hl7.org/fhir/sid/ndc"
UCUM: Final = "http://unitsofmeasure.org"
ATC: Final = "http://www.whocc.no/atc"
ORDERABLE_DRUG_FORM: Final = "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"
GTS_ABBREVIATION: Final = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
EVENT_TIMING: Final = "http://hl7.org/fhir/event-timing"
TIMING_EVENT: Final = "http://terminology.hl7.org/CodeSystem/v3-TimingEvent"
DOSE_RATE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/dose-rate-type"
MEDICATION_REQUEST_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
CONDITION_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
DATA_ABSENT_REASON: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

TIME_ZONE_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/tz-code"
DATA_ABSENT_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_OTHER_SPELLINGS: Final[Mapping[str, str]] = {
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.90": ICD_10_CM,
    "urn:oid:2.16.840.1.113883.6.3": ICD_10,
    "urn:oid:2.16.840.1.113883.6.103": ICD_9_CM,
    "urn:oid:2.16.840.1.113883.6.69": NDC,
    "urn:oid:2.16.840.1.113883.6.8": UCUM,
    "urn:oid:2.16.840.1.113883.6.73": ATC,
    "urn:oid:2.16.840.1.113883.5.85": ORDERABLE_DRUG_FORM,
    "urn:oid:2.16.840.1.113883.5.4": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "http://terminology.hl7.org/codesystem/v3-orderabledrugform": ORDERABLE_DRUG_FORM,
    "http://hl7.org/fhir/v3/orderabledrugform": ORDERABLE_DRUG_FORM,
    "http://hl7.org/fhir/v3/gtsabbreviation": GTS_ABBREVIATION,
    "http://hl7.org/fhir/v3/timingevent": TIMING_EVENT,
    "http://hl7.org/fhir/sid/icd-10-us": ICD_10_CM,
    "http://hl7.org/fhir/sid/us-ndc": NDC,
}
_CANONICAL: Final[Mapping[str, str]] = {
    **_OTHER_SPELLINGS,
    **{
        uri.lower(): uri
        for uri in (
            RXNORM, SNOMED, LOINC, ICD_10_CM, ICD_10, ICD_9_CM, NDC, UCUM, ATC, ORDERABLE_DRUG_FORM, GTS_ABBREVIATION, EVENT_TIMING,
            TIMING_EVENT, DOSE_RATE_TYPE, MEDICATION_REQUEST_CATEGORY, CONDITION_CLINICAL, CONDITION_VERIFICATION, ALLERGY_CLINICAL,
            ALLERGY_VERIFICATION, DATA_ABSENT_REASON,
        )
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coding:
    """One coding as read: `system` in its canonical spelling ("" when absent), `code` stripped, `display` as written."""

    system: str
    code: str
    display: str = ""


def canonical_system(uri: object) -> str:
    """The one spelling by which this program knows a code system: OIDs, https, a trailing slash and letter case are other spellings."""
    if not isinstance(uri, str):
        return ""
    known = _CANONICAL.get(uri)
    if known is not None:
        return known
    plain = uri.strip().rstrip("/").lower()
    if plain.startswith("https://"):
        plain = "http://" + plain.removeprefix("https://")
    return _CANONICAL.get(plain) or _CANONICAL.get("urn:oid:" + plain, uri.strip())


def codings(concept: object) -> Iterator[Coding]:
    """Codings of a CodeableConcept in their order. A wrong type anywhere yields nothing for that part; it never raises."""
    listed = concept.get("coding") if isinstance(concept, dict) else None
    if isinstance(listed, list):
        for item in listed:
            coding = coding_of(item)
            if coding is not None:
                yield coding


def coding_of(item: object) -> Coding | None:
    """One Coding element, or None where there is no usable code in it."""
    if not isinstance(item, dict):
        return None
    code, system, display = item.get("code"), item.get("system"), item.get("display")
    code = code.strip() if isinstance(code, str) else ""
    return _coding(system if isinstance(system, str) else "", code, display if isinstance(display, str) else "") if code else None


@lru_cache(maxsize=4096)
def _coding(system: str, code: str, display: str) -> Coding:
    """A chart says the same few codes again and again."""
    return Coding(canonical_system(system), code, display)


def has_code(concept: object) -> bool:
    """Whether a CodeableConcept has any code that can be held against a table; words alone cannot."""
    return next(codings(concept), None) is not None


def codes_of(concept: object, system: str) -> tuple[str, ...]:
    """All codes of one system (canonical spelling) in a CodeableConcept."""
    return tuple(coding.code for coding in codings(concept) if coding.system == system)


def words_of(concept: object) -> str:
    """What a person would call the concept: its text, else the first display, else the first code, else ""."""
    if not isinstance(concept, dict):
        return ""
    text: Any = concept.get("text")
    if isinstance(text, str) and text.strip():
        return text.strip()
    found = list(codings(concept))
    return next((coding.display for coding in found if coding.display), "") or next((coding.code for coding in found), "")
