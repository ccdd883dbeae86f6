"""How often the patches of a plan are changed: as ordered, where that is the label's interval or one that a row of strategies.toml allows.

A plan begins with what is taken today (domain §5). So an ordered interval is kept in every step, and both are named where it is not the
label's. One that no row allows is not planned: nobody knows how much a patch delivers after its time, one that is changed much sooner is
more often a mistake in the order, and a plan by the label would change today's intake without a word. An order that does not say how often
goes by the label; beside one that names another interval nobody knows which of the two is meant. Who says what is taken may go on by the
label, with both intervals named. docs/decisions/0028.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import Exact, as_exact, brief
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import RegimenItem
from fhir_taper.plans.tables.limit_tables import LimitTables, Setting
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut

_CODE: Final = "patch-interval"
_DESIGN: Final = "design: a plan keeps how often a patch is changed, or says that it does not"


@dataclass(frozen=True, slots=True)
class Changed:
    """Products as they are changed in this plan (`Product.wear_h`), and what a person must know of it."""

    products: tuple[Product, ...]
    said: tuple[Finding, ...] = ()


def as_changed(
    products: tuple[Product, ...],
    orders: Iterable[RegimenItem],
    limits: LimitTables,
    *,
    is_stated: bool,
    of_plan: Mapping[str, int] | None = None,
) -> Changed | Infeasible:
    """The products of a plan with the interval at which their patches are changed, by the orders of the same medicine.

    `is_stated`: a person said what is taken. `of_plan`: RxNorm code -> hours of a plan that runs, which it keeps whatever is ordered now.
    """
    of_patches = [order for order in orders if order.product is not None and order.product.is_patch]
    if of_plan:
        return _as_in_plan(products, [order for order in of_patches if order.changed_every_h], of_plan)
    silent = [order for order in of_patches if not order.changed_every_h]
    ordered, labels = _hours_of(of_patches), _labels_of(of_patches)
    if ordered | _labels_of(silent) == labels:
        return Changed(products)
    ingredient = of_patches[0].ingredient
    words = f"By its orders {ingredient} patches are changed every {_listed(ordered)}, and by their label every {_listed(labels)}."
    if silent:
        words += f" {len(silent)} of its {len(of_patches)} orders {'does' if len(silent) == 1 else 'do'} not say how often."
    evidence = tuple(source for order in of_patches for source in order.sources)
    row = limits.settings.get(f"patch-interval-{ingredient}")
    if row is not None and not silent and ordered == {Fraction(row.number("hours"))}:
        return _kept(products, ingredient, row, words, evidence)
    if not is_stated:
        beside = f", or {brief(row.number('hours'))} h" if row is not None else ""
        says = f"{words} A plan keeps the label's interval{beside}: correct the order, or say what is taken (--taken)."
        return Infeasible(_CODE, says, ways_out=(WayOut.STATE_WHAT_IS_TAKEN,))
    says = (
        f"{words} What is taken was said by a person, and this plan goes by the label: confirm with the patient how often they are changed."
    )
    clears = "An order whose interval is how the patches are changed."
    return Changed(products, (Finding(Severity.ACKNOWLEDGE, _CODE, says, _DESIGN, _listed(ordered), clears=clears, evidence=evidence),))


def _kept(products: tuple[Product, ...], ingredient: str, row: Setting, words: str, evidence: tuple[str, ...]) -> Changed:
    kept = row.whole("hours")
    says = f"{words} Every step of this plan keeps {kept} h, in its directions and its supply."
    clears = "An order by the label's interval."
    found = Finding(Severity.ACKNOWLEDGE, _CODE, says, str(row.source), f"{kept} h", clears=clears, evidence=evidence)
    changed = tuple(replace(one, wear_h=kept) if one.is_patch and one.ingredient == ingredient else one for one in products)
    return Changed(changed, (found,))


def _as_in_plan(products: tuple[Product, ...], current: list[RegimenItem], of_plan: Mapping[str, int]) -> Changed:
    kept = tuple(replace(one, wear_h=of_plan.get(one.rxcui, one.wear_h)) for one in products)
    ordered, own = _hours_of(current), {Fraction(one.wear_h) for one in kept if one.wear_h and one.rxcui in of_plan}
    if not current or ordered == own:
        return Changed(kept)
    says = (
        f"By its orders {current[0].ingredient} patches are changed every {_listed(ordered)}."
        f" This plan keeps {_listed(own)}, as in its versions before."
    )
    evidence = tuple(source for order in current for source in order.sources)
    clears = "An order by the plan's interval, or a new plan by the order's."
    return Changed(kept, (Finding(Severity.ACKNOWLEDGE, _CODE, says, _DESIGN, _listed(ordered), clears=clears, evidence=evidence),))


def _hours_of(orders: Iterable[RegimenItem]) -> set[Fraction]:
    return {Fraction(hours) for order in orders for hours in order.changed_every_h}


def _labels_of(orders: Iterable[RegimenItem]) -> set[Fraction]:
    return {Fraction(order.product.wear_h) for order in orders if order.product is not None and order.product.wear_h}


def _listed(hours: Iterable[Exact | int | None]) -> str:
    """Hours in words: "48 h", "48 h or 72 h"."""
    known = sorted({Fraction(one) for one in hours if one is not None})
    return " or ".join(f"{brief(as_exact(one))} h" for one in known)
