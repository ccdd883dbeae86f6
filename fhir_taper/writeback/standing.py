"""What of one plan stands in the EHR now: this version, an older one that it takes the place of, or what was left of an interrupted write.

A care plan is known by our taper identifier, everything else by our write identifier or by the references of that care plan: some servers
search neither steps nor goals. A list that may be incomplete is no proof that there is nothing: then nothing is written.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_taper.errors import BadInput, WriteRefused
from fhir_taper.mappers.references import has_identifier
from fhir_taper.mappers.write.extensions import read_core
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM, Json
from fhir_taper.records import Fetched, LedgerRow, WriteState
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.following import read_if_there, referred_to
from fhir_taper.writeback.ports import Reader
from fhir_taper.writeback.readback import same_meaning
from fhir_taper.writeback.told import Told, told_of

_ENDED: Final = frozenset({"revoked", "completed", "entered-in-error"})
_RUNNING: Final = frozenset({"active", "on-hold"})
_FOLLOWED: Final = ("RequestGroup", "Goal", "MedicationRequest")


@dataclass(frozen=True, slots=True)
class Standing:
    """`by_urn`: what stands, by the fullUrl of the resource of ours that it is. `stale`: what was ours and no longer counts."""

    by_urn: Mapping[str, Fetched] = field(default_factory=dict)
    stale: tuple[Fetched, ...] = ()
    told: Told = field(default_factory=Told)
    """What this very version's provenance tells, where it stands already."""
    gone: frozenset[str] = frozenset()
    """References of ours ("Goal/7") to what is not there: left by a server that kept a part of a transaction."""


def find_standing(
    bundle: Json, patient_id: str, reader: Reader, searchable: Iterable[str], recorded: Mapping[str, str] | None = None
) -> Standing:
    """What stands now, read afresh. `recorded`: write identifier → "Type/id" as our ledger has it from earlier writes.

    Raises WriteRefused where it cannot be known, or where another plan is in the way; EhrError.
    """
    finding = _Finding(bundle, patient_id, reader, frozenset(searchable), recorded or {})
    return finding.all()


def recorded_references(rows: Iterable[LedgerRow]) -> dict[str, str]:
    """Write identifier → "Type/id", as earlier writes of the same plan recorded them: for servers that cannot be searched."""
    told = [one for row in rows for one in row.detail.get("resources", ())]
    return {one["write"]: one["reference"] for one in told if one.get("write") and one.get("reference")}


def written_resources(rows: Iterable[LedgerRow]) -> dict[str, Json]:
    """Write identifier → the resource as we wanted it, for what is known to have arrived; `rows` are oldest first."""
    known: dict[str, Json] = {}
    for row in rows:
        told = {one.get("write"): one for one in row.detail.get("resources", ())}
        for write, body in row.detail.get("bodies", {}).items():
            one = told.get(write, {})
            if row.state is WriteState.WRITTEN or one.get("state") == WriteState.WRITTEN.value:
                known[write] = body
    return known


