"""Taper plans that we wrote, read back from FHIR: the CarePlan and its RequestGroup alone give the whole plan.

What we wrote in extensions and plain elements is read strictly: a missing or odd part is a BadInput that names its place, because half
a plan is no plan. What a person can see and may have changed in another program is compared with what the plan says
(`care_plan_edits`): `read_plan` hands the differences up as issues, `from_bundle` refuses them. CarePlans of other systems are not ours.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_taper.errors import BadInput, NotFhir
from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.care_plan_edits import edits
from fhir_taper.mappers.read.care_plan_steps import StepRecord, read_steps, step_records
from fhir_taper.mappers.references import address, resolve
from fhir_taper.mappers.write.extensions import NOTED, TAPER, given, read_core, read_fields
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM
from fhir_taper.mappers.write.plan_references import from_protocol, from_reference, from_replaced, from_subject, plan_ids
from fhir_taper.mappers.write.shapes import Kind, read_primitive
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.places import misplaced
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan

Resource = Mapping[str, Any]
Find = Callable[[object], Resource | None]
"""Finds the resource behind a Reference element, or None."""


def is_ours(resource: object) -> bool:
    """Whether this is a CarePlan that we wrote, whole or damaged: it has our extension or an identifier of ours."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "CarePlan":
        return False
    return bool(given(resource, TAPER)) or any(_is_of_ours(one) for one in _listed(resource.get("identifier")))


def from_bundle(bundle: object) -> TaperPlan:
    """The plan in a Bundle (of any type) that `to_bundle` made; only its CarePlan and RequestGroup are needed.

    Numbers must have been decoded exactly (`exact_json`). Raises NotFhir for what is no Bundle, BadInput where there is not exactly one
    CarePlan of ours, where a part of it is missing or odd, and where somebody changed what it says.
    """
    mapped = read_bundle(bundle)
    changed = next((issue for issue in mapped.issues if issue.severity != "information"), None)
    if changed:
        raise BadInput(changed.message, changed.source)
    return mapped.value


def read_bundle(bundle: object) -> Mapped[TaperPlan]:
    """As `from_bundle`, with what somebody changed as issues instead of an error."""
    entries = _entries(bundle)
    ours = [resource for _, resource in entries if is_ours(resource)]
    if len(ours) != 1:
        raise BadInput(f"holds {len(ours)} CarePlans written by fhir-taper, and must hold one", "Bundle")
    return read_plan(ours[0], lambda reference: _find(entries, ours[0], reference))


def read_care_plans(chart: Chart) -> tuple[Mapped[TaperPlan], ...]:
    """Every readable plan of ours in a chart, in input order. What `unreadable_care_plans` names is not among them."""
    return tuple(found for found in _of_chart(chart) if isinstance(found, Mapped))


def unreadable_care_plans(chart: Chart) -> tuple[Issue, ...]:
    """CarePlans in a chart that we wrote and cannot read any more, each with what is wrong."""
    return tuple(found for found in _of_chart(chart) if isinstance(found, Issue))


def read_plan(care_plan: Resource, find: Find) -> Mapped[TaperPlan]:
    """The plan of one CarePlan of ours. Raises BadInput naming the place of what is missing or odd.

    The value is what the record says now; an issue of code `edited` names each place that does not fit what we wrote.
    """
    core, fields, plain = read_core(care_plan), read_fields(care_plan), _plain(care_plan)
    written = {name: core.pop(name) for name in NOTED}
    records = step_records(care_plan, find)
    plan = TaperPlan(**core, **fields, **plain, steps=read_steps(records))
    if len(plan.steps) != written["step_count"]:
        raise BadInput(f"has {len(plan.steps)} steps, and was written with {written['step_count']}", "CarePlan.activity")
    wrong = misplaced(plan)
    if wrong is not None:
        path, says = wrong
        raise BadInput(says, f"CarePlan ({path} of the plan)")
    return Mapped(plan, edits(plan, care_plan, records, written), _sources(care_plan, records))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_of_ours(identifier: object) -> bool:
    return isinstance(identifier, dict) and identifier.get("system") in (PLAN_SYSTEM, TAPER_SYSTEM, WRITE_SYSTEM)


def _of_chart(chart: Chart) -> list[Mapped[TaperPlan] | Issue]:
    return [_of_entry(chart, entry) for entry in chart.of("CarePlan") if is_ours(entry.resource)]


def _of_entry(chart: Chart, entry: Entry) -> Mapped[TaperPlan] | Issue:
    try:
        mapped = read_plan(entry.resource, lambda reference: _resource(resolve(chart, entry, reference)))
    except BadInput as damage:
        return Issue("error", "damaged-plan", f"a taper plan that was written by this program cannot be read: {damage}", entry.reference)
    return Mapped(mapped.value, mapped.issues, (entry.reference, *mapped.sources[1:]))


def _resource(entry: Entry | None) -> Resource | None:
    return entry.resource if entry else None


def _plain(care_plan: Resource) -> dict[str, Any]:
    """The fields of a plan that stand in plain elements of its CarePlan."""
    ids = plan_ids(care_plan)
    if len(ids) != 1:
        raise BadInput(f"has {len(ids)} plan identifiers ({PLAN_SYSTEM}), and must have one", "CarePlan.identifier")
    protocols = [from_protocol(item, "CarePlan.instantiatesCanonical") for item in _list(care_plan, "instantiatesCanonical")]
    replaced = _list(care_plan, "replaces")
    return {
        "id": ids[0],
        "patient": from_subject(care_plan.get("subject"), "CarePlan.subject"),
        "state": read_primitive(care_plan.get("status"), Kind.CODE, "CarePlan.status", PlanState),
        "created": read_primitive(care_plan.get("created"), Kind.DATE, "CarePlan.created"),
        "author": from_reference(care_plan["author"], "CarePlan.author") if "author" in care_plan else "",
        "protocol": next((protocol for protocol in protocols if protocol is not None), None),
        "replaces": from_replaced(replaced[0], "CarePlan.replaces[0]") if replaced else None,
        "sources": tuple(
            from_reference(item, f"CarePlan.supportingInfo[{index}]") for index, item in enumerate(_list(care_plan, "supportingInfo"))
        ),
    }


def _list(resource: Resource, name: str) -> list[Any]:
    value = resource.get(name, [])
    if not isinstance(value, list):
        raise BadInput("must be a list", f"{resource.get('resourceType')}.{name}")
    return value


def _entries(bundle: object) -> list[tuple[str, Resource]]:
    """(fullUrl, resource) of each entry; entries without a resource are passed over."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise NotFhir("is not a Bundle", "Bundle")
    found = [item for item in _list(bundle, "entry") if isinstance(item, dict) and isinstance(item.get("resource"), dict)]
    return [(str(item.get("fullUrl", "")), item["resource"]) for item in found]


def _find(entries: list[tuple[str, Resource]], care_plan: Resource, reference: object) -> Resource | None:
    wanted = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(wanted, str):
        return None
    if wanted.startswith("#"):
        inside = [item for item in _list(care_plan, "contained") if isinstance(item, dict)]
        return next((item for item in inside if item.get("id") == wanted[1:]), None)
    key = address(wanted).key
    by_url = (resource for full_url, resource in entries if full_url == wanted)
    by_key = (resource for _, resource in entries if key and key == f"{resource.get('resourceType')}/{resource.get('id')}")
    return next(by_url, None) or next(by_key, None)


def _sources(care_plan: Resource, records: tuple[StepRecord, ...]) -> tuple[str, ...]:
    groups = {record.source: None for record in records if record.source}
    return (f"CarePlan/{care_plan.get('id', '')}", *groups)
