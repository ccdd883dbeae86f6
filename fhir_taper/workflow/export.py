"""What is handed out as FHIR JSON and written nowhere: the timeline of the plans that are watched, and the aftercare plan of a completed
taper. What was handed out stands in the audit; restricted data is handed out to nobody.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir_taper.exact_json import decode, encode
from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.write.aftercare import to_aftercare
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.mappers.write.labels import Label, united
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.mappers.write.timeline_bundle import to_timeline_bundle
from fhir_taper.store.watch_log import NoteKind
from fhir_taper.workflow.aftercare import aftercare_plan
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.check_ins import followed_named
from fhir_taper.workflow.load_chart import Loaded
from fhir_taper.workflow.load_watched import load_watched
from fhir_taper.workflow.made_from import made_from_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.regimen import labels_in
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.timeline import RECORDS
from fhir_taper.workflow.versions import Kept
from fhir_taper.workflow.watching import watched_plans

_OF_TIMELINE: Final = (*RECORDS, "Medication")
"""What a timeline is read from, and the medicines to which its orders refer."""


def export_timeline(services: Services, chart: OpenChart, loaded: Loaded) -> bytes:
    """The timeline of the patient as a Bundle, with the newest version of each plan that is watched.

    Raises RestrictedData, AccessEnded, StoreError where the audit cannot be written.
    """
    launch, now = chart.launch, services.clock()
    whole, plans = load_watched(chart, loaded), watched_plans(services, chart)
    notes = services.watch.of_patient(launch.tenant_id, launch.patient_id, NoteKind.FORM)
    bundle = to_timeline_bundle(
        ((one.full_url or f"{chart.tenant.issuer}/{one.resource_type}/{one.id}", dict(one.resource)) for one in whole.of(*_OF_TIMELINE)),
        [resource for one in notes for resource in _filled(decode(one.document))],
        [_of_plan(chart, one, _labels(whole, one)) for one in plans],
        of=f"{launch.tenant_id}/{launch.patient_id}",
        instant=now,
        unread=_unread(whole),
    )
    told = {"as": "Bundle", "resources": len(bundle["entry"]), "plans": [one.version.id for one in plans]}
    note(services, launch, "export", "done", told)
    return encode(bundle)


def export_aftercare(services: Services, chart: OpenChart, loaded: Loaded, name: str) -> bytes:
    """The aftercare plan as the CarePlan that it would be in the EHR. Nothing writes it there yet.

    Raises WrongUsage for a plan that is not followed, NotAllowed before the taper is completed, RestrictedData, StoreError.
    """
    kept = followed_named(services, chart, name)
    made = to_aftercare(aftercare_plan(services, chart, kept), _labels(loaded.chart, kept))
    note(services, chart.launch, "export", "done", {"as": "CarePlan", "resources": 1, "plans": [kept.version.id]})
    return encode(made)


def _filled(document: Mapping[str, Any]) -> Iterator[Json]:
    """A form that was filled in here, and the Observations that derive from it."""
    yield from document["resources"]
    yield from document.get("derived", ())


def _of_plan(chart: OpenChart, kept: Kept, labels: tuple[Label, ...]) -> Json:
    """Without proposals of prescriptions: what is only proposed did not happen."""
    day = chart.day(kept.version.at, kept.plan.zone or None)
    return to_bundle(kept.plan, as_of=day, instant=kept.version.at, tenant=chart.tenant.id, labels=labels)


def _labels(chart: Chart, kept: Kept) -> tuple[Label, ...]:
    """Those of the chart of now, and those that it had when the version was made."""
    then = made_from_of(kept.version)
    return united(labels_in(chart), then.labels if then else ())


def _unread(chart: Chart) -> Iterator[str]:
    yield from (issue.message for issue in chart.issues if issue.severity != "information")
    yield from (f"{one.reference or one.place} was set aside: {one.why}" for one in chart.set_aside)
