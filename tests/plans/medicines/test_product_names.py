"""A code whose name says something else is found, and mere differences of style are not."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import Form
from fhir_taper.plans.medicines.product_names import disagreement, names_agree, stated_mg, stated_strengths
from fhir_taper.plans.tables.medicine_tables import load_medicines

TABLES = load_medicines()
AGREE = [
    ("197591", "Diazepam 5 MG Oral Tablet"),
    ("197591", "DIAZEPAM 5mg tab"),
    ("197591", "Valium 5 mg"),
    ("197591", "diazepam"),
    ("197591", ""),
    ("1049621", "oxyCODONE HCl 5 mg oral tablet"),
    ("1049623", "Oxycodone Hydrochloride 5mg oral tablet (Roxicodone"),
    ("1049221", "Oxycodone 5 MG / Acetaminophen 325 MG Oral Tablet"),
    ("1049221", "Percocet 5-325"),
    ("1049221", "oxycodone-acetaminophen 5-325 mg"),
    ("856980", "Acetaminophen/Hydrocodone"),
    ("1010603", "Suboxone 2 MG / 0.5 MG Sublingual Film"),
    ("1049502", "Oxycodone ER 10 mg tablet"),
    ("1049504", "OxyContin 10 mg tablet"),
    ("577057", "fentanyl 12 mcg/hr patch"),
    ("577057", "fentanyl 12.5 mcg/h transdermal"),
    ("577057", "Duragesic 0.012 MG/HR"),
    ("856940", "hydrocodone-acetaminophen 7.5-325 mg/15 mL oral solution"),
    ("892589", "morphine sulfate 10 mg/5 mL oral solution"),
    ("892625", "Morphine concentrate 100 mg per 5 mL"),
    ("637540", "aspirin 325 MG / oxycodone hydrochloride 4.5 MG / oxycodone terephthalate 0.38 MG Oral Tablet"),
    ("1716069", "buprenorphine 450 mcg buccal film"),
    ("857002", "acetaminophen 325 mg / hydrocodone bitartrate 5 mg tablet"),
    ("857002", "HYDROcodone-acetaminophen (NORCO) 5-325 mg per tablet"),
]
DISAGREE = [
    ("854873", "zolpidem tartrate 5 MG Oral Tablet", "says 5 mg"),
    ("197591", "Lorazepam 5 MG Oral Tablet", "names lorazepam, not diazepam"),
    ("197591", "Diazepam 10 MG Oral Tablet", "says 10 mg"),
    ("197591", "Foobarin 5 mg", "names no medicine known here, not diazepam"),
    ("1049621", "12 HR oxycodone hydrochloride 5 MG Extended Release Oral Tablet", "says extended release"),
    ("1049502", "oxycodone hydrochloride 10 MG Oral Tablet", "does not say extended release"),
    ("1049221", "Percocet 10-325", "says 10 mg"),
    ("857002", "HYDROcodone-acetaminophen (NORCO) 10-325 mg per tablet", "says 10 mg"),
    ("856940", "hydrocodone-acetaminophen 10-325 mg/15 mL oral solution", "says 0.666667 mg/mL"),
    ("1049621", "oxycodone 5 MG / acetaminophen 325 MG Oral Tablet", "also names acetaminophen"),
    ("1049221", "oxycodone hydrochloride 5 MG Oral Tablet", "does not name acetaminophen"),
    ("577057", "fentanyl 25 mcg/hr patch", "says 0.025 mg/h"),
    ("892589", "morphine sulfate 20 mg/mL oral solution", "says 20 mg/mL"),
    ("892582", "morphine 15 mg injection", "says injection"),
    ("351265", "buprenorphine 8 mg / naloxone 2 mg sublingual tablet", "also names naloxone"),
]


@pytest.mark.parametrize(("rxcui", "display"), AGREE)
def test_the_same_product_in_other_words_agrees(rxcui: str, display: str) -> None:
    product = TABLES.product(rxcui)
    assert product is not None
    assert names_agree(product, display, TABLES.ingredients_in), disagreement(product, display, TABLES.ingredients_in)


@pytest.mark.parametrize(("rxcui", "display", "why"), DISAGREE)
def test_another_product_is_named_as_such(rxcui: str, display: str, why: str) -> None:
    product = TABLES.product(rxcui)
    assert product is not None
    assert disagreement(product, display, TABLES.ingredients_in) == why


@pytest.mark.parametrize(
    "display", ["diazepam 0 mg/0 ml", "diazepam 5-0 mg/0 ml", "diazepam ................ 5 mg", "diazepam 5" + "0" * 400]
)
def test_odd_words_are_compared_without_falling_over(display: str) -> None:
    product = TABLES.product("856940")
    assert product is not None
    assert disagreement(product, display, TABLES.ingredients_in) == "names diazepam, not hydrocodone"
    assert isinstance(disagreement(product, display.replace("diazepam", "hycet"), TABLES.ingredients_in), str)


def test_without_a_table_of_names_only_the_products_own_words_are_understood() -> None:
    product = TABLES.product("197591")
    assert product is not None
    assert names_agree(product, "Diazepam 5 mg tablet")
    assert disagreement(product, "Lorazepam 5 mg tablet") == "does not name diazepam"


def test_every_product_of_the_table_agrees_with_its_own_name_whatever_its_case() -> None:
    products = TABLES.products.values()
    assert [p.name for p in products if disagreement(p, f" {p.name.upper()} ", TABLES.ingredients_in)] == []


def test_the_components_of_a_name_are_read_in_order() -> None:
    found = stated_strengths("12 HR chlorpheniramine polistirex 1.6 MG/ML / hydrocodone polistirex 2 MG/ML Extended Release Suspension")
    assert [(part.words, part.amount, part.unit) for part in found] == [
        ("chlorpheniramine polistirex", Decimal("1.6"), "MG/ML"),
        ("hydrocodone polistirex", Decimal(2), "MG/ML"),
    ]


def test_a_stated_patch_is_mg_per_day_worn_and_two_salts_add() -> None:
    assert stated_mg("72 HR fentanyl 0.025 MG/HR Transdermal System", "fentanyl", Form.PATCH) == Decimal("0.6")
    two_salts = "aspirin 325 MG / oxycodone hydrochloride 4.5 MG / oxycodone terephthalate 0.38 MG Oral Tablet"
    assert stated_mg(two_salts, "oxycodone", Form.TABLET) == Decimal("4.88")
    assert stated_mg(two_salts, "codeine", Form.TABLET) is None
