"""What the program made of every external chart, as it stands in `external_charts/*.csv`: one line a chart, item, order or taper.

The golden files hold results, and `families.toml` what a person has to say about them: where the charts come from, what was found odd,
which tapers are tried. None of it is a copy of a chart. How the results are made is `chart_runs`; this module only reads and writes them.
"""

import csv
import io
import tomllib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).with_name("external_charts")
COUNTED = frozenset({"opioid", "benzodiazepine", "z-drug"})
LISTED = COUNTED | {"unknown"}
"""Classes whose items stand in items.csv: what is tapered, and what could be because nobody knows what it is."""


@dataclass(frozen=True, slots=True)
class Family:
    """Charts of one origin. `as_of` is the day for charts that bear no date of their own; `oddities` is what a reader found."""

    name: str
    title: str
    source: str
    licence: str
    as_of: str
    oddities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """A taper that is tried on a chart, from a baseline that a person would have confirmed."""

    chart: str
    drug: str
    baseline_mg: str
    basis: str


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One file: exit status of `regimen` on that day, number of items, and the maximum totals. `says` is the refusal of status 3."""

    chart: str
    as_of: str
    status: str
    items: str
    incomplete: str
    mme_max: str
    diazepam_mg_max: str
    says: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item of a tapered or unknown class in the answer of `regimen`; "" is not known, never zero."""

    chart: str
    resource: str
    drug: str
    drug_class: str
    state: str
    reason: str
    scheduled_mg: str
    max_mg: str
    marks: str
    how: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order of a tapered class with an instruction, read alone as if it were current on that day, whatever its status is."""

    chart: str
    resource: str
    as_of: str
    drug: str
    drug_class: str
    state: str
    reason: str
    scheduled_mg: str
    max_mg: str
    how: str


@dataclass(frozen=True, slots=True)
class TaperRow:
    """One trial: status and candidates of `strategies`, status and answer of `plan --strategy linear` with and without the baseline."""

    chart: str
    drug: str
    start: str
    baseline_mg: str
    without_baseline: str
    strategies_status: str
    candidates: str
    feasible: str
    plan_status: str
    plan: str
    stops: str


Row = TypeVar("Row", ChartRow, ItemRow, OrderRow, TaperRow)


def families(folder: Path = FOLDER) -> dict[str, Family]:
    """The families by the name of their folder."""
    return {name: Family(name, **(row | {"oddities": tuple(row["oddities"])})) for name, row in _by_hand(folder)["family"].items()}


def trials(folder: Path = FOLDER) -> tuple[Trial, ...]:
    """The tapers that are tried, in the order of families.toml."""
    return tuple(Trial(**row) for row in _by_hand(folder)["trial"])


def charts(folder: Path = FOLDER) -> tuple[ChartRow, ...]:
    """Every file with its status."""
    return read_rows(folder / "charts.csv", ChartRow)


def items(folder: Path = FOLDER) -> tuple[ItemRow, ...]:
    """Every item of a tapered or unknown class."""
    return read_rows(folder / "items.csv", ItemRow)


def orders(folder: Path = FOLDER) -> tuple[OrderRow, ...]:
    """Every order of a tapered class that has an instruction, alone."""
    return read_rows(folder / "orders.csv", OrderRow)


def tapers(folder: Path = FOLDER) -> tuple[TaperRow, ...]:
    """Every trial with what came of it."""
    return read_rows(folder / "tapers.csv", TaperRow)


def family_of(chart: str) -> str:
    """The family of a chart, which is the folder that it lies in."""
    return chart.partition("/")[0]


def read_rows(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    """The rows of one file. Raises ValueError where its columns are not those of the kind."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    if header != _columns(kind):
        raise ValueError(f"{path.name}: columns {header} are not {_columns(kind)}")
    return tuple(kind(*line) for line in lines)


def text_of(rows: Iterable[Row], kind: type[Row]) -> str:
    """Rows as the text of their file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_columns(kind))
    writer.writerows(astuple(row) for row in rows)
    return text.getvalue()


def _columns(kind: type[Row]) -> list[str]:
    return [field.name for field in fields(kind)]


def _by_hand(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "families.toml").read_text(encoding="utf-8"))
