"""A plan as one Bundle of type collection: CarePlan, RequestGroup, Goals, the next window's prescriptions as drafts, Device, Provenance.

Everything is a value made from arguments: the same plan, day and instant give the same bytes. Prescriptions are proposals (status
draft, intent proposal): a person signs orders. A plan under a Stop finding, or one that is no longer followed, proposes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from fhir_taper import __version__
from fhir_taper.errors import WrongUsage
from fhir_taper.mappers.write.care_plan import to_care_plan
from fhir_taper.mappers.write.device import to_device
from fhir_taper.mappers.write.goal import to_goals
from fhir_taper.mappers.write.ids import LOCAL_TENANT, Ids
from fhir_taper.mappers.write.labels import NORMAL, Label, refuse_restricted, to_security
from fhir_taper.mappers.write.medication_request import Surroundings, role_of, to_medication_requests
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json, identifier
from fhir_taper.mappers.write.provenance import to_instant, to_provenance
from fhir_taper.mappers.write.request_group import to_request_group
from fhir_taper.mappers.write.wording import steps_in_words
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.windows import Window


def to_bundle(
    plan: TaperPlan,
    *,
    as_of: date,
    instant: datetime,
    windows: Iterable[Window] = (),
    tenant: str = LOCAL_TENANT,
    labels: Iterable[Label] = (NORMAL,),
    addresses: Iterable[str] = (),
    prior_prescriptions: Mapping[str, str] | None = None,
) -> Json:
    """The plan as FHIR R4. `windows` are those of the next period (`dispensing.next_window`): each becomes one proposed prescription.

    `labels` are `labels_of` the inputs; `addresses` references of Conditions; `prior_prescriptions` maps an RxNorm code to the
    MedicationRequest that the proposal follows. Raises WrongUsage for a window that is over on `as_of` or for windows of several
    periods, and BadInput where the labels forbid writing.
    """
    kept, proposed, conditions = tuple(labels), tuple(windows), tuple(addresses)
    refuse_restricted(kept)
    _refuse_past(proposed, as_of)
    ids = Ids(plan, tenant)
    device = to_device(__version__, kept)
    around = Surroundings(instant, _url(device), conditions, prior_prescriptions)
    requests = to_medication_requests(plan, proposed, ids, kept, around)
    goals = to_goals(plan, ids, kept)
    words = steps_in_words(plan)
    care_plan = to_care_plan(plan, ids, kept, words, [_url(goal) for goal in goals], conditions)
    group = to_request_group(plan, ids, kept, words, _url(device), _proposals(proposed, ids, requests))
    written = [care_plan, group, *goals, *requests]
    provenance = to_provenance(plan, ids, kept, [_url(resource) for resource in written], instant, _url(device))
    return {
        "resourceType": "Bundle",
        "id": ids.of("Bundle"),
        "meta": {"security": to_security(kept, on_bundle=True)},
        "identifier": identifier(WRITE_SYSTEM, ids.of("Bundle")),
        "type": "collection",
        "timestamp": to_instant(instant),
        "entry": [{"fullUrl": _url(resource), "resource": resource} for resource in (*written, device, provenance)],
    }


def _refuse_past(windows: tuple[Window, ...], as_of: date) -> None:
    over = next((window for window in windows if window.end < as_of), None)
    if over:
        raise WrongUsage(f"windows: {over.start.isoformat()} to {over.end.isoformat()} is over on {as_of.isoformat()}")


def _proposals(windows: tuple[Window, ...], ids: Ids, requests: list[Json]) -> dict[tuple[int, str], str]:
    """Which step's product is proposed by which request."""
    written = {request["id"] for request in requests}
    return {
        (line.step, window.product.rxcui): ids.urn(role_of(window))
        for window in windows
        for line in window.lines
        if ids.of(role_of(window)) in written
    }


def _url(resource: Json) -> str:
    return f"urn:uuid:{resource['id']}"
