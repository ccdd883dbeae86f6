"""All instructions of one order made into today: what adds, what follows in time, what only repeats, what contradicts (domain rule 3).

Only the instructions that are in force on the day count. Of those, doses for different times of day add, and so does what is as needed
beside what is scheduled; two that each fill the whole day and differ are a conflict, with both readings. Nothing is added twice because
it was said twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from fhir_taper.mappers.read.clause import Refusal
from fhir_taper.mappers.read.daily import Day
from fhir_taper.mappers.read.dosage import Instruction
from fhir_taper.mappers.read.restated import distinct
from fhir_taper.mappers.read.window import Part, Window, is_rising, windows
from fhir_taper.plans.medicines.dose import Exact, add, plain
from fhir_taper.plans.medicines.regimen import Reason


@dataclass(frozen=True, slots=True)
class Today:
    """What an order's instructions make of one day: a day, a refusal, or the reason why none of them is in force.

    `start` and `end` are the days of what is in force, None where they are open.
    """

    day: Day | None = None
    refusal: Refusal | None = None
    excluded: Refusal | None = None
    notes: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None


def today(instructions: Sequence[Instruction], written: date | None, as_of: date) -> Today:
    """The day of these instructions. `written` is the day of the order, from which durations run where nothing else says."""
    kept, notes = distinct(instructions)
    placed = place(kept, written)
    if placed is None:
        return Today(refusal=Refusal(Reason.SEQUENCE_WITHOUT_DATES, _unplaced(kept)))
    now = [pair for pair in placed if pair[1].holds(as_of)]
    if not now:
        return _none_today([window for _, window in placed], as_of)
    if any(window.is_vague for _, window in now) and len({one.sequence for one, _ in now}) > 1:
        return Today(refusal=Refusal(Reason.SEQUENCE_WITHOUT_DATES, _either(now)))
    outside = next((refusal for one, _ in now if (refusal := _outside_its_words(one, as_of)) is not None), None)
    if outside is not None:
        return Today(refusal=outside)
    answer = _of_one_day([one for one, _ in now])
    starts = [window.start for _, window in now if window.start is not None]
    ends = [window.end for _, window in now]
    end = None if None in ends else max(day for day in ends if day is not None)
    notes += tuple(dict.fromkeys(_lasts(window) for _, window in now if window.sure_end is not None))
    return replace(answer, notes=(*notes, *answer.notes), start=min(starts, default=None), end=end)


def place(instructions: Sequence[Instruction], written: date | None) -> list[tuple[Instruction, Window]] | None:
    """Each instruction with its days; None where they cannot be placed in time."""
    parts = [Part(one.sequence, one.bounds) for one in instructions]
    if not is_rising(parts) and len(parts) > 1 and _only_lengths(instructions) and not _side_by_side(instructions):
        return None
    found = windows(parts, written)
    return None if found is None else list(zip(instructions, found, strict=True))


def _only_lengths(instructions: Sequence[Instruction]) -> bool:
    """Whether nobody knows if these are side by side or one after the other: durations without sequence numbers or dates."""
    return all(one.sequence is None and one.bounds.length is not None and not one.bounds.is_dated for one in instructions)


def _side_by_side(instructions: Sequence[Instruction]) -> bool:
    return all(_add(one, other) for index, one in enumerate(instructions) for other in instructions[index + 1 :])


def _outside_its_words(one: Instruction, as_of: date) -> Refusal | None:
    """A text whose own dates say that it is over or has not begun, while nothing in the structure does: nobody knows which is true."""
    if one.said.end is not None and one.said.end < as_of:
        which = f"ended on {one.said.end.isoformat()}"
    elif one.said.start is not None and one.said.start > as_of:
        which = f"begins on {one.said.start.isoformat()}"
    else:
        return None
    return Refusal(Reason.TEXT_CONFLICT, f"in force by its structure, but the text {which}: “{one.said_in}”")


def _none_today(found: Sequence[Window], as_of: date) -> Today:
    if all(window.is_before(as_of) for window in found):
        last = max((window.end for window in found if window.end is not None), default=as_of)
        return Today(excluded=Refusal(Reason.ENDED, f"ended on {last.isoformat()}"), end=last)
    first = min((window.start for window in found if window.start is not None and window.is_after(as_of)), default=as_of)
    if all(window.is_after(as_of) for window in found):
        return Today(excluded=Refusal(Reason.FUTURE, f"begins on {first.isoformat()}"))
    return Today(
        refusal=Refusal(
            Reason.TIMING_CONFLICT, f"no instruction holds on {as_of.isoformat()}: one has ended, the next begins on {first.isoformat()}"
        )
    )


def _of_one_day(instructions: Sequence[Instruction]) -> Today:
    """Instructions that all hold on the day."""
    if any(one.is_procedural for one in instructions):
        return Today(excluded=Refusal(Reason.PROCEDURAL, "for a procedure or a detoxification"))
    counted = [one for one in instructions if not one.is_single]
    if not counted:
        return Today(excluded=Refusal(Reason.SINGLE_DOSE, "a single dose"))
    notes = ("a single dose beside the others is not counted",) if len(counted) < len(instructions) else ()
    refused = next((one.refusal for one in counted if one.refusal is not None), None)
    if refused is not None:
        return Today(refusal=refused)
    for index, one in enumerate(counted):
        for other in counted[index + 1 :]:
            if not _add(one, other):
                return Today(refusal=Refusal(Reason.ENTRIES_CONTRADICT, f"{_says(one)}, or {_says(other)}"))
    days = [one.day for one in counted if one.day is not None]
    return Today(day=_sum(days), notes=(*notes, *(note for one in counted for note in one.notes)))


def _add(one: Instruction, other: Instruction) -> bool:
    """Whether two instructions stand side by side: for other times of day, other days, or one of them only as needed."""
    first, second = one.day, other.day
    if first is None or second is None or first.as_needed != second.as_needed or (first.as_needed and second.as_needed):
        return True
    for get in (_slots_of, _weekdays_of):
        mine, theirs = get(first), get(second)
        if mine and theirs:
            return not mine & theirs
    if one.is_text_only != other.is_text_only:
        text, structure = (first, second) if one.is_text_only else (second, first)
        return _is_one_time_of_day(text) and _fills_the_day(structure)  # else a text that restates the structure wrongly
    return not (_fills_the_day(first) and _fills_the_day(second))


def _slots_of(day: Day) -> set[object]:
    return {slot for rhythm in day.rhythms for slot in rhythm.slots}


def _weekdays_of(day: Day) -> set[object]:
    return {weekday for rhythm in day.rhythms for weekday in rhythm.weekdays}


def _is_one_time_of_day(day: Day) -> bool:
    """One intake a day, and the text says when."""
    return len(day.rhythms) == 1 == len(day.rhythms[0].slots) and day.rhythms[0].high == 1


def _fills_the_day(day: Day) -> bool:
    """Several times a day without saying when."""
    return any(rhythm.high is not None and rhythm.high > 1 for rhythm in day.rhythms)


def _sum(days: Sequence[Day]) -> Day:
    """Days side by side as one."""
    if len(days) == 1:
        return days[0]
    scheduled = _added([day.scheduled for day in days])
    maximum = _added([day.maximum for day in days])
    return Day(
        scheduled,
        maximum,
        _peak(days),
        None if scheduled is not None else next(day.scheduled_reason for day in days if day.scheduled is None),
        None if maximum is not None else Reason.UNKNOWN_MAXIMUM,
        tuple(intake for day in days for intake in day.intakes) if all(day.intakes or day.as_needed for day in days) else (),
        days[0].every_days if len({day.every_days for day in days}) == 1 else 1,
        all(day.as_needed for day in days),
        " + ".join(sorted(day.timing for day in days)),
        "; ".join(day.how for day in days),
        tuple(rhythm for day in days for rhythm in day.rhythms),
        tuple(note for day in days for note in day.notes),
        tuple(dose for day in days for dose in day.ordered) if all(day.ordered for day in days) else (),
    )


def _added(amounts: Sequence[Exact | None]) -> Exact | None:
    known = [amount for amount in amounts if amount is not None]
    return add(*known) if len(known) == len(amounts) else None


def _peak(days: Sequence[Day]) -> Exact | None:
    """mg on a day on which all fall together, unless they are for days of the week that never meet."""
    if all(day.peak is None for day in days):
        return None
    fullest = [day.peak if day.peak is not None else day.scheduled for day in days if not day.as_needed]
    known = [amount for amount in fullest if amount is not None]
    if len(known) != len(fullest) or not known:
        return None
    apart = [_weekdays_of(day) for day in days if not day.as_needed]
    never_meet = all(apart) and not any(one & other for index, one in enumerate(apart) for other in apart[index + 1 :])
    return max(known, key=_size) if never_meet else add(*known)


def _size(amount: Exact) -> Fraction:
    return Fraction(amount)


def _unplaced(instructions: Sequence[Instruction]) -> str:
    one_by_one = ", then ".join(_says(one) for one in instructions)
    known = [one.day.maximum for one in instructions if one.day is not None and one.day.maximum is not None]
    side_by_side = f", or all of them every day ({plain(add(*known))} mg)" if len(known) == len(instructions) else ""
    return f"numbered instructions without dates or durations: {one_by_one}{side_by_side}"


def _either(now: Sequence[tuple[Instruction, Window]]) -> str:
    """Steps of one order of which nobody knows which one holds today."""
    if all(window.sure_end is None for _, window in now):
        return _unplaced([one for one, _ in now])
    return f"steps whose length is a range, so that any of these may hold today: {', or '.join(_says(one) for one, _ in now)}"


def _lasts(window: Window) -> str:
    """How long what is in force lasts, where that is a range."""
    sure, last = (day.isoformat() if day is not None else "an unknown day" for day in (window.sure_end, window.end))
    return f"its length is a range: it ends between {sure} and {last}, and counts until the later day"


def _says(one: Instruction) -> str:
    if one.day is None:
        return one.refusal.says if one.refusal is not None else "a single dose"
    amount = one.day.scheduled if one.day.scheduled is not None and not one.day.as_needed else one.day.maximum
    return f"{one.day.how} ({plain(amount)} mg per day)" if amount is not None else one.day.how
