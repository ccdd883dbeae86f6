"""Totals and medicine groups as findings and tiers use them: the maximum that may be taken, at the cautious end of every range.

The totals themselves are `equivalence`'s; groups are ingredients.csv's. This module only chooses which end counts.
"""

from collections.abc import Mapping
from datetime import date

from fhir_taper.plans.medicines import equivalence
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.medicines.totals import Total
from fhir_taper.plans.tables.medicine_tables import MedicineTables
from fhir_taper.plans.tables.rows import TableName
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from fhir_taper.plans.tapers.signs.case import ChartCase, DoseTotals
from fhir_taper.plans.tapers.signs.medicine_words import MEDICINE


def dose_totals(
    regimen: Regimen, medicines: equivalence.EquivalenceTables, mme_table: str = TableName.CDC_2022, benzo_table: str | None = None
) -> DoseTotals:
    """Maximum totals of a regimen; `benzo_table` None takes the cautious end over all tables. Raises WrongUsage for an unknown table."""
    return totals_of(equivalence.mme(regimen, medicines, mme_table), equivalence.diazepam_equivalent(regimen, medicines, benzo_table))


def totals_of(opioids: Total, sedatives: Total) -> DoseTotals:
    """The same from totals that were made already."""
    return DoseTotals(_known_maximum(opioids), opioids.max_at_least, _known_maximum(sedatives), sedatives.max_at_least)


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
