"""Which alerts wait for an answer, by what was kept of the last look at each plan: for the tab of every page, and of plans that ended.

It reads no chart.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhir_taper.errors import StoreConflict
from fhir_taper.exact_json import decode
from fhir_taper.mappers.read.filled_form import read_filled_forms
from fhir_taper.plans.monitoring.alarming import alarm_of
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.store.plans import PlanVersion
from fhir_taper.store.watch_log import NoteKind
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import newest_of_each
from fhir_taper.workflow.watching import ANSWERERS, keep_note, name_of, reason_of

_WATCHED: Final = RUNNING | {PlanState.COMPLETED}
"""A plan that is completed is in aftercare."""


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A red flag of a plan that ended before anybody answered it, or a form that called for help and that nobody saw before the end.

    `plan` names the taper; `key` is the rule, or the id of the form: what an answer is to.
    """

    plan: str
    ingredient: str
    key: str
    title: str
    message: str
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """`waiting`: hits of level 1 or more that nobody had answered at the last look. `has_news`: a form came that no rule saw then."""

    waiting: int
    has_news: bool


def open_alerts(services: Services, chart: OpenChart) -> OpenAlerts | None:
    """What is known of the plans together without looking again; None where one of them was never looked at, or none runs."""
    launch, found = chart.launch, list[_LastLook]()
    for version in newest_of_each(services, chart):
        if version.state not in _WATCHED:
            continue
        last = _last_look(services, chart, version)
        if last is None and version.state in RUNNING:
            return None
        if last is not None:
            found.append(last)
    if not found:
        return None
    forms = services.watch.ids(launch.tenant_id, launch.patient_id, NoteKind.FORM)
    waiting = sum(len(_waiting(services, chart, one)) for one in found)
    return OpenAlerts(waiting, any(forms - set(one.document.get("forms", ())) for one in found))


def left_open(services: Services, chart: OpenChart) -> tuple[LeftOpen, ...]:
    """What nobody had answered when its plan ended, by the last look at it and the forms since: nothing watches it any more."""
    found = list[LeftOpen]()
    for version in newest_of_each(services, chart):
        if version.state not in _WATCHED:
            found += _left_open(services, chart, version, _last_look(services, chart, version))
    return tuple(found)


def answer_left_open(services: Services, chart: OpenChart, plan: str, key: str, reason: str) -> None:
    """Note that a person looked after what a plan left open. Raises LaunchRefused ("role"), WrongUsage, StoreConflict."""
    require(services, chart, "answer an alert", ANSWERERS)
    if not any((one.plan, one.key) == (plan, key) for one in left_open(services, chart)):
        raise StoreConflict("this does not stand any more: look at the page again")
    said = reason_of(reason)
    with services.database.begin():
        keep_note(services, chart, NoteKind.ANSWER, plan, {"rule": key, "what": "reviewed", "reason": said, "by": chart.who})
        note(services, chart.launch, "answer-alert", "done", {"plan": plan, "rule": key, "what": "reviewed"})


@dataclass(frozen=True, slots=True)
class _LastLook:
    """What was kept of the last look at a plan: its document, and which taper it is about."""

    plan: str
    document: Mapping[str, Any]


def _last_look(services: Services, chart: OpenChart, version: PlanVersion) -> _LastLook | None:
    name = name_of(version.plan)
    last = services.watch.newest(chart.launch.tenant_id, chart.launch.patient_id, name, NoteKind.ASSESSMENT)
    return None if last is None else _LastLook(name, decode(last.document))


def _waiting(services: Services, chart: OpenChart, last: _LastLook) -> tuple[Mapping[str, Any], ...]:
    """The hits of level 1 or more of a kept assessment that nobody answered, then or since."""
    answered = _answered(services, chart, last.plan, last.document["answers"])
    hits = last.document["kept"]["assessment"]["hits"]
    return tuple(hit for hit in hits if hit["level"] >= Level.HOLD and hit["answer"] is None and hit["rule"] not in answered)


def _answered(services: Services, chart: OpenChart, plan: str, known: Iterable[str] = ()) -> set[str]:
    """What answers are to that an assessment did not know."""
    answers, seen = services.watch.of_patient(chart.launch.tenant_id, chart.launch.patient_id, NoteKind.ANSWER), frozenset(known)
    return {decode(one.document)["rule"] for one in answers if one.plan == plan and one.id not in seen}


def _left_open(services: Services, chart: OpenChart, version: PlanVersion, last: _LastLook | None) -> Iterator[LeftOpen]:
    name, of = name_of(version.plan), version.plan.ingredient
    for hit in _waiting(services, chart, last) if last is not None else ():
        if hit["red_flag"]:
            yield LeftOpen(name, of, hit["rule"], hit["title"], hit["message"], datetime.fromisoformat(hit["since"]))
    seen = {*(last.document.get("forms", ()) if last is not None else ()), *_answered(services, chart, name)}
    for one in services.watch.of_patient(chart.launch.tenant_id, chart.launch.patient_id, NoteKind.FORM):
        if one.plan == name and one.id not in seen:
            said = decode(one.document)
            filled = [form for resource in said["resources"] for form in read_filled_forms(resource)]
            if any(alarm_of(form.scored) is not None for form in filled):
                yield LeftOpen(name, of, one.id, filled[0].form.title, "; ".join(said["scores"]), chart.local(one.at))
