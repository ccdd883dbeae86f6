"""Writes docs/clinical-sources.md: every table of the package, its edition, how each row is known, and every value that awaits sign-off.

It walks over whatever tables stand in fhir_taper/plans/tables and reads their source columns; it knows no table and no value.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF, SourceState  # noqa: E402 - after the path
from fhir_taper.plans.tables.reading import SOURCE_COLUMNS, csv_rows, edition_of, toml_rows  # noqa: E402

PAGE = ROOT / "docs" / "clinical-sources.md"
TABLES = ROOT / "fhir_taper" / "plans" / "tables"
FOLD_FROM = 13  # longer lists are folded away, never cut
HEAD = """# Clinical sources

Every number and word with clinical meaning stands in a table of `fhir_taper/plans/tables`, with its source, edition, year and how it is
known: **read** (seen in the source), **secondary** (quoted elsewhere), **measured**, **knowledge** (from memory: check before release) or
**default** (a choice of ours). *Knowledge* and *default* await a clinician's sign-off, and the program shows that beside the value. No
value replaces the label of the product in hand. Generated from the tables.

"""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one table: what it says, how it is known, and from where."""

    says: str
    state: str
    source: str


def main() -> None:
    """Write the page."""
    names = sorted(path.name for path in TABLES.iterdir() if path.suffix in {".csv", ".toml"})
    tables = {name: tuple(_values(name)) for name in names}
    parts = [HEAD, *_overview(tables), *(line for name, values in tables.items() for line in _section(name, values))]
    PAGE.write_text("".join(parts))


def _overview(tables: Mapping[str, tuple[Value, ...]]) -> Iterator[str]:
    states = [str(state) for state in SourceState]
    yield f"| table | edition | sha256 | {' | '.join(states)} | awaits sign-off |\n|---|---|---|{'---|' * (len(states) + 1)}\n"
    totals: Counter[str] = Counter()
    for name, values in tables.items():
        counts = Counter(value.state for value in values)
        totals += counts
        edition = edition_of(name)
        cells = [f"[{name}](#{name.replace('.', '')})", _cell(edition.edition), f"`{edition.sha256[:12]}`"]
        yield f"| {' | '.join(cells)} | {_counts(counts)} |\n"
    yield f"| all | | | {_counts(totals)} |\n\n"


def _counts(counts: Mapping[str, int]) -> str:
    waiting = sum(counts.get(state, 0) for state in AWAITS_SIGN_OFF)
    return " | ".join(str(number or "") for number in [*(counts.get(str(state), 0) for state in SourceState), waiting])


def _section(name: str, values: tuple[Value, ...]) -> Iterator[str]:
    yield f"## {name}\n\n"
    sources = Counter((value.source, value.state) for value in values)
    yield "| source | state | values |\n|---|---|---|\n"
    yield from (f"| {_cell(source)} | {state} | {number} |\n" for (source, state), number in sorted(sources.items()))
    waiting = [value for value in values if value.state in AWAITS_SIGN_OFF]
    if not waiting:
        yield "\nNothing awaits sign-off.\n\n"
        return
    fold = len(waiting) >= FOLD_FROM
    yield f"\n<details><summary>{len(waiting)} values await sign-off</summary>\n\n" if fold else "\nAwaiting sign-off:\n\n"
    yield from (f"- {value.state}: {value.says}\n" for value in waiting)
    yield "\n</details>\n\n" if fold else "\n"


def _values(name: str) -> Iterator[Value]:
    """Each row by its state, and each column group of a row that has a source and state of its own (parts_source, parts_state)."""
    for _, row in toml_rows(name) if name.endswith(".toml") else csv_rows(name):
        own = [column.removesuffix("_state") for column in row if column.endswith("_state")]
        apart = {column for prefix in own for column in row if column.startswith(f"{prefix}_") or column == prefix}
        if row.get("state"):
            said = [_text(value) for column, value in row.items() if column not in apart and column not in SOURCE_COLUMNS]
            yield Value(" · ".join(part for part in said if part), row["state"], _source(row["source"], row["edition"], row["year"]))
        for prefix in own:
            if row[f"{prefix}_state"]:
                yield Value(f"{_label(row)}: {_group(row, prefix)}", row[f"{prefix}_state"], row[f"{prefix}_source"])


def _label(row: Mapping[str, Any]) -> str:
    """The first words of a row: its name, not its code."""
    return next((str(value) for value in row.values() if not str(value).replace(".", "").isdecimal() and value), "")


def _group(row: Mapping[str, Any], prefix: str) -> str:
    """The values of a column group; where it has none, the next value of the row (a liquid has a smallest volume in place of parts)."""
    columns = list(row)
    own = [c for c in columns if (c == prefix or c.startswith(f"{prefix}_")) and c not in {f"{prefix}_source", f"{prefix}_state"}]
    said = [f"{column} {row[column]}" for column in own if row[column]]
    after = columns[columns.index(f"{prefix}_state") + 1 :]
    return ", ".join(said) or next((f"{column} {row[column]}" for column in after if row[column]), "")


def _source(*parts: str) -> str:
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _text(value: object) -> str:
    """A value in one line; TOML lists and tables as they are written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return " ".join(str(value).split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
