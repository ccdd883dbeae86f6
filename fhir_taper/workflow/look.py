"""A prescriber's own look at the care plans in the EHR, where this program cannot read them and the site lets that count.

It is an acknowledgement of its own on the draft, in the prescriber's words, of one day; approval asks for one of today (`unread`). It stays
with the version, is read in the EHR, and is audited. Nobody else's word counts, and no other site's.
"""

from dataclasses import replace
from typing import Final

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tapers import lifecycle
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.workflow.chosen_plan import Work, save_work, work_with_plan
from fhir_taper.workflow.load_chart import load_chart
from fhir_taper.workflow.next_version import NextVersion, next_as_seen, save_next
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.unread import LOOKED, care_plans_unread

_SOURCE: Final = "design: no taper is begun beside another one of the same medicine unseen"


def looked(services: Services, chart: OpenChart, words: str, revision: int) -> Work:
    """Keep what a prescriber saw in the EHR with the draft. Raises LaunchRefused ("role"), NotAllowed, StoreConflict."""
    require(services, chart, "look", (Role.PRESCRIBER,))
    work, plan = work_with_plan(services, chart, revision)
    return save_work(services, chart, replace(work, plan=_with_look(services, chart, plan, words)), "look")


def looked_for_next(services: Services, chart: OpenChart, words: str, revision: int) -> NextVersion:
    """The same with the draft of a next version."""
    require(services, chart, "look", (Role.PRESCRIBER,))
    draft = next_as_seen(services, chart, revision)
    return save_next(services, chart, replace(draft, plan=_with_look(services, chart, draft.plan, words)), "next-look")


def look_of(plan: TaperPlan) -> Acknowledgement | None:
    """What a prescriber said to have seen."""
    return next((one for one in plan.acknowledgements if one.code == LOOKED), None)


def _with_look(services: Services, chart: OpenChart, plan: TaperPlan, words: str) -> TaperPlan:
    if not chart.tenant.approve_with_care_plans_unread:
        raise NotAllowed("this site does not let a look in the EHR stand for care plans that cannot be read here")
    says = care_plans_unread(load_chart(services, chart))
    if not says:
        raise NotAllowed("the care plans can be read: nobody's look stands for them")
    if not words.strip():
        raise NotAllowed("say what you saw among the care plans in the EHR")
    finding = Finding(Severity.ACKNOWLEDGE, LOOKED, says, _SOURCE)
    decision = Decision(chart.who, chart.day(services.clock(), plan.zone), words.strip())
    return lifecycle.acknowledge(plan, finding, decision, (finding,))
