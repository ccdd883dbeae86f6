"""Every finding: what makes it, what does not (both sides of each bound), and what each says."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.regimen import Issue, ItemState, Reason, Regimen, RegimenItem
from fhir_taper.plans.tapers.chart_facts import ChartFacts, Fact
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import Baseline, TaperPlan
from fhir_taper.plans.tapers.safety import blocks_approval, findings
from fhir_taper.plans.tapers.signs import SIGNS
from tests.plans.tapers.made_charts import (
    BUPRENORPHINE_PATCH_10,
    BUPRENORPHINE_SL_8,
    DIAZEPAM_5,
    LORAZEPAM_1,
    METHADONE_10,
    OXYCODONE_5,
    OXYCODONE_APAP_5,
    OXYCODONE_ER_10,
    TABLES,
    TODAY,
    ZOLPIDEM_10,
    fact,
    facts,
    intakes,
    item,
    other,
    regimen,
)
from tests.plans.tapers.made_plans import diazepam_plan, oxycodone_plan

DIAZEPAM = regimen(item(DIAZEPAM_5, "4"))
OXYCODONE = regimen(item(OXYCODONE_5, "20"))
BOTH = regimen(item(DIAZEPAM_5, "4"), item(OXYCODONE_5, "20"))


def found(taken: Regimen, known: ChartFacts | None = None, plan: TaperPlan | None = None, ingredient: str = "") -> dict[str, Finding]:
    """Give findings by code."""
    made = findings(plan, taken, known or facts(), TABLES, TODAY, ingredient=ingredient)
    return {one.code: one for one in made}


def codes(taken: Regimen, *more: Fact, ingredient: str = "") -> set[str]:
    return set(found(taken, facts(*more), ingredient=ingredient))


def test_a_plain_chart_makes_no_finding() -> None:
    assert found(DIAZEPAM) == {}
    assert found(OXYCODONE) == {}


@pytest.mark.parametrize(
    ("concept", "code"),
    [
        ("antiseizure-indication", "antiseizure-indication"),
        ("withdrawal-seizure-history", "withdrawal-seizure-history"),
        ("pregnancy", "pregnancy"),
        ("active-suicidality", "active-suicidality"),
        ("active-cancer", "active-cancer"),
        ("palliative-care", "palliative-care"),
        ("sickle-cell", "sickle-cell"),
        ("medicine-class:barbiturate", "barbiturate"),
        ("medicine:phenobarbital", "barbiturate"),
    ],
)
def test_each_stop_of_the_chart_stops_a_benzodiazepine_taper_and_says_what_clears_it(concept: str, code: str) -> None:
    finding = found(DIAZEPAM, facts(fact(concept)))[code]
    assert (finding.severity, bool(finding.clears), finding.evidence) == (Severity.STOP, True, (f"Condition/{concept}",))
    assert blocks_approval((finding,))


@pytest.mark.parametrize("concept", ["withdrawal-seizure-history", "pregnancy", "active-cancer", "palliative-care", "sickle-cell"])
def test_each_stop_of_the_patient_stops_an_opioid_taper_too(concept: str) -> None:
    assert concept in codes(OXYCODONE, fact(concept))


def test_a_seizure_disorder_does_not_stop_an_opioid_taper() -> None:
    assert "antiseizure-indication" not in codes(OXYCODONE, fact("antiseizure-indication"))


def test_a_condition_that_is_no_longer_active_stops_nothing() -> None:
    assert codes(DIAZEPAM, fact("pregnancy", is_active=False)) == set()


@pytest.mark.parametrize(("born", "stopped"), [(date(2008, 1, 6), True), (date(2008, 1, 5), False)])
def test_the_day_of_the_eighteenth_birthday_is_the_first_that_is_not_stopped(born: date, stopped: bool) -> None:
    assert ("age-under-18" in found(DIAZEPAM, facts(birth_date=born))) is stopped


def test_a_missing_birth_date_is_said_and_not_assumed() -> None:
    made = found(DIAZEPAM, facts(birth_date=None))
    assert (set(made), made["age-unknown"].severity) == ({"age-unknown"}, Severity.ACKNOWLEDGE)


def test_a_patient_who_has_died_is_stopped() -> None:
    assert found(DIAZEPAM, facts(deceased=True))["deceased"].severity is Severity.STOP


def test_methadone_is_stopped_until_pain_is_confirmed() -> None:
    taken = regimen(item(METHADONE_10, "30"))
    assert "opioid-treatment-not-pain" in codes(taken)
    assert "opioid-treatment-not-pain" in codes(taken, fact("chronic-pain"))
    assert "opioid-treatment-not-pain" not in codes(taken, fact("pain-indication-confirmed"))


def test_sublingual_buprenorphine_is_stopped_and_a_patch_is_not() -> None:
    assert "opioid-treatment-not-pain" in codes(regimen(item(BUPRENORPHINE_SL_8, "8")))
    assert "opioid-treatment-not-pain" not in codes(regimen(item(BUPRENORPHINE_PATCH_10, "0.24")))


@pytest.mark.feature("F89")
def test_treatment_of_opioid_use_disorder_beside_another_taper_is_named_and_left_alone() -> None:
    taken = regimen(item(OXYCODONE_5, "20"), item(METHADONE_10, "60", oud_treatment=True, taper_candidate=False))
    made = found(taken)
    assert made["oud-treatment-taken"].severity is Severity.INFORMATION
    assert "opioid-treatment-not-pain" not in made


@pytest.mark.parametrize(("score", "stopped"), [("0", False), ("1", True), ("3", True)])
def test_any_thought_of_self_harm_on_item_nine_stops(score: str, stopped: bool) -> None:
    assert ("suicidal-thoughts-reported" in codes(DIAZEPAM, fact("phq9-item9", score))) is stopped


def test_an_assessment_answers_thoughts_of_self_harm_that_came_before_it_and_not_later_ones() -> None:
    thoughts = fact("phq9-item9", "2", date(2026, 1, 2))
    assert "suicidal-thoughts-reported" not in codes(DIAZEPAM, thoughts, fact("suicide-risk-assessed", on=date(2026, 1, 2)))
    assert "suicidal-thoughts-reported" in codes(DIAZEPAM, thoughts, fact("suicide-risk-assessed", on=date(2026, 1, 1)))


def test_a_total_score_under_the_code_of_item_nine_is_not_believed() -> None:
    assert codes(DIAZEPAM, fact("phq9-item9", "12")) == {"measure-implausible"}


def test_an_old_answer_does_not_stop_and_a_newer_one_replaces_it() -> None:
    assert codes(DIAZEPAM, fact("phq9-item9", "2", TODAY - timedelta(days=91))) == set()
    assert codes(DIAZEPAM, fact("phq9-item9", "2", date(2025, 12, 1)), fact("phq9-item9", "0", date(2026, 1, 1))) == set()


@pytest.mark.feature("F67")
def test_an_opioid_with_a_benzodiazepine_must_be_acknowledged_on_both_tapers() -> None:
    for ingredient in ("oxycodone", "diazepam"):
        assert "opioid-with-sedative" in codes(BOTH, ingredient=ingredient)


def test_an_opioid_with_a_z_drug_is_the_same() -> None:
    assert "opioid-with-sedative" in codes(regimen(item(ZOLPIDEM_10, "10"), item(OXYCODONE_5, "20")))


def test_the_benzodiazepine_first_must_be_explained_unless_it_is_only_taken_as_needed() -> None:
    assert "sedative-before-opioid" in codes(BOTH, ingredient="diazepam")
    assert "sedative-before-opioid" not in codes(BOTH, ingredient="oxycodone")
    as_needed = regimen(item(DIAZEPAM_5, "0", max_mg=Decimal(10), as_needed=True), item(OXYCODONE_5, "20"))
    assert "sedative-before-opioid" not in codes(as_needed, ingredient="diazepam")


def test_opioid_use_disorder_asks_for_medication_first_unless_it_is_taken() -> None:
    assert "opioid-use-disorder-medication-first" in codes(OXYCODONE, fact("opioid-use-disorder"))
    treated = regimen(item(OXYCODONE_5, "20"), item(BUPRENORPHINE_SL_8, "8", oud_treatment=True))
    assert "opioid-use-disorder-medication-first" not in codes(treated, fact("opioid-use-disorder"), ingredient="oxycodone")


def without_naloxone(*more: Fact) -> ChartFacts:
    known = facts(*more)
    return replace(known, facts=tuple(one for one in known.facts if one.concept != "medicine:naloxone" or one in more))


@pytest.mark.feature("F67")
def test_every_opioid_taper_asks_for_naloxone() -> None:
    assert "naloxone-not-on-record" in found(OXYCODONE, without_naloxone())


def test_naloxone_or_nalmefene_on_record_is_enough() -> None:
    assert "naloxone-not-on-record" not in found(OXYCODONE, without_naloxone(fact("medicine:nalmefene")))
    rescue = other("naloxone", state=ItemState.EXCLUDED, reason=Reason.RESCUE)
    assert "naloxone-not-on-record" not in found(regimen(item(OXYCODONE_5, "20"), rescue), without_naloxone())


def test_naloxone_inside_buprenorphine_or_pentazocine_is_no_rescue() -> None:
    together = [fact("medicine:naloxone", source="MedicationRequest/b"), fact("medicine:buprenorphine", source="MedicationRequest/b")]
    assert "naloxone-not-on-record" in found(OXYCODONE, without_naloxone(*together))


def test_an_ended_order_of_naloxone_is_asked_about() -> None:
    assert "naloxone-not-on-record" in found(OXYCODONE, without_naloxone(fact("medicine:naloxone", is_active=False)))


def test_naloxone_is_not_asked_for_without_an_opioid() -> None:
    assert "naloxone-not-on-record" not in found(DIAZEPAM, without_naloxone())


def test_naloxone_is_asked_for_when_the_benzodiazepine_is_tapered_beside_an_opioid() -> None:
    assert "naloxone-not-on-record" in found(BOTH, without_naloxone(), ingredient="diazepam")


@pytest.mark.parametrize(("mg", "code"), [("33.3", None), ("33.334", "mme-from-50"), ("59.999", "mme-from-50"), ("60", "mme-from-90")])
def test_thresholds_of_mme_are_compared_before_rounding(mg: str, code: str | None) -> None:
    made = codes(regimen(item(OXYCODONE_5, mg)))
    assert {one for one in made if one.startswith("mme")} == ({code} if code else set())


def test_the_maximum_counts_and_not_what_is_scheduled() -> None:
    finding = found(regimen(item(OXYCODONE_5, "0", max_mg=Decimal(60))))["mme-from-90"]
    assert finding.message == "Opioids may reach 90 MME a day: risk of overdose is much raised."


def test_a_total_that_leaves_something_out_says_at_least() -> None:
    unknown = item(OXYCODONE_ER_10, "1", state=ItemState.NOT_COMPUTABLE, scheduled_mg=None, max_mg=None, reason=Reason.NO_DOSE)
    made = found(regimen(item(OXYCODONE_5, "60"), unknown))
    assert made["mme-from-90"].value == "at least 90 MME a day"
    assert "no-dose" in made["medicine-not-computable"].value


@pytest.mark.feature("F67")
def test_a_gabapentinoid_beside_either_class_is_found() -> None:
    gabapentin = other("gabapentin", drug_class=DrugClass.GABAPENTINOID)
    assert "gabapentinoid" in codes(regimen(item(DIAZEPAM_5, "4"), gabapentin))
    assert "gabapentinoid" in codes(OXYCODONE, fact("medicine-class:gabapentinoid"))


@pytest.mark.parametrize(("tablets", "over"), [("12", False), ("13", True)])
def test_acetaminophen_is_added_over_all_medicines(tablets: str, over: bool) -> None:
    combination = item(OXYCODONE_APAP_5, str(5 * Decimal(tablets)))
    alone = other("acetaminophen", scheduled_mg=Decimal(100), max_mg=Decimal(100))
    assert ("companion-limit" in codes(regimen(combination, alone))) is over


def test_less_acetaminophen_is_allowed_with_liver_disease() -> None:
    taken = regimen(item(OXYCODONE_APAP_5, "35"))
    assert "companion-limit" not in codes(taken)
    assert "companion-limit" in codes(taken, fact("hepatic-impairment"))


@pytest.mark.parametrize(("many", "over"), [(2, False), (3, True)])
def test_an_extended_release_product_taken_too_often_is_found(many: int, over: bool) -> None:
    taken = regimen(item(OXYCODONE_ER_10, "30", intakes=intakes(many)))
    assert ("er-below-interval" in codes(taken)) is over


@pytest.mark.parametrize(("days_ago", "seen"), [(28, True), (29, False)])
def test_an_inhibitor_started_within_28_days_is_found(days_ago: int, seen: bool) -> None:
    started = fact("medicine:clarithromycin", on=TODAY - timedelta(days=days_ago))
    assert ("cyp-change" in codes(DIAZEPAM, started)) is seen


def test_an_inducer_that_was_stopped_is_found() -> None:
    stopped = fact("medicine:carbamazepine", is_active=False)
    assert found(DIAZEPAM, facts(stopped))["cyp-change"].value == "medicine:carbamazepine until 2026-01-02"


def test_a_renewed_order_of_a_long_standing_inhibitor_is_no_change() -> None:
    renewed = regimen(item(DIAZEPAM_5, "4"), other("clarithromycin", start=TODAY))
    assert "cyp-change" in found(renewed)
    assert "cyp-change" not in found(renewed, facts(first_use=(("clarithromycin", date(2025, 1, 1)),)))


def test_an_order_that_follows_an_order_of_the_same_medicine_is_no_change() -> None:
    ended = fact("medicine:clarithromycin", on=date(2026, 1, 1), is_active=False, source="MedicationRequest/old")
    renewed = fact("medicine:clarithromycin", on=date(2026, 1, 2), source="MedicationRequest/new")
    assert "cyp-change" not in codes(DIAZEPAM, ended, renewed)
    long_ago = replace(ended, on=date(2025, 11, 1))
    assert "cyp-change" in codes(DIAZEPAM, long_ago, renewed)


def test_lorazepam_is_not_changed_by_a_cyp3a4_inhibitor() -> None:
    assert "cyp-change" not in codes(regimen(item(LORAZEPAM_1, "2")), fact("medicine:clarithromycin"))


@pytest.mark.parametrize(("egfr", "code"), [("29", "renal-impairment"), ("30", "renal-impairment-moderate"), ("60", None)])
@pytest.mark.feature("F68")
def test_kidney_function_is_judged_by_egfr(egfr: str, code: str | None) -> None:
    made = codes(OXYCODONE, fact("egfr", egfr, unit="mL/min/{1.73_m2}"))
    assert {one for one in made if one.startswith("renal")} == ({code} if code else set())


def test_an_egfr_in_an_unknown_unit_is_said_and_not_used() -> None:
    made = codes(OXYCODONE, fact("egfr", "20", unit="mL/s"))
    assert ("measure-unit-unknown" in made, "renal-impairment" in made) == (True, False)


@pytest.mark.parametrize(
    "concept",
    ["sleep-apnoea", "falls", "respiratory-disease", "hepatic-impairment", "overdose-history"],
)
@pytest.mark.feature("F68")
def test_conditions_that_need_a_reason_are_acknowledged(concept: str) -> None:
    assert found(DIAZEPAM, facts(fact(concept)))[concept].severity is Severity.ACKNOWLEDGE


def test_risky_use_of_alcohol_and_other_substances_is_found_by_score_or_condition() -> None:
    assert "alcohol-use" in codes(DIAZEPAM, fact("audit-c", "3"))
    assert "alcohol-use" in codes(DIAZEPAM, fact("alcohol-use-disorder"))
    assert "alcohol-use" not in codes(DIAZEPAM, fact("audit-c", "2"))
    assert "substance-use" in codes(DIAZEPAM, fact("dast-10", "3"))


@pytest.mark.parametrize(("concept", "code"), [("phq9", "depression-severe"), ("gad7", "anxiety-severe")])
def test_severe_scores_are_acknowledged_from_15(concept: str, code: str) -> None:
    assert code in codes(DIAZEPAM, fact(concept, "15"))
    assert code not in codes(DIAZEPAM, fact(concept, "14"))


def test_missing_and_old_measures_are_named() -> None:
    old = fact("phq9", "4", TODAY - timedelta(days=91))
    assert found(DIAZEPAM, facts(old))["baseline-measures-missing"].value == "Patient Health Questionnaire 9 item (PHQ-9) total score"


def test_an_undated_measure_is_not_fresh() -> None:
    assert (
        found(DIAZEPAM, facts(fact("gad7", "4", None)))["baseline-measures-missing"].value
        == "Generalized anxiety disorder 7 item (GAD-7) total score"
    )


def test_an_opioid_taper_asks_for_pain_or_peg() -> None:
    no_pain = replace(facts(), facts=tuple(one for one in facts().facts if one.concept != "peg"))
    assert "baseline-measures-missing" in found(OXYCODONE, no_pain)
    assert "baseline-measures-missing" not in found(DIAZEPAM, no_pain)


def test_a_chart_that_was_not_read_in_full_is_acknowledged() -> None:
    partly = regimen(item(DIAZEPAM_5, "4"), complete=False, issues=(Issue("warning", "incomplete", "page 2 failed", "Bundle"),))
    assert found(partly)["chart-incomplete"].value == "page 2 failed"
    assert found(DIAZEPAM, facts(not_read=("Condition",)))["chart-incomplete"].value == "Condition"


@pytest.mark.parametrize(("days_ago", "stale"), [(14, False), (15, True)])
def test_a_chart_of_more_than_two_weeks_is_stale(days_ago: int, stale: bool) -> None:
    old = replace(DIAZEPAM, as_of=TODAY - timedelta(days=days_ago))
    assert ("chart-stale" in found(old)) is stale


def test_an_unknown_medicine_is_never_not_an_opioid() -> None:
    unknown = RegimenItem("blue pills", "", DrugClass.UNKNOWN, ItemState.NOT_COMPUTABLE, ("m",), reason=Reason.UNKNOWN_MEDICATION)
    assert "blue pills" in found(regimen(item(DIAZEPAM_5, "4"), unknown))["medicine-not-identified"].message


def test_possible_duplicates_are_acknowledged() -> None:
    twice = item(DIAZEPAM_5, "4", possible_duplicate_of=("MedicationStatement/1",))
    assert "possible-duplicates" in codes(regimen(twice))


@pytest.mark.feature("F68")
def test_five_medicines_are_polypharmacy_and_four_are_not() -> None:
    others = tuple(other(name) for name in ("amlodipine", "metformin", "lisinopril"))
    assert "polypharmacy" in codes(regimen(item(DIAZEPAM_5, "4"), *others), fact("medicine:naloxone"))
    assert "polypharmacy" not in codes(regimen(item(DIAZEPAM_5, "4"), *others[:2]))


def pain(value: str, days_ago: int) -> Fact:
    return fact("pain", value, TODAY - timedelta(days=days_ago), source=f"Observation/{days_ago}")


@pytest.mark.parametrize(("earlier", "days_ago", "seen"), [("5", 28, True), ("6", 28, False), ("5", 27, False), ("5", 91, False)])
@pytest.mark.feature("F66")
def test_pain_that_rises_on_an_unreduced_opioid_is_to_be_considered(earlier: str, days_ago: int, seen: bool) -> None:
    since_long = regimen(item(OXYCODONE_5, "20", start=date(2024, 1, 1)))
    made = found(since_long, facts(pain(earlier, days_ago), pain("7", 0)))
    assert ("hyperalgesia-consider" in made) is seen


def test_pain_is_not_explained_by_an_opioid_that_changed_or_whose_start_is_not_known() -> None:
    for start in (date(2026, 1, 1), None):
        taken = regimen(item(OXYCODONE_5, "20", start=start))
        assert "hyperalgesia-consider" not in codes(taken, pain("3", 40), pain("8", 0))


def test_hyperalgesia_is_only_ever_information() -> None:
    since_long = regimen(item(OXYCODONE_5, "20", start=date(2024, 1, 1)))
    assert found(since_long, facts(pain("3", 40), pain("8", 0)))["hyperalgesia-consider"].severity is Severity.INFORMATION


@pytest.mark.parametrize(("days", "short"), [(3, True), (4, False)])
def test_an_opioid_of_three_days_may_need_no_taper(days: int, short: bool) -> None:
    first = TODAY - timedelta(days=days - 1)
    assert ("taper-not-indicated" in found(OXYCODONE, facts(first_use=(("oxycodone", first),)))) is short


def test_a_medicine_taken_only_as_needed_may_need_no_taper() -> None:
    assert "taper-not-indicated" in codes(regimen(item(DIAZEPAM_5, "0", max_mg=Decimal(10), as_needed=True)))


def test_nothing_to_taper_is_a_valid_result() -> None:
    assert codes(regimen(other("amlodipine"))) == {"taper-not-indicated"}
    assert "taper-not-indicated" not in codes(regimen(other("amlodipine"), complete=False))


def test_a_cross_over_is_stopped_by_severe_liver_disease_and_acknowledged_from_65() -> None:
    plan = diazepam_plan(strategy="substitution")
    assert "substitution-severe-hepatic-impairment" in found(DIAZEPAM, facts(fact("severe-hepatic-impairment")), plan)
    assert "substitution-severe-hepatic-impairment" not in found(DIAZEPAM, facts(fact("severe-hepatic-impairment")))
    assert "substitution-older-adult" in found(DIAZEPAM, facts(birth_date=date(1961, 1, 5)), plan)
    assert "substitution-older-adult" not in found(DIAZEPAM, facts(birth_date=date(1961, 1, 6)), plan)


def test_an_unclear_intake_stops_until_somebody_confirms_it() -> None:
    as_needed = regimen(item(OXYCODONE_5, "0", max_mg=Decimal(30), as_needed=True))
    assert "scheduled 0 mg a day, at most 30 mg a day" in found(as_needed, plan=oxycodone_plan())["baseline-not-confirmed"].message
    confirmed = oxycodone_plan(baseline=Baseline(Decimal(20), "Practitioner/dr-a", TODAY, "dispense history"))
    assert "baseline-not-confirmed" not in found(as_needed, plan=confirmed)


def test_a_baseline_above_what_is_ordered_is_acknowledged() -> None:
    confirmed = oxycodone_plan(baseline=Baseline(Decimal("20.5"), "Practitioner/dr-a", TODAY, "told"))
    assert found(OXYCODONE, plan=confirmed)["baseline-above-chart"].value == "20.5 mg a day, where the orders allow 20 mg a day"
    assert "baseline-above-chart" not in found(OXYCODONE, plan=oxycodone_plan())


def test_a_baseline_below_what_is_scheduled_is_acknowledged_as_the_cut_that_it_would_be() -> None:
    slipped = oxycodone_plan(baseline=Baseline(Decimal(2), "Practitioner/dr-a", TODAY, "told"))
    seen = found(OXYCODONE, plan=slipped)["baseline-below-chart"]
    assert seen.severity is Severity.ACKNOWLEDGE
    assert seen.value == "2 mg a day, 90 % less than the 20 mg a day that the orders schedule"
    as_needed = regimen(item(OXYCODONE_5, "0", max_mg=Decimal(30), as_needed=True))
    assert "baseline-below-chart" not in found(as_needed, plan=slipped)
    assert "baseline-below-chart" not in found(OXYCODONE, plan=oxycodone_plan())


def test_what_is_scheduled_counts_for_a_low_baseline_although_another_order_cannot_be_read() -> None:
    both = regimen(
        item(OXYCODONE_5, "20"),
        item(OXYCODONE_5, "0", scheduled_mg=None, max_mg=None, state=ItemState.NOT_COMPUTABLE, reason=Reason.NO_DOSE),
    )
    low = oxycodone_plan(baseline=Baseline(Decimal(15), "Practitioner/dr-a", TODAY, "told"))
    assert found(both, plan=low)["baseline-below-chart"].value.startswith("15 mg a day, 25 % less than the 20 mg a day")


def test_every_sign_that_a_row_names_exists() -> None:
    named = {one.sign for rule in TABLES.safety.finding_rules for one in (*rule.when, *rule.any_of, *rule.unless)}
    named |= {row.condition.sign for row in TABLES.safety.tier_rows}
    assert named == set(SIGNS)


def test_findings_are_shown_stops_first_and_name_rule_and_source() -> None:
    made = findings(None, BOTH, facts(fact("pregnancy"), fact("falls")), TABLES, TODAY)
    severities = [one.severity for one in made]
    assert severities[0] is Severity.STOP
    assert Severity.STOP not in severities[1:]
    assert made[0].rule == "findings.toml[pregnancy]"
    assert made[0].source.endswith("secondary")
