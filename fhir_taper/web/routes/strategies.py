"""Screen 2: the question (which medicine, from when, what is really taken) and the ways to taper, side by side."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.web import forms
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.rendering import chart
from fhir_taper.web.view_models import MOST_LINES, candidate_rows, charted, default_start, no_in_words, tapered
from fhir_taper.workflow.assessment import with_intake
from fhir_taper.workflow.chosen_plan import Work, ask, candidates_of, choose, work_of
from fhir_taper.workflow.keep_assessment import assessment_of
from fhir_taper.workflow.typed import BenzoTable, DurationOfUse, PermittedParts

router = APIRouter()


@router.get("/app/{launch}/strategies")
def strategies(visit: Opened) -> Response:
    """The question as it was asked last, and its answers."""
    return _page(visit, work_of(visit.services, visit.chart))


@router.post("/app/{launch}/strategies")
def ask_for_strategies(posted: Form_) -> Response:
    """Ask anew."""
    visit = posted.visit
    intake = assessment_of(visit.services, visit.chart)
    options = with_intake(forms.options_of(posted.form, visit.chart.who), intake)
    ask(visit.services, visit.chart, visit.loaded(), options, posted.form.number("revision"))
    return visit.to("strategies")


@router.post("/app/{launch}/choose")
def choose_strategy(posted: Form_) -> Response:
    """Make the plan of one way the draft."""
    visit = posted.visit
    chosen = choose(visit.services, visit.chart, visit.loaded(), posted.form.one("way"), posted.form.number("revision"))
    if isinstance(chosen, Infeasible):
        return _page(visit, work_of(visit.services, visit.chart), chosen, status=409)
    return visit.to("plan")


def _page(visit: Visit, work: Work | None, refused: Infeasible | None = None, status: int = 200) -> Response:
    loaded = visit.loaded()
    today = visit.chart.day(visit.services.clock())
    reading = loaded.reading(today)
    found = candidates_of(visit.chart, loaded, work.options) if work else None
    refused = refused or (found.refused if found else None)
    titles = {row.id: row.title for row in reading.tables.limits.protocols.values()}
    lines = charted(found) if found else ()
    return visit.page(
        "strategies.html",
        "strategies",
        status=status,
        medicines=tapered(reading.regimen.items),
        asked=work.options if work else None,
        params=dict(work.options.params) if work else {},
        revision=work.revision if work else 0,
        start=default_start(today),
        uses=tuple(DurationOfUse),
        parts=tuple(PermittedParts),
        part=next((one for one in PermittedParts if work and one.per_unit == work.options.parts), ""),
        benzo_tables=tuple(BenzoTable),
        found=found,
        refused=no_in_words(refused) if refused else None,
        stops=(found.stops or (found.refused.findings if found.refused else ())) if found else (),
        rows=candidate_rows(found, titles) if found else (),
        chart=chart(lines, f"{found.drug}: ways to taper") if found and lines else "",
        most_lines=MOST_LINES,
    )
