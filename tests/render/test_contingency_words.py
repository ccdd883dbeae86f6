"""Screen, text and paper say what to do when something happens, and whose words they are."""

from dataclasses import replace
from datetime import UTC, date, datetime

from fhir_taper.plans.tapers.plan import Contingency
from fhir_taper.render.contingency_words import contingency_words
from fhir_taper.render.cover import Cover, Patient
from fhir_taper.render.pages import page_text
from fhir_taper.render.print_page import page_html
from tests.plans.tapers.made_plans import diazepam_plan, with_advice

OWN = Contingency("call before you take more", "heat and rest", ("clinic 555-0100",), "Dr. A", date(2026, 1, 5))
PLAN = with_advice(replace(diazepam_plan(), contingency=OWN))
COVER = Cover(Patient("p1", "Ana", "1950-01-01", "1"), "", datetime(2026, 1, 5, tzinfo=UTC))


def test_text_and_paper_hold_every_advice_with_its_source_and_the_clinicians_words_under_their_name() -> None:
    text, html = " ".join(page_text(PLAN, COVER).split()), page_html(PLAN, COVER)
    for shown in (text, html):
        assert "In the words of Dr. A, 2026-01-05" in shown
        assert "call before you take more" in shown
        assert "clinic 555-0100" in shown
        assert "When something happens" in shown
        assert "What can ease it" in shown
    for one in PLAN.contingency.advice:
        assert one.when in text
        assert str(one.source.state) in text


def test_a_plan_without_words_of_a_person_names_nobody() -> None:
    words = contingency_words(with_advice(diazepam_plan()))
    assert (words.own, words.by) == ((), "")
    assert [heading for heading, _ in words.groups] == ["When something happens", "What can ease it"]
