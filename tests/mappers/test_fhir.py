"""The one door to the FHIR models: what makes a resource untrustworthy, and what is only remarkable."""

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.mappers.fhir import judge, model_of, strict_errors, validate
from tests.mappers.charts import OXYCODONE, PATIENT, order, resource

DOSE = {"value": 1, "unit": "tablet"}


def with_dose(**quantity: Any) -> dict[str, Any]:
    return order(dosageInstruction=[{"doseAndRate": [{"doseQuantity": {**DOSE, **quantity}}]}])


def with_repeat(**repeat: Any) -> dict[str, Any]:
    return order(dosageInstruction=[{"timing": {"repeat": repeat}}])


@pytest.mark.parametrize(
    "sound",
    [
        order(),
        PATIENT,
        resource("MedicationStatement", "s1", status="active", medicationCodeableConcept=OXYCODONE, dosage=[{"text": "daily"}]),
        resource("MedicationDispense", "d1", status="completed", medicationCodeableConcept=OXYCODONE, daysSupply={"value": 30}),
        resource("Observation", "w1", status="final", code={"text": "weight"}, valueQuantity={"value": Decimal("70.0"), "unit": "kg"}),
        resource("Condition", "c1", code={"text": "pain"}),
        {"resourceType": "Medication", "id": "x", "code": OXYCODONE},
    ],
    ids=lambda one: one["resourceType"],
)
def test_a_sound_resource_has_no_error_and_no_remark(sound: dict[str, Any]) -> None:
    verdict = judge(sound)
    assert (verdict.error, verdict.remarks) == ("", ())
    assert validate(sound) is None


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        (order(dosageInstruction={"text": "daily"}), "dosageInstruction"),
        (order(dosageInstruction=[None]), "dosageInstruction"),
        (order(dosageInstruction=[{"text": 5}]), "dosageInstruction[0].text"),
        (order(dosageInstruction=[{"doseAndRate": {"doseQuantity": DOSE}}]), "dosageInstruction[0].doseAndRate"),
        (order(status=5), "status"),
        (order(subject="Patient/p1"), "subject is text, not an object"),
        (order(requester=["x"]), "requester is a list, not an object"),
        (order(medicationCodeableConcept={"coding": [{"code": 7804}]}), "medicationCodeableConcept.coding[0].code"),
        (order(medicationReference={"reference": "Medication/x"}), "only one of medicationCodeableConcept, medicationReference"),
        (order(contained=[{"resourceType": "Medication", "id": "x", "code": 5}]), "contained[0].code"),
        (with_dose(value={}), "dosageInstruction[0].doseAndRate[0].doseQuantity.value"),
        (PATIENT | {"birthDate": 1970}, "birthDate is a number, not a date"),
        (PATIENT | {"name": "Ada"}, "name"),
        (resource("Observation", "w1", code={"text": "x"}, status="final", valueQuantity={"value": "x"}), "valueQuantity.value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_type_in_what_the_core_reads_is_an_error_with_its_path(bad: dict[str, Any], path: str) -> None:
    error = validate(bad)
    assert error is not None
    assert error.startswith(path)
    assert "\n" not in error


@pytest.mark.parametrize(
    ("misleading", "says"),
    [
        (with_dose(value="5"), "doseQuantity.value is text, not a number"),
        (with_dose(value=True), "doseQuantity.value is true or false, not a number"),
        (with_dose(value=Decimal("1E+999999")), "beyond any sensible size"),
        (with_dose(value=10**40), "beyond any sensible size"),
        (with_repeat(frequency="2"), "frequency is text, not a number"),
        (with_repeat(frequency=True), "frequency is true or false, not a number"),
        (with_repeat(period="1"), "period is text, not a number"),
        (order(dosageInstruction=[{"sequence": "1"}]), "sequence is text, not a number"),
        (order(dosageInstruction=[{"asNeededBoolean": "false"}]), "asNeededBoolean is text, not true or false"),
        (order(doNotPerform="true"), "doNotPerform is text, not true or false"),
        (order(doNotPerform=1), "doNotPerform is a number, not true or false"),
        (order(authoredOn=2020), "authoredOn is a number, not a date"),
        (order(modifierExtension=[{"url": "x", "valueBoolean": True}]), "may change the meaning"),
        (order(dosageInstruction=[{"modifierExtension": [{"url": "x"}]}]), "may change the meaning"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_models_accept_and_would_mislead_a_dose_is_an_error(misleading: dict[str, Any], says: str) -> None:
    assert says in (validate(misleading) or "")


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        (order(status=...), "status: required and absent"),
        (order(medicationCodeableConcept=...), "one of medicationCodeableConcept, medicationReference is required and absent"),
        (order(madeUp=1), "madeUp: unknown element"),
        (with_dose(madeUp=1), "dosageInstruction[0].doseAndRate[0].doseQuantity.madeUp: unknown element"),
        (order(status=" active"), "status: "),
        (order(authoredOn="2026-01-05T10:00:00"), "authoredOn: '2026-01-05T10:00:00' is not written as FHIR writes"),
        (order(authoredOn="yesterday"), "authoredOn: 'yesterday' is not written as FHIR writes"),
        (with_repeat(boundsPeriod={"start": "2026-01-05 10:00"}), "start: '2026-01-05 10:00' is not written as FHIR writes"),
        (with_repeat(timeOfDay=["9:00"]), "timeOfDay[0]: '9:00' is not written as FHIR writes"),
        (with_repeat(frequency=0, period=1, periodUnit="d"), "frequency: "),
        (order(dosageInstruction=[{"asNeededBoolean": True, "asNeededCodeableConcept": {"text": "pain"}}]), "only one of asNeededBoolean"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_a_rule_without_doubt_about_the_value_is_a_remark(odd: dict[str, Any], says: str) -> None:
    verdict = judge(odd)
    assert verdict.error == ""
    assert [remark for remark in verdict.remarks if says in remark] != []


@pytest.mark.parametrize("value", ["yesterday", "2026-13-40", ""])
def test_a_bound_of_a_dosage_that_is_no_date_is_an_error(value: str) -> None:
    assert validate(with_repeat(boundsPeriod={"end": value})) is not None


@pytest.mark.parametrize(
    "irrelevant",
    [
        {"id": "m_1"},
        {"note": [None]},
        {"text": {"status": "generated"}},
        {"meta": {"lastUpdated": "2026"}},
        {"extension": [{"valueString": 5}]},
    ],
    ids=str,
)
def test_what_the_core_does_not_read_cannot_hide_an_order(irrelevant: dict[str, Any]) -> None:
    assert judge(order() | irrelevant).error == ""


def test_contained_resources_that_are_no_medicines_are_not_looked_at() -> None:
    assert judge(order(contained=[{"resourceType": "MadeUp", "x": 1}, {"resourceType": "Practitioner", "name": 5}])).error == ""


@pytest.mark.parametrize("kind", ["Nonsense", "medicationrequest", "MedicationRequest.x", "Quantity", "Dosage", "", "../os"])
def test_a_name_that_is_no_resource_type_is_a_key_error_and_never_an_import(kind: str) -> None:
    with pytest.raises(KeyError):
        model_of(kind)


def test_a_resource_of_no_type_that_r4_has_is_an_error_in_words() -> None:
    assert validate({"resourceType": "Nonsense"}) == "'Nonsense' is not a resource type of FHIR R4"
    assert validate({"resourceType": 5}) == "5 is not a resource type of FHIR R4"


def test_a_care_plan_is_judged_whole() -> None:
    plan = resource("CarePlan", "c1", status="active", intent="plan")
    assert validate(plan) is None
    assert validate(plan | {"activity": 5}) == "activity is a whole number, not a list"


def test_nesting_too_deep_for_a_model_is_an_error_and_not_a_crash() -> None:
    extension: dict[str, Any] = {"url": "x", "valueString": "y"}
    for _ in range(400):
        extension = {"url": "x", "extension": [extension]}
    verdict = judge(order(dosageInstruction=[{"extension": [extension]}]))
    assert verdict.error in ("", "nested too deep to be read")


def test_importing_the_door_imports_no_model() -> None:
    code = "import sys, fhir_taper.mappers.bundle; sys.exit(any(name.startswith('fhir.') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"detail": 5}, "detail is a whole number, not text"),
        ({"implicated": "true"}, "implicated is text, not a list"),
        ({"implicated": ["true"]}, "implicated[0] is text, not an object"),
        ({"implicated": ["nobody"]}, "implicated[0] is text, not an object"),
        ({"evidence": [7]}, "evidence[0] is a whole number, not an object"),
        ({"code": []}, "code is a list, not an object"),
        ({"identifiedDateTime": {}}, "identifiedDateTime is an object, not a date"),
        ({"evidence": [{"code": [{"coding": [{"display": None, "userSelected": "maybe"}]}]}]},
         "evidence[0].code[0].coding[0].userSelected is text, not true or false"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_with_its_path_what_it_is_and_what_belongs_there(elements: dict[str, Any], said: str) -> None:
    assert validate({"resourceType": "DetectedIssue", "status": "final", **elements}) == said


@pytest.mark.parametrize("kind", [5, True, [], {}, None])
def test_a_contained_type_that_is_no_word_is_an_error_and_not_a_crash(kind: Any) -> None:
    assert judge(resource("CarePlan", "c1", status="active", intent="plan", contained=[{"resourceType": kind}])).error


def test_what_goes_out_is_judged_strictly_and_every_error_has_its_path() -> None:
    assert strict_errors({"resourceType": "Device", "version": [{"value": "0.1"}]}) == ()
    assert [said.partition(":")[0] for said in strict_errors({"resourceType": "Device", "version": "0.1", "made": 1})] == [
        "version",
        "made",
    ]
    assert strict_errors({"resourceType": "Nothing"}) == ("it is no resource of FHIR R4",)
