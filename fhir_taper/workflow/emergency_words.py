"""A clinician's own words for when things go wrong, beside the advice of our tables: of a draft, and of a plan that runs.

Words for a draft are kept apart from it, so that making the draft again does not lose them; on approval they become part of the plan.
Where nobody says whom to call, the site's own crisis lines stand there. No dose changes here.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from fhir_taper.errors import StoreConflict, WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.tapers.contingency import worded
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.records import Role
from fhir_taper.store.drafts import Draft
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import as_version, version_named

NAME: Final = "emergency-words"
_SCHEMA: Final = 1
_LONGEST: Final = 1000
_MOST_CONTACTS: Final = 10


@dataclass(frozen=True, slots=True)
class Words:
    """What a clinician says: for breakthrough, for comfort, whom to call (one a line); by whom, when. `revision` 0 was never saved."""

    breakthrough: str = ""
    comfort_plan: str = ""
    contacts: tuple[str, ...] = ()
    by: str = ""
    on: date | None = None
    revision: int = 0


def typed_words(breakthrough: str, comfort_plan: str, contacts: str) -> Words:
    """Words as they were typed. Raises WrongUsage for more than a plan should hold."""
    listed = tuple(line.strip() for line in contacts.splitlines() if line.strip())
    if max(map(len, (breakthrough, comfort_plan, *listed))) > _LONGEST or len(listed) > _MOST_CONTACTS:
        raise WrongUsage(f"at most {_LONGEST} characters each, and {_MOST_CONTACTS} lines of whom to call")
    return Words(breakthrough.strip(), comfort_plan.strip(), listed)


def draft_words(services: Services, chart: OpenChart) -> Words:
    """The words for the patient's draft."""
    kept = services.drafts.get(chart.launch.tenant_id, chart.launch.patient_id, NAME)
    if kept is None:
        return Words()
    document = decode(kept.document)
    on = date.fromisoformat(document["on"])
    return Words(document["breakthrough"], document["comfort_plan"], tuple(document["contacts"]), document["by"], on, kept.revision)


def save_draft_words(services: Services, chart: OpenChart, words: Words, revision: int) -> Words:
    """Keep words for the draft. Raises LaunchRefused ("role"), StoreConflict for a stale page."""
    require(services, chart, "edit", (Role.PRESCRIBER, Role.PHARMACIST))
    launch = chart.launch
    saved = replace(words, by=chart.who, on=chart.day(services.clock()), revision=revision + 1)
    if draft_words(services, chart).revision != revision:
        raise StoreConflict("these words were changed elsewhere meanwhile: look at them again")
    document = {
        "schema": _SCHEMA,
        "breakthrough": saved.breakthrough,
        "comfort_plan": saved.comfort_plan,
        "contacts": list(saved.contacts),
        "by": saved.by,
        "on": saved.on.isoformat() if saved.on else "",
    }
    with services.database.begin():
        kept = Draft(launch.tenant_id, launch.patient_id, NAME, saved.revision, encode(document), launch.user, services.clock())
        services.drafts.save(kept)
        note(services, launch, "draft-words", "done", {"revision": saved.revision})
    return saved


def drop_draft_words(services: Services, chart: OpenChart) -> None:
    """The draft became a plan, and has the words."""
    services.drafts.drop(chart.launch.tenant_id, chart.launch.patient_id, NAME)


def with_words(services: Services, chart: OpenChart, draft: TaperPlan) -> TaperPlan:
    """The draft as it would be approved: with the words for it, and the site's crisis lines where nobody says whom to call."""
    words, said = draft_words(services, chart), draft.contingency
    if words.revision:
        said = replace(
            said,
            breakthrough=words.breakthrough,
            comfort_plan=words.comfort_plan,
            emergency_contacts=words.contacts,
            said_by=words.by,
            said_on=words.on,
        )
    contacts = said.emergency_contacts or tuple(f"Crisis line {line}" for line in chart.tenant.crisis_lines)
    return replace(draft, contingency=replace(said, emergency_contacts=contacts))


def word_running(services: Services, chart: OpenChart, version_id: str, words: Words) -> TaperPlan:
    """The next version of a plan that runs, with these words. Raises LaunchRefused ("role"), NotAllowed, WrongUsage, StoreConflict."""
    require(services, chart, "word a plan anew", (Role.PRESCRIBER,))
    kept = version_named(services, chart, version_id)
    if kept.version.state is PlanState.DRAFT:
        raise WrongUsage("a draft is worded where it is made")
    decision = Decision(chart.who, chart.day(services.clock(), kept.plan.zone), "worded on screen")
    after = worded(kept.plan, decision, words.breakthrough, words.comfort_plan, words.contacts)
    name, launch = kept.version.plan, chart.launch
    made = as_version(chart, name, after, services.clock())
    with services.database.begin():
        services.plans.append(made, expected_version=kept.version.version)
        note(services, launch, "revise-words", "done", {"plan": after.id, "version": after.version, "replaces": kept.version.id})
    return after
