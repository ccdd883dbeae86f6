"""From an amount as ordered to mg of the controlled ingredient and to units of the product, or why that cannot be said.

One place decides what a unit means for a product: mg of a combination must name the ingredient, a bare number counts solid units, a rate
counts patches, and a dose that the product cannot make is refused (domain rules 4, 7, 8). No clinical numbers stand here: strengths come
with the medicine, 24 h make a day.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from fhir_taper.mappers.read.clause import COUNTED_UNITS, SOLID_UNITS, Measure, Refusal, Unit
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.weight import Weight
from fhir_taper.plans.medicines.codes import SOLID_FORMS, Form
from fhir_taper.plans.medicines.dose import HOURS_PER_DAY, Exact, divide, multiply, plain
from fhir_taper.plans.medicines.regimen import Reason

_NUMBER_IN: Final = re.compile(r"\d")
_QUARTERS: Final = 4


@dataclass(frozen=True, slots=True)
class Dose:
    """One intake in mg and, where the strength is known, in units (mL of a liquid, patches worn). None at one end: that end is not known.

    Of a patch the mg are per 24 h worn. `reckoned` says how mg came about where it is not by the strength.
    """

    low_mg: Exact | None
    high_mg: Exact | None
    low_units: Exact | None
    high_units: Exact | None
    says: str
    notes: tuple[str, ...] = ()
    reckoned: str = ""

    def agrees(self, other: "Dose") -> bool:
        """Whether two statements are one dose; an end that one of them does not know is no contradiction."""
        return all(
            one is None or two is None or Fraction(one) == Fraction(two)
            for one, two in ((self.low_mg, other.low_mg), (self.high_mg, other.high_mg))
        )


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An amount that has more than one meaning: a refusal, unless another statement of the order says which one is meant."""

    refusal: Refusal
    readings: tuple[Dose, ...]


Amounted = Dose | Ambiguous | Refusal


def dose_of(measure: Measure, medicine: Medicine, weigh: Callable[[], Weight | None]) -> Amounted:
    """One intake of this medicine. The refusal names what was ordered and what the product is. `weigh` is asked only for doses per kg."""
    wrong = _wrong_strength(measure, medicine) or _wrong_way_round(measure, medicine)
    if wrong is not None:
        return wrong
    if measure.unit is Unit.MG_PER_KG:
        return _by_weight(measure, medicine, weigh)
    if measure.unit in COUNTED_UNITS:
        return _counted(measure, medicine)
    by_unit = _BY_UNIT.get(measure.unit)
    if by_unit is None:
        return Refusal(Reason.UNKNOWN_UNIT, f"{measure.says}: the unit is not known")
    return by_unit(measure, medicine)


def units_dose(measure: Measure, medicine: Medicine, mg: Decimal, units: tuple[Exact | None, Exact | None]) -> Dose | Refusal:
    """A number of units of a known strength, if the product can be divided so."""
    for count in units:
        if count is not None and not _can_be_made(count, medicine):
            total = plain(multiply(count, mg))
            return Refusal(
                Reason.PRODUCT_CANNOT_MAKE_DOSE,
                f"{measure.says} ({total} mg) is {plain(count)} of {medicine.name} ({plain(mg)} mg), which cannot be divided so",
            )
    low, high = (None if count is None else _scaled(count, mg) for count in units)
    return Dose(low, high, *units, measure.says, measure.notes)


def _scaled(count: Exact, mg: Decimal) -> Exact:
    return mg if count == 1 else multiply(count, mg)


def _can_be_made(count: Exact, medicine: Medicine) -> bool:
    if medicine.is_liquid:
        return True
    parts = _QUARTERS if medicine.may_be_split else 1
    if isinstance(count, Decimal):
        return count * parts % 1 == 0
    return (count * parts).denominator == 1


def _counted(measure: Measure, medicine: Medicine) -> Amounted:
    fits = _fits(measure.unit, medicine.form)
    if not fits:
        return Refusal(Reason.UNIT_CONFLICT, f"{measure.says} of {medicine.name}, which is no {measure.unit}")
    if medicine.mg is None:
        why = " (no single product that is known here fits this name)" if _NUMBER_IN.search(medicine.name) else ""
        return Refusal(Reason.NO_STRENGTH, f"{measure.says} of {medicine.name}: the strength is not known{why}")
    return units_dose(measure, medicine, medicine.mg, (measure.low, measure.high))


def _fits(unit: Unit, form: Form | None) -> bool:
    """Tablets, capsules and films are called by each other's names; a patch, a spray and a liquid never are."""
    if form is None or form is Form.OTHER:
        return True
    if unit in SOLID_UNITS:
        return form in SOLID_FORMS or (unit is Unit.PIECE and form is Form.PATCH)
    return form is (Form.PATCH if unit is Unit.PATCH else Form.SPRAY)


