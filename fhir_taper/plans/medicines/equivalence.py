"""What a regimen equals: daily morphine milligram equivalents (MME), diazepam equivalents, and mg per ingredient.

Factors come from tables/mme_factors.csv and tables/diazepam_equivalents.csv; this module holds no factor. MME is for awareness of risk,
never for changing one opioid into another (CDC Clinical Practice Guideline 2022). Each total shows one line per item and names what was
left out and why; what could not be read makes it "at least", possible duplicates make it "up to". Nothing is rounded here, so thresholds
are compared before rounding. Benzodiazepine tables differ by up to two times: without a chosen table the answer is the range over the
tables that have the ingredient, and its cautious end (the larger equivalent) is what tiers and findings use. Z-drugs are in no total.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.dose import Exact, add, as_exact, divide, mcg_per_hour, multiply
from fhir_taper.plans.medicines.products import Product, Source
from fhir_taper.plans.medicines.regimen import MAKES_TOTAL_AT_LEAST, ItemState, Reason, Regimen, RegimenItem
from fhir_taper.plans.medicines.totals import NOTHING, EquivalentLine, IngredientTotal, LeftOut, Span, Total
from fhir_taper.plans.tables.rows import DiazepamEquivalent, MmeFactor
from fhir_taper.plans.tapers.plan import EquivalentFactor

MME, DIAZEPAM_MG = "mme", "diazepam_mg"
NEVER_COUNTED = frozenset({"buprenorphine"})  # a partial agonist: no MME factor (CDC 2022), always listed beside the total
NAMED_WHEN_EXCLUDED = MAKES_TOTAL_AT_LEAST | {Reason.RESCUE, Reason.PROCEDURAL, Reason.SINGLE_DOSE}
REFERENCE_MG = Decimal(10)  # the diazepam tables are "mg equal to 10 mg of oral diazepam"


class EquivalenceTables(Protocol):
    """What equivalence asks of the medicine tables."""

    def mme_table(self, table: str) -> tuple[MmeFactor, ...]:
        """All factors of one named opioid table; WrongUsage for another name."""

    def benzo_table(self, table: str | None) -> tuple[DiazepamEquivalent, ...]:
        """All rows of one named benzodiazepine table, of all tables for None; WrongUsage for another name."""


def mme(regimen: Regimen, medicines: EquivalenceTables, table: str = "cdc-2022") -> Total:
    """Morphine milligram equivalents per day of all opioids, by one named table. Raises WrongUsage for a table that does not exist."""
    factors = medicines.mme_table(table)
    entries = [_mme_entry(item, factors) for item in regimen.items if _belongs(item, DrugClass.OPIOID)]
    return _total(MME, table, regimen, entries)


def diazepam_equivalent(regimen: Regimen, medicines: EquivalenceTables, table: str | None) -> Total:
    """mg of oral diazepam per day that all benzodiazepines equal, by one table, or as the range over all for None. Raises WrongUsage."""
    rows = medicines.benzo_table(table)
    entries = [_diazepam_entry(item, rows) for item in regimen.items if _belongs(item, DrugClass.BENZODIAZEPINE)]
    return _total(DIAZEPAM_MG, table, regimen, entries)


def factors_for(
    ingredient: str, drug_class: DrugClass, product: Product | None, medicines: EquivalenceTables, mme_table: str, benzo_table: str | None
) -> tuple[EquivalentFactor, ...]:
    """The equivalent per mg per day of one ingredient in this product, for a plan; () for z-drugs, buprenorphine and what has no factor."""
    if drug_class is DrugClass.OPIOID and ingredient not in NEVER_COUNTED:
        factor, _ = _mme_factor(ingredient, product, medicines.mme_table(mme_table))
        if factor is None:
            return ()
        per_mg = as_exact(multiply(factor.factor, mcg_per_hour(Decimal(1)))) if factor.per == "mcg/h" else factor.factor
        return (EquivalentFactor(ingredient, mme_table, per_mg, per_mg, MME, str(factor.source)),)
    if drug_class is DrugClass.BENZODIAZEPINE:
        rows = _equivalents_of(ingredient, product, medicines.benzo_table(benzo_table))
        if not rows:
            return ()
        span = _per_mg(rows)
        return (EquivalentFactor(ingredient, ", ".join(row.table for row in rows), span.low, span.high, DIAZEPAM_MG, _sources(rows)),)
    return ()


def by_ingredient(regimen: Regimen) -> tuple[IngredientTotal, ...]:
    """mg per day of each ingredient that is taken, companions of combination products included, in the order of the regimen."""
    parts: dict[str, list[tuple[Exact | None, Exact | None, RegimenItem]]] = {}
    for item in regimen.items:
        if item.state is ItemState.EXCLUDED and item.reason not in MAKES_TOTAL_AT_LEAST:
            continue
        known = item.state is ItemState.COMPUTED
        scheduled, largest = (item.scheduled_mg, item.max_mg) if known else (None, None)
        for ingredient, per_mg in _contents(item):
            amounts = tuple(None if amount is None else multiply(amount, per_mg) for amount in (scheduled, largest))
            parts.setdefault(ingredient, []).append((amounts[0], amounts[1], item))
    return tuple(_ingredient_total(ingredient, found, regimen.complete) for ingredient, found in parts.items() if _is_worth_a_total(found))


def _is_worth_a_total(parts: list[tuple[Exact | None, Exact | None, RegimenItem]]) -> bool:
    """Something is known of it, or it is of a class whose doses we compute: other medicines are not computed and would only be noise."""
    return any(item.drug_class in TAPERED_CLASSES or (scheduled, largest) != (None, None) for scheduled, largest, item in parts)


def _contents(item: RegimenItem) -> Iterable[tuple[str, Exact]]:
    """The item's ingredients, each with its mg per mg of the controlled ingredient."""
    yield item.ingredient, Decimal(1)
    if item.product is not None:
        for companion in item.product.companions:
            yield companion.ingredient, divide(companion.mg, item.product.mg)


