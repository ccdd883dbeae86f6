"""The medicine tables hold what they should, find it, and refuse what cannot be vouched for."""

from decimal import Decimal

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, SourceState, Use
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables.medicine_tables import TABLE_FILES, load_medicines, read_medicines
from fhir_taper.plans.tables.reading import text_of

TABLES = load_medicines()


def product(rxcui: str) -> Product:
    found = TABLES.product(rxcui)
    assert found is not None
    return found


def with_row(table: str, row: str) -> dict[str, str]:
    return {table: f"{text_of(table)}{row}\n"}


def changed(table: str, old: str, new: str) -> dict[str, str]:
    text = text_of(table)
    assert text.count(old) == 1, old
    return {table: text.replace(old, new)}


def test_every_row_of_every_table_is_acceptable() -> None:
    assert TABLES.check() is TABLES
    assert len(TABLES.products) > 1100
    assert {edition.table for edition in TABLES.editions} == set(TABLE_FILES)


@pytest.mark.parametrize(
    ("rxcui", "mg"),
    [
        ("197590", "2"),
        ("309844", "5"),  # diazepam concentrate, per mL
        ("577057", "0.3"),  # the 12 patch is 12.5 mcg/h × 24
        ("583490", "0.3"),
        ("245134", "0.6"),
        ("1603495", "0.9"),  # 37.5 mcg/h × 24
        ("904870", "0.24"),
        ("637540", "4.88"),  # two salts of oxycodone add
        ("2272613", "10"),  # 100 mg/mL, 0.1 mL per spray
        ("1237050", "0.1"),
        ("864826", "5"),  # strength only in the name
        ("2588478", "44"),
    ],
)
def test_strengths_are_per_unit_exactly(rxcui: str, mg: str) -> None:
    assert str(product(rxcui).mg) == mg


def test_the_factors_are_those_of_cdc_2022_and_no_others() -> None:
    assert {(f.ingredient, f.route_form, str(f.factor), f.per) for f in TABLES.mme_table("cdc-2022")} == {
        ("codeine", "oral", "0.15", "mg/d"),
        ("fentanyl", "transdermal", "2.4", "mcg/h"),
        ("hydrocodone", "oral", "1", "mg/d"),
        ("hydromorphone", "oral", "5", "mg/d"),
        ("methadone", "oral", "4.7", "mg/d"),
        ("morphine", "oral", "1", "mg/d"),
        ("oxycodone", "oral", "1.5", "mg/d"),
        ("oxymorphone", "oral", "3", "mg/d"),
        ("tapentadol", "oral", "0.4", "mg/d"),
        ("tramadol", "oral", "0.2", "mg/d"),
    }


def test_no_z_drug_has_a_diazepam_equivalent() -> None:
    z_drugs = {item.name for item in TABLES.ingredients if item.drug_class is DrugClass.Z_DRUG}
    assert z_drugs >= {"zolpidem", "zaleplon", "eszopiclone"}
    assert not z_drugs & {row.ingredient for row in TABLES.equivalents}


@pytest.mark.parametrize(
    ("rxcui", "parts", "state"),
    [
        ("197590", 2, SourceState.KNOWLEDGE),
        ("197322", 4, SourceState.KNOWLEDGE),  # alprazolam 2 mg, multi-scored
        ("197900", 2, SourceState.DEFAULT),  # lorazepam 0.5 mg is not scored by the brand's label
        ("197527", 2, SourceState.KNOWLEDGE),
        ("197528", 1, None),  # clonazepam 1 mg
        ("854873", 1, None),  # zolpidem
        ("1049621", 1, None),  # oxycodone
    ],
)
def test_parts_have_a_source_and_unknown_is_whole(rxcui: str, parts: int, state: SourceState | None) -> None:
    found = product(rxcui)
    assert (found.parts, found.parts_state) == (parts, state)
    assert bool(found.parts_source) is (state is not None)


def test_only_plain_immediate_release_tablets_are_ever_cut() -> None:
    assert [
        p.name for p in TABLES.products.values() if p.parts > 1 and (p.form is not Form.TABLET or p.release is not Release.IMMEDIATE)
    ] == []


def test_every_oral_liquid_has_a_smallest_volume_and_every_patch_its_wear_time() -> None:
    assert [p.name for p in TABLES.products.values() if p.is_liquid and p.route == "oral" and p.smallest_ml is None] == []
    assert {p.wear_h for p in TABLES.products.values() if p.is_patch} == {72, 168}
    assert product("309844").smallest_ml == Decimal("0.05")
    assert product("309843").smallest_ml == Decimal("0.1")


