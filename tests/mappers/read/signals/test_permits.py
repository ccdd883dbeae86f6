"""Consents as permits for remote measures."""

from typing import Any

import pytest

from fhir_taper.mappers.read.signals.permits import read_permits
from fhir_taper.mappers.systems import LOINC
from fhir_taper.mappers.write.form_codes import SIGNAL_SYSTEM
from tests.mappers.charts import concept
from tests.mappers.read.signals.gathering import gathering

ALL = {"activity", "sleep", "vital-signs"}
SCOPE, PURPOSE = "http://terminology.hl7.org/CodeSystem/consentscope", "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACTION = "http://terminology.hl7.org/CodeSystem/consentaction"
POLICY = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PULSE, PRESSURE, SLEEP, STEPS = ([concept(LOINC, code)] for code in ("8867-4", "85354-9", "93832-4", "55423-8"))


def consent(provision: Any = None, **elements: Any) -> dict[str, Any]:
    usual = {
        "status": "active",
        "patient": {"reference": "Patient/p1"},
        "dateTime": "2026-01-01",
        "provision": {"type": "permit"} if provision is None else provision,
    }
    return {"resourceType": "Consent", "id": "k1", **usual, **elements}


def read(*consents: Any) -> tuple[set[str], set[str], list[str]]:
    """Classes that are permitted, classes that are refused, and what could not be read."""
    permits, issues = read_permits(gathering(*consents))
    permitted = {one.measures for one in permits if not one.is_denial}
    return permitted, {one.measures for one in permits if one.is_denial}, [issue.message for issue in issues]


@pytest.mark.parametrize(
    ("code", "measures"),
    [
        (PULSE, {"vital-signs"}),
        (PRESSURE, {"vital-signs"}),
        ([concept(LOINC, "8480-6")], {"vital-signs"}),
        (SLEEP, {"sleep"}),
        (STEPS, {"activity"}),
        ([*PULSE, *SLEEP], {"vital-signs", "sleep"}),
        ([concept("http://terminology.hl7.org/CodeSystem/observation-category", "activity")], {"activity"}),
        ([concept(SIGNAL_SYSTEM, "gait-speed")], {"activity"}),
        ([concept(LOINC, "4548-4")], set()),
    ],
)
def test_a_permit_is_for_the_classes_that_its_codes_name(code: Any, measures: set[str]) -> None:
    assert read(consent({"type": "permit", "code": code})) == (measures, set(), [])


@pytest.mark.parametrize(
    ("classes", "measures"),
    [
        ([], ALL),
        ([{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}], ALL),
        ([{"system": "http://hl7.org/fhir/resource-types", "code": "MedicationRequest"}], set()),
    ],
)
def test_a_permit_without_codes_is_for_all_observations_or_none(classes: Any, measures: set[str]) -> None:
    assert read(consent({"type": "permit", "class": classes}))[0] == measures


def test_a_category_names_the_class_where_the_provision_does_not() -> None:
    assert read(consent(category=[concept(LOINC, "93832-4")]))[0] == {"sleep"}


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "inactive", "entered-in-error"])
def test_only_a_consent_in_force_counts(status: str) -> None:
    assert read(consent(status=status)) == (set(), set(), [])


@pytest.mark.parametrize("scope", ["research", "adr"])
def test_a_consent_to_something_else_is_none(scope: str) -> None:
    assert read(consent(scope=concept(SCOPE, scope))) == (set(), set(), [])


def test_a_consent_of_another_patient_is_none() -> None:
    gathered = gathering(consent())
    gathered.chart.of("Consent")[0].resource["patient"]["reference"] = "Patient/p2"
    assert read_permits(gathered) == ((), ())


def test_a_refusal_inside_a_permit_is_its_exception() -> None:
    permitted, refused, _ = read(consent({"type": "permit", "provision": [{"type": "deny", "code": SLEEP}]}))
    assert (permitted, refused) == (ALL, {"sleep"})


def test_a_permit_inside_a_refusal_is_its_exception() -> None:
    permitted, refused, _ = read(consent({"type": "deny", "provision": [{"type": "permit", "code": SLEEP}]}))
    assert (permitted, refused) == ({"sleep"}, {"activity", "vital-signs"})


def test_a_provision_inside_another_one_is_its_exception_where_it_does_not_say() -> None:
    permitted, refused, _ = read(consent({"type": "permit", "provision": [{"code": STEPS}]}))
    assert (permitted, refused) == (ALL, {"activity"})


def test_what_is_inside_a_provision_is_of_no_more_than_that() -> None:
    assert read(consent({"type": "deny", "code": PULSE, "provision": [{"type": "permit", "code": SLEEP}]}))[:2] == (set(), {"vital-signs"})


@pytest.mark.parametrize(("rule", "expected"), [("OPTIN", (ALL, set())), ("OPTOUT", (set(), ALL))])
def test_the_policy_says_what_a_provision_does_not(rule: str, expected: Any) -> None:
    assert read(consent({}, policyRule=concept(POLICY, rule)))[:2] == expected


