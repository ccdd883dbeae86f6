"""Reading of the package's own tables: CSV and TOML, each row with its source, edition, year and state.

The only I/O of the core. A row without a source, or with a state that is not one of ours, is refused: an unsourced number must not reach
a patient.
"""

import csv
import hashlib
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import SourceState
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.rows import TableEdition

SOURCE_COLUMNS = ("source", "edition", "year", "state")


def text_of(name: str) -> str:
    """The text of one table file of the package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def edition_of(name: str) -> TableEdition:
    """The table's name, its `# edition:` line, and the hash of its bytes."""
    text = text_of(name)
    edition = next((line.removeprefix("# edition:").strip() for line in text.splitlines() if line.startswith("# edition:")), "")
    if not edition:
        raise TableError(f"{name}: no '# edition:' line")
    return TableEdition(name, edition, hashlib.sha256(text.encode()).hexdigest())


def csv_rows(name: str, text: str | None = None) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV table as (place, row); `#` lines are its grammar. `place` names file and line for errors."""
    lines = (text_of(name) if text is None else text).splitlines()
    body = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    reader = csv.reader(line for _, line in body)
    header = next(reader, [])
    for (number, _), fields in zip(body[1:], reader, strict=True):
        place = f"{name}:{number}"
        if len(fields) != len(header):
            raise TableError(f"{place}: {len(fields)} fields do not fit the header")
        yield place, dict(zip(header, fields, strict=True))


def toml_rows(name: str, text: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Top-level tables of a TOML file as (place, row) with the table's name under "id"; numbers with a point are Decimal."""
    document = tomllib.loads(text_of(name) if text is None else text, parse_float=Decimal)
    for key, row in document.items():
        if not isinstance(row, dict):
            raise TableError(f"{name}: {key} is not a table")
        yield f"{name}[{key}]", {"id": key, **row}


def expect_keys(place: str, row: Mapping[str, Any], known: Collection[str], needed: Iterable[str] = ()) -> None:
    """Raise TableError where a row has a key that is not known, or lacks one that it needs."""
    unknown = set(row).difference(known)
    if unknown:
        raise TableError(f"{place}: unknown {', '.join(sorted(unknown))}")
    for key in needed:
        if not row.get(key):
            raise TableError(f"{place}: no {key}")


def source_of(place: str, row: Mapping[str, Any]) -> Source:
    """The row's source. Raises TableError where one of source, edition, year, state is missing or the state is not ours."""
    missing = [column for column in SOURCE_COLUMNS if not row.get(column)]
    if missing:
        raise TableError(f"{place}: no {', '.join(missing)}")
    try:
        state = SourceState(row["state"])
    except ValueError:
        raise TableError(f"{place}: state {row['state']!r} is not one of {', '.join(SourceState)}") from None
    return Source(str(row["source"]), str(row["edition"]), str(row["year"]), state)


def decimal_of(place: str, row: Mapping[str, Any], column: str) -> Decimal:
    """A positive or zero decimal of a column, digits kept."""
    try:
        value = Decimal(str(row[column]))
    except (InvalidOperation, KeyError):
        raise TableError(f"{place}: {column} {row.get(column)!r} is not a number") from None
    if not value.is_finite() or value < 0:
        raise TableError(f"{place}: {column} {value} is not a sensible amount")
    return value


def integer_of(place: str, row: Mapping[str, Any], column: str) -> int:
    """A whole number of a column."""
    value = decimal_of(place, row, column)
    if value != int(value):
        raise TableError(f"{place}: {column} {value} is not a whole number")
    return int(value)
