"""What an answer to a write means: done, refused, stale, too early, or nobody knows.

Only an answer that says so is a refusal. A time-out, a cut connection, a 5xx or a redirect leaves open what the server did: UNKNOWN, and
no retry. 409 and 412 are one thing: not the version that was read, or written before. RFC 9110, RFC 6585; FHIR R4, http.html.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final

from fhir_taper.errors import EhrError, NotJson
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json
from fhir_taper.records import Fetched
from fhir_taper.writeback.element_references import identifier_value
from fhir_taper.writeback.ports import Answer

_DONE: Final = frozenset({200, 201, 204})
_TOO_MANY: Final = 429
_NO_ANSWER: Final = 408
_NOT_IMPLEMENTED: Final = 501
_REFUSALS: Final = range(400, 500)
_LONGEST_PAUSE: Final = timedelta(hours=24)
_PAUSE: Final = timedelta(seconds=60)
"""Where a server says "later" and not when."""


class Meaning(Enum):
    """What is known after an answer."""

    DONE = "done"
    REFUSED = "refused"
    STALE = "stale"
    TOO_EARLY = "too early"
    UNKNOWN = "unknown"


def meaning_of(status: int, stale: tuple[int, ...] = (409, 412)) -> Meaning:
    """What a status says about a write. `stale` are the overlay's statuses for a version that is not the current one."""
    if status in _DONE:
        return Meaning.DONE
    if status in stale:
        return Meaning.STALE
    if status == _TOO_MANY:
        return Meaning.TOO_EARLY
    if status == _NOT_IMPLEMENTED or (status in _REFUSALS and status != _NO_ANSWER):
        return Meaning.REFUSED
    return Meaning.UNKNOWN


def not_before(headers: Mapping[str, str], now: datetime) -> datetime:
    """When something new may be sent: Retry-After in seconds or as a date (against the server's own clock where it gives one)."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        return now + min(timedelta(seconds=min(int(asked), 86400)), _LONGEST_PAUSE)
    until = _http_date(asked)
    if until is None:
        return now + _PAUSE
    pause = until - (_http_date(headers.get("date", "")) or now)
    return now + min(max(pause, timedelta(0)), _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to one entry, or to a single request: its status, and what it names."""

    status: int
    reference: str = ""
    etag: str | None = None


def body_of(answer: Answer) -> Json | None:
    """The decoded body; None where there is none that can be read."""
    try:
        body = answer.json()
    except (EhrError, NotJson):
        return None
    return body if isinstance(body, dict) else None


def single_entry(answer: Answer, resource_type: str) -> Entry:
    """What the answer to a single request names."""
    body = body_of(answer)
    known_as = body.get("id") if body and body.get("resourceType") == resource_type else None
    reference = f"{resource_type}/{known_as}" if isinstance(known_as, str) else located(answer.headers.get("location", ""), resource_type)
    return Entry(answer.status, reference, answer.headers.get("etag"))


def entries_of(answer: Answer, types: tuple[str, ...]) -> tuple[Entry, ...] | None:
    """One per entry that was sent, in order; None where the answer does not speak of each."""
    body = body_of(answer)
    listed = body.get("entry") if body else None
    if not isinstance(listed, list) or len(listed) != len(types) or not all(isinstance(one, dict) for one in listed):
        return None
    return tuple(_entry(one, kind) for one, kind in zip(listed, types, strict=True))


def original(answer: Answer, resource_type: str, write_identifier: str) -> Fetched | None:
    """The resource with our identifier inside a refusal: some servers answer a replay with 409 and the original."""
    return next(
        (
            Fetched(one, "", answer.headers.get("etag"))
            for one in _inside(body_of(answer))
            if one.get("resourceType") == resource_type and one.get("id") and identifier_value(one, WRITE_SYSTEM) == write_identifier
        ),
        None,
    )


def located(location: str, resource_type: str) -> str:
    """Type and id out of a Location, relative or absolute, with or without a version; "" where it names no resource of this type."""
    parts = location.partition("/_history/")[0].rstrip("/").split("/")
    return f"{resource_type}/{parts[-1]}" if len(parts) > 1 and parts[-2] == resource_type and parts[-1] else ""


def _entry(entry: Json, kind: str) -> Entry:
    response = entry.get("response")
    said: Mapping[str, Any] = response if isinstance(response, Mapping) else {}
    digits = str(said.get("status", ""))[:3]
    resource = entry.get("resource")
    known_as = resource.get("id") if isinstance(resource, Mapping) and resource.get("resourceType") == kind else None
    reference = f"{kind}/{known_as}" if isinstance(known_as, str) else located(str(said.get("location", "")), kind)
    etag = said.get("etag")
    return Entry(int(digits) if digits.isdecimal() else 0, reference, etag if isinstance(etag, str) else None)


def _inside(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if isinstance(value.get("resourceType"), str):
            yield value
        for item in value.values():
            yield from _inside(item)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item)


def _http_date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read
