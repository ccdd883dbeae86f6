from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.prior_tapers import failed_tapers, prior_tapers
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from tests.mappers.write.example_plans import EXAMPLES

PLAN = EXAMPLES["diazepam"]


def read(state: PlanState, **changes: Any) -> Mapped[TaperPlan]:
    return Mapped(replace(PLAN, state=state, **changes), (), (f"CarePlan/{changes.get('id', 'one')}",))


@pytest.mark.feature("F02")
@pytest.mark.parametrize(
    ("state", "failed"),
    [
        (PlanState.REVOKED, 1),
        (PlanState.COMPLETED, 0),
        (PlanState.DRAFT, 0),
        (PlanState.ACTIVE, 0),
        (PlanState.ON_HOLD, 0),
        (PlanState.ENTERED_IN_ERROR, 0),
    ],
)
def test_only_a_revoked_taper_is_one_that_did_not_succeed(state: PlanState, failed: int) -> None:
    assert failed_tapers([read(state)]) == failed


def test_versions_of_one_taper_are_one_attempt() -> None:
    versions = [read(PlanState.REVOKED, id="one"), read(PlanState.REVOKED, id="two", version=2, replaces="one")]
    assert [taper.plan.id for taper in prior_tapers(versions)] == ["two"]


def test_a_taper_that_goes_on_in_a_later_version_has_not_ended() -> None:
    assert prior_tapers([read(PlanState.REVOKED, id="one"), read(PlanState.ACTIVE, id="two", version=2, replaces="one")]) == ()


def test_tapers_of_one_ingredient_are_told_apart_and_come_oldest_first_with_their_sources() -> None:
    plans = [
        read(PlanState.COMPLETED, id="new", created=date(2025, 1, 1)),
        read(PlanState.REVOKED, id="old", created=date(2020, 1, 1)),
        read(PlanState.REVOKED, id="other", ingredient="oxycodone"),
    ]
    found = prior_tapers(plans, "diazepam")
    assert [(taper.plan.id, taper.succeeded, taper.sources) for taper in found] == [
        ("old", False, ("CarePlan/old",)),
        ("new", True, ("CarePlan/new",)),
    ]
    assert failed_tapers(plans) == 2
