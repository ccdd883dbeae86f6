"""Device: this program in its version, as the assembler of what it wrote. No patient is tied to it."""

from collections.abc import Iterable
from typing import Final

from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.ids import device_id
from fhir_taper.mappers.write.labels import Label, to_security
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json, identifier

NAME: Final = "fhir-taper"


def to_device(program_version: str, labels: Iterable[Label]) -> Json:
    """The program as a Device."""
    known_as = device_id(program_version)
    version = shown(program_version)
    resource: Json = {
        "resourceType": "Device",
        "id": known_as,
        "meta": {"security": to_security(labels)},
        "identifier": [identifier(WRITE_SYSTEM, known_as)],
        "status": "active",
        "deviceName": [{"name": NAME, "type": "user-friendly-name"}],
        "type": {"text": "Clinical decision support software"},
        "version": [{"value": version}] if version else [],
    }
    return without_empty(resource)