def _unstated(measure: Measure, medicine: Medicine) -> Amounted:
    """A bare number counts solid units; where it is the strength itself it may as well be mg (domain rule 4)."""
    if medicine.mg is None:
        return Refusal(Reason.NO_STRENGTH, f"{measure.says}: the strength of {medicine.name} is not known")
    if not (medicine.form in SOLID_FORMS or medicine.is_patch or medicine.form is None):
        return Refusal(Reason.UNKNOWN_UNIT, f"{measure.says} of {medicine.name}: a bare number counts solid units only")
    by_units = units_dose(measure, medicine, medicine.mg, (measure.low, measure.high))
    strengths = _printed_strengths(medicine)
    bare = {Fraction(end) for end in (measure.low, measure.high) if end is not None}
    if bare & strengths and bare != {Fraction(1)}:
        return _either_way(measure, medicine, by_units)
    return by_units


def _printed_strengths(medicine: Medicine) -> set[Fraction]:
    if medicine.mg is None:
        return set()
    if medicine.is_patch:
        return {Fraction(rate) * 1000 for rate in medicine.rates_h}
    return {Fraction(medicine.mg), *(Fraction(companion.mg) for companion in medicine.companions)}


def _either_way(measure: Measure, medicine: Medicine, by_units: Dose | Refusal) -> Amounted:
    unit = "mcg/h" if medicine.is_patch else "mg"
    per_unit = medicine.mg or Decimal(0)
    ends = [end for end in (measure.low, measure.high) if end is not None]
    as_units = "–".join(plain(multiply(end, per_unit)) for end in dict.fromkeys(ends))
    as_strength = "–".join(plain(end) for end in dict.fromkeys(ends))
    refusal = Refusal(
        Reason.UNIT_CONFLICT, f"{measure.says} of {medicine.name}: {as_strength} {unit} or {as_strength} units ({as_units} mg)"
    )
    by_strength = units_dose(measure, medicine, per_unit, (Decimal(1), Decimal(1)))
    return Ambiguous(refusal, tuple(dose for dose in (by_units, by_strength) if isinstance(dose, Dose)))


def _mass(measure: Measure, medicine: Medicine) -> Amounted:
    if medicine.is_patch:
        return _mass_of_patch(measure, medicine)
    if medicine.companions:
        return _mass_of_combination(measure, medicine)
    return _mass_of(measure, medicine, medicine.mg)


def _mass_of(measure: Measure, medicine: Medicine, per_unit: Decimal | None) -> Amounted:
    """mg of the ingredient of which one unit holds `per_unit`. The mg that was ordered keeps its digits."""
    if per_unit is None:
        return Dose(measure.low, measure.high, None, None, measure.says, measure.notes)
    units = (
        None if measure.low is None else divide(measure.low, per_unit),
        None if measure.high is None else divide(measure.high, per_unit),
    )
    made = units_dose(measure, medicine, per_unit, units)
    if isinstance(made, Refusal) or per_unit != medicine.mg:
        return made if isinstance(made, Refusal) else units_dose(measure, medicine, medicine.mg or per_unit, units)
    return Dose(measure.low, measure.high, *units, measure.says, measure.notes)


def _mass_of_combination(measure: Measure, medicine: Medicine) -> Amounted:
    named = measure.of.split(" ")[0] if measure.of else ""
    if named and medicine.ingredient.startswith(named):
        return _mass_of(measure, medicine, medicine.mg)
    companion = medicine.companion_called(named)
    if companion is not None:
        return _mass_of(measure, medicine, companion.mg)
    pair = _units_of_pair(measure, medicine)
    if pair is not None and medicine.mg is not None:
        return units_dose(measure, medicine, medicine.mg, (pair, pair))
    others = " and ".join(part.ingredient for part in medicine.companions)
    refusal = Refusal(
        Reason.AMBIGUOUS_INGREDIENT, f"{measure.says} of {medicine.name} does not say whether {medicine.ingredient} or {others} is meant"
    )
    meant = _mass_of(measure, medicine, medicine.mg)
    return Ambiguous(refusal, (meant,)) if isinstance(meant, Dose) else refusal


def _units_of_pair(measure: Measure, medicine: Medicine) -> Exact | None:
    """For example "8-2 mg" of a product with 8 mg and 2 mg is one unit of it, not a range (domain rule 4)."""
    if medicine.mg is None or measure.low is None or measure.high is None or measure.low == measure.high:
        return None
    for companion in medicine.companions:
        for first, second in ((medicine.mg, companion.mg), (companion.mg, medicine.mg)):
            units = divide(measure.low, first)
            if Fraction(units) == Fraction(divide(measure.high, second)):
                return units
    return None


