"""The step chart of one plan as a picture of its own: under a head that says what it is, whose it is, and that it is a draft.

A picture is pasted and forwarded without the page around it, so what must be known of it stands in it.
"""

from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.render.charts import step_chart
from fhir_taper.render.cover import Cover
from fhir_taper.render.pages import banner_of, title_of, way_of
from fhir_taper.render.series import series_of


def plan_chart(plan: TaperPlan, cover: Cover) -> str:
    """An SVG document with its head."""
    in_the_way = [one.message for one in plan.findings if one.severity is Severity.STOP and plan.state is PlanState.DRAFT]
    head = (
        (title_of(plan), "title"),
        (f"{banner_of(plan, cover)}", "state"),
        *((f"Stop: {message}", "state") for message in in_the_way),
        (str(cover.patient), ""),
        (way_of(plan, cover), ""),
        (f"Plan {plan.id}, version {plan.version}{f', {cover.when}' if cover.when else ''}", ""),
    )
    return step_chart([series_of(plan)], title_of(plan), head=[(text, look) for text, look in head if text])
