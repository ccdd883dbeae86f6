"""What a plan must not count on unless somebody names it: products that are known but not on a US pharmacy's shelf (off_shelf.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, source_of

OFF_SHELF = "off_shelf.csv"


@dataclass(frozen=True, slots=True)
class OffShelf:
    """Why a product is not offered by itself."""

    name: str
    why: str
    source: Source


def load_off_shelf(text: str | None = None) -> Mapping[str, OffShelf]:
    """Rows by RxNorm code. Raises TableError naming the row that is not acceptable."""
    return {row["rxcui"]: OffShelf(row["name"], row["why"], source_of(place, row)) for place, row in csv_rows(OFF_SHELF, text)}
