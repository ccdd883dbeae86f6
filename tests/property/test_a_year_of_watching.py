"""A year of daily data, day by day: stable patients are left in peace, and what gets worse is found in time."""

import pytest

from fhir_taper.plans.medicines.codes import DrugClass
from tests.property.generated_patients import DETERIORATIONS, Deterioration, Patient, patients, year_of_tapering
from tests.property.watched_year import burden, found_after, told_in_a_year

MOST_PER_MONTH = 0.5
STABLE = 4


@pytest.mark.parametrize("drug_class", [DrugClass.BENZODIAZEPINE, DrugClass.OPIOID])
def test_a_stable_patient_is_left_in_peace(drug_class: DrugClass) -> None:
    per_month, rules = burden(told_in_a_year(patient) for patient in patients(STABLE, drug_class))
    assert per_month <= MOST_PER_MONTH, rules.most_common()


@pytest.mark.parametrize("worse", DETERIORATIONS, ids=lambda worse: worse.name.replace(" ", "-"))
def test_what_gets_worse_is_found_in_time(worse: Deterioration) -> None:
    patient = Patient(7, year_of_tapering(), worse)
    days = found_after(patient, told_in_a_year(patient))
    assert days is not None
    assert days <= worse.found_within


def test_the_same_year_is_told_the_same_way() -> None:
    patient = Patient(3, year_of_tapering())
    assert told_in_a_year(patient) == told_in_a_year(Patient(3, year_of_tapering()))
