"""Loading an RxNorm release: whole, interrupted, repeated, wrong and cut off."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fhir_taper.errors import TerminologyError
from fhir_taper.plans.tables.medicine_tables import MedicineTables, load_medicines
from fhir_taper.store import rxnorm_load
from fhir_taper.store import terminology_schema as schema
from fhir_taper.store.rxnorm_load import load_release, open_database
from fhir_taper.store.terminology import SiteCatalogue
from tests.store.rrf_sample import write_release


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
