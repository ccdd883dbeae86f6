"""One-line directions for a prescription, ready to copy: "Take 1/2 tablet in the morning and 1 tablet at night".

How often a patch is changed is said here for every surface: on paper and on screens too. Words only; every number comes from the units of
a step or from a product. ASCII, because prescribing systems refuse more. Volumes are said in mL and in mg.
"""

from decimal import Decimal

from fhir_taper.plans.listed import listed
from fhir_taper.plans.medicines.codes import LIQUID_FORMS, Form, Slot
from fhir_taper.plans.medicines.dose import canonical, multiply, plain, shown
from fhir_taper.plans.tapers.plan import PlanProduct, Units

_WHEN = {
    Slot.MORNING: "in the morning",
    Slot.NOON: "at noon",
    Slot.AFTERNOON: "in the afternoon",
    Slot.EVENING: "in the evening",
    Slot.NIGHT: "at night",
    Slot.OVERNIGHT: "overnight",
}
_PARTS = {Decimal("0.25"): "1/4", Decimal("0.5"): "1/2", Decimal("0.75"): "3/4"}
_VERBS = {
    Form.PATCH: "Apply",
    Form.SUPPOSITORY: "Insert",
    Form.FILM: "Use",
    Form.LOZENGE: "Use",
    Form.SPRAY: "Use",
    Form.GEL: "Use",
}
_NOUNS = {
    Form.TABLET: ("tablet", "tablets"),
    Form.ODT: ("orally disintegrating tablet", "orally disintegrating tablets"),
    Form.CAPSULE: ("capsule", "capsules"),
    Form.FILM: ("film", "films"),
    Form.PATCH: ("patch", "patches"),
    Form.LOZENGE: ("lozenge", "lozenges"),
    Form.SPRAY: ("spray", "sprays"),
    Form.SUPPOSITORY: ("suppository", "suppositories"),
}
_EVERY = {2: "every other day", 3: "every third day"}


def sig(units: Units, product: PlanProduct, every_days: int = 1) -> str:
    """Directions for one product on a dosing day; `every_days` 2 is one dosing day in two."""
    if product.form is Form.PATCH:
        return f"Apply {counted(units.per_day, product)}, {change_in_words(product)}"
    parts = [f"{counted(amount, product)} {_WHEN[slot]}" for slot, amount in units.slots]
    said = f"{_VERBS.get(product.form, 'Take')} {listed(parts)}"
    return said if every_days == 1 else f"{said}, {_EVERY.get(every_days, f'every {every_days} days')}"


def counted(amount: Decimal, product: PlanProduct) -> str:
    """An amount of a product: "1 1/2 tablets", "1.5 mL (7.5 mg)"."""
    if product.form in LIQUID_FORMS:
        return f"{plain(canonical(amount))} mL ({plain(canonical(shown(multiply(amount, product.mg))))} mg)"
    singular, plural = _NOUNS.get(product.form, ("unit", "units"))
    return f"{_mixed_number(amount)} {plural if amount > 1 else singular}"


def change_in_words(product: PlanProduct) -> str:
    """How often a patch is changed; empty for what is no patch."""
    if product.form is not Form.PATCH:
        return ""
    return f"change every {product.wear_h} hours" if product.wear_h else "how often it is changed is not known"


def unit_of(product: PlanProduct) -> str:
    """What a quantity of the product counts, in the plural: "tablets", "mL"."""
    return "mL" if product.form in LIQUID_FORMS else _NOUNS.get(product.form, ("unit", "units"))[1]


def _mixed_number(amount: Decimal) -> str:
    whole, part = divmod(amount, 1)
    if part not in _PARTS:
        return plain(canonical(amount))
    return f"{whole} {_PARTS[part]}" if whole else _PARTS[part]
