"""Alerts: what the rules found, the most urgent first, with what it rests on; and what people decided about it."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.render.level_words import ANSWER_WORDS, NOT_MONITORING
from fhir_taper.web.alerts_view import alerts_view
from fhir_taper.web.dependencies import Form_, Opened
from fhir_taper.web.monitoring_view import unread_lines
from fhir_taper.workflow.open_alerts import answer_left_open, left_open
from fhir_taper.workflow.watching import ANSWERERS, ANSWERS, answer_hit, watch, watched_named, watched_plans

router = APIRouter()


@router.get("/app/{launch}/alerts")
def alerts(visit: Opened) -> Response:
    """Open alerts, answered ones and earlier ones of every plan that is watched."""
    loaded = visit.loaded()
    seen = tuple(watch(visit.services, visit.chart, loaded, one) for one in watched_plans(visit.services, visit.chart))
    return visit.page(
        "alerts.html",
        "alerts",
        view=alerts_view(seen, visit.chart),
        unread_here=unread_lines(seen),
        is_watched=bool(seen),
        left_open=[(one, f"{one.since:%Y-%m-%d %H:%M}") for one in left_open(visit.services, visit.chart)],
        answers=[(word, ANSWER_WORDS[word]) for word in ANSWERS],
        may_answer=visit.chart.may(*ANSWERERS),
        not_monitoring=NOT_MONITORING,
        crisis_lines=visit.chart.tenant.crisis_lines,
        staffed=visit.chart.tenant.staffed_hours,
    )


@router.post("/app/{launch}/alerts")
def answer(posted: Form_) -> Response:
    """Note what was decided about one alert."""
    visit, form = posted.visit, posted.form
    if ended := form.one("ended"):
        answer_left_open(visit.services, visit.chart, ended, form.one("rule"), form.one("reason"))
        return visit.to("alerts")
    kept = watched_named(visit.services, visit.chart, form.one("version"))
    seen = watch(visit.services, visit.chart, visit.loaded(), kept)
    answer_hit(visit.services, visit.chart, seen, form.one("rule"), form.one("decision"), form.one("reason"), form.one("shown"))
    return visit.to("alerts")
