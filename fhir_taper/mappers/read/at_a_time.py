"""What an order allows at a time, by maxDosePerAdministration or by its text ("max 10 mg per dose"), held against every clause.

A limit bounds the upper end of a dose; below the lower end it contradicts it, with both in the refusal (domain rules 2, 6). One that
cannot be compared is told, never passed over. No clinical numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_taper.mappers.read.clause import Measure, Refusal
from fhir_taper.mappers.read.daily import Taken
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.ordered_dose import under


def limited(
    taken: Sequence[Taken], limits: Iterable[Measure | Refusal], medicine: Medicine
) -> tuple[list[Taken], tuple[str, ...]] | Refusal:
    """These clauses under all limits, with notes on limits that could not be compared; or the conflict."""
    clauses = list(taken)
    notes: list[str] = []
    for limit in limits:
        for index, clause in enumerate(clauses):
            if clause.dose is None:
                continue
            dose = under(clause.dose, limit, medicine)
            if isinstance(dose, Refusal):
                return dose
            if dose is None:
                notes.append(f"at most {limit.says} at a time: not compared with the dose")
            clauses[index] = replace(clause, dose=dose or clause.dose)
    return clauses, tuple(dict.fromkeys(notes))
