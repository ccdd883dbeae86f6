"""What was asked comes back as it was asked."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.errors import BadInput
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.request import Taken
from fhir_taper.workflow.assessed import Assessed, EnteredDose, Score
from fhir_taper.workflow.options_document import options_from_document, options_to_document
from fhir_taper.workflow.plan_options import PlanOptions

FULL = PlanOptions(
    drug="diazepam",
    start=date(2026, 1, 5),
    target_mg=Decimal("2.50"),
    protocol="asam-2025",
    params=(("percent", "10"),),
    baseline_mg=Decimal("0.50"),
    baseline_by="dr",
    baseline_in_intake=True,
    taken=(Taken("1", Slot.MORNING, Decimal("0.5")), Taken("2", None, Decimal(1))),
    confirmed=("pain-indication-confirmed",),
    confirmed_by="dr",
    use=">=1y",
    benzo_table="ashton-2002",
    products=("197590",),
    parts=2,
    reason="falls",
    zone="America/New_York",
    tenant="demo",
    assessed=Assessed(
        (EnteredDose("MedicationRequest/m1/_history/2", "diazepam", Decimal("7.50"), "pill count", "dr", date(2026, 1, 5)),),
        (Score("phq9", Decimal(12), "dr", date(2026, 1, 5)),),
        2,
        "dr",
        "can climb the stairs",
    ),
)


@pytest.mark.parametrize("options", [PlanOptions("lorazepam", date(2026, 1, 5)), FULL])
def test_options_come_back_without_loss_through_json(options: PlanOptions) -> None:
    back = options_from_document(decode(encode(options_to_document(options))))
    assert back == options
    assert [str(getattr(back, one.name)) for one in fields(options)] == [str(getattr(options, one.name)) for one in fields(options)]


def test_a_document_of_another_program_is_refused() -> None:
    with pytest.raises(BadInput):
        options_from_document({"drug": "diazepam"})


def test_a_draft_from_before_there_was_an_intake_is_still_read() -> None:
    document = options_to_document(FULL)
    del document["assessed"]
    assert options_from_document(document) == replace(FULL, assessed=Assessed())


def test_a_draft_from_before_a_baseline_said_whether_it_is_of_the_intake_is_still_read() -> None:
    document = options_to_document(FULL)
    del document["baseline_in_intake"]
    assert options_from_document(document) == replace(FULL, baseline_in_intake=False)
