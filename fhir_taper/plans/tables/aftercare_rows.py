"""What goes on after the last step: the rows of aftercare.toml. Nothing is chosen here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import expect_keys, source_of, toml_rows

AFTERCARE = "aftercare.toml"
_KEYS = {"id", "says", "patient_says", "classes", "snomed", "source", "edition", "year", "state"}


@dataclass(frozen=True, slots=True)
class AftercareRow:
    """One thing that goes on. `patient_says`: the same for the patient, in plain words. `classes` of the medicine that was tapered, empty:
    any; `snomed` its code, "" where none was found."""

    id: str
    says: str
    patient_says: str
    classes: frozenset[DrugClass]
    snomed: str
    source: Source


def load_aftercare(text: str | None = None) -> tuple[AftercareRow, ...]:
    """The rows in their order; text is for tests. Raises TableError naming the row that is not acceptable."""
    return tuple(_row(place, row) for place, row in toml_rows(AFTERCARE, text))


def _row(place: str, row: Mapping[str, Any]) -> AftercareRow:
    expect_keys(place, row, _KEYS, needed=("says", "patient_says"))
    try:
        classes = frozenset(DrugClass(word) for word in row.get("classes", ()))
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    return AftercareRow(row["id"], row["says"], row["patient_says"], classes, row.get("snomed", ""), source_of(place, row))
