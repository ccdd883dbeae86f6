"""Instructions of one order that only say another one again, or say nothing of a dose: counted once, and their words kept (rule 3).

A text restates a structure when it says the same amount at a time, as often, at the same times, and the same of "as needed". Two that
merely come to the same mg per day are two instructions. The days that such a text names hold for what it stands beside, as they would if
it stood in the same element (rule 5).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from fhir_taper.mappers.read.daily import Day
from fhir_taper.mappers.read.dosage import Instruction
from fhir_taper.mappers.read.window import Bounds


def distinct(instructions: Sequence[Instruction]) -> tuple[list[Instruction], tuple[str, ...]]:
    """The instructions without those that only repeat another one or say nothing of a dose, and what is to be told about these."""
    if len(instructions) < 2:  # noqa: PLR2004 - nothing to compare
        return list(instructions), ()
    kept: list[Instruction] = []
    silent: list[Instruction] = []
    notes: list[str] = []
    seen: set[object] = set()
    for one in instructions:
        element = _frozen({name: value for name, value in one.dosage.items() if name != "id"})
        if element in seen:
            notes.append("one instruction stands twice and is counted once")
        elif one.is_silent and one.is_text_only:
            silent.append(one)
            notes.append(f"text: “{one.dosage.get('text') or one.dosage.get('patientInstruction')}”")
        else:
            kept.append(one)
        seen.add(element)
    structured = _by_meaning(one for one in kept if not one.is_text_only)
    twins = [one for one in kept if one.is_text_only and any(_restates(one, other) for other in structured[_meaning(one)])]
    notes += ["an instruction that says another one again in words is counted once"] * len(twins)
    restating, twins_of = {id(twin) for twin in twins}, _by_meaning(twins)
    left = [
        _with_days(one, [*silent, *(twin for twin in twins_of[_meaning(one)] if _restates(twin, one))])
        for one in kept
        if id(one) not in restating
    ]
    return left or list(instructions[:1]), tuple(notes)


def _by_meaning(instructions: Iterable[Instruction]) -> Mapping[object, Sequence[Instruction]]:
    """Instructions by what they say of a day: only those of one meaning are held against each other."""
    found: defaultdict[object, list[Instruction]] = defaultdict(list)
    for one in instructions:
        if one.day is not None:
            found[_meaning(one)].append(one)
    return found


def _meaning(one: Instruction) -> object:
    """The day's mg and the doses that make it; None where it says no day."""
    return one.day and (one.day.as_needed, one.day.scheduled, one.day.maximum, frozenset(_doses(one.day).items()))


def _frozen(value: object) -> object:
    """An element as something that a set can hold: an order may have ten thousand instructions."""
    if isinstance(value, dict):
        return frozenset((name, _frozen(one)) for name, one in value.items())
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


def _restates(text: Instruction, structured: Instruction) -> bool:
    """Whether a text says a structured instruction of the same meaning again: on days and at times that may be the same."""
    one, other = text.day, structured.day
    if one is None or other is None or _never_together(text.bounds, structured.bounds):
        return False
    times = [{slot for rhythm in day.rhythms for slot in rhythm.slots} for day in (one, other)]
    weekdays = [{weekday for rhythm in day.rhythms for weekday in rhythm.weekdays} for day in (one, other)]
    return all(not a or not b or a == b for a, b in (times, weekdays))


def _doses(day: Day) -> dict[tuple[Fraction, Fraction, bool], int | None]:
    """How often each amount is taken: "1 in the morning and 1 at bedtime" is 1 twice a day, and never 2 once. None: not said."""
    found: dict[tuple[Fraction, Fraction, bool], int | None] = {}
    for dose in day.ordered:
        key = (Fraction(dose.low_mg), Fraction(dose.mg), dose.as_needed)
        before = found.get(key, 0)
        found[key] = None if before is None or dose.times is None else before + dose.times
    return found


def _never_together(one: Bounds, other: Bounds) -> bool:
    """Whether one of them ends before the other begins."""
    return any(first.end is not None and then.start is not None and first.end < then.start for first, then in ((one, other), (other, one)))


def _with_days(one: Instruction, texts: Sequence[Instruction]) -> Instruction:
    """The instruction with the days that texts beside it name. A text with a timing of its own names only its own days."""
    for text in texts:
        if text.dosage.get("timing"):
            continue
        bounds, said, said_in = one.bounds, one.said, one.said_in
        if not bounds.is_dated and said == Bounds():
            said, said_in = text.said, text.said_in
            bounds = replace(bounds, begins=bounds.begins or text.bounds.begins)
        if bounds.end is None and bounds.length is None:
            bounds = replace(bounds, length=text.bounds.length)
        one = replace(one, bounds=bounds, said=said, said_in=said_in)
    return one
