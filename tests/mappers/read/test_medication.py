from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.mappers.read.medication import identify
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.systems import NDC, RXNORM, SNOMED, Coding
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Use
from fhir_taper.plans.medicines.regimen import Reason
from fhir_taper.plans.tables.medicine_tables import load_medicines
from tests.mappers.read.orders import chart, dosage, item, read, request


def named(text: str, *listed: Coding) -> Medicine:
    return identify(listed, text, load_medicines())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("OXYCODONE 5 MG TABLET", "oxycodone hydrochloride 5 MG Oral Tablet"),
        ("oxyCODONE (ROXICODONE) 5 mg immediate release tablet", "oxycodone hydrochloride 5 MG Oral Tablet [Roxicodone]"),
        ("OXYCODONE-ACETAMINOPHEN 5-325 MG TABLET", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet"),
        ("HYDROcodone-acetaminophen 5-325 mg per tablet", "acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet"),
        ("fentanyl 25 mcg/hr patch", "72 HR fentanyl 0.025 MG/HR Transdermal System"),
        ("Fentanyl 25micrograms/hour patch (product)", "72 HR fentanyl 0.025 MG/HR Transdermal System"),
        ("fentaNYL (DURAGESIC) 12 mcg/hr", "72 HR fentanyl 0.012 MG/HR Transdermal System [Duragesic]"),
        ("oxycodone 5 mg/5 mL oral solution", "oxycodone hydrochloride 1 MG/ML Oral Solution"),
        ("buprenorphine-naloxone 8-2 mg film", "buprenorphine 8 MG / naloxone 2 MG Sublingual Film"),
        ("Ativan 1 mg tablet", "lorazepam 1 MG Oral Tablet [Ativan]"),
    ],
)
def test_a_name_as_ehrs_write_it_is_looked_up(text: str, name: str) -> None:
    found = named(text)
    assert found.product is not None
    assert found.product.name.lower() == name.lower()


def test_the_release_that_a_name_says_is_the_release_that_is_taken() -> None:
    assert named("morphine ER 15 mg tablet").release is Release.EXTENDED
    assert named("morphine 15 mg tablet").release is Release.IMMEDIATE


def test_a_standard_name_that_no_table_holds_gives_ingredient_and_strength() -> None:
    found = named("oxycodone hydrochloride 7 MG Oral Tablet")
    assert (found.product, found.ingredient, found.mg, found.form) == (None, "oxycodone", Decimal(7), Form.TABLET)


def test_without_a_strength_a_name_has_none() -> None:
    assert named("Percocet tablet").mg is None
    assert named("Percocet tablet").drug_class is DrugClass.OPIOID


def test_two_drugs_in_one_name_are_a_conflict() -> None:
    assert named("oxycodone 5 mg or diazepam 5 mg").reason is Reason.PRODUCT_CONFLICT


def test_something_unknown_beside_a_known_other_medicine_is_unknown() -> None:
    assert named("amoxicillin 250 MG / newdrug 5 MG Oral Tablet").drug_class is DrugClass.UNKNOWN
    assert named("Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet").drug_class is DrugClass.OTHER


def test_a_name_that_says_less_than_its_code_is_no_conflict() -> None:
    found = named("", Coding(RXNORM, "1049621", "pain medicine"))
    assert found.reason is None
    assert found.notes


def test_a_name_of_another_coding_is_held_against_the_code() -> None:
    found = named("", Coding(RXNORM, "1049621", "oxycodone hydrochloride 5 MG Oral Tablet"), Coding(SNOMED, "1", "Diazepam 5 mg tablet"))
    assert found.reason is Reason.PRODUCT_CONFLICT


def test_an_ingredient_code_of_another_drug_is_a_conflict() -> None:
    found = named("", Coding(RXNORM, "1049621"), Coding(RXNORM, "3322", "diazepam"))
    assert found.reason is Reason.PRODUCT_CONFLICT


def test_a_pack_has_its_class_and_no_strength() -> None:
    pack = next(iter(load_medicines().recognised_codes.values()))
    found = named("", Coding(RXNORM, pack.rxcui))
    assert (found.drug_class, found.ingredient, found.mg) == (pack.drug_class, pack.ingredient, None)


def test_an_injection_by_name_is_parenteral() -> None:
    assert named("hydromorphone PCA 1 mg/mL").use is Use.PARENTERAL


@pytest.mark.parametrize("listed", [(Coding(NDC, "00000-0000-00"),), (Coding(RXNORM, "99999999"),), ()])
def test_what_has_no_name_and_no_known_code_is_unknown_and_never_other(listed: tuple[Coding, ...]) -> None:
    assert named("", *listed).drug_class is DrugClass.UNKNOWN
    assert named("", *listed).reason is Reason.UNKNOWN_MEDICATION


def test_an_unresolved_reference_is_read_by_its_display_and_says_so() -> None:
    reference: dict[str, Any] = {"reference": "Medication/absent", "display": "oxycodone 5 mg tablet"}
    (only,) = read(request(medicationCodeableConcept=None, medicationReference=reference, dosageInstruction=[dosage()]))
    assert only.scheduled_mg == 20
    assert "Medication/absent" in " ".join(only.notes)


