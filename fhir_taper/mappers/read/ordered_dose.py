"""The dose that a Dosage states in its structure: one of several doseAndRate entries, chosen by type, never added; and its caps.

Entries of different types (ordered, calculated, admin-amount) say one dose several ways: what was ordered is taken, what the others say
is shown. Doses that no type tells apart must agree (domain rule 2). A cap is turned into mg per day where it can be; one over more than a
day bounds no day (rule 6).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from fhir_taper.mappers.read.clause import COUNTED_UNITS, Cap, Measure, Refusal, Unit
from fhir_taper.mappers.read.elements import Json, child, children
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.quantity import hours_of, read_cap, read_quantity, read_range
from fhir_taper.mappers.read.strength import Ambiguous, Amounted, Dose, dose_of
from fhir_taper.mappers.read.weight import Weight
from fhir_taper.mappers.systems import codings, words_of
from fhir_taper.plans.medicines.dose import Exact, as_exact, divide, multiply, plain
from fhir_taper.plans.medicines.regimen import Reason

Weigh = Callable[[], Weight | None]

MERELY_UNREAD: Final = frozenset(
    {
        Reason.NO_DOSE, Reason.NO_TIMING, Reason.NO_STRENGTH, Reason.UNKNOWN_UNIT, Reason.DROPS_NEED_FACTOR, Reason.WEIGHT_MISSING,
        Reason.AMBIGUOUS_INGREDIENT, Reason.TEXT_NOT_UNDERSTOOD, Reason.UNREADABLE,
    }
)  # fmt: skip
"""Reasons that mean "not known", as against a conflict: what is as needed stays scheduled 0 with them (domain rule 6)."""

_REPLACEABLE: Final = frozenset({Reason.NO_DOSE, Reason.NO_STRENGTH, Reason.DROPS_NEED_FACTOR, Reason.WEIGHT_MISSING})
"""Amounts that are not wrong, only not enough: another statement of the dose may stand in for them."""

_ORDERED: Final = "ordered"


def read_dose(dosage: Json, path: str, medicine: Medicine, weigh: Weigh) -> tuple[Amounted | None, tuple[str, ...]]:
    """The stated dose, None where there is none, and notes on what other entries say. Raises BadInput for wrong types."""
    stated: list[tuple[str, Amounted]] = []
    for index, entry in enumerate(children(dosage, "doseAndRate", path)):
        measure = _measure(entry, f"{path}.doseAndRate[{index}]", medicine)
        if measure is not None:
            stated.append((_type_of(entry), _amounted(measure, medicine, weigh)))
    if not stated:  # as earlier versions of FHIR wrote it
        earlier = _measure(dosage, path, medicine)
        return (None if earlier is None else _amounted(earlier, medicine, weigh)), ()
    if len(stated) == 1:
        return _limited(stated[0][1], dosage, path, medicine), ()
    dose, notes = _chosen(stated)
    return _limited(dose, dosage, path, medicine), notes


def read_cap_of(dosage: Json, path: str) -> Cap | Refusal | None:
    """maxDosePerPeriod, or None."""
    listed = dosage.get("maxDosePerPeriod")
    if isinstance(listed, list):  # as later versions of FHIR write it
        first = children(dosage, "maxDosePerPeriod", path)
        return read_cap(first[0], f"{path}.maxDosePerPeriod[0]") if first else None
    ratio = child(dosage, "maxDosePerPeriod", path)
    return read_cap(ratio, f"{path}.maxDosePerPeriod") if ratio else None


def same_dose(one: Amounted | None, two: Amounted | None) -> Amounted | Refusal | None:
    """Two statements of one dose as one: the fuller of them, or a conflict that names both."""
    if one is None or two is None:
        return two if one is None else one
    if isinstance(one, Refusal):
        return two if one.reason in _REPLACEABLE and not isinstance(two, Refusal) else one
    if isinstance(two, Refusal):
        return one if two.reason in _REPLACEABLE | {Reason.UNKNOWN_UNIT} else two
    firsts = one.readings if isinstance(one, Ambiguous) else (one,)
    seconds = two.readings if isinstance(two, Ambiguous) else (two,)
    for first in firsts:
        for second in seconds:
            if first.agrees(second):
                if isinstance(one, Ambiguous) and isinstance(two, Ambiguous):
                    return one
                return _less_certain(first, second)
    return Refusal(Reason.DOSE_CONFLICT, f"{says(firsts[0])} or {says(seconds[0])}")


def says(dose: Dose) -> str:
    """The dose as stated, with its mg where they are not stated."""
    ends = [end for end in (dose.low_mg, dose.high_mg) if end is not None]
    mg = "–".join(format(as_plain(end), "f") for end in dict.fromkeys(ends))
    return dose.says if dose.says.startswith(f"{mg} mg") else f"{dose.says} ({mg} mg)"


def as_plain(amount: Exact) -> Decimal:
    """The amount for a sentence."""
    return amount if isinstance(amount, Decimal) else round(Decimal(amount.numerator) / Decimal(amount.denominator), 6)


def resolved(dose: Amounted | None) -> Dose | Refusal | None:
    """The dose, or why it is not known: an ambiguity that nothing resolved is a refusal."""
    return dose.refusal if isinstance(dose, Ambiguous) else dose


def cap_mg(cap: Cap, dose: Dose | None, medicine: Medicine) -> Exact | None:
    """A daily cap in mg per day, or None where it bounds no day or cannot be turned into mg."""
    if not cap.is_daily or cap.amount.high is None:
        return None
    per_unit = _mg_per(cap.amount, dose, medicine)
    if per_unit is None:
        return None
    times = as_exact(Fraction(24) / Fraction(cap.hours))
    return multiply(cap.amount.high, per_unit, times)


def _mg_per(amount: Measure, dose: Dose | None, medicine: Medicine) -> Exact | None:
    """mg in one of the units in which a cap is stated."""
    unit = amount.unit
    if unit is Unit.MG:
        return _mg_per_mg(amount.of, medicine)
    if unit is Unit.DOSE:
        return dose.high_mg if dose is not None else None
    if unit is Unit.ML:
        return medicine.mg if medicine.is_liquid else None
    if unit in COUNTED_UNITS:
        return None if medicine.is_liquid else medicine.mg
    if unit is Unit.UNSTATED and not medicine.is_liquid:
        return medicine.mg if medicine.mg is not None else (dose.high_mg if dose is not None else None)
    return None


def _mg_per_mg(of: str, medicine: Medicine) -> Exact | None:
    """mg of the controlled ingredient that come with one mg of what is named: itself, or another ingredient of the same product."""
    named = of.split(" ", maxsplit=1)[0]
    if not medicine.companions or (named and medicine.ingredient.startswith(named)):
        return Decimal(1)
    companion = medicine.companion_called(named)
    return divide(medicine.mg, companion.mg) if companion is not None and companion.mg and medicine.mg is not None else None


def read_limit(dosage: Json, path: str) -> Measure | Refusal | None:
    """maxDosePerAdministration, or None. Raises BadInput for wrong types."""
    limit = child(dosage, "maxDosePerAdministration", path)
    return read_quantity(limit, f"{path}.maxDosePerAdministration") if limit else None


def under(dose: Dose, limit: Measure | Refusal, medicine: Medicine) -> Dose | Refusal | None:
    """The dose with its upper end at most at the limit of one intake; a conflict where its lower end lies above it.

    None where the two cannot be compared.
    """
    per_unit = None if isinstance(limit, Refusal) else _mg_per(limit, None, medicine)
    if isinstance(limit, Refusal) or limit.high is None or per_unit is None:
        return None
    most = multiply(limit.high, per_unit)
    if dose.high_mg is not None and Fraction(dose.high_mg) <= Fraction(most):
        return dose
    if dose.low_mg is not None and Fraction(dose.low_mg) > Fraction(most):
        stated = limit.says if limit.unit is Unit.MG else f"{limit.says} ({plain(most)} mg)"
        return Refusal(Reason.DOSE_CONFLICT, f"{says(dose)}, but at most {stated} at a time")
    units = divide(most, medicine.mg) if medicine.mg else None
    return replace(dose, high_mg=most, high_units=units if units is not None and Fraction(units * 4).denominator == 1 else None)


def _measure(entry: Json, path: str, medicine: Medicine) -> Measure | Refusal | None:
    """doseQuantity, doseRange, or for a patch the rate."""
    quantity = child(entry, "doseQuantity", path)
    if quantity:
        return read_quantity(quantity, f"{path}.doseQuantity")
    low_high = child(entry, "doseRange", path)
    if low_high:
        return read_range(low_high, f"{path}.doseRange")
    if not medicine.is_patch:
        return None
    rate = child(entry, "rateQuantity", path)
    if rate:
        return read_quantity(rate, f"{path}.rateQuantity")
    ratio = child(entry, "rateRatio", path)
    return _rate(ratio, f"{path}.rateRatio") if ratio else None


def _rate(ratio: Json, path: str) -> Measure | Refusal | None:
    over = read_quantity(child(ratio, "numerator", path), f"{path}.numerator")
    hours = hours_of(child(ratio, "denominator", path), f"{path}.denominator")
    if isinstance(over, Refusal) or over.unit is not Unit.MG or hours is None or over.high is None:
        return None
    rate = as_exact(Fraction(over.high) / hours)
    return Measure(rate, rate, Unit.MG_PER_H, f"{over.says} in {hours} h")


def _amounted(measure: Measure | Refusal, medicine: Medicine, weigh: Weigh) -> Amounted:
    return measure if isinstance(measure, Refusal) else dose_of(measure, medicine, weigh)


def _type_of(entry: Json) -> str:
    """The type of a doseAndRate entry in one word, "" where it has none."""
    kind = entry.get("type")
    return next((coding.code.lower() for coding in codings(kind)), words_of(kind).lower())


def _chosen(stated: Sequence[tuple[str, Amounted]]) -> tuple[Amounted, tuple[str, ...]]:
    ordered = [dose for kind, dose in stated if kind == _ORDERED]
    others = [(kind, dose) for kind, dose in stated if kind != _ORDERED]
    chosen = _agreed(ordered or [dose for _, dose in stated])
    if not ordered:
        return chosen, ()
    notes = []
    for kind, dose in others:
        together = same_dose(chosen, dose)
        if isinstance(together, Refusal) and isinstance(chosen, Dose):
            if isinstance(dose, Dose):
                notes.append(f"{kind or 'another entry'} says {says(dose)}; ordered is {says(chosen)}")
        elif isinstance(together, Dose) and not isinstance(chosen, Dose):
            chosen = together
    return chosen, tuple(notes)


def _agreed(doses: Sequence[Amounted]) -> Amounted:
    agreed = doses[0]
    for dose in doses[1:]:
        together = same_dose(agreed, dose)
        if together is None:
            continue
        agreed = together
        if isinstance(agreed, Refusal) and agreed.reason is Reason.DOSE_CONFLICT:
            return agreed
    return agreed


def _less_certain(one: Dose, two: Dose) -> Dose:
    """Two statements that agree: the one with units, and an end that either of them leaves open stays open."""
    fuller = one if one.high_units is not None or two.high_units is None else two
    low = None if one.low_mg is None or two.low_mg is None else fuller.low_mg
    high = None if one.high_mg is None or two.high_mg is None else fuller.high_mg
    if (low, high) == (fuller.low_mg, fuller.high_mg):
        return fuller
    return replace(fuller, low_mg=low, high_mg=high, low_units=fuller.low_units if low is not None else None)


def _limited(dose: Amounted, dosage: Json, path: str, medicine: Medicine) -> Amounted:
    """The dose under the limit of its own structure: a text beside it is compared with what is left."""
    limit = read_limit(dosage, path)
    return (limit and isinstance(dose, Dose) and under(dose, limit, medicine)) or dose
