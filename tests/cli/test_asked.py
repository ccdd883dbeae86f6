"""Options that two commands share are the same in both, and are read into what the use cases take."""

import inspect
from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.cli.asked import Asked
from fhir_taper.cli.commands import plan, strategies
from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.request import Taken
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.typed import BenzoTable, DurationOfUse, PermittedParts

DAY = date(2026, 1, 5)


def test_both_commands_take_every_shared_option() -> None:
    shared = set(inspect.signature(Asked).parameters)
    of_plan, of_strategies = (set(inspect.signature(command).parameters) for command in (plan, strategies))
    assert of_plan - shared == of_strategies - shared == {"chart", "drug", "start", "output"}


def test_what_was_not_said_stays_unsaid() -> None:
    assert Asked().options("lorazepam", DAY) == PlanOptions("lorazepam", DAY)


def test_what_was_typed_is_what_the_use_case_is_asked() -> None:
    asked = Asked(
        strategy="linear",
        param=["percent = 5", "interval_days=14"],
        target=Decimal("0.5"),
        baseline_by=" Dr. Example ",
        taken=["197901=1@morning", "197901 = 0.5@night", "197900=2"],
        confirm=["pain-indication-confirmed"],
        confirmed_by="Dr. Example",
        use=DurationOfUse.UNDER_1_YEAR,
        benzo_table=BenzoTable.WHO_2009,
        products="197901, 197900,",
        parts=PermittedParts.QUARTER,
        zone="Europe/Paris",
    )
    assert asked.options("lorazepam", DAY) == PlanOptions(
        "lorazepam",
        DAY,
        target_mg=Decimal("0.5"),
        strategy="linear",
        params=(("percent", "5"), ("interval_days", "14")),
        baseline_by="Dr. Example",
        taken=(
            Taken("197901", Slot.MORNING, Decimal(1)),
            Taken("197901", Slot.NIGHT, Decimal("0.5")),
            Taken("197900", None, Decimal(2)),
        ),
        confirmed=("pain-indication-confirmed",),
        confirmed_by="Dr. Example",
        use="1m-1y",
        benzo_table="who-2009",
        products=("197901", "197900"),
        parts=4,
        zone="Europe/Paris",
    )


@pytest.mark.parametrize("text", ["197901", "=1", "197901=", "197901=x", "197901=0", "197901=-1", "197901=NaN", "197901=1E9"])
def test_an_intake_of_another_form_is_named(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"--taken '.*' is not of the form RXCUI=UNITS"):
        Asked(taken=[text]).options("lorazepam", DAY)


def test_a_time_of_day_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(WrongUsage, match=f"'lunch' is none of {', '.join(Slot)}"):
        Asked(taken=["197901=1@lunch"]).options("lorazepam", DAY)
