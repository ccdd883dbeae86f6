"""How many alerts wait for an answer, by what was kept of the last look at each plan: for the tab of every page. It reads no chart."""

from typing import Final

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


def open_alerts(services: Services, chart: OpenChart) -> int | None:
    """Hits of level 1 or more that nobody had answered when the plans were looked at last; None where one of them never was, or none runs.

    What came since is not in it: the page of alerts looks again.
    """
    launch, counts = chart.launch, list[int]()
    for version in newest_of_each(services, chart):
        if version.state not in _WATCHED:
            continue
        name = f"{version.plan.ingredient}/{version.plan.key}"
        last = services.watch.newest(launch.tenant_id, launch.patient_id, name, NoteKind.ASSESSMENT)
        if last is None and version.state in RUNNING:
            return None
        if last is not None:
            counts.append(_open_in(services, chart, last))
    return sum(counts) if counts else None


def _open_in(services: Services, chart: OpenChart, last: WatchNote) -> int:
    launch = chart.launch
    answers = services.watch.of_patient(launch.tenant_id, launch.patient_id, NoteKind.ANSWER, since=last.at)
    answered = {decode(one.document)["rule"] for one in answers if one.plan == last.plan}
    hits = decode(last.document)["kept"]["assessment"]["hits"]
    return sum(hit["level"] >= Level.HOLD and hit["answer"] is None and hit["rule"] not in answered for hit in hits)
