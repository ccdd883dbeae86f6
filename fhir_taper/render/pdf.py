"""HTML to PDF through WeasyPrint: the one module that imports it.

Needs the system's Pango; where that is absent, a typed error names the package.
"""

from fhir_taper.errors import MissingSystemLibrary


def pdf_of(html: str) -> bytes:
    """A PDF of a self-contained page; nothing outside the page is fetched. Raises MissingSystemLibrary where Pango is absent."""
    try:
        import weasyprint
    except OSError as error:
        raise MissingSystemLibrary(
            "PDF needs the Pango library of the operating system: install libpango-1.0-0 and libpangoft2-1.0-0 (Debian), or pango (macOS);"
            " everything else works without it"
        ) from error
    document: bytes = weasyprint.HTML(string=html, url_fetcher=_refuse).write_pdf()
    return document


def _refuse(url: str) -> None:
    """A plan's page holds everything that it shows; a reference to the outside could leak who looked at it."""
    raise ValueError(f"a plan's page must not load anything: {url}")
