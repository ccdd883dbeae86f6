"""Tables by which a chart is read: when use counts as continuous, and what coded answers mean.

Rows only; `load_chart_tables` is the door. What a chart says is read by the mappers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, edition_of, integer_of, source_of, toml_rows
from fhir_taper.plans.tables.rows import TableEdition

CHART_READING, ANSWERS = "chart_reading.toml", "answers.csv"


@dataclass(frozen=True, slots=True)
class Answer:
    """One coded answer: `points` where it counts, `is_yes` where it is a yes or a no; the other is None."""

    system: str
    code: str
    display: str
    source: Source
    points: Decimal | None = None
    is_yes: bool | None = None


@dataclass(frozen=True, slots=True)
class ChartTables:
    """`continuity_days`: the longest gap inside one continuous use. `most_units`: more units of one product a day are implausible.

    `pregnancy_days`: an older "yes" says nothing of today. `everyday_reasons`: lower-case words of reasons for a medicine that name
    nothing a taper must know. `answers` are by (system, code).
    """

    continuity_days: int
    continuity_source: Source
    most_units: int
    most_units_source: Source
    pregnancy_days: int
    pregnancy_source: Source
    everyday_reasons: frozenset[str]
    everyday_source: Source
    answers: Mapping[tuple[str, str], Answer]
    editions: tuple[TableEdition, ...]


@lru_cache(maxsize=1)
def load_chart_tables() -> ChartTables:
    """The package's own tables. Raises TableError naming file and line of the first row that is not acceptable."""
    return read_chart_tables()


def read_chart_tables(chart_reading: str | None = None, answers: str | None = None) -> ChartTables:
    """Tables from texts; None is the package's own file. Raises TableError as `load_chart_tables`."""
    rows = {row["id"]: (place, row) for place, row in toml_rows(CHART_READING, chart_reading)}
    for name in ("continuity", "plausible-units", "pregnancy-status", "everyday-reasons"):
        if name not in rows:
            raise TableError(f"{CHART_READING}: no table [{name}]")
    place, continuity = rows["continuity"]
    units_place, units = rows["plausible-units"]
    pregnancy_place, pregnancy = rows["pregnancy-status"]
    everyday_place, everyday = rows["everyday-reasons"]
    return ChartTables(
        integer_of(place, continuity, "days"),
        source_of(place, continuity),
        integer_of(units_place, units, "per_day"),
        source_of(units_place, units),
        integer_of(pregnancy_place, pregnancy, "days"),
        source_of(pregnancy_place, pregnancy),
        _words(everyday_place, everyday),
        source_of(everyday_place, everyday),
        _answers(answers),
        tuple(edition_of(name) for name in (CHART_READING, ANSWERS)),
    )


def _words(place: str, row: Mapping[str, object]) -> frozenset[str]:
    words = row.get("words")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word.isalpha() and word.islower() for word in words):
        raise TableError(f"{place}: words is no list of single words in lower case")
    return frozenset(words)


def _answers(text: str | None) -> Mapping[tuple[str, str], Answer]:
    found: dict[tuple[str, str], Answer] = {}
    for place, row in csv_rows(ANSWERS, text):
        key = (row["system"], row["code"])
        if not all(key) or key in found:
            raise TableError(f"{place}: {key} is empty or stands in this table twice")
        found[key] = _answer(place, row)
    return found


def _answer(place: str, row: Mapping[str, str]) -> Answer:
    points, is_yes = None, {"yes": True, "no": False}.get(row["means"])
    if is_yes is None:
        try:
            points = Decimal(row["means"])
        except InvalidOperation:
            raise TableError(f"{place}: means {row['means']!r} is neither yes, no nor a number") from None
    return Answer(row["system"], row["code"], row["display"], source_of(place, row), points, is_yes)
