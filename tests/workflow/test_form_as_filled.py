"""A form as a chart holds it once a patient has filled it in."""

from datetime import UTC, datetime

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.scoring import Answer
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.workflow.form_as_filled import form_as_filled

AT = datetime(2026, 3, 15, 18, tzinfo=UTC)


def test_it_is_of_its_patient_at_its_time_with_the_answers() -> None:
    made = form_as_filled(load_forms().forms["daily"], [Answer("symptoms", "3")], "p1", AT, "demo")
    assert (made["resourceType"], made["subject"], made["authored"]) == (
        "QuestionnaireResponse",
        {"reference": "Patient/p1"},
        "2026-03-15T18:00:00+00:00",
    )
    assert [one["linkId"] for one in made["item"]] == ["symptoms"]


def test_a_form_that_is_not_ours_to_publish_is_refused() -> None:
    with pytest.raises(WrongUsage, match="only its link"):
        form_as_filled(load_forms().forms["isi"], [], "p1", AT, "demo")
