"""What a write would do to the EHR, resource by resource: create, update or nothing, merged with what stands there, in which lesser form.

References to resources of ours stay `urn:uuid:` here, also those that the EHR wrote as `Type/id`: base, ours and theirs are compared in one
space. `shape` turns them into the EHR's own when a request is made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from fhir_taper.mappers.references import key_of
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.records import Fetched
from fhir_taper.writeback.ask import Ask
from fhir_taper.writeback.earlier import GOAL_ENDS
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.merge import Conflict, looks_like_ours, merge
from fhir_taper.writeback.names import Names, is_marked, urn_of
from fhir_taper.writeback.narratives import EditedWords, edited_words
from fhir_taper.writeback.overlay import Overlay
from fhir_taper.writeback.recorded import Recorded
from fhir_taper.writeback.standing import Standing

_STRIPPED: Final = "Somebody took our identifier off {} in the EHR. Writing puts it back, and goes on with it."
_NOT_COMPARED: Final = frozenset({"id", "meta", "text"})
ORDER: Final = ("Device", "Goal", "MedicationRequest", "RequestGroup", "CarePlan", "Provenance")
"""The order of single requests: what is referred to comes first; the care plan makes the rest findable, the provenance tells of all."""


MERGED: Final = frozenset({"CarePlan", "RequestGroup", "Goal"})
"""Types of which a later version takes the place of an earlier one: the others are made once and never changed."""
KEPT: Final = MERGED | {"MedicationRequest"}
"""Types of which the ledger keeps what was wanted: what stands is compared with it."""


class Doing(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """One resource. `urn` is its fullUrl with us, `resource` what it will be, `standing` what the EHR holds of it now."""

    urn: str
    doing: Doing
    resource: Json
    standing: Fetched | None = None
    kept: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    degraded: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Why the overlay does not take it as it is."""
    ours: Json | None = None
    """What we wanted, before anything of somebody else was merged in: what the next version is merged against."""
    gone: str | None = None
    """Where it stood before somebody took it away ("CarePlan/7"; "" where that is not known); None where it was never there."""
    edited: EditedWords | None = None
    """What somebody made of its narrative."""
    undoes: Ask | None = None
    """What somebody did to it that this would undo."""

    @property
    def resource_type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def write_identifier(self) -> str:
        """Our identifier on it; the id that it has with us where its type has no identifier (Provenance)."""
        return identifier_value(self.resource, WRITE_SYSTEM) or self.urn.removeprefix("urn:uuid:")

    @property
    def reference(self) -> str:
        """Type and id in the EHR ("CarePlan/7"); "" where it is not there yet."""
        known_as = self.standing.resource.get("id") if self.standing else None
        return f"{self.resource_type}/{known_as}" if known_as else ""


def changes(
    bundle: Json,
    standing: Standing,
    overlay: Overlay,
    base: Json | None = None,
    degraded: Iterable[str] = (),
    known: Recorded | None = None,
) -> tuple[Change, ...]:
    """One change per resource, in the order of single requests.

    `known` is what our ledger has of earlier writes. `base` is the Bundle of the version that was written before, for what the ledger does
    not have: made anew, it has the words of this program and not of the one that wrote. Without either, what stands counts as unedited
    only where it reads back as a plan that nobody changed; else every difference is a conflict.
    """
    names = Names(bundle, standing, base, known or Recorded())
    made = [_change(str(entry["fullUrl"]), entry["resource"], names, overlay) for entry in bundle["entry"]]
    made += [_retired(one, names, overlay) for one in standing.stale if one.resource["resourceType"] == "Goal" and is_marked(one)]
    changed = [one for one in made if one.doing is not Doing.NONE and one.resource_type not in ("Provenance", "Device")]
    if standing.told.covers((one.resource_type, one.urn, one.reference) for one in changed):
        made = [
            _nothing(one) if one.resource_type == "Device" and not changed else one for one in made if one.resource_type != "Provenance"
        ]
    marked = tuple(degraded)
    told = [replace(one, degraded=(*marked, *one.degraded)) if one.resource_type == "CarePlan" else one for one in made]
    return tuple(sorted(told, key=lambda change: ORDER.index(change.resource_type)))


def asks_of(changes: Iterable[Change], standing: Standing) -> tuple[Ask, ...]:
    """What a person must accept before these changes are made."""
    everything = tuple(changes)
    again = [one for one in everything if one.gone is not None]
    asks = list(standing.asks)
    if again:
        where = ", ".join(dict.fromkeys(one.gone or f"{one.resource_type} (found by a person)" for one in again))
        says = f"Written before, and gone from the EHR: {where}. Somebody deleted it there. Writing makes it again."
        asks.append(Ask("gone", " ".join(one.gone or one.write_identifier for one in again), says))
    asks += [
        Ask("narrative", one.reference, one.edited.says(one.reference)) for one in everything if one.edited and one.doing is Doing.UPDATE
    ]
    return (*asks, *(one.undoes for one in everything if one.undoes is not None and one.doing is Doing.UPDATE))


