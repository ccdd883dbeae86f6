"""Starts and stops the whole demo: the FHIR server, the authorization server before it, its patients and, where one is given, the app.

    with start_demo() as demo:                      the EHR alone, for tests
        launch = demo.new_launch("lorazepam-elder")
    with start_demo(app_of) as demo:                 with the app, which `app_of(demo)` makes once the EHR answers
        print(demo.page_url)

Nothing is left when it ends: no process, no port, no file.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from fhir_taper.records import AuthMethod, Json, Tenant
from fhir_taper.sandbox.authorization import AuthorizationEndpoint
from fhir_taper.sandbox.charts import PatientChart, load_charts
from fhir_taper.sandbox.client_authentication import Door
from fhir_taper.sandbox.clients import Client
from fhir_taper.sandbox.clock import SandboxClock
from fhir_taper.sandbox.demo_clients import DemoClients, demo_clients
from fhir_taper.sandbox.discovery import endpoints
from fhir_taper.sandbox.ehr import Ehr
from fhir_taper.sandbox.frame import Frame
from fhir_taper.sandbox.front import FHIR_PATH, STYLE_PATH, Parts, front
from fhir_taper.sandbox.grants import Grants, LaunchContext, Lifetimes, new_grant
from fhir_taper.sandbox.keys import SigningKey
from fhir_taper.sandbox.refusal import origin_of, with_query
from fhir_taper.sandbox.resource_server import ResourceServer
from fhir_taper.sandbox.server import LOOPBACK, ServerThread, port_of, reserve
from fhir_taper.sandbox.token_endpoint import TokenEndpoint
from fhir_taper.sandbox.users import USERS, User, signed_in

LAUNCH_PATH: Final = "/launch"
CALLBACK_PATH: Final = "/callback"
# Two sites for a browser, which resolves every *.localhost to loopback by itself; two ports of 127.0.0.1 are one site.
_EHR_HOST: Final = "ehr.localhost"
_APP_HOST: Final = "app.localhost"
ZONE: Final = "America/New_York"
"""Where the demo clinic is."""
_FARTHEST_WEST: Final = "America/Denver"
"""Where its patient lives who lives farthest west: what is today there lies for nobody in the future."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. The issuer is the FHIR base; it is on 127.0.0.1 always, because servers have to reach it without a name service."""

    issuer: str
    page_url: str
    """The EHR's own page."""
    app_url: str
    clients: DemoClients
    charts: Mapping[str, PatientChart]
    clock: SandboxClock
    """Tests set it ahead or behind: tokens and the Date header go by it."""
    grants: Grants
    resources: ResourceServer
    """`answered` counts requests; `intercept` may delay, refuse or lose them; `confines_searches` off answers as the server behind does."""
    key: SigningKey
    """What identities are signed with: a test forges with another."""
    _registered: dict[str, Client]

    @property
    def launch_url(self) -> str:
        """Where the EHR launches the app."""
        return f"{self.app_url}{LAUNCH_PATH}"

    @property
    def redirect_uri(self) -> str:
        """The one redirect URI of the clients that are known from the start."""
        return f"{self.app_url}{CALLBACK_PATH}"

    @property
    def lifetimes(self) -> Lifetimes:
        """How long launches, codes and tokens count; a test may shorten what is given from then on."""
        return self.grants.lifetimes

    def tenant(self, method: AuthMethod = AuthMethod.ASYMMETRIC) -> Tenant:
        """This EHR as an app that proves itself in this way is told of it."""
        client = self.clients.of(method)
        return Tenant(
            id="demo",
            issuer=self.issuer,
            client_id=client.id,
            timezone=ZONE,
            vendor="fhir-platform",
            auth=method,
            client_secret=client.secret,
            signing_keys=self.clients.signing_keys if method is AuthMethod.ASYMMETRIC else (),
            frame_ancestors=(origin_of(self.page_url),),
            crisis_lines=("988",),
            insecure_loopback=True,
            roles={user.role: (user.reference,) for user in USERS.values()},
            backend_client_id=self.clients.backend.id,
        )

    def register(self, client: Client) -> None:
        """Make another app known, or one anew."""
        self._registered[client.id] = client

    def new_launch(
        self, patient: str | None, user: str = "prescriber", *, encounter: str | None = None, intent: str | None = None, **beside: Any
    ) -> str:
        """A launch value for one launch. `beside` stands beside the access token as it is given; an encounter None is the open one."""
        chart = self.charts.get(patient or "")
        visit = encounter or (chart.encounter_id if chart else None)
        return self.grants.new_launch(LaunchContext(_user(user, patient), patient, visit, intent, beside))

    def launch_address(self, patient: str, user: str = "prescriber") -> str:
        """What the EHR opens in its frame: the app's launch URL with iss and a new launch value."""
        return with_query(self.launch_url, {"iss": self.issuer, "launch": self.new_launch(patient, user)})

    def access_token(self, scope: str, patient: str | None = None, user: str = "prescriber") -> str:
        """An access token without the way to it, for tests of what comes after. The scope is granted as it stands."""
        scopes = tuple(scope.split())
        return self.grants.new_access(new_grant(self.clients.public, scopes, LaunchContext(_user(user, patient), patient)), scopes)