def test_the_strength_of_a_medication_resource_is_not_used() -> None:
    strength = {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 10, "unit": "mg"}}
    concept = {"coding": [{"system": RXNORM, "code": "7804", "display": "oxycodone"}]}
    inside = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": concept, "strength": strength}]}
    (only,) = read(
        request(medicationCodeableConcept=None, medicationReference={"reference": "#m"}, contained=[inside], dosageInstruction=[dosage()])
    )
    assert (only.drug_class, only.reason) == (DrugClass.OPIOID, Reason.NO_STRENGTH)


def test_a_medication_without_a_code_is_called_by_its_ingredient() -> None:
    concept = {"coding": [{"system": SNOMED, "code": "387106007", "display": "Lorazepam (substance)"}]}
    inside = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": concept}]}
    (only,) = read(request(medicationCodeableConcept=None, medicationReference={"reference": "#m"}, contained=[inside]))
    assert (only.drug, only.drug_class) == ("Lorazepam (substance)", DrugClass.BENZODIAZEPINE)


@pytest.mark.parametrize("route", [{"text": "rectal"}, {"text": "Both Eyes"}, {"coding": [{"system": SNOMED, "code": "37161004"}]}])
def test_an_oral_product_by_a_route_that_it_is_not_made_for_is_a_conflict(route: dict[str, Any]) -> None:
    assert item(dosageInstruction=[dosage(route=route)]).reason is Reason.PRODUCT_CONFLICT


def test_a_rectal_product_by_the_rectal_route_is_no_conflict() -> None:
    medicine = {"coding": [{"system": RXNORM, "code": "892516"}]}
    instruction = dosage(route={"text": "rectal"}, doseAndRate=[{"doseQuantity": {"value": 1, "unit": "suppository"}}])
    assert item(medicationCodeableConcept=medicine, dosageInstruction=[instruction]).scheduled_mg == 40


def test_an_oral_product_by_an_intravenous_route_is_a_conflict() -> None:
    assert item(dosageInstruction=[dosage(route={"text": "intravenous"})]).reason is Reason.PRODUCT_CONFLICT


def test_a_reference_that_points_at_something_else_is_unknown() -> None:
    whole = chart(request(medicationCodeableConcept=None, medicationReference={"reference": "Patient/p1"}))
    assert whole.of("MedicationRequest")
    (only,) = read(request(medicationCodeableConcept=None, medicationReference={"reference": "Patient/p1"}))
    assert only.drug_class is DrugClass.UNKNOWN


@pytest.mark.parametrize(
    ("text", "mg"), [("lorazepam 2,5 mg tablet", "2.5"), ("morphine 7,5 mg tablet", "7.5"), ("alprazolam 0,25 mg tablet", "0.25")]
)
def test_a_decimal_comma_is_a_point_and_never_cuts_a_strength_short(text: str, mg: str) -> None:
    assert named(text).mg == Decimal(mg)


def test_a_code_beside_a_name_with_a_decimal_comma_is_held_against_the_whole_number() -> None:
    found = identify([Coding(RXNORM, "1049621", "")], "oxycodone 2,5 mg tablet", load_medicines())
    assert found.reason is Reason.PRODUCT_CONFLICT


@pytest.mark.parametrize(
    ("text", "ingredient", "mg"),
    [("Xanax 0.5 mg", "alprazolam", "0.5"), ("Dilaudid 2 mg", "hydromorphone", "2"), ("Nucynta 50 mg", "tapentadol", "50")],
)
def test_a_brand_of_several_releases_has_the_strength_that_its_name_states_and_no_product(text: str, ingredient: str, mg: str) -> None:
    found = named(text)
    assert (found.ingredient, found.mg, found.product) == (ingredient, Decimal(mg), None)


def test_a_brand_with_a_concentration_is_no_tablet() -> None:
    assert named("Dilaudid 2 mg/mL").mg is None


@pytest.mark.parametrize("text", ["Norco 5/325", "Percocet 5/325"])
def test_a_pair_of_strengths_without_a_unit_finds_its_product(text: str) -> None:
    found = named(text)
    assert (found.mg, [part.mg for part in found.companions]) == (Decimal(5), [Decimal(325)])


def test_a_brand_with_a_strength_that_no_product_has_says_so() -> None:
    found = item(medicationCodeableConcept={"text": "Ambien 7 mg"}, dosageInstruction=[dosage()])
    assert found.how == "1 tablet of Ambien 7 mg: the strength is not known (no single product that is known here fits this name)"


def test_a_brand_of_a_z_drug_is_read_by_its_name_and_its_unknown_code_is_kept() -> None:
    found = named("Ambien 10 MG Oral Tablet", Coding(RXNORM, "854875", "zolpidem tartrate 10 MG Oral Tablet [Ambien]"))
    assert (found.ingredient, found.mg, found.drug_class) == ("zolpidem", Decimal(10), DrugClass.Z_DRUG)


def test_a_brand_code_that_is_not_known_here_and_has_no_name_is_unknown_and_says_its_code() -> None:
    assert "854875 is not known here" in named("", Coding(RXNORM, "854875")).says
