"""The end of a session, however it comes: logged out, left alone, its time run out, or one too many in a browser.

Its tokens are removed here first, and then taken back at the EHR where it offers that: a renewal that is under way meanwhile finds no
session any more and takes back what it got (`smart.launch.refresh`). Whatever the EHR answers, the session is over; what it did not take
back is audited.
"""

import logging

from fhir_taper.errors import EhrUnreachable, TaperError
from fhir_taper.logs import log
from fhir_taper.records import Json, Launch, Tenant, TokenSet
from fhir_taper.smart.launch.token_endpoint import TakenBack, in_short, take_back
from fhir_taper.workflow.audited import note, note_outside
from fhir_taper.workflow.services import Services


def end_session(
    services: Services,
    tenant: Tenant,
    launch: Launch,
    action: str,
    outcome: str,
    detail: Json | None = None,
    actor: str | None = None,
) -> bool:
    """End a session; why stands in the audit (`action`, `outcome`, `detail`). As `revoke_tokens`."""
    with services.database.begin():
        held = close_session(services, tenant, launch, action, outcome, detail, actor)
    return revoke_tokens(services, tenant, launch, held)


def close_session(
    services: Services,
    tenant: Tenant,
    launch: Launch,
    action: str,
    outcome: str,
    detail: Json | None = None,
    actor: str | None = None,
) -> TokenSet | None:
    """The same inside a transaction; returns the tokens, for `revoke_tokens` after it. One that ended meanwhile has its line already."""
    held = services.tokens(tenant).take(launch.id)
    is_ended_now = services.launches.end(launch.id, services.clock())
    services.charts.drop(launch.id)
    if is_ended_now:
        note(services, launch, action, outcome, detail, actor)
    return held


def end_launch(services: Services, tenant: Tenant, launch: Launch) -> None:
    """Log out."""
    end_session(services, tenant, launch, "log-out", "ended")


def revoke_tokens(services: Services, tenant: Tenant, launch: Launch, tokens: TokenSet | None) -> bool:
    """Take tokens that nobody holds any more back at the EHR; which it did not take is audited. Whether it could be reached."""
    if tokens is None:
        return True
    taken = _taken_back(services, tenant, tokens)
    failed = [one.error for one in taken if one.error]
    for one in taken if failed else ():
        note(services, launch, "take-back", one.outcome, {"token": one.which})
    return not (failed and isinstance(failed[0], EhrUnreachable))


def take_back_unused(services: Services, tenant: Tenant, tokens: TokenSet) -> None:
    """Take back what was granted to a launch that was refused after all, and audit that.

    Raises nothing: the caller goes on to say why the launch was refused, and no other trouble may stand in front of that.
    """
    for one in in_short(_taken_back(services, tenant, tokens)):
        try:
            note_outside(services, tenant.id, None, "take-back", one.outcome, {"reason": "launch-refused", "token": one.which})
        except TaperError as error:
            log("not-audited", {"action": "take-back", "outcome": one.outcome}, error=error)


def _taken_back(services: Services, tenant: Tenant, tokens: TokenSet) -> tuple[TakenBack, ...]:
    """What became of each token; the first error of them is logged. Raises nothing: the session is over, or the launch refused, anyway."""
    try:
        taken = take_back(tenant, services.configuration(tenant), services.transport(tenant), tokens)
    except Exception as error:  # noqa: BLE001 (where they would be taken back is not known)
        taken = (TakenBack("all", "failed", error),)
    for failed in [one.error for one in taken if one.error][:1]:
        log("take-back", {"outcome": "failed"}, level=logging.WARNING, error=failed)
    return taken
