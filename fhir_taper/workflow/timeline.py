"""From a chart to a timeline: everything that the rules of monitoring look at, read once, and what could not be read.

A chart of a file is read for the kinds of record that it holds; where an EHR was searched, `searched` says which of its lists were given:
an empty one is then known to be empty. What was set aside, or refused by the EHR, is unread with its reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.filled_form import score_form
from fhir_taper.mappers.read.patient import read_patient
from fhir_taper.mappers.read.signals.conditions import read_conditions
from fhir_taper.mappers.read.signals.forms import Scorer, read_forms
from fhir_taper.mappers.read.signals.gathered import Gathered
from fhir_taper.mappers.read.signals.given import read_given
from fhir_taper.mappers.read.signals.meanings import SignalIndex, standard_index
from fhir_taper.mappers.read.signals.observations import read_observations
from fhir_taper.mappers.read.signals.panels import read_panels
from fhir_taper.mappers.read.signals.permits import read_permits
from fhir_taper.mappers.read.signals.person import read_death
from fhir_taper.mappers.read.signals.supplies import read_supplies
from fhir_taper.mappers.read.signals.visits import read_visits
from fhir_taper.mappers.read.signals.when import Clock
from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.cadence import schedule_of
from fhir_taper.plans.monitoring.reading import Reading, SetAside
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, Record, Timeline, Unread, timeline_of
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.history_rules import load_history_rules
from fhir_taper.plans.tables.safety_tables import SafetyTables
from fhir_taper.plans.tables.signal_tables import SignalKind, load_signals
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.reductions import ingredients_of
from fhir_taper.workflow.ordered_days import DAY
from fhir_taper.workflow.ordered_over_time import OrderedOverTime

RECORDS: Final = {
    "Observation": Record.OBSERVATION,
    "Condition": Record.CONDITION,
    "QuestionnaireResponse": Record.FORM,
    "Appointment": Record.APPOINTMENT,
    "Encounter": Record.ENCOUNTER,
    "MedicationRequest": Record.ORDER,
    "MedicationStatement": Record.ORDER,
    "MedicationDispense": Record.DISPENSE,
    "MedicationAdministration": Record.ADMINISTRATION,
    "Consent": Record.CONSENT,
    "Patient": Record.PATIENT,
}
"""Which kind of record a resource type is."""
_TO_COME: Final = "appointment"
_NOT_READ: Final = frozenset({"not-read", "maybe-incomplete"})
_SHORT: Final = frozenset({"page-missing"})


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known beside the chart and the plan. `searched`: resource types whose search the EHR answered.

    `index` holds a site's own codes, `check_ins` the rhythm that the patient chose, `scored` makes scores of whole forms.
    """

    searched: frozenset[str] = frozenset()
    index: SignalIndex | None = None
    check_ins: CheckInSchedule | None = None
    scored: Scorer | None = score_form


def timeline_of_chart(
    chart: Chart, plan: TaperPlan, as_of: datetime, watched: Watched | None = None, catalogue: ProductCatalogue | None = None
) -> Mapped[Timeline]:
    """The timeline of a chart around a plan, read at an instant that has a zone, in the zone of the plan.

    `catalogue` None: the built-in products. Never raises for what a chart holds.
    """
    beside, tables = watched or Watched(), load()
    clock = Clock(ZoneInfo(plan.zone or "UTC"))
    gathered = Gathered(chart, clock, beside.index or standard_index(), clock.fixed(as_of))
    read_observations(gathered)
    if beside.scored is not None:
        read_panels(gathered, beside.scored)
    read_conditions(gathered)
    read_forms(gathered, beside.scored)
    read_visits(gathered)
    read_death(gathered)
    products = catalogue or tables.medicines
    read_given(gathered, products)
    supplies, supply_issues = read_supplies(gathered, products)
    permits, consent_issues = read_permits(gathered)
    today = gathered.as_of.date()
    first = min(plan.steps[0].start, today - (load_history_rules().days - 1) * DAY)
    ordered = OrderedOverTime(chart, products, tables.medicines, first, today)
    person = read_patient(chart).value
    accepted, refused = accept(gathered.raws, load_signals())
    readings, later = _seen_by(gathered, accepted)
    aside = [replace(one, at=min(one.at, gathered.as_of)) for one in (*refused, *gathered.aside, *later)]
    read = frozenset(kind for name, kind in RECORDS.items() if chart.of(name) or name in beside.searched)
    names = dict.fromkeys(name for step in plan.steps for name in ingredients_of(step))
    timeline = timeline_of(
        chart.patient or plan.patient,
        readings,
        aside,
        orders=ordered.orders(clock),
        supplies=supplies,
        doses=ordered.doses(names) if Record.ORDER in read else (),
        permits=permits,
        unread=tuple(_unread(chart, supply_issues)),
        read=read,
        birth_date=person.birth_date,
        sex=person.gender,
        check_ins=beside.check_ins or check_ins_of(plan, tables.safety),
    )
    return Mapped(timeline, (*chart.issues, *supply_issues, *consent_issues))


def _seen_by(gathered: Gathered, readings: Iterable[Reading]) -> tuple[list[Reading], list[SetAside]]:
    """What had been seen by now. A value that is dated later has a wrong date, but for appointments: it is set aside, and said.

    So is one that ends after today: it would be the newest for ever. What happened is not lost for a wrong end: today is the last of it.
    """
    as_of, today = gathered.as_of, gathered.clock.day(gathered.as_of.date())
    last = as_of if isinstance(today, str) else today[1]
    seen, later = list[Reading](), list[SetAside]()
    for one in readings:
        if one.signal == _TO_COME or (one.start <= as_of and one.end <= last):
            seen.append(one)
        elif one.start <= as_of and gathered.signals.signals[one.signal].kind is SignalKind.EVENT:
            seen.append(replace(one, end=last))
        else:
            says = one.words or one.answer or ("" if one.value is None else brief(one.value))
            written = f"dated {one.start.isoformat()}" if one.start > as_of else f"of a time until {one.end.isoformat()}"
            later.append(SetAside(one.signal, as_of, ", ".join(one.sources), says, f"{written}, which is still to come"))
    return seen, later


def check_ins_of(plan: TaperPlan, tables: SafetyTables) -> CheckInSchedule | None:
    """How often the plan's tier asks the patient, from the plan's first day on; None where the plan has no tier."""
    return None if plan.tier is None else schedule_of(plan, tables, plan.steps[0].start)


def _unread(chart: Chart, undated: Iterable[Issue]) -> Iterator[Unread]:
    """Kinds of record of which something may stand in the EHR that is not here."""
    for one in chart.set_aside:
        kinds = (RECORDS[one.resource_type],) if one.resource_type in RECORDS else tuple(Record) if not one.resource_type else ()
        yield from (Unread(kind, f"{one.reference or one.place} was set aside: {one.why}") for kind in kinds)
    for issue in chart.issues:
        if issue.code in _NOT_READ and issue.source in RECORDS:
            yield Unread(RECORDS[issue.source], issue.message)
        elif issue.code in _SHORT:
            yield from (Unread(kind, issue.message) for kind in Record)
    yield from (Unread(Record.DISPENSE, issue.message) for issue in undated)
