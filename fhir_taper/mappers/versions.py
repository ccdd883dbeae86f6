"""One id, several copies: which of them is the chart's.

Equal copies are one. Of copies that differ the newest meta.lastUpdated wins (in a history Bundle, the entry's lastModified stands in
for it); without a time on both it cannot be known which one is true, and the chart is refused. versionId is opaque and orders
nothing. A copy that was deleted on the server later is not in the chart.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from fhir_taper.errors import ChartConflict
from fhir_taper.mappers.references import address
from fhir_taper.mappers.unfold import Deletion, Found
from fhir_taper.plans.medicines.regimen import Issue


def identity_of(found: Found) -> str:
    """Type and id of a resource ("Patient/p1"); the UUID of its address where it has no id; "" where it has neither."""
    kind = found.resource["resourceType"]
    own = found.resource.get("id")
    if isinstance(own, (str, int)) and not isinstance(own, bool) and str(own).strip():
        return f"{kind}/{own}"
    at = address(found.full_url)
    name = at.urn.rpartition(":")[2] or (at.id if at.resource_type in ("", kind) else "")
    return f"{kind}/{name}" if name else ""


def reference_of(found: Found, identity: str) -> str:
    """The reference that names this copy, of this identity: with its version where it has one, with its place where it has no id."""
    if not identity:
        return f"{found.resource['resourceType']} at {found.place}"
    version = _meta(found.resource).get("versionId")
    return f"{identity}/_history/{version}" if isinstance(version, str) and version else identity


def current(found: Iterable[Found], deletions: Iterable[Deletion]) -> tuple[list[Found], list[Issue]]:
    """One copy per id, in the order of first appearance, and what was left out. Raises ChartConflict naming both places."""
    issues: list[Issue] = []
    kept: dict[str, Found] = {}
    for copy in _not_deleted(found, {deletion.key: deletion for deletion in reversed(tuple(deletions))}, issues):
        identity = identity_of(copy) or f"at {copy.place} {copy.order}"
        other = kept.get(identity)
        kept[identity] = copy if other is None else _newer(other, copy, issues)
    return list(kept.values()), issues


def instant(value: object) -> datetime | None:
    """An instant with its zone, or None: a time without a zone cannot be compared."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _newer(one: Found, other: Found, issues: list[Issue]) -> Found:
    if one.resource == other.resource:
        return one
    times = (_updated(one), _updated(other))
    if times[0] is None or times[1] is None or times[0] == times[1]:
        same = "the same lastUpdated" if times[0] is not None and times[0] == times[1] else "no lastUpdated to choose by"
        raise ChartConflict(f"{identity_of(one)} stands twice with different content and {same}: {one.place} and {other.place}")
    winner, loser = (one, other) if times[0] > times[1] else (other, one)
    message = f"an older copy of {identity_of(one)} was left out for the newer one at {winner.place}"
    issues.append(Issue("information", "older-copy", message, loser.place))
    return winner


def _not_deleted(found: Iterable[Found], deletions: Mapping[str, Deletion], issues: list[Issue]) -> Iterator[Found]:
    for copy in found:
        deletion = deletions.get(identity_of(copy)) if deletions else None
        if deletion is None or not _is_before(copy, deletion):
            yield copy
        else:
            issues.append(Issue("information", "deleted", f"{identity_of(copy)} was deleted: {deletion.place}", copy.place))


def _is_before(copy: Found, deletion: Deletion) -> bool:
    written, deleted = _updated(copy), instant(deletion.modified)
    if written is not None and deleted is not None:
        return written <= deleted
    return copy.order > deletion.order  # newest first: what comes after the deletion is older


def _updated(copy: Found) -> datetime | None:
    return instant(_meta(copy.resource).get("lastUpdated")) or instant(copy.modified)


def _meta(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = resource.get("meta")
    return meta if isinstance(meta, dict) else {}
