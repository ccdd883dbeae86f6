"""What the pages of a patient say, sentence by sentence: patient_words.toml. Nothing is decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import expect_keys, source_of, toml_rows

PATIENT_WORDS = "patient_words.toml"
_KEYS = {"id", "words", "at_percent", "classes", "source", "edition", "year", "state"}
_WHOLE_WAY = 100


@dataclass(frozen=True, slots=True)
class PatientWords:
    """Sentences for a patient. `at_percent`: praise for so much of the way, shown once a clinician approved it; None: no praise.

    `classes` of the medicine that was tapered; empty: any.
    """

    id: str
    words: str
    at_percent: int | None
    classes: frozenset[DrugClass]
    source: Source


@lru_cache(maxsize=1)
def load_patient_words() -> Mapping[str, PatientWords]:
    """The package's own rows by id. Raises TableError naming the row that is not acceptable."""
    return read_patient_words()


def read_patient_words(text: str | None = None) -> Mapping[str, PatientWords]:
    """Rows of a text; None is the package's own file. Raises TableError."""
    return MappingProxyType({row["id"]: _row(place, row) for place, row in toml_rows(PATIENT_WORDS, text)})


def _row(place: str, row: Mapping[str, Any]) -> PatientWords:
    expect_keys(place, row, _KEYS, ("words",))
    percent = row.get("at_percent")
    if percent is not None and (not isinstance(percent, int) or not 0 < percent <= _WHOLE_WAY):
        raise TableError(f"{place}: at_percent {percent!r} is no part of the way")
    try:
        classes = frozenset(DrugClass(word) for word in row.get("classes", ()))
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    return PatientWords(row["id"], row["words"], percent, classes, source_of(place, row))
