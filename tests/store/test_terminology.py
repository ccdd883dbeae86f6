"""Who wins: a site's own row, then the built-in table, then the loaded release."""

from decimal import Decimal
from pathlib import Path

import pytest

from fhir_taper.errors import TerminologyError
from fhir_taper.plans.tables.medicine_tables import MedicineTables, load_medicines
from fhir_taper.plans.tables.reading import text_of
from fhir_taper.store.rxnorm_load import load_release
from fhir_taper.store.terminology import SiteCatalogue, add_site_products
from tests.store.rrf_sample import write_release


@pytest.fixture
def builtin() -> MedicineTables:
    return load_medicines()


@pytest.fixture
def database(tmp_path: Path, builtin: MedicineTables) -> Path:
    load_release(write_release(tmp_path), tmp_path / "t.sqlite", builtin)
    return tmp_path / "t.sqlite"


def _row_of(rxcui: str, **changes: str) -> str:
    lines = [line for line in text_of("products.csv").splitlines() if line and not line.startswith("#")]
    header = lines[0].split(",")
    row = next(line for line in lines if line.startswith(f"{rxcui},"))
    for column, (old, new) in {column: tuple(change.split("→")) for column, change in changes.items()}.items():
        assert old in row, column
        row = row.replace(old, new)
    return ",".join(header) + "\n" + row + "\n"


def test_the_built_in_row_wins_over_the_release(database: Path, builtin: MedicineTables) -> None:
    catalogue = SiteCatalogue(database, builtin)
    patch = catalogue.product("577057")
    catalogue.close()
    assert patch is not None
    assert patch.mg == Decimal("0.3")


def test_a_site_row_wins_over_all(database: Path, builtin: MedicineTables) -> None:
    assert add_site_products(database, _row_of("197901", parts=",half,→,quarter,"), "site.csv") == 1
    catalogue = SiteCatalogue(database, builtin)
    tablet = catalogue.product("197901")
    strengths = [product.parts for product in catalogue.products_of("lorazepam") if product.rxcui == "197901"]
    catalogue.close()
    assert tablet is not None
    assert tablet.parts == 4
    assert strengths == [4]


def test_a_site_row_without_a_source_is_refused_with_its_line(database: Path) -> None:
    with pytest.raises(TerminologyError, match=r"site\.csv:2: no state"):
        add_site_products(database, _row_of("197901", state=",read→,"), "site.csv")


def test_an_ndc_finds_its_product_with_or_without_hyphens(database: Path, builtin: MedicineTables) -> None:
    catalogue = SiteCatalogue(database, builtin)
    found = [catalogue.product_by_ndc(ndc) for ndc in ("99999000101", "99999-0001-01", "00000000000")]
    catalogue.close()
    assert [product.rxcui if product else None for product in found] == ["9900001", "9900001", None]


def test_products_of_an_ingredient_come_from_all_three_without_doubles(database: Path, builtin: MedicineTables) -> None:
    catalogue = SiteCatalogue(database, builtin)
    found = [product.rxcui for product in catalogue.products_of("oxycodone")]
    catalogue.close()
    assert len(found) == len(set(found))
    assert "9900001" in found
    assert set(found) > {product.rxcui for product in builtin.products_of("oxycodone")}


def test_a_site_s_own_products_need_no_release(tmp_path: Path, builtin: MedicineTables) -> None:
    database = tmp_path / "own.sqlite"
    add_site_products(database, _row_of("197901", parts=",half,→,quarter,"), "site.csv")
    catalogue = SiteCatalogue(database, builtin)
    tablet = catalogue.product("197901")
    catalogue.close()
    assert tablet is not None
    assert tablet.parts == 4
