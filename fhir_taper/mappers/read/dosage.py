"""One Dosage of an order: its structure and its words held against each other, and what they mean for a day.

The structure says dose, timing and whether it is as needed; the text may say the same, complete it, cap it, or contradict it. What
contradicts is refused with both readings; words that the grammar does not know are shown beside a complete structure and refuse an
incomplete one; words that change the dose over time always refuse (domain rules 2, 5, 6). Nothing here is ever zero because it could not
be read: what is as needed is scheduled 0 because it is as needed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.agreement import Half, half_of, together
from fhir_taper.mappers.read.at_a_time import limited
from fhir_taper.mappers.read.caps import daily_caps
from fhir_taper.mappers.read.clause import Cap, Clause, Measure, Refusal, SigReading
from fhir_taper.mappers.read.course_length import course
from fhir_taper.mappers.read.daily import Day, Taken, day_of, mg_per_day_says
from fhir_taper.mappers.read.dosage_text import Words, read_words
from fhir_taper.mappers.read.elements import Json, child, refuse_modifiers, truth, whole
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.ordered_dose import MERELY_UNREAD, Weigh, read_cap_of, read_dose, read_limit, resolved
from fhir_taper.mappers.read.said_twice import counted_once
from fhir_taper.mappers.read.strength import Amounted, Dose
from fhir_taper.mappers.read.timing import NO_TIMING, Timing, read_timing
from fhir_taper.mappers.read.window import Bounds, read_bounds
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.regimen import Reason

_Part = TypeVar("_Part")
_HARD_TIMING: Final = frozenset({Reason.PERIOD_ZERO, Reason.TIMING_CONFLICT})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One Dosage as understood: a day, or why there is none. `dosage` is the element itself, to recognise one that is repeated.

    `is_text_only`: nothing but words. `is_silent`: words without any content. `said` are the days that only the words name, as a start
    and an end without being bounds, and `said_in` those words.
    """

    dosage: Json
    day: Day | None = None
    refusal: Refusal | None = None
    sequence: int | None = None
    bounds: Bounds = field(default_factory=Bounds)
    said: Bounds = field(default_factory=Bounds)
    said_in: str = ""
    is_text_only: bool = False
    is_silent: bool = False
    is_single: bool = False
    is_procedural: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Structure:
    """What the elements say, each part as far as it could be read."""

    dose: Amounted | None
    timing: Timing
    as_needed: bool | None
    cap: Cap | Refusal | None
    limit: Measure | Refusal | None
    notes: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return self.dose is None and self.timing.rhythm is None and self.timing.refusal is None


def read_dosage(dosage: Json, path: str, medicine: Medicine, weigh: Weigh) -> Instruction:
    """What one Dosage means for this medicine. Never raises: what has the wrong type is a refusal with its path."""
    try:
        refuse_modifiers(dosage, path)
        sequence = whole(dosage, "sequence", path)
        timing = child(dosage, "timing", path)
        bounds = read_bounds(timing, f"{path}.timing")
        words = read_words(dosage, path, medicine.words)
        structure = _structure(dosage, timing, path, medicine, weigh)
    except BadInput as error:
        return Instruction(dosage, refusal=Refusal(Reason.UNREADABLE, str(error)))
    bounds, said = course(bounds, structure.timing, words, structure.as_needed)
    instruction = Instruction(
        dosage,
        sequence=sequence,
        bounds=bounds,
        said=words.days if not bounds.is_dated else Bounds(),
        said_in=next((text.text for text in words.own if text.names_days), ""),
        is_text_only=structure.is_empty and bool(words.own),
        is_procedural=words.is_procedural or structure.timing.is_procedural,
        notes=said,
    )
    return _understood(instruction, structure, words, medicine, weigh)


def _structure(dosage: Json, timing: Json, path: str, medicine: Medicine, weigh: Weigh) -> _Structure:
    as_needed = truth(dosage, "asNeededBoolean", path)
    if dosage.get("asNeededCodeableConcept") or dosage.get("asNeededFor"):
        as_needed = True
    dose, notes = _or_unreadable(lambda: read_dose(dosage, path, medicine, weigh), lambda refusal: (refusal, ()))
    read = _or_unreadable(lambda: read_timing(timing, f"{path}.timing"), lambda refusal: Timing(refusal=refusal)) if timing else NO_TIMING
    cap = _or_unreadable(lambda: read_cap_of(dosage, path), lambda refusal: refusal)
    limit = _or_unreadable(lambda: read_limit(dosage, path), lambda refusal: refusal)
    return _Structure(dose, read, as_needed, cap, limit, notes)


