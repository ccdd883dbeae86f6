"""A patient's timeline as one Bundle of type collection: what was read of the EHR, as it stands there; the forms that were filled in here;
the plans that are watched. What could not be read stands in it as an OperationOutcome: a timeline with a gap must not pass for a whole one.

Everything is a value made from arguments: the same timeline and instant give the same bytes. FHIR R4, bundle.html.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.labels import labels_of, refuse_restricted, to_security
from fhir_taper.mappers.write.namespace import BASE, Json
from fhir_taper.mappers.write.provenance import to_instant

_URN: Final = "urn:uuid:"
_FIRST: Final = "Patient"


def to_timeline_bundle(
    read: Iterable[tuple[str, Json]],
    filled: Iterable[Json],
    plans: Iterable[Json],
    *,
    of: str,
    instant: datetime,
    unread: Iterable[str] = (),
) -> Json:
    """`read` are resources with their fullUrl; `filled` are our own, left out where the EHR has them by now; `plans` are Bundles that
    `to_bundle` made; `unread` says what could not be read.

    `of` names whose timeline it is ("demo/patient-1"): the Bundle's id comes of it. The order is that of types, in each that of ids, the
    patient first, plans after them. Raises RestrictedData where a label forbids to pass the data on.
    """
    found = dict(read)
    there = {(one["resourceType"], one.get("id")) for one in found.values()}
    ours = {f"{_URN}{one['id']}": one for one in filled if (one["resourceType"], one["id"]) not in there}
    ordered = dict(sorted((found | ours).items(), key=lambda entry: _place(entry[1])))
    planned = {entry["fullUrl"]: entry["resource"] for plan in plans for entry in plan["entry"]}
    kept = labels_of([*ordered.values(), *planned.values()])
    refuse_restricted(kept, "the timeline holds data labelled")
    of_bundle = str(uuid5(NAMESPACE_URL, f"{BASE}/timeline/{of}/{to_instant(instant)}"))
    entries = ordered | planned | _gaps(unread, of_bundle)
    return {
        "resourceType": "Bundle",
        "id": of_bundle,
        "meta": {"security": to_security(kept, on_bundle=True)},
        "type": "collection",
        "timestamp": to_instant(instant),
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries.items()],
    }


def _place(resource: Json) -> tuple[bool, str, str]:
    return resource["resourceType"] != _FIRST, resource["resourceType"], str(resource.get("id") or "")


def _gaps(unread: Iterable[str], bundle: str) -> dict[str, Json]:
    lines = [shown(line) for line in dict.fromkeys(unread)]
    if not lines:
        return {}
    made = str(uuid5(NAMESPACE_URL, f"{BASE}/timeline-gaps/{bundle}"))
    issues = [{"severity": "warning", "code": "incomplete", "diagnostics": line} for line in lines]
    return {f"{_URN}{made}": {"resourceType": "OperationOutcome", "id": made, "issue": issues}}
