"""The scales on which a patient is measured before a taper (scales.csv): what values they have, and what a source calls a score.

Rows only; `load_scales` is the door. A scale without bands has none: a score of it is said as a number, never judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, decimal_of, source_of

SCALES = "scales.csv"


@dataclass(frozen=True, slots=True)
class Band:
    """Scores from `low` to `high`, both included, that a source calls by one word."""

    low: Decimal
    high: Decimal
    words: str
    source: Source


@dataclass(frozen=True, slots=True)
class Scale:
    """One thing that is measured: values from `low` to `high`, both included, in `unit` (UCUM); `is_whole`: without a fraction."""

    id: str
    title: str
    low: Decimal
    high: Decimal
    is_whole: bool
    unit: str
    source: Source
    bands: tuple[Band, ...] = ()

    def band_of(self, value: Exact) -> Band | None:
        """What a source calls this score; None where none says."""
        return next((band for band in self.bands if band.low <= value <= band.high), None)


@lru_cache(maxsize=1)
def load_scales() -> Mapping[str, Scale]:
    """The package's own scales, by id. Raises TableError naming the row that is not acceptable."""
    return read_scales()


def read_scales(text: str | None = None) -> Mapping[str, Scale]:
    """Scales from a text; None is the package's own file. Raises TableError as `load_scales`."""
    rows = list(csv_rows(SCALES, text))
    scales = {row["scale"]: _scale(place, row) for place, row in rows if row["kind"] == "range"}
    bands: dict[str, list[Band]] = {name: [] for name in scales}
    for place, row in rows:
        if row["kind"] == "band":
            if row["scale"] not in scales or not row["words"]:
                raise TableError(f"{place}: a band of {row['scale'] or 'nothing'}, which has no range or no words")
            bands[row["scale"]].append(_band(place, row, scales[row["scale"]]))
        elif row["kind"] != "range":
            raise TableError(f"{place}: kind {row['kind']!r} is neither range nor band")
    return {name: _with(scale, bands[name]) for name, scale in scales.items()}


def _scale(place: str, row: Mapping[str, str]) -> Scale:
    low, high = decimal_of(place, row, "low"), decimal_of(place, row, "high")
    if low >= high or row["whole"] not in ("yes", "no") or not row["title"]:
        raise TableError(f"{place}: {row['scale']} is no range from low to high with a title")
    return Scale(row["scale"], row["title"], low, high, row["whole"] == "yes", row["unit"], source_of(place, row))


def _band(place: str, row: Mapping[str, str], scale: Scale) -> Band:
    low, high = decimal_of(place, row, "low"), decimal_of(place, row, "high")
    if not scale.low <= low <= high <= scale.high:
        raise TableError(f"{place}: the band is not within {scale.id}")
    return Band(low, high, row["words"], source_of(place, row))


def _with(scale: Scale, bands: list[Band]) -> Scale:
    """The scale with its bands, in their order. Raises TableError where a whole score would be in two of them, or in none."""
    found = tuple(sorted(bands, key=lambda band: band.low))
    values = range(int(scale.low), int(scale.high) + 1)
    if found and any(sum(band.low <= value <= band.high for band in found) != 1 for value in values):
        raise TableError(f"{SCALES}: the bands of {scale.id} overlap or leave a gap")
    return Scale(scale.id, scale.title, scale.low, scale.high, scale.is_whole, scale.unit, scale.source, found)
