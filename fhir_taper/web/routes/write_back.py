"""Screen 6: what a write would change in the EHR, resource by resource; the button; the receipt."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.errors import NotAllowed
from fhir_taper.exact_json import encode
from fhir_taper.records import Role, WriteReceipt
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.unresolved import unresolved_write
from fhir_taper.workflow.recover_writes import found_in_words, sweep_chart, told_by_person, unresolved_writes
from fhir_taper.workflow.write_back import preview_plan, write_plan, writes_of

router = APIRouter()
_RECEIPT_FOR = timedelta(hours=8)


@router.get("/app/{launch}/write-back")
def preview(visit: Opened) -> Response:
    """The cards, from a fresh read; before them, every write that is not known to have arrived, looked for once more."""
    sweep_chart(visit.services, visit.chart)
    told = _unresolved(visit)
    try:
        proposal = preview_plan(visit.services, visit.chart)
    except NotAllowed:
        return visit.page("no_plan.html", "write-back", **told)
    shown = proposal.preview
    cards = [(card, encode(card.body, indent=2).decode()) for card in shown.cards]
    return visit.page(
        "write_back.html",
        "write-back",
        title=title_of(proposal.plan),
        version=proposal.plan.version,
        preview=shown,
        cards=cards,
        seen=proposal.seen,
        **told,
    )


@router.post("/app/{launch}/write-back")
def write(posted: Form_) -> Response:
    """Write what was seen, once."""
    visit = posted.visit
    receipt = write_plan(visit.services, visit.chart, posted.form.one("seen"))
    key = ("receipt", visit.chart.launch.id)
    visit.services.said_by_ehr.put(key, receipt, visit.services.clock() + _RECEIPT_FOR)
    return visit.to("receipt")


@router.post("/app/{launch}/write-back/found")
def found(posted: Form_) -> Response:
    """What a person found in the EHR of a write that was not known to have arrived."""
    visit, form = posted.visit, posted.form
    told_by_person(visit.services, visit.chart, form.one("row"), found_in_words(form.one("found")), form.one("reason"))
    return visit.to("write-back")


@router.get("/app/{launch}/receipt")
def receipt(visit: Opened) -> Response:
    """What came of the last write of this session, and every write for this patient."""
    kept: WriteReceipt | None = visit.services.said_by_ehr.get(("receipt", visit.chart.launch.id), visit.services.clock())
    rows = [(row, visit.chart.local(row.opened)) for row in writes_of(visit.services, visit.chart)]
    return visit.page("receipt.html", "write-back", receipt=kept, rows=rows, **_unresolved(visit))


def _unresolved(visit: Visit) -> dict[str, Any]:
    chart, now = visit.chart, visit.services.clock()
    rows = [unresolved_write(chart, row, now) for row in unresolved_writes(visit.services, chart)]
    return {"unresolved": rows, "may_write": chart.may(Role.PRESCRIBER)}
