"""One request to one EHR: only to hosts that the tenant names, over verified TLS, without redirects, cookies or ambient passwords.

A GET is tried again while the server says "later" or does not answer; anything else leaves exactly once, because nobody knows what a
lost answer did. Requests carry only what is given here: no netrc, no proxy of the environment, no cookie of another user.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar

from fhir_taper.errors import EhrUnreachable
from fhir_taper.records import Tenant
from fhir_taper.smart.answer import Answer, http_date
from fhir_taper.smart.origins import Address, allowed_address
from fhir_taper.smart.pace import Pace
from fhir_taper.smart.permitted import Leaving

POOL: Final = 64
"""Connections kept per host: at least the threads that ask; the library's default of 10 costs a third at 16 threads."""
TIMEOUT_SECONDS: Final = 30.0
LONGEST_BODY: Final = 64 * 1024 * 1024
_CHUNK: Final = 64 * 1024
CONNECT_SECONDS: Final = 5.0
_TRIES: Final = 4
# A person waits at the screen: what the server wants beyond this is told at once, not slept through.
PATIENCE_SECONDS: Final = 20.0
_LONGEST_PAUSE_SECONDS: Final = 900.0
"""However long an EHR asks us to wait, after so long one request asks it again: a pause stops every launch of the tenant."""
_BACK_OFF: Final = tenacity.wait_exponential(multiplier=0.25, max=4) + tenacity.wait_random(0, 0.25)
_NO_CLOCK: Final = timedelta(days=1)
_TOO_MANY: Final = 429
_LATER: Final = frozenset({429, 502, 503, 504})
_AGENT: Final = "fhir-taper"


def at_any_time() -> None:
    """A request that may leave whenever its turn comes."""


def new_session(ca_bundle: str | None = None) -> requests.Session:
    """A session for all transports of a process: TLS 1.2 or newer, certificates verified (against `ca_bundle` where one is given)."""
    session = _BareSession()
    session.trust_env = False
    session.verify = ca_bundle or True
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=POOL, pool_maxsize=POOL, pool_block=False, max_retries=0))
    return session


