"""The end of a session, however it comes: logged out, left alone, or one too many in a browser.

Its tokens are removed here first, and then taken back at the EHR where it offers that: a renewal that is under way meanwhile finds no
session any more and takes back what it got (`smart.launch.refresh`). Whatever the EHR answers, the session is over; what it did not take
back is audited.
"""

import logging

from fhir_taper.errors import EhrError, TaperError
from fhir_taper.logs import log
from fhir_taper.records import Json, Launch, Tenant, TokenSet
from fhir_taper.smart.launch.token_endpoint import take_back
from fhir_taper.workflow.audited import note, note_outside
from fhir_taper.workflow.services import Services


def end_session(services: Services, tenant: Tenant, launch: Launch, action: str, outcome: str, detail: Json | None = None) -> None:
    """End a session; why stands in the audit (`action`, `outcome`, `detail`)."""
    with services.database.begin():
        held = close_session(services, tenant, launch, action, outcome, detail)
    revoke_tokens(services, tenant, launch, held)


def close_session(
    services: Services, tenant: Tenant, launch: Launch, action: str, outcome: str, detail: Json | None = None
) -> TokenSet | None:
    """The same inside a transaction; returns the tokens, for `revoke_tokens` after it."""
    held = services.tokens(tenant).take(launch.id)
    services.launches.end(launch.id, services.clock())
    services.charts.drop(launch.id)
    note(services, launch, action, outcome, detail)
    return held


def end_launch(services: Services, tenant: Tenant, launch: Launch) -> None:
    """Log out."""
    end_session(services, tenant, launch, "log-out", "ended")


def revoke_tokens(services: Services, tenant: Tenant, launch: Launch, tokens: TokenSet | None) -> None:
    """Take tokens that nobody holds any more back at the EHR; that it did not take them is audited."""
    if tokens is None:
        return
    try:
        take_back(tenant, services.configuration(tenant), services.transport(tenant), tokens)
    except EhrError:
        note(services, launch, "take-back", "failed")


def take_back_unused(services: Services, tenant: Tenant, tokens: TokenSet) -> None:
    """Take back what was granted to a launch that was refused after all, and audit that.

    Raises nothing: the caller goes on to say why the launch was refused, and no other trouble may stand in front of that.
    """
    outcome = "failed"
    try:
        taken = take_back(tenant, services.configuration(tenant), services.transport(tenant), tokens)
        outcome = "done" if taken else "not-offered"
    except Exception as error:  # noqa: BLE001 (the reason of the refusal must outlive any other error)
        log("take-back", {"outcome": "failed"}, level=logging.WARNING, error=error)
    try:
        note_outside(services, tenant.id, None, "take-back", outcome, {"reason": "launch-refused"})
    except TaperError as error:
        log("not-audited", {"action": "take-back", "outcome": outcome}, error=error)
