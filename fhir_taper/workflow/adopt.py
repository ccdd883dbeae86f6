"""Plans of ours that stand in the EHR: which version, what somebody changed there since, and taking one over that is not kept here.

A plan that another installation wrote is only looked at until a prescriber takes it over. It becomes the newest version here, with its
whole history of changes, as the EHR holds it now; edits are shown first, and taken over only by whoever says to have seen them. A plan
that was written under another tenant's name is not taken over: this installation would not find it again, and write a second one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from fhir_taper.errors import NotAllowed, StoreConflict, WrongUsage
from fhir_taper.exact_json import encode
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.references import has_identifier
from fhir_taper.mappers.write.ids import Ids
from fhir_taper.mappers.write.namespace import TAPER_SYSTEM
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.judgement import broken_from
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import to_document
from fhir_taper.records import Role
from fhir_taper.store.plans import PlanName
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.made_from import made_from
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.other_plans import alone_with_plans, plans_now
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import as_version, newest_of_each

_EDITED = "edited"


@dataclass(frozen=True, slots=True)
class StandsInEhr:
    """One care plan of ours in the EHR. `kept_version`: the newest version of this plan that is kept here, None where none is.

    `edits`: what somebody changed there; `remarks`: what else is to be known of it; `against`: why it cannot be taken over.
    """

    plan: TaperPlan
    reference: str
    edits: tuple[Issue, ...]
    remarks: tuple[Issue, ...]
    kept_version: int | None
    against: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether this version, or a later one, is kept here."""
        return self.kept_version is not None and self.kept_version >= self.plan.version

    @property
    def may_adopt(self) -> bool:
        """Whether it can be taken over."""
        return not self.is_kept and not self.against

    @property
    def seen(self) -> str:
        """A digest of what is shown: what the button carries."""
        return sha256(encode([to_document(self.plan), [one.message for one in self.edits]])).hexdigest()


def standing_in_ehr(services: Services, chart: OpenChart, loaded: Loaded) -> tuple[StandsInEhr, ...]:
    """Every plan of ours in the EHR, as it was read."""
    kept = newest_of_each(services, chart)
    newest = {(one.plan.ingredient, one.plan.key): one.version for one in kept}
    running = {one.plan.ingredient: one.plan.key for one in kept if one.state in RUNNING}
    reading = loaded.reading(chart.day(services.clock()))
    return tuple(_standing(chart, loaded, one, newest, running) for one in reading.own_plans)


def adopt(services: Services, chart: OpenChart, reference: str, seen: str, *, edits_are_seen: bool) -> TaperPlan:
    """Take a plan over that stands in the EHR, from a fresh read.

    Raises LaunchRefused ("role"), WrongUsage where there is none, NotAllowed with every reason, StoreConflict where it changed since.
    """
    require(services, chart, "take a plan over", (Role.PRESCRIBER,))
    others, loaded = plans_now(services, chart), load_chart(services, chart, afresh=True)
    found = next((one for one in standing_in_ehr(services, chart, loaded) if _bare(one.reference) == _bare(reference)), None)
    if found is None:
        raise WrongUsage("this plan does not stand in the EHR any more")
    if found.seen != seen:
        raise StoreConflict("the plan in the EHR changed since it was shown: look at it again")
    against = list(found.against)
    if found.is_kept:
        against.append(f"version {found.kept_version} of this plan is kept here already")
    if found.edits and not edits_are_seen:
        against.append("somebody changed this plan in the EHR: say that you have seen what")
    if against:
        note(services, chart.launch, "adopt", "refused", {"plan": found.plan.id, "reasons": len(against)})
        raise NotAllowed(*against)
    plan, launch = found.plan, chart.launch
    name = PlanName(launch.tenant_id, launch.patient_id, plan.ingredient, plan.key)
    inputs = made_from(loaded.labels, None, services.plans.latest(name))
    made = as_version(chart, name, plan, services.clock(), inputs)
    with alone_with_plans(services, chart, others):
        services.plans.adopt(made, expected_version=found.kept_version or 0)
        detail = {"plan": plan.id, "version": plan.version, "from": reference, "edits": len(found.edits)}
        note(services, launch, "adopt", "done", detail)
    return plan


def _standing(
    chart: OpenChart, loaded: Loaded, mapped: Mapped[TaperPlan], newest: dict[tuple[str, str], int], running: dict[str, str]
) -> StandsInEhr:
    plan, reference = mapped.value, mapped.sources[0]
    edits, remarks = _apart(mapped.issues)
    against = [*_foreign(chart, loaded, plan, reference), *_not_sound(plan)]
    if plan.state in RUNNING and running.get(plan.ingredient, plan.key) != plan.key:
        against.append(f"another taper of {plan.ingredient} runs here: end one of the two first")
    if plan.patient != chart.launch.patient_id:
        against.append("it is not this patient's")
    return StandsInEhr(plan, reference, edits, remarks, newest.get((plan.ingredient, plan.key)), tuple(against))


def _bare(reference: str) -> str:
    """Without its version: what stands there now is compared by what it says."""
    return reference.partition("/_history/")[0]


def _apart(issues: Iterable[Issue]) -> tuple[tuple[Issue, ...], tuple[Issue, ...]]:
    listed = tuple(issues)
    return tuple(one for one in listed if one.code == _EDITED), tuple(one for one in listed if one.code != _EDITED)


def _foreign(chart: OpenChart, loaded: Loaded, plan: TaperPlan, reference: str) -> list[str]:
    """Whether it is known by another name than the one by which this installation would look for it."""
    ours = (TAPER_SYSTEM, Ids(plan, chart.tenant.id).taper())
    entries = [entry for entry in loaded.chart.of("CarePlan") if entry.reference == reference]
    if entries and all(has_identifier(entry.resource, ours) for entry in entries):
        return []
    return ["it was written under another tenant's name, and would not be found again from here: go on with it there, or end it"]


def _not_sound(plan: TaperPlan) -> list[str]:
    """What is wrong with a plan that goes on: the EHR may hold other doses than were approved."""
    if plan.state not in RUNNING:
        return []
    since = plan.revisions[-1].on if plan.revisions else None
    return [f"step {one.step} breaks a limit: {one.says}" for one in broken_from(plan, since)]
