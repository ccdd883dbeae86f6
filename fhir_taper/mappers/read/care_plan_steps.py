"""The steps of a CarePlan that we wrote, wherever they are kept: in its RequestGroup, in a contained one, or (degraded) in activity.detail.

A step is an action or detail with our `taper-step` extension; its days and kind stand in the element's own fields. What carries no such
extension was added by somebody else and is told, not read as a dose.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_taper.errors import BadInput
from fhir_taper.mappers.systems import codings
from fhir_taper.mappers.write.extensions import TAPER_STEP, given, read_step
from fhir_taper.mappers.write.plan_references import from_subject, plan_ids
from fhir_taper.mappers.write.request_group import KIND_SYSTEM
from fhir_taper.mappers.write.shapes import Kind, read_primitive
from fhir_taper.plans.tapers.plan import Step, StepKind

Resource = Mapping[str, Any]
Find = Callable[[object], Resource | None]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One action or detail. `is_ours` is False for what somebody added; `group` is the RequestGroup it stands in, if it does."""

    element: Resource
    place: str
    is_ours: bool
    is_detail: bool = False
    group: Resource | None = None
    source: str = ""


def step_records(care_plan: Resource, find: Find) -> tuple[StepRecord, ...]:
    """Every action and activity of a CarePlan, in order. Raises BadInput where a RequestGroup that it refers to is not there."""
    activities = care_plan.get("activity", [])
    if not isinstance(activities, list):
        raise BadInput("must be a list", "CarePlan.activity")
    found: list[StepRecord] = []
    for index, activity in enumerate(activities):
        found += _of_activity(activity, care_plan, f"CarePlan.activity[{index}]", find)
    return tuple(found)


def read_steps(records: tuple[StepRecord, ...]) -> tuple[Step, ...]:
    """The steps among the records, in order."""
    return tuple(_step(record) for record in records if record.is_ours)


def _of_activity(activity: object, care_plan: Resource, place: str, find: Find) -> Iterator[StepRecord]:
    if not isinstance(activity, dict):
        raise BadInput("is not an activity", place)
    detail, reference = activity.get("detail"), activity.get("reference")
    if isinstance(detail, dict):
        yield StepRecord(detail, f"{place}.detail", bool(given(detail, TAPER_STEP)), is_detail=True)
    elif _points_at_group(reference):
        yield from _of_group(find(reference), care_plan, place)
    else:
        yield StepRecord(activity, place, is_ours=False)


def _points_at_group(reference: object) -> bool:
    """Whether an activity's reference may be to our RequestGroup: by its type, by urn:uuid, or contained."""
    target = reference.get("reference") if isinstance(reference, dict) else None
    return isinstance(target, str) and ("RequestGroup/" in target or target.startswith(("urn:", "#")))


def _of_group(group: Resource | None, care_plan: Resource, place: str) -> Iterator[StepRecord]:
    if group is None:
        raise BadInput("refers to a RequestGroup that is not here: the plan is not whole", f"{place}.reference")
    if plan_ids(group) != plan_ids(care_plan):
        raise BadInput("refers to a RequestGroup of another plan", f"{place}.reference")
    if from_subject(group.get("subject"), "RequestGroup.subject") != from_subject(care_plan.get("subject"), "CarePlan.subject"):
        raise BadInput("refers to a RequestGroup of another patient", f"{place}.reference")
    actions = group.get("action", [])
    if group.get("resourceType") != "RequestGroup" or not isinstance(actions, list):
        raise BadInput("does not refer to a RequestGroup with a list of actions", f"{place}.reference")
    for index, action in enumerate(actions):
        where = f"RequestGroup.action[{index}]"
        if not isinstance(action, dict):
            raise BadInput("is not an action", where)
        yield StepRecord(action, where, bool(given(action, TAPER_STEP)), group=group, source=f"RequestGroup/{group.get('id', '')}")


def _step(record: StepRecord) -> Step:
    period_name = "scheduledPeriod" if record.is_detail else "timingPeriod"
    period = record.element.get(period_name)
    if not isinstance(period, dict):
        raise BadInput("is missing", f"{record.place}.{period_name}")
    start = read_primitive(period.get("start"), Kind.DATE, f"{record.place}.{period_name}.start")
    end = read_primitive(period["end"], Kind.DATE, f"{record.place}.{period_name}.end") if "end" in period else None
    return Step(start=start, end=end, kind=_kind(record), **read_step(record.element, record.place))


def _kind(record: StepRecord) -> StepKind:
    code = record.element.get("code")
    concepts = code if isinstance(code, list) else [code]
    found = [coding.code for concept in concepts for coding in codings(concept) if coding.system == KIND_SYSTEM]
    if len(found) != 1:
        raise BadInput(f"has {len(found)} codes of {KIND_SYSTEM}, and must have one", f"{record.place}.code")
    kind: StepKind = read_primitive(found[0], Kind.CODE, f"{record.place}.code", StepKind)
    return kind
