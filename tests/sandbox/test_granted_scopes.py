"""Scopes as they are spelled, granted and counted."""

import pytest

from fhir_taper.sandbox.granted_scopes import granted_to_system, granted_to_user, resource_scope
from fhir_taper.sandbox.users import USERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("patient/Goal.rs", ("patient", "Goal", "rs")),
        ("user/*.cruds", ("user", "*", "cruds")),
        ("system/Goal.read", ("system", "Goal", "rs")),
        ("patient/Goal.write", ("patient", "Goal", "cud")),
        ("patient/Goal.*", ("patient", "Goal", "cruds")),
    ],
)
def test_both_versions_are_read(text: str, expected: tuple[str, str, str]) -> None:
    scope = resource_scope(text)
    assert scope
    assert (scope.level, scope.resource_type, scope.letters) == expected


@pytest.mark.parametrize(
    "text", ["patient/Goal.", "patient/Goal.sr", "patient/Goal.rs?status=active", "Goal.rs", "patient/goal.rs", "launch", ""]
)
def test_what_is_no_scope_on_resources_is_none(text: str) -> None:
    assert resource_scope(text) is None


def test_a_person_is_granted_what_fits_once() -> None:
    asked = "launch openid launch/patient patient/Goal.rs patient/Goal.rs system/*.rs patient/Goal.rs?x=1 nonsense"
    assert granted_to_user(asked, USERS["prescriber"], in_ehr=True) == ("launch", "openid", "launch/patient", "patient/Goal.rs")
    assert granted_to_user("launch openid", USERS["prescriber"], in_ehr=False) == ("openid",)


def test_a_reader_is_granted_reading_in_the_spelling_that_was_asked() -> None:
    asked = "patient/Goal.cruds patient/Flag.read patient/Task.write patient/List.* patient/Basic.cud"
    assert granted_to_user(asked, USERS["reader"], in_ehr=False) == ("patient/Goal.rs", "patient/Flag.read", "patient/List.read")


def test_a_system_is_granted_its_own_alone() -> None:
    assert granted_to_system("system/*.rs patient/*.rs openid") == ("system/*.rs",)
