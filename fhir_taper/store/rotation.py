"""Sealing everything again with the current key, in small batches, while the program runs. Stopped at any point, it goes on where it was.

What remains is what is not sealed with the current key: there is no state of its own to lose. A row that the program changes meanwhile is
left to it. An old key is taken out of the configuration when `left` counts none of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Table, func, select, update

from fhir_taper.store.crypto import KeyRing, row_name
from fhir_taper.store.database import Database
from fhir_taper.store.schema import draft, launch, ledger, pending_launch, pharmacist_review, place_of, plan_version, token_set, watch_note

_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A table with sealed rows, and the columns that name a row to the seal: one as it is, several as `row_name`.

    `further` are the columns that are sealed beside `sealed`, with the same key; they may be empty.
    """

    table: Table
    named_by: tuple[str, ...]
    further: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        return tuple(self.table.c[name] for name in ("sealed", *self.further))

    def row(self, row: Mapping[Any, Any]) -> str:
        parts = [row[name] for name in self.named_by]
        return parts[0] if len(parts) == 1 else row_name(*parts)


_TABLES: Final = (
    _Sealed(pending_launch, ("state_hash",)),
    _Sealed(launch, ("id",)),
    _Sealed(token_set, ("tenant_id", "grant_id")),
    _Sealed(plan_version, ("id",), ("inputs",)),
    _Sealed(draft, ("tenant_id", "patient_id", "name")),
    _Sealed(ledger, ("id",)),
    _Sealed(pharmacist_review, ("id",)),
    _Sealed(watch_note, ("id",)),
)


def rotate(database: Database, keys: KeyRing, batch: int = _BATCH, on_batch: Callable[[int], None] | None = None) -> int:
    """Seal again whatever another key than the current one sealed; returns how many rows. `on_batch` hears how many each batch had.

    Raises StoreError naming the row that does not open; what was sealed again before it stays.
    """
    total = 0
    for one in _TABLES:
        for rows in _batches(database, keys, one, batch):
            total += rows
            if on_batch is not None:
                on_batch(rows)
    return total


def left(database: Database) -> dict[str, int]:
    """How many rows each key seals, over all tables."""
    counted: dict[str, int] = {}
    with database.read() as connection:
        for one in _TABLES:
            key = one.table.c.key_id
            for key_id, rows in connection.execute(select(key, func.count()).group_by(key)):
                counted[key_id] = counted.get(key_id, 0) + rows
    return counted


def _batches(database: Database, keys: KeyRing, one: _Sealed, batch: int) -> Iterator[int]:
    """Row counts of each batch. Every round starts anew: rows that were changed meanwhile are found by the next."""
    while True:
        with database.read() as connection:
            columns = dict.fromkeys(
                (*(column.name for column in one.table.primary_key), "tenant_id", *one.named_by, "sealed", *one.further)
            )
            old = select(*(one.table.c[name] for name in columns)).where(one.table.c.key_id != keys.current).limit(batch)
            rows = connection.execute(old).mappings().all()
        if not rows:
            return
        again = [(row, _sealed_again(keys, one, row)) for row in rows]
        done = 0
        with database.begin() as connection:
            for row, sealed in again:
                same = [one.table.c[column.name] == row[column.name] for column in one.table.primary_key]
                # Whoever wrote the row meanwhile sealed it anew: what was read is not put back.
                changed = update(one.table).where(*same, one.table.c.sealed == row["sealed"])
                done += connection.execute(changed.values(**sealed, key_id=keys.current)).rowcount
        yield done


def _sealed_again(keys: KeyRing, one: _Sealed, row: Mapping[Any, Any]) -> dict[str, bytes]:
    places = {column.name: (row["tenant_id"], place_of(column), one.row(row)) for column in one.columns if row[column.name] is not None}
    return {name: keys.seal(keys.unseal(row[name], *place), *place) for name, place in places.items()}
