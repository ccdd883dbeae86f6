"""What of one plan stands in the EHR now: this version, an older one that it takes the place of, or what was left of an interrupted write.

A care plan is known by our identifiers, everything else by our write identifier or by the references of that care plan: some servers
search neither steps nor goals. What somebody stripped is known by where our ledger says that it stands (`belonging`). A list that may be
incomplete is no proof that there is nothing: then nothing is written. What arrived once and is gone was taken away by somebody: a person
says whether it is made again (`Ask`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fhir_taper.errors import EhrAnswered, WriteRefused
from fhir_taper.mappers.references import address, has_identifier
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM, Json
from fhir_taper.records import Fetched
from fhir_taper.writeback.ask import Ask
from fhir_taper.writeback.belonging import Belongs, belongs, core_of, is_same_write
from fhir_taper.writeback.earlier import earlier_of, ended_by_us, is_draft, is_same_proposal, says_proposal
from fhir_taper.writeback.element_references import identifier_value, references
from fhir_taper.writeback.following import read_if_there, referred_to
from fhir_taper.writeback.ours import Ours, ours_of
from fhir_taper.writeback.ports import Reader
from fhir_taper.writeback.readback import same_meaning
from fhir_taper.writeback.recorded import PlanIds, Recorded
from fhir_taper.writeback.told import Told, told_of

_ENDED: Final = frozenset({"revoked", "completed", "entered-in-error"})
_RUNNING: Final = frozenset({"active", "on-hold"})
_FOLLOWED: Final = ("RequestGroup", "Goal", "MedicationRequest")
_TAKES_A_PLACE: Final = ("CarePlan", "RequestGroup")
"""Of which a plan has one, in whatever version."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`by_urn`: what stands, by the fullUrl of the resource of ours that it is. `stale`: what was ours and no longer counts."""

    by_urn: Mapping[str, Fetched] = field(default_factory=dict)
    stale: tuple[Fetched, ...] = ()
    told: Told = field(default_factory=Told)
    """What this very version's provenance tells, where it stands already."""
    gone: frozenset[str] = frozenset()
    """References of ours ("Goal/7") to what is not there: left by a server that kept a part of a transaction."""
    deleted: Mapping[str, str] = field(default_factory=dict)
    """By fullUrl: where what would be created stood once ("CarePlan/7"; "" where that is not known), and is gone."""
    asks: tuple[Ask, ...] = ()
    """What a person must accept before the care plan is made, because it cannot be told what stands."""
    stripped: str = ""
    """What is to be known of the care plan that stands, where it has lost what we wrote into it."""
    unlinked: tuple[str, ...] = ()
    """References of goals that the care plan in the EHR no longer names, and did."""
    ours: Ours = field(default_factory=Ours)
    """What is of this plan, whatever it refers to and whoever refers to it."""


def find_standing(
    bundle: Json,
    patient_id: str,
    reader: Reader,
    searchable: Iterable[str],
    known: Recorded | None = None,
    ids: PlanIds | None = None,
) -> Standing:
    """What stands now, read afresh. `known` is what our ledger has of earlier writes, `ids` what is kept here of the patient's plans.

    Raises WriteRefused where it cannot be known, or where another plan is in the way; EhrError.
    """
    return _Finding(bundle, patient_id, reader, frozenset(searchable), known or Recorded(), ids or PlanIds()).all()


