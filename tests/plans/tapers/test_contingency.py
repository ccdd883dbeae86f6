"""What a plan says for when things go wrong: the rows of its class and tier, and a clinician's words beside them."""

from dataclasses import replace

import pytest

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.contingency import advice_for, has_words, worded
from fhir_taper.plans.tapers.plan import PlanState, Tier
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from tests.plans.tapers.made_plans import START, active, decided, diazepam_plan, with_advice

ROWS = load().safety.advice


def ids(drug_class: DrugClass, tier: Tier | None = Tier.STANDARD) -> set[str]:
    return {one.id for one in advice_for(ROWS, drug_class, tier)}


def test_an_opioid_taper_speaks_of_naloxone_and_lost_tolerance_and_a_sedative_taper_of_seizures() -> None:
    opioid, sedative = ids(DrugClass.OPIOID), ids(DrugClass.BENZODIAZEPINE)
    assert {"overdose-opioid", "lost-tolerance", "comfort-opioid"} <= opioid
    assert {"severe-withdrawal-sedative", "overdose-sedative"} <= sedative
    assert not {"overdose-opioid", "lost-tolerance"} & sedative
    assert "severe-withdrawal-sedative" not in opioid
    naloxone = next(row for row in ROWS if row.id == "overdose-opioid")
    assert "naloxone" in naloxone.what


@pytest.mark.parametrize("drug_class", [DrugClass.OPIOID, DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG])
def test_every_taper_says_what_to_do_when_a_dose_is_missed_in_illness_in_hospital_and_in_pregnancy(drug_class: DrugClass) -> None:
    assert {"missed-dose", "illness", "hospital", "pregnancy", "withdrawal-symptoms", "supply", "suicidal-thoughts"} <= ids(drug_class)


def test_rows_of_a_tier_are_for_plans_of_that_tier_and_for_those_that_nobody_judged() -> None:
    assert "high-tier-check-ins" not in ids(DrugClass.OPIOID, Tier.LOW)
    assert "high-tier-check-ins" in ids(DrugClass.OPIOID, Tier.HIGH)
    assert "high-tier-check-ins" in ids(DrugClass.OPIOID, None)


def test_advice_comes_with_its_source_and_goes_through_the_plans_document() -> None:
    plan = with_advice(diazepam_plan())
    assert all(one.source.name and one.source.year for one in plan.contingency.advice)
    assert from_document(to_document(plan)) == plan


def test_a_clinicians_words_stand_beside_the_advice_and_under_their_name() -> None:
    plan = with_advice(diazepam_plan())
    said = worded(plan, decided(START), "call first", "warm baths", ("clinic 555-0100",))
    assert said.contingency.advice == plan.contingency.advice
    assert (said.contingency.said_by, said.contingency.said_on) == (decided(START).by, START)
    assert (said.version, has_words(said.contingency), has_words(plan.contingency)) == (plan.version, True, False)
    assert with_advice(said) == said


def test_words_for_a_running_plan_make_a_version_that_changes_no_dose() -> None:
    plan = active(diazepam_plan())
    said = worded(plan, decided(START), "", "warm baths", ())
    assert (said.version, said.replaces, said.revisions[-1].kind) == (plan.version + 1, plan.id, "contingency")
    assert (said.steps, said.state) == (plan.steps, PlanState.ACTIVE)


def test_a_plan_that_ended_is_not_worded_anew() -> None:
    with pytest.raises(NotAllowed, match="revoked"):
        worded(replace(diazepam_plan(), state=PlanState.REVOKED), decided(START), "", "", ())
