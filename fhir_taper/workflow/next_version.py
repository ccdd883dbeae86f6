"""A new schedule for a plan that runs, as a draft: kept beside the running version, acknowledged, agreed, reviewed, and approved.

The running version goes on until the draft is approved. On approval the chart is read again and the draft made again from what was asked:
one that no longer follows is not approved. Draft and approved version are appended together with the audit line.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from fhir_taper.errors import StoreConflict, WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.tapers import lifecycle
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Agreement, TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.plans.tapers.restart import Slower
from fhir_taper.records import Role
from fhir_taper.store.drafts import Draft
from fhir_taper.workflow.approve import Judged, approved_as, judge
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.course import DRAFTERS, MAKES_A_DRAFT, Asked, Turn, as_seen, turned, what_follows
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import Kept, as_version, version_named

NAME: Final = "next-version"
_SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class NextVersion:
    """A draft that would replace a running version. `of` is the id of that version, `asked` what was asked of it."""

    of: str
    asked: Asked
    plan: TaperPlan
    revision: int


def next_version(services: Services, chart: OpenChart) -> NextVersion | None:
    """The patient's draft of a next version; None where there is none."""
    kept = services.drafts.get(chart.launch.tenant_id, chart.launch.patient_id, NAME)
    if kept is None:
        return None
    document = decode(kept.document)
    return NextVersion(document["of"], _asked(document["asked"]), from_document(document["plan"]), kept.revision)


def draft_next(services: Services, chart: OpenChart, version_id: str, asked: Asked, seen: str) -> NextVersion:
    """Keep a new schedule that was seen as the draft; one that is there is replaced. Raises like `course.turned`, and StoreConflict."""
    if asked.turn not in MAKES_A_DRAFT:
        raise WrongUsage("this is no new schedule")
    plan = as_seen(turned(services, chart, load_chart(services, chart, afresh=True), version_id, asked), seen)
    there = services.drafts.get(chart.launch.tenant_id, chart.launch.patient_id, NAME)
    return _save(services, chart, NextVersion(version_id, asked, plan, there.revision if there else 0), "next-draft")


def acknowledge_next(services: Services, chart: OpenChart, place: int, reason: str, revision: int) -> NextVersion:
    """Accept one finding of the draft. Raises NotAllowed, WrongUsage, StoreConflict."""
    draft = _current(services, chart, revision)
    if not 0 <= place < len(draft.plan.findings):
        raise WrongUsage("this finding is not on the draft any more: look at the list again")
    decision = Decision(chart.who, chart.day(services.clock(), draft.plan.zone), reason.strip())
    plan = lifecycle.acknowledge(draft.plan, draft.plan.findings[place], decision)
    return _save(services, chart, replace(draft, plan=plan), "next-acknowledge")


def agree_to_next(services: Services, chart: OpenChart, who: str, what: str, revision: int) -> NextVersion:
    """Note the patient's agreement to the draft. Raises NotAllowed, StoreConflict."""
    draft = _current(services, chart, revision)
    on = chart.day(services.clock(), draft.plan.zone)
    return _save(services, chart, replace(draft, plan=lifecycle.agree(draft.plan, Agreement(who.strip(), what.strip(), on))), "next-agree")


def discard_next(services: Services, chart: OpenChart) -> None:
    """Give the draft up; the running version goes on."""
    require(services, chart, "edit", DRAFTERS)
    with services.database.begin():
        services.drafts.drop(chart.launch.tenant_id, chart.launch.patient_id, NAME)
        note(services, chart.launch, "next-discard", "done")


def reasons_against_next(services: Services, chart: OpenChart, loaded: Loaded, draft: NextVersion) -> tuple[str, ...]:
    """Why the draft cannot be approved as it stands today; empty where it can."""
    return _judged(services, chart, loaded, version_named(services, chart, draft.of), draft).against


