"""Templates into pages. Text from a chart is escaped, and made printable; the one thing that is put in as markup is our own SVG."""

from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from fhir_taper.records import Tenant
from fhir_taper.render.charts import step_chart
from fhir_taper.render.printable import printable
from fhir_taper.render.series import Series
from fhir_taper.web.security import FIXED, policy

_templates: Final = Environment(
    loader=PackageLoader("fhir_taper.web"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: printable(value) if type(value) is str else value,
)
STYLE: Final = files("fhir_taper.web").joinpath("static/app.css").read_bytes()
STYLE_PATH: Final = f"/static/app-{sha256(STYLE).hexdigest()[:12]}.css"


def page(template: str, *, tenant: Tenant | None = None, status: int = 200, form_targets: Iterable[str] = (), **words: Any) -> HTMLResponse:
    """A page that the EHR of this tenant may frame."""
    html = _templates.get_template(template).render(style_path=STYLE_PATH, **words)
    ancestors = tenant.frame_ancestors if tenant else ()
    return HTMLResponse(html, status, {**FIXED, "Content-Security-Policy": policy(ancestors, form_targets)})


def chart(series: Iterable[Series], title: str) -> Markup:
    """The step chart as markup for a page, styled by the page's own sheet."""
    return Markup(step_chart(list(series), title, is_styled=False))  # noqa: S704 (our own SVG, every text in it escaped)
