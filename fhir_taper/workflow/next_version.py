"""A new schedule for a plan that runs, as a draft: kept beside the running version, acknowledged, agreed, reviewed, and approved.

The running version goes on until the draft is approved. On approval the chart is read again and the draft made again from what was asked:
one that no longer follows is not approved. It may be approved on a later day than it was made, with its own days, for as long as it changes
nothing on a day that is past. Draft and approved version are appended together with the audit line.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from fhir_taper.errors import StoreConflict, WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.tapers import lifecycle
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.in_force import step_in_force
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import Agreement, TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.plans.tapers.restart import Slower
from fhir_taper.plans.tapers.revision import dose_words
from fhir_taper.records import Role
from fhir_taper.store.drafts import Draft
from fhir_taper.workflow.approve import Judged, approve_shown, as_shown, judge
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.course import DRAFTERS, MAKES_A_DRAFT, Asked, Turn, as_seen, turned, what_follows
from fhir_taper.workflow.load_chart import Loaded, load_chart
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.own_words import Words, joined, words_from_document, words_to_document
from fhir_taper.workflow.pharmacist import GIVEN_UP, withdraw_open
from fhir_taper.workflow.rests_on import RestsOn, rests_on
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.unread import unread_plans
from fhir_taper.workflow.versions import Kept, version_named

NAME: Final = "next-version"
_SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class NextVersion:
    """A draft that would replace a running version. `of` is the id of that version, `asked` what was asked of it.

    `revision` 0 was never saved. `words` were typed for the draft, and are in its plan; without any it has those of the running version.
    """

    of: str
    asked: Asked
    plan: TaperPlan
    revision: int
    words: Words | None = None


def next_version(services: Services, chart: OpenChart) -> NextVersion | None:
    """The patient's draft of a next version; None where there is none."""
    kept = services.drafts.get(chart.launch.tenant_id, chart.launch.patient_id, NAME)
    if kept is None:
        return None
    document = decode(kept.document)
    plan, words = from_document(document["plan"]), words_from_document(document)
    return NextVersion(document["of"], _asked(document["asked"]), plan, kept.revision, words)


def draft_next(services: Services, chart: OpenChart, version_id: str, asked: Asked, seen: str, revision: int) -> NextVersion:
    """Keep a new schedule that was seen as the draft, in place of the one that was seen beside it (`revision`, 0 for none).

    Words that were typed for a draft of the same plan stay. Raises like `course.turned`, and StoreConflict where another draft is there.
    """
    if asked.turn not in MAKES_A_DRAFT:
        raise WrongUsage("this is no new schedule")
    there = next_version(services, chart)
    plan = as_seen(turned(services, chart, load_chart(services, chart, afresh=True), version_id, asked), seen)
    words = there.words if there and there.plan.key == plan.key else None
    return save_next(services, chart, NextVersion(version_id, asked, plan, revision, words), "next-draft")


def acknowledge_next(services: Services, chart: OpenChart, place: int, reason: str, revision: int) -> NextVersion:
    """Accept one finding of the draft. Raises NotAllowed, WrongUsage, StoreConflict."""
    draft = next_as_seen(services, chart, revision)
    if not 0 <= place < len(draft.plan.findings):
        raise WrongUsage("this finding is not on the draft any more: look at the list again")
    decision = Decision(chart.who, chart.day(services.clock(), draft.plan.zone), reason.strip())
    plan = lifecycle.acknowledge(draft.plan, draft.plan.findings[place], decision)
    return save_next(services, chart, replace(draft, plan=plan), "next-acknowledge")


def agree_to_next(services: Services, chart: OpenChart, who: str, what: str, revision: int) -> NextVersion:
    """Note the patient's agreement to the draft. Raises NotAllowed, StoreConflict."""
    draft = next_as_seen(services, chart, revision)
    on = chart.day(services.clock(), draft.plan.zone)
    agreed = lifecycle.agree(draft.plan, Agreement(who.strip(), what.strip(), on))
    return save_next(services, chart, replace(draft, plan=agreed), "next-agree")


def discard_next(services: Services, chart: OpenChart, revision: int) -> None:
    """Give the draft up as it was seen; the running version goes on. Raises StoreConflict where it is another one by now."""
    draft = next_as_seen(services, chart, revision)
    with services.database.begin():
        _drop(services, chart, revision)
        withdraw_open(services, chart, draft.plan, GIVEN_UP)
        note(services, chart.launch, "next-discard", "done")


def reasons_against_next(services: Services, chart: OpenChart, loaded: Loaded, draft: NextVersion) -> tuple[str, ...]:
    """Why the draft cannot be approved as it stands today; empty where it can."""
    return _judged(services, chart, loaded, draft).against


