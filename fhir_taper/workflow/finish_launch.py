"""A launch ends well or not at all: the EHR's answer becomes tokens, a patient, a person with a role, and one open chart.

Refused: a state that is unknown, used or another browser's; another authorization server's answer; an identity that does not hold; a
launch without a patient. What the EHR granted to a launch that is refused after all is taken back there. Who may do what is the
tenant's table's word, never the browser's (privacy S4).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from fhir_taper.errors import LaunchRefused
from fhir_taper.records import Launch, PendingLaunch, Role, Secret, Tenant, TokenSet
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.launch.authorize import callback_code, callback_state, new_secret
from fhir_taper.smart.launch.context import context_of
from fhir_taper.smart.launch.id_token import validate
from fhir_taper.smart.launch.token_endpoint import TokenAnswer, exchange_code
from fhir_taper.workflow.audited import note, note_stranger
from fhir_taper.workflow.begin_launch import hashed, name_of
from fhir_taper.workflow.end_session import close_session, revoke_tokens, take_back_unused
from fhir_taper.workflow.open_chart import chart_of, not_granted
from fhir_taper.workflow.recover_writes import sweep_chart
from fhir_taper.workflow.roles import person_of, role_of
from fhir_taper.workflow.services import Services

LONGEST: Final = timedelta(hours=8)
"""A session that is renewed while the person is there ends at the end of a working day."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """A launch under way: whose it is, what was asked, and the name of its cookie, which has done its work."""

    tenant: Tenant
    pending: PendingLaunch
    name: str


@dataclass(frozen=True, slots=True)
class Finished:
    """An open chart, and the secret that its cookie carries."""

    launch: Launch
    secret: Secret
    ended: tuple[str, ...] = ()
    """Older launches of this browser that ended for this one."""


def recall_launch(services: Services, parameters: Sequence[tuple[str, str]]) -> Recalled:
    """The launch that an answer belongs to; it can be recalled once. Raises LaunchRefused ("state", "unknown-tenant").

    An answer that was given already, or too late, is audited for the tenant whose launch it was.
    """
    state = callback_state(parameters)
    pending = services.launches.take_pending(hashed(state), services.clock())
    if pending is None:
        whose = services.settings.tenant(services.launches.tenant_of_state(hashed(state)) or "")
        if whose is not None:
            note_stranger(services, whose.id, "launch", "replayed")
        raise LaunchRefused("state", "This launch was finished already, or took too long.")
    tenant = services.settings.tenant(pending.tenant_id)
    if tenant is None:
        raise LaunchRefused("unknown-tenant", "This app is no longer set up for this EHR.")
    return Recalled(tenant, pending, name_of(state))


def finish_launch(services: Services, recalled: Recalled, parameters: Sequence[tuple[str, str]], brought: str, browser: Secret) -> Finished:
    """The chart that the EHR opened for us. `brought` is the secret of the cookie that the launch set, "" where it did not come back.

    Raises LaunchRefused (`reason`: cookie, state, no-patient, access_denied, id-token …) and EhrError.
    """
    try:
        _refuse_other_browser(recalled.pending, brought)
        return _opened(services, recalled.tenant, recalled.pending, parameters, browser)
    except LaunchRefused as refusal:
        note_stranger(services, recalled.tenant.id, "launch", refusal.reason)
        raise


def _refuse_other_browser(pending: PendingLaunch, brought: str) -> None:
    if not brought:
        raise LaunchRefused("cookie", "Without the cookie that this launch set it cannot be known that it is yours.")
    if not compare_digest(pending.browser_hash, hashed(Secret(brought))):
        raise LaunchRefused("state", "This answer belongs to a launch in another browser.")


def _opened(services: Services, tenant: Tenant, pending: PendingLaunch, parameters: Sequence[tuple[str, str]], browser: Secret) -> Finished:
    configuration, transport = services.configuration(tenant), services.transport(tenant)
    code = callback_code(tenant, configuration, parameters)
    redirect_uri, asked = services.redirect_uri, pending.scope
    answer = exchange_code(
        tenant, configuration, transport, code=code, verifier=pending.verifier, redirect_uri=redirect_uri, requested_scope=asked
    )
    try:
        launch, secret, held = _kept(services, tenant, pending, answer, browser)
    except Exception:
        take_back_unused(services, tenant, answer.tokens)
        raise
    for one, whose, tokens in held:
        revoke_tokens(services, whose, one, tokens)
    if launch.role is not Role.PATIENT:  # what became of a write is looked for by those who write
        sweep_chart(services, chart_of(services, launch, tenant))
    return Finished(launch, secret, tuple(one.id for one, _, _ in held))


def _kept(
    services: Services, tenant: Tenant, pending: PendingLaunch, answer: TokenAnswer, browser: Secret
) -> tuple[Launch, Secret, list[tuple[Launch, Tenant, TokenSet | None]]]:
    """The launch that an answer opens, kept with its tokens; its secret; and the older ones that ended for it, with the tokens they held.

    Whatever it raises, nothing of the answer was kept.
    """
    values = context_of(answer)
    user = _user(services, tenant, pending, answer)
    if pending.launch is None and not user:
        raise LaunchRefused("nobody", "Outside a chart this app must know who you are, and the EHR does not say it.")
    client = FhirClient(tenant.issuer, services.transport(tenant), lambda: answer.tokens.access_token, values.patient_id, lambda _: None)
    person = person_of(client, user)
    now, secret = services.clock(), new_secret()
    launch = Launch(
        id=new_secret().reveal()[:22],
        tenant_id=tenant.id,
        patient_id=values.patient_id,
        user=user,
        user_name=person.name,
        role=role_of(tenant, person, values.patient_id),
        scope=answer.tokens.scope,
        cookie_hash=hashed(secret),
        csrf=new_secret(),
        begun=now,
        last_seen=now,
        ends=now + LONGEST if answer.tokens.refresh_token else min(answer.tokens.expires, now + LONGEST),
        encounter_id=values.encounter_id,
        intent=values.intent,
        need_patient_banner=values.need_patient_banner,
        style_url=values.style_url,
        fhir_context=values.fhir_context,
        asked=pending.scope,
    )
    with services.database.begin():
        held = list(_ended_for_one_more(services, browser, now))
        services.tokens(tenant).put(launch.id, answer.tokens)
        services.launches.save(launch, hashed(browser))
        # The one line that ties the id of a person, which stands on every other line of the launch, to their name.
        scope = {"scope": "said" if answer.says_scope else "as-asked", "denied": not_granted(launch)}
        said = {"role": launch.role.value, "name": launch.user_name, **scope}
        note(services, launch, "launch", "opened", said)
    return launch, secret, held


def _ended_for_one_more(services: Services, browser: Secret, now: datetime) -> Iterator[tuple[Launch, Tenant, TokenSet | None]]:
    """The launches of a browser that end for one more, with what they held; of a tenant that is set up no more nothing is taken back."""
    for one in services.launches.too_many(hashed(browser), now):
        tenant = services.settings.tenant(one.tenant_id)
        if tenant is None:
            services.launches.end(one.id, now)
        else:
            yield one, tenant, close_session(services, tenant, one, "log-out", "one-too-many")


def _user(services: Services, tenant: Tenant, pending: PendingLaunch, answer: TokenAnswer) -> str:
    """The FHIR user of a judged id_token; "" where the EHR gives none: then nobody is known, and the launch may only read."""
    if answer.id_token is None:
        return ""
    identity = validate(
        answer.id_token,
        tenant=tenant,
        configuration=services.configuration(tenant),
        transport=services.transport(tenant),
        nonce=pending.nonce,
        access_token=answer.tokens.access_token,
        kept=services.ehr_keys(),
    )
    return identity.fhir_user