class Transport:
    """Requests of one tenant. `clock` gives now (aware, UTC), `sleep` waits seconds, `monotonic` measures how long an answer takes.

    `before` hears of every request that leaves: method and address. `observe` hears what became of it: method, status (0: no whole answer),
    seconds. `offset` is what the tenant's clock is ahead of ours,
    learned only where a token endpoint refused us for it.
    """

    def __init__(
        self,
        tenant: Tenant,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        session: requests.Session | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        observe: Callable[[str, int, float], None] | None = None,
        before: Callable[[str, str], None] | None = None,
    ) -> None:
        self.tenant = tenant
        self.sleep = sleep
        self.offset = timedelta(0)
        self._clock = clock
        self._monotonic = monotonic
        self._session = session or new_session()
        self._pace = Pace(tenant.requests_per_minute, patience=PATIENCE_SECONDS, clock=clock, monotonic=monotonic, sleep=sleep)
        self._observe = observe or _nobody
        self._before = before or _unheard

    def local_now(self) -> datetime:
        """The instant by our own clock, by which expiries are kept."""
        return self._clock()

    def now(self) -> datetime:
        """The instant by the tenant's clock, as far as it is known."""
        return self._clock() + self.offset

    def learn_offset(self, answer: Answer) -> timedelta:
        """Take over the server's clock from an answer and return by how much our idea of it changed. A day or more is no clock."""
        ahead = timedelta(0) if answer.date is None else answer.date - self._clock()
        if answer.date is None or abs(ahead) >= _NO_CLOCK:
            return timedelta(0)
        before, self.offset = self.offset, ahead
        return self.offset - before

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float = TIMEOUT_SECONDS,
        leaving: Leaving = at_any_time,
    ) -> Answer:
        """The answer, whatever its status.

        Raises HostRefused and EhrBusy before anything is sent, EhrUnreachable where no whole answer came. `leaving` is asked before each
        request, when nothing is waited for any more; what it raises is raised, and nothing was sent.
        """
        address = allowed_address(self.tenant, url)
        self._pace.turn()
        if method != "GET":
            return self._once(method, address, headers, body, timeout, leaving)
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(EhrUnreachable) | tenacity.retry_if_result(lambda answer: answer.status in _LATER),
            wait=self._wait,
            stop=self._out_of_patience,
            sleep=self.sleep,
            before=self._turn_again,
            retry_error_callback=_last,
        )
        answer: Answer = tries(self._asked, method, address, headers, body, timeout, leaving)
        return answer

    def _asked(
        self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None, timeout: float, leaving: Leaving
    ) -> Answer:
        """One try of a read. An EHR that has had too much of us is left alone by every thread, not only by the one that was told.

        What it asks after a write counts for writes alone: their receipt is read meanwhile.
        """
        answer = self._once(method, address, headers, body, timeout, leaving)
        asked = self._asked_pause(answer)
        if answer.status == _TOO_MANY and asked:
            self._pace.pause(asked)
        return answer

    def _once(
        self, method: str, address: Address, headers: Mapping[str, str], body: bytes | None, timeout: float, leaving: Leaving
    ) -> Answer:
        sent = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate", **headers}
        prepared = requests.Request(method, address.url, headers=sent, data=body).prepare()
        prepared.url = address.url  # verbatim: a `next` link belongs to the server
        leaving()
        self._before(method, address.url)
        began = self._monotonic()
        ends = began + timeout
        try:
            with self._session.send(
                prepared, stream=True, allow_redirects=False, timeout=(min(timeout, CONNECT_SECONDS), timeout)
            ) as response:
                content = self._content(response, ends)
                if content is not None:
                    self._observe(method, response.status_code, self._monotonic() - began)
                    lower = {name.lower(): value for name, value in response.headers.items()}
                    return Answer(response.status_code, lower, content, address.url)
                trouble = "too slow or too large"
        except (requests.RequestException, OSError, ValueError) as error:
            trouble = _words_of(error)
        self._observe(method, 0, self._monotonic() - began)
        # Outside the except block: the library's error holds the request with its token.
        raise EhrUnreachable(f"no whole answer from {address.host}: {trouble}")

    def _content(self, response: requests.Response, ends: float) -> bytes | None:
        parts, size = [], 0
        for part in response.iter_content(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > LONGEST_BODY or self._monotonic() > ends:
                return None
        return b"".join(parts)

    def _turn_again(self, state: tenacity.RetryCallState) -> None:
        if state.attempt_number > 1:
            self._pace.turn(is_again=True)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        asked = self._retry_after(state)
        return asked if asked is not None else _BACK_OFF(state)

    def _out_of_patience(self, state: tenacity.RetryCallState) -> bool:
        return state.attempt_number >= _TRIES or state.idle_for + (self._retry_after(state) or 0) > PATIENCE_SECONDS

    def _retry_after(self, state: tenacity.RetryCallState) -> float | None:
        if state.outcome is None or state.outcome.failed:
            return None
        return self._asked_pause(state.outcome.result())

    def _asked_pause(self, answer: Answer) -> float | None:
        """Seconds that the server asks for, as a number or as a date (by its own clock where it sent one)."""
        asked = answer.headers.get("retry-after", "").strip()
        if asked.isdecimal():
            return min(float(asked), _LONGEST_PAUSE_SECONDS)
        until = http_date(asked)
        seconds = None if until is None else (until - (answer.date or self._clock())).total_seconds()
        return None if seconds is None else min(max(0.0, seconds), _LONGEST_PAUSE_SECONDS)


class _BareSession(requests.Session):
    """Keeps no cookie and looks at no Location header: one session serves all users, and a redirect is an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies = _NoCookies()

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        del resp
        return None


class _NoCookies(RequestsCookieJar):
    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        del cookie, args, kwargs


class _Adapter(HTTPAdapter):
    """TLS 1.2 or newer, stated and not left to a default of the platform."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies host and certificate; trusts only what `verify` names
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return super().init_poolmanager(*args, ssl_context=context, **kwargs)


def _nobody(method: str, status: int, seconds: float) -> None:
    del method, status, seconds


def _unheard(method: str, url: str) -> None:
    del method, url


def _last(state: tenacity.RetryCallState) -> Answer:
    """The last answer, or the last error, once there is no more patience."""
    if state.outcome is None:
        raise EhrUnreachable("no request was made")
    answer: Answer = state.outcome.result()
    return answer


def _words_of(error: Exception) -> str:
    """What went wrong, without the address: a library's message quotes it."""
    for kind, said in (
        (requests.exceptions.SSLError, "its certificate or TLS version is not accepted"),
        (requests.Timeout, "it took too long"),
        (requests.exceptions.ChunkedEncodingError, "the answer was cut off"),
        (requests.exceptions.ContentDecodingError, "the answer cannot be unpacked"),
        (requests.ConnectionError, "the connection failed"),
    ):
        if isinstance(error, kind):
            return said
    return type(error).__name__
