"""Templates into pages. Text from a chart is escaped, and made printable; the one thing that is put in as markup is our own SVG."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from fhir_taper.records import Tenant
from fhir_taper.render.charts import step_chart
from fhir_taper.render.printable import printable
from fhir_taper.render.series import Series
from fhir_taper.web.option_words import in_form_words, without_options
from fhir_taper.web.security import FIXED, policy

_templates: Final = Environment(
    loader=PackageLoader("fhir_taper.web"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: printable(value) if type(value) is str else value,
)
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_templates.filters["in_form_words"] = in_form_words
_templates.filters["without_options"] = without_options
# A day that breaks after its year, and a dose that loses its unit to the next line, are read wrongly.
_WHOLE: Final = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?|[\d½¼¾][\d.,–½¼¾]* (?:%|mg|mcg|mL|MME|days|weeks)(?:/h)?(?![\w])")


# A browser may break a line after these, also where no space is.
_MAY_BREAK: Final = re.compile("[-–/]")


def unbroken(text: str) -> Markup:
    """Words for a page in which days, and amounts with their units, stay on one line."""
    return Markup(_WHOLE.sub(_whole, str(escape(printable(text)))))  # noqa: S704 (escaped above)


@lru_cache(maxsize=4096)
def in_lines(texts: tuple[str, ...]) -> Markup:
    """Amounts under each other, each unbroken. The same ones stand in many cells of a plan, and are made into markup once."""
    return Markup("<br>".join(map(unbroken, texts)))  # noqa: S704 (each is markup already)


def _whole(found: re.Match[str]) -> str:
    """A no-break space is enough for most amounts, and a page of sixty steps has a thousand of them."""
    return f'<span class="nowrap">{found[0]}</span>' if _MAY_BREAK.search(found[0]) else found[0].replace(" ", _NO_BREAK)


_templates.filters["unbroken"] = unbroken
_templates.filters["in_lines"] = in_lines
_templates.globals["zip"] = zip


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that a browser may keep for ever: its path changes with its content."""

    path: str
    body: bytes
    media_type: str


def _static(name: str, media_type: str) -> StaticFile:
    body = files("fhir_taper.web").joinpath(f"static/{name}").read_bytes()
    stem, _, suffix = name.rpartition(".")
    return StaticFile(f"/static/{stem}-{sha256(body).hexdigest()[:12]}.{suffix}", body, media_type)


_STYLE: Final = _static("app.css", "text/css")
_SCRIPTS: Final = (_static("htmx-2.0.11.min.js", "text/javascript"), _static("app.js", "text/javascript"))
STATIC: Final = (_STYLE, *_SCRIPTS)
"""Every file that a page may ask for."""


def page(
    template: str,
    *,
    tenant: Tenant | None = None,
    status: int = 200,
    form_targets: Iterable[str] = (),
    is_live: bool = False,
    **words: Any,
) -> HTMLResponse:
    """A page that the EHR of this tenant may frame; one that `is_live` has the scripts, and works without them too."""
    scripts = [one.path for one in _SCRIPTS] if is_live else []
    html = _templates.get_template(template).render(style_path=_STYLE.path, scripts=scripts, **words)
    ancestors = tenant.frame_ancestors if tenant else ()
    return HTMLResponse(html, status, {**FIXED, "Content-Security-Policy": policy(ancestors, form_targets, is_live=is_live)})


def chart(series: Iterable[Series], title: str) -> Markup:
    """The step chart as markup for a page, styled by the page's own sheet."""
    return Markup(step_chart(list(series), title, is_styled=False))  # noqa: S704 (our own SVG, every text in it escaped)
