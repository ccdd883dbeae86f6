"""Which plan is written: a patient may have several, each with a newest version, and each stands in the EHR, or does not.

The newest version is the one with the highest number; no clock is asked. What stands in the EHR is what a fresh read of it shows, not what
the ledger remembers.
"""

from dataclasses import dataclass

from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.store.plans import PlanVersion
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.load_chart import Loaded
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import newest_of_each, version_named


@dataclass(frozen=True, slots=True)
class Writable:
    """The newest version of one plan; `in_ehr` is the number of the version that stands in the EHR, None where none was seen there."""

    version: PlanVersion
    plan: TaperPlan
    in_ehr: int | None

    @property
    def needs_writing(self) -> bool:
        """Whether it stands unwritten: it is followed, or an earlier version stands in the EHR as if nothing had come after it."""
        is_behind = self.in_ehr is not None and self.in_ehr < self.plan.version
        return is_behind or (self.in_ehr is None and self.plan.state in RUNNING)


def writable_plans(services: Services, chart: OpenChart, loaded: Loaded) -> tuple[Writable, ...]:
    """The newest version of each approved plan: what stands unwritten first, then what was saved last."""
    there: dict[tuple[str, str], int] = {}
    for one in loaded.reading(chart.day(services.clock())).own_plans:
        name = one.value.ingredient, one.value.key
        there[name] = max(one.value.version, there.get(name, 0))
    found = [
        Writable(version, plan_of(version), there.get((version.plan.ingredient, version.plan.key)))
        for version in newest_of_each(services, chart)
        if version.state is not PlanState.DRAFT
    ]
    return tuple(sorted(found, key=lambda one: (one.needs_writing, one.version.at, one.version.id), reverse=True))


def chosen(services: Services, chart: OpenChart, found: tuple[Writable, ...], version_id: str) -> Writable | None:
    """The plan that a version is of, by its newest version; "" is the first. None where no plan is approved. Raises WrongUsage."""
    if not version_id:
        return found[0] if found else None
    named = version_named(services, chart, version_id).version.plan
    return next((one for one in found if one.version.plan == named), None)