def _ingredient_total(ingredient: str, parts: list[tuple[Exact | None, Exact | None, RegimenItem]], complete: bool) -> IngredientTotal:
    scheduled = [amount for amount, _, _ in parts if amount is not None]
    largest = [amount for _, amount, _ in parts if amount is not None]
    return IngredientTotal(
        ingredient,
        as_exact(add(*scheduled)) if scheduled else None,
        as_exact(add(*largest)) if largest else None,
        at_least=not complete or len(scheduled) < len(parts) or len(largest) < len(parts),
        up_to=any(item.possible_duplicate_of for _, _, item in parts),
    )


def _belongs(item: RegimenItem, drug_class: DrugClass) -> bool:
    """In the total or beside it: of the class, or not identified (which is never "not of the class"), and taken today."""
    if item.drug_class not in (drug_class, DrugClass.UNKNOWN):
        return False
    return item.state is not ItemState.EXCLUDED or item.reason in NAMED_WHEN_EXCLUDED


def _not_counted(item: RegimenItem) -> LeftOut | None:
    """Why an item has no amount to count, or None."""
    if item.state is ItemState.EXCLUDED:
        return LeftOut(item, str(item.reason), f"excluded: {item.reason}", item.reason in MAKES_TOTAL_AT_LEAST)
    if item.state is ItemState.NOT_COMPUTABLE or item.drug_class is DrugClass.UNKNOWN:
        reason = item.reason or Reason.UNKNOWN_MEDICATION
        return LeftOut(item, str(reason), item.how or f"not computable: {reason}", makes_at_least=True)
    return None


def _mme_entry(item: RegimenItem, factors: Iterable[MmeFactor]) -> EquivalentLine | LeftOut:
    if left_out := _not_counted(item):
        return left_out
    if item.ingredient in NEVER_COUNTED:
        return LeftOut(item, "never-counted", f"{item.ingredient} is never counted in MME", makes_at_least=False)
    factor, note = _mme_factor(item.ingredient, item.product, factors)
    if factor is None:
        return LeftOut(item, "no-factor", note, makes_at_least=_may_be_taken(item))
    scheduled, largest = item.scheduled_mg, item.max_mg
    if factor.per == "mcg/h":
        scheduled, largest = _rate(scheduled), _rate(largest)
    span = Span(factor.factor, factor.factor)
    return EquivalentLine(item, (factor.table,), factor.per, span, scheduled, largest, str(factor.source), note)


