"""A launch begins: the EHR (or a person) opens our launch URL, and the browser is sent on to the EHR's authorization endpoint.

Nothing that the caller sent is fetched: the issuer only picks a tenant of our own table. The state is new, 256 bits, single use, and bound
to the browser by a secret that stands in a cookie and, as a hash, in the store. SMART App Launch 2.2.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import PendingLaunch, Secret, Tenant
from fhir_taper.smart.launch.authorize import AuthorizationRequest, authorization_request, new_secret
from fhir_taper.smart.scopes import least_scopes
from fhir_taper.workflow.services import Services

PENDING_FOR: Final = timedelta(minutes=10)
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the secret that its cookie must bring back. `name` tells apart launches of one browser."""

    request: AuthorizationRequest
    tenant: Tenant
    name: str
    secret: Secret


def begin_ehr_launch(services: Services, issuer: str, launch: str) -> Begun:
    """A launch out of a chart. Raises LaunchRefused ("unknown-issuer", "launch"), EhrError where the EHR cannot be asked."""
    tenant = services.settings.tenant_of_issuer(issuer)
    if tenant is None:
        raise LaunchRefused("unknown-issuer", "This app is not set up for the EHR that launched it. Nothing was sent there.")
    if not launch or len(launch) > _LONGEST:
        raise LaunchRefused("launch", "The EHR launched this app without saying from where. Open it again from the chart.")
    # The audience is the issuer as it launched us: a slash more or less is another one to some servers.
    return _begun(services, replace(tenant, audience=tenant.audience or issuer), Secret(launch))


def begin_standalone_launch(services: Services, tenant_id: str) -> Begun:
    """A launch from outside the chart: the EHR asks for the patient. Raises as `begin_ehr_launch`."""
    tenant = services.settings.tenant(tenant_id)
    if tenant is None:
        raise LaunchRefused("unknown-tenant", "This app is not set up for an organisation of this name.")
    return _begun(services, tenant, None)


def hashed(secret: Secret) -> str:
    """What is kept of a secret that a browser or an EHR brings back."""
    return sha256(secret.reveal().encode()).hexdigest()


def new_browser() -> Secret:
    """A name for a browser that has none yet: by it the launches of one browser are counted."""
    return new_secret()


def name_of(state: Secret) -> str:
    """A name for one launch under way, from its state: for the cookie, which must not tell the state."""
    return hashed(Secret(f"name {state.reveal()}"))[:16]


def _begun(services: Services, tenant: Tenant, launch: Secret | None) -> Begun:
    configuration = services.configuration(tenant)
    state, verifier, nonce, secret = new_secret(), new_secret(), new_secret(), new_secret()
    scope = least_scopes(configuration, tenant, in_chart=launch is not None)
    request = authorization_request(
        tenant,
        configuration,
        launch=launch,
        state=state,
        verifier=verifier,
        nonce=nonce,
        redirect_uri=services.redirect_uri,
        scope=scope,
    )
    expires = services.clock() + PENDING_FOR
    services.launches.save_pending(PendingLaunch(hashed(state), tenant.id, hashed(secret), verifier, nonce, launch, expires, scope))
    return Begun(request, tenant, name_of(state), secret)