@pytest.mark.parametrize(
    ("rxcui", "use"),
    [
        ("995868", Use.ANTITUSSIVE),  # codeine with guaifenesin
        ("992668", Use.ANTITUSSIVE),  # hydrocodone with homatropine
        ("993781", Use.ORDINARY),  # codeine with acetaminophen
        ("801961", Use.RESCUE),  # rectal diazepam
        ("2682571", Use.RESCUE),  # buccal diazepam film
        ("2173494", Use.RESCUE),  # nasal midazolam
        ("1665188", Use.PARENTERAL),
        ("1666831", Use.PARENTERAL),  # iontophoretic fentanyl, in hospital
        ("1996189", Use.DEPOT),
        ("1797650", Use.DEPOT),
        ("351265", Use.ORDINARY),
    ],
)
def test_use_decides_what_is_counted_and_tapered(rxcui: str, use: Use) -> None:
    assert product(rxcui).use is use


def test_companions_are_named_with_their_mg() -> None:
    assert [(c.ingredient, str(c.mg)) for c in product("993943").companions] == [
        ("acetaminophen", "325"),
        ("butalbital", "50"),
        ("caffeine", "40"),
    ]


def test_a_pack_is_recognised_by_its_class_and_has_no_strength() -> None:
    pack = TABLES.recognised("1740007")
    assert pack is not None
    assert (pack.drug_class, pack.ingredient) == (DrugClass.OPIOID, "fentanyl")
    assert TABLES.product("1740007") is None
    assert TABLES.recognised("1") is None


def test_products_of_an_ingredient_stand_unbranded_first_and_ascending() -> None:
    found = [(bool(p.brand), p.mg) for p in TABLES.products_of("lorazepam")]
    assert found == sorted(found)
    assert list(TABLES.products_of("nothing")) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Acetaminophen 300 MG / HYDROcodone Bitartrate 5 MG [Vicodin]", ["acetaminophen", "hydrocodone"]),
        ("Tylenol #3", ["codeine"]),
        ("Tylenol w/ Codeine No. 3", ["acetaminophen", "codeine"]),
        ("Percocet 5-325", ["oxycodone"]),
        ("Diazépam 5 mg", ["diazepam"]),
        ("MS Contin 15 mg", ["morphine"]),
        ("dihydrocodeine", ["dihydrocodeine"]),  # not codeine
        ("apomorphine", []),  # not morphine
        ("St. John’s Wort", ["st john's wort"]),
        ("Metformin 500 mg", ["metformin"]),
        ("carbidopa / levodopa", ["levodopa"]),
        ("a text without a medicine", []),
        ("", []),
    ],
)
def test_ingredients_are_found_as_whole_words_longest_first(text: str, names: list[str]) -> None:
    assert [found.name for found in TABLES.ingredients_in(text)] == names


@pytest.mark.parametrize(
    ("word", "drug_class"),
    [
        ("Oxycodone Hydrochloride", DrugClass.OPIOID),
        ("XANAX", DrugClass.BENZODIAZEPINE),
        ("Ambien CR", DrugClass.Z_DRUG),
        ("Neurontin", DrugClass.GABAPENTINOID),
        ("lisinopril", DrugClass.OTHER),
        ("butalbital", DrugClass.OTHER),
    ],
)
def test_an_ingredient_is_found_by_name_salt_or_brand(word: str, drug_class: DrugClass) -> None:
    found = TABLES.ingredient_named(word)
    assert found is not None
    assert found.drug_class is drug_class


def test_an_ingredient_is_named_exactly_or_not_at_all() -> None:
    assert TABLES.ingredient_named("oxycodone 5 mg") is None
    assert TABLES.ingredient_named("") is None
    assert TABLES.ingredient("7804") == TABLES.ingredient_named("oxycodone")
    assert TABLES.ingredient("0") is None


def test_half_lives_have_two_ends_and_a_source_of_their_own() -> None:
    diazepam, triazolam = TABLES.ingredient_named("diazepam"), TABLES.ingredient_named("triazolam")
    assert diazepam is not None
    assert triazolam is not None
    assert diazepam.half_life_h == (Decimal(20), Decimal(100))
    assert triazolam.half_life_h == (Decimal(2), Decimal(2))
    assert diazepam.half_life_source is not None
    assert diazepam.half_life_source.state is SourceState.SECONDARY


def test_what_awaits_sign_off_is_knowledge_or_default_only() -> None:
    waiting = TABLES.awaiting_sign_off()
    assert {value.source.state for value in waiting} == {SourceState.KNOWLEDGE, SourceState.DEFAULT}
    assert any(value.what == "lorazepam 0.5 MG Oral Tablet" and value.value == "may be cut into 2" for value in waiting)


