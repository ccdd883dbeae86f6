"""What the engine is asked when a plan goes on otherwise: the plan's own products, and what was confirmed for it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.workflow.assessed import Assessed, Score
from fhir_taper.workflow.course import Asked, Turn, Turned, turned
from fhir_taper.workflow.replan import benzo_table_of, stops_today, way_asked, ways_on
from tests.workflow.followed import Followed


def test_a_new_schedule_uses_the_products_and_parts_of_the_plan(followed: Followed) -> None:
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, Asked(Turn.SLOW, "too fast"))
    assert isinstance(found, Turned)
    assert set(found.after.products) <= set(followed.plan.products)
    assert found.after.equivalents == followed.plan.equivalents


def test_the_table_that_was_chosen_is_asked_for_again_and_a_range_names_none(followed: Followed) -> None:
    assert benzo_table_of(followed.plan) == "va-dod-2021"
    wide = tuple(replace(one, high=one.high + 1) for one in followed.plan.equivalents)
    assert benzo_table_of(replace(followed.plan, equivalents=wide)) is None


def test_what_was_confirmed_for_the_plan_stays_confirmed_and_clears_its_stop(followed: Followed) -> None:
    """Methadone counts as treatment of opioid use disorder until a person says that it is for pain."""
    reading = followed.loaded.reading(followed.chart.day(followed.services.clock()))
    (order, *rest) = (one for one in reading.regimen.items if one.ingredient == "diazepam")
    methadone = replace(order, ingredient="methadone", drug="methadone", drug_class=DrugClass.OPIOID)
    taken = replace(reading, regimen=replace(reading.regimen, items=(methadone, *rest)))
    plan = replace(followed.plan, ingredient="methadone", drug="methadone", drug_class=DrugClass.OPIOID)
    said = Finding(Severity.INFORMATION, "fact-confirmed", "said", "Dr. A", value="pain-indication-confirmed")
    before = {one.code for one in stops_today(taken, plan)}
    assert "opioid-treatment-not-pain" in before
    assert {one.code for one in stops_today(taken, replace(plan, findings=(said,)))} == before - {"opioid-treatment-not-pain"}


def test_the_ways_on_are_those_of_the_medicine_and_a_strange_one_is_refused(followed: Followed) -> None:
    reading = followed.loaded.reading(followed.chart.day(followed.services.clock()))
    ways = ways_on(reading, followed.plan)
    assert {"strategy linear", "protocol asam-2025"} <= set(ways)
    assert "strategy substitution" not in ways
    assert "protocol cdc-2022-slow" not in ways
    assert way_asked(followed.plan, "protocol asam-2025", ()) == (None, "asam-2025", ())
    lorazepam = replace(followed.plan, ingredient="lorazepam")
    assert way_asked(lorazepam, "strategy substitution", ()) == ("substitution", None, (("to", "diazepam"),))
    for odd in ("", "linear", "strategy magic", "protocol "):
        with pytest.raises(WrongUsage, match="no way to go on"):
            way_asked(followed.plan, odd, ())


def test_what_was_measured_since_stops_a_reduction_of_a_plan_that_runs(followed: Followed) -> None:
    """Thoughts of death or self-harm in the intake of today: a Stop, as if the chart said it."""
    day = followed.chart.day(followed.services.clock())
    reading = followed.loaded.reading(day)
    measured = Assessed(scores=(Score("phq9-item9", Decimal(2), "Dr. A", day),))
    before = stops_today(reading, followed.plan)
    (new,) = (one for one in stops_today(reading, followed.plan, measured) if one not in before)
    assert "self-harm" in new.message
