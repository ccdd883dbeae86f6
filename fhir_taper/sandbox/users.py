"""Who can sign in to the demo EHR: one synthetic person per role, and each patient to their own chart."""

from dataclasses import dataclass
from typing import Final

from fhir_taper.records import Json, Role

_NPI: Final = "http://hl7.org/fhir/sid/us-npi"
_WRITERS: Final = frozenset({Role.PRESCRIBER, Role.PHARMACIST})


@dataclass(frozen=True, slots=True)
class User:
    """A Practitioner of the demo EHR, or a patient. Whoever may not write gets no scope that writes, whatever an app asks for."""

    key: str
    id: str
    family: str
    given: str
    role: Role
    npi: str = ""
    kind: str = "Practitioner"

    @property
    def reference(self) -> str:
        """`Practitioner/…`, the fhirUser without the server's base."""
        return f"{self.kind}/{self.id}"

    @property
    def name(self) -> str:
        """As a person reads it."""
        return f"{self.given} {self.family}".strip()

    @property
    def may_write(self) -> bool:
        """Whether a grant of this user may hold scopes that write."""
        return self.role in _WRITERS

    def resource(self) -> Json:
        """The Practitioner that stands in the FHIR server."""
        return {
            "resourceType": "Practitioner",
            "id": self.id,
            "active": True,
            "identifier": [{"system": _NPI, "value": self.npi}],
            "name": [{"use": "official", "family": self.family, "given": [self.given]}],
        }


USERS: Final = {
    user.key: user
    for user in (
        User("prescriber", "dr1", "Prescriber", "Demo", Role.PRESCRIBER, "1234567893"),
        User("pharmacist", "ph1", "Pharmacist", "Demo", Role.PHARMACIST, "1987654328"),
        User("coach", "co1", "Coach", "Demo", Role.COACH, "1556677882"),
        User("reader", "rd1", "Reader", "Demo", Role.READER, "1122334459"),
    )
}
"""By key. The identifiers have the form of an NPI and its check digit, and are made up."""

PATIENT: Final = "patient"
"""The key of whoever signs in to their own chart."""


def signed_in(key: str, patient_id: str | None) -> User | None:
    """The user with a key; the patient of a chart by `PATIENT`. None for nobody."""
    if key == PATIENT:
        return User(PATIENT, patient_id, "", "", Role.PATIENT, kind="Patient") if patient_id else None
    return USERS.get(key)
