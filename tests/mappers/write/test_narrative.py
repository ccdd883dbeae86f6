from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given

from fhir_taper.mappers.write.narrative import to_narrative
from fhir_taper.mappers.write.wording import steps_in_words
from fhir_taper.plans.tapers.plan import Contingency, PlanState, TaperPlan
from tests.mappers.write.example_plans import EXAMPLES, STOP_FINDING
from tests.plan_strategies import plans

PLAN = EXAMPLES["diazepam"]


def words(plan: TaperPlan) -> str:
    root = ET.fromstring(to_narrative(plan, steps_in_words(plan))["div"])  # noqa: S314 (our own output)
    return " ".join("".join(f"{text} " for text in root.itertext()).split())


@given(plans())
def test_the_narrative_is_well_formed_whatever_the_texts_contain(plan: TaperPlan) -> None:
    root = ET.fromstring(to_narrative(plan, steps_in_words(plan))["div"])  # noqa: S314 (our own output)
    assert root.tag == "{http://www.w3.org/1999/xhtml}div"
    assert len(root.findall(".//{*}tbody/{*}tr")) == len(plan.steps)


def test_every_step_is_a_row_with_its_days_dose_and_tablets() -> None:
    take = "diazepam 2 MG Oral Tablet: Take 1/2 tablet in the morning and 1 tablet at night"
    assert f"1 2026-02-02 2026-03-01 diazepam 3 mg a day {take} reduction" in words(PLAN)


def test_a_stop_is_said_as_a_stop_and_never_as_a_dose_of_0() -> None:
    assert "4 2026-04-27 open stop diazepam Nothing to take stop" in words(PLAN)


def test_a_hold_says_that_the_dose_goes_on() -> None:
    assert "reductions are paused; keep taking the dose of the step in force" in words(replace(PLAN, state=PlanState.ON_HOLD))


def test_a_draft_says_that_it_changes_no_dose() -> None:
    assert "Draft: not approved. No dose is changed by it." in words(replace(PLAN, state=PlanState.DRAFT))


def test_findings_reviews_and_emergency_contacts_are_shown() -> None:
    contingency = Contingency("paracetamol first", "warm baths", ("988", "clinic 555-0100"))
    said = words(replace(PLAN, findings=(STOP_FINDING,), contingency=contingency))
    for part in (
        "Stop: Pregnancy is on record",
        "Before step 1, due 2026-02-02: open",
        "Breakthrough: paracetamol first",
        "Emergency: 988",
    ):
        assert part in said


def test_text_is_shown_as_text_and_never_as_markup() -> None:
    plan = replace(PLAN, reason="<script>alert(1)</script>")
    div = to_narrative(plan, steps_in_words(plan))["div"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in div
    assert "<script" not in div