def _rate(measure: Measure, medicine: Medicine) -> Amounted:
    """A rate counts patches; "12" is the patch that is called so and delivers 12.5 (domain rule 8)."""
    if medicine.form is not None and not medicine.is_patch:
        return Refusal(Reason.UNIT_CONFLICT, f"{measure.says} of {medicine.name}, which is no patch")
    if medicine.mg is None:
        low, high = (None if end is None else multiply(end, HOURS_PER_DAY) for end in (measure.low, measure.high))
        return Dose(low, high, None, None, measure.says, measure.notes)
    ends = [None if end is None else _patches(end, medicine) for end in (measure.low, measure.high)]
    return units_dose(measure, medicine, medicine.mg, (ends[0], ends[1]))


def _patches(rate: Exact, medicine: Medicine) -> Exact:
    for called in medicine.rates_h:
        count = divide(rate, called)
        if Fraction(count).denominator == 1:
            return count
    return divide(multiply(rate, HOURS_PER_DAY), medicine.mg or Decimal(1))


def _mass_of_patch(measure: Measure, medicine: Medicine) -> Amounted:
    """A mass is the rate of one patch, said without its hour ("25 mcg", domain rule 8), and nothing else."""
    is_rate = measure.low == measure.high and any(measure.high == rate for rate in medicine.rates_h)
    if not is_rate or medicine.mg is None:
        return Refusal(Reason.UNIT_CONFLICT, f"{measure.says} of {medicine.name}: a patch is counted in patches or by its rate per hour")
    return units_dose(measure, medicine, medicine.mg, (Decimal(1), Decimal(1)))


def _volume(measure: Measure, medicine: Medicine) -> Amounted:
    if medicine.form is not None and not medicine.is_liquid:
        return Refusal(Reason.UNIT_CONFLICT, f"{measure.says} of {medicine.name}, which is no liquid")
    if medicine.mg is None or not medicine.is_liquid:
        return Refusal(Reason.NO_STRENGTH, f"{measure.says} of {medicine.name}: mg per mL are not known")
    return units_dose(measure, medicine, medicine.mg, (measure.low, measure.high))


def _by_weight(measure: Measure, medicine: Medicine, weigh: Callable[[], Weight | None]) -> Amounted:
    weight = weigh()
    if weight is None:
        return Refusal(Reason.WEIGHT_MISSING, f"{measure.says}: no dated body weight is in the chart")
    low, high = (None if end is None else multiply(end, weight.kg) for end in (measure.low, measure.high))
    said = f"{measure.says} × {plain(weight.kg)} kg ({weight.on.isoformat()})"
    dose = dose_of(
        Measure(low, high, Unit.MG, said, measure.of, notes=(*measure.notes, f"body weight from {weight.source}")), medicine, weigh
    )
    return replace(dose, reckoned=said) if isinstance(dose, Dose) else dose


def _wrong_strength(measure: Measure, medicine: Medicine) -> Refusal | None:
    """For example "two 5 mg tablets" of a product that has no 5 mg in it."""
    if not measure.each_mg or medicine.mg is None or medicine.is_patch:
        return None
    known = {Fraction(medicine.mg), *(Fraction(part.mg) for part in medicine.companions)}
    if all(Fraction(stated) in known for stated in measure.each_mg):
        return None
    stated = "-".join(plain(part) for part in measure.each_mg)
    return Refusal(Reason.TEXT_CONFLICT, f"{measure.says} of {stated} mg each, but {medicine.name} has {plain(medicine.mg)} mg")


def _wrong_way_round(measure: Measure, medicine: Medicine) -> Refusal | None:
    """A range from more to less says nothing; on a combination, mg in that order are a strength pair."""
    if measure.low is None or measure.high is None or measure.low <= measure.high or (measure.unit is Unit.MG and medicine.companions):
        return None
    return Refusal(Reason.DOSE_CONFLICT, f"{measure.says} runs from more to less")


def _drops(measure: Measure, medicine: Medicine) -> Amounted:
    return Refusal(Reason.DROPS_NEED_FACTOR, f"{measure.says} of {medicine.name}: how much one drop holds is not said")


_BY_UNIT: Final[Mapping[Unit, Callable[[Measure, Medicine], Amounted]]] = MappingProxyType(
    {Unit.UNSTATED: _unstated, Unit.MG: _mass, Unit.MG_PER_H: _rate, Unit.ML: _volume, Unit.DROP: _drops}
)
