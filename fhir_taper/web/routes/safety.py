"""Screen 4: the findings of the plan, to be cleared or acknowledged."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Form_, Opened
from fhir_taper.web.view_models import by_severity
from fhir_taper.workflow.chosen_plan import acknowledge, shown_plan, work_of
from fhir_taper.workflow.course import stops_of

router = APIRouter()


@router.get("/app/{launch}/safety")
def safety(visit: Opened) -> Response:
    """Every finding of the plan, with its rule and source."""
    found = shown_plan(visit.services, visit.chart)
    if found is None:
        return visit.page("no_plan.html", "safety")
    work = work_of(visit.services, visit.chart)
    return visit.page(
        "safety.html",
        "safety",
        title=title_of(found),
        groups=by_severity(found.findings),
        plan=found,
        stops=stops_of(visit.services, visit.chart, visit.loaded(), found),
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
