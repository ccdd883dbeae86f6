"""Totals and medicine groups as findings and tiers use them: the maximum that may be taken, at the cautious end of every range.

The totals themselves are `equivalence`'s; groups are ingredients.csv's. This module only chooses which end counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from fhir_taper.plans.medicines import equivalence
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import ZERO, Exact, add, larger, multiply
from fhir_taper.plans.medicines.products import Product, ProductCatalogue
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.medicines.totals import EquivalentLine, Total
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.plans.tables.rows import TableName
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from fhir_taper.plans.tapers.signs.case import ChartCase, DoseTotals
from fhir_taper.plans.tapers.signs.medicine_words import MEDICINE


@dataclass(frozen=True, slots=True)
class ConfirmedIntake:
    """What a person confirmed: so much of one ingredient a day, in mg, as `product`, whose form may decide the factor."""

    ingredient: str
    drug_class: DrugClass
    mg: Exact
    product: Product | None


def dose_totals(
    regimen: Regimen, medicines: equivalence.EquivalenceTables, mme_table: str = TableName.CDC_2022, benzo_table: str | None = None
) -> DoseTotals:
    """Maximum totals of a regimen; `benzo_table` None takes the cautious end over all tables. Raises WrongUsage for an unknown table."""
    return totals_of(equivalence.mme(regimen, medicines, mme_table), equivalence.diazepam_equivalent(regimen, medicines, benzo_table))


def totals_of(opioids: Total, sedatives: Total) -> DoseTotals:
    """The same from totals that were made already."""
    return DoseTotals(_known_maximum(opioids), opioids.max_at_least, _known_maximum(sedatives), sedatives.max_at_least)


def confirmed_totals(
    chart: DoseTotals, totals: tuple[Total, Total], intake: ConfirmedIntake, medicines: equivalence.EquivalenceTables, *, is_complete: bool
) -> DoseTotals:
    """The same where a person confirmed how much of one ingredient is taken: it counts wherever it is more than the chart's maximum.

    `totals` are those of the regimen, opioids first, by the tables that were chosen; `is_complete` is the regimen's. Of the confirmed
    ingredient nothing is unknown any more, unless no table has a factor for it.
    """
    if intake.ingredient in equivalence.NEVER_COUNTED or intake.drug_class not in (DrugClass.OPIOID, DrugClass.BENZODIAZEPINE):
        return chart
    opioids, sedatives = totals
    is_opioid = intake.drug_class is DrugClass.OPIOID
    total = opioids if is_opioid else sedatives
    factors = equivalence.factors_for(
        intake.ingredient, intake.drug_class, intake.product, medicines, opioids.table or TableName.CDC_2022, sedatives.table
    )
    own = [line for line in total.lines if line.item.ingredient == intake.ingredient]
    others = [line for line in total.lines if line.item.ingredient != intake.ingredient]
    confirmed = [multiply(intake.mg, factor.high) for factor in factors]
    amount = add(_known_sum(others), larger(_known_sum(own), *confirmed))
    at_least = (
        not (is_complete and factors)
        or any(line.max is None for line in others)
        or any(one.makes_at_least for one in total.left_out if one.item.ingredient != intake.ingredient)
    )
    known = None if at_least and not (factors or own or others) else amount
    if is_opioid:
        return replace(chart, mme=known, mme_at_least=at_least)
    return replace(chart, diazepam_mg=known, diazepam_at_least=at_least)


def _known_sum(lines: list[EquivalentLine]) -> Exact:
    """Equivalents of some items at their maximum (scheduled where that alone is known), at the cautious end."""
    return add(ZERO, *(span.cautious for line in lines if (span := line.max or line.scheduled) is not None))


def medicine_groups(regimen: Regimen, facts: ChartFacts, catalogue: ProductCatalogue) -> Mapping[str, tuple[str, ...]]:
    """What each ingredient of the regimen and of the chart's facts counts as; ingredients without a group are left out."""
    names = {item.ingredient for item in regimen.items}
    names |= {companion.ingredient for item in regimen.items if item.product is not None for companion in item.product.companions}
    names |= {concept.removeprefix(MEDICINE) for concept in facts.concepts if concept.startswith(MEDICINE)}
    known = {name: catalogue.ingredient_named(name) for name in names if name}
    return {name: ingredient.groups for name, ingredient in known.items() if ingredient is not None and ingredient.groups}


def chart_case(regimen: Regimen, facts: ChartFacts, medicines: MedicineTables, as_of: date, totals: DoseTotals | None = None) -> ChartCase:
    """The patient on a day as findings and the risk tier look at it; `totals` None: made here, with the defaults of `dose_totals`."""
    groups = medicine_groups(regimen, facts, medicines)
    names = {row.concept: row.display for row in reversed(medicines.concepts)}  # the first row of a concept names it
    return ChartCase(regimen, facts, as_of, totals or dose_totals(regimen, medicines), groups, names)


def _known_maximum(total: Total) -> Exact | None:
    """The cautious maximum; None where items are taken and none of them could be counted."""
    counted = any(line.max_amount is not None for line in total.lines)
    return None if total.max_at_least and not counted else total.max.cautious