PRODUCT = (
    "197591,diazepam 5 MG Oral Tablet,3322,diazepam,benzodiazepine,tablet,immediate,oral,5,,ordinary,,"
    "half,US label: scored tablet,knowledge,,,,"
    '"RxNorm, as carried by public value sets",2025-02-24,2025,read'
)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",read", ",", "no state"),
        (",2025,read", ",,read", "no year"),
        (",read", ",guessed", "state 'guessed'"),
        (",oral,5,", ",oral,6,", "not the strength in the name"),
        (",oral,5,", ",oral,0,", "mg is zero"),
        (",oral,5,", ",oral,five,", "not a number"),
        ("197591,", "0197591,", "not an RxNorm code"),
        (",tablet,", ",pill,", "form 'pill'"),
        (",half,", ",third,", "parts 'third'"),
        (",half,US label: scored tablet,knowledge,", ",half,,,", "without parts_source"),
        (",tablet,immediate,", ",tablet,extended,", "never split"),
        (",tablet,immediate,", ",capsule,immediate,", "never split"),
        (",knowledge,,,,", ",knowledge,0.1,,,", "smallest_ml belongs to liquids"),
        (",knowledge,,,,", ",knowledge,,72,,", "wear_h belongs to patches"),
        (",ordinary,,", ",ordinary,caffeine:much,", "not a number"),
        (",diazepam,benzodiazepine,", ",diazepam,opioid,", "is not a opioid"),
        (",3322,", ",6470,", "ingredient code 6470"),
        (",ordinary,,", ",ordinary,moonshine:5,", "no row for moonshine"),
    ],
)
def test_a_planted_bad_product_is_refused(old: str, new: str, says: str) -> None:
    assert PRODUCT.count(old) >= 1
    row = PRODUCT[: PRODUCT.rindex(old)] + new + PRODUCT[PRODUCT.rindex(old) + len(old) :]
    with pytest.raises(TableError, match=says):
        read_medicines(changed("products.csv", PRODUCT, row)).check()


def test_a_strength_that_differs_from_the_name_is_accepted_when_the_row_says_why() -> None:
    row = PRODUCT.replace(",oral,5,", ",oral,4,").replace(',,,,"', ',,,because,"')
    found = read_medicines(changed("products.csv", PRODUCT, row)).check().product("197591")
    assert found is not None
    assert found.mg == 4


@pytest.mark.parametrize(
    ("table", "row", "says"),
    [
        ("products.csv", PRODUCT, "197591 stands in this table twice"),
        ("products.csv", "1,too short", "fields do not fit the header"),
        ("ingredients.csv", "3322,other name,other,,,,,,,a source,2026,2026,knowledge", "code 3322 stands for"),
        ("ingredients.csv", ",diazepam,other,,,,,,,a source,2026,2026,knowledge", "stands in this table twice"),
        ("ingredients.csv", ",other name,other,Valium,,,,,,a source,2026,2026,knowledge", "names another ingredient too"),
        ("ingredients.csv", ",other name,other,,,8,4,a source,knowledge,a source,2026,2026,knowledge", "runs backwards"),
        ("ingredients.csv", ",other name,other,,,8,8,,,a source,2026,2026,knowledge", "half_life_source"),
        ("mme_factors.csv", "cdc-2022,2670,codeine,oral,0.3,mg/d,a source,2022,2022,read", "stands in this table twice"),
        ("mme_factors.csv", "cdc-2022,4337,fentanyl,transdermal,7.2,mg/d,a source,2022,2022,read", "does not fit"),
        ("diazepam_equivalents.csv", "handbook,clobazam,20,10,a source,2022,2022,read", "runs backwards"),
        ("diazepam_equivalents.csv", "handbook,clobazam,0,10,a source,2022,2022,read", "mg_low is zero"),
        ("diazepam_equivalents.csv", "handbook,clobazam,20,20,,2022,2022,read", "no source"),
        ("concepts.csv", "falls,http://loinc.org,1-1,suffix,a name,a source,2022,2022,read", "match 'suffix'"),
        (
            "recognised.csv",
            "197591,diazepam,3322,diazepam,benzodiazepine,ordinary,why,a source,2022,2022,read",
            "has a strength in products.csv",
        ),
    ],
)
def test_a_planted_bad_row_is_refused(table: str, row: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        read_medicines(with_row(table, row)).check()


def test_no_source_names_a_file_of_anyones_machine() -> None:
    texts = [text_of(name) for name in TABLE_FILES]
    assert not any(trace in text for text in texts for trace in (".json", "@", ".cql", "valueset "))