def _mme_factor(ingredient: str, product: Product | None, factors: Iterable[MmeFactor]) -> tuple[MmeFactor | None, str]:
    """The factor for this ingredient by this route, with a note; None with the reason."""
    of_ingredient = {factor.route_form: factor for factor in factors if factor.ingredient == ingredient}
    if product is None:
        factor = of_ingredient.get("oral")
        return (factor, "route not stated: taken as oral") if factor else (None, f"no factor for {ingredient} of unknown form")
    factor = of_ingredient.get(product.route)
    return (factor, "") if factor else (None, f"no factor for {product.route} {ingredient}")


def _rate(mg_per_day: Exact | None) -> Exact | None:
    """mcg/h of patches worn, from mg per 24 h worn."""
    return None if mg_per_day is None else mcg_per_hour(mg_per_day)


def _diazepam_entry(item: RegimenItem, rows: Iterable[DiazepamEquivalent]) -> EquivalentLine | LeftOut:
    if left_out := _not_counted(item):
        return left_out
    found = _equivalents_of(item.ingredient, item.product, rows)
    if not found:
        return LeftOut(item, "no-factor", f"no diazepam equivalent for {item.ingredient}", makes_at_least=_may_be_taken(item))
    tables = tuple(row.table for row in found)
    return EquivalentLine(item, tables, "mg/d", _per_mg(found), item.scheduled_mg, item.max_mg, _sources(found))


def _equivalents_of(ingredient: str, product: Product | None, rows: Iterable[DiazepamEquivalent]) -> tuple[DiazepamEquivalent, ...]:
    """The rows of an oral benzodiazepine; the tables say nothing of other routes."""
    if product is not None and product.route != "oral":
        return ()
    return tuple(row for row in rows if row.ingredient == ingredient)


def _per_mg(rows: Iterable[DiazepamEquivalent]) -> Span:
    """mg diazepam per mg, over all rows: the highest mg of a row is the smallest equivalent."""
    lows, highs = zip(*((row.mg_low, row.mg_high) for row in rows), strict=True)
    return Span(divide(REFERENCE_MG, max(highs)), divide(REFERENCE_MG, min(lows)))


def _may_be_taken(item: RegimenItem) -> bool:
    """False only for an item whose scheduled and maximum amounts are both known to be zero."""
    return not (item.scheduled_mg == 0 and item.max_mg == 0)


def _total(measure: str, table: str | None, regimen: Regimen, entries: Iterable[EquivalentLine | LeftOut]) -> Total:
    found = tuple(entries)
    lines = tuple(entry for entry in found if isinstance(entry, EquivalentLine))
    left_out = tuple(entry for entry in found if isinstance(entry, LeftOut))
    something_missing = not regimen.complete or any(entry.makes_at_least for entry in left_out)
    return Total(
        measure,
        table,
        tuple(dict.fromkeys(name for line in lines for name in line.tables)) or ((table,) if table else ()),
        _sum(line.scheduled for line in lines),
        _sum(line.max or line.scheduled for line in lines),
        lines,
        left_out,
        scheduled_at_least=something_missing or any(line.scheduled is None for line in lines),
        max_at_least=something_missing or any(line.max is None for line in lines),
        up_to=any(line.item.possible_duplicate_of for line in lines),
    )


def _sum(spans: Iterable[Span | None]) -> Span:
    known = [NOTHING, *(span for span in spans if span is not None)]
    return Span(as_exact(add(*(span.low for span in known))), as_exact(add(*(span.high for span in known))))


def _sources(rows: Iterable[DiazepamEquivalent]) -> str:
    sources: tuple[Source, ...] = tuple(dict.fromkeys(row.source for row in rows))
    return "; ".join(str(source) for source in sources)
