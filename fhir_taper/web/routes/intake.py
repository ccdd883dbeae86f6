"""Between the regimen and the ways to taper: what was asked and measured before, and what it says where a source has words for it."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from fhir_taper.errors import StoreConflict
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.fields import FormRefused, Shown
from fhir_taper.web.intake_form import ASKED_SCALES, ENDS, MORE_ROWS, MOST_ROWS, assessment_from, field_key
from fhir_taper.web.not_kept import NotKept, not_kept
from fhir_taper.web.view_models import tapered
from fhir_taper.workflow.assessment import Assessment, is_overtaken, mean_of_peg
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.cover import intake_facts
from fhir_taper.workflow.keep_assessment import EDITORS, assessment_of, save_assessment

router = APIRouter()


@router.get("/app/{launch}/intake")
def intake(visit: Opened) -> Response:
    """The intake as it was saved last."""
    return _page(visit)


@router.post("/app/{launch}/intake")
def save_intake(posted: Form_, request: Request) -> Response:
    """Save it; with something wrong in it, or where somebody else saved it meanwhile, the page again, with everything that was typed."""
    visit, form = posted.visit, posted.form
    held = assessment_of(visit.services, visit.chart)
    try:
        made = assessment_from(form, held, _ingredients(visit), visit.chart.who, visit.today())
    except FormRefused as refused:
        return _page(visit, refused)
    try:
        save_assessment(visit.services, visit.chart, made, form.number("revision"))
    except StoreConflict as conflict:
        refusal = replace(not_kept(request, form, conflict), says=(_who_was_first(visit),))
        return _page(visit, FormRefused((), form), refusal, made)
    return visit.to("intake")


def _ingredients(visit: Visit) -> tuple[str, ...]:
    """The medicines that a taper may be asked for."""
    return tapered(visit.reading().regimen.items)


def _who_was_first(visit: Visit) -> str:
    """Who saved the intake that is there now, and when."""
    held = assessment_of(visit.services, visit.chart)
    if held.at is None:
        return "The intake was changed elsewhere after this page was opened."
    return f"{held.by} saved the intake on {visit.chart.local(held.at):%Y-%m-%d at %H:%M}, after this page was opened."


def _differing(held: Assessment, typed: Assessment) -> list[tuple[str, str, str]]:
    """Label, what is saved now, and what was typed, wherever the two differ; a text of each, "" where it says nothing."""
    now, then = (dict(intake_facts(one)) for one in (held, typed))
    return [(label, now.get(label, ""), then.get(label, "")) for label in dict.fromkeys((*now, *then)) if now.get(label) != then.get(label)]


def _rows_typed(refused: FormRefused | None) -> int:
    """How many rows of attempts a form had: none of them is left out of the page that shows it again."""
    return sum(name.startswith("attempt_drug_") for name, _ in refused.form.pairs) if refused else 0


def _page(visit: Visit, refused: FormRefused | None = None, refusal: NotKept | None = None, typed: Assessment | None = None) -> Response:
    """`typed`: what would be saved in place of what somebody else saved meanwhile; both stand beside each other."""
    held = assessment_of(visit.services, visit.chart)
    names = _ingredients(visit)
    work = work_of(visit.services, visit.chart)
    return visit.page(
        "intake.html",
        "intake",
        status=refusal.status if refusal else 422 if refused else 200,
        f=Shown(refused),
        not_kept=refusal,
        differs=_differing(held, typed) if typed else (),
        held=held,
        rows=range(min(MOST_ROWS, max(len(held.attempts) + MORE_ROWS, _rows_typed(refused)))),
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
