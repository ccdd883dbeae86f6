"""One record of a medicine as an item of the regimen: identified, judged for today, read, and weighed for a taper.

The order of the questions is the order of the rules: does it count at all (9), what is it (1), is it of a kind that is left out (10),
what does it make of a day (2 to 8), may it be tapered (10). Every answer that is no number has its reason, and `how` says it in words.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.chart import Chart, Entry, SetAside
from fhir_taper.mappers.read.clause import Refusal
from fhir_taper.mappers.read.daily import Day
from fhir_taper.mappers.read.dosage import read_dosage
from fhir_taper.mappers.read.entries import Today, today
from fhir_taper.mappers.read.medication import Identifier
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.order import Order, read_order
from fhir_taper.mappers.read.routes import parenteral_route
from fhir_taper.mappers.read.sig_words import DETOX_WORDS
from fhir_taper.mappers.read.status import NotCounted, not_counted
from fhir_taper.mappers.read.supply import bounded_day, is_for_one_day
from fhir_taper.mappers.read.weight import Weight
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, Form, Use
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem

_LEFT_OUT: Final = {Use.PARENTERAL: Reason.PARENTERAL, Use.DEPOT: Reason.DEPOT, Use.RESCUE: Reason.RESCUE}
_DISPERSIBLE: Final = "oral suspension"


def item_of(
    chart: Chart, entry: Entry, identifier: Identifier, weigh: Callable[[], Weight | None], as_of: date
) -> tuple[RegimenItem, Order | None]:
    """The item of one entry, and the record as read; None where the record itself could not be read."""
    medicine = identifier.of(entry)
    try:
        order = read_order(chart, entry)
    except BadInput as error:
        return _not_computable(_start(medicine, entry.reference), Reason.UNREADABLE, str(error)), None
    item = _about(_start(medicine, entry.reference), order, medicine)
    outside = not_counted(order, as_of)
    if outside is not None:
        return _outside(item, outside), order
    if medicine.reason is not None:
        return _not_computable(item, medicine.reason, medicine.says), order
    left_out = _left_out(order, medicine)
    if left_out is not None:
        return _excluded(item, left_out.reason, left_out.says), order
    return _counted(item, order, medicine, weigh, as_of), order


def set_aside_item(set_aside: SetAside, identifier: Identifier) -> RegimenItem:
    """A record that the chart could not take: nobody knows its dose, and it is listed so."""
    medicine = identifier.named(set_aside.medicine) if set_aside.medicine else Medicine("unknown medication")
    source = set_aside.reference or set_aside.place
    return _not_computable(_start(medicine, source), Reason.UNREADABLE, f"set aside: {set_aside.why}")


def _start(medicine: Medicine, source: str) -> RegimenItem:
    return RegimenItem(
        medicine.name,
        medicine.ingredient,
        medicine.drug_class,
        ItemState.NOT_COMPUTABLE,
        (source,),
        rxcui=medicine.rxcui,
        product=medicine.product,
        notes=medicine.notes,
    )


def _about(item: RegimenItem, order: Order, medicine: Medicine) -> RegimenItem:
    """What holds whether or not there is a number."""
    oud = _always_oud_treatment(medicine)
    return replace(
        item,
        prescriber=order.prescriber,
        start=order.start or order.authored,
        end=order.end,
        setting=order.setting,
        oud_treatment=oud,
        why_not_candidate="" if not oud else _OUD,
    )


_OUD: Final = "treatment of opioid use disorder until a clinician says otherwise"


def _always_oud_treatment(medicine: Medicine) -> bool:
    """Sublingual and depot buprenorphine, and what is combined with naloxone for that use."""
    if medicine.ingredient != "buprenorphine":
        return False
    with_naloxone = any(companion.ingredient == "naloxone" for companion in medicine.companions)
    return medicine.route == "sublingual" or "sublingual" in medicine.name.lower() or medicine.use is Use.DEPOT or with_naloxone


def _outside(item: RegimenItem, outside: NotCounted) -> RegimenItem:
    if outside.is_unreadable:
        return _not_computable(item, outside.reason, outside.says)
    return _excluded(item, outside.reason, outside.says)


def _left_out(order: Order, medicine: Medicine) -> Refusal | None:
    """Kinds that are named and not counted: injections, depot, rescue, detoxification and procedures (domain rule 10)."""
    reason = _LEFT_OUT.get(medicine.use)
    if reason is not None:
        return Refusal(reason, f"{medicine.name}: {medicine.use}")
    route = parenteral_route(order.dosages)
    if route:
        if medicine.form in (None, Form.INJECTION, Form.OTHER):
            return Refusal(Reason.PARENTERAL, f"{medicine.name}, {route}")
        return None
    if DETOX_WORDS & set(order.reasons.lower().replace(",", " ").split()):
        return Refusal(Reason.PROCEDURAL, f"for {order.reasons}")
    return None


def _counted(item: RegimenItem, order: Order, medicine: Medicine, weigh: Callable[[], Weight | None], as_of: date) -> RegimenItem:
    route = parenteral_route(order.dosages)
    if route:
        return _not_computable(item, Reason.PRODUCT_CONFLICT, f"{medicine.name} by the route {route}")
    answer = _today(order, medicine, weigh, as_of)
    item = replace(item, start=answer.start or item.start, end=answer.end or item.end, notes=(*item.notes, *answer.notes))
    if answer.excluded is not None:
        return _excluded(item, answer.excluded.reason, answer.excluded.says)
    day = answer.day
    if answer.refusal is not None:
        day = bounded_day(order, medicine, answer.refusal)
        if day is None:
            return _not_computable(item, answer.refusal.reason, answer.refusal.says)
    if day is None:
        return _not_computable(item, Reason.NO_DOSE, "no instruction")
    return _candidate(_with_day(item, day), order, medicine)


def _today(order: Order, medicine: Medicine, weigh: Callable[[], Weight | None], as_of: date) -> Today:
    if not order.dosages:
        return Today(refusal=Refusal(Reason.NO_DOSE, "the order has no instruction"))
    path = order.dosage_path
    instructions = [read_dosage(dosage, f"{path}[{index}]", medicine, weigh) for index, dosage in enumerate(order.dosages)]
    answer = today(instructions, order.authored, as_of)
    silent = [one for one in instructions if one.is_silent and one.is_text_only]
    if answer.refusal is not None and answer.refusal.reason is Reason.TEXT_NOT_UNDERSTOOD and len(silent) == len(instructions):
        bounded = bounded_day(order, medicine, Refusal(Reason.NO_TIMING, answer.refusal.says))
        return replace(answer, day=bounded, refusal=None) if bounded is not None else answer
    return answer


def _with_day(item: RegimenItem, day: Day) -> RegimenItem:
    return replace(
        item,
        state=ItemState.COMPUTED,
        scheduled_mg=day.scheduled,
        max_mg=day.maximum,
        peak_day_mg=day.peak,
        reason=day.scheduled_reason,
        max_reason=day.max_reason,
        how=day.how,
        intakes=day.intakes,
        every_days=day.every_days,
        as_needed=day.as_needed,
        timing=day.timing,
    )


def _candidate(item: RegimenItem, order: Order, medicine: Medicine) -> RegimenItem:
    """Whether a taper of this item may be planned, or why not (domain rule 10)."""
    once_daily = not item.as_needed and item.every_days == 1 and item.timing.startswith("1-1/d")
    is_loose = medicine.is_liquid or _DISPERSIBLE in medicine.name.lower()
    oud = item.oud_treatment or (medicine.ingredient == "methadone" and is_loose and once_daily)
    why = ""
    if item.drug_class not in TAPERED_CLASSES:
        why = "not a medicine that this program tapers"
    elif oud:
        why = _OUD
    elif medicine.use is Use.ANTITUSSIVE:
        why = "a cough medicine"
    elif is_for_one_day(order) or (item.start is not None and item.start == item.end):
        why = "a supply for a single day"
    return replace(item, oud_treatment=oud, taper_candidate=not why, why_not_candidate=why)


def _not_computable(item: RegimenItem, reason: Reason, says: str) -> RegimenItem:
    return replace(
        item, state=ItemState.NOT_COMPUTABLE, reason=reason, how=says, why_not_candidate=item.why_not_candidate or "not computable"
    )


def _excluded(item: RegimenItem, reason: Reason, says: str) -> RegimenItem:
    return replace(
        item, state=ItemState.EXCLUDED, reason=reason, how=says, why_not_candidate=item.why_not_candidate or f"not counted: {says}"
    )
