"""One value of a night or of a day: what was measured in pieces, or told by several, made into one reading for each of the patient's days.

Pieces of one kind of source that lie apart add up; of those that overlap, and of several kinds of source, the worse counts: nobody knows
which is right. A night is of the day on which it ends.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import ZERO, add
from fhir_taper.plans.monitoring.reading import Reading
from fhir_taper.plans.tables.signal_tables import Worse

OF_A_DAY: Final = frozenset({"sleep", "steps"})
"""Signals of which each day has one value."""


def one_a_day(readings: Iterable[Reading], worse: Worse) -> tuple[Reading, ...]:
    """One reading for each day, oldest first, with all sources that say it; it begins where the last of its pieces does."""
    days: dict[date, dict[str, list[Reading]]] = {}
    for one in readings:
        days.setdefault(one.day, {}).setdefault(_kind(one), []).append(one)
    told = ([_added(pieces, worse) for pieces in kinds.values()] for _, kinds in sorted(days.items()))
    return tuple(_worst(of_a_day, worse) for of_a_day in told)


def _kind(reading: Reading) -> str:
    """Which kind of record says it: what a device measured and what a form says are told apart."""
    return reading.sources[0].partition("/")[0] if reading.sources else ""


def _added(pieces: list[Reading], worse: Worse) -> Reading:
    """The sum of pieces of one kind of source on one day."""
    if len(pieces) == 1:
        return pieces[0]
    apart: list[list[Reading]] = []
    for one in sorted(pieces, key=lambda piece: (piece.start, piece.end)):
        if apart and any(one.start < other.end or one.start == other.start for other in apart[-1]):
            apart[-1].append(one)
        else:
            apart.append([one])
    counted = [_worst(overlapping, worse) for overlapping in apart]
    return replace(
        max(counted, key=lambda one: one.start),
        end=max(one.end for one in counted),
        value=add(ZERO, *(one.value or ZERO for one in counted)),
        sources=tuple(sorted({source for one in counted for source in one.sources})),
        is_remote=any(one.is_remote for one in counted),
    )


def _worst(readings: list[Reading], worse: Worse) -> Reading:
    pick = max if worse is Worse.HIGHER else min
    return pick(readings, key=lambda one: Fraction(one.value or 0))
