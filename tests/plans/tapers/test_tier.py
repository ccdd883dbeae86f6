"""The risk tier: each factor on both sides of its bound, what is unknown, and what a tier means."""

from datetime import date
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import ItemState, Reason, Regimen
from fhir_taper.plans.tapers.chart_facts import ChartFacts, Fact
from fhir_taper.plans.tapers.dose_totals import chart_case, dose_totals
from fhir_taper.plans.tapers.plan import Tier, TierFactor
from fhir_taper.plans.tapers.tier import highest, risk_tier
from tests.plans.tapers.made_charts import (
    DIAZEPAM_5,
    LORAZEPAM_1,
    OXYCODONE_5,
    TABLES,
    TODAY,
    ZOLPIDEM_10,
    fact,
    facts,
    item,
    regimen,
)


def tier(taken: Regimen, *more: Fact, known: ChartFacts | None = None, use: str | None = "<1m", failed: int | None = 0) -> Tier:
    return judged(taken, *more, known=known, use=use, failed=failed)[0]


def judged(
    taken: Regimen, *more: Fact, known: ChartFacts | None = None, use: str | None = "<1m", failed: int | None = 0
) -> tuple[Tier, dict[str, TierFactor]]:
    first = taken.items[0]
    chart = chart_case(taken, known or facts(*more), TABLES.medicines, TODAY)
    made, factors = risk_tier(chart, first.ingredient, first.drug_class, TABLES.safety, use=use, failed_tapers=failed)
    return made, {one.factor: one for one in factors}


def diazepam(mg: str) -> Regimen:
    return regimen(item(DIAZEPAM_5, mg))


def oxycodone(mg: str) -> Regimen:
    return regimen(item(OXYCODONE_5, mg))


@pytest.mark.parametrize(("mg", "expected"), [("10", Tier.LOW), ("10.01", Tier.STANDARD), ("15", Tier.STANDARD), ("15.01", Tier.HIGH)])
def test_a_benzodiazepine_is_tiered_by_diazepam_equivalent(mg: str, expected: Tier) -> None:
    assert tier(diazepam(mg)) is expected


@pytest.mark.parametrize(("mg", "expected"), [("33.33", Tier.LOW), ("33.34", Tier.STANDARD), ("59.99", Tier.STANDARD), ("60", Tier.HIGH)])
def test_an_opioid_is_tiered_by_mme_before_rounding(mg: str, expected: Tier) -> None:
    assert tier(oxycodone(mg)) is expected


def test_without_a_chosen_table_the_larger_equivalent_counts() -> None:
    lorazepam = regimen(item(LORAZEPAM_1, "2"))
    assert tier(lorazepam) is Tier.HIGH
    chosen = dose_totals(lorazepam, TABLES.medicines, benzo_table="va-dod-2021")
    chart = chart_case(lorazepam, facts(), TABLES.medicines, TODAY, chosen)
    by_va, _ = risk_tier(chart, "lorazepam", DrugClass.BENZODIAZEPINE, TABLES.safety, use="<1m", failed_tapers=0)
    assert by_va is Tier.LOW


def test_a_z_drug_is_tiered_by_its_own_label() -> None:
    assert tier(regimen(item(ZOLPIDEM_10, "10"))) is Tier.LOW
    assert tier(regimen(item(ZOLPIDEM_10, "20"))) is Tier.HIGH


def test_a_dose_that_is_not_known_counts_as_high() -> None:
    unknown = item(OXYCODONE_5, "1", state=ItemState.NOT_COMPUTABLE, scheduled_mg=None, max_mg=None, reason=Reason.NO_DOSE)
    made, factors = judged(regimen(unknown))
    assert (made, factors["dose"].says) == (Tier.HIGH, "the equivalent of the dose is not known and counts as high")


@pytest.mark.parametrize("known", ["10", "40"])
def test_a_total_that_leaves_something_out_counts_as_high_and_says_so(known: str) -> None:
    unknown = item(OXYCODONE_5, "1", state=ItemState.NOT_COMPUTABLE, scheduled_mg=None, max_mg=None, reason=Reason.NO_DOSE)
    made, factors = judged(regimen(item(OXYCODONE_5, known), unknown))
    assert (made, factors["dose"].tier) == (Tier.HIGH, Tier.HIGH)
    assert "something could not be counted, and an unknown dose counts as high" in factors["dose"].says


