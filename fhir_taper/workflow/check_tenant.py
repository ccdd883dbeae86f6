"""What one EHR offers, and what this program would therefore do there: looked at from outside, without a person and without a patient.

It reads public documents only (smart-configuration, keys, CapabilityStatement), and asks for a token of its own only where it is told to
and the tenant has a backend client. Every request is in the report. No database is opened. What a launch is granted is seen only then: the
ladders here suppose that all that is asked for is granted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar
from urllib.parse import urlsplit

from fhir_taper.errors import EhrAnswered, EhrError, SettingsError, TaperError, WrongUsage
from fhir_taper.records import AuthMethod, Tenant
from fhir_taper.settings import Settings
from fhir_taper.smart.answer import Answer
from fhir_taper.smart.capabilities import Capabilities
from fhir_taper.smart.client import FHIR_JSON
from fhir_taper.smart.keys import key_that_signs, signing_key
from fhir_taper.smart.launch.backend import BackendTokens
from fhir_taper.smart.launch.discovery import SmartConfiguration, discover, keys_address
from fhir_taper.smart.scopes import Granted, least_scopes, system_scopes
from fhir_taper.smart.tls import handshake
from fhir_taper.smart.transport import Transport, new_session
from fhir_taper.workflow.check_report import Seen, State, TenantReport
from fhir_taper.workflow.load_chart import SEARCHED
from fhir_taper.workflow.services import Clock, utc_now
from fhir_taper.writeback.changes import ORDER
from fhir_taper.writeback.ladder import Output, choose
from fhir_taper.writeback.negotiate import allowed
from fhir_taper.writeback.overlay import load_overlay

_CLOSE: Final = timedelta(seconds=30)
_TOLERATED: Final = timedelta(minutes=4)
_RENEW: Final = timedelta(days=30)
_REFUSED: Final = frozenset({401, 403})
_Found = TypeVar("_Found")


def check_tenants(
    settings: Settings, tenant_id: str | None = None, *, with_token: bool = False, clock: Clock = utc_now
) -> tuple[TenantReport, ...]:
    """One report per tenant of the configuration, or of the one named. Raises WrongUsage for one that it does not have."""
    tenants = settings.tenants
    if tenant_id is not None:
        tenants = tuple(one for one in tenants if one.id == tenant_id)
        if not tenants:
            known = ", ".join(one.id for one in settings.tenants)
            raise WrongUsage(f"there is no tenant {tenant_id}; there is {known}")
    return tuple(_checked(tenant, clock, with_token=with_token) for tenant in tenants)


def _checked(tenant: Tenant, clock: Clock, *, with_token: bool) -> TenantReport:
    report = TenantReport(tenant)

    def note_request(method: str, url: str) -> None:
        report.asked.append(f"{method} {url}")

    transport = Transport(tenant, clock=clock, session=new_session(tenant.ca_bundle), before=note_request)
    return _Check(tenant, transport, report, clock, with_token).run()


@dataclass(frozen=True, slots=True)
class _Check:
    tenant: Tenant
    transport: Transport
    report: TenantReport
    clock: Clock
    with_token: bool

    def run(self) -> TenantReport:
        self._try("tls", self._tls)
        configuration = self._try("discovery", self._discovery)
        if configuration is not None:
            self._try("sign-in", lambda: self._sign_in(configuration))
            self._try("ehr keys", lambda: self._ehr_keys(configuration))
            self.report.scopes = least_scopes(configuration, self.tenant, in_chart=True)
            self._note("renewal", _renewal(self.report.scopes))
        answer = self._try("capabilities", lambda: self._asked(f"{self.tenant.issuer.rstrip('/')}/metadata", FHIR_JSON))
        if answer is not None:
            self._try("clock", lambda: self._clock(answer))
        statement = self._try("capabilities", lambda: self._statement(answer)) if answer is not None else None
        self._ladders(statement)
        self._note("changes", "no subscription, no polling: a chart is read when it is opened, and before an approval and a write")
        if configuration is not None:
            self._try("backend", lambda: self._backend(configuration))
        return self.report

    def _note(self, area: str, says: str, state: State = State.OK) -> None:
        self.report.seen.append(Seen(area, state, says))

    def _try(self, area: str, look: Callable[[], _Found]) -> _Found | None:
        """What was found, or None with the reason noted."""
        try:
            return look()
        except (EhrError, SettingsError) as error:
            self._note(area, str(error), State.FAILS)
            return None

    def _asked(self, url: str, accept: str = "application/json") -> Answer:
        return self.transport.send("GET", url, headers={"Accept": accept}, timeout=10)

    def _tls(self) -> None:
        if self.tenant.issuer.startswith("https:"):
            self.report.asked.append(f"TLS handshake with {urlsplit(self.tenant.issuer).netloc}")
        found = handshake(self.tenant)
        if not found.version:
            self._note("tls", "plain http on loopback: for trying only", State.NOTE)
            return
        ends = f", certificate until {found.until:%Y-%m-%d}" if found.until else ""
        is_near = found.until is not None and found.until - self.clock() < _RENEW
        self._note("tls", f"{found.version}{ends}", State.NOTE if is_near else State.OK)

    def _discovery(self) -> SmartConfiguration:
        found = discover(self.tenant, self.transport)
        self._note("discovery", f"authorize at {found.authorization_endpoint}, token at {found.token_endpoint}, on hosts of this tenant")
        if not found.offers("launch-ehr"):
            self._note("discovery", "it does not say that it launches apps from a chart (launch-ehr)", State.NOTE)
        if "S256" not in found.challenge_methods:
            off = "is switched off for this tenant" if not self.tenant.pkce else "is sent all the same"
            self._note("discovery", f"it does not say that it knows PKCE with S256; the challenge {off}", State.NOTE)
        elif not self.tenant.pkce:
            self._note("discovery", "it knows PKCE, and this tenant has it switched off: switch it on", State.NOTE)
        for name, url in (("revocation", found.revocation_endpoint), ("introspection", found.introspection_endpoint)):
            if not url:
                self._note("discovery", f"no {name}", State.NOTE)
        return found

    def _sign_in(self, configuration: SmartConfiguration) -> None:
        """How this app proves itself at the token endpoint."""
        method = self.tenant.auth
        if method is not AuthMethod.ASYMMETRIC:
            capability = "client-public" if method is AuthMethod.PUBLIC else "client-confidential-symmetric"
            is_said = configuration.offers(capability)
            says = f"{method.value} client {self.tenant.client_id}" + ("" if is_said else f"; the EHR does not say {capability}")
            self._note("sign-in", says, State.OK if is_said else State.NOTE)
            return
        key = key_that_signs(self.tenant, configuration.signing_algorithms)
        others = [one.kid for one in map(signing_key, self.tenant.signing_keys) if one.kid != key.kid]
        rotating = f"; published too: {', '.join(others)}" if others else ""
        is_taken = not configuration.signing_algorithms or key.algorithm in configuration.signing_algorithms
        says = f"asymmetric client {self.tenant.client_id}, signs {key.algorithm} with {key.kid}{rotating}"
        if not is_taken:
            says += f"; the EHR takes {', '.join(configuration.signing_algorithms)}"
        self._note("sign-in", says, State.OK if is_taken else State.FAILS)

    def _ehr_keys(self, configuration: SmartConfiguration) -> None:
        """The keys that sign identities."""
        address = keys_address(self.tenant, configuration, self.transport)
        answer = self._asked(address)
        document = answer.json() if answer.is_success else None
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list) or not keys:
            raise EhrAnswered(answer.status, "its keys cannot be read: nobody's identity can be proven")
        kinds = sorted({f"{one.get('kty')} {one.get('alg', '')}".strip() for one in keys if isinstance(one, dict)})
        self._note("ehr keys", f"{len(keys)} at {address} ({', '.join(kinds)})")

    def _clock(self, answer: Answer) -> None:
        if answer.date is None:
            self._note("clock", "the EHR does not say what time it is", State.NOTE)
            return
        ahead = answer.date - self.clock()
        seconds = round(ahead.total_seconds())
        where = "with ours" if abs(ahead) < _CLOSE else f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} ours"
        state = State.OK if abs(ahead) < _CLOSE else State.NOTE if abs(ahead) < _TOLERATED else State.FAILS
        self._note("clock", f"its clock goes {where}", state)

    def _statement(self, answer: Answer) -> Capabilities | None:
        """What the server says that it can do; None where it tells nobody without a token, or has no statement."""
        document = answer.json() if answer.is_success else None
        if not isinstance(document, dict) or document.get("resourceType") != "CapabilityStatement":
            why = "only to those who signed in" if answer.status in _REFUSED else f"it answered {answer.status}"
            self._note("capabilities", f"no CapabilityStatement: {why}", State.NOTE)
            return None
        found = Capabilities.of(document)
        is_r4 = found.fhir_version.startswith("4.0")
        says = f"FHIR {found.fhir_version or 'of no stated version'}{f', {found.software}' if found.software else ''}"
        self._note("capabilities", says if is_r4 else f"{says}; this app speaks R4", State.OK if is_r4 else State.FAILS)
        for kind in SEARCHED:
            self.report.reads[kind] = _search_of(found, kind)
        return found

    def _ladders(self, statement: Capabilities | None) -> None:
        """Which way each output takes, if all that is asked for is granted."""
        try:
            overlay = load_overlay(self.tenant.vendor)
        except TaperError as error:
            self._note("overlay", str(error), State.FAILS)
            return
        self._note("overlay", f"{overlay.name}: {overlay.says}")
        may = allowed(statement, Granted.parse(self.report.scopes), overlay, signed_off=True)
        self.report.outputs = tuple(choose(output, may) for output in Output)

    def _backend(self, configuration: SmartConfiguration) -> None:
        if self.tenant.backend_client_id is None:
            self._note("backend", "no [tenants.backend]: a write whose answer is lost waits for the next launch in its chart", State.NOTE)
            return
        if not self.with_token:
            self._note("backend", f"client {self.tenant.backend_client_id}: not tried, --token asks for its token", State.NOTE)
            return
        scope = system_scopes(configuration, (*ORDER, "Patient"), "rs")
        try:
            access = BackendTokens().access(self.tenant, self.transport, lambda: configuration, scope)
        except EhrError as error:
            self._note("backend", f"the program's own access is refused: {error}", State.NOTE)
            return
        self.report.granted = access.scope
        lacking = Granted.parse(access.scope).lacks(Granted.parse(scope))
        given = f"the program's own access as {self.tenant.backend_client_id} is given"
        if lacking:
            less = ", ".join(f"{kind} ({letters})" for kind, letters in lacking.items())
            self._note("backend", f"{given}, but not for {less}: a lost write of these waits for the next launch in its chart", State.NOTE)
            return
        self._note("backend", given)


def _renewal(scopes: str) -> str:
    asked = next((one for one in scopes.split() if one in ("online_access", "offline_access")), "")
    return f"a session is renewed ({asked})" if asked else "a session ends with its first token: the EHR offers no renewal"


def _search_of(found: Capabilities, kind: str) -> str:
    """What the statement promises of the search that a chart is read with."""
    lacking = [
        words
        for is_there, words in (
            (found.may(kind, "search-type"), "it does not say that it searches them"),
            ("patient" in found.search_params(kind), "not by patient"),
        )
        if not is_there
    ]
    return f"{'; '.join(lacking)}: asked all the same, and what fails is shown" if lacking else "searched by patient"
