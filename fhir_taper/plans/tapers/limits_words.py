"""Which safety envelope a plan is under, in words for a sentence: rows have names for programs ("opioid-1y")."""

from fhir_taper.plans.tables.rows import LimitsRow
from fhir_taper.plans.tapers.use import IN_WORDS


def limits_in_words(row: LimitsRow) -> str:
    """Of a class and duration of use, or as a protocol was published: "default of opioids taken for a year or longer"."""
    if row.is_published:
        return f"as published ({row.row})"
    taken = f" taken for {IN_WORDS[row.use]}" if row.use in IN_WORDS else ""
    return f"default of {row.drug_class.value}s{taken}"
