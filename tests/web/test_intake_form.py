"""The average intake of the form stays with the medicine that it was typed for, whatever the chart lists by then."""

from datetime import date
from decimal import Decimal
from typing import Final

import pytest

from fhir_taper.web.dependencies import Form
from fhir_taper.web.fields import FormRefused
from fhir_taper.web.intake_form import assessment_from, field_key
from fhir_taper.workflow.assessment import Assessment, AverageIntake

TODAY: Final = date(2026, 1, 5)
KNOWN: Final = AverageIntake("diazepam", Decimal(8), "pill count", "Dr. Example", TODAY)


def saved(held: Assessment, chart: tuple[str, ...], **typed: str) -> dict[str, Decimal]:
    """Average intakes by ingredient after a form with `typed` mg by ingredient came back."""
    averages = {f"average_{field_key(name)}": mg for name, mg in typed.items()}
    hows = {f"how_{field_key(name)}": mg and "pill count" for name, mg in typed.items()}
    form = Form(tuple({"measured_on": TODAY.isoformat(), **averages, **hows}.items()))
    return {one.ingredient: one.mg for one in assessment_from(form, held, chart, "Dr. Example", TODAY).averages}


@pytest.mark.parametrize("chart", [("diazepam", "oxycodone"), ("oxycodone", "diazepam")])
def test_an_average_is_of_the_medicine_that_it_stood_beside_in_whatever_order_the_chart_is_by_then(chart: tuple[str, ...]) -> None:
    assert saved(Assessment(), chart, diazepam="8", oxycodone="") == {"diazepam": Decimal(8)}


@pytest.mark.parametrize("mg", ["8", ""])
def test_a_form_with_a_medicine_that_is_not_in_the_chart_any_more_is_refused(mg: str) -> None:
    with pytest.raises(FormRefused, match="the medicines in the chart changed since this page was shown"):
        saved(Assessment(), ("oxycodone",), diazepam=mg, oxycodone="")


def test_what_is_known_of_a_medicine_that_the_page_did_not_ask_for_stays_and_what_is_emptied_goes() -> None:
    held = Assessment(averages=(KNOWN,))
    assert saved(held, ("diazepam", "oxycodone"), oxycodone="45") == {"diazepam": Decimal(8), "oxycodone": Decimal(45)}
    assert saved(held, ("diazepam",), diazepam="") == {}
