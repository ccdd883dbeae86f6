"""Screen 6: which plan, and what a write would change in the EHR, resource by resource; the button; the receipt.

A resource as JSON is a page of its own: whole plans in the page of the cards would make it too large to be read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.errors import BadInput, EhrError, NotAllowed, RestrictedData, StoreConflict, WriteRefused
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.records import Role
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Form_, Opened, Visit, whole_number
from fhir_taper.web.errors import Told
from fhir_taper.web.errors import told as error_told
from fhir_taper.web.unresolved import unresolved_write
from fhir_taper.web.write_views import json_lines, other_plans_shown, said_in_words
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.receipts import Receipt, last_receipt, named_rows, named_writes
from fhir_taper.workflow.recover_writes import found_in_words, sweep_chart, told_by_person, unresolved_writes
from fhir_taper.workflow.versions import newest_of_each, version_named
from fhir_taper.workflow.write_back import Proposal, preview_plan, write_plan
from fhir_taper.workflow.write_choice import chosen, writable_plans

router = APIRouter()
_PREVIEW_FOR = timedelta(minutes=10)
_MOST_DIGITS = 3


@router.get("/app/{launch}/write-back")
def preview(visit: Opened, plan: str = "") -> Response:
    """The cards of one plan ("": the one that stands unwritten), from a fresh read; before them, every write that is not known to have
    arrived, looked for once more."""
    sweep_chart(visit.services, visit.chart)
    told = _unresolved(visit)
    with _saying_what_is_approved(visit):
        try:
            proposal = preview_plan(visit.services, visit.chart, plan)
        except NotAllowed:
            return visit.page("no_plan.html", "write-back", **told)
        except (RestrictedData, WriteRefused) as refusal:
            return _cannot_be_written(visit, plan, error_told(refusal), told)
    visit.services.said_by_ehr.put(("preview", visit.chart.launch.id), proposal, visit.services.clock() + _PREVIEW_FOR)
    return visit.page(
        "write_back.html",
        "write-back",
        title=title_of(proposal.plan),
        version=proposal.plan.version,
        plan=proposal.plan.id,
        others=other_plans_shown(proposal.others),
        preview=proposal.preview,
        stops=proposal.stops,
        labels_were_kept=proposal.labels_were_kept,
        seen=proposal.seen,
        **told,
    )


@router.get("/app/{launch}/write-back/resource")
def resource(visit: Opened, seen: str = "", plan: str = "", number: str = "") -> Response:
    """One resource of a preview as it would be sent: of the one that was shown, else of a fresh one that shows the same."""
    key = ("preview", visit.chart.launch.id)
    proposal: Proposal | None = visit.services.said_by_ehr.get(key, visit.services.clock())
    if proposal is None or proposal.seen != seen:
        proposal = preview_plan(visit.services, visit.chart, plan)
    place = whole_number(number, _MOST_DIGITS)
    if proposal.seen != seen or place is None or place >= len(proposal.preview.cards):
        raise StoreConflict("this is not what the preview shows now")
    card = proposal.preview.cards[place]
    return visit.page("resource.html", "write-back", card=card, plan=proposal.plan.id, body=json_lines(card.body))


@router.post("/app/{launch}/write-back")
def write(posted: Form_) -> Response:
    """Write what was seen, once. What nothing was sent of is answered at once: the ledger knows nothing of it."""
    visit, form = posted.visit, posted.form
    done = write_plan(visit.services, visit.chart, form.one("seen"), form.one("plan"), form.all("accept"))
    if done.is_sent:
        return visit.to(f"receipt?plan={done.plan_id}")
    return _receipt(visit, Receipt(version_named(visit.services, visit.chart, done.plan_id).plan, done))


@router.post("/app/{launch}/write-back/found")
def found(posted: Form_) -> Response:
    """What a person found in the EHR of a write that was not known to have arrived."""
    visit, form = posted.visit, posted.form
    told_by_person(visit.services, visit.chart, form.one("row"), found_in_words(form.one("found")), form.one("reason"))
    return visit.to("write-back")


@router.get("/app/{launch}/receipt")
def receipt(visit: Opened, plan: str = "") -> Response:
    """What came of the last write of a version of a plan ("": of this session), and every write for this patient."""
    return _receipt(visit, last_receipt(visit.services, visit.chart, plan), plan)


def _receipt(visit: Visit, done: Receipt | None, version_id: str = "") -> Response:
    named = done.plan if done else version_named(visit.services, visit.chart, version_id).plan if version_id else None
    unwritten = [one for one in writable_plans(visit.services, visit.chart, visit.loaded()) if one.needs_writing]
    return visit.page(
        "receipt.html",
        "write-back",
        title=f"{title_of(named)}, version {named.version}" if named else "",
        receipt=done.receipt if done else None,
        says=said_in_words(done.receipt) if done else "",
        others=other_plans_shown(unwritten),
        rows=[
            (row, visit.chart.local(row.opened), title_of(plan) if plan else "") for row, plan in named_writes(visit.services, visit.chart)
        ],
        **_unresolved(visit),
    )


def _cannot_be_written(visit: Visit, plan: str, refused: Told, unresolved: dict[str, Any]) -> Response:
    """The plan that is meant, why it cannot be written, and the way to the patient's other plans."""
    found = writable_plans(visit.services, visit.chart, visit.loaded())
    meant = chosen(visit.services, visit.chart, found, plan)
    others = other_plans_shown(one for one in found if one is not meant)
    title = f"{title_of(meant.plan)}, version {meant.plan.version}" if meant else ""
    return visit.page("write_refused.html", "write-back", status=refused.status, title=title, refused=refused, others=others, **unresolved)


@contextmanager
def _saying_what_is_approved(visit: Visit) -> Iterator[None]:
    """Who comes here from the button of approval and is refused must know that the plan was approved all the same."""
    try:
        yield
    except (EhrError, BadInput) as refusal:
        for one in newest_of_each(visit.services, visit.chart):
            if one.state is not PlanState.DRAFT:
                refusal.add_note(f"Approved and kept here: {title_of(plan_of(one))}, version {one.version}. It was not written now.")
        raise


def _unresolved(visit: Visit) -> dict[str, Any]:
    chart, now = visit.chart, visit.services.ledger.now()
    named = named_rows(visit.services, chart, unresolved_writes(visit.services, chart))
    rows = [unresolved_write(chart, row, now, plan) for row, plan in named]
    return {"unresolved": rows, "may_write": chart.may(Role.PRESCRIBER)}
