"""A search of one patient's resources, page by page, with everything that can be wrong about the answer said. FHIR R4, search.html.

What is found is checked resource by resource: another patient's is refused, a malformed one is set aside, the same one twice counts once.
`complete` is False as soon as something may be missing, and `why` says what; nothing here decides what that means for a dose.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urljoin

from fhir_taper.errors import AccessEnded, EhrAnswered, EhrError
from fhir_taper.records import Fetched, Json
from fhir_taper.smart import outcomes
from fhir_taper.smart.answer import Answer
from fhir_taper.smart.origins import under
from fhir_taper.smart.patients import Refusal, Whose, whose

Parameters = Sequence[tuple[str, str]]
Get = Callable[[str, Mapping[str, str]], Answer]

_STRICT: Final = {"Prefer": "handling=strict"}
_MOST_PAGES: Final = 500
# A search by one of these is for one patient's resources: each must say that it is theirs.
_WHOSE: Final = frozenset({"patient", "subject", "beneficiary", "actor"})
# Without these a search is about other people: never dropped, whatever the server says.
_NEEDED: Final = _WHOSE | {"_id", "identifier"}
_PAGE_IS_GONE: Final = frozenset({400, 404, 410})
_LARGEST_PAGE: Final = 1000
# What can stand in a header as it is (RFC 9110: etagc within ASCII).
_VERSION: Final = re.compile(r"[!#-~]{1,128}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave. `refused` was not handed on; `dropped` are parameters that the server does not know: filter by them yourself."""

    resources: tuple[Fetched, ...]
    outcomes: tuple[Json, ...] = field(default=(), repr=False)
    refused: tuple[Refusal, ...] = ()
    dropped: tuple[str, ...] = ()
    complete: bool = True
    why: str = ""


