"""A taper that somebody else wrote as orders, read as its steps: one order with the whole schedule, or one order per step.

The first form is a MedicationRequest whose instructions follow each other in time (FHIR R4 example medrx0303); the second a chain of
requests of one medicine with periods of their own, held together by groupIdentifier, basedOn or priorPrescription. Our own form, the
CarePlan, is read by `care_plan`. Here only the steps are said, with their days and mg, so that nobody plans a second taper beside them
unawares; what counts today is `regimen`. A step that cannot be computed has a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from fhir_taper.errors import BadInput
from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.dosage import Instruction
from fhir_taper.mappers.read.entries import place
from fhir_taper.mappers.read.item import Reader
from fhir_taper.mappers.read.medication import Identifier
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.order import REQUEST, Order, read_order
from fhir_taper.mappers.read.restated import distinct
from fhir_taper.mappers.read.status import not_counted
from fhir_taper.mappers.references import address
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES
from fhir_taper.plans.medicines.dose import Exact, add
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import Reason

_TIME_REASONS = frozenset({Reason.ENDED, Reason.FUTURE})


@dataclass(frozen=True, slots=True)
class TaperFormStep:
    """One step as ordered: its days (inclusive, `end` None is open) and mg per day; None where `reason` says why. `source` is the order."""

    start: date | None
    end: date | None
    scheduled_mg: Exact | None
    max_mg: Exact | None
    source: str
    reason: Reason | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class _Dated:
    """One order of a chain with its days: those of its doses (bounds, durations), else those that it is valid for."""

    order: Order
    medicine: Medicine
    instructions: tuple[Instruction, ...]
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class TaperForm:
    """A taper of one ingredient as orders have it, its steps in order of time. Doses of patches are spoken of by their rate."""

    ingredient: str
    drug: str
    steps: tuple[TaperFormStep, ...]
    is_patch: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.source for step in self.steps))

    def goes_on_after(self, day: date) -> bool:
        """Whether the dose has yet to fall: a step that begins later is less than one before it, as far as they are known."""
        known = [(step.start, Fraction(step.max_mg)) for step in self.steps if step.max_mg is not None]
        return any(
            start is not None and start > day and any(mg < before for _, before in known[:place]) for place, (start, mg) in enumerate(known)
        )


def read_taper_forms(chart: Chart, catalogue: ProductCatalogue, as_of: date) -> Mapped[tuple[TaperForm, ...]]:
    """Every opioid, benzodiazepine or z-drug whose dose changes step by step in the chart's orders, past and future steps too.

    Most orders have one instruction and belong to no other order: those are passed by unread. `as_of` dates a body weight.
    """
    candidates = _candidates(chart.of(REQUEST))
    if not candidates:
        return Mapped(())
    reader = Reader(chart, Identifier(chart, catalogue), as_of)
    orders = [pair for entry in candidates if (pair := _ordered(entry, reader)) is not None]
    whole = [form for order, medicine in orders if (form := _whole_taper(order, medicine, reader)) is not None]
    in_one = {source for form in whole for source in form.sources}
    dated = [_dated(order, medicine, reader) for order, medicine in orders if order.reference not in in_one]
    stepwise = [_stepwise(chain) for chain in _chains([one for one in dated if one is not None])]
    forms = tuple(form for form in (*whole, *stepwise) if len(form.steps) > 1)
    return Mapped(forms, sources=tuple(source for form in forms for source in form.sources))


def _candidates(entries: Sequence[Entry]) -> list[Entry]:
    """Orders with several instructions, those that name another order or a group, and the orders that they name."""
    found = [entry for entry in entries if _may_be_of_a_taper(entry.resource)]
    named = {address(entry.resource.get("priorPrescription")).key for entry in found} - {""}
    return [entry for entry in entries if _may_be_of_a_taper(entry.resource) or address(entry.reference).key in named] if named else found


def _may_be_of_a_taper(resource: Mapping[str, Any]) -> bool:
    instructions = resource.get("dosageInstruction")
    several = isinstance(instructions, list) and len(instructions) > 1
    return several or any(link in resource for link in ("priorPrescription", "groupIdentifier", "basedOn"))


def _ordered(entry: Entry, reader: Reader) -> tuple[Order, Medicine] | None:
    """An order that counts whatever its dates, of a medicine that is tapered."""
    medicine = reader.identifier.of(entry)
    if medicine.drug_class not in TAPERED_CLASSES or medicine.reason is not None:
        return None
    try:
        order = read_order(reader.chart, entry)
    except BadInput:
        return None
    outside = not_counted(order, reader.as_of)
    return (order, medicine) if outside is None or outside.reason in _TIME_REASONS else None


def _instructions(order: Order, medicine: Medicine, reader: Reader) -> list[Instruction]:
    read = [reader.dosage(dosage, f"{order.dosage_path}[{index}]", medicine) for index, dosage in enumerate(order.dosages)]
    return distinct(read)[0]


def _whole_taper(order: Order, medicine: Medicine, reader: Reader) -> TaperForm | None:
    """The steps of one order whose instructions hold on different days."""
    placed = place(_instructions(order, medicine, reader), order.runs_from)
    if placed is None:
        return None
    by_days: dict[tuple[date | None, date | None], list[Instruction]] = {}
    for instruction, window in placed:
        by_days.setdefault((window.start, window.end), []).append(instruction)
    if len(by_days) < 2:  # noqa: PLR2004 - one step is no taper
        return None
    days = sorted(by_days, key=lambda pair: pair[0] or date.min)
    steps = tuple(_step(start, end, by_days[start, end], order.reference) for start, end in days)
    return TaperForm(medicine.ingredient, medicine.name, steps, medicine.is_patch)


def _step(start: date | None, end: date | None, instructions: Sequence[Instruction], source: str) -> TaperFormStep:
    refused = next((one.refusal for one in instructions if one.refusal is not None), None)
    if refused is not None:
        return TaperFormStep(start, end, None, None, source, refused.reason, refused.says)
    days = [one.day for one in instructions if one.day is not None]
    scheduled = [day.scheduled for day in days if day.scheduled is not None]
    maximum = [day.maximum for day in days if day.maximum is not None]
    if not days:
        return TaperFormStep(start, end, None, None, source, Reason.SINGLE_DOSE, "a single dose")
    return TaperFormStep(
        start,
        end,
        add(*scheduled) if len(scheduled) == len(days) else None,
        add(*maximum) if len(maximum) == len(days) else None,
        source,
        next((day.scheduled_reason for day in days if day.scheduled_reason is not None), None),
        "; ".join(day.how for day in days),
    )


def _dated(order: Order, medicine: Medicine, reader: Reader) -> _Dated | None:
    """The order with its days; None where nothing says when it begins."""
    instructions = _instructions(order, medicine, reader)
    windows = [window for _, window in place(instructions, order.runs_from) or ()]
    start = min((window.start for window in windows if window.start is not None), default=order.start)
    if start is None:
        return None
    ends = [window.end for window in windows if window.end is not None]
    return _Dated(order, medicine, tuple(instructions), start, max(ends) if ends and len(ends) == len(windows) else order.supply_end)


def _chains(orders: Sequence[_Dated]) -> list[list[_Dated]]:
    """Orders of one ingredient that name each other or one group, in order of time; each begins on a day of its own."""
    chains: list[list[_Dated]] = []
    for one in sorted(orders, key=lambda order: order.start):
        chain = next((chain for chain in chains if _continues(chain, one)), None)
        if chain is None:
            chains.append([one])
        else:
            chain.append(one)
    return chains


def _continues(chain: Sequence[_Dated], one: _Dated) -> bool:
    first = chain[0].medicine
    if first.ingredient != one.medicine.ingredient or first.release is not one.medicine.release:
        return False
    named = {address(other.order.reference).key for other in chain}
    groups = {group for other in chain for group in other.order.groups}
    return bool(named & set(one.order.follows)) or bool(groups & set(one.order.groups))


def _stepwise(chain: Sequence[_Dated]) -> TaperForm:
    """One step per day on which orders of the chain begin; orders that begin together add (two strengths of one step)."""
    by_start: dict[date, list[_Dated]] = {}
    for one in chain:
        by_start.setdefault(one.start, []).append(one)
    starts = sorted(by_start)
    steps = [_together(start, by_start[start], starts) for start in starts]
    first = chain[0].medicine
    return TaperForm(first.ingredient, first.name, tuple(steps), first.is_patch)


def _together(start: date, orders: Sequence[_Dated], starts: Sequence[date]) -> TaperFormStep:
    known = [one.end for one in orders if one.end is not None]
    following = next((later for later in starts if later > start), None)
    end = max(known) if known else following - timedelta(days=1) if following else None
    instructions = [instruction for one in orders for instruction in one.instructions]
    if not instructions:
        return TaperFormStep(start, end, None, None, orders[0].order.reference, Reason.NO_DOSE, "the order has no instruction")
    return _step(start, end, instructions, orders[0].order.reference)
