"""Signs of amounts: equivalents, companions, intakes of extended-release products.

All by the maximum that may be taken, and compared before rounding.
"""

from collections.abc import Callable

from fhir_taper.plans.medicines.codes import Form, Release
from fhir_taper.plans.medicines.dose import ZERO, Exact, add, divide, larger, multiply, plain, six_places
from fhir_taper.plans.medicines.regimen import RegimenItem
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.signs.case import Case, ChartCase, Seen


def mme(case: ChartCase, condition: Condition) -> Seen | None:
    """The maximum total of morphine milligram equivalents is within the bounds."""
    return _total(case.totals.mme, case.totals.mme_at_least, "MME a day", condition)


def diazepam_mg(case: ChartCase, condition: Condition) -> Seen | None:
    """The maximum total of diazepam equivalents (cautious end) is within the bounds."""
    return _total(case.totals.diazepam_mg, case.totals.diazepam_at_least, "mg diazepam-equivalent a day", condition)


def ingredient_mg(case: Case, condition: Condition) -> Seen | None:
    """The maximum mg a day of a tapered ingredient of `of` is within the bounds; what a person confirmed counts where it is more."""
    items = [item for item in case.subject_items() if item.ingredient in condition.of]
    amounts = [amount for item in items if (amount := _largest(item)) is not None]
    if case.confirmed_mg is not None and case.subject & set(condition.of):
        most = larger(add(ZERO, *amounts), case.confirmed_mg)
        return _total(most, at_least=False, unit=f"mg {condition.of[0]} a day", condition=condition)
    if not amounts:
        return None
    return _total(add(*amounts), len(amounts) < len(items), f"mg {items[0].ingredient} a day", condition)


def companion_total(case: ChartCase, condition: Condition) -> Seen | None:
    """The maximum mg a day of one ingredient over combination products and single ones is within the bounds."""
    wanted = condition.of[0]
    parts = [(item, amount) for item in case.current() if (amount := _mg_of(item, wanted)) is not None]
    if not parts:
        return None
    total = add(*(amount for _, amount in parts))
    unknown = [item for item in case.current() if _holds(item, wanted) and (item.max_mg is None)]
    seen = _total(total, bool(unknown), f"mg {wanted} a day", condition)
    return None if seen is None else Seen(seen.says, tuple(source for item, _ in parts for source in item.sources))


def extended_release_intakes(case: ChartCase, condition: Condition) -> Seen | None:
    """An extended-release product of one of the ingredients has more intakes a day than the bounds. Patches have wear times instead."""
    found = [
        item
        for item in case.current()
        if item.ingredient in condition.of and _is_swallowed_extended(item) and condition.holds_for(len(item.intakes))
    ]
    if not found:
        return None
    says = "; ".join(f"{item.drug}: {len(item.intakes)} intakes a day" for item in found)
    return Seen(says, tuple(source for item in found for source in item.sources))


def _total(amount: Exact | None, at_least: bool, unit: str, condition: Condition) -> Seen | None:
    if amount is None or not condition.holds_for(amount):
        return None
    return Seen(f"{'at least ' if at_least else ''}{plain(six_places(amount))} {unit}")


def _largest(item: RegimenItem) -> Exact | None:
    return item.scheduled_mg if item.max_mg is None else item.max_mg


def _holds(item: RegimenItem, ingredient: str) -> bool:
    companions = () if item.product is None else item.product.companions
    return item.ingredient == ingredient or any(one.ingredient == ingredient for one in companions)


def _mg_of(item: RegimenItem, ingredient: str) -> Exact | None:
    """Maximum mg a day of one ingredient in one item; None where the item has none of it or its dose is not known."""
    amount = _largest(item)
    if amount is None or not _holds(item, ingredient):
        return None
    if item.ingredient == ingredient or item.product is None:
        return amount
    units = divide(amount, item.product.mg)
    return add(*(multiply(units, one.mg) for one in item.product.companions if one.ingredient == ingredient))


def _is_swallowed_extended(item: RegimenItem) -> bool:
    return item.product is not None and item.product.release is Release.EXTENDED and item.product.form is not Form.PATCH


SIGNS: dict[str, Callable[[ChartCase, Condition], Seen | None]] = {
    "mme": mme,
    "diazepam-mg": diazepam_mg,
    "companion-total": companion_total,
    "extended-release-intakes": extended_release_intakes,
}
TAPER_SIGNS: dict[str, Callable[[Case, Condition], Seen | None]] = {
    "ingredient-mg": ingredient_mg,
}
