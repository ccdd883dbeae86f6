"""The plan on paper: draft until approved, stops first, everything escaped, nothing loaded from elsewhere."""

import importlib
import io
import sys
import warnings
from importlib.abc import MetaPathFinder

import pytest
from pypdf import PdfReader

from fhir_taper.errors import MissingSystemLibrary
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.render.pages import banner_of, page_text
from fhir_taper.render.pdf import pdf_of
from fhir_taper.render.print_page import page_html
from tests.render.sample_plan import sample_plan


def test_a_draft_says_that_it_is_not_approved_and_what_stands_in_the_way() -> None:
    assert banner_of(sample_plan()) == "Draft – not approved – 1 finding must be resolved before it can be approved"
    assert banner_of(sample_plan(findings=())) == "Draft – not approved"
    assert banner_of(sample_plan(state=PlanState.ACTIVE)) == ""


def test_a_plan_on_hold_says_to_keep_taking_the_dose() -> None:
    assert banner_of(sample_plan(state=PlanState.ON_HOLD)) == "On hold: pause reductions, keep taking today's dose"


def test_the_text_lists_steps_with_what_to_take_and_stops_before_the_rest() -> None:
    text = page_text(sample_plan())
    assert "  3. 2026-02-23 to 2026-03-08: 0.25 mg a day (−1.25 mg, −83.3 %) [smallest cut, beyond a limit]" in text
    assert "     night ½ × 0.5 mg" in text
    assert text.index("Stop: Pregnancy is on record.") < text.index("Information: The zone is not known.")
    assert "It never means stopping." in text


def test_the_html_escapes_what_people_typed() -> None:
    html = page_html(sample_plan())
    assert "falls &amp; sedation &lt;by day&gt;" in html
    assert "<by day>" not in html


class _NoPango(MetaPathFinder):
    """A machine on which the library cannot be loaded."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")


def _has_pango() -> bool:
    with warnings.catch_warnings(action="ignore"):
        try:
            importlib.import_module("weasyprint")
        except OSError:
            return False
    return True


def test_the_pdf_holds_the_plan_and_its_banner_or_the_missing_library_is_named() -> None:
    if not _has_pango():
        with pytest.raises(MissingSystemLibrary, match="libpango"):
            pdf_of(page_html(sample_plan()))
        return
    pdf = PdfReader(io.BytesIO(pdf_of(page_html(sample_plan()))))
    text = " ".join(page.extract_text() for page in pdf.pages)
    assert "Draft – not approved" in text
    assert "½ × 0.5 mg" in " ".join(text.split())
    assert "version 1" in text


def test_a_missing_library_is_named_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_NoPango(), *sys.meta_path])
    with pytest.raises(MissingSystemLibrary, match=r"libpango-1\.0-0"):
        pdf_of("<p>plan</p>")


def test_a_page_that_would_load_something_is_refused() -> None:
    with pytest.raises((ValueError, MissingSystemLibrary), match=r"must not load anything|libpango"):
        pdf_of('<img src="https://ehr.example.org/pixel.png">')
