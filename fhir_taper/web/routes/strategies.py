"""Screen 2: the question (which medicine, from when, what is really taken) and the ways to taper, side by side."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.web import forms
from fhir_taper.web.dependencies import Form, Form_, Opened, Visit
from fhir_taper.web.fields import FieldError, FormRefused, Shown
from fhir_taper.web.option_words import LABELS, field_of, in_form_words
from fhir_taper.web.question_views import question_words
from fhir_taper.web.rendering import chart
from fhir_taper.web.view_models import candidate_rows, charted, no_in_words, shared_findings
from fhir_taper.workflow.assessment import is_overtaken, with_intake
from fhir_taper.workflow.chosen_plan import ask, candidates_of, choose, work_of
from fhir_taper.workflow.keep_assessment import assessment_of
from fhir_taper.workflow.strategies import name_of_way, without_a_way

router = APIRouter()


@router.get("/app/{launch}/strategies")
def strategies(visit: Opened) -> Response:
    """The question as it was asked last, and its answers."""
    return _page(visit)


@router.post("/app/{launch}/strategies")
def ask_for_strategies(posted: Form_) -> Response:
    """Ask anew; with something wrong in it, the page again, with everything that was typed."""
    visit, form = posted.visit, posted.form
    work = work_of(visit.services, visit.chart)
    intake = assessment_of(visit.services, visit.chart)
    try:
        options = with_intake(forms.options_of(form, visit.chart.who, work.options if work else None), intake)
        ask(visit.services, visit.chart, visit.loaded(), options, form.number("revision"))
    except FormRefused as refused:
        return _page(visit, wrong=refused)
    except WrongUsage as error:
        return _page(visit, wrong=_about_a_field(error, form))
    return visit.to("strategies")


@router.post("/app/{launch}/choose")
def choose_strategy(posted: Form_) -> Response:
    """Make the plan of one way the draft."""
    visit = posted.visit
    chosen = choose(visit.services, visit.chart, visit.loaded(), posted.form.one("way"), posted.form.number("revision"))
    return _page(visit, chosen) if isinstance(chosen, Infeasible) else visit.to("plan")


def _about_a_field(error: WrongUsage, form: Form) -> FormRefused:
    """What a use case could not take, at the field that it names."""
    name = field_of(str(error))
    return FormRefused((FieldError(name, LABELS.get(name, ""), in_form_words(str(error))),), form)


def _page(visit: Visit, refused: Infeasible | None = None, wrong: FormRefused | None = None) -> Response:
    loaded, work = visit.loaded(), work_of(visit.services, visit.chart)
    shown = Shown(wrong)  # a page that was only opened holds what is kept, and not what nobody typed
    reading = visit.reading()
    status = 422 if wrong else 409 if refused else 200
    found, no_more = None, ""
    # A way that was chosen stays among the others: they are compared afterwards too.
    asked = without_a_way(work.options) if work else None
    chosen = name_of_way(work.options.protocol, work.options.strategy or "") if work and work.plan else ""
    if asked and not wrong:
        try:
            found = candidates_of(visit.chart, loaded, asked)
        except WrongUsage as error:  # the chart changed under a question that could be asked once
            no_more = in_form_words(str(error))
    refused = refused or (found.refused if found else None)
    titles = {row.id: row.title for row in reading.tables.limits.protocols.values()}
    lines = charted(found, titles, chosen) if found else ()
    return visit.page(
        "strategies.html",
        "strategies",
        status=status,
        f=shown,
        no_more=no_more,
        is_overtaken=bool(work and is_overtaken(work.options, assessment_of(visit.services, visit.chart))),
        revision=work.revision if work else 0,
        found=found,
        refused=no_in_words(refused) if refused else None,
        stops=(found.stops or (found.refused.findings if found.refused else ())) if found else (),
        rows=candidate_rows(found, titles, chosen) if found else (),
        chosen=chosen,
        shared=shared_findings(found) if found else (),
        chart=chart(lines, f"{found.drug}: ways to taper") if found and lines else "",
        **question_words(visit.chart, reading, asked, visit.today(reading.facts.zone)),
    )
