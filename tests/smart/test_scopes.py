from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import SettingsError
from fhir_taper.records import Tenant
from fhir_taper.smart.launch.discovery import SmartConfiguration
from fhir_taper.smart.scopes import LETTERS, Granted, Right, context_scope, least_scopes, shortest

TENANT = Tenant("clinic", "https://ehr.test/fhir", "app", "UTC")


def asked(*capabilities: str, in_chart: bool = True, tenant: Tenant = TENANT, refresh: bool = True) -> list[str]:
    configuration = SmartConfiguration("https://ehr.test/a", "https://ehr.test/t", capabilities=capabilities)
    return least_scopes(configuration, tenant, in_chart=in_chart, refresh=refresh).split()


@pytest.mark.requirement("46", "148", "37", "47", "195", "196")
@pytest.mark.parametrize("capabilities", [(), ("permission-v1",), ("permission-v2",), ("permission-v1", "permission-v2")])
def test_the_least_is_asked_for_with_the_persons_identity_and_without_wildcards(capabilities: tuple[str, ...]) -> None:
    scopes = asked(*capabilities)
    assert {"openid", "fhirUser"} <= set(scopes)
    assert not any("*" in scope or scope.startswith("system/") for scope in scopes)
    assert [scope for scope in scopes if scope.startswith("user/")] in (["user/Practitioner.r"], ["user/Practitioner.read"])
    assert len(set(scopes)) == len(scopes)


@pytest.mark.parametrize(
    ("capabilities", "orders"),
    [
        (("permission-v2",), ["patient/MedicationRequest.crus"]),
        (("permission-v1", "permission-v2"), ["patient/MedicationRequest.crus"]),
        ((), ["patient/MedicationRequest.crus"]),
        (("permission-v1",), ["patient/MedicationRequest.read", "patient/MedicationRequest.write"]),
    ],
)
def test_the_version_that_the_ehr_speaks_is_spoken(capabilities: tuple[str, ...], orders: list[str]) -> None:
    assert [scope for scope in asked(*capabilities) if "MedicationRequest" in scope] == orders


def test_the_device_that_is_written_beside_a_plan_is_asked_for() -> None:
    assert "patient/Device.crs" in asked("permission-v2")


def test_a_tenant_that_names_its_scopes_is_asked_for_exactly_these() -> None:
    assert asked("permission-v1", tenant=replace(TENANT, scopes="launch openid x")) == ["launch", "openid", "x"]


@pytest.mark.requirement("150", "151", "152", "153", "166", "162")
def test_in_a_chart_the_launch_brings_the_patient_and_outside_it_must_be_asked_for() -> None:
    assert ("launch" in asked(), "launch/patient" in asked()) == (True, False)
    assert ("launch" in asked(in_chart=False), "launch/patient" in asked(in_chart=False)) == (False, True)


@pytest.mark.requirement("215", "216")
@pytest.mark.parametrize(
    ("capabilities", "wanted"),
    [
        (("permission-online", "permission-offline"), {"online_access"}),
        (("permission-offline",), {"offline_access"}),
        (("permission-online",), {"online_access"}),
        ((), set()),
    ],
)
def test_a_refresh_token_is_asked_for_where_the_ehr_offers_one(capabilities: tuple[str, ...], wanted: set[str]) -> None:
    assert set(asked(*capabilities)) & {"online_access", "offline_access"} == wanted
    assert not set(asked(*capabilities, refresh=False)) & {"online_access", "offline_access"}


@pytest.mark.requirement("155", "156", "157", "158")
def test_further_context_is_asked_for_by_lower_case_type_and_one_role() -> None:
    assert context_scope("PractitionerRole") == "launch/practitionerrole"
    assert context_scope("Task", "https://x.test/role") == "launch/task?role=https://x.test/role"
    for kind, role in (("Care Plan", None), ("Task", "a b"), ("Task/1", None)):
        with pytest.raises(SettingsError):
            context_scope(kind, role)


@pytest.mark.requirement("131", "132")
@pytest.mark.parametrize(
    ("long", "short"),
    [
        (["patient/Goal.r", "patient/Goal.s"], "patient/Goal.rs"),
        (["patient/Goal.s", "patient/Goal.c", "patient/Goal.r"], "patient/Goal.crs"),
        (["patient/Goal.r", "user/Goal.s"], "patient/Goal.r user/Goal.s"),
        (
            ["patient/Observation.r?category=a&code=b", "patient/Observation.s?category=a&code=b"],
            "patient/Observation.rs?category=a&code=b",
        ),
        (["patient/Observation.r?category=a", "patient/Observation.s"], "patient/Observation.r?category=a patient/Observation.s"),
        (["openid", "patient/Goal.read", "openid"], "openid patient/Goal.read"),
    ],
)
def test_scopes_are_written_in_their_shortest_form(long: list[str], short: str) -> None:
    assert shortest(long) == short