def test_a_z_drug_that_a_person_says_is_taken_is_tiered_by_what_they_say() -> None:
    for mg, expected in (("10", Tier.LOW), ("15", Tier.HIGH)):
        chart = chart_case(regimen(), facts(), TABLES.medicines, TODAY)
        made, _ = risk_tier(chart, "zolpidem", DrugClass.Z_DRUG, TABLES.safety, use="<1m", failed_tapers=0, confirmed_mg=Decimal(mg))
        assert made is expected


@pytest.mark.parametrize(("use", "expected"), [("<1m", Tier.LOW), ("1m-1y", Tier.LOW), (">=1y", Tier.STANDARD), (None, Tier.STANDARD)])
def test_unknown_duration_counts_as_a_year_or_longer(use: str | None, expected: Tier) -> None:
    assert tier(diazepam("4"), use=use) is expected


def test_unknown_duration_is_said() -> None:
    _, factors = judged(diazepam("4"), use=None)
    assert factors["duration"].says == "duration of use is not known and counts as >=1y"


@pytest.mark.parametrize(("failed", "expected"), [(0, Tier.LOW), (1, Tier.STANDARD), (2, Tier.HIGH)])
def test_tapers_that_failed_raise_the_tier(failed: int, expected: Tier) -> None:
    assert tier(diazepam("4"), failed=failed) is expected


def test_failed_tapers_on_record_count_when_nobody_said() -> None:
    assert tier(diazepam("4"), fact("failed-taper"), failed=None) is Tier.STANDARD


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (fact("mood-disorder"), Tier.STANDARD),
        (fact("phq9", "9"), Tier.LOW),
        (fact("phq9", "10"), Tier.STANDARD),
        (fact("phq9", "15"), Tier.HIGH),
        (fact("gad7", "14"), Tier.STANDARD),
        (fact("phq9-item9", "1"), Tier.HIGH),
        (fact("insomnia"), Tier.STANDARD),
        (fact("sleep-hours", "4.9", unit="h"), Tier.STANDARD),
        (fact("sleep-hours", "5", unit="h"), Tier.LOW),
        (fact("overdose-history"), Tier.HIGH),
        (fact("dast-10", "2"), Tier.LOW),
        (fact("dast-10", "6"), Tier.HIGH),
        (fact("pregnancy"), Tier.HIGH),
    ],
)
@pytest.mark.feature("F61")
def test_what_the_chart_says_raises_the_tier(one: Fact, expected: Tier) -> None:
    assert tier(diazepam("4"), one) is expected


def test_an_opioid_with_a_benzodiazepine_is_high_for_both() -> None:
    both = (item(DIAZEPAM_5, "4"), item(OXYCODONE_5, "5"))
    assert tier(regimen(*both)) is Tier.HIGH
    assert tier(regimen(*reversed(both))) is Tier.HIGH


@pytest.mark.parametrize(("born", "expected"), [(date(1961, 1, 5), Tier.STANDARD), (date(1961, 1, 6), Tier.LOW), (None, Tier.STANDARD)])
def test_age_from_65_or_unknown_is_standard(born: date | None, expected: Tier) -> None:
    assert tier(diazepam("4"), known=facts(birth_date=born)) is expected


def test_every_factor_answers_even_when_nothing_is_on_record() -> None:
    _, factors = judged(diazepam("4"), failed=None)
    assert set(factors) == {
        "dose", "duration", "failed tapers", "mood", "sleep", "opioid with benzodiazepine", "substance use", "age", "pregnancy",
    }  # fmt: skip
    assert factors["failed tapers"].says == "earlier tapers are not known"
    assert factors["age"].says == "45 years old"


def test_a_factor_names_the_row_it_comes_from() -> None:
    _, factors = judged(diazepam("20"))
    assert factors["dose"].says == "above 15 mg diazepam-equivalent a day (20 mg diazepam-equivalent a day)"
    assert factors["dose"].source == "tiers.csv: design: dose tiers by diazepam-equivalent, 2025, default"


def test_the_highest_of_no_tiers_is_low() -> None:
    assert highest(()) is Tier.LOW


@pytest.mark.parametrize(("word", "cut", "days", "daily"), [("low", 20, 14, 0), ("standard", 10, 14, 0), ("high", 5, 28, 7)])
@pytest.mark.feature("F61")
def test_a_tier_means_a_first_cut_an_interval_and_check_ins(word: str, cut: int, days: int, daily: int) -> None:
    meaning = TABLES.safety.meaning(word)
    assert (meaning.first_cut_percent, meaning.interval_days, meaning.daily_check_ins) == (Decimal(cut), days, daily)
