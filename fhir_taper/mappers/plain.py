"""What is sound by its look: the resources and parts that no FHIR model can object to, so that none needs to be built for them.

A chart has hundreds of codings of three plain texts, of measurements of one number and of orders of one tablet a day, and a model of each
costs more than reading it. What is odd in any way is left for the model. A test holds the promise: what is plain here, the model
accepts, and nothing in it misleads.
"""

from collections.abc import Mapping
from typing import Any, Final

from fhir_taper.mappers.plain_types import (
    Look,
    a_list_of,
    an_object,
    is_code,
    is_concept,
    is_date,
    is_day,
    is_dosage,
    is_human_name,
    is_instant,
    is_integer,
    is_period,
    is_quantity,
    is_reference,
    is_supply,
    is_truth,
    is_words,
)

_HOLDERS: Final = frozenset({dict, list})
_PLAIN_CONCEPT: Final[Mapping[str, Any]] = {"text": "plain"}
_DROPPED: Final = frozenset({"type", "route", "method", "site", "form", "clinicalStatus", "verificationStatus"})
"""Optional elements that are concepts and nothing else wherever they stand: a plain one need not be shown to the model at all."""


def without_plain_concepts(value: Any) -> Any:
    """The same JSON with every plain CodeableConcept as the shortest sound one, or left out where it may be."""
    if type(value) is dict:
        if is_concept(value):
            return _PLAIN_CONCEPT
        return {
            name: without_plain_concepts(item) if type(item) in _HOLDERS else item
            for name, item in value.items()
            if not (name in _DROPPED and is_concept(item))
        }
    return [without_plain_concepts(item) if type(item) in _HOLDERS else item for item in value] if type(value) is list else value


def is_plain(kind: str, elements: Mapping[str, Any]) -> bool:
    """Whether these elements of a resource are sound by their look. False for every type that is not looked at here."""
    look = _LOOKS.get(kind)
    return look is not None and look(elements)


_VALUE: Final[Mapping[str, Look]] = {
    "valueQuantity": is_quantity,
    "valueCodeableConcept": is_concept,
    "valueString": is_words,
    "valueBoolean": is_truth,
    "valueInteger": is_integer,
}
_MEASURED: Final[Mapping[str, Look]] = {"code": is_concept, "dataAbsentReason": is_concept, **_VALUE}
_STATED: Final[Mapping[str, Look]] = {"clinicalStatus": is_concept, "verificationStatus": is_concept, "code": is_concept}
_ONE_MEDICINE: Final = ("medicationCodeableConcept", "medicationReference")
_DRUG: Final[Mapping[str, Look]] = {"code": is_concept, "status": is_code, "form": is_concept}
_is_contained_drug: Final = an_object({**_DRUG, "resourceType": lambda kind: kind == "Medication"}, required=["resourceType"])
_RECORD: Final[Mapping[str, Look]] = {
    "status": is_code,
    "medicationCodeableConcept": is_concept,
    "medicationReference": is_reference,
    "contained": a_list_of(_is_contained_drug),
}
_is_component: Final = an_object(_MEASURED, required=["code"], choices=[_VALUE])
_LOOKS: Final[Mapping[str, Look]] = {
    "Observation": an_object(
        {
            "status": is_code, "effectiveDateTime": is_day, "effectivePeriod": is_period, "issued": is_instant,
            "component": a_list_of(_is_component), **_MEASURED,
        },
        required=["status", "code"],
        choices=[_VALUE, ("effectiveDateTime", "effectivePeriod")],
    ),
    "Condition": an_object({**_STATED, "onsetDateTime": is_day, "abatementDateTime": is_day, "recordedDate": is_day}),
    "AllergyIntolerance": an_object({**_STATED, "onsetDateTime": is_day, "recordedDate": is_day}),
    "MedicationRequest": an_object(
        {
            **_RECORD, "intent": is_code, "doNotPerform": is_truth, "reportedBoolean": is_truth, "authoredOn": is_day,
            "dosageInstruction": a_list_of(is_dosage), "dispenseRequest": is_supply,
        },
        required=["status", "intent"],
        one_of=_ONE_MEDICINE,
    ),
    "MedicationStatement": an_object(
        {**_RECORD, "effectiveDateTime": is_day, "effectivePeriod": is_period, "dosage": a_list_of(is_dosage)},
        required=["status"],
        one_of=_ONE_MEDICINE,
    ),
    "MedicationDispense": an_object(
        {
            **_RECORD, "quantity": is_quantity, "daysSupply": is_quantity, "whenPrepared": is_day, "whenHandedOver": is_day,
            "dosageInstruction": a_list_of(is_dosage),
        },
        required=["status"],
        one_of=_ONE_MEDICINE,
    ),
    "Medication": an_object(_DRUG),
    "Patient": an_object(
        {
            "name": a_list_of(is_human_name), "gender": is_code, "birthDate": is_date,
            "deceasedBoolean": is_truth, "deceasedDateTime": is_day,
        },
        choices=[("deceasedBoolean", "deceasedDateTime")],
    ),
}  # fmt: skip
