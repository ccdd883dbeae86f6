"""What a plan says for when things go wrong, and for comfort: rows by class and risk tier, and the clinician's own words beside them.

Rows stay in a plan as they were worded when it was made. Words of a person are kept with who said them; they never replace a row. Nothing
here changes a dose.
"""

from collections.abc import Iterable
from dataclasses import replace

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables.contingency_rows import AdviceRow
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.new_version import Decision, new_version
from fhir_taper.plans.tapers.plan import Advice, Contingency, PlanState, TaperPlan, Tier


def advice_for(rows: Iterable[AdviceRow], drug_class: DrugClass, tier: Tier | None) -> tuple[Advice, ...]:
    """The rows that a taper of this class and tier needs, in their order. Where the tier was not judged, those of every tier."""
    return tuple(
        Advice(row.id, row.part, row.when, row.what, row.source)
        for row in rows
        if (not row.classes or drug_class in row.classes) and (not row.tiers or tier is None or tier in row.tiers)
    )


def advised(plan: TaperPlan, rows: Iterable[AdviceRow]) -> Contingency:
    """What a plan says, with the rows that it needs; what a person said stays."""
    return replace(plan.contingency, advice=advice_for(rows, plan.drug_class, plan.tier))


def worded(plan: TaperPlan, decision: Decision, breakthrough: str, comfort_plan: str, contacts: tuple[str, ...]) -> TaperPlan:
    """The plan with a clinician's own words: the same draft, or the next version of a running plan. The advice of the rows stays.

    Raises NotAllowed where the plan has ended.
    """
    said = Contingency(breakthrough, comfort_plan, contacts, decision.by, decision.on, plan.contingency.advice)
    changed = replace(plan, contingency=said)
    if plan.state is PlanState.DRAFT:
        return changed
    if plan.state not in RUNNING:
        raise NotAllowed(f"a plan that is {plan.state} is not changed any more")
    return new_version(changed, plan, decision, "contingency", "what to do when something happens was worded anew; no dose changes")


def has_words(contingency: Contingency) -> bool:
    """Whether a person said anything beside the rows."""
    return bool(contingency.breakthrough or contingency.comfort_plan or contingency.emergency_contacts)
