"""What our ledger remembers of the writes for a patient: where resources stand, which are known to have arrived, how they read then.

It is a memory, no proof: what stands is read from the EHR. But what is known to have arrived and is not there any more was taken away by
somebody, and is not made again without a word.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fhir_taper.mappers.write.namespace import Json
from fhir_taper.records import LedgerRow, WriteState

_ARRIVED: Final = frozenset({WriteState.WRITTEN.value, WriteState.MISMATCH.value})


@dataclass(frozen=True, slots=True)
class PlanIds:
    """Ids of the versions of a plan that are kept here, and of the versions of the patient's other plans."""

    this: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    """Write identifiers of this plan's versions, as they are made (`ours.write_ids_of`)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where something of this plan arrived, and what we last wanted there; no body where that is not known."""

    reference: str
    write: str
    body: Json | None = None

    @property
    def kind(self) -> str:
        return self.reference.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Recorded:
    """By write identifier: `references` ("Type/id") of every write; `arrived`: those of what is known to have arrived, "" where a person
    found it and the EHR's id is not known; `bodies`: the resources that arrived, as we wanted them; `narratives`: a digest of the words
    that the EHR showed after the write.

    `kept` is what arrived in writes of the plan's own versions, the last one last, with what was wanted there. `writes` are the write
    identifiers of this plan's rows, `others` those of the patient's other plans.
    """

    references: Mapping[str, str] = field(default_factory=dict)
    arrived: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)
    narratives: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    writes: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    @property
    def of_plan(self) -> tuple[str, ...]:
        """The references of what is kept."""
        return tuple(one.reference for one in self.kept)

    def body_at(self, reference: str) -> Json | None:
        """What we last wanted at a reference."""
        return next((one.body for one in self.kept if one.reference == reference), None)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Those of one type."""
        return tuple(one for one in self.of_plan if one.startswith(f"{kind}/"))


def recorded(rows: Iterable[LedgerRow], ids: PlanIds | None = None) -> Recorded:
    """What the rows of a patient tell; they are oldest first."""
    references: dict[str, str] = {}
    arrived: dict[str, str] = {}
    bodies: dict[str, Json] = {}
    narratives: dict[str, str] = {}
    of_plan: dict[str, str] = {}
    writes: set[str] = set()
    others: set[str] = set()
    for row in rows:
        is_of_plan = ids is not None and row.plan_id in ids.this
        told = _told(row)
        for write, reference in _stood(row):
            references[write] = reference
            if is_of_plan:
                writes.add(write)
        for write, reference, one in told:
            if reference:
                references[write] = reference
            if ids is not None:
                (writes if is_of_plan else others).add(write)
            if not _has_arrived(row, one):
                continue
            arrived[write] = reference or arrived.get(write, "")
            if reference and is_of_plan:
                of_plan.pop(reference, None)
                of_plan[reference] = write
            if one.get("narrative"):
                narratives[write] = one["narrative"]
        # Of what arrived otherwise than we wrote it, the difference is for a person: it is no base to compare with.
        said = {write: one for write, _, one in told}
        bodies |= {write: body for write, body in row.detail.get("bodies", {}).items() if _is_written(row, said.get(write, {}))}
    kept = tuple(Kept(reference, write, bodies.get(write)) for reference, write in of_plan.items())
    return Recorded(references, arrived, bodies, narratives, kept, frozenset(writes), frozenset(others - writes))


def _stood(row: LedgerRow) -> Iterator[tuple[str, str]]:
    """Write identifier and reference of what stood already and was not sent: bodies of this write refer to it by this name."""
    for one in row.detail.get("errand", {}).get("still", ()):
        if one.get("write") and one.get("reference"):
            yield one["write"], one["reference"]


def _told(row: LedgerRow) -> list[tuple[str, str, Json]]:
    """Write identifier, reference, and what the row says of each resource: what was sent, where nothing was said since."""
    said = {one["write"]: one for one in row.detail.get("resources", ()) if one.get("write")}
    sent = {one["write_identifier"]: one.get("reference", "") for one in row.detail.get("sent", ())}
    return [
        (write, said.get(write, {}).get("reference") or sent.get(write, ""), said.get(write, {})) for write in dict.fromkeys([*sent, *said])
    ]


def _is_written(row: LedgerRow, one: Json) -> bool:
    return row.state is WriteState.WRITTEN or one.get("state") == WriteState.WRITTEN.value


def _has_arrived(row: LedgerRow, one: Json) -> bool:
    """As the answer, a sweep, or a person told it."""
    if one.get("place") is not None:
        return bool(one["place"] == "there")
    return row.state is WriteState.WRITTEN or one.get("state") in _ARRIVED
