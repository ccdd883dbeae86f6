"""The baseline of a plan: confirmed average intake, never the as-needed maximum (domain rule 12).

Says why a chart alone cannot give it, and whether an entered one fits the chart. Decides nothing: `lifecycle` refuses, findings tell.
"""

from fractions import Fraction

from fhir_taper.plans.medicines.dose import Exact, add, one_decimal, plain
from fhir_taper.plans.medicines.regimen import ItemState, Regimen, RegimenItem
from fhir_taper.plans.tapers.plan import Baseline


def why_unconfirmed(regimen: Regimen, ingredient: str) -> str:
    """Why the intake of an ingredient must be confirmed by a person; empty where the chart leaves no question."""
    items = _taken(regimen, ingredient)
    if not items:
        return f"no current order of {ingredient} was found"
    reasons = [reason for item in items if (reason := _question(item))]
    return "; ".join(dict.fromkeys(reasons))


def above_chart(baseline: Baseline, regimen: Regimen, ingredient: str) -> str:
    """How the baseline exceeds what the orders allow; empty where it does not, or the chart does not say."""
    amounts = [item.max_mg for item in _taken(regimen, ingredient)]
    known = [amount for amount in amounts if amount is not None]
    if not known or len(known) < len(amounts) or baseline.mg <= add(*known):
        return ""
    return f"{plain(baseline.mg)} mg a day, where the orders allow {plain(add(*known))} mg a day"


def below_chart(baseline: Baseline, regimen: Regimen, ingredient: str) -> str:
    """How the baseline falls short of what the orders schedule, whatever else they allow; empty where it does not."""
    items = (item for item in _taken(regimen, ingredient) if not item.possible_duplicate_of)
    known = [item.scheduled_mg for item in items if item.scheduled_mg is not None]
    scheduled = add(*known)
    if baseline.mg >= scheduled:
        return ""
    less = one_decimal(100 - 100 * Fraction(baseline.mg) / Fraction(scheduled))
    return f"{plain(baseline.mg)} mg a day, {less} % less than the {plain(scheduled)} mg a day that the orders schedule"


def scheduled_baseline(regimen: Regimen, ingredient: str) -> Exact | None:
    """The scheduled total where the chart leaves no question about what is taken, else None."""
    if why_unconfirmed(regimen, ingredient):
        return None
    return add(*(item.scheduled_mg for item in _taken(regimen, ingredient) if item.scheduled_mg is not None))


def _taken(regimen: Regimen, ingredient: str) -> tuple[RegimenItem, ...]:
    return tuple(item for item in regimen.items if item.ingredient == ingredient and item.state is not ItemState.EXCLUDED)


def _question(item: RegimenItem) -> str:
    if item.state is ItemState.NOT_COMPUTABLE or item.scheduled_mg is None:
        return f"{item.drug}: the dose is not known ({item.reason or 'no reason given'})"
    if item.max_mg is None:
        return f"{item.drug}: the maximum is not known"
    if item.scheduled_mg != item.max_mg:
        return f"{item.drug}: scheduled {plain(item.scheduled_mg)} mg a day, at most {plain(item.max_mg)} mg a day"
    if item.possible_duplicate_of:
        return f"{item.drug}: may be recorded twice"
    return ""
