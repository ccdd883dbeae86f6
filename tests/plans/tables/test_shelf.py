"""Products off the shelf are known products, each with why and source."""

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.shelf import load_off_shelf

HEADER = "rxcui,name,why,source,edition,year,state\n"


def test_every_row_names_a_product_that_we_know_by_that_name() -> None:
    tables = load()
    for rxcui, row in tables.off_shelf.items():
        product = tables.medicines.product(rxcui)
        assert product is not None, rxcui
        assert (product.name, row.why in {"outside the US", "no longer made in the US"}) == (row.name, True)


def test_a_row_without_a_source_is_refused() -> None:
    with pytest.raises(TableError, match=r"off_shelf\.csv:2: no source"):
        load_off_shelf(HEADER + "199275,lorazepam 2.5 MG Oral Tablet,outside the US,,2025,2025,knowledge\n")
