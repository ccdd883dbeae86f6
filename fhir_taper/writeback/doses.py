"""Whether the doses in a body are those of the plan, and whether the plan raises a dose: what a clinician must have decided.

Steps are compared by our own extension, prescriptions by units per dosing day on the days that they name, read here anew and not by the
mappers that wrote them. A body that says more, less or something else than the plan does not leave (that nothing else stands in it is
`known`); a plan that raises a dose leaves only with the recorded decision of a clinician.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.systems import RXNORM, codings
from fhir_taper.mappers.write.extensions import TAPER_STEP, given, read_step
from fhir_taper.plans.tapers.in_force import in_force
from fhir_taper.plans.tapers.plan import Step, TaperPlan
from fhir_taper.writeback.examine import resources

_DOSAGE: Final = frozenset({"sequence", "text", "patientInstruction", "timing", "doseAndRate"})
_REPEAT: Final = frozenset({"boundsPeriod", "frequency", "period", "periodUnit", "when"})


def raises_a_dose(plan: TaperPlan) -> bool:
    """Whether any step has more of any ingredient, in mg per day, than the step before it."""
    for before, after in zip(plan.steps, plan.steps[1:], strict=False):
        for ingredient in {dose.ingredient for dose in after.doses}:
            if after.mg_per_day(ingredient) > before.mg_per_day(ingredient):
                return True
    return False


def other_doses(body: object, plan: TaperPlan) -> Iterator[str]:
    """Steps and prescriptions at any depth that say another dose than the plan."""
    for resource in resources(body):
        if resource.get("resourceType") == "MedicationRequest":
            yield from _of_a_request(resource, plan)
    yield from _of_steps(body, plan)


def _of_steps(value: object, plan: TaperPlan) -> Iterator[str]:
    if isinstance(value, Mapping):
        if given(value, TAPER_STEP):
            yield from _of_a_step(value, plan)
        for item in value.values():
            yield from _of_steps(item, plan)
    elif isinstance(value, list):
        for item in value:
            yield from _of_steps(item, plan)


def _of_a_step(element: Mapping[str, Any], plan: TaperPlan) -> Iterator[str]:
    try:
        said = read_step(element, "step")
    except BadInput:
        yield "a step cannot be read"
        return
    step = next((one for one in plan.steps if one.number == said["number"]), None)
    period = element.get("timingPeriod") or element.get("scheduledPeriod") or {}
    days = (period.get("start"), period.get("end"))
    if step is None or said["doses"] != step.doses or said["every_days"] != step.every_days:
        yield f"step {said['number']} has other doses than the plan"
    elif days != (step.start.isoformat(), step.end.isoformat() if step.end else None):
        yield f"step {said['number']} has other days than the plan"


def _of_a_request(request: Mapping[str, Any], plan: TaperPlan) -> Iterator[str]:
    rxcui = next((coding.code for coding in codings(request.get("medicationCodeableConcept")) if coding.system == RXNORM), "")
    if rxcui not in {product.rxcui for product in plan.products}:
        yield f"a prescription is for {rxcui or 'a medicine without a code'}, which is no product of the plan"
        return
    try:
        said = _said(request)
        often = {(one["timing"]["repeat"]["period"], one["timing"]["repeat"]["periodUnit"]) for one in request.get("dosageInstruction", [])}
    except (KeyError, TypeError, ValueError, InvalidOperation, IndexError):
        yield "the directions of a prescription cannot be compared with the plan"
        return
    if not said:
        yield "a prescription has no directions"
    wear = {(product.wear_h, "h") for product in plan.products if product.rxcui == rxcui and product.wear_h}
    if not often <= wear | {(step.every_days, "d") for step in plan.steps}:
        yield f"a prescription of {rxcui} is taken as often as no step of the plan"
    for (first, last), units in said.items():
        for day in (first, last):
            planned = _units_of(plan.step_on(day), rxcui)
            # While a review is open the step in force goes on, whatever the calendar says.
            if units not in (planned, _units_of(in_force(plan, day).step, rxcui)):
                yield f"a prescription says {units} of {rxcui} on {day.isoformat()}, and the plan {planned}"


def _said(request: Mapping[str, Any]) -> dict[tuple[date, date], Decimal]:
    """Units per dosing day by days: dosages of the same days are taken together."""
    units: dict[tuple[date, date], Decimal] = defaultdict(Decimal)
    for dosage in request.get("dosageInstruction", []):
        repeat = dosage["timing"]["repeat"]
        bounds = repeat["boundsPeriod"]
        days = (date.fromisoformat(bounds["start"]), date.fromisoformat(bounds["end"]))
        if not (set(dosage) <= _DOSAGE and set(repeat) <= _REPEAT and [set(one) for one in dosage["doseAndRate"]] == [{"doseQuantity"}]):
            raise ValueError("more than one exact dose on each dosing day")
        units[days] += Decimal(dosage["doseAndRate"][0]["doseQuantity"]["value"]) * repeat["frequency"]
    return units


def _units_of(step: Step, rxcui: str) -> Decimal:
    return sum((unit.per_day for dose in step.doses for unit in dose.units if unit.rxcui == rxcui), Decimal(0))
