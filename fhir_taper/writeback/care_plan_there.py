"""Which care plan in the EHR is that of a plan of ours, which one is in its way, and what a person must be asked where that cannot be told.

It is known by our identifiers; what somebody stripped, by where our ledger says that it stands (`belonging`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_taper.errors import EhrAnswered, WriteRefused
from fhir_taper.mappers.references import has_identifier, key_of
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM, TAPER_SYSTEM, Json
from fhir_taper.plans.tapers.collisions import ENDED, RUNNING
from fhir_taper.records import Fetched
from fhir_taper.writeback.ask import Ask
from fhir_taper.writeback.belonging import Belongs, belongs, core_of, is_same_write
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.following import read_if_there, referred_to
from fhir_taper.writeback.lookup import Lookup
from fhir_taper.writeback.recorded import PlanIds, Recorded


@dataclass(frozen=True, slots=True)
class CarePlanThere:
    """The care plan to go on with, or None; then `asks` are what a person must accept before another one is made."""

    plan: Fetched | None
    asks: tuple[Ask, ...] = ()


def care_plan_there(ours: Json, lookup: Lookup, known: Recorded, ids: PlanIds) -> CarePlanThere:
    """What stands of a care plan of ours. Raises WriteRefused where it cannot be known, or another plan is in the way; EhrError."""
    finding = _Finding(ours, lookup, known, ids)
    plan = finding.plan()
    return CarePlanThere(plan, () if plan is not None else tuple(finding.asks))


class _Finding:
    def __init__(self, ours: Json, lookup: Lookup, known: Recorded, ids: PlanIds) -> None:
        self.ours, self.lookup, self.known, self.ids = ours, lookup, known, ids
        self.asks: list[Ask] = []

    def plan(self) -> Fetched | None:
        taper = (TAPER_SYSTEM, identifier_value(self.ours, TAPER_SYSTEM))
        listed = map(self.lookup.with_version, self.lookup.listed("CarePlan", f"{taper[0]}|{taper[1]}"))
        named = [one for one in listed if has_identifier(one.resource, taper)]
        candidates = [one for one in named if self._counts(one)]
        candidates = candidates or [one for one in self._nameless({key_of(one.resource) for one in named}) if self._counts(one)]
        running = [one for one in candidates if not _is_ended(one)]
        if len(running) > 1:
            where = ", ".join(sorted(key_of(one.resource) for one in running))
            raise WriteRefused(f"the EHR holds several plans of this taper ({where}): end all but one there first")
        # One that was ended there is still this plan: its status is then a difference that a person sees, never a reason to make another.
        return max(
            running or candidates,
            key=lambda one: (is_same_write(self.ours, one.resource), core_of(one.resource).get("version", 0)),
            default=None,
        )

    def _nameless(self, seen: set[str]) -> Iterator[Fetched]:
        """Care plans of this plan that lost the identifier of the taper: where the ledger says, and by what they say or refer to."""
        for reference in reversed(self.known.of_kind("CarePlan")):
            one = read_if_there(self.lookup.reader, reference) if reference not in seen else None
            if one is not None:
                seen.add(reference)
                yield one
        for one in self.lookup.listed("CarePlan"):
            where = key_of(one.resource)
            if where in seen or identifier_value(one.resource, TAPER_SYSTEM):
                continue  # of another taper, or looked at already
            if belongs(self.ours, one.resource, self.ids, self.known.of_plan) is Belongs.THIS:
                yield self.lookup.with_version(one)
            elif not self.known.of_kind("CarePlan") and self._refers_to_ours(one):
                is_there = f"{where} in the EHR refers to steps of this plan; it is {one.resource.get('status')} there"
                may_be = "It may be this plan, stripped, or somebody else's: writing makes one beside it."
                self.asks.append(Ask("stripped", where, f"{is_there}, and does not say what it is. {may_be}"))

    def _refers_to_ours(self, plan: Fetched) -> bool:
        """Whether its steps are of this plan. What a care plan of others refers to may be closed to us: that is no sign."""
        try:
            parts = list(referred_to(self.lookup.reader, plan, ("RequestGroup",)))
        except EhrAnswered:
            return False
        return any(identifier_value(one.resource, PLAN_SYSTEM) in self.ids.this for one in parts)

    def _counts(self, standing: Fetched) -> bool:
        """Whether a care plan is the one to go on with. Raises WriteRefused where it is in the way."""
        ours, theirs, where = self.ours, standing.resource, key_of(standing.resource)
        whose = belongs(ours, theirs, self.ids, self.known.of_plan)
        if whose is Belongs.OTHER or (whose is Belongs.UNTOLD and not self._refers_to_ours(standing)):
            if theirs.get("status") in RUNNING and ours.get("status") in RUNNING:
                raise WriteRefused(f"{where} in the EHR is another running plan of the same medicine: end it first")
            if whose is Belongs.UNTOLD:
                is_there = f"{where} in the EHR is a taper of this medicine that this program wrote; it is {theirs.get('status')} there"
                may_be = "It may be this one, ended by somebody."
                self.asks.append(Ask("stripped", where, f"{is_there}, and has lost what says which plan it is. {may_be}"))
            return False
        mine, other = core_of(ours), core_of(theirs)
        if not other:
            if is_same_write(ours, theirs) or _is_ended(standing):
                return True
            raise WriteRefused(f"{where} in the EHR was written by this program and cannot be read any more: a person looks at it first")
        if other["version"] > mine["version"]:
            versions = f"version {other['version']} of the plan, and this is version {mine['version']}"
            raise WriteRefused(f"{where} in the EHR is {versions}: read it first")
        return True


def _is_ended(standing: Fetched) -> bool:
    return standing.resource.get("status") in ENDED