def test_a_consent_that_says_neither_permits_nothing() -> None:
    assert read({**consent(), "provision": {}}) == (set(), set(), ["Consent/k1 permits nothing here: it neither permits nor refuses"])


@pytest.mark.parametrize(
    ("narrowing", "why"),
    [
        ({"purpose": [{"system": PURPOSE, "code": "HRESCH"}]}, "it is for HRESCH"),
        ({"data": [{"meaning": "instance", "reference": {"reference": "Observation/o"}}]}, "it is bound to data"),
        ({"dataPeriod": {"start": "2020"}}, "it is bound to dataPeriod"),
        (
            {"actor": [{"reference": {"reference": "Organization/other"}}]},
            "it is bound to somebody other than the organization that keeps it",
        ),
        ({"modifierExtension": [{"url": "urn:x"}]}, "a modifier extension may change its meaning"),
    ],
)
def test_a_permit_that_is_not_understood_in_full_permits_nothing_and_says_so(narrowing: dict[str, Any], why: str) -> None:
    assert read(consent({"type": "permit", **narrowing})) == (set(), set(), [f"Consent/k1 permits nothing here: {why}"])


def test_what_several_provisions_lack_is_said_once() -> None:
    narrow = {"type": "permit", "dataPeriod": {"start": "2020"}}
    assert read(consent({"type": "deny", "provision": [narrow, narrow]}))[2] == [
        "Consent/k1 permits nothing here: it is bound to dataPeriod"
    ]


def test_a_permit_for_care_by_the_organization_that_keeps_it_is_understood() -> None:
    organization = {"reference": "Organization/clinic"}
    provision = {"type": "permit", "purpose": [{"system": PURPOSE, "code": "TREAT"}], "actor": [{"reference": organization}]}
    assert read(consent(provision, organization=[organization]))[0] == ALL


def test_a_refusal_counts_however_narrow_it_is() -> None:
    assert read(consent({"type": "deny", "actor": [{"reference": {"reference": "Organization/other"}}]}))[1] == ALL


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ({"start": "2026-02-01", "end": "2026-02-28"}, "2026-02-01T00:00:00+01:00", "2026-02-28T23:59:59.999999+01:00"),
        ({"start": "2026-02"}, "2026-02-28T23:59:59.999999+01:00", "None"),
        ({"end": "2026-02"}, "2026-01-01T00:00:00+01:00", "2026-02-01T00:00:00+01:00"),
        ({}, "2026-01-01T00:00:00+01:00", "None"),
    ],
)
def test_a_permit_counts_for_the_shortest_time_that_its_dates_may_mean(period: Any, start: str, end: str) -> None:
    ((permit), *_), _ = read_permits(gathering(consent({"type": "permit", "code": SLEEP, "period": period})))
    assert (permit.start.isoformat(), permit.end.isoformat() if permit.end else "None") == (start, end)


def test_a_refusal_without_a_date_always_counted() -> None:
    ((refusal), *_), _ = read_permits(gathering(consent({"type": "deny", "code": SLEEP})))
    assert (refusal.start.year, refusal.end) == (1, None)


@pytest.mark.parametrize("odd", ["x", [], {"code": "x"}, {"type": "permit", "provision": [None, "x"]}, {"type": 3}], ids=str)
def test_odd_provisions_never_raise(odd: Any) -> None:
    assert read({**consent(), "provision": odd})[1] == set()


@pytest.mark.parametrize(
    "period", [{"end": "2026-02-30"}, {"start": "2025-01-01", "end": "28.02.2026"}, {"start": "2027-02-30"}, {"end": 5}, "2020"], ids=str
)
def test_a_permit_of_which_nobody_knows_when_it_ends_permits_nothing(period: Any) -> None:
    permitted, refused, (why,) = read(consent({"type": "permit", "period": period}))
    assert (permitted, refused, "when it begins or ends cannot be read" in why) == (set(), set(), True)


def test_a_refusal_of_which_nobody_knows_when_it_ends_counts() -> None:
    assert read(consent({"type": "deny", "period": {"end": "2026-02-30"}}))[1] == ALL


@pytest.mark.parametrize(
    ("action", "permitted"),
    [
        ([concept(ACTION, "collect")], ALL),
        ([concept(ACTION, "disclose"), concept(ACTION, "use")], ALL),
        ([concept(ACTION, "disclose")], set()),
        ([concept(ACTION, "correct")], set()),
        ([{"text": "look"}], set()),
    ],
)
def test_a_permit_to_do_something_else_permits_nothing(action: Any, permitted: set[str]) -> None:
    assert read(consent({"type": "permit", "action": action}))[0] == permitted


@pytest.mark.parametrize("actor", [[{"reference": "Practitioner/9"}], [{"role": {"text": "x"}}], ["Practitioner/9"], "me"], ids=str)
def test_a_permit_bound_to_somebody_who_cannot_be_read_permits_nothing(actor: Any) -> None:
    permitted, _, (why,) = read(consent({"type": "permit", "actor": actor}))
    assert (permitted, "whom it is bound to cannot be read" in why) == (set(), True)
