"""Who can sign in to the demo EHR: one synthetic person per role."""

from dataclasses import dataclass
from typing import Final

from fhir_taper.records import Json, Role

_NPI: Final = "http://hl7.org/fhir/sid/us-npi"
_WRITERS: Final = frozenset({Role.PRESCRIBER, Role.PHARMACIST})


@dataclass(frozen=True, slots=True)
class User:
    """A Practitioner of the demo EHR. Whoever may not write gets no scope that writes, whatever an app asks for."""

    key: str
    practitioner_id: str
    family: str
    given: str
    role: Role
    npi: str

    @property
    def reference(self) -> str:
        """`Practitioner/…`, the fhirUser without the server's base."""
        return f"Practitioner/{self.practitioner_id}"

    @property
    def name(self) -> str:
        """As a person reads it."""
        return f"{self.given} {self.family}"

    @property
    def may_write(self) -> bool:
        """Whether a grant of this user may hold scopes that write."""
        return self.role in _WRITERS

    def resource(self) -> Json:
        """The Practitioner that stands in the FHIR server."""
        return {
            "resourceType": "Practitioner",
            "id": self.practitioner_id,
            "active": True,
            "identifier": [{"system": _NPI, "value": self.npi}],
            "name": [{"use": "official", "family": self.family, "given": [self.given]}],
        }


USERS: Final = {
    user.key: user
    for user in (
        User("prescriber", "dr1", "Prescriber", "Demo", Role.PRESCRIBER, "1234567893"),
        User("pharmacist", "ph1", "Pharmacist", "Demo", Role.PHARMACIST, "1987654328"),
        User("reader", "rd1", "Reader", "Demo", Role.READER, "1122334459"),
    )
}
"""By key. The identifiers have the form of an NPI and its check digit, and are made up."""
