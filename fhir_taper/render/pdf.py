"""HTML to PDF through WeasyPrint: the one module that imports it.

Needs the system's Pango; where that is absent, a typed error names the package.
"""

import warnings

from fhir_taper.errors import MissingSystemLibrary


def pdf_of(html: str) -> bytes:
    """A PDF of a self-contained page; a page that refers to anything outside is refused (ValueError).

    Raises MissingSystemLibrary where Pango is absent.
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
    try:
        document: bytes = weasyprint.HTML(string=html, url_fetcher=nothing).write_pdf()
    except weasyprint.urls.FatalURLFetchingError as error:  # a BaseException: nothing else would stop it
        raise ValueError(f"a plan's page must not load anything: {error}") from error
    return document