class _Finding:
    def __init__(self, bundle: Json, patient_id: str, reader: Reader, searchable: frozenset[str], known: Recorded, ids: PlanIds) -> None:
        self.bundle, self.known, self.ids = bundle, known, ids
        self.entries = [(str(entry["fullUrl"]), entry["resource"]) for entry in bundle["entry"]]
        self.patient_id, self.reader, self.searchable = patient_id, reader, searchable
        self.found: dict[str, Fetched] = {}
        self.gone: set[str] = set()
        self.asks: list[Ask] = []
        self.read: dict[str, Fetched | None] = {}
        self.lost: dict[str, str] = {}
        self.ours = Ours()

    def all(self) -> Standing:
        urn, ours = next(entry for entry in self.entries if entry[1]["resourceType"] == "CarePlan")
        self.ours = ours_of(self.bundle, self.known, self.ids)
        plan = self._care_plan(ours)
        asks = tuple(self.asks) if plan is None else ()
        self.asks.clear()
        if plan is not None:
            self.found[urn] = plan
            self.ours = self._with_plan(plan)
            followed = list(referred_to(self.reader, plan, _FOLLOWED, self.gone))
            self.ours = replace(self.ours, references=self.ours.references | self.gone)
        else:  # what it referred to may stand all the same
            followed = list(self._left_behind())
        self.read |= {_key(one): one for one in followed}
        self._match(followed)
        self._by_record()
        for url, resource in self.entries:
            if url not in self.found and resource["resourceType"] in self.searchable:
                self._search(url, resource)
        stripped = "" if plan is None or core_of(plan.resource) else _says_stripped(plan)
        told, deleted = self._told(), self._deleted()
        asks = (*asks, *(ask for ask in self.asks if ask.url not in self.found and ask.url not in deleted))
        return Standing(self.found, self._stale(), told, frozenset(self.gone), deleted, asks, stripped, self._unlinked(plan), self.ours)

    def _with_plan(self, plan: Fetched) -> Ours:
        """With the version that stands, which another installation may have written."""
        standing = {identifier_value(plan.resource, PLAN_SYSTEM), identifier_value(plan.resource, WRITE_SYSTEM)} - {""}
        return replace(self.ours, plans=self.ours.plans | standing, references=self.ours.references | {_key(plan)})

    def _stale(self) -> tuple[Fetched, ...]:
        """What is of this plan and no longer counts: goals that go on, and proposals."""
        for one in self.known.kept:
            if one.kind == "Goal" and not ended_by_us(one):
                self._read(one.reference)
        taken = {_key(one) for one in self.found.values()}
        return tuple(one for key, one in self.read.items() if one is not None and key not in taken and self._is_ours(one))

    def _unlinked(self, plan: Fetched | None) -> tuple[str, ...]:
        """Goals that were written with the care plan that stands, and that somebody took out of it."""
        if plan is None:
            return ()
        linked = {address(one).key for one in references(plan.resource.get("goal", []))}
        written = references((self.known.body_at(_key(plan)) or {}).get("goal", []))
        named = {self.known.references.get(str(one.get("reference")).removeprefix("urn:uuid:")) for one in written}
        goals = [_key(one) for one in self.found.values() if one.resource["resourceType"] == "Goal"]
        return tuple(one for one in goals if one not in linked and one in named)

    def _read(self, reference: str) -> Fetched | None:
        if reference not in self.read:
            self.read[reference] = read_if_there(self.reader, reference)
        return self.read[reference]

    def _is_ours(self, one: Fetched) -> bool:
        """Of this plan; or a proposal with our write identifier of which nobody knows more: it is never changed, and a person looks."""
        if self.ours.holds(one.resource):
            return True
        written = identifier_value(one.resource, WRITE_SYSTEM)
        return one.resource["resourceType"] == "MedicationRequest" and bool(written) and written not in self.known.others

    def _care_plan(self, ours: Json) -> Fetched | None:
        taper = (TAPER_SYSTEM, identifier_value(ours, TAPER_SYSTEM))
        listed = self._list("CarePlan", f"{taper[0]}|{taper[1]}")
        named = [one for one in listed if has_identifier(one.resource, taper)]
        candidates = [one for one in named if self._counts(one, ours)]
        candidates = candidates or [one for one in self._nameless(ours, {_key(one) for one in named}) if self._counts(one, ours)]
        running = [one for one in candidates if not _is_ended(one)]
        if len(running) > 1:
            where = ", ".join(sorted(_key(one) for one in running))
            raise WriteRefused(f"the EHR holds several plans of this taper ({where}): end all but one there first")
        # One that was ended there is still this plan: its status is then a difference that a person sees, never a reason to make another.
        return max(
            running or candidates,
            key=lambda one: (is_same_write(ours, one.resource), core_of(one.resource).get("version", 0)),
            default=None,
        )

    def _nameless(self, ours: Json, seen: set[str]) -> Iterator[Fetched]:
        """Care plans of this plan that lost the identifier of the taper: where the ledger says, and by what they say or refer to."""
        for reference in reversed(self.known.of_kind("CarePlan")):
            one = read_if_there(self.reader, reference) if reference not in seen else None
            if one is not None:
                seen.add(reference)
                yield one
        found = self.reader.search("CarePlan", {"patient": self.patient_id})
        _refuse_incomplete("CarePlan", complete=found.complete)
        for one in found.resources:
            if _key(one) in seen or identifier_value(one.resource, TAPER_SYSTEM):
                continue  # of another taper, or looked at already
            if belongs(ours, one.resource, self.ids, self.known.of_plan) is Belongs.THIS:
                yield self._with_version(one)
            elif not self.known.of_kind("CarePlan") and self._refers_to_ours(one):
                says = (
                    f"{_key(one)} in the EHR refers to steps of this plan; it is {one.resource.get('status')} there, and does not say what"
                )
                self.asks.append(
                    Ask(
                        "stripped",
                        _key(one),
                        f"{says} it is. It may be this plan, stripped, or somebody else's: writing makes one beside it.",
                    )
                )

    def _refers_to_ours(self, plan: Fetched) -> bool:
        """Whether its steps are of this plan. What a care plan of others refers to may be closed to us: that is no sign."""
        try:
            parts = list(referred_to(self.reader, plan, ("RequestGroup",)))
        except EhrAnswered:
            return False
        return any(identifier_value(one.resource, PLAN_SYSTEM) in self.ids.this for one in parts)

    def _counts(self, standing: Fetched, ours: Json) -> bool:
        """Whether a care plan is the one to go on with. Raises WriteRefused where it is in the way."""
        theirs, here = standing.resource, f"{_key(standing)} in the EHR"
        whose = belongs(ours, theirs, self.ids, self.known.of_plan)
        if whose is Belongs.OTHER or (whose is Belongs.UNTOLD and not self._refers_to_ours(standing)):
            if theirs.get("status") in _RUNNING and ours.get("status") in _RUNNING:
                raise WriteRefused(f"{here} is another running plan of the same medicine: end it first")
            if whose is Belongs.UNTOLD:
                says = f"{here} is a taper of this medicine that this program wrote; it is {theirs.get('status')} there, and has lost what"
                self.asks.append(Ask("stripped", _key(standing), f"{says} says which plan it is. It may be this one, ended by somebody."))
            return False
        mine, other = core_of(ours), core_of(theirs)
        if not other:
            if is_same_write(ours, theirs) or _is_ended(standing):
                return True
            raise WriteRefused(f"{here} was written by this program and cannot be read any more: a person looks at it first")
        if other["version"] > mine["version"]:
            raise WriteRefused(f"{here} is version {other['version']} of the plan, and this is version {mine['version']}: read it first")
        return True

    def _left_behind(self) -> Iterator[Fetched]:
        """What earlier writes of this plan left, where its care plan is gone."""
        wanted = (one for one in self.known.of_plan if one.partition("/")[0] in _FOLLOWED)
        return (
            one
            for one in (read_if_there(self.reader, reference) for reference in wanted)
            if one is not None and self.ours.holds(one.resource)
        )

    def _deleted(self) -> dict[str, str]:
        """What arrived once and is not there."""
        deleted: dict[str, str] = {}
        for url, resource in self.entries:
            kind, written = resource["resourceType"], identifier_value(resource, WRITE_SYSTEM)
            if url in self.found or kind in ("Device", "Provenance"):
                continue
            earlier = self.known.of_kind(kind) if kind in _TAKES_A_PLACE else ()
            if written in self.known.arrived:
                deleted[url] = self.known.arrived[written]
            elif url in self.lost:
                deleted[url] = self.lost[url]
            elif earlier:
                deleted[url] = earlier[-1]
        return deleted

    def _list(self, kind: str, token: str) -> tuple[Fetched, ...]:
        params = {"patient": self.patient_id} if kind != "Device" else {}
        found = self.reader.search(kind, params | ({"identifier": token} if kind in self.searchable else {}))
        _refuse_incomplete(kind, complete=found.complete)
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
        """By write identifier first; then by what our ledger knows of earlier versions; then, of what is this plan's, what takes a place
        over: the steps, a goal by its words, a proposal by its meaning."""
        self._match_by(is_same_write, followed)
        self._match_earlier()
        ended = {one.reference for one in self.known.kept if ended_by_us(one)}
        self._match_by(_same_place, [one for one in followed if self._is_ours(one) and _key(one) not in ended])

    def _match_earlier(self) -> None:
        for url, ours in self.entries:
            for kept in earlier_of(ours, self.known.kept) if url not in self.found else ():
                one = self._read(kept.reference)
                if one is None:
                    self.lost.setdefault(url, kept.reference)
                elif not self._is_ours(one) or _key(one) in {_key(other) for other in self.found.values()}:
                    continue
                elif ours["resourceType"] != "MedicationRequest" or is_same_proposal(ours, kept, one.resource):
                    self.found[url] = one
                    break
                elif kept.body is not None and not is_draft(one.resource):
                    says = f"{says_proposal(_key(one), one.resource)} Writing proposes another beside it."
                    self.asks.append(Ask("proposed", _key(one), says, url))

    def _by_record(self) -> None:
        for url, resource in self.entries:
            reference = self.known.references.get(identifier_value(resource, WRITE_SYSTEM), "")
            is_wanted = url not in self.found and reference.startswith(f"{resource['resourceType']}/")
            one = read_if_there(self.reader, reference) if is_wanted else None
            if one is None:
                continue
            # One that somebody took our identifier from is still what stands at that reference.
            is_stripped = resource["resourceType"] != "CarePlan" and not identifier_value(one.resource, WRITE_SYSTEM)
            if is_stripped or is_same_write(resource, one.resource):
                self.found[url] = one

    def _match_by(self, rule: Callable[[Json, Json], bool], followed: list[Fetched]) -> None:
        for url, resource in self.entries:
            taken = {_key(one) for one in self.found.values()}
            kind = resource["resourceType"]
            free = (one for one in followed if one.resource["resourceType"] == kind and _key(one) not in taken)
            same = next((one for one in free if rule(resource, one.resource)), None)
            if same is not None and url not in self.found:
                self.found[url] = same


def _same_place(ours: Json, theirs: Json) -> bool:
    if ours["resourceType"] == "RequestGroup":
        return True
    if ours["resourceType"] == "Goal":
        return bool(ours.get("description") == theirs.get("description"))
    return not same_meaning(ours, theirs)


def _is_ended(standing: Fetched) -> bool:
    return standing.resource.get("status") in _ENDED


def _says_stripped(plan: Fetched) -> str:
    is_there = f"{_key(plan)} in the EHR is this plan; it is {plan.resource.get('status')} there"
    return (
        f"{is_there}, and somebody took out of it what this program wrote."
        " It is not written over, and no other one is made beside it: end the plan here too, or have it put right in the EHR."
    )


def _refuse_incomplete(kind: str, *, complete: bool) -> None:
    if not complete:
        raise WriteRefused(f"the EHR's answer for {kind} may be incomplete: whether this was written before is not known")


def _key(one: Fetched) -> str:
    return f"{one.resource['resourceType']}/{one.resource.get('id', '')}"
