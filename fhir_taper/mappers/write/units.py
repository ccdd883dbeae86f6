"""How each dose form is counted in UCUM.

Solid units have no UCUM unit of their own; an annotation in braces is UCUM's way to count things (UCUM §6). Words for people are
`plans.tapers.sig`. No clinical numbers.
"""

from decimal import Decimal
from typing import Final

from fhir_taper.mappers.systems import UCUM
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.plans.medicines.codes import LIQUID_FORMS, Form
from fhir_taper.plans.medicines.dose import Exact, canonical, shown

_SOLID: Final = {
    Form.TABLET: ("{tbl}", "tablet"),
    Form.ODT: ("{tbl}", "tablet"),
    Form.CAPSULE: ("{capsule}", "capsule"),
    Form.FILM: ("{film}", "film"),
    Form.PATCH: ("{patch}", "patch"),
    Form.LOZENGE: ("{lozenge}", "lozenge"),
    Form.SPRAY: ("{spray}", "spray"),
    Form.SUPPOSITORY: ("{suppository}", "suppository"),
}


def to_quantity(amount: Decimal | int, form: Form) -> Json:
    """Units of a product (mL of a liquid) as a Quantity in UCUM."""
    code, word = ("mL", "mL") if form in LIQUID_FORMS else _SOLID.get(form, ("{unit}", "unit"))
    return {"value": canonical(Decimal(amount)), "unit": word, "system": UCUM, "code": code}


def to_daily_mg(amount: Exact) -> Json:
    """A daily dose as a Quantity in mg/d."""
    return {"value": canonical(shown(amount)), "unit": "mg/day", "system": UCUM, "code": "mg/d"}


def to_days(days: int) -> Json:
    """A Duration in days."""
    return {"value": days, "unit": "days", "system": UCUM, "code": "d"}