@pytest.mark.requirement("120", "121", "122", "124", "125", "135", "137", "141", "143", "146")
@pytest.mark.parametrize(
    ("scope", "letters"),
    [
        ("patient/Goal.cruds", "cruds"),
        ("patient/Goal.rs", "rs"),
        ("user/Goal.c", "c"),
        ("system/*.u", "u"),
        ("patient/*.d", "d"),
        ("patient/Goal.read", "rs"),
        ("patient/Goal.write", "cud"),
        ("patient/Goal.*", "cruds"),
        ("patient/Goal.sr", ""),
        ("patient/Goal.rr", ""),
        ("patient/Goal.x", ""),
        ("patient/Goal.", ""),
        ("patient/Goal", ""),
        ("patient/goal.r", ""),
        ("Patient/Goal.r", ""),
        ("other/Goal.r", ""),
        ("patient/Goals.r", ""),
        ("xpatient/Goal.r", ""),
    ],
)
def test_each_letter_grants_its_interaction_and_nothing_else_does(scope: str, letters: str) -> None:
    granted = Granted.parse(scope)
    assert "".join(letter for letter in LETTERS if granted.allows("Goal", letter)) == letters


@pytest.mark.requirement("147", "131", "132")
def test_a_right_to_part_of_a_type_says_to_which() -> None:
    granted = Granted.parse("patient/Observation.rs?category=vital-signs&status=final patient/Goal.r?x=1 patient/Goal.rs")
    assert granted.allows("Observation", "s")
    assert granted.limits("Observation", "s") == ("category=vital-signs&status=final",)
    assert granted.limits("Goal", "r") == granted.limits("Condition", "r") == ()


@pytest.mark.requirement("147")
def test_what_was_granted_and_not_what_was_asked_for_is_read() -> None:
    granted = Granted.parse("openid launch/patient patient/Patient.r patient/CarePlan.rs patient/CarePlan.c")
    assert granted.others == {"openid", "launch/patient"}
    assert granted.letters == {"Patient": "r", "CarePlan": "crs"}
    assert not granted.allows("MedicationRequest", "r")
    assert not Granted.parse("").allows("Patient", "r")


@pytest.mark.parametrize(
    ("asked", "granted", "lacking"),
    [
        ("patient/Goal.crus patient/Patient.r", "patient/Goal.crus patient/Patient.r", {}),
        ("patient/Goal.crus", "patient/Goal.rs", {"Goal": "cu"}),
        ("patient/Goal.crus patient/Consent.rs", "patient/*.read", {"Goal": "cu"}),
        ("patient/Goal.read patient/Goal.write", "user/Goal.rs", {"Goal": "cud"}),
        ("patient/*.rs", "patient/Goal.rs", {}),
        ("patient/*.crs", "patient/Goal.rs", {"*": "c"}),
        ("openid patient/Goal.r", "", {"Goal": "r"}),
        ("", "patient/Goal.r", {}),
    ],
)
def test_what_is_lacking_is_what_was_asked_for_and_not_granted(asked: str, granted: str, lacking: dict[str, str]) -> None:
    assert Granted.parse(granted).lacks(Granted.parse(asked)) == lacking


@pytest.mark.parametrize(
    ("now", "first", "both"),
    [
        ("patient/Goal.rs", "patient/Goal.crus", "patient/Goal.rs"),
        ("patient/Goal.cruds", "patient/Goal.rs", "patient/Goal.rs"),
        ("patient/*.rs", "patient/Goal.crs patient/Patient.r", "patient/Goal.rs patient/Patient.r"),
        ("patient/Goal.r", "patient/*.rs", "patient/Goal.r"),
        ("patient/Goal.r patient/Consent.r", "patient/Goal.r", "patient/Goal.r"),
        ("patient/Goal.r", "patient/Goal.c", ""),
        ("patient/Observation.rs?category=a", "patient/Observation.rs", "patient/Observation.rs?category=a"),
        ("patient/Observation.rs", "patient/Observation.rs?category=a", "patient/Observation.rs?category=a"),
        ("patient/Observation.r?category=a", "patient/Observation.r?category=a", "patient/Observation.r?category=a"),
        ("patient/Observation.r?category=a", "patient/Observation.r?status=b", "patient/Observation.r?category=a&status=b"),
        ("patient/Goal.read", "patient/Goal.rs", "patient/Goal.rs"),
    ],
)
def test_a_renewed_token_never_brings_more_than_the_launch_was_given(now: str, first: str, both: str) -> None:
    assert Granted.parse(now).within(Granted.parse(first)).rights == Granted.parse(both).rights


@pytest.mark.requirement("219", "220")
def test_scopes_written_as_uris_mean_the_same() -> None:
    text = "http://smarthealthit.org/fhir/scopes/patient/Goal.r http://openid.net/specs/openid-connect-core-1_0#openid"
    assert Granted.parse(text) == Granted.parse("patient/Goal.r openid")


@pytest.mark.parametrize(
    "scope", ["patient/Observation.read?category=a", "patient/observation.read", "patient/Xyz1.read", "other/Goal.read"]
)
def test_a_scope_with_a_level_is_never_read_as_the_name_of_an_interface(scope: str) -> None:
    granted = Granted.parse(scope)
    assert not any(right.level == "user" for right in granted.rights)
    assert granted.limits("Observation", "s") == (("category=a",) if "?" in scope else ())


def test_names_of_interfaces_of_one_vendor_are_understood() -> None:
    granted = Granted.parse("MedicationRequest.Search (Signed Medication Order) (R4) DocumentReference.Create (Clinical Notes) (R4) openid")
    assert [(right.resource_type, right.letters) for right in granted.rights] == [("MedicationRequest", "s"), ("DocumentReference", "c")]
    assert not granted.allows("MedicationRequest", "r")
    assert granted.rights[0] == Right("user", "MedicationRequest", "s")


@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    assert all(set(right.letters) <= set(LETTERS) for right in Granted.parse(text).rights)
