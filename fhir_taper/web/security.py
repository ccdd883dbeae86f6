"""The headers of every answer, and the cookies. Privacy S5.

A page may be framed by the EHR that launched it and by nobody else; where no tenant is known, by nobody. Cookies are written by hand:
the framework of the oldest Python that is supported cannot write `Partitioned`.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Final

from fhir_taper.records import Launch, Secret, Tenant
from fhir_taper.settings import Settings

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LONGEST_BODY: Final = 64 * 1024
BROWSER_COOKIE: Final = "__Host-taper-browser"
_SECONDS_OF_A_BROWSER: Final = 30 * 24 * 3600
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
_VALUE: Final = re.compile(r"[A-Za-z0-9_-]{43}(?:\.[0-9a-f]{12})?")
"""A secret of 256 bits, and in the cookie of an open chart the mark of its tenant."""
FIXED: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def policy(frame_ancestors: Iterable[str] = (), form_targets: Iterable[str] = (), *, is_live: bool = False) -> str:
    """The content security policy of a page: nothing but our own style sheet and pictures, forms to us (and to `form_targets`).

    A page that `is_live` runs our own script files, never a script in a page or in text, and asks nobody but us.
    """
    forms = " ".join(("'self'", *form_targets))
    ancestors = " ".join(frame_ancestors) or "'none'"
    ours = "style-src 'self'; img-src 'self'" + ("; script-src 'self'; connect-src 'self'" if is_live else "")
    return f"default-src 'none'; {ours}; form-action {forms}; base-uri 'none'; frame-ancestors {ancestors}"


class Headers:
    """Around the whole app: every answer carries the fixed headers, and a policy that forbids all framing unless a page said otherwise."""

    def __init__(self, app: App, *, is_https: bool) -> None:
        self._app = app
        fixed = {**FIXED, **({"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if is_https else {})}
        self._fixed = [(name.lower().encode(), value.encode()) for name, value in fixed.items()]
        self._policy = (b"content-security-policy", policy().encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                names = {name.lower() for name, _ in given}
                message["headers"] = [*given, *(pair for pair in (*self._fixed, self._policy) if pair[0] not in names)]
            await send(message)

        await self._app(scope, receive, guarded)


def launch_cookie(launch_id: str) -> str:
    """The name of the cookie of one open chart."""
    return f"__Host-taper-{launch_id}"


def pending_cookie(name: str) -> str:
    """The name of the cookie of one launch under way."""
    return f"__Host-taper-begin-{name}"


def brought(cookies: Mapping[str, str], name: str) -> str:
    """The value of a cookie of ours that a browser brought; "" where it brought none, or one that no page of ours can have set.

    A quoted value may hold anything, a line break too: what is not of our making goes no further.
    """
    value = cookies.get(name, "")
    return value if _VALUE.fullmatch(value) else ""


def set_cookie(name: str, value: str, seconds: int) -> str:
    """A Set-Cookie header."""
    return f"{name}={value}; Max-Age={seconds}; {_ATTRIBUTES}"


def drop_cookie(name: str) -> str:
    """A Set-Cookie header that takes a cookie away."""
    return set_cookie(name, "", 0)


def browser_cookie(browser: Secret) -> str:
    """The cookie by which the launches of one browser are counted."""
    return set_cookie(BROWSER_COOKIE, browser.reveal(), _SECONDS_OF_A_BROWSER)


def session_value(secret: Secret, tenant: Tenant) -> str:
    """What the cookie of an open chart holds: its secret, and a mark of the tenant, so that "your session is over" may still be framed."""
    return f"{secret.reveal()}.{_mark(tenant.id)}"


def session_secret(value: str) -> str:
    """The secret in the cookie of an open chart."""
    return value.partition(".")[0]


def tenant_of_cookie(settings: Settings, value: str) -> Tenant | None:
    """The tenant that a cookie of ours names."""
    mark = value.partition(".")[2]
    return next((one for one in settings.tenants if mark and compare_digest(mark.encode(), _mark(one.id).encode())), None)


def is_csrf_token(launch: Launch, given: str) -> bool:
    """Whether a form brought the token of its launch."""
    return compare_digest(launch.csrf.reveal().encode(), given.encode("utf-8", "replace"))


def _mark(tenant_id: str) -> str:
    return sha256(tenant_id.encode()).hexdigest()[:12]
