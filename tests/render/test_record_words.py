"""What people decided stands on the paper of a plan: who agreed, who acknowledged what and why, who looked at it, who approved."""

from dataclasses import replace
from datetime import date

import pytest

from fhir_taper.plans.tapers.finding import Acknowledgement
from fhir_taper.plans.tapers.plan import Agreement, PharmacistReview, RevisionNote, TaperPlan
from fhir_taper.render.cover import Cover
from fhir_taper.render.pages import page_text
from fhir_taper.render.print_page import page_html
from fhir_taper.render.record_words import record_words
from tests.render.sample_plan import sample_plan

DAY = date(2026, 1, 5)
WHO = "Dr Ana Ito (Practitioner/1)"


def decided() -> TaperPlan:
    return replace(
        sample_plan(),
        agreement=Agreement("the patient", "slowly", DAY),
        acknowledgements=(Acknowledgement("falls", "", "Falls are on record.", WHO, DAY, "discussed"),),
        pharmacist_review=PharmacistReview("Pia Park", DAY, "accepted"),
        revisions=(RevisionNote("approve", 2, DAY, WHO, "", "approved; starts on 2026-01-05"),),
    )


@pytest.mark.feature("F69")
def test_every_decision_is_said_with_who_took_it_and_when() -> None:
    assert record_words(decided()) == (
        ("The patient's agreement", "the patient, 2026-01-05: slowly"),
        ("Acknowledged", f"Falls are on record. Reason: discussed ({WHO}, 2026-01-05)"),
        ("The pharmacist's review", "accepted (Pia Park, 2026-01-05)"),
        ("Version 2", f"Approved; starts on 2026-01-05. 2026-01-05, {WHO}."),
    )


def test_a_plan_about_which_nobody_decided_anything_has_no_such_part() -> None:
    assert record_words(sample_plan()) == ()
    assert "Decided" not in page_text(sample_plan(), Cover())
    assert "What was decided" not in page_html(sample_plan(), Cover())


def test_text_and_page_for_print_hold_the_decisions_and_the_intake() -> None:
    cover = Cover(intake=(("Earlier attempts", "lorazepam, 2021, did not succeed"), ("Goals, in the patient's words", "to garden")))
    for paper in (page_text(decided(), cover), page_html(decided(), cover)):
        for words in ("the patient, 2026-01-05: slowly", "Falls are on record.", "accepted (Pia Park", "did not succeed", "to garden"):
            assert words in " ".join(paper.split())
