"""Screens 3 and 4: the plan, step by step, with what may be changed; and its findings, to be cleared or acknowledged."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.render.cover import Cover
from fhir_taper.render.pages import page_of, title_of
from fhir_taper.render.series import series_of
from fhir_taper.web import forms
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.rendering import chart
from fhir_taper.web.view_models import by_severity, no_in_words
from fhir_taper.workflow.chosen_plan import Work, acknowledge, change, is_accepted, reading_for, shown_plan, work_of
from fhir_taper.workflow.cover import cover_of
from fhir_taper.workflow.keep_assessment import assessment_of

router = APIRouter()


@router.get("/app/{launch}/plan")
def plan(visit: Opened) -> Response:
    """The draft, or the plan that was approved."""
    return _page(visit)


@router.post("/app/{launch}/plan")
def change_plan(posted: Form_) -> Response:
    """Make the draft again with other parameters."""
    visit = posted.visit
    work = work_of(visit.services, visit.chart)
    if work is None:
        return visit.to("strategies")
    options = forms.changed_options(posted.form, work.options)
    made = change(visit.services, visit.chart, visit.loaded(), options, posted.form.number("revision"))
    return _page(visit, made, status=409) if isinstance(made, Infeasible) else visit.to("plan")


@router.get("/app/{launch}/safety")
def safety(visit: Opened) -> Response:
    """Every finding of the plan, with its rule and source."""
    found = shown_plan(visit.services, visit.chart)
    if found is None:
        return visit.page("no_plan.html", "safety")
    work = work_of(visit.services, visit.chart)
    accepted = {place: is_accepted(found, one) for place, one in enumerate(found.findings)}
    return visit.page(
        "safety.html",
        "safety",
        title=title_of(found),
        groups=by_severity(found.findings),
        accepted=accepted,
        acknowledgements=found.acknowledgements,
        is_draft=found.state is PlanState.DRAFT,
        revision=work.revision if work else 0,
        severity=Severity,
    )


@router.post("/app/{launch}/safety")
def acknowledge_finding(posted: Form_) -> Response:
    """Accept one finding, for a reason."""
    visit, form = posted.visit, posted.form
    acknowledge(visit.services, visit.chart, form.number("finding"), form.one("reason"), form.number("revision"))
    return visit.to("safety")


def cover_for(visit: Visit, found: TaperPlan, work: Work | None) -> Cover:
    """Patient and protocol of a plan, and what was found out before it."""
    loaded = visit.loaded()
    day = visit.chart.day(visit.services.clock())
    reading = reading_for(loaded, work.options) if work else loaded.reading(day)
    return cover_of(found, reading, assessment_of(visit.services, visit.chart))


def _page(visit: Visit, refused: Infeasible | None = None, status: int = 200) -> Response:
    work = work_of(visit.services, visit.chart)
    found = shown_plan(visit.services, visit.chart)
    if found is None:
        return visit.page("no_plan.html", "plan")
    is_draft = work is not None and work.plan is not None
    return visit.page(
        "plan.html",
        "plan",
        status=status,
        plan=page_of(found, cover_for(visit, found, work)),
        chart=chart([series_of(found)], title_of(found)),
        options=work.options if is_draft and work else None,
        params=dict(found.params),
        asked_params=dict(work.options.params) if work else {},
        parameters=forms.PARAMETERS,
        revision=work.revision if work else 0,
        refused=no_in_words(refused) if refused else None,
    )
