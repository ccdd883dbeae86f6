"""The reductions of a draft, and how large each is by a limit: what the schedule's findings are counted from."""

from bisect import bisect_right
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from fhir_taper.plans.medicines.dose import as_exact, one_decimal
from fhir_taper.plans.medicines.dose_words import amount
from fhir_taper.plans.tables.rows import Basis, Limit
from fhir_taper.plans.tapers.course import Track
from fhir_taper.plans.tapers.plan import StepKind

_TEXTS = 16_384
"""So many amounts and percents are remembered as texts: plans of the same products have the same."""

_UNCHANGED = frozenset({StepKind.BASELINE, StepKind.SUBSTITUTION})


class Cut(NamedTuple):
    """One reduction of the taper itself, in whole numbers of the track's measure. `place` is its place in the track."""

    track: Track
    place: int
    day: int
    before: int
    now: int
    kind: StepKind
    is_patch: bool = False

    def words(self, dose: int) -> str:
        """An amount of the track for a sentence, in the unit of its products."""
        return _amount(dose, self.track.per_mg, self.is_patch)


@lru_cache(maxsize=_TEXTS)
def _amount(dose: int, per_mg: int, is_patch: bool) -> str:
    return amount(as_exact(Fraction(dose, per_mg)), is_patch=is_patch)


def cuts_of(track: Track, *, is_patch: bool = False) -> tuple[Cut, ...]:
    """Every reduction, the first one first; what a crossing lowers is not one."""
    before = (track.before, *track.doses[:-1])
    rows = zip(track.days, before, track.doses, track.kinds, strict=True)
    return tuple(
        Cut(track, index, day, old, new, kind, is_patch)
        for index, (day, old, new, kind) in enumerate(rows)
        if new < old and kind not in _UNCHANGED
    )  # fmt: skip


class Excess(NamedTuple):
    """What was cut within a limit's days, where that is more than the limit allows of its basis; both in the track's measure."""

    cut: int
    basis: int

    @property
    def share(self) -> Fraction:
        return Fraction(self.cut, self.basis)


def excess_of(limit: Limit, cut: Cut) -> Excess | None:
    """How far a cut is beyond a limit; None where it is within it, or where the limit does not speak of such a dose."""
    track, then = cut.track, cut.track.before
    if limit.above and cut.before <= limit.above * track.original:
        return None
    if limit.up_to is not None and cut.before > limit.up_to * track.original:
        return None
    began = bisect_right(track.days, cut.day - limit.days, hi=cut.place)
    if began:
        then = track.doses[began - 1]
    basis = track.original if limit.basis is Basis.ORIGINAL else then
    above, below = limit.fraction.as_integer_ratio()
    return Excess(then - cut.now, basis) if (then - cut.now) * below > above * basis else None


@lru_cache(maxsize=_TEXTS)
def shown_percent(part: int, whole: int) -> str:
    """A percent for a sentence, by the one rule of percents."""
    return one_decimal(Fraction(100 * part, whole))
