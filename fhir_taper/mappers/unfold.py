"""Bundles taken apart: the resources inside, in their order, each with the place where it stood.

Any Bundle type; Bundles inside Bundles; history with deletions; searchsets with the server's remarks. An entry that is no resource is
set aside, never fatal. Nothing is compared or judged here: which version counts is `versions`, whose chart it is `subjects`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from fhir_taper.errors import NotFhir
from fhir_taper.mappers.chart import SetAside
from fhir_taper.mappers.documents import Document, has_type, refuse_too_many
from fhir_taper.mappers.outcomes import Page, is_outcome, outcome_issues, page_of
from fhir_taper.mappers.references import address
from fhir_taper.plans.medicines.regimen import Issue

BUNDLE_DEPTH: Final = 40
"""Bundles inside Bundles; real charts have two levels."""

_ANNOUNCED = frozenset({"searchset", "collection", "document"})
"""Bundle types in which an entry with an address but without its resource means that something was not delivered."""


class Found(NamedTuple):
    """One resource as it stood in the input; `order` counts through the whole input.

    `modified` is the lastModified of a history entry, "" elsewhere. A named tuple because a chart makes thousands of them.
    """

    resource: Mapping[str, Any]
    place: str
    full_url: str
    modified: str
    order: int


@dataclass(frozen=True, slots=True)
class Deletion:
    """A history or transaction entry that deletes "Type/id". In history the newest entry comes first."""

    key: str
    place: str
    modified: str
    order: int


@dataclass(slots=True)
class Unfolded:
    """Everything that came out of the documents so far."""

    found: list[Found] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    is_short: bool = False
    """Something was announced that is not here."""
    order: int = 0

    def next_order(self) -> int:
        """A number that grows with every entry."""
        self.order += 1
        return self.order


def unfold(document: Document, into: Unfolded) -> None:
    """Add one document's resources. Raises NotFhir for a Bundle whose entries are no list."""
    resource = document.resource
    if resource["resourceType"] != "Bundle":
        _take(resource, document.place, Found(resource, document.place, "", "", into.next_order()), into)
        return
    if _entries(resource) is None:
        raise NotFhir("Bundle.entry is not a list", document.place)
    _unfold_bundle(resource, document.place, into, depth=1)


def _unfold_bundle(bundle: Mapping[str, Any], place: str, into: Unfolded, depth: int) -> None:
    refuse_too_many(len(_entries(bundle) or ()), place)
    if bundle.get("type") == "searchset":
        into.pages.append(page_of(bundle, place))
    for index, entry in enumerate(_entries(bundle) or ()):
        where = f"{place} entry[{index}]"
        if isinstance(entry, dict):
            _unfold_entry(entry, where, into, depth, str(bundle.get("type")))
        else:
            into.set_aside.append(SetAside("the entry is not an object", where))


def _unfold_entry(entry: Mapping[str, Any], place: str, into: Unfolded, depth: int, bundle_type: str) -> None:
    modified = ""
    if "request" in entry or "response" in entry:
        request, response = _part(entry, "request"), _part(entry, "response")
        modified = response["lastModified"] if isinstance(response.get("lastModified"), str) else ""
        if request.get("method") == "DELETE":
            into.deletions.append(Deletion(address(request.get("url")).key, place, modified, into.next_order()))
            return
        if "outcome" in response:
            _heed(response["outcome"], place, into)
    resource = entry.get("resource")
    if resource is None and "resource" in entry:
        into.set_aside.append(SetAside("the entry's resource is null", place))
    elif resource is None:
        _nothing_there(entry, place, into, bundle_type)
    elif is_outcome(entry):
        _heed(resource, place, into)
    elif not has_type(resource):
        into.set_aside.append(SetAside("the entry's resource has no resourceType", place))
    elif resource["resourceType"] == "Bundle":
        _unfold_inner(resource, place, into, depth)
    else:
        full_url = entry.get("fullUrl")
        url = full_url if isinstance(full_url, str) else ""
        _take(resource, place, Found(resource, place, url, modified, into.next_order()), into)


def _unfold_inner(bundle: Mapping[str, Any], place: str, into: Unfolded, depth: int) -> None:
    if depth >= BUNDLE_DEPTH:
        into.set_aside.append(SetAside(f"more than {BUNDLE_DEPTH} Bundles inside each other", place, "Bundle"))
    elif _entries(bundle) is None:
        into.set_aside.append(SetAside("Bundle.entry is not a list", place, "Bundle"))
    else:
        _unfold_bundle(bundle, place, into, depth + 1)


def _take(resource: Mapping[str, Any], place: str, found: Found, into: Unfolded) -> None:
    if resource["resourceType"] == "OperationOutcome":
        _heed(resource, place, into)
        return
    if resource["resourceType"] == "Parameters" and any("resource" in part for part in _parameters(resource)):
        into.issues.append(
            Issue("warning", "not-read", "Parameters that hold resources: these are not part of a chart and are not read", place)
        )
        into.is_short = True
    into.found.append(found)


def _heed(outcome: object, place: str, into: Unfolded) -> None:
    issues = outcome_issues(outcome, place)
    into.issues.extend(issues)
    into.is_short = into.is_short or any(issue.severity != "information" for issue in issues)


def _nothing_there(entry: Mapping[str, Any], place: str, into: Unfolded, bundle_type: str) -> None:
    if entry.get("fullUrl") and bundle_type in _ANNOUNCED:
        into.issues.append(Issue("warning", "not-delivered", f"{entry['fullUrl']} is announced without its content", place))
        into.is_short = True


def _entries(bundle: Mapping[str, Any]) -> list[Any] | None:
    entries = bundle.get("entry", [])
    if entries is None:
        return []
    return entries if isinstance(entries, list) else None


def _parameters(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = resource.get("parameter")
    return (part for part in listed if isinstance(part, dict)) if isinstance(listed, list) else iter(())


def _part(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = entry.get(name)
    return part if isinstance(part, dict) else {}
