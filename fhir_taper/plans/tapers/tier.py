"""The risk tier of a taper: the highest of its factors, and what each factor saw. Rows and meanings: tables/tiers.csv.

Holds no number. Every factor answers, also with "nothing on record": what is not known is said, and takes the cautious side where the
design says so (duration unknown counts as a year or longer, age unknown as old, a range of equivalents by its larger end, an unknown
dose as high).
"""

from collections.abc import Iterable

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.tables.safety_tables import TIERS, SafetyTables, TierRow
from fhir_taper.plans.tapers.plan import Tier, TierFactor
from fhir_taper.plans.tapers.signs import look
from fhir_taper.plans.tapers.signs.case import Case, ChartCase
from fhir_taper.plans.tapers.use import UNKNOWN_COUNTS_AS

_NOT_COUNTED = "something could not be counted, and an unknown dose counts as high"
_RANK = {Tier.LOW: 0, Tier.STANDARD: 1, Tier.HIGH: 2}


def risk_tier(
    chart: ChartCase,
    ingredient: str,
    drug_class: DrugClass,
    tables: SafetyTables,
    *,
    use: str | None = None,
    failed_tapers: int | None = None,
    confirmed_mg: Exact | None = None,
) -> tuple[Tier, tuple[TierFactor, ...]]:
    """The tier and one factor per kind of risk, in the order of the table.

    `use` is "<1m" | "1m-1y" | ">=1y", None where neither anybody nor the chart says: then a year or longer. `confirmed_mg` is what a person
    confirmed to be taken a day (the chart's totals then hold it too: `confirmed_totals`), None where nobody had to.
    """
    subject, classes = frozenset({ingredient}), frozenset({drug_class})
    case = Case(chart, subject, classes, use=use or UNKNOWN_COUNTS_AS, failed_tapers=failed_tapers, confirmed_mg=confirmed_mg)
    rows = [row for row in tables.tier_rows if not row.classes or row.classes & case.classes]
    names = dict.fromkeys(row.factor for row in tables.tier_rows)
    factors = tuple(_factor(name, [row for row in rows if row.factor == name], case, is_use_known=use is not None) for name in names)
    return highest(factor.tier for factor in factors), factors


def highest(tiers: Iterable[Tier]) -> Tier:
    """The highest of the tiers; low where there are none."""
    return max(tiers, key=_RANK.__getitem__, default=Tier.LOW)


def _factor(name: str, rows: list[TierRow], case: Case, *, is_use_known: bool) -> TierFactor:
    hits = [(row, seen) for row in rows if (seen := look(case, row.condition)) is not None]
    if not hits:
        return _silent(name, case)
    row, seen = max(hits, key=lambda hit: _RANK[Tier(hit[0].tier)])
    tier = Tier(row.tier)
    says = f"{row.says} ({seen.says})" if seen.says else row.says
    if name == "duration" and not is_use_known:
        says = f"duration of use is not known and counts as {UNKNOWN_COUNTS_AS}"
    if name == "dose" and tier is not Tier.HIGH and any(at_least for _, at_least in _equivalents(case)):
        tier, says = Tier.HIGH, f"{says}: {_NOT_COUNTED}"
    return TierFactor(name, tier, says, f"{TIERS}: {row.source}")


def _silent(name: str, case: Case) -> TierFactor:
    """A factor without a hit: what was looked at, or why it could not be."""
    source = f"{TIERS}: no row applies"
    if name == "dose":
        return _quiet_dose(case, source)
    if name == "duration":
        return TierFactor(name, Tier.LOW, f"use {case.use}", source)
    if name == "failed tapers":
        says = "earlier tapers are not known" if case.failed_tapers is None else "no earlier taper that did not succeed"
        return TierFactor(name, Tier.LOW, says, source)
    if name == "age":
        return TierFactor(name, Tier.LOW, f"{case.facts.age_on(case.as_of)} years old", source)
    return TierFactor(name, Tier.LOW, "nothing on record", source)


def _equivalents(case: Case) -> list[tuple[Exact | None, bool]]:
    """Totals of the classes that are tapered, and whether they leave something out."""
    by_class = {
        DrugClass.OPIOID: (case.totals.mme, case.totals.mme_at_least),
        DrugClass.BENZODIAZEPINE: (case.totals.diazepam_mg, case.totals.diazepam_at_least),
    }
    return [by_class[drug_class] for drug_class in case.classes if drug_class in by_class]


def _quiet_dose(case: Case, source: str) -> TierFactor:
    """A dose below every threshold; an unknown one is high, and so is a total that leaves something out."""
    known = _equivalents(case)
    if any(amount is None for amount, _ in known):
        return TierFactor("dose", Tier.HIGH, "the equivalent of the dose is not known and counts as high", source)
    if any(at_least for _, at_least in known):
        return TierFactor("dose", Tier.HIGH, f"below the thresholds as far as it is known: {_NOT_COUNTED}", source)
    if not known:
        return _quiet_z_drug(case, source)
    return TierFactor("dose", Tier.LOW, "below the thresholds", source)


def _quiet_z_drug(case: Case, source: str) -> TierFactor:
    """A medicine without equivalent: by its own mg, which must be known."""
    items = case.subject_items()
    if case.confirmed_mg is None and (not items or any(item.max_mg is None and item.scheduled_mg is None for item in items)):
        return TierFactor("dose", Tier.HIGH, "the dose is not known and counts as high", source)
    return TierFactor("dose", Tier.LOW, "at most the largest labelled dose", source)
