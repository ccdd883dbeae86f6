"""Between the regimen and the ways to taper: what was asked and measured before, and what it says where a source has words for it."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.fields import FormRefused, Shown
from fhir_taper.web.intake_form import ASKED_SCALES, ENDS, MORE_ROWS, MOST_ROWS, assessment_from, field_key
from fhir_taper.web.view_models import tapered
from fhir_taper.workflow.assessment import is_overtaken, mean_of_peg
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.cover import intake_facts
from fhir_taper.workflow.keep_assessment import EDITORS, assessment_of, save_assessment

router = APIRouter()


@router.get("/app/{launch}/intake")
def intake(visit: Opened) -> Response:
    """The intake as it was saved last."""
    return _page(visit)


@router.post("/app/{launch}/intake")
def save_intake(posted: Form_) -> Response:
    """Save it; with something wrong in it, the page again, with everything that was typed."""
    visit, form = posted.visit, posted.form
    held = assessment_of(visit.services, visit.chart)
    try:
        made = assessment_from(form, held, _ingredients(visit), visit.chart.who, visit.today())
    except FormRefused as refused:
        return _page(visit, refused)
    save_assessment(visit.services, visit.chart, made, form.number("revision"))
    return visit.to("intake")


def _ingredients(visit: Visit) -> tuple[str, ...]:
    """The medicines that a taper may be asked for."""
    return tapered(visit.reading().regimen.items)


def _page(visit: Visit, refused: FormRefused | None = None) -> Response:
    held = assessment_of(visit.services, visit.chart)
    names = _ingredients(visit)
    work = work_of(visit.services, visit.chart)
    return visit.page(
        "intake.html",
        "intake",
        status=422 if refused else 200,
        f=Shown(refused),
        held=held,
        rows=range(min(MOST_ROWS, len(held.attempts) + MORE_ROWS)),
        ends=ENDS,
        averages=[(field_key(name), name, held.average(name)) for name in names],
        scales=[(load_scales()[name], held.score(name)) for name in ASKED_SCALES],
        peg=mean_of_peg(held.scores),
        today=visit.today(),
        facts=intake_facts(held),
        saved_at=visit.chart.local(held.at) if held.at else None,
        revision=held.revision,
        may_edit=visit.chart.may(*EDITORS),
        is_overtaken=work is not None and is_overtaken(work.options, held),
    )
