"""One record of a medicine as an item of the regimen: identified, judged for today, read, and weighed for a taper.

The order of the questions is the order of the rules: does it count at all (9), what is it (1), is it of a kind that is left out (10),
what does it make of a day (2 to 8), may it be tapered (10). Every answer that is no number has its reason, and `how` says it in words.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.chart import Chart, Entry, SetAside
from fhir_taper.mappers.read.annotations import annotations, change_noted
from fhir_taper.mappers.read.clause import Refusal
from fhir_taper.mappers.read.daily import Day
from fhir_taper.mappers.read.dosage import Instruction, read_dosage
from fhir_taper.mappers.read.elements import Json
from fhir_taper.mappers.read.entries import Today, today
from fhir_taper.mappers.read.medication import Identifier
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.order import DISPENSE, Order, read_order
from fhir_taper.mappers.read.routes import other_route, parenteral_route
from fhir_taper.mappers.read.sig_words import DETOX_WORDS
from fhir_taper.mappers.read.status import not_counted
from fhir_taper.mappers.read.supply import bounded_day, is_for_one_day, last_day_of, refills_beyond
from fhir_taper.mappers.read.weight import Weight, latest_weight
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, Form, Use
from fhir_taper.plans.medicines.dose import HOURS_PER_DAY, divide
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem

_LEFT_OUT: Final = {Use.PARENTERAL: Reason.PARENTERAL, Use.DEPOT: Reason.DEPOT, Use.RESCUE: Reason.RESCUE}
_DISPERSIBLE: Final = "oral suspension"
_OUD: Final = "treatment of opioid use disorder until a clinician says otherwise"


@dataclass(slots=True)
class Reader:
    """What the reading of one chart shares: the day, the medicines and dosages that were read before, and the body weight."""

    chart: Chart
    identifier: Identifier
    as_of: date
    _weight: list[Weight | None] = field(default_factory=list)
    _read: dict[tuple[str, int, str], tuple[Medicine, Instruction]] = field(default_factory=dict)

    def weigh(self) -> Weight | None:
        """The latest body weight, looked for once and only when a dose needs it."""
        if not self._weight:
            self._weight.append(latest_weight(self.chart, self.as_of))
        return self._weight[0]

    def dosage(self, dosage: Json, path: str, medicine: Medicine) -> Instruction:
        """One Dosage of a medicine. Charts repeat themselves: what was read once is remembered, word for word, with its medicine."""
        key = (path, id(medicine), repr(dosage))
        known = self._read.get(key)
        if known is None:
            known = self._read[key] = (medicine, read_dosage(dosage, path, medicine, self.weigh))
        return known[1]


MOST_DOSAGES = 100
"""Instructions of one record are compared pair by pair; a taper in one order has some dozens."""


def item_of(entry: Entry, reader: Reader) -> tuple[RegimenItem, Order | None]:
    """The item of one entry, and the record as read; None where the record itself could not be read."""
    item, order = _item_of(entry, reader)
    noted = annotations(entry.resource) if item.state is not ItemState.EXCLUDED else ()
    return (replace(item, notes=item.notes + noted) if noted else item), order


def _item_of(entry: Entry, reader: Reader) -> tuple[RegimenItem, Order | None]:
    chart, as_of = reader.chart, reader.as_of
    medicine = reader.identifier.of(entry)
    try:
        order = read_order(chart, entry)
    except BadInput as error:
        return _made(_named(medicine, entry.reference), _not_computable(Reason.UNREADABLE, str(error))), None
    about = _about(order, medicine)
    outside = not_counted(order, as_of)
    if outside is not None:
        kind = _not_computable if outside.is_unreadable else _excluded
        return _made(about, kind(outside.reason, outside.says)), order
    if len(order.dosages) > MOST_DOSAGES:
        says = f"{len(order.dosages)} dosage instructions in one record; at most {MOST_DOSAGES} are compared with each other"
        return _made(about, _not_computable(Reason.UNREADABLE, says)), order
    if medicine.reason is not None:
        return _made(about, _not_computable(medicine.reason, medicine.says)), order
    left_out = _left_out(order, medicine)
    if left_out is not None:
        return _made(about, _excluded(left_out.reason, left_out.says)), order
    return _made(about, _counted(about, order, medicine, reader)), order


def set_aside_item(set_aside: SetAside, identifier: Identifier) -> RegimenItem:
    """A record that the chart could not take: nobody knows its dose, and it is listed so."""
    medicine = identifier.named(set_aside.medicine) if set_aside.medicine else Medicine("unknown medication")
    source = set_aside.reference or set_aside.place
    return _made(_named(medicine, source), _not_computable(Reason.UNREADABLE, f"set aside: {set_aside.why}"))


_Fields = dict[str, Any]
"""Fields of a RegimenItem: collected first and made once, because an item has many and a chart has many items."""


def _made(about: _Fields, answer: _Fields) -> RegimenItem:
    fields = about | answer
    if about.get("oud_treatment"):
        fields["why_not_candidate"] = _OUD
    return RegimenItem(**fields)


def _named(medicine: Medicine, source: str) -> _Fields:
    return {
        "drug": medicine.name,
        "ingredient": medicine.ingredient,
        "drug_class": medicine.drug_class,
        "sources": (source,),
        "rxcui": medicine.rxcui,
        "product": medicine.product,
        "notes": medicine.notes,
    }


def _about(order: Order, medicine: Medicine) -> _Fields:
    """What holds whether or not there is a number."""
    return _named(medicine, order.reference) | {
        "prescriber": order.prescriber,
        "start": order.start or order.authored,
        "end": order.end,
        "setting": order.setting,
        "oud_treatment": _is_always_oud_treatment(medicine),
    }


def _is_always_oud_treatment(medicine: Medicine) -> bool:
    """Sublingual and depot buprenorphine, and what is combined with naloxone for that use."""
    if medicine.ingredient != "buprenorphine":
        return False
    with_naloxone = any(companion.ingredient == "naloxone" for companion in medicine.companions)
    return medicine.route == "sublingual" or "sublingual" in medicine.name.lower() or medicine.use is Use.DEPOT or with_naloxone


def _left_out(order: Order, medicine: Medicine) -> Refusal | None:
    """Kinds that are named and not counted: injections, depot, rescue, detoxification and procedures (domain rule 10)."""
    reason = _LEFT_OUT.get(medicine.use)
    if reason is not None:
        return Refusal(reason, f"{medicine.name}: {medicine.use}")
    route = parenteral_route(order.dosages)
    if route and medicine.form in (None, Form.INJECTION, Form.OTHER):
        return Refusal(Reason.PARENTERAL, f"{medicine.name}, {route}")
    if order.reasons and DETOX_WORDS & set(order.reasons.lower().replace(",", " ").split()):
        return Refusal(Reason.PROCEDURAL, f"for {order.reasons}")
    return None


def _counted(about: _Fields, order: Order, medicine: Medicine, reader: Reader) -> _Fields:
    """What an order that counts makes of the day."""
    route = parenteral_route(order.dosages) or other_route(order.dosages, medicine.route)
    if route:
        return _not_computable(Reason.PRODUCT_CONFLICT, f"{medicine.name} by the route {route}")
    answer = _today(order, medicine, reader)
    seen: _Fields = {"start": answer.start or about["start"], "end": answer.end or about["end"], "notes": about["notes"] + answer.notes}
    refills = refills_beyond(order, answer.end, reader.as_of) if answer.excluded is not None else 0
    if answer.excluded is not None and refills:
        says = f"by the words of its direction it {answer.excluded.says}, but {refills} refills of it are allowed"
        return seen | {"end": None} | _not_computable(Reason.TIMING_CONFLICT, says)
    if answer.excluded is not None:
        return seen | _excluded(answer.excluded.reason, answer.excluded.says)
    day = answer.day
    if answer.refusal is not None:
        day = bounded_day(order, medicine, answer.refusal)
        if day is None:
            return seen | _not_computable(answer.refusal.reason, answer.refusal.says)
    if day is None:
        return seen | _not_computable(Reason.NO_DOSE, "no instruction")
    has_end = answer.end is not None
    is_schedule = order.is_ours or (has_end and len(order.dosages) > 1)  # its steps say themselves what changes when
    noted = None if is_schedule else change_noted(order.entry.resource, has_end=has_end)
    if noted is not None:
        return seen | _not_computable(noted.reason, noted.says)
    if order.kind == DISPENSE and order.end is None:
        last = last_day_of(order, medicine, day)
        if last is not None and last < reader.as_of:
            return seen | _excluded(Reason.ENDED, f"by its quantity the supply ended on {last.isoformat()}")
        seen["notes"] += ("how long this supply lasts is not stated",)
    is_one_day = is_for_one_day(order) or (seen["start"] is not None and seen["start"] == seen["end"])
    return seen | _numbers(day) | _changed(day, medicine) | _candidate(day, medicine, is_oud=about["oud_treatment"], is_one_day=is_one_day)


def _today(order: Order, medicine: Medicine, reader: Reader) -> Today:
    if not order.dosages:
        return Today(refusal=Refusal(Reason.NO_DOSE, "the order has no instruction"))
    path = order.dosage_path
    instructions = [reader.dosage(dosage, f"{path}[{index}]", medicine) for index, dosage in enumerate(order.dosages)]
    answer = today(instructions, order.runs_from, reader.as_of)
    if answer.refusal is None or answer.refusal.reason is not Reason.TEXT_NOT_UNDERSTOOD:
        return answer
    if not all(one.is_silent and one.is_text_only for one in instructions):
        return answer
    bounded = bounded_day(order, medicine, Refusal(Reason.NO_TIMING, answer.refusal.says))  # "as directed" with a supply
    return answer if bounded is None else Today(bounded, notes=answer.notes, start=answer.start, end=answer.end)


def _numbers(day: Day) -> _Fields:
    return {
        "state": ItemState.COMPUTED,
        "scheduled_mg": day.scheduled,
        "max_mg": day.maximum,
        "peak_day_mg": day.peak,
        "reason": day.scheduled_reason,
        "max_reason": day.max_reason,
        "how": day.how,
        "intakes": day.intakes,
        "every_days": day.every_days,
        "as_needed": day.as_needed,
        "timing": day.timing,
        "ordered": day.ordered,
    }


def _changed(day: Day, medicine: Medicine) -> _Fields:
    """How often a patch is changed: hours between two intakes, both ends of what is said."""
    if not medicine.is_patch:
        return {}
    rates = (rate for rhythm in day.rhythms for rate in (rhythm.low, rhythm.high))
    return {"changed_every_h": tuple(dict.fromkeys(divide(HOURS_PER_DAY, rate) for rate in rates if rate))}


def _candidate(day: Day, medicine: Medicine, *, is_oud: bool, is_one_day: bool) -> _Fields:
    """Whether a taper of this item may be planned, or why not (domain rule 10)."""
    once_daily = not day.as_needed and day.every_days == 1 and day.timing.startswith("1-1/d")
    is_loose = medicine.is_liquid or _DISPERSIBLE in medicine.name.lower()
    oud = is_oud or (medicine.ingredient == "methadone" and is_loose and once_daily)
    why = ""
    if medicine.drug_class not in TAPERED_CLASSES:
        why = "not a medicine that this program tapers"
    elif oud:
        why = _OUD
    elif medicine.use is Use.ANTITUSSIVE:
        why = "a cough medicine"
    elif is_one_day:
        why = "a supply for a single day"
    return {"oud_treatment": oud, "taper_candidate": not why, "why_not_candidate": why}


def _not_computable(reason: Reason, says: str) -> _Fields:
    return {"state": ItemState.NOT_COMPUTABLE, "reason": reason, "how": says, "why_not_candidate": "not computable"}


def _excluded(reason: Reason, says: str) -> _Fields:
    return {"state": ItemState.EXCLUDED, "reason": reason, "how": says, "why_not_candidate": f"not counted: {says}"}
