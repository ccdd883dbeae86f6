"""The exact doses of one step, as the parts of a FHIR extension. Declarations only.

The days of a step and its kind are no parts: they stand in the action's own elements (timingPeriod, code). A dose of zero has no products;
no dose of 0 is ever written.
"""

from operator import itemgetter
from typing import Any, Final

from fhir_taper.mappers.write.plan_shapes import pair
from fhir_taper.mappers.write.shapes import Kind, Part, Shape, groups, number, text
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.tapers.plan import Dose, Units

SLOT_UNITS: Final = Shape(
    pair,
    (
        Part("slot", Kind.CODE, "Time of day.", "slot", words=Slot, vocabulary="slot", get=itemgetter(0)),
        Part("units", Kind.DECIMAL, "Units of the product: tablets, mL, patches worn.", "units", get=itemgetter(1)),
    ),
)

UNITS: Final = Shape(
    Units,
    (
        text("rxcui", "RxNorm code of the product."),
        number("strengthMg", Kind.DECIMAL, "mg per unit, as of the product."),
        groups("take", SLOT_UNITS, "Units at one time of a dosing day.", "slots", at_least=1),
    ),
)

DOSE: Final = Shape(
    Dose,
    (
        text("ingredient", "Whose dose it is."),
        groups("product", UNITS, "A product that the dose is made of; none is a dose of zero.", "units"),
    ),
)

STEP: Final[Shape[dict[str, Any]]] = Shape(
    dict,
    (
        number("number", Kind.INTEGER, "Number of the step; the baseline is 0."),
        number("idealMg", Kind.DECIMAL, "Dose that the strategy asked for, mg per day."),
        number("everyDays", Kind.POSITIVE, "One dosing day in so many."),
        text("note", "Remark.", ""),
        groups("dose", DOSE, "The dose of one ingredient on a dosing day.", "doses"),
    ),
)