def _user(key: str, patient: str | None) -> User:
    found = signed_in(key, patient)
    if found is None:
        raise KeyError(key)
    return found


AppFactory = Callable[[Demo], Any]


@contextlib.contextmanager
def start_demo(
    app: AppFactory | None = None,
    *,
    as_it_ships: bool = False,
    named_hosts: bool = False,
    today: date | None = None,
    port: int = 0,
    app_port: int = 0,
) -> Iterator[Demo]:
    """A demo for the length of a `with` block. Raises SandboxError naming the part that does not start.

    `app` makes the app's ASGI application once the EHR answers. `as_it_ships`: the FHIR server without extra search parameters and its
    search answers not confined to the token's patient. `named_hosts`: page and app are two sites to a browser. `today` is the day that the
    charts are moved to (None: today). Ports are free ones unless given.
    """
    with contextlib.ExitStack() as running:
        doors = reserve(port), reserve(app_port)
        for door in doors:
            running.callback(door.close)
        origin = f"http://{LOOPBACK}:{port_of(doors[0])}"
        ehr = running.enter_context(Ehr(f"{origin}{FHIR_PATH}", extra_search=not as_it_ships))
        charts = load_charts(today or datetime.now(ZoneInfo(_FARTHEST_WEST)).date())
        page = f"http://{_EHR_HOST}:{port_of(doors[0])}/" if named_hosts else f"{origin}/"
        app_url = f"http://{_APP_HOST if named_hosts else LOOPBACK}:{port_of(doors[1])}"
        ehr.wait()
        demo = _demo(ehr, origin, page, app_url, charts, has_app=app is not None)
        demo[0].resources.confines_searches = not as_it_ships
        ehr.load([*(user.resource() for user in USERS.values()), *(one for chart in charts for one in chart.resources)])
        ehr.be_strict()
        running.callback(ServerThread("demo EHR", front(demo[1]), doors[0]).start().stop)
        if app is not None:
            running.callback(ServerThread("app", app(demo[0]), doors[1], lifespan=True).start().stop)
        yield demo[0]


def _demo(ehr: Ehr, origin: str, page: str, app_url: str, charts: tuple[PatientChart, ...], *, has_app: bool) -> tuple[Demo, Parts]:
    issuer, where, clock = f"{origin}{FHIR_PATH}", endpoints(origin), SandboxClock()
    grants, key, clients = Grants(clock, Lifetimes()), SigningKey(), demo_clients(f"{app_url}{CALLBACK_PATH}")
    registered = {client.id: client for client in clients.all}
    notices: dict[tuple[str, str], Json] = {(one.patient_id, "MedicationRequest"): told for one in charts for told in one.notices}
    named = {"authorize": where["authorization_endpoint"], "token": where["token_endpoint"]}
    resources = ResourceServer(issuer, ehr.base, grants, named, notices)
    demo = Demo(issuer, page, app_url, clients, {one.patient_id: one for one in charts}, clock, grants, resources, key, registered)
    frame = Frame(
        issuer,
        demo.launch_url if has_app else "",
        {one.patient_id: one.listed() for one in charts},
        {one.patient_id: one.encounter_id for one in charts if one.encounter_id},
        grants,
    )
    tokens = TokenEndpoint(Door(registered, grants, clock, where["token_endpoint"]), key, issuer, f"{origin}{STYLE_PATH}")
    return demo, Parts(issuer, where, AuthorizationEndpoint(registered, grants, issuer), tokens, resources, frame, clock)
