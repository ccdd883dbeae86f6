"""Who signs in to the demo EHR: its people by their keys, a patient to their own chart alone."""

from fhir_taper.records import Role
from fhir_taper.sandbox.users import PATIENT, USERS, signed_in


def test_a_patient_signs_in_to_their_own_chart_and_to_none_without_one() -> None:
    patient = signed_in(PATIENT, "p1")
    assert patient is not None
    assert (patient.reference, patient.role, patient.may_write) == ("Patient/p1", Role.PATIENT, False)
    assert signed_in(PATIENT, None) is None


def test_everybody_else_is_known_by_a_key() -> None:
    assert signed_in("coach", "p1") == USERS["coach"]
    assert signed_in("nobody", "p1") is None
    assert USERS["coach"].reference == "Practitioner/co1"
