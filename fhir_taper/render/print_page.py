"""The plan's page for print and PDF: the words of `pages` and the step chart in HTML. The only module that needs Jinja."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.charts import step_chart
from fhir_taper.render.pages import page_of
from fhir_taper.render.series import series_of

_templates = Environment(
    loader=PackageLoader("fhir_taper.render"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page_html(plan: TaperPlan) -> str:
    """A self-contained page for print: chart, steps, advice, findings. No script, no outside resource."""
    chart = Markup(step_chart([series_of(plan, plan.strategy)], f"{plan.drug}, mg per day"))  # noqa: S704 (our own SVG, every text in it escaped)
    return _templates.get_template("plan.html").render(page=page_of(plan), chart=chart)
