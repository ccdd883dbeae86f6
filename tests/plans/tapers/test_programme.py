"""Several tapers of one patient: which first, and why."""

from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.programme import Order, order_of
from tests.plans.tapers.made_charts import (
    DIAZEPAM_5,
    METHADONE_10,
    OXYCODONE_5,
    TABLES,
    ZOLPIDEM_10,
    fact,
    facts,
    item,
    regimen,
)

BOTH = regimen(item(DIAZEPAM_5, "4"), item(OXYCODONE_5, "20"))


def order(taken: Regimen, *more: Fact) -> Order:
    return order_of(taken, facts(*more), TABLES.safety)


def turns(taken: Regimen) -> list[str]:
    return [turn.ingredient for turn in order(taken).turns]


@pytest.mark.feature("F54")
def test_the_opioid_usually_goes_first_and_the_reason_has_a_source() -> None:
    first, second = order(BOTH).turns
    assert (first.place, first.ingredient, first.why) == (1, "oxycodone", "usually safer and more practical first")
    assert (second.ingredient, second.why) == ("diazepam", "after the opioid, never both reduced at once")
    assert "recommendation 11" in first.source


def test_a_z_drug_comes_after_the_benzodiazepine() -> None:
    assert turns(regimen(item(ZOLPIDEM_10, "10"), item(DIAZEPAM_5, "4"), item(OXYCODONE_5, "20"))) == ["oxycodone", "diazepam", "zolpidem"]


def test_a_benzodiazepine_that_is_taken_only_as_needed_may_go_first() -> None:
    as_needed = item(DIAZEPAM_5, "0", max_mg=Decimal(10), as_needed=True)
    first, second = order(regimen(as_needed, item(OXYCODONE_5, "20"))).turns
    assert (first.ingredient, first.why) == ("diazepam", "taken only as needed: it may go first while the opioid stays")
    assert second.why == "after the medicine that is taken only as needed"


def test_opioid_use_disorder_is_treated_before_any_taper() -> None:
    assert order(BOTH, fact("opioid-use-disorder")).before == ("offer medication for opioid use disorder first (opioid-use-disorder)",)


def test_misuse_or_overdose_asks_which_medicine_it_was() -> None:
    (asked,) = order(BOTH, fact("overdose-history")).ask
    assert asked.endswith("Then that one goes first")
    assert order(regimen(item(OXYCODONE_5, "20")), fact("overdose-history")).ask == ()


@pytest.mark.feature("F89")
def test_treatment_of_opioid_use_disorder_is_never_in_the_order() -> None:
    treatment = item(METHADONE_10, "60", oud_treatment=True, taper_candidate=False)
    assert turns(regimen(treatment, item(DIAZEPAM_5, "4"))) == ["diazepam"]
