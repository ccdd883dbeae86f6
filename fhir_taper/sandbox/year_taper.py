"""A patient a year into a taper: each dose ordered as planned, check-ins in most weeks, scores every four, and a pause when it was hard.

Made at start like the plan itself, by the program's own forms: what a chart holds where a patient really fills them in. Nobody's data.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from fhir_taper.plans.monitoring.scoring import Answer
from fhir_taper.plans.tables.form_rows import Form
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tapers.plan import Step, TaperPlan
from fhir_taper.records import Json
from fhir_taper.sandbox.mid_taper import TENANT, Followed, with_own_plan
from fhir_taper.workflow.form_as_filled import form_as_filled

YEAR: Final = Followed("year-taper", 371, paused_before=6)
_WEEK: Final = timedelta(days=7)
_WHEN: Final = {
    "morning": ("MORN", "in the morning"),
    "noon": ("NOON", "at noon"),
    "evening": ("EVE", "in the evening"),
    "night": ("NIGHT", "at night"),
}
_SCORED_EVERY: Final = 4
_MISSED_WEEKS: Final = frozenset({9, 30})
_VISIT_WEEKS: Final = (0, 13, 22, 26, 39)
_MISSED_VISIT: Final = 22
_ANXIETY: Final = (7, 7, 8, 8, 11, 14, 10, 8, 7, 7, 6, 6, 6, 5)
"""GAD-7 each four weeks, the first before the plan: it rises, the plan is paused, and it falls again."""
_MOOD: Final = (6, 6, 7, 8, 9, 11, 8, 7, 6, 6, 5, 5, 5, 5)
_SLEEP: Final = (6, 6, 6, 6, 5, 5, 6, 6, 7, 7, 7, 7, 7, 7)
"""Hours of a night."""


def with_a_year(chart: Iterable[Json], today: date) -> list[Json]:
    """The chart with the plan that is followed in it, what was ordered step by step, and a year of forms and visits."""
    whole, plan = with_own_plan(chart, today, YEAR)
    start = today - timedelta(days=YEAR.days)
    # The program itself, as a Device, is one for all patients of an EHR: it stands in the chart of the other one who follows a plan.
    whole = [one for one in whole if one["resourceType"] != "Device"]
    return [*whole, *_orders(plan, today), *_forms(start, plan.zone), *_visits(start)]


def _orders(plan: TaperPlan, today: date) -> Iterator[Json]:
    """An order of each product of each step that began, for the days on which it was in force."""
    begun = [step for step in plan.steps if step.start <= today]
    for step, later in zip(begun, [*begun[1:], None], strict=True):
        for dose in step.doses:
            for place, units in enumerate(dose.units):
                for slot, many in units.slots:
                    yield _order(step, f"{place}-{slot}", units.rxcui, plan, {str(slot): str(many)}, later)


def _order(step: Step, name: str, rxcui: str, plan: TaperPlan, slots: dict[str, str], later: Step | None) -> Json:
    product = next(one for one in plan.products if one.rxcui == rxcui)
    ((slot, many),) = slots.items()
    period = {"start": step.start.isoformat()}
    if later is not None:
        period["end"] = (later.start - timedelta(days=1)).isoformat()
    return {
        "resourceType": "MedicationRequest",
        "id": f"{YEAR.patient_id}-{step.number}-{name}",
        "status": "active" if later is None else "completed",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": rxcui, "display": product.name}],
            "text": product.name,
        },
        "subject": {"reference": f"Patient/{YEAR.patient_id}"},
        "authoredOn": step.start.isoformat(),
        "requester": {"reference": "Practitioner/dr1", "display": "Demo Prescriber"},
        "priorPrescription": {"reference": f"MedicationRequest/{YEAR.order_before}"},
        "dosageInstruction": [
            {
                "sequence": 1,
                "text": f"Take {many} tablet{'' if Decimal(many) <= 1 else 's'} by mouth {_WHEN[slot][1]}",
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": [_WHEN[slot][0]]}},
                "doseAndRate": [
                    {
                        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/dose-rate-type", "code": "ordered"}]},
                        "doseQuantity": {"value": Decimal(many), "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"},
                    }
                ],
            }
        ],
        "dispenseRequest": {"validityPeriod": period},
    }


def _forms(start: date, zone: str) -> Iterator[Json]:
    """A check-in each week but two, and PHQ-9 and GAD-7 each four weeks, the first a week before the plan."""
    forms = load_forms().forms
    for week in range(-1, YEAR.days // _WEEK.days):
        at = datetime.combine(start + week * _WEEK, time(18), ZoneInfo(zone))
        place = (week + 1) // _SCORED_EVERY
        if week >= 0 and week not in _MISSED_WEEKS:
            yield form_as_filled(forms["daily"], _check_in(week, place), YEAR.patient_id, at, TENANT)
        if (week + 1) % _SCORED_EVERY == 0:
            yield form_as_filled(forms["gad7"], _points(forms["gad7"], _ANXIETY[place]), YEAR.patient_id, at + timedelta(minutes=5), TENANT)
            yield form_as_filled(forms["phq9"], _points(forms["phq9"], _MOOD[place]), YEAR.patient_id, at + timedelta(minutes=9), TENANT)


def _check_in(week: int, place: int) -> list[Answer]:
    symptoms = max(0, _ANXIETY[place] // 2 - 2 + week % 2)
    said = {
        "doses": "all", "symptoms": str(symptoms), "sleep-hours": str(_SLEEP[place]), "sleep-minutes": "30" if week % 2 else "0",
        "craving": "0", "function": "not-met" if _ANXIETY[place] >= max(_ANXIETY) else "met", "events": "none", "pause": "no",
    }  # fmt: skip
    return [Answer(item, answer) for item, answer in said.items()]


def _points(form: Form, total: int) -> list[Answer]:
    """Answers that make a total: none to the last question but one, which PHQ-9 has on self-harm, unless nothing else is left."""
    left, found = total, list[Answer]()
    for item in form.items:
        if not any(choice.points is not None for choice in item.choices):
            continue
        many = min(left, 2 if left % 2 == 0 else 1)
        left -= many
        found.append(Answer(item.id, str(many)))
    return found


def _visits(start: date) -> Iterator[Json]:
    """Visits that took place, one that did not, and the next."""
    weeks = {week: "noshow" if week == _MISSED_VISIT else "fulfilled" for week in _VISIT_WEEKS}
    for week, status in {**weeks, YEAR.days // _WEEK.days + 2: "booked"}.items():
        yield {
            "resourceType": "Appointment",
            "id": f"{YEAR.patient_id}-visit-{week}",
            "status": status,
            "description": "Taper review",
            "start": f"{(start + week * _WEEK).isoformat()}T16:00:00Z",
            "end": f"{(start + week * _WEEK).isoformat()}T16:30:00Z",
            "participant": [{"actor": {"reference": f"Patient/{YEAR.patient_id}"}, "status": "accepted"}],
        }
