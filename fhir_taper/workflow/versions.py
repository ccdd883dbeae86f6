"""The versions of a patient's plans as the store holds them: every one, one of them, two beside each other.

A version of another patient is never shown: asking for one is refused and audited (privacy S3).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.plans.tapers.differences import Differences, differences
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.store.plans import PlanName, PlanVersion
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.made_from import MadeFrom, to_bytes
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services

_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it was kept, and the plan in it."""

    version: PlanVersion
    plan: TaperPlan


def as_version(chart: OpenChart, name: PlanName, plan: TaperPlan, at: datetime, inputs: MadeFrom) -> PlanVersion:
    """A plan as a version to keep, made now (`at`) by the person of the chart. `chosen_plan.plan_of` is the way back."""
    return PlanVersion(plan.id, name, plan.version, plan.state, encode(to_document(plan)), chart.launch.user, at, to_bytes(inputs))


def versions_of(services: Services, chart: OpenChart) -> tuple[tuple[PlanName, tuple[Kept, ...]], ...]:
    """Every version of every plan of the patient: plan by plan, the one that was changed last first; in each the newest version first."""
    plans: dict[PlanName, list[Kept]] = {}
    for version in services.plans.of_patient(chart.launch.tenant_id, chart.launch.patient_id):
        plans.setdefault(version.plan, []).append(Kept(version, plan_of(version)))
    newest = sorted(plans.items(), key=lambda item: item[1][-1].version.at, reverse=True)
    return tuple((name, tuple(reversed(kept))) for name, kept in newest)


def newest_of_each(services: Services, chart: OpenChart) -> tuple[PlanVersion, ...]:
    """The newest version of each plan, by ingredient, as the store holds it: what its plan says is read where it is needed."""
    return services.plans.newest_of_patient(chart.launch.tenant_id, chart.launch.patient_id)


def version_named(services: Services, chart: OpenChart, version_id: str) -> Kept:
    """The version with an id. Raises WrongUsage where this patient has none such; another patient's is audited."""
    launch = chart.launch
    is_id = 0 < len(version_id) <= _LONGEST_ID and version_id.isprintable()  # a database may refuse what is no text
    found = services.plans.with_id(launch.tenant_id, version_id) if is_id else None
    if found is not None and found.plan.patient_id != launch.patient_id:
        note(services, launch, "version", "refused", {"plan": version_id, "why": "another-patient"})
        found = None
    if found is None:
        raise WrongUsage("there is no such version of a plan of this patient")
    return Kept(found, plan_of(found))


def replaced_by(services: Services, kept: Kept) -> int:
    """The number of the newest version of the plan of a version; 0 where this is the newest."""
    newest = services.plans.latest(kept.version.plan)
    return newest.version if newest and newest.version > kept.version.version else 0


def compared(services: Services, chart: OpenChart, before: str, after: str) -> tuple[Kept, Kept, Differences]:
    """Two versions, the earlier one first (of one plan: by number, whatever the clocks said), and what is otherwise in the later one.

    Raises WrongUsage.
    """
    named = [version_named(services, chart, one).version for one in (before, after)]
    is_one_plan = named[0].plan == named[1].plan
    ordered = sorted(named, key=lambda one: (one.version, one.at) if is_one_plan else (one.at, one.version))
    pair = [Kept(one, plan_of(one)) for one in ordered]
    return pair[0], pair[1], differences(pair[0].plan, pair[1].plan)
