"""What to do when something happens during a taper, and what eases it: the rows of contingency.toml. Nothing is chosen here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import expect_keys, source_of, toml_rows

CONTINGENCY = "contingency.toml"
_KEYS = {"id", "part", "classes", "tiers", "when", "what", "source", "edition", "year", "state"}


class AdvicePart(StrEnum):
    WHEN = "when"  # something happened
    COMFORT = "comfort"  # what eases it


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """One piece of advice for patients. `classes` and `tiers` (words of tiers.csv) say for whose taper it is; empty: for any."""

    id: str
    part: AdvicePart
    classes: frozenset[DrugClass]
    tiers: frozenset[str]
    when: str
    what: str
    source: Source


def load_advice(tier_words: tuple[str, ...], text: str | None = None) -> tuple[AdviceRow, ...]:
    """The rows in their order; text is for tests. Raises TableError naming the row that is not acceptable."""
    return tuple(_row(place, row, tier_words) for place, row in toml_rows(CONTINGENCY, text))


def _row(place: str, row: Mapping[str, Any], tier_words: tuple[str, ...]) -> AdviceRow:
    expect_keys(place, row, _KEYS, needed=("part", "when", "what"))
    tiers = frozenset(row.get("tiers", ()))
    if tiers - set(tier_words):
        raise TableError(f"{place}: {', '.join(sorted(tiers - set(tier_words)))} is no tier")
    try:
        part, classes = AdvicePart(row["part"]), frozenset(DrugClass(word) for word in row.get("classes", ()))
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    return AdviceRow(row["id"], part, classes, tiers, row["when"], row["what"], source_of(place, row))
