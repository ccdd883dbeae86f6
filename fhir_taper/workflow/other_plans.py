"""The patient's other plans: what a plan must not collide with, whether we keep them or the EHR alone does."""

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import newest_of_each


def other_plans(services: Services, chart: OpenChart, reading: Reading) -> tuple[TaperPlan, ...]:
    """The newest version of each of our plans, and those that stand in the EHR alone."""
    ours = [plan_of(version) for version in newest_of_each(services, chart)]
    known = {(plan.ingredient, plan.key) for plan in ours}
    return (*ours, *(one.value for one in reading.own_plans if (one.value.ingredient, one.value.key) not in known))
