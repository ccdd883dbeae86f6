from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.mappers.write.wording import dose_words, plan_description, plan_title, product_of, step_title, step_words
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.plan import PlanGoal, StepKind, Units
from tests.mappers.write.example_plans import EXAMPLES, substitution_step

PLAN = EXAMPLES["diazepam"]


@pytest.mark.parametrize(
    ("example", "step", "title", "description"),
    [
        ("diazepam", 1, "Step 1: diazepam 3 mg a day, from 2026-02-02 to 2026-03-01",
         "diazepam 2 MG Oral Tablet: Take 1/2 tablet in the morning and 1 tablet at night"),
        ("diazepam", 4, "Step 4: stop diazepam, from 2026-04-27 on", "Nothing to take"),
        ("liquid", 1, "Step 1: diazepam 3.5 mg a day, from 2026-01-15 to 2026-01-24",
         "diazepam 5 MG/ML Oral Solution: Take 0.35 mL (1.75 mg) in the morning and 0.35 mL (1.75 mg) at night"),
        ("patch", 1, "Step 1: fentanyl 0.3 mg a day, from 2026-01-20 to 2026-02-03",
         "72 HR fentanyl 0.012 MG/HR Transdermal System: Apply 1 patch, change every 72 hours"),
        ("alternate-day", 1, "Step 1: diazepam 2 mg on one day in 2 (mean 1 mg a day), from 2026-01-19 to 2026-02-01",
         "diazepam 2 MG Oral Tablet: Take 1 tablet at night, every other day"),
        ("two-strengths", 1, "Step 1: oxycodone 15 mg a day, from 2026-02-02 to 2026-03-01",
         ("oxycodone hydrochloride 10 MG Oral Tablet: Take 1 tablet in the morning; "
          "oxycodone hydrochloride 5 MG Oral Tablet: Take 1 tablet at night")),
    ],
)  # fmt: skip
def test_a_step_says_its_dose_its_days_and_what_to_take(example: str, step: int, title: str, description: str) -> None:
    plan = EXAMPLES[example]
    said = step_words(plan, plan.steps[step])
    assert (step_title(plan.steps[step], said.dose), said.description) == (title, description)


def test_a_hold_step_says_keep_taking() -> None:
    held = replace(PLAN.steps[1], kind=StepKind.HOLD, note="sleep is poor")
    assert step_words(PLAN, held).description.startswith("Reductions are paused; keep taking the same dose. diazepam 2 MG")
    assert step_words(PLAN, held).description.endswith("sleep is poor")


def test_a_stage_of_a_substitution_names_every_ingredient() -> None:
    assert dose_words(PLAN, substitution_step(PLAN)) == "no lorazepam and diazepam 3 mg a day"


def test_the_title_says_from_where_to_where() -> None:
    assert plan_title(PLAN) == "Taper of diazepam: 4 mg a day to stop"
    assert plan_title(replace(PLAN, goal=PlanGoal.TARGET, target_mg=Decimal("2.50"))) == "Taper of diazepam: 4 mg a day to 2.5 mg a day"


def test_the_description_says_how_within_which_limits_and_why() -> None:
    assert plan_description(replace(PLAN, minimum_function="walks to the shop")) == (
        "5 steps, the last from 2026-04-27. By strategy linear (percent 10, interval_days 14). "
        "Limits: default of benzodiazepines. "
        "Reason: shared decision. Minimum acceptable function: walks to the shop."
    )


def test_the_limits_are_said_in_words_and_of_a_protocol_by_its_own_name() -> None:
    a_year = replace(PLAN.limits, use=">=1y")
    assert "Limits: default of benzodiazepines taken for a year or longer." in plan_description(replace(PLAN, limits=a_year))
    published = replace(PLAN.limits, row="va-2014", use="published")
    assert "Limits: as published (va-2014)." in plan_description(replace(PLAN, limits=published))


def test_a_product_that_the_plan_does_not_list_is_named_by_its_code() -> None:
    unit = Units("42", Decimal(1), ((Slot.NOON, Decimal(1)),))
    stranger = replace(PLAN.steps[1], doses=(replace(PLAN.steps[1].doses[0], units=(unit,)),))
    assert product_of(PLAN, unit).rxcui == "42"
    assert step_words(PLAN, stranger).description == "RxNorm 42: Take 1 unit at noon"
