"""What this program writes of a plan, made again from the plan that was approved: what a body that asks to leave is compared with.

Only what follows from the plan is made here. What comes from elsewhere (ids, labels, references, instants) is left out, or stands as a
reference to something of this very write (`urn:uuid:`); `known` says what may stand there instead.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from fhir_taper import __version__
from fhir_taper.errors import BadInput
from fhir_taper.mappers.write.care_plan import to_care_plan
from fhir_taper.mappers.write.degraded import to_degraded
from fhir_taper.mappers.write.degraded_mark import DEGRADED
from fhir_taper.mappers.write.device import to_device
from fhir_taper.mappers.write.extensions import given
from fhir_taper.mappers.write.goal import to_goals
from fhir_taper.mappers.write.ids import Ids
from fhir_taper.mappers.write.medication_request import Surroundings, to_medication_requests
from fhir_taper.mappers.write.namespace import Json
from fhir_taper.mappers.write.provenance import to_provenance
from fhir_taper.mappers.write.request_group import to_request_group
from fhir_taper.mappers.write.shapes import from_parts
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.mappers.write.wording import steps_in_words
from fhir_taper.plans.tables.life_rules import LifeRules
from fhir_taper.plans.tapers.in_force import in_force
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.windows import Window, continuation, windows_of_days

_ELSEWHERE: Final = "urn:uuid:00000000-0000-0000-0000-000000000000"
_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)


def remade(body: Mapping[str, Any], plan: TaperPlan, rules: LifeRules) -> Iterator[Json]:
    """Every resource of the body's type that this program may write of the plan; none for a type that it does not write."""
    ids = Ids(plan)
    match body.get("resourceType"):
        case "CarePlan":
            yield _care_plan(body, plan, ids)
        case "RequestGroup":
            yield to_request_group(plan, ids, (), steps_in_words(plan), _ELSEWHERE)
        case "Goal":
            yield from to_goals(plan, ids, ())
        case "MedicationRequest":
            yield from _requests(body, plan, ids, rules)
        case "Provenance":
            yield to_provenance(plan, ids, (), (), _ANY_TIME, _ELSEWHERE)
        case "Device":
            yield to_device(__version__, ())


def _care_plan(body: Mapping[str, Any], plan: TaperPlan, ids: Ids) -> Json:
    """As it is where a RequestGroup holds the steps; in the lesser form that the body says it has."""
    words = steps_in_words(plan)
    whole = to_care_plan(plan, ids, (), words)
    form = _form(body)
    if form is None:
        return whole
    group = to_request_group(plan, ids, (), words, _ELSEWHERE)
    bundle = to_degraded({"entry": [{"resource": whole}, {"resource": group}]}, plan, form, plan.steps[0].start)
    made: Json = bundle["entry"][0]["resource"]
    return made


def _form(body: Mapping[str, Any]) -> DegradedForm | None:
    marks = given(body, DEGRADED)
    try:
        return from_parts(marks[0].get("extension"), DEGRADED.shape, "CarePlan").form if marks else None
    except BadInput:
        return None  # a mark that is none of ours is compared, and found unknown


def _requests(body: Mapping[str, Any], plan: TaperPlan, ids: Ids, rules: LifeRules) -> Iterator[Json]:
    """What may be proposed for the days that the body is for: by the schedule, or the dose in force while reductions are paused."""
    try:
        supply = body["dispenseRequest"]
        end, days = date.fromisoformat(supply["validityPeriod"]["end"]), int(supply["expectedSupplyDuration"]["value"])
        start = end - (days - 1) * _DAY
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    if not 1 <= days <= rules.window_days_option:
        return
    paused = continuation(plan, rules, in_force(plan, start).step, start, end)
    around = Surroundings(_ANY_TIME, _ELSEWHERE)
    for together in (windows_of_days(plan, rules, start, end), paused):
        fitting: list[Window] = [window for window in together if (window.start, window.end) == (start, end)]
        yield from to_medication_requests(plan, fitting, ids, (), around)
