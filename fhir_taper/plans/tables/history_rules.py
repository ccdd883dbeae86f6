"""How far back doses are looked at, and over how many days they are averaged (chart_reading.toml, [dose-history])."""

from dataclasses import dataclass
from functools import lru_cache

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.chart_tables import CHART_READING
from fhir_taper.plans.tables.reading import integer_of, source_of, toml_rows

_ROW = "dose-history"


@dataclass(frozen=True, slots=True)
class HistoryRules:
    """Days to look back, and the windows of the means in days, shortest first."""

    days: int
    means: tuple[int, ...]
    source: Source


@lru_cache(maxsize=1)
def load_history_rules() -> HistoryRules:
    """The package's own. Raises TableError where the row is not acceptable."""
    return read_history_rules()


def read_history_rules(text: str | None = None) -> HistoryRules:
    """The rules of a text; None is the package's own file. Raises TableError as `load_history_rules`."""
    place, row = next(((place, row) for place, row in toml_rows(CHART_READING, text) if row["id"] == _ROW), ("", {}))
    if not row:
        raise TableError(f"{CHART_READING}: no table [{_ROW}]")
    days, means = integer_of(place, row, "days"), row.get("means")
    if not isinstance(means, list) or not means or not all(isinstance(one, int) and 0 < one <= days for one in means):
        raise TableError(f"{place}: means {means!r} are no numbers of days up to {days}")
    return HistoryRules(days, tuple(sorted(means)), source_of(place, row))