def by_overlay(resource: Json, overlay: Overlay, interaction: str) -> tuple[Json, tuple[str, ...], tuple[str, ...]]:
    """The resource as this server takes it, what was taken away, and why it may not go at all."""
    row = overlay.row(str(resource["resourceType"]), interaction)
    if row is None:
        return resource, (), (f"{resource['resourceType']}.{interaction} is not in the overlay {overlay.name}",)
    stripped = tuple(f"without {name}: {overlay.name} does not take it" for name in row.strip if name in resource)
    shaped = {name: value for name, value in resource.items() if name not in row.strip}
    refused = [f"{name} must be {value} there" for name, value in row.required.items() if shaped.get(name) != value]
    refused += [f"{name} may not be {shaped[name]} there" for name, values in row.forbidden.items() if shaped.get(name) in values]
    refused += [f"{name} is longer than {most} there" for name, most in row.limits.items() if _length(shaped.get(name)) > most]
    return shaped, stripped, tuple(refused)


def _length(value: Any) -> int:
    """The longest text inside an element."""
    if isinstance(value, Mapping):
        return max((_length(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return max((_length(item) for item in value), default=0)
    return len(value) if isinstance(value, str) else 0


def _change(urn: str, ours: Json, names: Names, overlay: Overlay) -> Change:
    theirs = names.standing.by_urn.get(urn)
    if theirs is None:
        shaped, stripped, refused = by_overlay(ours, overlay, Doing.CREATE)
        return Change(urn, Doing.CREATE, shaped, degraded=stripped, refused=refused, gone=names.standing.deleted.get(urn))
    there = names.in_our_words(theirs.resource)
    base = names.base_of(urn, ours, there)
    edited = edited_words(base.get("text"), there.get("text"), names.narrative_of(there))
    if ours["resourceType"] in ("MedicationRequest", "Device"):
        # A proposal is made of what it proposes, a device of its version: the same one is never changed.
        return Change(urn, Doing.NONE, ours, theirs, edited=edited)
    whole = names.mended(there, ours)
    wanted, base, left = _as_ended(ours, base, there)
    undoes = None
    if ours["resourceType"] in ("Goal", "RequestGroup") and not is_marked(theirs):
        base, undoes = _without_our_identifiers(base), Ask("stripped", key_of(theirs.resource), _STRIPPED.format(key_of(theirs.resource)))
    merged = merge(base, wanted, whole)
    kept = (*merged.kept, *left)
    is_whole = whole == there and not names.dangles(theirs.resource)
    if is_whole and edited is None and _same(merged.resource, there):
        return Change(urn, Doing.NONE, merged.resource, theirs, kept, merged.conflicts)
    shaped, stripped, refused = by_overlay(merged.resource, overlay, Doing.UPDATE)
    if not theirs.etag:
        refused = (*refused, f"{key_of(theirs.resource)} comes without a version: an edit made meanwhile would be lost")
    if names.standing.stripped and ours["resourceType"] == "CarePlan":
        refused = (*refused, f"{key_of(theirs.resource)} was stripped in the EHR, and is not written over")
    return Change(urn, Doing.UPDATE, shaped, theirs, kept, merged.conflicts, stripped, refused, ours, edited=edited, undoes=undoes)


def _as_ended(ours: Json, base: Json, there: Json) -> tuple[Json, Json, tuple[str, ...]]:
    """A goal that somebody ended (achieved, given up) stays as it was ended; what stays is named."""
    status = there.get("lifecycleStatus")
    if ours["resourceType"] != "Goal" or status not in GOAL_ENDS or status in (ours.get("lifecycleStatus"), base.get("lifecycleStatus")):
        return ours, base, ()
    return ours | {"lifecycleStatus": status}, base | {"lifecycleStatus": status}, ("lifecycleStatus",)


def _without_our_identifiers(base: Json) -> Json:
    return base | {"identifier": [one for one in base.get("identifier", []) if not looks_like_ours("identifier", one)]}


def _retired(goal: Fetched, names: Names, overlay: Overlay) -> Change:
    """A goal of an earlier version that this one no longer has. One that somebody ended stays as it was ended."""
    there = names.in_our_words(goal.resource)
    ended = there | {"lifecycleStatus": "cancelled"}
    meta = {name: value for name, value in there.get("meta", {}).items() if name in ("profile", "security", "tag")}
    shaped, stripped, refused = by_overlay(ended | {"meta": meta}, overlay, Doing.UPDATE)
    doing = Doing.NONE if there.get("lifecycleStatus") in GOAL_ENDS else Doing.UPDATE
    return Change(urn_of(goal), doing, shaped, goal, degraded=stripped, refused=refused, undoes=_reworded(goal, names))


def _reworded(goal: Fetched, names: Names) -> Ask | None:
    """Whether somebody changed a goal since we wrote it, or that is not known: then it is no longer ours alone to end."""
    there, where = names.in_our_words(goal.resource), key_of(goal.resource)
    base = names.base_of(urn_of(goal), {}, there)
    changed = sorted(name for name in {*base, *there} - _NOT_COMPARED if base.get(name) != there.get(name))
    if base and not changed:
        return None
    what = (
        f"Somebody changed {where} in the EHR ({', '.join(changed)})"
        if base
        else f"Whether somebody changed {where} in the EHR is not known"
    )
    return Ask("changed", where, f"{what}, and this version of the plan has no such goal. Writing ends it.")


def _nothing(change: Change) -> Change:
    return replace(change, doing=Doing.NONE, refused=())


def _same(one: Json, other: Json) -> bool:
    names = {*one, *other} - _NOT_COMPARED
    return all(one.get(name) == other.get(name) for name in names)
