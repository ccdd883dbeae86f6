"""Monitoring: a plan as it is watched. Level and what goes on being taken first; then chart, signals, outcomes, and what is not known."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.render.level_words import NOT_MONITORING
from fhir_taper.web.alerts_view import released_view
from fhir_taper.web.dependencies import Opened
from fhir_taper.web.monitoring_view import watched_view
from fhir_taper.workflow.check_ins import own_words
from fhir_taper.workflow.watching import ANSWERERS, due_today, watch, watched_plans

router = APIRouter()
_LONGEST: Final = 40


@router.get("/app/{launch}/monitoring")
def monitoring(visit: Opened, score: str = "") -> Response:
    """Every plan that is watched. `score`: the signal that the chart's second panel shows."""
    loaded = visit.loaded()
    seen = [watch(visit.services, visit.chart, loaded, one) for one in watched_plans(visit.services, visit.chart)]
    return visit.page(
        "monitoring.html",
        "monitoring",
        plans=[watched_view(one, due_today(visit.chart, one), score[:_LONGEST]) for one in seen],
        released=tuple(released_view(seen)),
        may_answer=visit.chart.may(*ANSWERERS),
        own_words=own_words(visit.chart, seen[0].filled) if seen else (),
        not_monitoring=NOT_MONITORING,
        crisis_lines=visit.chart.tenant.crisis_lines,
        staffed=visit.chart.tenant.staffed_hours,
    )
