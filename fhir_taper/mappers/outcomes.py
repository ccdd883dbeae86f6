"""What the server said about its own answer: OperationOutcomes, and pages that were announced but are not here.

An answer that came with a warning may leave something out, and so may a list whose next page nobody fetched. Either makes the chart
incomplete: totals become "at least" (domain rule 11). Sources: FHIR R4 search.html, http.html.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_taper.mappers.systems import codings, words_of
from fhir_taper.plans.medicines.regimen import Issue

_SEVERITY = {"fatal": "error", "error": "error", "warning": "warning", "information": "information", "success": "information"}


@dataclass(frozen=True, slots=True)
class Page:
    """One searchset Bundle: its links, how many matches it holds and how many the server says there are (None where it does not say)."""

    place: str
    own: str
    next: str
    matches: int
    total: int | None


def page_of(bundle: Mapping[str, Any], place: str) -> Page:
    """The paging facts of a searchset."""
    entries = bundle.get("entry")
    held = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    matches = sum(1 for entry in held if "resource" in entry and _mode(entry) in ("", "match"))
    total = bundle.get("total")
    return Page(place, _link(bundle, "self"), _link(bundle, "next"), matches, total if type(total) is int else None)


def is_outcome(entry: Mapping[str, Any]) -> bool:
    """Whether a Bundle entry is the server's word about the answer and not part of it."""
    return _mode(entry) == "outcome"


def outcome_issues(outcome: object, place: str) -> tuple[Issue, ...]:
    """The issues of an OperationOutcome in our words. One that cannot be read is a warning of its own."""
    listed = outcome.get("issue") if isinstance(outcome, dict) else None
    found = [_issue(item, place) for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return tuple(found) or (Issue("warning", "server-outcome", "the server sent an OperationOutcome that says nothing readable", place),)


def missing_pages(pages: Iterable[Page]) -> Iterator[Issue]:
    """One warning per list of which a part is not here."""
    pages = tuple(pages)
    here = {page.own for page in pages if page.own}
    followed = {page.next for page in pages if page.next}
    for page in pages:
        if page.next and page.next not in here:
            yield Issue("warning", "page-missing", "the list goes on at a next page that is not here", page.place)
        elif not page.next and page.own not in followed and page.total is not None and page.total > page.matches:
            yield Issue("warning", "page-missing", f"the server counts {page.total} and sent {page.matches}", page.place)


def _issue(item: Mapping[str, Any], place: str) -> Issue:
    details = item.get("details")
    code = next((coding.code for coding in codings(details)), "")
    said = words_of(details) or _text(item.get("diagnostics")) or _text(item.get("code")) or "no reason given"
    more = _text(item.get("diagnostics"))
    message = said if not more or more == said else f"{said} ({more})"
    if code and code not in message:
        message = f"{message} [{code}]"
    # A severity that is none of FHIR's is treated as a warning: the answer came with words that nobody could weigh.
    return Issue(_SEVERITY.get(_text(item.get("severity")), "warning"), "server-outcome", f"the server says: {_one_line(message)}", place)


def _mode(entry: Mapping[str, Any]) -> str:
    search = entry.get("search")
    return _text(search.get("mode")) if isinstance(search, dict) else ""


def _link(bundle: Mapping[str, Any], relation: str) -> str:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == relation:
            return _text(link.get("url"))
    return ""


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
