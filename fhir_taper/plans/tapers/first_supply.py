"""What the first days of a plan take that no order of today supplies: it is to be prescribed from the first day on, and said.

A plan may make today's dose of other tablets than those that the patient has (5 × 2 mg in place of 10 mg). Where they are the patient's
own, nothing is prescribed for the first days: today's orders supply them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import PlanProduct, TaperPlan

_DESIGN = "design: what is taken from the first day on is supplied from the first day on"


@dataclass(frozen=True, slots=True)
class FirstSupply:
    """Products of step 0 that no order supplies (`missing`), and current orders of the same medicine that they take the place of."""

    missing: tuple[PlanProduct, ...] = ()
    replaces: tuple[RegimenItem, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        """RxNorm codes of what is missing."""
        return frozenset(product.rxcui for product in self.missing)

    @property
    def note(self) -> str:
        """What the prescription says to the pharmacy and the patient; empty where it takes the place of nothing."""
        if not self.replaces:
            return ""
        return f"Replaces today's supply ({self._drugs}): what is left of it is not taken by these directions."

    def findings(self) -> tuple[Finding, ...]:
        """What a person must know before the plan is approved: two strengths at home, and directions that fit only one of them."""
        if not self.missing:
            return ()
        names = ", ".join(product.name for product in self.missing)
        says = f"No current order supplies {names}, which this plan takes from its first day on: it is prescribed for that day."
        if not self.replaces:
            return (Finding(Severity.INFORMATION, "first-supply", says, _DESIGN, names),)
        says = f"{says} It replaces today's supply ({self._drugs}): the same number of what is left of it is another dose."
        clears = "The products that are taken today (--products), or a new prescription that takes the place of today's."
        evidence = tuple(source for item in self.replaces for source in item.sources)
        return (Finding(Severity.ACKNOWLEDGE, "first-supply", says, _DESIGN, names, clears=clears, evidence=evidence),)

    @property
    def _drugs(self) -> str:
        return ", ".join(dict.fromkeys(item.drug for item in self.replaces))


NOTHING_MISSING = FirstSupply()


def first_supply(plan: TaperPlan, items: Iterable[RegimenItem]) -> FirstSupply:
    """What step 0 lacks by the items of a day. An order that ended after the plan began has supplied its first days."""
    doses = plan.steps[0].doses
    ingredients = {plan.ingredient, *(dose.ingredient for dose in doses)}
    orders = [item for item in items if item.ingredient in ingredients]
    first = {unit.rxcui for dose in doses for unit in dose.units}
    used = [product for product in plan.products if product.rxcui in first]
    missing = tuple(one for one in used if not any(_supplies(order, one, plan) for order in orders))
    current = [order for order in orders if order.state is not ItemState.EXCLUDED]
    replaces = [order for order in current if not any(_is_of(order, one) for one in used)]
    return FirstSupply(missing, tuple(replaces)) if missing else NOTHING_MISSING


def _supplies(order: RegimenItem, product: PlanProduct, plan: TaperPlan) -> bool:
    was_there = order.reason is Reason.ENDED and order.end is not None and order.end >= plan.steps[0].start
    return (order.state is not ItemState.EXCLUDED or was_there) and _is_of(order, product)


def _is_of(order: RegimenItem, product: PlanProduct) -> bool:
    """Whether an order is for this product: by its code, else by what it is; a brand is the same tablet."""
    if order.rxcui == product.rxcui:
        return True
    own = order.product
    return own is not None and (own.ingredient, own.form, own.release, own.mg) == (
        product.ingredient,
        product.form,
        product.release,
        product.mg,
    )
