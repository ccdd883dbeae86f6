"""The receipt of a write as the ledger keeps it: any process, and one that was started later, shows what was read back.

A row's detail is sealed, so the differences that were read stand in it as they were. Beside the resources of its own request each row has
what the whole errand did: what stood already, what else was to be sent, which ways were not taken. A row that was settled later, by a
sweep or by a person, is told as it is known now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from fhir_taper.mappers.write.namespace import Json
from fhir_taper.records import LedgerRow, WriteReceipt, WriteState, WrittenResource
from fhir_taper.writeback.receipt import overall, says

_NAMES: Final[Mapping[str, str]] = {"resource_type": "type", "write_identifier": "write"}
_TUPLES: Final = frozenset({"differences", "degraded"})
_PLACES: Final[Mapping[str, WriteState]] = {"absent": WriteState.REJECTED, "several": WriteState.MISMATCH}


def as_json(one: WrittenResource) -> Json:
    """What became of a resource, for a row's detail."""
    values = {_NAMES.get(field.name, field.name): getattr(one, field.name) for field in fields(WrittenResource)}
    values |= {name: list(values[name]) for name in _TUPLES}
    return values | {"state": str(one.state), "differs_at": [said.partition(":")[0] for said in one.differences]}


def errand_told(
    errand_id: str, still: Iterable[WrittenResource], planned: Iterable[WrittenResource], skipped: Iterable[tuple[str, str]], noted: str
) -> Json:
    """What is kept with each row of an errand. `still`: what is not written because it stands; `planned`: what is to be sent, each as it
    is where it never is; `noted`: what the EHR's own validator said."""
    resources = {"still": [as_json(one) for one in still], "planned": [as_json(one) for one in planned]}
    return {"id": errand_id, **resources, "skipped": [list(pair) for pair in skipped], "noted": noted}


def errands_of(rows: Iterable[LedgerRow]) -> tuple[tuple[LedgerRow, ...], ...]:
    """Rows that were one errand, together; in the order of their first rows. A row from before errands were kept is one of its own."""
    found: dict[str, list[LedgerRow]] = {}
    for row in rows:
        found.setdefault(str(_errand(row).get("id", row.id)), []).append(row)
    return tuple(tuple(together) for together in found.values())


def receipt_of(rows: Sequence[LedgerRow]) -> WriteReceipt:
    """The receipt of one errand, from its rows in their order (at least one)."""
    first = rows[0]
    errand = _errand(first)
    written = [one for row in rows for one in _resources(row)]
    done = {one.write_identifier for one in written}
    left = [one for one in map(_resource, errand.get("planned", ())) if one.write_identifier not in done]
    resources = (*written, *left)
    said, noted = says(resources), str(errand.get("noted", ""))
    return WriteReceipt(
        first.output,
        first.rung,
        overall(one.state for one in resources),
        (*resources, *map(_resource, errand.get("still", ()))),
        tuple((rung, why) for rung, why in errand.get("skipped", ())),
        tuple(row.id for row in rows),
        any(row.detail.get("is_conflict") for row in rows),
        max((datetime.fromisoformat(row.detail["not_before"]) for row in rows if row.detail.get("not_before")), default=None),
        f"{said}; {noted}" if noted else said,
        is_sent=True,
        plan_id=first.plan_id,
    )


def _resources(row: LedgerRow) -> list[WrittenResource]:
    """What became of each resource of one request."""
    told = {one.get("write"): one for one in row.detail.get("resources", ())}
    sent = row.detail.get("sent", ())
    if not sent:
        return [_resource(one) for one in told.values() if "state" in one]
    return [_of_sent(row, one, told.get(one["write_identifier"], {})) for one in sent]


def _of_sent(row: LedgerRow, sent: Mapping[str, Any], told: Mapping[str, Any]) -> WrittenResource:
    known = {"type": sent["resource_type"], "write": sent["write_identifier"], "doing": sent["doing"], "reference": sent["reference"]}
    person = row.detail.get("by_person")
    if person:
        return _resource(known | dict(told) | {"state": row.state, "says": f"{person['by']}, {person['on']}: {person['reason']}"})
    if "state" in told:
        return _resource(known | dict(told))
    if "place" in told:
        there = WriteState.WRITTEN if row.state is WriteState.WRITTEN else WriteState.MISMATCH
        state = there if told["place"] == "there" else _PLACES.get(told["place"], WriteState.UNKNOWN)
        is_read = told["place"] == "there"
        return _resource(known | dict(told) | {"state": state, "is_read_back": is_read, "says": row.detail.get("looked", "")})
    return _resource(known | {"state": row.state, "says": "no answer came"})


def _resource(told: Mapping[str, Any]) -> WrittenResource:
    state = WriteState(told["state"])
    values = {field.name: told[name] for field in fields(WrittenResource) if (name := _NAMES.get(field.name, field.name)) in told}
    values |= {name: tuple(values.get(name, ())) for name in _TUPLES}
    # Rows from before this was kept say why something was not read back, and nothing where it was.
    values.setdefault("is_read_back", state is WriteState.WRITTEN and not told.get("says"))
    return WrittenResource(**(values | {"state": state, "reference": told.get("reference") or ""}))


def _errand(row: LedgerRow) -> Json:
    kept: Json = row.detail.get("errand") or {}
    return kept
