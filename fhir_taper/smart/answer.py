"""One answer of a server: status, headers, bytes. Its content shows in no repr and no error: it may be a token or a chart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from fhir_taper import exact_json
from fhir_taper.errors import EhrAnswered, NotJson
from fhir_taper.smart import outcomes

_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers` are keyed in lower case; `url` is the address that was asked."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)

    @property
    def is_success(self) -> bool:
        """A status of 200 to 299: a redirect is none, it is not followed."""
        return self.status in _SUCCESS

    @property
    def etag(self) -> str | None:
        """The version as the server names it: opaque, handed back as it is."""
        return self.headers.get("etag")

    @property
    def date(self) -> datetime | None:
        """The server's clock (the Date header, UTC); None where it gave none that can be read."""
        return http_date(self.headers.get("date", ""))

    def json(self) -> Any:
        """The decoded body, decimals exact. Raises EhrAnswered where it is no JSON."""
        try:
            return exact_json.decode(self.body)
        except NotJson:
            pass
        raise EhrAnswered(self.status, "what it sent is not JSON")

    def refusal(self) -> EhrAnswered:
        """This answer as an error, with the words of its OperationOutcome where it brought one."""
        try:
            said = outcomes.words(exact_json.decode(self.body))
        except NotJson:
            said = ""
        if not said and self.status in range(300, 400):
            said = "it points elsewhere, which is not followed"
        return EhrAnswered(self.status, said)


def http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110) as an instant in UTC; None where the text is none."""
    try:
        read = parsedate_to_datetime(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
