"""Loading an RxNorm release: whole, interrupted, repeated, wrong and cut off."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from fhir_taper.errors import TerminologyError
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables.medicine_tables import MedicineTables, load_medicines
from fhir_taper.store import rxnorm_load
from fhir_taper.store import terminology_schema as schema
from fhir_taper.store.rxnorm_load import load_release, open_database
from fhir_taper.store.terminology import SiteCatalogue
from fhir_taper.workflow.load_terminology import load_output
from tests.store.rrf_sample import conso, rel, write_release


@pytest.fixture
def builtin() -> MedicineTables:
    return load_medicines()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    return write_release(folder)


def test_a_release_brings_products_that_the_built_in_table_does_not_have(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    catalogue = SiteCatalogue(tmp_path / "t.sqlite", builtin)
    product = catalogue.product("9900001")
    catalogue.close()
    assert builtin.product("9900001") is None
    assert product is not None
    assert (product.ingredient, product.mg, product.drug_class) == ("oxycodone", Decimal("7.25"), "opioid")
    assert [(companion.ingredient, companion.mg) for companion in product.companions] == [("acetaminophen", Decimal(300))]
    assert (report.products, report.ndcs, report.resumed) == (4, 2, False)


def test_a_strength_that_is_not_in_mg_is_set_aside_and_named(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    assert len(report.set_aside) == 1
    assert "heparin sodium, porcine 1000 UNT/ML" in report.set_aside[0]


def test_a_strength_on_which_the_label_and_rxnorm_differ_is_reported(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    assert len(report.differs) == 1
    assert report.differs[0].startswith("577057 72 HR fentanyl 0.012 MG/HR Transdermal System: 0.288 mg in the release, 0.3 mg")


def test_a_patch_of_another_brand_has_the_strength_of_the_label_too(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    _add(release, "RXNCONSO.RRF", conso("9910001", "SBD", "72 HR fentanyl 0.012 MG/HR Transdermal System [Newbrand]"))
    _add(release, "RXNREL.RRF", rel("9910001", "tradename_of", "577057"))
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    product = _loaded(tmp_path / "t.sqlite", builtin, "9910001")
    assert product is not None
    assert (product.mg, product.wear_h) == (Decimal("0.3"), 72)
    assert "0.288 mg in the release, 0.3 mg" in next(one for one in report.differs if one.startswith("9910001"))


def test_a_patch_whose_rate_the_label_does_not_round_keeps_it(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    _add(
        release,
        "RXNCONSO.RRF",
        conso("9910002", "SCD", "96 HR fentanyl 0.03 MG/HR Transdermal System"),
        conso("9910003", "SCDC", "fentanyl 0.03 MG/HR"),
    )
    relations = (("9910002", "consists_of", "9910003"), ("9910003", "has_ingredient", "4337"), ("9910002", "has_dose_form", "316987"))
    _add(release, "RXNREL.RRF", *(rel(*one) for one in relations))
    load_release(release, tmp_path / "t.sqlite", builtin)
    product = _loaded(tmp_path / "t.sqlite", builtin, "9910002")
    assert product is not None
    assert (product.mg, product.wear_h) == (Decimal("0.72"), 96)


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        (("9900001", "consists_of", "9900002"), "its name has 2 components, the release 1"),
        (("9900001", "consists_of", "9900003"), "its name has 2 components, the release 1"),
        (("9900003", "has_ingredient", "161"), "'acetaminophen 300 MG' has 0 ingredients"),
        (("9900001", "has_dose_form", "317541"), "no dose form in the release"),
    ],
)
def test_a_combination_of_which_a_relation_is_lost_is_set_aside_and_said(
    release: Path, tmp_path: Path, builtin: MedicineTables, lost: tuple[str, str, str], says: str
) -> None:
    path = release / "RXNREL.RRF"
    path.write_text(path.read_text().replace(f"{rel(*lost)}\n", ""))
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    assert _loaded(tmp_path / "t.sqlite", builtin, "9900001") is None
    assert [one.partition(":")[0].split()[0] for one in report.lacking] == ["9900001"]
    assert says in report.lacking[0]
    assert b"1 drug of the release lacks relations" in load_output(report, tmp_path / "t.sqlite")
    assert b"RXNREL.RRF may be truncated" in load_output(report, tmp_path / "t.sqlite")


def test_a_component_that_the_concepts_do_not_have_is_lacking(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    path = release / "RXNCONSO.RRF"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("9900003|")))
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    assert [one.split()[0] for one in report.lacking] == ["9900001"]


def test_nothing_is_lacking_in_a_whole_release(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    assert report.lacking == ()
    assert b"truncated" not in load_output(report, tmp_path / "t.sqlite")


@pytest.mark.parametrize("name", ["RXNCONSO.RRF", "RXNREL.RRF", "RXNSAT.RRF"])
def test_a_byte_order_mark_loses_no_line(release: Path, tmp_path: Path, builtin: MedicineTables, name: str) -> None:
    path = release / name
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    assert (report.products, report.ndcs, len(report.set_aside), report.lacking) == (4, 2, 1, ())


def test_what_an_earlier_version_compiled_is_not_read_until_it_is_loaded_again(
    release: Path, tmp_path: Path, builtin: MedicineTables
) -> None:
    load_release(release, tmp_path / "t.sqlite", builtin)
    engine = open_database(tmp_path / "t.sqlite")
    with engine.begin() as connection:
        connection.execute(update(schema.about).where(schema.about.c.key == schema.COMPLETE).values(value="yes"))
    engine.dispose()
    with pytest.raises(TerminologyError, match="earlier version"):
        SiteCatalogue(tmp_path / "t.sqlite", builtin)
    assert not load_release(release, tmp_path / "t.sqlite", builtin).resumed
    assert _loaded(tmp_path / "t.sqlite", builtin, "9900001") is not None


def _loaded(database: Path, builtin: MedicineTables, rxcui: str) -> Product | None:
    catalogue = SiteCatalogue(database, builtin)
    try:
        return catalogue.product(rxcui)
    finally:
        catalogue.close()


def _add(release: Path, name: str, *lines: str) -> None:
    with (release / name).open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_an_interrupted_load_goes_on_where_it_stopped(
    release: Path, tmp_path: Path, builtin: MedicineTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rxnorm_load, "BATCH_LINES", 4)

    def stop_in_relations(file: str, done: int, _total: int) -> None:
        if file == "RXNREL.RRF" and done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_release(release, tmp_path / "t.sqlite", builtin, stop_in_relations)
    with pytest.raises(TerminologyError, match="did not finish"):
        SiteCatalogue(tmp_path / "t.sqlite", builtin)
    seen: dict[str, int] = {}

    def note_first(file: str, done: int, _total: int) -> None:
        seen.setdefault(file, done)

    report = load_release(release, tmp_path / "t.sqlite", builtin, note_first)
    whole = load_release(release, tmp_path / "whole.sqlite", builtin)
    assert report.resumed
    assert seen["RXNREL.RRF"] > 0
    assert (report.products, report.ndcs) == (whole.products, whole.ndcs)


def test_loading_the_same_release_twice_changes_nothing(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    first = load_release(release, tmp_path / "t.sqlite", builtin)
    second = load_release(release, tmp_path / "t.sqlite", builtin)
    assert (second.products, second.ndcs, second.resumed) == (first.products, first.ndcs, True)


def test_another_release_replaces_the_former_one(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    load_release(release, tmp_path / "t.sqlite", builtin)
    text = (release / "RXNCONSO.RRF").read_text().replace("7.25 MG", "7.75 MG")
    (release / "RXNCONSO.RRF").write_text(text)
    report = load_release(release, tmp_path / "t.sqlite", builtin)
    engine = open_database(tmp_path / "t.sqlite")
    with engine.connect() as connection:
        strengths = connection.scalars(select(schema.product.c.mg).where(schema.product.c.rxcui == "9900001")).all()
        concepts = connection.scalar(select(func.count()).select_from(schema.concept))
    engine.dispose()
    assert not report.resumed
    assert strengths == ["7.75"]
    assert concepts == 20


@pytest.mark.parametrize(
    ("name", "spoil", "says"),
    [
        ("RXNCONSO.RRF", lambda _text: "", "the file is empty"),
        ("RXNCONSO.RRF", lambda text: text[:-30], "truncated"),
        ("RXNREL.RRF", lambda text: text.replace("|CUI|", "|", 1), "15 fields where RXNREL.RRF has 16"),
        ("RXNSAT.RRF", lambda _text: "RXCUI,NDC\n1,2\n", "0 fields where RXNSAT.RRF has 13"),
        ("RXNCONSO.RRF", lambda text: text.replace("|RXNORM|", "|VANDF|"), "is this a release of RxNorm"),
    ],
)
def test_a_wrong_or_truncated_file_is_one_clear_error(
    release: Path, tmp_path: Path, builtin: MedicineTables, name: str, spoil: object, says: str
) -> None:
    text = (release / name).read_text()
    (release / name).write_text(spoil(text))  # type: ignore[operator]
    with pytest.raises(TerminologyError, match=says) as caught:
        load_release(release, tmp_path / "t.sqlite", builtin)
    assert name in str(caught.value)


def test_a_file_that_is_absent_is_named(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    (release / "RXNREL.RRF").unlink()
    with pytest.raises(TerminologyError, match=r"RXNREL\.RRF is not in this folder"):
        load_release(release, tmp_path / "t.sqlite", builtin)


def test_a_line_in_the_middle_that_is_damaged_is_named_by_its_number(release: Path, tmp_path: Path, builtin: MedicineTables) -> None:
    lines = (release / "RXNCONSO.RRF").read_text().splitlines(keepends=True)
    lines[7] = "broken\n"
    (release / "RXNCONSO.RRF").write_text("".join(lines))
    with pytest.raises(TerminologyError, match=r"RXNCONSO\.RRF:8"):
        load_release(release, tmp_path / "t.sqlite", builtin)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.sqlite").write_text("this is no database, it is a letter to a pharmacist " * 40)
    with pytest.raises(TerminologyError, match="cannot be used as a terminology database: file is not a database"):
        open_database(tmp_path / "t.sqlite")


def test_an_absent_database_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(TerminologyError, match="terminology load"):
        open_database(tmp_path / "none.sqlite")
