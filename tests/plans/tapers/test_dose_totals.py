"""Equivalents that tiers and findings go by, where a person confirmed how much is taken."""

from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.equivalence import diazepam_equivalent, mme
from fhir_taper.plans.medicines.regimen import ItemState, Reason, Regimen
from fhir_taper.plans.tapers.dose_totals import ConfirmedIntake, confirmed_totals, totals_of
from fhir_taper.plans.tapers.signs.case import DoseTotals
from tests.plans.tapers.made_charts import DIAZEPAM_5, LORAZEPAM_1, OXYCODONE_5, TABLES, item, regimen

UNKNOWN = item(OXYCODONE_5, "1", state=ItemState.NOT_COMPUTABLE, scheduled_mg=None, max_mg=None, reason=Reason.NO_DOSE)


def with_confirmed(taken: Regimen, ingredient: str, drug_class: DrugClass, mg: str) -> DoseTotals:
    totals = mme(taken, TABLES.medicines), diazepam_equivalent(taken, TABLES.medicines, "va-dod-2021")
    intake = ConfirmedIntake(ingredient, drug_class, Decimal(mg), None)
    return confirmed_totals(totals_of(*totals), totals, intake, TABLES.medicines, is_complete=taken.complete)


def test_what_a_person_confirmed_counts_where_no_order_says_so() -> None:
    totals = with_confirmed(regimen(), "diazepam", DrugClass.BENZODIAZEPINE, "80")

    assert (totals.diazepam_mg, totals.diazepam_at_least, totals.mme) == (Decimal(80), False, Decimal(0))


def test_what_a_person_confirmed_counts_where_it_is_more_than_the_orders_allow() -> None:
    taken = regimen(item(OXYCODONE_5, "10"))

    assert with_confirmed(taken, "oxycodone", DrugClass.OPIOID, "60").mme == 90
    assert with_confirmed(taken, "oxycodone", DrugClass.OPIOID, "5").mme == 15


def test_other_medicines_of_the_class_are_taken_beside_it() -> None:
    taken = regimen(item(DIAZEPAM_5, "10"), item(LORAZEPAM_1, "1"))

    assert with_confirmed(taken, "diazepam", DrugClass.BENZODIAZEPINE, "40").diazepam_mg == 45


def test_a_confirmed_intake_leaves_nothing_of_its_own_unknown() -> None:
    own, other = regimen(UNKNOWN), regimen(UNKNOWN, item(DIAZEPAM_5, "10"))

    assert with_confirmed(own, "oxycodone", DrugClass.OPIOID, "10").mme_at_least is False
    assert with_confirmed(other, "morphine", DrugClass.OPIOID, "10") == DoseTotals(Decimal(10), mme_at_least=True, diazepam_mg=Decimal(10))


def test_a_confirmed_intake_without_a_factor_is_not_known() -> None:
    totals = with_confirmed(regimen(), "meperidine", DrugClass.OPIOID, "100")

    assert (totals.mme, totals.mme_at_least) == (None, True)


def test_buprenorphine_is_in_no_total() -> None:
    assert with_confirmed(regimen(), "buprenorphine", DrugClass.OPIOID, "8").mme == 0
