"""What a person found out before a taper: it counts as if the chart said it, and stands on the plan with who said it."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.medicines.regimen import ItemState
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan, Tier
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.workflow.assessed import Assessed, EnteredDose, Score, can_be_entered, with_assessed
from fhir_taper.workflow.clock import now
from fhir_taper.workflow.plan import make_plan
from fhir_taper.workflow.regimen import Reading
from tests.workflow.made_readings import DAY, asking, methadone, reading_of, tablets

DIAZEPAM = "197591"
BY = "Dr. Example"


def unclear() -> dict[str, Any]:
    """An order of diazepam 5 mg whose text says no dose."""
    order = tablets(DIAZEPAM, "diazepam 5 MG Oral Tablet", 1)
    order["dosageInstruction"] = [{"text": "as discussed"}]
    return order


def reading() -> Reading:
    return reading_of(unclear())


def entered(of: Reading, mg: str = "10") -> EnteredDose:
    (item,) = of.regimen.items
    return EnteredDose(item.sources[0], item.drug, Decimal(mg), "pill count", BY, DAY)


def with_dose(mg: str = "10") -> Assessed:
    return Assessed((entered(reading(), mg),))


def plan_with(assessed: Assessed, of: Reading | None = None, drug: str = "diazepam") -> TaperPlan:
    plan = make_plan(of or reading(), asking(drug, strategy="linear", use=">=1y", zone="UTC", parts=2, assessed=assessed))
    assert isinstance(plan, TaperPlan), plan
    return plan


def test_a_dose_that_a_person_entered_is_what_is_taken() -> None:
    (item,) = with_assessed(reading(), with_dose()).regimen.items
    assert (item.state, item.scheduled_mg, item.max_mg) == (ItemState.COMPUTED, Decimal(10), Decimal(10))
    assert item.how.startswith("10 mg a day, entered by Dr. Example on 2026-01-05 (pill count); the record leaves it open: ")


def test_totals_count_what_was_entered() -> None:
    before, after = reading(), with_assessed(reading(), with_dose())
    assert before.diazepam.at_least
    assert (Fraction(after.diazepam.max.high), after.diazepam.at_least) == (Fraction(10), False)


def test_an_entered_dose_is_a_baseline_that_somebody_confirmed() -> None:
    assert isinstance(make_plan(reading(), asking("diazepam", strategy="linear")), Infeasible)
    plan = plan_with(with_dose())
    assert (plan.baseline.mg, plan.baseline.confirmed_by, plan.baseline.confirmed_on) == (Decimal(10), BY, DAY)
    assert plan.baseline.how == "doses entered: pill count"
    (said,) = [one for one in plan.findings if one.code == "dose-entered"]
    assert said.message.endswith(": 10 mg a day, entered by Dr. Example on 2026-01-05 (pill count).")


def test_an_entered_dose_counts_for_one_version_of_one_record() -> None:
    dose = replace(entered(reading()), source="MedicationRequest/m197591/_history/2")
    assert with_assessed(reading(), Assessed((dose,))) == reading()


def test_an_order_that_says_its_dose_is_not_overwritten_by_what_was_entered() -> None:
    clear = reading_of(tablets(DIAZEPAM, "diazepam 5 MG Oral Tablet", 1))
    (item,) = clear.regimen.items
    assert not can_be_entered(item)
    dose = EnteredDose(item.sources[0], item.drug, Decimal(40), "said", BY, DAY)
    assert with_assessed(clear, Assessed((dose,))) == clear
    plan = plan_with(Assessed((dose,)), clear)
    assert (plan.baseline.mg, plan.baseline.confirmed_by) == (Decimal(5), "")
    assert "dose-entered" not in {one.code for one in plan.findings}


@pytest.mark.feature("F02")
def test_an_earlier_taper_that_failed_makes_the_next_one_gentler() -> None:
    def tier(told: int | None) -> tuple[Tier, str]:
        plan = plan_with(replace(with_dose("5"), failed_tapers=told, by=BY))
        (factor,) = [one for one in plan.tier_factors if one.factor == "failed tapers"]
        return factor.tier, factor.says

    assert tier(None) == (Tier.LOW, "earlier tapers are not known")
    assert tier(0) == (Tier.LOW, "no earlier taper that did not succeed")
    assert tier(1)[0] is Tier.STANDARD
    assert tier(2)[0] is Tier.HIGH


@pytest.mark.feature("F52")
def test_a_measured_mood_counts_for_the_tier_and_is_no_longer_missing() -> None:
    def said(assessed: Assessed) -> tuple[Tier, str]:
        plan = plan_with(assessed)
        (mood,) = [one for one in plan.tier_factors if one.factor == "mood"]
        return mood.tier, " ".join(one.message for one in plan.findings if one.code == "baseline-measures-missing")

    tier, missing = said(with_dose())
    assert tier is Tier.LOW
    assert "PHQ-9" in missing
    scores = tuple(Score(name, Decimal(value), BY, DAY) for name, value in (("phq9", 16), ("gad7", 3), ("sleep-hours", 6)))
    tier, missing = said(replace(with_dose(), scores=scores))
    assert tier is Tier.HIGH
    assert missing == ""


@pytest.mark.feature("F50", "F51")
def test_pain_and_function_before_the_start_are_known_to_the_plan() -> None:
    scores = (Score("peg-pain", Decimal(7), BY, DAY), Score("peg", Decimal("5.333333"), BY, DAY))
    plan = plan_with(Assessed(scores=scores), methadone(), "methadone")
    assert not [one for one in plan.findings if one.code == "baseline-measures-missing" and "pain" in one.message]
    (said,) = [one for one in plan.findings if one.code == "measured-before"]
    assert said.message == "PEG, mean of its three answers: 5.3, on 2026-01-05, by Dr. Example."


def test_a_score_says_what_its_source_calls_it_and_the_source_stands_beside() -> None:
    assert str(Score("phq9", Decimal(12), BY, DAY)) == "12 (moderate)"
    assert str(Score("peg", Decimal(8), BY, DAY)) == "8"
    plan = plan_with(replace(with_dose(), scores=(Score("phq9", Decimal(12), BY, DAY),)))
    (said,) = [one for one in plan.findings if one.code == "measured-before"]
    assert "Kroenke" in said.source


@pytest.mark.parametrize(("scale", "value"), [("phq9", "28"), ("phq9", "-1"), ("phq9", "3.5"), ("peg-pain", "11"), ("pulse", "60")])
def test_a_score_that_the_scale_does_not_have_is_refused(scale: str, value: str) -> None:
    with pytest.raises(WrongUsage):
        Score(scale, Decimal(value), BY, DAY)


@pytest.mark.feature("F12")
def test_the_least_function_is_part_of_the_plan_and_a_goal_in_the_record() -> None:
    plan = plan_with(replace(with_dose(), minimum_function="can climb the stairs"))
    assert plan.minimum_function == "can climb the stairs"
    entries = to_bundle(plan, as_of=DAY, instant=now())["entry"]
    goals = [one["resource"]["description"]["text"] for one in entries if one["resource"]["resourceType"] == "Goal"]
    assert "Minimum acceptable function during the taper: can climb the stairs" in goals


def test_what_was_found_out_goes_through_the_plan_document() -> None:
    scores = (Score("phq9", Decimal(12), BY, DAY),)
    plan = plan_with(replace(with_dose(), scores=scores, failed_tapers=1, by=BY, minimum_function="sleeps five hours"))
    assert from_document(decode(encode(to_document(plan)))) == plan
