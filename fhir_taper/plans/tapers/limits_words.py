"""Which safety envelope a plan is under, in words for a sentence: rows have names for programs ("opioid-1y")."""

from decimal import Decimal

from fhir_taper.plans.medicines.dose import brief, multiply
from fhir_taper.plans.tables.rows import Basis, Limit, LimitsRow, Part
from fhir_taper.plans.tapers.use import IN_WORDS


def limits_in_words(row: LimitsRow) -> str:
    """Of a class and duration of use, or as a protocol was published: "default of opioids taken for a year or longer"."""
    if row.is_published:
        return f"as published ({row.row})"
    taken = f" taken for {IN_WORDS[row.use]}" if row.use in IN_WORDS else ""
    return f"default of {row.drug_class.value}s{taken}"


def limit_in_words(limit: Limit | None) -> str:
    """What a cut is beyond: the first cut that the risk tier allows, or so many percent in so many days."""
    if limit is None:
        return "a cut beyond the limits"
    percent = brief(multiply(limit.fraction, Decimal(100)))
    if limit.part is Part.FIRST_CUT:
        return f"a first cut beyond the {percent} % that the risk tier allows"
    basis = " of the original dose" if limit.basis is Basis.ORIGINAL else ""
    return f"a cut beyond {percent} %{basis} in {limit.days} days"
