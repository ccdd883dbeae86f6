"""Appointments and encounters as events: booked, kept, missed or cancelled; an admission or an emergency visit.

An appointment is at its beginning; a stay lasts until its end, and while it goes on until now. A class of encounter that is not known may
be an admission: it is set aside. FHIR R4: appointment.html, encounter.html; v3-ActCode for the class of an encounter, HL7 v2 table 0004.
"""

from datetime import datetime
from typing import Any, Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.read.signals.gathered import Gathered, word_in
from fhir_taper.mappers.read.signals.whose import is_of_another
from fhir_taper.mappers.systems import Coding, coding_of, codings, words_of

APPOINTMENT, ADMISSION = "appointment", "admission"
_KEPT: Final = {
    "booked": "booked",
    "arrived": "fulfilled",
    "checked-in": "fulfilled",
    "fulfilled": "fulfilled",
    "noshow": "noshow",
    "cancelled": "cancelled",
}
_NEVER_BOOKED: Final = frozenset({"proposed", "pending", "waitlist", "entered-in-error"})
_TOOK_PLACE: Final = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})
_NEVER_TOOK_PLACE: Final = frozenset({"planned", "cancelled", "entered-in-error"})
_GOES_ON: Final = frozenset({"arrived", "triaged", "in-progress", "onleave"})
_CLASSES: Final = {"EMER": "emergency", "IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient", "OBSENC": "inpatient"}

_CLASSES_OF_V2: Final = {"E": "emergency", "I": "inpatient"}
_V2: Final = "v2-0004"
_NO_STAY: Final = frozenset({"AMB", "VR", "HH", "PRENC", "FLD", "SS"})
_NO_STAY_OF_V2: Final = frozenset({"O", "P", "R"})


def read_visits(gathered: Gathered) -> None:
    """Put down what the chart's Appointments and Encounters say."""
    for entry in gathered.chart.of("Appointment"):
        status = word_in(entry.resource, "status")
        if status not in _NEVER_BOOKED and not is_of_another(gathered.chart, entry):
            said = word_in(entry.resource, "description")
            _put(entry, APPOINTMENT, _KEPT.get(status, ""), (entry.resource.get("start"), None), said, gathered)
    for entry in gathered.chart.of("Encounter"):
        status = word_in(entry.resource, "status")
        if status not in _NEVER_TOOK_PLACE:
            _read_stay(entry, status, gathered)


def _read_stay(entry: Entry, status: str, gathered: Gathered) -> None:
    coding = _class_of(entry.resource.get("class"))
    answer = _stay(coding)
    period = entry.resource.get("period")
    start, end = (period.get("start"), period.get("end")) if isinstance(period, dict) else (None, None)
    if answer is None:
        named = (coding.display or coding.code) if coding else ""
        gathered.set_aside(
            gathered.own(ADMISSION), entry, f"its class {named!r} is not known here: it may be an admission", end or start, named
        )
    elif answer:
        until = gathered.as_of if status in _GOES_ON else gathered.clock.latest(end)
        _put(entry, ADMISSION, answer if status in _TOOK_PLACE else "", (start, until), _reasons(entry), gathered)


def _stay(coding: Coding | None) -> str | None:
    """Which kind of stay a class is; "" for a visit that is none, None where that is not known."""
    code = coding.code.upper() if coding else ""
    if coding and coding.system.endswith(_V2):
        return _CLASSES_OF_V2.get(code, "" if code in _NO_STAY_OF_V2 else None)
    return _CLASSES.get(code, "" if code in _NO_STAY else None)


def _class_of(value: object) -> Coding | None:
    """The class of an encounter: a Coding, or as later versions of FHIR have it, concepts."""
    first = value[0] if isinstance(value, list) and value else value
    return coding_of(first) or next(codings(first), None)


def _put(entry: Entry, signal: str, answer: str, at: tuple[object, datetime | None], words: str, gathered: Gathered) -> None:
    """Put down what became of it, from when it began as written until an instant; `answer` "" is a status that says nothing."""
    written, until = at
    when = gathered.clock.read(written)
    unsaid = "" if answer else f"its status {word_in(entry.resource, 'status')!r} does not say whether it took place"
    why = when if isinstance(when, str) else unsaid
    if why or isinstance(when, str):
        gathered.set_aside(gathered.own(signal), entry, why, written, answer)
        return
    gathered.happened(signal, (when[0], max(when[1], until or when[1])), entry, answer=answer, words=words)


def _reasons(entry: Entry) -> str:
    listed: Any = entry.resource.get("reasonCode")
    said = [words_of(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return ", ".join(one for one in said if one)
