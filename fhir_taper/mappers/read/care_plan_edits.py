"""What somebody changed in a CarePlan that we wrote, seen from what people can read in it.

Titles, descriptions, periods, review conditions and the narrative are written again from the plan that was read, and compared. A
difference is an Issue of code `edited` that says both readings: nothing is corrected, and nothing is passed over. Texts of another
program version may be worded otherwise; then they are not compared, and that is said.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_taper import __version__
from fhir_taper.mappers.narrative_words import narrative_words
from fhir_taper.mappers.read.care_plan_steps import StepRecord
from fhir_taper.mappers.write.care_plan import care_plan_says
from fhir_taper.mappers.write.degraded import detail_description
from fhir_taper.mappers.write.digest import digest_of
from fhir_taper.mappers.write.request_group import request_group_says
from fhir_taper.mappers.write.wording import steps_in_words
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tapers.plan import TaperPlan

Resource = Mapping[str, Any]
EDITED = "edited"
_LONGEST = 200  # characters of a reading that a message shows
_CARE_PLAN_SAYS = ("intent", "title", "description", "period")
_GROUP_SAYS = ("status", "intent", "reasonCode")
_ACTION_SAYS = ("prefix", "title", "description", "condition", "type")
_PRODUCT_SAYS = ("title", "description", "code")


def edits(plan: TaperPlan, care_plan: Resource, records: tuple[StepRecord, ...], written: Mapping[str, Any]) -> tuple[Issue, ...]:
    """Every place whose words do not fit the plan. `written` is what we noted when we wrote it (`extensions.NOTED`)."""
    found = (*_state_edits(plan, written), *_additions(records), *_text_edits(plan, care_plan, records, str(written["written_by"])))
    return found or tuple(_hidden_edits(plan, str(written["digest"])))


def _hidden_edits(plan: TaperPlan, digest: str) -> Iterator[Issue]:
    """A change where people see nothing. Only looked for where nothing else was found: it could not say what changed."""
    if digest_of(plan) != digest:
        yield Issue("warning", EDITED, "the plan's data were changed after it was written, where its texts do not show it", "CarePlan")


def _state_edits(plan: TaperPlan, written: Mapping[str, Any]) -> Iterator[Issue]:
    if plan.state != written["state"]:
        yield _issue("CarePlan.status", str(plan.state), str(written["state"]))


def _additions(records: tuple[StepRecord, ...]) -> Iterator[Issue]:
    for record in records:
        if not record.is_ours:
            yield Issue("warning", EDITED, "was added by somebody else and is no step of the plan", record.place)


def _text_edits(plan: TaperPlan, care_plan: Resource, records: tuple[StepRecord, ...], written_by: str) -> Iterator[Issue]:
    if written_by != __version__:
        says = f"was written by version {written_by} of the program, and this is {__version__}: its texts were not compared with its data"
        yield Issue("information", "other-version", says, "CarePlan")
        return
    words = steps_in_words(plan)
    expected = care_plan_says(plan, words)
    yield from _differences("CarePlan", care_plan, expected, _CARE_PLAN_SAYS)
    yield from _narrative_edits(care_plan, expected)
    yield from _step_edits(records, request_group_says(plan, words))


def _step_edits(records: tuple[StepRecord, ...], expected: Resource) -> Iterator[Issue]:
    groups = {id(record.group): record.group for record in records if record.group is not None}
    for group in groups.values():
        yield from _differences("RequestGroup", group, expected, _GROUP_SAYS)
    ours = [record for record in records if record.is_ours]
    for record, action in zip(ours, expected.get("action", []), strict=True):
        if record.is_detail:
            yield from _differences(record.place, record.element, {"description": detail_description(action)}, ("description",))
            continue
        yield from _differences(record.place, record.element, action, _ACTION_SAYS)
        yield from _product_edits(record, action.get("action", []))


def _product_edits(record: StepRecord, expected: list[Any]) -> Iterator[Issue]:
    actual = record.element.get("action", [])
    if not isinstance(actual, list) or len(actual) != len(expected):
        found = len(actual) if isinstance(actual, list) else "no list of"
        yield _issue(f"{record.place}.action", f"{found} products", f"{len(expected)} products")
        return
    for index, (product, should) in enumerate(zip(actual, expected, strict=True)):
        yield from _differences(f"{record.place}.action[{index}]", product, should, _PRODUCT_SAYS)


def _narrative_edits(care_plan: Resource, expected: Resource) -> Iterator[Issue]:
    """A server may take the narrative away or lay it out otherwise: only its words are compared, and only where there are any."""
    text = care_plan.get("text")
    is_there = isinstance(text, dict) and isinstance(text.get("div"), str)
    if is_there and narrative_words(text) != narrative_words(expected["text"]):
        yield Issue("warning", EDITED, "the narrative does not say what the plan's data say", "CarePlan.text")


def _differences(place: str, actual: object, expected: Resource, names: tuple[str, ...]) -> Iterator[Issue]:
    found = actual if isinstance(actual, dict) else {}
    for name in names:
        if found.get(name) != expected.get(name):
            yield _issue(f"{place}.{name}", found.get(name), expected.get(name))


def _issue(place: str, actual: object, expected: object) -> Issue:
    return Issue("warning", EDITED, f"says {_short(actual)} where the plan's data say {_short(expected)}", place)


def _short(value: object) -> str:
    said = repr(value) if value is not None else "nothing"
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
