"""How each dose form is counted: the word for people, and the UCUM unit for machines.

Solid units have no UCUM unit of their own; an annotation in braces is UCUM's way to count things (UCUM §6). No clinical numbers.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fhir_taper.mappers.systems import UCUM
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.plans.medicines.codes import LIQUID_FORMS, Form
from fhir_taper.plans.medicines.dose import Exact, canonical, plain, shown


@dataclass(frozen=True, slots=True)
class Unit:
    """`code` is UCUM. `plural` is used above one; "0.5 tablet" is singular."""

    code: str
    singular: str
    plural: str


_MILLILITRE: Final = Unit("mL", "mL", "mL")
UNITS: Final[dict[Form, Unit]] = {
    Form.TABLET: Unit("{tbl}", "tablet", "tablets"),
    Form.ODT: Unit("{tbl}", "orally disintegrating tablet", "orally disintegrating tablets"),
    Form.CAPSULE: Unit("{capsule}", "capsule", "capsules"),
    Form.SOLUTION: _MILLILITRE,
    Form.SUSPENSION: _MILLILITRE,
    Form.INJECTION: _MILLILITRE,
    Form.GEL: _MILLILITRE,
    Form.FILM: Unit("{film}", "film", "films"),
    Form.PATCH: Unit("{patch}", "patch", "patches"),
    Form.LOZENGE: Unit("{lozenge}", "lozenge", "lozenges"),
    Form.SPRAY: Unit("{spray}", "spray", "sprays"),
    Form.SUPPOSITORY: Unit("{suppository}", "suppository", "suppositories"),
    Form.IMPLANT: Unit("{implant}", "implant", "implants"),
    Form.OTHER: Unit("{unit}", "unit", "units"),
}


def number(amount: Exact) -> str:
    """An amount for people: plain notation, no trailing zeros, at most 6 decimals."""
    return plain(canonical(shown(amount)))


def counted(amount: Decimal, form: Form) -> str:
    """Units in words: "0.5 tablet", "2 tablets", "1.5 mL"."""
    unit = UNITS[form]
    return f"{number(amount)} {unit.singular if amount <= 1 else unit.plural}"


def quantity(amount: Decimal, form: Form) -> Json:
    """Units as a FHIR Quantity in UCUM."""
    unit = UNITS[form]
    return {"value": canonical(amount), "unit": unit.singular, "system": UCUM, "code": unit.code}


def milligrams_a_day(amount: Exact) -> Json:
    """A daily dose as a FHIR Quantity."""
    return {"value": canonical(shown(amount)), "unit": "mg/day", "system": UCUM, "code": "mg/d"}


def is_liquid(form: Form) -> bool:
    """Whether mg must be said beside the volume."""
    return form in LIQUID_FORMS
