"""The end of a session, however it comes: logged out, left alone, its time run out, or one too many in a browser.

Its tokens are removed here first, and then taken back at the EHR where it offers that: a renewal that is under way meanwhile finds no
session any more and takes back what it got (`smart.launch.refresh`). Whatever the EHR answers, the session is over; what it did not take
back is audited.
"""

import logging

from fhir_taper.errors import EhrError, EhrUnreachable, TaperError
from fhir_taper.logs import log
from fhir_taper.records import Json, Launch, Tenant, TokenSet
from fhir_taper.smart.launch.token_endpoint import take_back
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
    each = Each()
    try:
        take_back(tenant, services.configuration(tenant), services.transport(tenant), tokens, each.hear)
    except EhrError as error:
        for token, outcome in each.failed:
            note(services, launch, "take-back", outcome, {"token": token})
        return not isinstance(error, EhrUnreachable)
    return True


def take_back_unused(services: Services, tenant: Tenant, tokens: TokenSet) -> None:
    """Take back what was granted to a launch that was refused after all, and audit that.

    Raises nothing: the caller goes on to say why the launch was refused, and no other trouble may stand in front of that.
    """
    each = Each()
    try:
        taken = take_back(tenant, services.configuration(tenant), services.transport(tenant), tokens, each.hear)
        outcomes: tuple[tuple[str, str], ...] = (("all", "done" if taken else "not-offered"),)
    except Exception as error:  # noqa: BLE001 (the reason of the refusal must outlive any other error)
        log("take-back", {"outcome": "failed"}, level=logging.WARNING, error=error)
        outcomes = each.failed
    for token, outcome in outcomes:
        try:
            note_outside(services, tenant.id, None, "take-back", outcome, {"reason": "launch-refused", "token": token})
        except TaperError as error:
            log("not-audited", {"action": "take-back", "outcome": outcome}, error=error)


class Each:
    """What became of each token of a set."""

    def __init__(self) -> None:
        self._heard: list[tuple[str, str]] = []

    def hear(self, token: str, outcome: str) -> None:
        """Of one token."""
        self._heard.append((token, outcome))

    @property
    def failed(self) -> tuple[tuple[str, str], ...]:
        """Each with its outcome, where one failed at least; all of them, where none could even be tried."""
        return tuple(self._heard) or (("all", "failed"),)
