"""What the authorization server says no with: an OAuth error, and where it is told."""

from typing import Final
from urllib.parse import urlencode, urlsplit

from fhir_taper.errors import SandboxError
from fhir_taper.records import Json

BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401


class Refusal(SandboxError):
    """An OAuth error (RFC 6749, 4.1.2.1 and 5.2). With `redirect_uri` the app is told there, without it the person or caller."""

    def __init__(
        self, error: str, description: str, *, status: int = BAD_REQUEST, redirect_uri: str | None = None, state: str | None = None
    ) -> None:
        self.error = error
        self.description = description
        self.status = status
        self.redirect_uri = redirect_uri
        self.state = state
        super().__init__(f"{error}: {description}")

    def json(self) -> Json:
        """The body of a token endpoint's refusal."""
        return {"error": self.error, "error_description": self.description}

    def location(self, issuer: str) -> str:
        """The redirect that tells the app."""
        told = {"error": self.error, "error_description": self.description, "iss": issuer}
        return with_query(self.redirect_uri or "", told | ({"state": self.state} if self.state else {}))


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_query(url: str, parameters: dict[str, str]) -> str:
    """The URL with more query parameters."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}"
