"""A plan as one Bundle of type collection: CarePlan, RequestGroup, Goals, the next window's prescriptions as drafts, Device, Provenance.

Everything is a value made from arguments: the same plan, day and instant give the same bytes. Prescriptions are proposals (status
draft, intent proposal): a person signs orders. A plan under a Stop finding, or one that is no longer followed, proposes nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from fhir_taper import __version__
from fhir_taper.mappers.write.care_plan import to_care_plan
from fhir_taper.mappers.write.device import to_device
from fhir_taper.mappers.write.goal import to_goals
from fhir_taper.mappers.write.ids import LOCAL_TENANT, Ids
from fhir_taper.mappers.write.labels import NORMAL, Label, refuse_restricted, to_security
from fhir_taper.mappers.write.namespace import WRITE_SYSTEM, Json, identifier
from fhir_taper.mappers.write.provenance import to_instant, to_provenance
from fhir_taper.mappers.write.request_group import to_request_group
from fhir_taper.plans.tapers.plan import TaperPlan


def to_bundle(
    plan: TaperPlan,
    *,
    instant: datetime,
    tenant: str = LOCAL_TENANT,
    labels: Iterable[Label] = (NORMAL,),
    addresses: Iterable[str] = (),
) -> Json:
    kept = tuple(labels)
    refuse_restricted(kept)
    ids = Ids(plan, tenant)
    goals = to_goals(plan, ids, kept)
    device = to_device(__version__, kept)
    care_plan = to_care_plan(plan, ids, kept, [_url(goal) for goal in goals], addresses)
    group = to_request_group(plan, ids, kept, _url(device))
    written = [care_plan, group, *goals]
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


def _url(resource: Json) -> str:
    return f"urn:uuid:{resource['id']}"
