"""Aftercare: the patient's plan for hard days with every version of it, the way back, what check-ins said over time, what goes on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhir_taper.errors import StoreConflict, WrongUsage
from fhir_taper.exact_json import decode
from fhir_taper.mappers.read.filled_form import read_filled_forms
from fhir_taper.mappers.write.fhir_text import shown_lines
from fhir_taper.plans.monitoring.aftercare import AftercarePlan, OverTime, Told, aftercare_of
from fhir_taper.plans.monitoring.aftercare import over_time as told_over_time
from fhir_taper.plans.monitoring.contact_quantities import CHECK_IN
from fhir_taper.plans.monitoring.outcomes import watched_from
from fhir_taper.plans.monitoring.reading import Reading
from fhir_taper.plans.monitoring.retention import came_over_time
from fhir_taper.plans.monitoring.scoring import YES
from fhir_taper.plans.monitoring.timeline import Record, timeline_of
from fhir_taper.plans.tables.aftercare_rows import load_aftercare
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.store.watch_log import NoteKind, WatchNote
from fhir_taper.workflow.assess import in_zone
from fhir_taper.workflow.check_ins import COME_BACK, HARD_DAYS, check_ins, entered_by, followed_named
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import Kept
from fhir_taper.workflow.watching import fill_form, rhythm_of

_LONGEST: Final = 2000
_RESPONSE: Final = "QuestionnaireResponse"


@dataclass(frozen=True, slots=True)
class HardDays:
    """One version of the plan for hard days: the id of its filled form, when, by whom it was entered ("" the patient), the answers."""

    id: str
    at: datetime
    by: str
    answers: Mapping[str, str]


def hard_days_of(services: Services, chart: OpenChart) -> tuple[HardDays, ...]:
    """Every version of the plan for hard days, the oldest first."""
    found = []
    for one in _forms(services, chart):
        document: Mapping[str, Any] = decode(one.document)
        if document["form"] == HARD_DAYS:
            answers = {item["linkId"]: item["answer"][0]["valueString"] for item in document["resources"][0].get("item", ())}
            found.append(HardDays(document["resources"][0]["id"], one.at, entered_by(chart, one), answers))
    return tuple(found)


def save_hard_days(services: Services, chart: OpenChart, kept: Kept, answers: Mapping[str, str], newest: str) -> None:
    """Keep the plan for hard days as a new version; the older ones stay. `newest`: the id of the version that was changed, "" for none.

    What says the same as the newest version is that one, sent again. Raises LaunchRefused ("role"), WrongUsage, StoreConflict where
    somebody kept another version since.
    """
    if any(len("\n".join(text.splitlines())) > _LONGEST for text in answers.values()):  # as a browser counts
        raise WrongUsage(f"each answer has at most {_LONGEST} letters")
    versions = hard_days_of(services, chart)
    said = {item: words for item, text in answers.items() if (words := shown_lines(text))}
    if versions and versions[-1].answers == said:
        return
    if newest != (versions[-1].id if versions else ""):
        raise StoreConflict("somebody changed this plan since the page was opened, and nothing was kept: look at it again")
    fill_form(services, chart, kept.plan, HARD_DAYS, {item: (text,) for item, text in answers.items()})
    if len(hard_days_of(services, chart)) == len(versions):  # the very same was kept within this minute, before what stands now
        raise StoreConflict("this was saved a moment ago, before what stands now: save it again in a minute")


def newest_hard_days(services: Services, chart: OpenChart) -> str:
    """The id of the newest version of the plan for hard days; "" where there is none."""
    versions = hard_days_of(services, chart)
    return versions[-1].id if versions else ""


def ask_to_come_back(services: Services, chart: OpenChart, name: str) -> Kept:
    """Keep the patient's wish to come back. A person calls; rule A15 sees to that."""
    kept = followed_named(services, chart, name)
    fill_form(services, chart, kept.plan, COME_BACK, {"come-back": (YES,)})
    return kept


def over_time(services: Services, chart: OpenChart, plan: TaperPlan) -> tuple[OverTime, ...]:
    """How many check-ins came, and what they said over time, by the forms that were filled in here. Those that stand in the EHR alone are
    on the monitoring page."""
    launch, as_of = chart.launch, in_zone(services.clock(), plan.zone or chart.tenant.timezone)
    notes = services.watch.of_patient(launch.tenant_id, launch.patient_id, NoteKind.FORM, NoteKind.CHOICE)
    filled = [
        (datetime.fromisoformat(resource["authored"]), resource)
        for one in notes
        if one.kind is NoteKind.FORM
        for resource in decode(one.document)["resources"]
        if resource["resourceType"] == _RESPONSE
    ]
    came = [Reading(CHECK_IN, at, at, (f"{_RESPONSE}/{one['id']}",)) for at, one in filled]
    seen = timeline_of(launch.patient_id, came, check_ins=rhythm_of(plan, notes), read=frozenset({Record.FORM}))
    told = [Told(at, said) for at, one in filled for form in read_filled_forms(one) for said in form.scored.said]
    return (came_over_time(watched_from(plan, seen, as_of)), *told_over_time(told, as_of))


def aftercare_plan(services: Services, chart: OpenChart, kept: Kept) -> AftercarePlan:
    """The aftercare plan of a completed taper, as it follows from today's choices. Raises NotAllowed before the taper is completed."""
    rhythm = check_ins(services, chart, kept).schedule.every_days
    return aftercare_of(kept.plan, load_aftercare(), rhythm, newest_hard_days(services, chart), author=kept.plan.author)


def in_patient_words(plan: AftercarePlan, said: Collection[str] = ()) -> tuple[str, ...]:
    """What goes on, as its patient reads it. `said`: ids of what the page says already."""
    words = {row.id: row.patient_says for row in load_aftercare()}
    return tuple(words[one.id] for one in plan.activities if one.id not in said)


def _forms(services: Services, chart: OpenChart) -> tuple[WatchNote, ...]:
    return services.watch.of_patient(chart.launch.tenant_id, chart.launch.patient_id, NoteKind.FORM)