def approve_next(services: Services, chart: OpenChart, revision: int) -> TaperPlan:
    """The approved version. Raises NotAllowed with every reason, LaunchRefused ("role"), StoreConflict, EhrError."""
    require(services, chart, "approve", (Role.PRESCRIBER,))
    draft = _current(services, chart, revision)
    loaded = load_chart(services, chart, afresh=True)
    kept = version_named(services, chart, draft.of)
    judged = _judged(services, chart, loaded, kept, draft)
    approved = approved_as(services, chart, judged)
    _keep(services, chart, kept, judged.draft, approved)
    return approved


def _judged(services: Services, chart: OpenChart, loaded: Loaded, kept: Kept, draft: NextVersion) -> Judged:
    changed, findings = _compared(services, chart, loaded, kept, draft)
    reading = loaded.reading(chart.day(services.clock(), draft.plan.zone))
    judged = judge(services, chart, draft.plan, reading, findings)
    return replace(judged, against=(*changed, *judged.against))


def _compared(
    services: Services, chart: OpenChart, loaded: Loaded, kept: Kept, draft: NextVersion
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """What changed in the chart since the draft was made, and its findings as it would be made today."""
    made_on = draft.plan.revisions[-1]
    if made_on.on < chart.day(services.clock(), draft.plan.zone):
        return (f"this draft was made on {made_on.on.isoformat()}, and what was ordered since is not in it: make it again",), ()
    made = what_follows(services, chart, loaded, kept.plan, draft.asked, Decision(made_on.by, made_on.on, made_on.reason))
    if isinstance(made, Infeasible):
        return (f"the chart changed since this draft was made, and it is not possible any more: {made.message}",), made.findings
    if (made.steps, made.products) != (draft.plan.steps, draft.plan.products):
        return ("the chart changed since this draft was made, and the doses would be others: make it again",), made.findings
    return (), made.findings


def _keep(services: Services, chart: OpenChart, kept: Kept, plan: TaperPlan, approved: TaperPlan) -> None:
    at, name = services.clock(), kept.version.plan
    made = [as_version(chart, name, one, at) for one in (plan, approved)]
    with services.database.begin():
        services.plans.append(*made, expected_version=kept.version.version)
        services.drafts.drop(chart.launch.tenant_id, chart.launch.patient_id, NAME)
        detail = {"plan": approved.id, "version": approved.version, "replaces": kept.version.id, "accepted": len(approved.acknowledgements)}
        note(services, chart.launch, "approve", "done", detail | {"sources": list(approved.sources)})


def _current(services: Services, chart: OpenChart, revision: int) -> NextVersion:
    require(services, chart, "edit", DRAFTERS)
    draft = next_version(services, chart)
    if draft is None or draft.revision != revision:
        raise StoreConflict("the draft was changed elsewhere meanwhile: look at it again")
    return draft


def _save(services: Services, chart: OpenChart, draft: NextVersion, action: str) -> NextVersion:
    launch, saved = chart.launch, replace(draft, revision=draft.revision + 1)
    document = {"schema": _SCHEMA, "of": saved.of, "asked": _asked_document(saved.asked), "plan": to_document(saved.plan)}
    kept = Draft(launch.tenant_id, launch.patient_id, NAME, saved.revision, encode(document), launch.user, services.clock())
    with services.database.begin():
        services.drafts.save(kept)
        note(services, launch, action, "done", {"revision": saved.revision, "plan": saved.plan.id, "of": saved.of})
    return saved


def _asked_document(asked: Asked) -> dict[str, Any]:
    return {
        "turn": asked.turn.value,
        "reason": asked.reason,
        "slower": asked.slower.value,
        "strategy": asked.strategy,
        "protocol": asked.protocol,
        "params": [list(pair) for pair in asked.params],
        "actual_mg": asked.actual_mg,
    }


def _asked(document: dict[str, Any]) -> Asked:
    mg = document["actual_mg"]
    return Asked(
        Turn(document["turn"]),
        document["reason"],
        slower=Slower(document["slower"]),
        strategy=document["strategy"],
        protocol=document["protocol"],
        params=tuple((name, value) for name, value in document["params"]),
        actual_mg=None if mg is None else Decimal(mg),
    )
