"""Who a user is to this program: the role that the tenant's table gives a FHIR user or an identifier. Every other clinician reads only.

The patient of the chart is the patient, whatever a table says; another patient and a relative are nobody here: what they may see, only a
consent could say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_taper.errors import EhrError, LaunchRefused
from fhir_taper.records import Role, Tenant
from fhir_taper.smart.client import FhirClient
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services

_NPI: Final = "http://hl7.org/fhir/sid/us-npi"
_LONGEST: Final = 120
_NO_CLINICIANS: Final = frozenset({"Patient", "RelatedPerson", "Person"})


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the EHR knows them: reference, name for people, and what a table of roles may name beside the reference."""

    reference: str
    name: str
    also: tuple[str, ...] = ()
    """NPI of a Practitioner, codes of a PractitionerRole."""


def person_of(client: FhirClient, reference: str) -> Person:
    """The user, with a name where the EHR lets us read one; else named by the reference, which screens say (`OpenChart.is_named`)."""
    if not reference:
        return Person("", "a user whom the EHR did not name")
    try:
        resource = client.read_reference(reference).resource
    except EhrError:
        return Person(reference, reference)
    return Person(reference, _name(resource) or reference, tuple(_also(resource)))


def role_of(tenant: Tenant, person: Person, patient_id: str = "") -> Role:
    """The role of a person at the chart of a patient: the patient's own, else the first that names them in the order of the roles.

    Raises LaunchRefused ("not-a-clinician") for another patient, a relative, or a person of whom the EHR does not say what they are.
    """
    if patient_id and person.reference == f"Patient/{patient_id}":
        return Role.PATIENT
    if person.reference.partition("/")[0] in _NO_CLINICIANS:
        raise LaunchRefused("not-a-clinician", "You are signed in as a patient or a relative, and this chart is not your own.")
    names = {person.reference, *person.also} - {""}
    return next((role for role in Role if names & set(tenant.roles.get(role, ()))), Role.READER)


def require(services: Services, chart: OpenChart, action: str, roles: Iterable[Role]) -> None:
    """Raises LaunchRefused ("role"), audited, where the person of a launch has none of these roles."""
    listed = tuple(roles)
    if chart.launch.role in listed:
        return
    note(services, chart.launch, action, "refused", {"reason": "role", "role": chart.launch.role.value})
    names = " or ".join(one.value for one in listed)
    raise LaunchRefused("role", f"You are known here as {chart.launch.role.value}, and only a {names} may {action}.")


def _name(resource: Mapping[str, Any]) -> str:
    listed = resource.get("name")
    name = next((one for one in listed if isinstance(one, Mapping)), {}) if isinstance(listed, list) else {}
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else []), name.get("family")]
    said = name.get("text") or " ".join(part for part in parts if isinstance(part, str)) or _of_role(resource)
    return " ".join(said.split())[:_LONGEST] if isinstance(said, str) else ""


def _of_role(resource: Mapping[str, Any]) -> str:
    """The name that a PractitionerRole gives its person."""
    person = resource.get("practitioner")
    shown = person.get("display") if isinstance(person, Mapping) else None
    return shown if isinstance(shown, str) else ""


def _also(resource: Mapping[str, Any]) -> Iterator[str]:
    for identifier in _objects(resource.get("identifier")):
        if identifier.get("system") == _NPI and isinstance(identifier.get("value"), str):
            yield identifier["value"]
    for concept in _objects(resource.get("code")):
        for coding in _objects(concept.get("coding")):
            if isinstance(coding.get("code"), str):
                yield coding["code"]


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, Mapping))
