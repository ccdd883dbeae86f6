"""Totals by hand: amount × factor per item, what is left out, and how far a total can be trusted."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.equivalence import by_ingredient, diazepam_equivalent, factors_for, mme
from fhir_taper.plans.medicines.regimen import ItemState, Reason, Regimen, RegimenItem
from fhir_taper.plans.medicines.totals import Span, reaches
from fhir_taper.plans.tables.medicine_tables import load_medicines

TABLES = load_medicines()
OXYCODONE_5, OXYCODONE_ER_10, OXYCODONE_APAP_5 = "1049621", "1049502", "1049221"
FENTANYL_12, FENTANYL_25, FENTANYL_SPRAY = "577057", "245134", "1237050"
METHADONE_10, MORPHINE_SUPPOSITORY_10, PENTAZOCINE = "864706", "892516", "312289"
BUPRENORPHINE_SL_8, BUPRENORPHINE_PATCH_10 = "351265", "904870"
ALPRAZOLAM_1, LORAZEPAM_1, ESTAZOLAM_2, DIAZEPAM_5, MIDAZOLAM_15, ZOLPIDEM_10 = "197321", "197901", "197654", "197591", "248630", "854873"


def item(rxcui: str, scheduled: str | None, largest: str | None = None, **changes: object) -> RegimenItem:
    """Build a computed item of a product; the maximum is the scheduled amount unless it is given."""
    product = TABLES.product(rxcui)
    assert product is not None
    amounts = scheduled if largest is None else largest
    made = RegimenItem(
        drug=product.name,
        ingredient=product.ingredient,
        drug_class=product.drug_class,
        state=ItemState.COMPUTED,
        sources=(f"MedicationRequest/{rxcui}",),
        rxcui=rxcui,
        product=product,
        scheduled_mg=None if scheduled is None else Decimal(scheduled),
        max_mg=None if amounts is None else Decimal(amounts),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def unknown(state: ItemState = ItemState.NOT_COMPUTABLE) -> RegimenItem:
    return RegimenItem("a text", "", DrugClass.UNKNOWN, state, ("MedicationRequest/x",), reason=Reason.UNKNOWN_MEDICATION)


def regimen(*items: RegimenItem, complete: bool = True) -> Regimen:
    return Regimen("p1", date(2026, 1, 5), items, complete)


def one(span: Span) -> Exact:
    assert not span.is_range
    return span.cautious


def ends(span: Span) -> list[Fraction]:
    return [Fraction(span.low), Fraction(span.high)]


@pytest.mark.parametrize(
    ("rxcui", "mg", "expected"),
    [
        ("993781", "120", "18"),  # codeine 120 × 0.15
        ("857002", "20", "20"),  # hydrocodone 20 × 1
        ("897696", "8", "40"),  # hydromorphone 8 × 5
        ("864706", "30", "141"),  # methadone 30 × 4.7, flat
        ("864706", "100", "470"),  # methadone 100 × 4.7, still flat
        ("892582", "45", "45"),  # morphine 45 × 1
        ("1049621", "30", "45"),  # oxycodone 30 × 1.5
        ("977939", "10", "30"),  # oxymorphone 10 × 3
        ("825411", "100", "40"),  # tapentadol 100 × 0.4
        ("835603", "200", "40"),  # tramadol 200 × 0.2
        ("245134", "0.6", "60"),  # fentanyl 25 mcg/h × 2.4
        ("577057", "0.3", "30"),  # fentanyl 12.5 mcg/h × 2.4
        ("1603495", "0.9", "90"),  # fentanyl 37.5 mcg/h × 2.4
    ],
)
def test_each_opioid_of_the_cdc_2022_table_counts_by_its_factor(rxcui: str, mg: str, expected: str) -> None:
    total = mme(regimen(item(rxcui, mg)), TABLES)
    assert one(total.scheduled) == one(total.max) == Decimal(expected)
    assert not total.at_least
    assert not total.up_to


def test_a_patch_line_shows_its_rate() -> None:
    line = mme(regimen(item(FENTANYL_12, "0.3")), TABLES).lines[0]
    assert (line.scheduled_amount, line.per) == (Decimal("12.5"), "mcg/h")
    assert "12.5 mcg/h × 2.4 = 30" in str(line)


def test_scheduled_and_maximum_are_summed_apart() -> None:
    total = mme(regimen(item(OXYCODONE_ER_10, "20"), item(OXYCODONE_5, "0", "20")), TABLES)
    assert one(total.scheduled) == 30
    assert one(total.max) == 60


def test_an_item_finds_its_own_line() -> None:
    first, second = item(OXYCODONE_5, "10"), item(OXYCODONE_5, "20")
    total = mme(regimen(first, second), TABLES)
    line = total.line_of(second)
    assert line is not None
    assert line.scheduled is not None
    assert one(line.scheduled) == 30


def test_a_table_that_does_not_exist_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match="cdc-2022"):
        mme(regimen(), TABLES, "cdc-2030")
    with pytest.raises(WrongUsage, match="ashton-2002"):
        diazepam_equivalent(regimen(), TABLES, "cdc-2022")


@pytest.mark.parametrize(("rxcui", "mg"), [(BUPRENORPHINE_SL_8, "16"), (BUPRENORPHINE_PATCH_10, "0.24")])
def test_buprenorphine_is_listed_and_never_counted(rxcui: str, mg: str) -> None:
    total = mme(regimen(item(rxcui, mg)), TABLES)
    assert one(total.max) == 0
    assert [left.why for left in total.left_out] == ["never-counted"]
    assert not total.at_least


@pytest.mark.parametrize("rxcui", [PENTAZOCINE, MORPHINE_SUPPOSITORY_10, FENTANYL_SPRAY])
def test_without_a_factor_for_ingredient_and_route_an_opioid_is_left_out_and_the_total_is_at_least(rxcui: str) -> None:
    total = mme(regimen(item(rxcui, "30"), item(OXYCODONE_5, "10")), TABLES)
    assert one(total.max) == 15
    assert [left.why for left in total.left_out] == ["no-factor"]
    assert total.at_least


def test_an_item_without_a_product_counts_by_the_oral_factor_and_says_so() -> None:
    total = mme(regimen(item(OXYCODONE_5, "10", product=None)), TABLES)
    assert one(total.max) == 15
    assert total.lines[0].note == "route not stated: taken as oral"


def test_fentanyl_of_unknown_form_is_left_out() -> None:
    total = mme(regimen(item(FENTANYL_25, "0.6", product=None)), TABLES)
    assert one(total.max) == 0
    assert total.at_least


def test_an_item_that_could_not_be_computed_makes_only_its_own_class_at_least() -> None:
    refused = item(OXYCODONE_5, None, state=ItemState.NOT_COMPUTABLE, reason=Reason.NO_DOSE, how="no dose is stated")
    chart = regimen(refused)
    assert [(left.why, left.says) for left in mme(chart, TABLES).left_out] == [("no-dose", "no dose is stated")]
    assert mme(chart, TABLES).at_least
    assert not diazepam_equivalent(chart, TABLES, "va-dod-2021").at_least


def test_a_medicine_that_could_not_be_identified_makes_both_totals_at_least() -> None:
    chart = regimen(unknown())
    assert mme(chart, TABLES).at_least
    assert diazepam_equivalent(chart, TABLES, None).at_least


def test_an_unidentified_order_that_has_ended_opens_no_total() -> None:
    assert not mme(regimen(replace(unknown(ItemState.EXCLUDED), reason=Reason.ENDED)), TABLES).at_least


@pytest.mark.parametrize("reason", [Reason.PARENTERAL, Reason.DEPOT])
def test_injections_and_depots_are_named_and_make_the_total_at_least(reason: Reason) -> None:
    total = mme(regimen(item(OXYCODONE_5, None, state=ItemState.EXCLUDED, reason=reason)), TABLES)
    assert [left.why for left in total.left_out] == [str(reason)]
    assert total.at_least


def test_a_rescue_product_is_named_and_opens_nothing() -> None:
    total = diazepam_equivalent(regimen(item("801961", None, state=ItemState.EXCLUDED, reason=Reason.RESCUE)), TABLES, "va-dod-2021")
    assert [left.why for left in total.left_out] == ["rescue"]
    assert not total.at_least


@pytest.mark.parametrize("reason", [Reason.NOT_ACTIVE, Reason.ENDED, Reason.FUTURE, Reason.ENTERED_IN_ERROR])
def test_what_is_not_taken_today_is_in_no_total_and_beside_none(reason: Reason) -> None:
    total = mme(regimen(item(OXYCODONE_5, None, state=ItemState.EXCLUDED, reason=reason)), TABLES)
    assert total.left_out == ()
    assert not total.at_least


def test_an_incomplete_chart_makes_every_total_at_least() -> None:
    chart = regimen(item(OXYCODONE_5, "10"), complete=False)
    assert mme(chart, TABLES).at_least
    assert diazepam_equivalent(chart, TABLES, "who-2009").at_least
    assert by_ingredient(chart)[0].at_least


def test_possible_duplicates_make_the_total_up_to() -> None:
    total = mme(regimen(item(OXYCODONE_5, "10", possible_duplicate_of=("MedicationStatement/2",))), TABLES)
    assert total.up_to
    assert not total.at_least


def test_an_unknown_maximum_counts_what_is_scheduled_and_says_at_least() -> None:
    bare = item(OXYCODONE_5, "0", max_mg=None, max_reason=Reason.UNKNOWN_MAXIMUM)
    total = mme(regimen(bare, item(OXYCODONE_ER_10, "20")), TABLES)
    assert one(total.scheduled) == one(total.max) == 30
    assert (total.scheduled_at_least, total.max_at_least) == (False, True)


def test_an_upper_bound_alone_leaves_the_scheduled_total_at_least() -> None:
    total = mme(regimen(item(OXYCODONE_5, None, "20")), TABLES)
    assert one(total.scheduled) == 0
    assert one(total.max) == 30
    assert (total.scheduled_at_least, total.max_at_least) == (True, False)


def test_thresholds_are_compared_before_rounding() -> None:
    just_under = Fraction(50) - Fraction(1, 10**9)
    assert reaches(Decimal(50), 50)
    assert not reaches(just_under, 50)
    third = item(OXYCODONE_5, "0", scheduled_mg=Fraction(100, 3), max_mg=Fraction(100, 3))
    total = mme(regimen(third), TABLES)
    assert reaches(total.max.cautious, 50)


def test_benzodiazepines_by_a_named_table() -> None:
    total = diazepam_equivalent(regimen(item(ALPRAZOLAM_1, "2"), item(LORAZEPAM_1, "3")), TABLES, "va-dod-2021")
    assert one(total.scheduled) == 35  # 2 × 10/1 + 3 × 10/2
    assert total.tables == ("va-dod-2021",)


def test_a_factor_that_does_not_terminate_stays_exact() -> None:
    total = diazepam_equivalent(regimen(item("198241", "15")), TABLES, "va-dod-2021")  # temazepam: 15 mg = 10 mg
    assert one(total.scheduled) == 10
    oxazepam = diazepam_equivalent(regimen(item("198057", "10")), TABLES, "va-dod-2021")  # 10 × 10/30
    assert one(oxazepam.scheduled) == Fraction(10, 3)


def test_without_a_table_the_answer_is_the_range_over_the_tables_that_have_the_ingredient() -> None:
    total = diazepam_equivalent(regimen(item(ALPRAZOLAM_1, "2")), TABLES, None)
    assert ends(total.scheduled) == [20, 40]  # 1 mg and 0.5 mg equal 10 mg
    assert total.table is None
    assert total.tables == ("ashton-2002", "va-dod-2021", "who-2009", "handbook")
    assert total.scheduled.cautious == 40


def test_a_range_within_one_source_keeps_both_ends() -> None:
    total = diazepam_equivalent(regimen(item(ESTAZOLAM_2, "2")), TABLES, "ashton-2002")  # 1 to 2 mg equal 10 mg
    assert ends(total.scheduled) == [10, 20]


def test_ranges_of_several_benzodiazepines_add_end_to_end() -> None:
    total = diazepam_equivalent(regimen(item(ALPRAZOLAM_1, "1"), item(DIAZEPAM_5, "5")), TABLES, None)
    assert ends(total.scheduled) == [15, 25]


def test_a_benzodiazepine_that_the_table_does_not_have_is_left_out_and_said() -> None:
    total = diazepam_equivalent(regimen(item(MIDAZOLAM_15, "15")), TABLES, None)
    assert [left.says for left in total.left_out] == ["no diazepam equivalent for midazolam"]
    assert total.at_least


def test_z_drugs_are_in_no_total() -> None:
    chart = regimen(item(ZOLPIDEM_10, "10"))
    for total in (mme(chart, TABLES), diazepam_equivalent(chart, TABLES, None)):
        assert (total.lines, total.left_out, total.at_least) == ((), (), False)


def test_an_empty_regimen_is_zero_and_complete() -> None:
    total = mme(regimen(), TABLES)
    assert one(total.scheduled) == one(total.max) == 0
    assert (total.at_least, total.table) == (False, "cdc-2022")


def test_digits_as_read_survive_a_factor_of_one() -> None:
    line = mme(regimen(item("892582", "7.50")), TABLES).lines[0]
    assert str(line.scheduled_amount) == "7.50"


def test_factors_of_a_plan_are_per_mg_of_a_day() -> None:
    patch = TABLES.product(FENTANYL_25)
    found = factors_for("fentanyl", DrugClass.OPIOID, patch, TABLES, "cdc-2022", None)
    assert [(str(factor.low), str(factor.high), factor.measure) for factor in found] == [("100", "100", "mme")]  # 2.4 × 1000 / 24
    range_of = factors_for("lorazepam", DrugClass.BENZODIAZEPINE, TABLES.product(LORAZEPAM_1), TABLES, "cdc-2022", None)
    assert [(str(factor.low), str(factor.high), factor.measure) for factor in range_of] == [("5", "10", "diazepam_mg")]


@pytest.mark.parametrize(
    ("ingredient", "drug_class"),
    [
        ("zolpidem", DrugClass.Z_DRUG),
        ("buprenorphine", DrugClass.OPIOID),
        ("butorphanol", DrugClass.OPIOID),
        ("midazolam", DrugClass.BENZODIAZEPINE),
    ],
)
def test_a_plan_without_a_factor_has_none(ingredient: str, drug_class: DrugClass) -> None:
    assert factors_for(ingredient, drug_class, None, TABLES, "cdc-2022", None) == ()


def test_companions_of_combination_products_are_totalled_by_name() -> None:
    totals = {total.ingredient: total for total in by_ingredient(regimen(item(OXYCODONE_APAP_5, "20"), item("857002", "20", "30")))}
    assert totals["acetaminophen"].scheduled_mg == 2600  # 4 × 325 + 4 × 325
    assert totals["acetaminophen"].max_mg == 3250  # 4 × 325 + 6 × 325
    assert totals["oxycodone"].scheduled_mg == 20


def test_two_products_of_one_ingredient_add() -> None:
    totals = by_ingredient(regimen(item("197900", "0.5"), item(LORAZEPAM_1, "1")))
    assert [(total.ingredient, total.scheduled_mg, total.max_mg) for total in totals] == [("lorazepam", Decimal("1.5"), Decimal("1.5"))]


def test_an_ingredient_without_a_known_amount_has_none_and_is_never_zero() -> None:
    refused = item(OXYCODONE_5, None, state=ItemState.NOT_COMPUTABLE, reason=Reason.NO_DOSE)
    (total,) = by_ingredient(regimen(refused))
    assert (total.scheduled_mg, total.max_mg, total.at_least) == (None, None, True)


def test_a_medicine_of_another_class_that_is_not_computed_has_no_total() -> None:
    other = RegimenItem("metformin", "metformin", DrugClass.OTHER, ItemState.COMPUTED, ("MedicationRequest/o",))
    assert by_ingredient(regimen(other)) == ()
