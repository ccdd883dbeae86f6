"""Nothing of a plan leaves the page: every word lies within the margins, whatever the plan, and every page says whose it is."""

import importlib
import io
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest
from pypdf import PdfReader

from fhir_taper.errors import MissingSystemLibrary
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.render.cover import Cover, Patient
from fhir_taper.render.pdf import cut_off, pdf_of
from fhir_taper.render.plan_rows import rows_of
from fhir_taper.render.print_page import layouts_of, page_html
from tests.render.sample_plan import crossed_over, er_and_ir, every_third_night, liquids, many_strengths, sample_plan

COVER = Cover(Patient("p1", "Anna-Maria van der Hoogenband-Oosterwijk", "1950-03-01", "MRN-0012345"))
MARGIN = 39.6  # 14 mm in points
PLANS = {
    "tablets and a hold": sample_plan(),
    "cross-over": crossed_over(),
    "two releases": er_and_ir(),
    "two bottles": liquids(),
    "many strengths at six times": many_strengths(),
    "every third night": every_third_night(),
    "words without a space": sample_plan(
        drug="l" * 200, reason="w" * 400, steps=(replace(sample_plan().steps[0], note="n" * 200), *sample_plan().steps[1:])
    ),
}


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


def _made(plan: TaperPlan) -> bytes:
    """The PDF; empty where the machine cannot make one, which must then be said with the name of the library."""
    if _has_pango():
        return pdf_of(layouts_of(plan, COVER))
    with pytest.raises(MissingSystemLibrary, match="libpango"):
        pdf_of(layouts_of(plan, COVER))
    return b""


def _pages(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages] if pdf else []


def _words_beyond_margins(pdf: bytes, folder: Path) -> list[str]:
    """Words of which poppler, where it is there, says that they end behind a margin; boxes of the layout are seen by `pdf_of` itself."""
    if not pdf or shutil.which("pdftotext") is None:
        return []
    (folder / "plan.pdf").write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-bbox", folder / "plan.pdf", "-"], check=True, capture_output=True, text=True).stdout
    beyond = []
    for page in told.split("<page ")[1:]:
        right = float(page.split('width="')[1].split('"')[0]) - MARGIN
        words = re.finditer(r'<word xMin="([\d.-]+)" yMin="[\d.-]+" xMax="([\d.-]+)"[^>]*>([^<]*)', page)
        beyond += [word[3] for word in words if float(word[1]) < MARGIN - 1 or float(word[2]) > right + 1]
    return beyond


def _ink_in_margins(pdf: bytes, folder: Path) -> int:
    """How many dark points the side margins of the drawn pages have; drawn by poppler where it is there."""
    if not pdf or shutil.which("pdftoppm") is None:
        return 0
    (folder / "plan.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-gray", "-r", "72", folder / "plan.pdf", folder / "page"], check=True)
    return sum(_dark(picture.read_bytes()) for picture in folder.glob("page*.pgm"))


def _dark(picture: bytes) -> int:
    _, size, _, pixels = picture.split(b"\n", 3)
    width, margin = int(size.split()[0]), int(MARGIN) - 1
    lines = [pixels[start : start + width] for start in range(0, len(pixels), width)]
    return sum(point < 200 for line in lines for point in (*line[:margin], *line[-margin:]))


@pytest.mark.parametrize("kind", PLANS)
def test_every_word_of_every_kind_of_plan_lies_within_the_margins(kind: str, tmp_path: Path) -> None:
    pdf = _made(PLANS[kind])
    text = " ".join(_pages(pdf))
    lines = [line for row in rows_of(PLANS[kind]) for cell in row.slots for line in cell.lines]
    assert [line for line in lines if pdf and line not in text] == []
    assert _words_beyond_margins(pdf, tmp_path) == []
    assert _ink_in_margins(pdf, tmp_path) == 0


@pytest.mark.parametrize("kind", PLANS)
def test_every_page_names_the_patient_the_draft_and_its_number(kind: str) -> None:
    pages = _pages(_made(PLANS[kind]))
    for number, page in enumerate(pages, start=1):
        assert str(COVER.patient) in page
        assert "Draft – not approved" in page
        assert f"page {number} of {len(pages)}" in page
    assert len(pages) > 0 or not _has_pango()


def test_a_layout_that_cuts_words_off_is_seen_and_never_given_out() -> None:
    wide = f"<style>@page {{ size: A4; margin: 14mm }} p {{ white-space: nowrap }}</style><p>{'dose ' * 100}</p>"
    if not _has_pango():
        with pytest.raises(MissingSystemLibrary):
            pdf_of([wide])
        return
    weasyprint = importlib.import_module("weasyprint")
    assert any("dose" in words for words in cut_off(weasyprint.HTML(string=wide).render()))
    cells = f"<style>@page {{ size: A4; margin: 14mm }} td {{ min-width: 60mm }}</style><table><tr>{'<td>1</td>' * 4}</tr></table>"
    assert "td" in set(cut_off(weasyprint.HTML(string=cells).render()))
    with pytest.raises(ValueError, match="words would be cut off"):
        pdf_of([wide])
    assert pdf_of([wide, "<p>narrow</p>"]).startswith(b"%PDF")


def test_an_active_plan_is_no_draft() -> None:
    html = page_html(sample_plan(state=PlanState.ACTIVE, findings=()), COVER)
    assert "Draft" not in html
    assert str(COVER.patient) in html


def test_a_missing_library_is_named_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_NoPango(), *sys.meta_path])
    with pytest.raises(MissingSystemLibrary, match=r"libpango-1\.0-0"):
        pdf_of(["<p>plan</p>"])


def test_a_page_that_would_load_something_is_refused() -> None:
    with pytest.raises((ValueError, MissingSystemLibrary), match=r"must not load anything|libpango"):
        pdf_of(['<img src="https://ehr.example.org/pixel.png">'])