@dataclass(slots=True)
class _Gathered:
    """What came so far; `met` counts the distinct matches, refused ones too, to compare with the server's total."""

    best: dict[tuple[str, str], Fetched] = field(default_factory=dict)
    outcomes: list[Json] = field(default_factory=list)
    refused: dict[Refusal, None] = field(default_factory=dict)
    met: set[tuple[str, str]] = field(default_factory=set)
    doubts: dict[str, None] = field(default_factory=dict)
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """One search of one type. `get` fetches an address with further headers; `on_refused` hears of each resource not handed on."""

    get: Get
    base: str
    patient_id: str
    on_refused: Callable[[Refusal], None]
    resource_type: str
    parameters: Parameters

    def run(self) -> Found:
        """Everything that could be had. Raises EhrError where not even the first page came."""
        gathered = _Gathered()
        dropped = self._pages(gathered, self.parameters)
        short = gathered.total is not None and len(gathered.met) < gathered.total and not gathered.doubts
        if short and "_count" not in dict(self.parameters):
            # Some servers page without a `next` link: ask for all of it in one page.
            whole = (*_without(self.parameters, dropped), ("_count", str(min(gathered.total or 0, _LARGEST_PAGE))))
            self._pages(gathered, whole)
        if gathered.total is not None and len(gathered.met) < gathered.total and not gathered.doubts:
            gathered.doubts[f"the EHR counts {gathered.total} and gave {len(gathered.met)}"] = None
        for refusal in gathered.refused:
            self.on_refused(refusal)
        return Found(
            tuple(gathered.best.values()),
            tuple(gathered.outcomes),
            tuple(gathered.refused),
            dropped,
            not gathered.doubts,
            "; ".join(gathered.doubts),
        )

    def _pages(self, gathered: _Gathered, parameters: Parameters) -> tuple[str, ...]:
        """Read page after page; a page session that expired is begun again once. Returns the parameters that had to be dropped."""
        url, bundle, dropped = self._first_page(parameters)
        seen, restarts = {url}, 0
        while len(seen) <= _MOST_PAGES:
            following = self._take(gathered, url, bundle)
            if following is None:
                return dropped
            if following in seen:
                gathered.doubts["the EHR's pages go in a circle"] = None
                return dropped
            seen.add(following)
            try:
                url, bundle = following, self._page(following)
            except AccessEnded:
                raise
            except EhrError as error:
                if restarts or not (isinstance(error, EhrAnswered) and error.status in _PAGE_IS_GONE):
                    gathered.doubts[f"a further page could not be read: {error}"] = None
                    return dropped
                restarts += 1
                url, bundle, dropped = self._first_page(parameters)
                seen = {url}
        gathered.doubts[f"more than {_MOST_PAGES} pages"] = None
        return dropped

    def _first_page(self, parameters: Parameters) -> tuple[str, Any, tuple[str, ...]]:
        dropped: tuple[str, ...] = ()
        while True:
            kept = _without(parameters, dropped)
            url = f"{self.base.rstrip('/')}/{self.resource_type}" + (f"?{urlencode(kept)}" if kept else "")
            answer = self.get(url, _STRICT)
            if answer.is_success:
                return url, answer.json(), dropped
            droppable = tuple(dict.fromkeys(name for name, _ in kept if _plain(name) not in _NEEDED))
            unknown = outcomes.refused_parameters(_json_or_none(answer), droppable) if answer.status == 400 else ()  # noqa: PLR2004
            if not unknown:
                raise answer.refusal()
            dropped += unknown

    def _page(self, url: str) -> Any:
        answer = self.get(url, _STRICT)
        if not answer.is_success:
            raise answer.refusal()
        return answer.json()

    def _take(self, gathered: _Gathered, url: str, bundle: Any) -> str | None:
        """Take what is on one page; the address of the next one, or None."""
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            if outcomes.is_outcome(bundle):
                gathered.outcomes.append(bundle)
            gathered.doubts["the EHR answered a search with something that is no Bundle"] = None
            return None
        if isinstance(bundle.get("total"), int):
            gathered.total = bundle["total"]
        entries = bundle.get("entry")
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            self._entry(gathered, entry, number)
        return self._next(gathered, url, bundle)

    def _entry(self, gathered: _Gathered, entry: object, number: int) -> None:
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if outcomes.is_outcome(resource):
            gathered.outcomes.append(resource)  # type: ignore[arg-type]
            if outcomes.may_be_incomplete(resource):
                gathered.doubts[f"the EHR remarks: {outcomes.words(resource) or 'something without words'}"] = None
            return None
        if not isinstance(entry, Mapping) or not isinstance(resource, dict):
            return self._set_aside(gathered, "", f"entry {number}", "it holds no resource")
        kind, name = resource.get("resourceType"), resource.get("id")
        if not isinstance(kind, str) or not isinstance(name, str) or not kind or not name:
            return self._set_aside(gathered, str(kind or ""), str(name or f"entry {number}"), "it has no type or no id")
        is_match = _mode(entry) == "match" if _mode(entry) else kind == self.resource_type
        if is_match:
            gathered.met.add((kind, name))
        found = whose(resource, self.patient_id, self.base)
        if found is Whose.ANOTHER:
            gathered.refused[Refusal(kind, name, "it is another patient's")] = None
        elif found is Whose.UNSAID and is_match and any(_plain(key) in _WHOSE for key, _ in self.parameters):
            self._set_aside(gathered, kind, name, "it does not say whose it is")
        else:
            fetched = Fetched(resource, f"{self.base.rstrip('/')}/{kind}/{name}", _etag(entry, resource))
            gathered.best[kind, name] = _newer(gathered.best.get((kind, name)), fetched)
        return None

    def _set_aside(self, gathered: _Gathered, kind: str, name: str, why: str) -> None:
        gathered.refused[Refusal(kind, name, why)] = None
        gathered.doubts[f"a resource was set aside: {why}"] = None

    def _next(self, gathered: _Gathered, url: str, bundle: Json) -> str | None:
        links = bundle.get("link")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, Mapping) and link.get("relation") == "next" and isinstance(link.get("url"), str):
                following = _joined(url, link["url"])
                if under(self.base, following):
                    return following
                gathered.doubts["the next page is on another server and was not fetched"] = None
                return None
        return None


def _plain(parameter: str) -> str:
    """A search parameter without its modifier or chain."""
    return parameter.partition(":")[0].partition(".")[0]


def _joined(url: str, link: str) -> str:
    """A link as the server wrote it; a relative one against its page; "" where it is neither."""
    try:
        return link if "://" in link else urljoin(url, link)
    except ValueError:
        return ""


def _without(parameters: Parameters, dropped: Iterable[str]) -> Parameters:
    return [pair for pair in parameters if pair[0] not in dropped]


def _mode(entry: Mapping[str, Any]) -> object:
    search = entry.get("search")
    return search.get("mode") if isinstance(search, Mapping) else None


def _etag(entry: Mapping[str, Any], resource: Json) -> str | None:
    response = entry.get("response")
    stated = response.get("etag") if isinstance(response, Mapping) else None
    return stated if isinstance(stated, str) else version_tag(resource)


def version_tag(resource: Json) -> str | None:
    """The ETag that a resource's own version stands for, where the server sent none (R4 http.html: the weak form of meta.versionId)."""
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, Mapping) else None
    return f'W/"{version}"' if isinstance(version, str) and _VERSION.fullmatch(version) else None


def _newer(one: Fetched | None, other: Fetched) -> Fetched:
    if one is None:
        return other
    before, after = _updated(one.resource), _updated(other.resource)
    return one if before is not None and after is not None and after < before else other


def _updated(resource: Json) -> datetime | None:
    meta = resource.get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, Mapping) else None
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None else None


def _json_or_none(answer: Answer) -> Any:
    try:
        return answer.json()
    except EhrAnswered:
        return None