def next_rests_on(services: Services, chart: OpenChart) -> RestsOn | None:
    """What an approval of the draft rests on now; None where there is none."""
    draft = next_version(services, chart)
    return None if draft is None else rests_on(services, chart, draft.plan)


def approve_next(services: Services, chart: OpenChart, seen: str) -> TaperPlan:
    """The version that was seen (`str(next_rests_on(…))`), approved.

    Raises NotAllowed with every reason, LaunchRefused ("role"), StoreConflict that says what changed, EhrError.
    """
    require(services, chart, "approve", (Role.PRESCRIBER,))
    draft, now = next_version(services, chart), partial(next_rests_on, services, chart)
    shown = as_shown(services, chart, seen, now)
    if draft is None:
        raise StoreConflict("there is no draft any more")
    judged = partial(_judged, services, chart, draft=draft)
    return approve_shown(services, chart, shown, now, judged, partial(_drop, services, chart, draft.revision))


def _judged(services: Services, chart: OpenChart, loaded: Loaded, draft: NextVersion) -> Judged:
    changed, findings = _compared(services, chart, loaded, version_named(services, chart, draft.of), draft)
    reading = loaded.reading(chart.day(services.clock(), draft.plan.zone))
    judged = judge(services, chart, draft.plan, reading, findings)
    return replace(judged, against=(*unread_plans(services, chart, loaded, draft.plan), *changed, *judged.against))


def _compared(
    services: Services, chart: OpenChart, loaded: Loaded, kept: Kept, draft: NextVersion
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """What changed since the draft was made, and its findings by the chart of today. Its days stay those that were seen and agreed to."""
    made_on, today = draft.plan.revisions[-1], chart.day(services.clock(), draft.plan.zone)
    decision = Decision(made_on.by, made_on.on, made_on.reason)
    past = _began_meanwhile(kept.plan, draft.plan, made_on.on, today)
    made = what_follows(services, chart, loaded, kept.plan, draft.asked, decision, max(today, made_on.on))
    if isinstance(made, Infeasible):
        return (*past, f"the chart changed since this draft was made, and it is not possible any more: {made.message}"), made.findings
    if (made.steps, made.products) != (draft.plan.steps, draft.plan.products):
        return (*past, "the chart changed since this draft was made, and the doses would be others: make it again"), made.findings
    return (*past, *_not_on_the_draft(draft.plan, made)), made.findings


def _began_meanwhile(running: TaperPlan, draft: TaperPlan, made_on: date, today: date) -> tuple[str, ...]:
    """That the draft has another dose than the version that ran on a day that is past: it would tell of doses that nobody took."""
    for day in (made_on + timedelta(days=number) for number in range((today - made_on).days)):
        was, would = step_in_force(running, day), draft.step_on(day)  # what was taken, and what the draft would have had
        if (was.doses, was.every_days) != (would.doses, would.every_days):
            doses = f"{dose_words(would)}, where the version that runs has {dose_words(was)}"
            return (f"this draft, made on {made_on.isoformat()}, begins on {day.isoformat()}, which is past, with {doses}: make it again",)
    return ()


def _not_on_the_draft(draft: TaperPlan, made: TaperPlan) -> tuple[str, ...]:
    """That what is to be acknowledged by now cannot be, on this draft."""
    asked = [one for one in made.findings if one.severity is Severity.ACKNOWLEDGE and one not in draft.findings]
    if not asked:
        return ()
    return (f"what is to be acknowledged is other than on {draft.revisions[-1].on.isoformat()}, when this draft was made: make it again",)


def _drop(services: Services, chart: OpenChart, revision: int) -> None:
    services.drafts.drop(chart.launch.tenant_id, chart.launch.patient_id, NAME, revision)


def next_as_seen(services: Services, chart: OpenChart, revision: int) -> NextVersion:
    """The draft that a page showed, for whoever may change it. Raises LaunchRefused ("role"), StoreConflict."""
    require(services, chart, "edit", DRAFTERS)
    draft = next_version(services, chart)
    if draft is None or draft.revision != revision:
        raise StoreConflict("the draft was changed elsewhere meanwhile: look at it again")
    return draft


def save_next(services: Services, chart: OpenChart, draft: NextVersion, action: str) -> NextVersion:
    """Save as the draft's next revision, with a line of the audit. Raises StoreConflict where another one is there by now."""
    launch, saved = chart.launch, replace(draft, plan=joined(draft.plan, draft.words))
    document = {
        "schema": _SCHEMA,
        "of": saved.of,
        "asked": _asked_document(saved.asked),
        "plan": to_document(saved.plan),
        "words": words_to_document(saved.words),
    }
    kept = Draft(launch.tenant_id, launch.patient_id, NAME, draft.revision + 1, encode(document), launch.user, services.clock())
    with services.database.begin():
        saved = replace(saved, revision=services.drafts.save(kept))
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
