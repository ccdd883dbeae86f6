"""The caps of one instruction, by maxDosePerPeriod and by its words, as mg per day of the controlled ingredient (domain rule 6).

A cap may count tablets, doses, mg, or mg of another ingredient of the same product ("not to exceed 3000 mg acetaminophen"): the tablets
that hold so much of it. Two caps of one kind that differ are a conflict; of two kinds both hold, and the lesser binds. One that bounds no
day of this medicine is told. No clinical numbers.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from fhir_taper.mappers.read.clause import Cap, Refusal, Unit
from fhir_taper.mappers.read.daily import Taken
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.ordered_dose import cap_mg
from fhir_taper.plans.medicines.dose import Exact, plain
from fhir_taper.plans.medicines.regimen import Reason

DailyCap = tuple[Exact, str]


def daily_caps(
    structured: Cap | Refusal | None, by_words: Iterable[Cap], taken: Sequence[Taken], medicine: Medicine
) -> tuple[list[DailyCap], tuple[str, ...]] | Refusal:
    """The cap that binds, in mg per day with its words (none: an empty list), and notes; or the conflict."""
    dose = next((clause.dose for clause in taken if clause.dose is not None), None)
    notes: list[str] = []
    found: dict[str, list[DailyCap]] = {}
    if isinstance(structured, Refusal):
        notes.append(f"the cap could not be read: {structured.says}")
    stated = (structured,) if isinstance(structured, Cap) else ()
    for cap in (*stated, *(one for one in by_words if not one.is_at_a_time)):
        mg = cap_mg(cap, dose, medicine)
        if mg is None:
            notes.append(f"“{cap.says}” bounds no day of this medicine")
        else:
            found.setdefault(_counts(cap, medicine), []).append((mg, cap.says))
    for caps in found.values():
        if len({Fraction(mg) for mg, _ in caps}) > 1:
            return Refusal(Reason.TEXT_CONFLICT, "; or ".join(f"{said} ({plain(mg)} mg per day)" for mg, said in caps))
    least = sorted((caps[0] for caps in found.values()), key=lambda cap: Fraction(cap[0]))
    return least[:1], tuple(notes)


def _counts(cap: Cap, medicine: Medicine) -> str:
    """The companion that a cap counts, "" where it is of the medicine itself."""
    named = medicine.companion_called(cap.amount.of.split(" ")[0]) if cap.amount.unit is Unit.MG else None
    return named.ingredient if named is not None else ""
