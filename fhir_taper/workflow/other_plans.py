"""The patient's other plans: what a plan must not collide with, whether we keep them or the EHR alone does.

A decision that was judged beside them is kept only while they are still the same: of two that are made at once, each fit for itself, the
second is told.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fhir_taper.errors import StoreConflict
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


def plans_now(services: Services, chart: OpenChart) -> tuple[str, ...]:
    """The ids of the newest versions of the patient's plans, as the store holds them now."""
    return tuple(one.id for one in newest_of_each(services, chart))


@contextmanager
def alone_with_plans(services: Services, chart: OpenChart, seen: tuple[str, ...]) -> Iterator[None]:
    """A transaction in which no other plan or draft of the patient is changed. Raises StoreConflict where a plan is not as `seen`."""
    launch = chart.launch
    with services.database.begin():
        services.drafts.hold(launch.tenant_id, launch.patient_id)
        services.plans.hold(launch.tenant_id, launch.patient_id)
        if plans_now(services, chart) != seen:
            raise StoreConflict("a plan of this patient was changed elsewhere meanwhile, and this was judged beside it: look at it again")
        yield