def _or_unreadable(read: Callable[[], _Part], otherwise: Callable[[Refusal], _Part]) -> _Part:
    """A part of the structure, or the refusal that names its wrong type: the other parts still stand."""
    try:
        return read()
    except BadInput as error:
        return otherwise(Refusal(Reason.UNREADABLE, str(error)))


def _understood(instruction: Instruction, structure: _Structure, words: Words, medicine: Medicine, weigh: Weigh) -> Instruction:
    """The instruction with its day or its refusal."""
    hard = words.forbids or _added(structure, words) or _hard(structure, medicine)
    if hard is not None:
        return replace(instruction, refusal=hard)
    read = _halves(structure, words, medicine, weigh)
    if isinstance(read, Refusal):
        return replace(instruction, refusal=read)
    halves, said_twice = read
    halves, notes = _as_needed(halves, structure, words)
    notes = (*said_twice, *notes)
    halves = _without_default_rate(halves, structure, words)
    if any(half.rhythm is not None and half.rhythm.is_single for half in halves):
        return replace(instruction, is_single=True)
    taken = [_taken(half, structure, words, medicine) for half in halves]
    missing = next((clause.missing for clause in taken if clause.missing is not None and clause.is_scheduled), None)
    if missing is None:
        missing = next(
            (clause.missing for clause in taken if clause.missing is not None and clause.missing.reason not in MERELY_UNREAD), None
        )
    if missing is not None:
        return replace(instruction, refusal=missing, is_silent=_is_silent(structure, words))
    at_a_time = [cap.amount for cap in words.caps if cap.is_at_a_time]
    bounded = limited(taken, [limit for limit in (structure.limit, *at_a_time) if limit is not None], medicine)
    if isinstance(bounded, Refusal):
        return replace(instruction, refusal=bounded)
    taken, limits = bounded
    caps = daily_caps(structure.cap, words.caps, taken, medicine)
    if isinstance(caps, Refusal):
        return replace(instruction, refusal=caps)
    day = day_of(taken, caps[0], medicine)
    if isinstance(day, Refusal):
        return replace(instruction, refusal=day)
    day, unsure = _unsure(day, structure, words, caps[0])
    if words.has_unclear_dates and not instruction.bounds.is_dated:
        notes = (*notes, "the text names a day without a year: it was not compared with today")
    says = "; ".join(f"text “{text.text}”" for text in words.own if text.has_content)
    day = replace(day, how=f"{day.how} ({says})" if says else day.how)
    notes = (*instruction.notes, *structure.notes, *notes, *unsure, *limits, *caps[1], *_shown(words), *day.notes)
    return replace(instruction, day=day, notes=notes)


def _added(structure: _Structure, words: Words) -> Refusal | None:
    """A further dose that is not understood and not said to be as needed: nobody knows what is scheduled."""
    text = words.adding
    if text is None or structure.as_needed is True or words.may_say_as_needed or not isinstance(text.reading, Refusal):
        return None
    return text.reading


def _unsure(day: Day, structure: _Structure, words: Words, caps: Sequence[tuple[Exact, str]]) -> tuple[Day, tuple[str, ...]]:
    """Words that are not understood and say "as needed" leave open what is scheduled and how much it is at most: no more than a cap.

    Where the structure is as needed itself, they repeat it, unless they name a further dose.
    """
    is_needed = day.as_needed or structure.as_needed is True
    if words.adding is None if is_needed else not words.may_say_as_needed:
        return day, ()
    most = caps[0][0] if caps else None
    day = replace(day, maximum=most, max_reason=None if most is not None else Reason.UNKNOWN_MAXIMUM, peak=None)
    if is_needed:
        return day, ("the text names a further dose in words that are not understood: how much it is at most is not known",)
    note = "the text says as needed in words that are not understood: neither what is scheduled nor how much it is at most is known"
    return replace(day, scheduled=None, scheduled_reason=Reason.TEXT_NOT_UNDERSTOOD, intakes=()), (note,)


def _hard(structure: _Structure, medicine: Medicine) -> Refusal | None:
    """A conflict inside the structure: it refuses whatever else is said."""
    timing = structure.timing
    if timing.refusal is not None and timing.refusal.reason in _HARD_TIMING:
        return timing.refusal
    if timing.other is None or timing.rhythm is None:
        return None
    dose = resolved(structure.dose)
    known = dose if isinstance(dose, Dose) and not medicine.is_patch else None
    readings = [
        ", ".join(part for part in (rhythm.says, mg_per_day_says(known, rhythm)) if part) for rhythm in (timing.rhythm, timing.other)
    ]
    return Refusal(Reason.TIMING_CONFLICT, f"{readings[0]}, or {readings[1]}")


