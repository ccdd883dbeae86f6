from datetime import date
from typing import Any

import pytest

from fhir_taper import exact_json
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.plans.medicines.equivalence import diazepam_equivalent, mme
from fhir_taper.plans.tables import load
from fhir_taper.render.terminal_regimen import regimen_text
from fhir_taper.workflow.regimen import regimen
from tests.mappers.read.orders import dosage, medicine, request

TWICE = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
SUBLINGUAL = ("351265", "buprenorphine 8 MG Sublingual Tablet")


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as a sentence, so that the words of two columns do not mix."""
    monkeypatch.setenv("COLUMNS", "240")


def shown(*orders: dict[str, Any]) -> str:
    entries = [{"resource": {"resourceType": "Patient", "id": "p1"}}, *({"resource": order} for order in orders)]
    chart = decode_chart([("chart.json", exact_json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries}))])
    taken = regimen(chart, date(2026, 1, 5))
    tables = load().medicines
    return " ".join(regimen_text(taken, mme(taken, tables, "cdc-2022"), diazepam_equivalent(taken, tables, None)).split())


def test_an_equivalent_whose_maximum_differs_is_multiplied_out_for_both() -> None:
    assert "scheduled 0 mg/d × 1.5 = 0; maximum 20 mg/d × 1.5 = 30" in shown(
        request(dosageInstruction=[dosage(asNeededBoolean=True)], authoredOn="2026-01-01")
    )


def test_possible_duplicates_are_told_with_the_records_on_both_sides_and_with_what_it_means_for_the_total() -> None:
    text = shown(request("m1", dosageInstruction=[dosage()]), request("m2", dosageInstruction=[dosage()], reportedBoolean=True))
    assert "2 records may be the same: MedicationRequest/m1, MedicationRequest/m2" in text
    assert "(MedicationRequest/m2): reported as taken, not ordered here" in text
    assert "up to: one medicine may be counted twice" in text
    assert "at least" not in text


def test_what_makes_a_total_incomplete_is_said_beside_it() -> None:
    assert "(at least: not everything could be counted)" in shown(request("m1"), request("m2", dosageInstruction=[dosage()]))


def test_a_medicine_that_is_counted_and_not_tapered_says_why() -> None:
    text = shown(request(medicationCodeableConcept=medicine(*SUBLINGUAL), dosageInstruction=[dosage(timing=TWICE)]))
    assert "not tapered: treatment of opioid use disorder until a clinician says otherwise" in text


def test_what_is_in_the_same_tablets_is_totalled_too() -> None:
    percocet = medicine("1049221", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet")
    orders = [
        request(medicationCodeableConcept=percocet, dosageInstruction=[dosage(asNeededBoolean=flag)], id=str(flag))
        for flag in (False, True)
    ]
    text = shown(*orders)
    assert "acetaminophen, in combination products and alone: scheduled 1300 mg, maximum 2600 mg a day" in text


def test_a_companion_of_which_no_amount_is_known_is_named_with_what_is_missing() -> None:
    percocet = medicine("1049221", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet")
    text = shown(
        request("m1", medicationCodeableConcept=percocet), request("m2", medicationCodeableConcept=percocet, dosageInstruction=[dosage()])
    )
    assert "scheduled 1300 mg, maximum 1300 mg a day (at least: not everything could be counted)" in text


def test_records_that_say_the_same_are_one_row_with_their_number_and_stopped_ones_one_line() -> None:
    text = shown(*(request(f"m{number}") for number in range(5)), *(request(f"s{number}", status="stopped") for number in range(3)))
    assert text.count("not computable") == 1
    assert "(5 records)" in text
    assert "Not counted, not active (status stopped): " in text
    assert "(3 records)" in text


def test_a_total_of_nothing_that_could_be_counted_is_unknown_and_not_zero() -> None:
    text = shown(request())
    assert "Opioids, MME a day: unknown (nothing could be counted)" in text
    assert "maximum 0" not in text


def test_an_equivalent_names_its_unit_and_a_computed_amount_has_no_trailing_zeros() -> None:
    text = shown(request(dosageInstruction=[dosage(timing=TWICE)]))
    assert " MME " in text
    assert ".0 " not in text
