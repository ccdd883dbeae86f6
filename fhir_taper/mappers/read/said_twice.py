"""The clauses of one text held against each other: which are parts of a day, and which say the same day again (domain rules 2, 3).

"2 tablets daily, 1 in the morning and 1 at night" states one dose twice: its day, then its parts. Clauses for times of day that are apart
make one statement together; any other clause is a statement of its own. Two statements of the same day are counted once where the one can
be the parts of the other and makes the same mg; where nobody can tell, that is a conflict with both readings. Added is only what cannot
restate what stands before it. Extras ("may repeat") are beside all of this. No clinical numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction
from typing import Final

from fhir_taper.mappers.read.agreement import Half, reading_of, reading_says
from fhir_taper.mappers.read.clause import Clause, Refusal, Rhythm
from fhir_taper.mappers.read.medicine import Medicine
from fhir_taper.mappers.read.strength import Dose
from fhir_taper.plans.medicines.dose import Exact, as_exact, plain
from fhir_taper.plans.medicines.regimen import Reason

SAID_TWICE: Final = "the text says one dose twice: counted once"


class _Relation(Enum):
    ADDS = auto()
    RESTATES = auto()
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class _Part:
    """One clause with what it means in mg."""

    clause: Clause
    half: Half
    dose: Dose
    rhythm: Rhythm

    @property
    def times(self) -> frozenset[object]:
        return frozenset((*self.rhythm.slots, *self.rhythm.weekdays))

    def is_apart(self, other: "_Part") -> bool:
        """Whether the two are never taken at one time: on other days of the week, or at other times of day."""
        mine, theirs = self.rhythm, other.rhythm
        if mine.weekdays and theirs.weekdays and not mine.weekdays & theirs.weekdays:
            return True
        if not mine.slots or not theirs.slots:
            return False
        return not set(mine.slots) & set(theirs.slots) or (self.clause.is_by_clock and other.clause.is_by_clock)


@dataclass(frozen=True, slots=True)
class _Statement:
    """Clauses that are parts of one day, all scheduled or all as needed."""

    parts: tuple[_Part, ...]

    @property
    def as_needed(self) -> bool:
        return self.parts[0].half.as_needed

    @property
    def is_joined(self) -> bool:
        return self.parts[0].clause.is_joined

    @property
    def is_total(self) -> bool:
        """An amount per day and nothing of its times."""
        only = self.parts[0].rhythm
        return len(self.parts) == 1 and not only.slots and not only.weekdays and only.low == only.high == 1

    @property
    def is_single(self) -> bool:
        """One intake a day, or fewer."""
        return sum(self.intakes.values(), Fraction(0)) <= 1

    @property
    def mg(self) -> tuple[Fraction | None, Fraction | None]:
        """mg per day, the lesser and the greater end; of a patch in proportion only."""
        low = [_product(part.dose.low_mg, part.rhythm.low) for part in self.parts]
        high = [_product(part.dose.high_mg, part.rhythm.high) for part in self.parts]
        return _sum(low), _sum(high)

    @property
    def intakes(self) -> dict[tuple[Exact | None, Exact | None], Fraction]:
        """How often each amount is taken in a day."""
        found: dict[tuple[Exact | None, Exact | None], Fraction] = {}
        for part in self.parts:
            amount = part.dose.low_mg, part.dose.high_mg
            found[amount] = found.get(amount, Fraction(0)) + Fraction(part.rhythm.high or 0)
        return found

    @property
    def detail(self) -> tuple[int, Fraction]:
        """How much it tells: of two statements of one dose the fuller is kept."""
        return sum(len(part.rhythm.slots) for part in self.parts), sum(self.intakes.values(), Fraction(0))

    def is_apart(self, other: "_Statement") -> bool:
        return all(one.is_apart(two) for one in self.parts for two in other.parts)

    def makes_the_same(self, other: "_Statement") -> bool:
        """Whether one of them can be the other said again: the same mg, as a day's total and its parts, or as the same intakes."""
        return self.mg == other.mg and None not in self.mg and (self.is_total or other.is_total or self.intakes == other.intakes)