def _halves(structure: _Structure, words: Words, medicine: Medicine, weigh: Weigh) -> tuple[list[Half], tuple[str, ...]] | Refusal:
    """Structure and texts as one list of clauses, and notes on what a text says twice."""
    notes: tuple[str, ...] = ()
    stated = Half(structure.dose, structure.timing.rhythm, structure.as_needed is True)
    halves = [stated] if not structure.is_empty else []
    if structure.timing.besides is not None:
        halves.append(Half(structure.dose, structure.timing.besides, as_needed=True, is_extra=True))
    for text in words.own:
        if not isinstance(text.reading, SigReading):
            continue
        said = [half_of(clause, medicine, weigh) for clause in text.reading.clauses]
        wrong = next((half for half in said if isinstance(half, Refusal)), None)
        if wrong is not None:
            return wrong
        once = counted_once(text.reading.clauses, [half for half in said if isinstance(half, Half)], medicine)
        if isinstance(once, Refusal):
            return once
        notes += once[1]
        joined = together(halves, once[0], medicine)
        if isinstance(joined, Refusal):
            return joined
        halves = joined
    return halves or [stated], tuple(dict.fromkeys(notes))


def _as_needed(halves: list[Half], structure: _Structure, words: Words) -> tuple[list[Half], tuple[str, ...]]:
    """Which clauses are as needed. A text of several clauses says it for each; the flag of the structure is for all (domain rule 6)."""
    plain_halves = [half for half in halves if not half.is_extra]
    said = any(half.as_needed for half in plain_halves)
    by_words = structure.timing.as_needed or words.says_as_needed
    for_each = len(plain_halves) > 1 and said
    is_needed = (structure.as_needed is True or by_words) and not for_each
    notes: tuple[str, ...] = ()
    if structure.as_needed is False and (said or by_words):
        notes = ("the words say as needed although asNeededBoolean is false: read as as needed",)
    return [replace(half, as_needed=True) if is_needed else half for half in halves], notes


def _without_default_rate(halves: list[Half], structure: _Structure, words: Words) -> list[Half]:
    """A bare "as needed" that a sender writes as once per day says nothing of how often (domain rule 6)."""
    rhythm = structure.timing.rhythm
    if rhythm is None or rhythm.slots or rhythm.weekdays or not rhythm.low == rhythm.high == 1:
        return halves
    stated = any(clause.rhythm is not None for clause in _clauses(words) if not clause.is_extra)
    is_bare = structure.timing.is_bare or any(clause.as_needed and clause.rhythm is None for clause in _clauses(words))
    if stated or not is_bare:
        return halves
    return [replace(half, rhythm=None) if half.as_needed and not half.is_extra else half for half in halves]


def _clauses(words: Words) -> list[Clause]:
    return [clause for text in words.own if isinstance(text.reading, SigReading) for clause in text.reading.clauses]


def _taken(half: Half, structure: _Structure, words: Words, medicine: Medicine) -> Taken:
    dose = resolved(half.dose)
    missing: Refusal | None = None
    if isinstance(dose, Refusal):
        missing = dose
    elif dose is None:
        missing = Refusal(Reason.NO_DOSE, "no dose is stated")
    elif half.rhythm is None and not medicine.is_patch:
        missing = structure.timing.refusal or Refusal(Reason.NO_TIMING, f"{dose.says}, but not how often")
    if missing is not None and missing.reason in (Reason.NO_DOSE, Reason.NO_TIMING):
        missing = _not_understood(words) or missing
    known = dose if isinstance(dose, Dose) else None
    return Taken(known, half.rhythm, half.as_needed, half.is_extra, missing)


def _not_understood(words: Words) -> Refusal | None:
    """The words that would have to say what the structure does not."""
    for text in words.own:
        if isinstance(text.reading, Refusal):
            return text.reading
        if not text.has_content:
            return Refusal(Reason.TEXT_NOT_UNDERSTOOD, f"the text says neither dose nor time: “{text.text}”")
    return None


def _is_silent(structure: _Structure, words: Words) -> bool:
    """Whether nothing at all is said of dose or timing, in words that are all understood."""
    understood = all(isinstance(text.reading, SigReading) and not text.has_content for text in words.own)
    return structure.is_empty and understood


def _shown(words: Words) -> tuple[str, ...]:
    """Words that are shown because nothing was taken from them."""
    own = [text.text for text in words.own if not text.has_content]
    beside = [text.text for text in words.beside]
    return tuple(f"text: “{text}”" for text in (*own, *beside))
