"""How often: a request beyond the limits is refused before anything reads it (privacy S5). How much, `body_of` judges: that has a line.

Two buckets per request: its address (IPv6: its /64), and its session where it brings one. Buckets are this process's own and bounded in
number; the one that was asked longest ago goes first, and by then it is mostly full again.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from fhir_taper.settings import RateLimits
from fhir_taper.web.errors import Told, error_page
from fhir_taper.web.security import App, Receive, Scope, Send, brought, launch_cookie, tenant_of_cookie
from fhir_taper.workflow.services import Services

_MOST: Final = 20_000
_LAUNCH: Final = re.compile(r"/app/([A-Za-z0-9_-]{1,64})/")
_UNLIMITED: Final = frozenset({"/healthz"})


class Buckets:
    """One bucket of tokens per key: `burst` at once, `per_second` over time. For one thread."""

    def __init__(self, per_second: int, burst: int, *, most: int = _MOST, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._monotonic = monotonic
        self._held: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, key: Hashable) -> float:
        """Take one token: 0.0, or after how many seconds there is one."""
        now = self._monotonic()
        tokens, at = self._held.pop(key, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - at) * self._per_second)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
        self._held[key] = (tokens if wait else tokens - 1, now)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return wait


class Limits:
    """Around the routes: 429 with Retry-After for too many requests."""

    def __init__(self, app: App, *, services: Services, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._services = services
        limits: RateLimits = services.settings.rate_limits
        self._addresses = Buckets(limits.address_per_second, limits.address_burst, monotonic=monotonic)
        self._sessions = Buckets(limits.session_per_second, limits.session_burst, monotonic=monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        refused = self._refused(Request(scope)) if scope["type"] == "http" and scope["path"] not in _UNLIMITED else None
        if refused is None:
            await self._app(scope, receive, send)
            return
        why, wait = refused
        self._services.metrics.turned_away(why)
        request = Request(scope)
        request.state.tenant = self._tenant(request)
        answer = error_page(request, _too_many(wait))
        answer.headers["Retry-After"] = str(wait)
        await answer(scope, receive, send)

    def _refused(self, request: Request) -> tuple[str, int] | None:
        session = _session(request)
        for why, wait in (
            ("address", self._addresses.take(_address(request))),
            ("session", self._sessions.take(session) if session else 0.0),
        ):
            if wait:
                return why, ceil(wait)
        return None

    def _tenant(self, request: Request) -> object:
        """Whose frame the page may be shown in: as the session's cookie or the launch says, from our own table."""
        settings = self._services.settings
        found = _LAUNCH.match(request.url.path)
        if found:
            return tenant_of_cookie(settings, brought(request.cookies, launch_cookie(found[1])))
        issuers = [value for name, value in parse_qsl(request.url.query) if name == "iss"]
        return settings.tenant_of_issuer(issuers[0]) if issuers else None


def _session(request: Request) -> tuple[str, str] | None:
    """The launch in the path with the cookie that proves it: a made-up launch is nobody's session."""
    found = _LAUNCH.match(request.url.path)
    cookie = brought(request.cookies, launch_cookie(found[1])) if found else ""
    return (found[1], cookie) if found and cookie else None


def _address(request: Request) -> str:
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else host


def _too_many(seconds: int) -> Told:
    says = "This app was asked more often than it answers. Nothing of this request was done."
    return Told(429, "Too many requests at once", (says,), f"Wait {seconds} seconds, then open the page again. What you saved is kept.")