def counted_once(clauses: Sequence[Clause], halves: Sequence[Half], medicine: Medicine) -> tuple[list[Half], tuple[str, ...]] | Refusal:
    """The clauses of one text without those that say another one again, and what is to be told of it; or the conflict."""
    statements = _statements(clauses, halves)
    if len(statements) < 2:  # noqa: PLR2004 - one statement contradicts nothing
        return list(halves), ()
    dropped: set[int] = set()
    for index, one in enumerate(statements):
        for other in statements[index + 1 :]:
            relation = _relation(one, other)
            if relation is _Relation.UNCLEAR:
                return _both(one, other, medicine)
            if relation is _Relation.RESTATES:
                dropped.update(id(part.half) for part in min(one, other, key=lambda statement: statement.detail).parts)
    return [half for half in halves if id(half) not in dropped], (SAID_TWICE,) if dropped else ()


def _statements(clauses: Sequence[Clause], halves: Sequence[Half]) -> list[_Statement]:
    """Each clause with those before it from which it is apart; what has no dose or no time is none (and is refused elsewhere)."""
    found: list[_Statement] = []
    for clause, half in zip(clauses, halves, strict=True):
        dose = reading_of(half.dose)
        if half.is_extra or half.rhythm is None or dose is None:
            continue
        part = _Part(clause, half, dose, half.rhythm)
        place = next((index for index, one in enumerate(found) if _takes(one, part)), None)
        if place is None:
            found.append(_Statement((part,)))
        else:
            found[place] = _Statement((*found[place].parts, part))
    return found


def _takes(statement: _Statement, part: _Part) -> bool:
    return statement.as_needed == part.half.as_needed and all(part.is_apart(one) for one in statement.parts)


def _relation(one: _Statement, other: _Statement) -> _Relation:
    """What the second of two statements is to the first."""
    if one.is_apart(other):
        return _Relation.ADDS
    if one.as_needed != other.as_needed:
        return _relation_of_flags(one, other)
    same = one.makes_the_same(other)
    if other.is_joined:
        overlap = any(part.times & two.times for part in one.parts for two in other.parts)
        return _Relation.UNCLEAR if same or overlap else _Relation.ADDS
    if same:
        return _Relation.UNCLEAR if one.is_single and other.is_single else _Relation.RESTATES
    return _Relation.ADDS if one.as_needed else _Relation.UNCLEAR


def _relation_of_flags(one: _Statement, other: _Statement) -> _Relation:
    """One is scheduled and one as needed: side by side, unless the second may be the first said again.

    "4 tablets daily" after "every 6 hours as needed" may be a limit; "at bedtime as needed" after "1 tablet daily" is a dose of its own.
    """
    if other.is_joined:
        return _Relation.ADDS
    if other.is_total and one.as_needed:
        return _Relation.UNCLEAR
    is_own = one.is_single and other.is_single and other.as_needed
    return _Relation.UNCLEAR if one.makes_the_same(other) and not is_own else _Relation.ADDS


def _both(one: _Statement, other: _Statement, medicine: Medicine) -> Refusal:
    """Both readings, and what they would be together."""
    named = [_says(statement, medicine) for statement in (one, other)]
    sum_of_both = "" if medicine.is_patch else _together([one.mg[1], other.mg[1]])
    return Refusal(Reason.TEXT_CONFLICT, f"the text says {named[0]}, or {named[1]}, or both of them{sum_of_both}: which, is not clear")


def _says(statement: _Statement, medicine: Medicine) -> str:
    said = " and ".join(reading_says(part.half.dose, part.rhythm, medicine) for part in statement.parts)
    said += "" if medicine.is_patch or len(statement.parts) == 1 else _together([statement.mg[1]])
    return said + (", as needed" if statement.as_needed else "")


def _together(amounts: Sequence[Fraction | None]) -> str:
    whole = _sum(amounts)
    return "" if whole is None else f" (together {plain(as_exact(whole))} mg per day)"


def _product(amount: Exact | None, rate: Exact | None) -> Fraction | None:
    return None if amount is None or rate is None else Fraction(amount) * Fraction(rate)


def _sum(amounts: Sequence[Fraction | None]) -> Fraction | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Fraction(0)) if len(known) == len(amounts) else None
