"""Which products a plan may use by itself: what is taken, and what differs from it in strength alone."""

from typing import Any

from fhir_taper.plans.medicines.codes import Release
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.plan import make_plan
from fhir_taper.workflow.plan_request import Question, question_of
from fhir_taper.workflow.regimen import Reading
from tests.workflow.made_readings import MORPHINE_ER, asking, reading_of, tablets

ROTATED = (("to", "oxycodone"), ("equianalgesic_mg", "60"), ("equianalgesic_source", "conversion chart of the clinic"), ("new_mg", "40"))


def names(reading: Reading, drug: str, **said: Any) -> list[str]:
    """Names of the products that a plan may use."""
    question = question_of(reading, asking(drug, strategy="linear", **said))
    assert isinstance(question, Question)
    return [product.name for product in question.request.products]


def test_sisters_hold_as_much_of_a_companion_as_the_tablet_that_is_taken() -> None:
    reading = reading_of(tablets("856999", "acetaminophen 325 MG / hydrocodone bitartrate 10 MG Oral Tablet", 4))

    assert names(reading, "hydrocodone") == [
        f"acetaminophen 325 MG / hydrocodone bitartrate {mg} MG Oral Tablet" for mg in ("2.5", "5", "7.5", "10")
    ]


def test_a_plan_brings_no_more_acetaminophen_than_is_taken_today() -> None:
    reading = reading_of(tablets("856999", "acetaminophen 325 MG / hydrocodone bitartrate 10 MG Oral Tablet", 4))
    plan = make_plan(reading, asking("hydrocodone", protocol="va-slower"))

    assert isinstance(plan, TaperPlan)
    assert all(sum(unit.per_day for dose in step.doses for unit in dose.units) <= 4 for step in plan.steps)


def test_tablets_of_more_than_325_mg_acetaminophen_are_off_the_shelf() -> None:
    reading = reading_of(tablets("856908", "acetaminophen 660 MG / hydrocodone bitartrate 10 MG Oral Tablet", 4))

    assert names(reading, "hydrocodone") == ["acetaminophen 660 MG / hydrocodone bitartrate 10 MG Oral Tablet"]


def test_a_liquid_has_the_one_concentration_that_the_patient_has() -> None:
    reading = reading_of(millilitres("309843", "diazepam 1 MG/ML Oral Solution"))

    assert names(reading, "diazepam") == ["diazepam 1 MG/ML Oral Solution"]
    assert len(names(reading, "diazepam", products=("309843", "309844"))) == 2


def test_an_extended_release_is_crossed_over_to_an_extended_release_where_there_is_one() -> None:
    reading = reading_of(tablets(MORPHINE_ER, "morphine sulfate 30 MG Extended Release Oral Tablet", 2))
    plan = make_plan(reading, asking("morphine", strategy="substitution", params=ROTATED))

    assert isinstance(plan, TaperPlan)
    assert {product.release for product in plan.products} == {Release.EXTENDED}
    assert not any("24 HR" in product.name for product in plan.products)
    assert "release-changes" not in {finding.code for finding in plan.findings}


def test_an_agent_without_a_fitting_extended_release_is_crossed_over_to_by_tablets_and_that_is_said() -> None:
    reading = reading_of(tablets(MORPHINE_ER, "morphine sulfate 30 MG Extended Release Oral Tablet", 2))
    params = (("to", "hydromorphone"), ("equianalgesic_mg", "20"), ("equianalgesic_source", "conversion chart"), ("new_mg", "12"))
    plan = make_plan(reading, asking("morphine", strategy="substitution", params=params, parts=2))  # only once-daily ones are sold

    assert isinstance(plan, TaperPlan)
    assert "release-changes" in {finding.code for finding in plan.findings}


def millilitres(rxcui: str, name: str) -> dict[str, Any]:
    """An order of 5 mL twice a day."""
    order = tablets(rxcui, name, 2)
    order["dosageInstruction"][0]["doseAndRate"] = [{"doseQuantity": {"value": 5, "unit": "mL"}}]
    return order