class _Finding:
    def __init__(self, bundle: Json, patient_id: str, reader: Reader, searchable: frozenset[str], recorded: Mapping[str, str]) -> None:
        self.recorded = recorded
        self.entries = [(str(entry["fullUrl"]), entry["resource"]) for entry in bundle["entry"]]
        self.patient_id, self.reader, self.searchable = patient_id, reader, searchable
        self.found: dict[str, Fetched] = {}
        self.gone: set[str] = set()

    def all(self) -> Standing:
        urn, ours = next(entry for entry in self.entries if entry[1]["resourceType"] == "CarePlan")
        plan = self._care_plan(ours)
        followed: list[Fetched] = []
        if plan is not None:
            self.found[urn] = plan
            followed = list(referred_to(self.reader, plan, _FOLLOWED, self.gone))
            self._match(followed)
        self._by_record()
        for url, resource in self.entries:
            if url not in self.found and resource["resourceType"] in self.searchable:
                self._search(url, resource)
        taken = {_key(one) for one in self.found.values()}
        stale = tuple(one for one in followed if _key(one) not in taken and _is_written_by_us(one))
        return Standing(self.found, stale, self._told(), frozenset(self.gone))

    def _care_plan(self, ours: Json) -> Fetched | None:
        taper = (TAPER_SYSTEM, identifier_value(ours, TAPER_SYSTEM))
        candidates = [
            one for one in self._list("CarePlan", f"{taper[0]}|{taper[1]}") if has_identifier(one.resource, taper) and _counts(one, ours)
        ]
        running = [one for one in candidates if not _is_ended(one)]
        if len(running) > 1:
            where = ", ".join(sorted(_key(one) for one in running))
            raise WriteRefused(f"the EHR holds several plans of this taper ({where}): end all but one there first")
        # One that was ended there is still this plan: its status is then a difference that a person sees, never a reason to make another.
        return max(
            running or candidates, key=lambda one: (_same_write(ours, one.resource), _core(one.resource).get("version", 0)), default=None
        )

    def _list(self, kind: str, token: str) -> tuple[Fetched, ...]:
        params = {"patient": self.patient_id} if kind != "Device" else {}
        found = self.reader.search(kind, params | ({"identifier": token} if kind in self.searchable else {}))
        if not found.complete:
            raise WriteRefused(f"the EHR's answer for {kind} may be incomplete: whether this was written before is not known")
        return tuple(self._with_version(one) for one in found.resources)

    def _with_version(self, one: Fetched) -> Fetched:
        """A list does not always tell versions; reading does."""
        return one if one.etag else self.reader.read(one.resource["resourceType"], str(one.resource.get("id")))

    def _search(self, url: str, ours: Json) -> None:
        written = (WRITE_SYSTEM, identifier_value(ours, WRITE_SYSTEM))
        if not written[1]:
            return
        matches = [one for one in self._list(ours["resourceType"], f"{written[0]}|{written[1]}") if has_identifier(one.resource, written)]
        if len(matches) > 1:
            where = ", ".join(sorted(_key(one) for one in matches))
            raise WriteRefused(f"the EHR holds one {ours['resourceType']} of ours several times ({where}): a person removes all but one")
        if matches:
            self.found[url] = matches[0]

    def _told(self) -> Told:
        ours = next((resource for _, resource in self.entries if resource["resourceType"] == "Provenance"), None)
        plan = next((_key(one) for one in self.found.values() if one.resource["resourceType"] == "CarePlan"), "")
        if ours is None or not plan:
            return Told(is_there=ours is None)
        return told_of(self.reader, plan, ours, {_key(one) for one in self.found.values()})

    def _match(self, followed: list[Fetched]) -> None:
        """By write identifier first; then what takes a place over: steps by taper, a goal by its words, a proposal by its meaning."""
        for rule in (_same_write, _same_place):
            self._match_by(rule, followed)

    def _by_record(self) -> None:
        for url, resource in self.entries:
            reference = self.recorded.get(identifier_value(resource, WRITE_SYSTEM), "")
            is_wanted = url not in self.found and reference.startswith(f"{resource['resourceType']}/")
            one = read_if_there(self.reader, reference) if is_wanted else None
            if one is not None and _same_write(resource, one.resource):
                self.found[url] = one

    def _match_by(self, rule: Callable[[Json, Json], bool], followed: list[Fetched]) -> None:
        for url, resource in self.entries:
            taken = {_key(one) for one in self.found.values()}
            kind = resource["resourceType"]
            free = (one for one in followed if one.resource["resourceType"] == kind and _key(one) not in taken)
            same = next((one for one in free if rule(resource, one.resource)), None)
            if same is not None and url not in self.found:
                self.found[url] = same


def _same_write(ours: Json, theirs: Json) -> bool:
    written = identifier_value(ours, WRITE_SYSTEM)
    return bool(written) and identifier_value(theirs, WRITE_SYSTEM) == written


def _same_place(ours: Json, theirs: Json) -> bool:
    if ours["resourceType"] == "RequestGroup":
        taper = identifier_value(ours, TAPER_SYSTEM)
        return bool(taper) and identifier_value(theirs, TAPER_SYSTEM) == taper
    if not identifier_value(theirs, WRITE_SYSTEM):
        return False
    if ours["resourceType"] == "Goal":
        return bool(ours.get("description") == theirs.get("description"))
    return not same_meaning(ours, theirs)


def _counts(standing: Fetched, ours: Json) -> bool:
    """Whether a care plan of this taper is the one to go on with. Raises WriteRefused where it is in the way."""
    theirs = standing.resource
    if _same_write(ours, theirs):
        return True
    here = f"{_key(standing)} in the EHR"
    mine, other = _core(ours), _core(theirs)
    replaced = [one.get("identifier", {}).get("value") for one in ours.get("replaces", []) if isinstance(one, Mapping)]
    if identifier_value(theirs, PLAN_SYSTEM) not in replaced and mine.get("key") != other.get("key"):
        if theirs.get("status") in _RUNNING and ours.get("status") in _RUNNING:
            raise WriteRefused(f"{here} is another running plan of the same medicine: end it first")
        return False
    if not other:
        raise WriteRefused(f"{here} was written by this program and cannot be read any more: a person looks at it first")
    if other["version"] > mine["version"]:
        raise WriteRefused(f"{here} is version {other['version']} of the plan, and this is version {mine['version']}: read it first")
    return True


def _is_ended(standing: Fetched) -> bool:
    return standing.resource.get("status") in _ENDED


def _core(care_plan: Json) -> dict[str, Any]:
    try:
        return read_core(care_plan)
    except BadInput:
        return {}


def _is_written_by_us(one: Fetched) -> bool:
    return bool(identifier_value(one.resource, WRITE_SYSTEM))


def _key(one: Fetched) -> str:
    return f"{one.resource['resourceType']}/{one.resource.get('id', '')}"
