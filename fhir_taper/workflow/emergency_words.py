"""A clinician's own words beside the advice of our tables, saved: with a draft, with the draft of a next version, and of a plan that runs.

Words for a draft are part of it: they are approved with it, given up with it, and a draft of another medicine never has them. No dose
changes here.
"""

from dataclasses import replace

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.contingency import worded
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.records import Role
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.chosen_plan import EDITORS, Work, day_of, save_work, work_with_plan
from fhir_taper.workflow.keep_assessment import assessment_of
from fhir_taper.workflow.made_from import made_from
from fhir_taper.workflow.next_version import NextVersion, next_as_seen, save_next
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.own_words import Words, said_of, with_crisis_lines
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import as_version, version_named


def word_draft(services: Services, chart: OpenChart, words: Words, revision: int) -> Work:
    """Keep words with the draft. Raises LaunchRefused ("role"), NotAllowed where there is no draft, StoreConflict for a stale page."""
    require(services, chart, "edit", EDITORS)
    work, plan = work_with_plan(services, chart, revision)
    said = said_of(plan, words, chart.who, day_of(services, chart, plan))
    return save_work(services, chart, replace(work, words=said), "words")


def word_next(services: Services, chart: OpenChart, words: Words, revision: int) -> NextVersion:
    """Keep words with the draft of a next version. Raises LaunchRefused ("role"), StoreConflict for a stale page."""
    draft = next_as_seen(services, chart, revision)
    said = said_of(draft.plan, words, chart.who, day_of(services, chart, draft.plan))
    return save_next(services, chart, replace(draft, words=said), "next-words")


def word_running(services: Services, chart: OpenChart, version_id: str, words: Words) -> TaperPlan:
    """The next version of a plan that runs, with these words. Raises LaunchRefused ("role"), NotAllowed, WrongUsage, StoreConflict."""
    require(services, chart, "word a plan anew", (Role.PRESCRIBER,))
    kept = version_named(services, chart, version_id)
    if kept.version.state is PlanState.DRAFT:
        raise WrongUsage("a draft is worded where it is made")
    decision = Decision(chart.who, chart.day(services.clock(), kept.plan.zone), "worded on screen")
    after = with_crisis_lines(chart.tenant, worded(kept.plan, decision, words.breakthrough, words.comfort_plan, words.contacts))
    name, launch = kept.version.plan, chart.launch
    inputs = made_from((), assessment_of(services, chart), kept.version)  # words come from no chart
    made = as_version(chart, name, after, services.clock(), inputs)
    with services.database.begin():
        services.plans.append(made, expected_version=kept.version.version)
        note(services, launch, "revise-words", "done", {"plan": after.id, "version": after.version, "replaces": kept.version.id})
    return after
