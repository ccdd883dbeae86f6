"""What of one plan stands in the EHR now: this version, an older one that it takes the place of, or what was left of an interrupted write.

A care plan is known by our identifiers, everything else by our write identifier or by the references of that care plan: some servers
search neither steps nor goals. What somebody stripped is known by where our ledger says that it stands (`belonging`). A list that may be
incomplete is no proof that there is nothing: then nothing is written. What arrived once and is gone was taken away by somebody: a person
says whether it is made again (`Ask`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fhir_taper.errors import WriteRefused
from fhir_taper.mappers.references import address, has_identifier, key_of
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.records import Fetched
from fhir_taper.writeback.ask import Ask
from fhir_taper.writeback.belonging import core_of, is_same_write, version_ids
from fhir_taper.writeback.care_plan_there import care_plan_there
from fhir_taper.writeback.earlier import earlier_of, ended_by_us, is_draft, is_same_proposal, other_products, says_proposal
from fhir_taper.writeback.element_references import identifier_value, references
from fhir_taper.writeback.following import read_if_there, referred_to
from fhir_taper.writeback.lookup import Lookup
from fhir_taper.writeback.ours import Ours, ours_of
from fhir_taper.writeback.ports import Reader
from fhir_taper.writeback.readback import same_meaning
from fhir_taper.writeback.recorded import PlanIds, Recorded
from fhir_taper.writeback.told import Told, told_of

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
        self.reader, self.lookup = reader, Lookup(reader, patient_id, searchable)
        self.found: dict[str, Fetched] = {}
        self.gone: set[str] = set()
        self.asks: list[Ask] = []
        self.read: dict[str, Fetched | None] = {}
        self.lost: dict[str, str] = {}
        self.ours = Ours()

    def all(self) -> Standing:
        urn, ours = next(entry for entry in self.entries if entry[1]["resourceType"] == "CarePlan")
        self.ours = ours_of(self.bundle, self.known, self.ids)
        there = care_plan_there(ours, self.lookup, self.known, self.ids)
        plan = there.plan
        if plan is not None:
            self.found[urn] = plan
            self.ours = self._with_plan(plan)
            followed = list(referred_to(self.reader, plan, _FOLLOWED, self.gone))
            self.ours = replace(self.ours, references=self.ours.references | self.gone)
        else:  # what it referred to may stand all the same
            followed = list(self._left_behind())
        self.read |= {key_of(one.resource): one for one in followed}
        self._match(followed)
        self._by_record()
        for url, resource in self.entries:
            if url not in self.found and resource["resourceType"] in self.lookup.searchable:
                self._search(url, resource)
        stripped = "" if plan is None or core_of(plan.resource) else _says_stripped(plan)
        told, deleted = self._told(), self._deleted()
        asks = (*there.asks, *{ask.name: ask for ask in self.asks if ask.url not in self.found}.values())
        return Standing(self.found, self._stale(), told, frozenset(self.gone), deleted, asks, stripped, self._unlinked(plan), self.ours)

    def _with_plan(self, plan: Fetched) -> Ours:
        """With the version that stands, which another installation may have written."""
        plans = self.ours.plans.union(version_ids(plan.resource))
        return replace(self.ours, plans=plans, references=self.ours.references | {key_of(plan.resource)})

    def _taken(self) -> set[str]:
        """Where everything stands that was found to be ours."""
        return {key_of(one.resource) for one in self.found.values()}

    def _stale(self) -> tuple[Fetched, ...]:
        """What is of this plan and no longer counts: goals that go on, and proposals."""
        for one in self.known.kept:
            if one.kind == "Goal" and not ended_by_us(one):
                self._read(one.reference)
        taken = self._taken()
        return tuple(one for key, one in self.read.items() if one is not None and key not in taken and self._is_ours(one))

    def _unlinked(self, plan: Fetched | None) -> tuple[str, ...]:
        """Goals that were written with the care plan that stands, and that somebody took out of it."""
        if plan is None:
            return ()
        linked = {address(one).key for one in references(plan.resource.get("goal", []))}
        written = references((self.known.body_at(key_of(plan.resource)) or {}).get("goal", []))
        named = {self.known.references.get(str(one.get("reference")).removeprefix("urn:uuid:")) for one in written}
        goals = [key_of(one.resource) for one in self.found.values() if one.resource["resourceType"] == "Goal"]
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

    def _search(self, url: str, ours: Json) -> None:
        written = (WRITE_SYSTEM, identifier_value(ours, WRITE_SYSTEM))
        if not written[1]:
            return
        listed = map(self.lookup.with_version, self.lookup.listed(ours["resourceType"], f"{written[0]}|{written[1]}"))
        matches = [one for one in listed if has_identifier(one.resource, written)]
        if len(matches) > 1:
            where = ", ".join(sorted(key_of(one.resource) for one in matches))
            raise WriteRefused(f"the EHR holds one {ours['resourceType']} of ours several times ({where}): a person removes all but one")
        if matches:
            self.found[url] = matches[0]

    def _told(self) -> Told:
        ours = next((resource for _, resource in self.entries if resource["resourceType"] == "Provenance"), None)
        plan = next((key_of(one.resource) for one in self.found.values() if one.resource["resourceType"] == "CarePlan"), "")
        if ours is None or not plan:
            return Told(is_there=ours is None)
        return told_of(self.reader, plan, ours, self._taken())

    def _match(self, followed: list[Fetched]) -> None:
        """By write identifier first; then by what our ledger knows of earlier versions; then, of what is this plan's, what takes a place
        over: the steps, a goal by its words, a proposal by its meaning."""
        self._match_by(is_same_write, followed)
        self._match_earlier()
        self._match_other_products()
        ended = {one.reference for one in self.known.kept if ended_by_us(one)}
        self._match_by(_same_place, [one for one in followed if self._is_ours(one) and key_of(one.resource) not in ended])

    def _match_earlier(self) -> None:
        for url, ours in self.entries:
            for kept in earlier_of(ours, self.known.kept) if url not in self.found else ():
                one = self._read(kept.reference)
                if one is None:
                    self.lost.setdefault(url, kept.reference)
                elif not self._is_ours(one) or key_of(one.resource) in self._taken():
                    continue
                elif ours["resourceType"] != "MedicationRequest" or is_same_proposal(ours, kept, one.resource):
                    self.found[url] = one
                    break
                elif kept.body is not None and not is_draft(one.resource):
                    says = f"{says_proposal(key_of(one.resource), one.resource)} Writing proposes another beside it."
                    self.asks.append(Ask("proposed", key_of(one.resource), says, url))

    def _match_other_products(self) -> None:
        """What became of proposals for the same days of products that this version no longer proposes: signed, it would be taken beside."""
        proposals = {url: one for url, one in self.entries if one["resourceType"] == "MedicationRequest"}
        for url, ours in proposals.items():
            for kept in other_products(ours, self.known.kept, proposals.values()) if url not in self.found else ():
                one = self._read(kept.reference)
                if one is None or not is_draft(one.resource):  # a draft is named to be withdrawn
                    says = f"{says_proposal(kept.reference, one.resource if one else None)} Writing proposes another product for them."
                    self.asks.append(Ask("proposed", kept.reference, says, url))

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
            taken = self._taken()
            kind = resource["resourceType"]
            free = (one for one in followed if one.resource["resourceType"] == kind and key_of(one.resource) not in taken)
            same = next((one for one in free if rule(resource, one.resource)), None)
            if same is not None and url not in self.found:
                self.found[url] = same


def _same_place(ours: Json, theirs: Json) -> bool:
    if ours["resourceType"] == "RequestGroup":
        return True
    if ours["resourceType"] == "Goal":
        return bool(ours.get("description") == theirs.get("description"))
    return not same_meaning(ours, theirs)


def _says_stripped(plan: Fetched) -> str:
    is_there = f"{key_of(plan.resource)} in the EHR is this plan; it is {plan.resource.get('status')} there"
    return (
        f"{is_there}, and somebody took out of it what this program wrote."
        " It is not written over, and no other one is made beside it: end the plan here too, or have it put right in the EHR."
    )
