"""The plan's page for print and PDF: the words of `pages` and the step chart in HTML. The only module that needs Jinja."""

from collections.abc import Iterator
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.charts import step_chart
from fhir_taper.render.cover import Cover
from fhir_taper.render.pages import page_of, title_of
from fhir_taper.render.printable import printable
from fhir_taper.render.series import series_of

PAPERS: Final = (("A4", 8.5), ("A4 landscape", 8.5), ("A4 landscape", 7), ("A4 landscape", 5.5))
"""Paper and size of the table's letters in points: the first on which every line fits is taken."""

_templates = Environment(
    loader=PackageLoader("fhir_taper.render"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: printable(value) if type(value) is str else value,
)


def page_html(plan: TaperPlan, cover: Cover, paper: str = "A4", points: float = 8.5) -> str:
    """A self-contained page for print: chart, steps, advice, findings. No script, no outside resource."""
    chart = Markup(step_chart([series_of(plan)], title_of(plan)))  # noqa: S704 (our own SVG, every text in it escaped)
    return _templates.get_template("plan.html").render(page=page_of(plan, cover), chart=chart, paper=paper, points=points)


def layouts_of(plan: TaperPlan, cover: Cover) -> Iterator[str]:
    """The page on ever wider paper, for `pdf_of` to take the first that fits."""
    return (page_html(plan, cover, paper, points) for paper, points in PAPERS)
