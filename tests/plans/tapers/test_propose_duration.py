"""The longest plan of a row counts from the first day of the plan, whatever the plan begins with."""

import pytest

from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.propose import propose
from tests.plans.tapers.made_requests import request, tables, tablets


@pytest.mark.parametrize("days", ["7", "11", "14"])
def test_the_days_of_a_crossing_count_towards_the_longest_plan(days: str) -> None:
    """After the crossing this taper takes 1,092 days: within three years by itself, beyond them with the crossing."""
    crossed = request(
        "diazepam",
        "35",
        (*tablets("diazepam", "2", "5", "10", parts=2), *tablets("clonazepam", "0.25", "0.5", "1", "2")),
        strategy="substitution",
        params={"to": "clonazepam", "days": days, "percent": "5", "interval_days": "28"},
        benzo_table="ashton-2002",
    )
    made = propose(crossed, tables())
    assert isinstance(made, Infeasible)
    assert made.reason == "duration"
