"""How many alerts wait for an answer, by what was kept of the last look at each plan: for the tab of every page. It reads no chart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhir_taper.exact_json import decode
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.tapers.collisions import RUNNING
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.store.watch_log import NoteKind, WatchNote
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import newest_of_each

_WATCHED: Final = RUNNING | {PlanState.COMPLETED}
"""A plan that is completed is in aftercare."""


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """An urgent hit of a plan that ended before anybody answered it."""

    ingredient: str
    title: str
    message: str
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """`waiting`: hits of level 1 or more that nobody had answered at the last look. `has_news`: a form came since, and no rule saw it."""

    waiting: int
    has_news: bool


def open_alerts(services: Services, chart: OpenChart) -> OpenAlerts | None:
    """What is known of the plans together without looking again; None where one of them was never looked at, or none runs."""
    launch, found = chart.launch, list[OpenAlerts]()
    for version in newest_of_each(services, chart):
        if version.state not in _WATCHED:
            continue
        name = f"{version.plan.ingredient}/{version.plan.key}"
        last = services.watch.newest(launch.tenant_id, launch.patient_id, name, NoteKind.ASSESSMENT)
        if last is None and version.state in RUNNING:
            return None
        if last is not None:
            found.append(_since(services, chart, last))
    return OpenAlerts(sum(one.waiting for one in found), any(one.has_news for one in found)) if found else None


def left_open(services: Services, chart: OpenChart) -> tuple[LeftOpen, ...]:
    """Urgent hits of plans that ended before anybody answered them, by the last look at each: nothing watches them any more."""
    launch, found = chart.launch, list[LeftOpen]()
    for version in newest_of_each(services, chart):
        if version.state in _WATCHED:
            continue
        name = f"{version.plan.ingredient}/{version.plan.key}"
        last = services.watch.newest(launch.tenant_id, launch.patient_id, name, NoteKind.ASSESSMENT)
        waiting = _waiting(services, chart, last) if last is not None else ()
        found += [
            LeftOpen(version.plan.ingredient, hit["title"], hit["message"], datetime.fromisoformat(hit["since"]))
            for hit in waiting
            if hit["level"] >= Level.URGENT
        ]
    return tuple(found)


def _waiting(services: Services, chart: OpenChart, last: WatchNote) -> tuple[Mapping[str, Any], ...]:
    """The hits of level 1 or more of a kept assessment that nobody answered, then or since."""
    answers = services.watch.of_patient(chart.launch.tenant_id, chart.launch.patient_id, NoteKind.ANSWER, since=last.at)
    answered = {decode(one.document)["rule"] for one in answers if one.plan == last.plan}
    hits = decode(last.document)["kept"]["assessment"]["hits"]
    return tuple(hit for hit in hits if hit["level"] >= Level.HOLD and hit["answer"] is None and hit["rule"] not in answered)


def _since(services: Services, chart: OpenChart, last: WatchNote) -> OpenAlerts:
    forms = services.watch.of_patient(chart.launch.tenant_id, chart.launch.patient_id, NoteKind.FORM, since=last.at)
    seen = decode(last.document).get("forms", ())
    return OpenAlerts(len(_waiting(services, chart, last)), any(one.id not in seen for one in forms))
