"""HTML to PDF through WeasyPrint: the one module that imports it.

A page whose words leave its margins loses doses, so it is never given out: the next wider layout is tried. Needs the system's Pango; where
that is absent, a typed error names the package.
"""

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from fhir_taper.errors import MissingSystemLibrary

_CELLS = ("td", "th")
_ROUNDING = 0.5
"""Pixels: a box may end so much behind the margin by the arithmetic of its layout."""


def pdf_of(layouts: Iterable[str]) -> bytes:
    """A PDF of the first of these self-contained pages on which every word stays within the margins.

    A page that refers to anything outside is refused, and so are layouts of which none fits (ValueError). Raises MissingSystemLibrary where
    Pango is absent.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # without HarfBuzz-Subset fonts are embedded whole: larger, not wrong
            import weasyprint
    except OSError as error:
        raise MissingSystemLibrary(
            "PDF needs the Pango library of the operating system: install libpango-1.0-0 and libpangoft2-1.0-0 (Debian), or pango (macOS);"
            " everything else works without it"
        ) from error
    # a plan's page holds everything that it shows; a reference to the outside could leak who looked at it
    nothing = weasyprint.URLFetcher(allowed_protocols=(), fail_on_errors=True)
    for html in layouts:
        try:
            document = weasyprint.HTML(string=html, url_fetcher=nothing).render()
        except weasyprint.urls.FatalURLFetchingError as error:  # a BaseException: nothing else would stop it
            raise ValueError(f"a plan's page must not load anything: {error}") from error
        if not any(cut_off(document)):
            made: bytes = document.write_pdf()
            return made
    raise ValueError("no layout of this plan fits its page: words would be cut off")


def cut_off(document: Any) -> Iterator[str]:
    """What leaves the margins of a rendered page, by the boxes in which WeasyPrint lays it out: words, and cells by their tag."""
    for page in document.pages:
        sheet = page._page_box  # the layout has no public face
        left, right = sheet.content_box_x() - _ROUNDING, sheet.content_box_x() + sheet.width + _ROUNDING
        for box in sheet.descendants():
            text = getattr(box, "text", "").strip()
            if (text or box.element_tag in _CELLS) and not left <= box.position_x <= box.position_x + box.margin_width() <= right:
                yield text or box.element_tag
