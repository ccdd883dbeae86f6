"""What must hold of a no: it is typed, says why in one line and what could be done instead, and its numbers are true.

A refusal that is wrong hides a taper that a patient could have had, so its dose and the next lower one are worked out again here.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from fhir_taper.plans.medicines.codes import Form, Slot
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.request import PlanRequest, Taken
from tests.invariants.reading import Existing, doses_for, exact

_NOT_ON_GRID = ("baseline-not-on-grid", "target-not-on-grid")
_NOTCH = ("notch-above-unit-max", "no-unit-rule")
_PIECES = {False: 6, True: 4}


def refusal_is_right(asked: PlanRequest, made: Infeasible, tables: Tables) -> Iterator[str]:
    """A no says why and what could be done instead; a dose that it calls impossible cannot be made, a notch that it calls too large is."""
    if not made.reason or not made.message or "\n" in made.message:
        yield f"a refusal that does not say why: {made}"
    if len(set(made.ways_out)) != len(made.ways_out) or not made.ways_out:
        yield f"{made.reason}: ways out {made.ways_out}"
    is_own = asked.strategy not in ("substitution", "interval-extension")
    if made.reason in _NOT_ON_GRID and is_own:
        yield from _dose_is_missing(asked, made, tables)
    if made.reason in _NOTCH and is_own:
        yield from _notch_is_too_large(asked, made, tables)


def _dose_is_missing(asked: PlanRequest, made: Infeasible, tables: Tables) -> Iterator[str]:
    existing = _existing(asked, tables)
    if made.at_mg is None or exact(made.at_mg) in existing:
        yield f"{made.at_mg} mg can be made, and was refused"
    elif made.next_mg is not None and existing.at_most(exact(made.at_mg)) != exact(made.next_mg):
        yield f"below {made.at_mg} mg comes {existing.at_most(exact(made.at_mg))} mg, not {made.next_mg} mg"


def _notch_is_too_large(asked: PlanRequest, made: Infeasible, tables: Tables) -> Iterator[str]:
    assert made.at_mg is not None
    existing, at = _existing(asked, tables), exact(made.at_mg)
    below = existing.below(at)
    rule = tables.limits.unit_rules.get(asked.ingredient)
    most = asked.unit_override[2] if asked.unit_override else rule.unit_max_mg if rule else None
    if at not in existing or below is None or made.next_mg is None or below != exact(made.next_mg):
        yield f"below {made.at_mg} mg comes {below} mg, not {made.next_mg} mg"
    elif most is not None and at - below <= exact(most):
        yield f"{at} to {below} mg is one notch within {most} mg, and was refused"


def _existing(asked: PlanRequest, tables: Tables) -> Existing:
    products = tuple(product for product in asked.products if product.ingredient == asked.ingredient)
    mine: list[Taken | Intake] = [entry for entry in asked.taken if any(product.rxcui == entry.rxcui for product in products)]
    today: dict[Slot | None, Fraction] = {}
    for entry in mine or asked.intakes if not any(product.is_liquid for product in products) else ():
        today[entry.slot] = today.get(entry.slot, Fraction(0)) + exact(entry.units)
    pieces = max(_PIECES[any(product.form is Form.PATCH for product in products)], *map(ceil, today.values()), 0)
    return doses_for(asked, tables, products, pieces, exact(max(asked.baseline.mg, asked.target_mg)))
