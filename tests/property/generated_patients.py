"""Patients made up from a seed, each with a year of daily data under a taper: stable ones, and ones who get worse on a known day.

A stable patient is not a flat line: nights and pulses differ, every reduction is felt for some days, a check-in is late now and then, a
supply is fetched a day early. What is planted is one deterioration, from one day on.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Final

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.dose import multiply
from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.reading import DAY, INSTANT, Raw, Reading, SetAside
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, DoseStretch, Ordered, Permit, Record, Supplied, Timeline, timeline_of
from fhir_taper.plans.tables.signal_tables import load_signals
from fhir_taper.plans.tapers.plan import GateState, PlanState, TaperPlan
from fhir_taper.plans.tapers.reductions import reduction_days
from tests.plans.tapers.made_plans import DIAZEPAM_2, OXYCODONE_5, START, plan_of

ZONE: Final = timezone(timedelta(hours=-5))
DAYS: Final = 364
_TEN: Final = timedelta(minutes=10)
_EVENING: Final = time(18, 0)
SIGNED_BEFORE: Final = 9
"""Days before a step on which its prescription is signed: a clinic that signs later is told each time that supply runs out (rule B26)."""


def year_of_tapering(drug_class: DrugClass = DrugClass.BENZODIAZEPINE) -> TaperPlan:
    """A plan of thirteen steps of four weeks, running, every review passed in time: 6 mg diazepam, or 65 mg oxycodone a day."""
    if drug_class is DrugClass.OPIOID:
        doses: list[dict[Slot, str]] = [{Slot.MORNING: str(13 - number)} for number in range(13)]
        made = plan_of(OXYCODONE_5, doses, DrugClass.OPIOID)
    else:
        halves = [12 - number for number in range(12)]
        doses = [{Slot.MORNING: f"{half // 2}.5" if half % 2 else f"{half // 2}"} for half in halves]
        made = plan_of(DIAZEPAM_2, [*doses, {}], DrugClass.BENZODIAZEPINE)
    gates = tuple(replace(gate, state=GateState.PASSED, by="Dr. A", on=gate.due) for gate in made.gates)
    return replace(made, state=PlanState.ACTIVE, gates=gates)


@dataclass(frozen=True, slots=True)
class Deterioration:
    """From `day` of the year on something changes: `plant` gives values in the place of (or beside) those of the day.

    It is to be found by one of `rules` at least `level` high, within `found_within` days. `nothing_more`: no order and no supply either.
    """

    name: str
    rules: tuple[str, ...]
    level: int
    found_within: int
    plant: Callable[["Patient", int, list[Raw]], list[Raw]]
    day: int = 150
    nothing_more: bool = False


@dataclass(frozen=True, slots=True)
class Patient:
    """One made-up patient: same seed, same year."""

    seed: int
    plan: TaperPlan
    deterioration: Deterioration | None = None

    def timeline(self, raws: list[Raw] | None = None) -> Timeline:
        """The whole year; what lies after an instant is not seen by an assessment of it."""
        readings, aside = self.accepted(raws)
        return timeline_of(
            "p1",
            readings,
            aside,
            orders=tuple(one for one in self._orders() if one.written is None or one.written.date() < self._silent_from),
            supplies=tuple(one for one in self._supplies() if one.on < self._silent_from),
            doses=tuple(self._doses()),
            permits=tuple(
                Permit(kind, _at(START - 365 * DAY, 0), None, f"Consent/{kind}") for kind in ("vital-signs", "sleep", "activity")
            ),
            read=frozenset(Record),
            birth_date=date(1971, 2, 28),
            sex="female",
            check_ins=CheckInSchedule(START, 7, 7, "by tier"),
        )

    def accepted(self, raws: list[Raw] | None = None) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
        """Every value of the year that a rule may use, and the others."""
        return accept(self.raws() if raws is None else raws, load_signals())

    def raws(self) -> list[Raw]:
        """Every value of the year, with what is planted."""
        chance = random.Random(self.seed)
        made: list[Raw] = []
        for number in range(-27, DAYS):
            day = self._day(number, chance)
            worse = self.deterioration
            made.extend(worse.plant(self, number, day) if worse is not None and number >= worse.day else day)
        return made

    def instants(self) -> Iterator[datetime]:
        """The evenings on which the year is assessed, day by day; of one who gets worse those from a month before to when it is due."""
        worse = self.deterioration
        days = range(DAYS) if worse is None else range(worse.day - 30, worse.day + worse.found_within + 1)
        return (datetime.combine(START + number * DAY, _EVENING, ZONE) for number in days)

    @property
    def _silent_from(self) -> date:
        worse = self.deterioration
        return START + worse.day * DAY if worse is not None and worse.nothing_more else date.max

    def _day(self, number: int, chance: random.Random) -> list[Raw]:
        day = START + number * DAY
        since_cut = min((number_ for began in reduction_days(self.plan) if (number_ := (day - began).days) >= 0), default=99)
        felt = max(0.0, 1 - since_cut / 10)
        said = [
            _whole(day, "sleep", round(chance.gauss(420 - 30 * felt, 35))),
            _value(day, 8, "heart-rate", round(chance.gauss(72 + 4 * felt, 5)), is_remote=True),
            _value(day, 21, "heart-rate", round(chance.gauss(75 + 4 * felt, 5)), is_remote=True),
            _value(day, 20, "steps", max(500, round(chance.gauss(6000, 1500))), is_remote=True),
        ]
        if self._is_due(number, since_cut) and chance.random() > 0.03:
            said += [
                _value(day, 17, "check-in"),
                _answer(day, "dose-taken", "some" if chance.random() < 0.01 else "all"),
                _answer(day, "minimum-function", "met"),
                _value(day, 17, "symptoms", _bounded(chance.gauss(2 + 1.5 * felt, 0.8), 0, 10)),
            ]
        if number % 7 == 0:
            scale = ("cows", 4, 48) if self.plan.drug_class is DrugClass.OPIOID else ("bwsq", 8, 40)
            said += [
                _value(day, 17, "phq9", _bounded(chance.gauss(6 + 1.5 * felt, 1), 0, 27)),
                _value(day, 17, "phq9-item9", 0),
                _value(day, 17, "gad7", _bounded(chance.gauss(6 + 1.5 * felt, 1), 0, 21)),
                _value(day, 17, scale[0], _bounded(chance.gauss(scale[1] + 2 * felt, 1), 0, scale[2])),
                _value(day, 9, "systolic", round(chance.gauss(128, 7)), is_remote=True),
                _value(day, 9, "diastolic", round(chance.gauss(79, 5)), is_remote=True),
            ]
            if self.plan.drug_class is DrugClass.OPIOID:
                said.append(_value(day, 17, "peg", _bounded(chance.gauss(4, 0.4), 0, 10)))
                said.append(_value(day, 17, "pain", _bounded(chance.gauss(4, 0.5), 0, 10)))
        if number % 28 == 26:
            said.append(_value(day, 10, "appointment", answer="fulfilled"))
        return said

    def _is_due(self, number: int, since_cut: int) -> bool:
        return number >= 0 and (number % 7 == 0 or since_cut < 7)

    def _orders(self) -> Iterator[Ordered]:
        for step in self.plan.steps:
            mg = step.mg_per_day(self.plan.ingredient)
            if mg and step.start < START + DAYS * DAY:
                end = step.end or START + DAYS * DAY
                written = datetime.combine(step.start - SIGNED_BEFORE * DAY, time(9), ZONE)
                source = f"MedicationRequest/{step.number}"
                yield Ordered(self.plan.ingredient, self.plan.drug_class, step.start, end, source, f"{mg} mg a day", mg, (), written)

    def _supplies(self) -> Iterator[Supplied]:
        for step in self.plan.steps:
            if step.mg_per_day(self.plan.ingredient):
                yield Supplied(self.plan.ingredient, step.start - (step.number % 2) * DAY, 29, f"MedicationDispense/{step.number}")

    def _doses(self) -> Iterator[DoseStretch]:
        for step in self.plan.steps:
            mg = step.mg_per_day(self.plan.ingredient)
            end = step.end or START + DAYS * DAY
            yield DoseStretch(self.plan.ingredient, step.start, end, mg, (f"MedicationRequest/{step.number}",))
            if self.plan.drug_class is DrugClass.OPIOID:
                yield DoseStretch("mme", step.start, end, multiply(mg, Decimal("1.5")), (f"MedicationRequest/{step.number}",))


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), ZONE)


def _value(day: date, hour: int, signal: str, value: int | None = None, *, answer: str = "", is_remote: bool = False) -> Raw:
    unit = load_signals().signals[signal].unit
    at, number = _at(day, hour), None if value is None else Decimal(value)
    return Raw(signal, at, at, f"Observation/{signal}-{day.isoformat()}-{hour}", number, unit, answer, is_remote=is_remote)


def _answer(day: date, signal: str, answer: str) -> Raw:
    return _value(day, 17, signal, answer=answer)


def _whole(day: date, signal: str, value: int) -> Raw:
    start = _at(day, 0)
    return Raw(signal, start, start + DAY - INSTANT, f"Observation/{signal}-{day.isoformat()}", Decimal(value), "min", is_remote=True)


def _bounded(value: float, low: int, high: int) -> int:
    return max(low, min(high, round(value)))


def _instead(signal: str, value: Callable[[int], int]) -> Callable[[Patient, int, list[Raw]], list[Raw]]:
    """Another value of a signal on each day that has one, from the day on which it gets worse; the argument is days since then."""

    def plant(patient: Patient, number: int, day: list[Raw]) -> list[Raw]:
        since = number - (patient.deterioration.day if patient.deterioration else number)
        return [replace(one, value=Decimal(value(since))) if one.signal == signal else one for one in day]

    return plant


def _once(signal: str, value: int | None = None, answer: str = "") -> Callable[[Patient, int, list[Raw]], list[Raw]]:
    """Something that is seen once, on the day itself at noon."""

    def plant(patient: Patient, number: int, day: list[Raw]) -> list[Raw]:
        is_day = patient.deterioration is not None and number == patient.deterioration.day
        at = START + number * DAY
        return [*day, _value(at, 12, signal, value, answer=answer)] if is_day else day

    return plant


def _twice(signal: str, value: int) -> Callable[[Patient, int, list[Raw]], list[Raw]]:
    """Another value of a signal, measured again ten minutes later."""

    def plant(_patient: Patient, _number: int, day: list[Raw]) -> list[Raw]:
        later = [replace(one, start=one.start + _TEN, end=one.end + _TEN, source=f"{one.source}b") for one in day if one.signal == signal]
        return [replace(one, value=Decimal(value)) if one.signal == signal else one for one in (*day, *later)]

    return plant


def _without(*signals: str) -> Callable[[Patient, int, list[Raw]], list[Raw]]:
    """Signals that stop; none named: all of them."""

    def plant(_patient: Patient, _number: int, day: list[Raw]) -> list[Raw]:
        return [one for one in day if signals and one.signal not in signals]

    return plant


DETERIORATIONS: Final = (
    Deterioration("a seizure", ("B01",), 5, 0, _once("seizure")),
    Deterioration("hallucinations", ("B02",), 5, 0, _once("delirium", answer="hallucination")),
    Deterioration("thoughts of self-harm", ("B04",), 4, 0, _once("phq9-item9", 2)),
    Deterioration("suicidal plans", ("B03",), 5, 0, _once("cssrs", answer="high")),
    Deterioration("a fall with a head injury", ("B21",), 5, 0, _once("fall", answer="head-injury")),
    Deterioration("a request for a pause", ("B35",), 1, 0, _once("pause-request")),
    Deterioration("intolerable symptoms", ("B07",), 1, 7, _instead("symptoms", lambda _: 8)),
    Deterioration("withdrawal that rises and stays", ("B06",), 1, 14, _instead("bwsq", lambda since: min(24, 14 + since))),
    Deterioration("a racing heart", ("B10",), 1, 2, _instead("heart-rate", lambda _: 112)),
    Deterioration("broken nights", ("B12",), 1, 7, _instead("sleep", lambda _: 200)),
    Deterioration("anxiety that climbs", ("B14",), 4, 28, _instead("gad7", lambda since: min(19, 8 + since // 3))),
    Deterioration("depression that climbs", ("O04",), 4, 28, _instead("phq9", lambda since: min(22, 8 + since // 3))),
    Deterioration("check-ins that stop", ("B19",), 1, 16, _without("check-in", "dose-taken", "symptoms", "minimum-function")),
    Deterioration("silence of everything", ("B33",), 4, 15, _without(), nothing_more=True),
    Deterioration("a missed appointment", ("B29",), 2, 0, _once("appointment", answer="noshow")),
    Deterioration("very high blood pressure", ("B11",), 4, 8, _twice("systolic", 195)),
)
"""What is planted, and what has to find it. Days are those of the generated year."""


def patients(count: int, drug_class: DrugClass = DrugClass.BENZODIAZEPINE) -> Iterator[Patient]:
    """So many stable patients."""
    plan = year_of_tapering(drug_class)
    return (Patient(seed, plan) for seed in range(count))
